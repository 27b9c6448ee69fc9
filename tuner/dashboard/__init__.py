"""The dashboard: a Dash application on the service's FastAPI application, with data from `tuner.Client` alone."""

from tuner.dashboard.application import attach

__all__ = ["attach"]
