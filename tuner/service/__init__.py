"""The HTTP service: `tuner serve` makes an application of `tuner.service.app` and runs studies in worker processes.

This package is the only home of FastAPI. Importing it loads none of it, for the workers need nothing of the web.
"""
