"""Search spaces: what may vary, as data."""

from tuner.search_space.load import load_space, space_names
from tuner.search_space.space import SearchSpace

__all__ = ["SearchSpace", "load_space", "space_names"]
