"""A study: one search space on one data set for several devices, from its file to its fronts."""
