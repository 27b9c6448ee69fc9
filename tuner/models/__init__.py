"""Families of networks, one per file."""
