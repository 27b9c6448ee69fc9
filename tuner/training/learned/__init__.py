"""Learned optimizers: update rules that are networks themselves."""
