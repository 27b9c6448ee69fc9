"""Data sets: readers, labels, splits and windows."""
