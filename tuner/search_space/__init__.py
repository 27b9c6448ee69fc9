"""Search spaces: what may vary, as data, or as a function in Python."""

from tuner.search_space.load import load_space, open_space, space_names, stored_space
from tuner.search_space.python import PythonSpace
from tuner.search_space.space import SearchSpace

__all__ = ["PythonSpace", "SearchSpace", "load_space", "open_space", "space_names", "stored_space"]
