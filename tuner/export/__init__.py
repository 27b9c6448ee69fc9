"""Handing a chosen model over to firmware."""
