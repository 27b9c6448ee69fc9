"""The record of a study."""
