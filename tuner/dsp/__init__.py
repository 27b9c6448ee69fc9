"""Preprocessing blocks, one per file."""
