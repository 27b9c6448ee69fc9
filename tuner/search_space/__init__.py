"""Search spaces: what may vary, as data."""
