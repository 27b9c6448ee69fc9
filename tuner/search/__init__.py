"""Samplers, Pareto fronts and hypervolume."""
