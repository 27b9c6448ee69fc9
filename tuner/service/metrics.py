"""Figures for Prometheus."""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from tuner.messages.studies import StudyState
from tuner.record import State
from tuner.service.desk import Desk

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """Counts requests, and tells of studies and trials when it is asked."""

    def __init__(self, desk: Desk) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Studies(desk))
        labels = ("method", "route", "status")
        self.requests = Counter("tuner_requests_total", "Requests answered.", labels, registry=self._registry)
        self.seconds = Histogram(
            "tuner_request_seconds", "Time to the first byte of the answer.", ("route",), registry=self._registry
        )

    def text(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self._registry)


class Measured:
    """Measures every request of the application inside."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                # The path as the route writes it: names of studies would make a figure for each.
                route = getattr(scope.get("route"), "path", "other")
                self._metrics.requests.labels(scope["method"], route, message["status"]).inc()
                self._metrics.seconds.labels(route).observe(time.perf_counter() - start)
            await send(message)

        await self._app(scope, receive, measured)


class _Studies(Collector):
    """Studies and trials by state, looked up when somebody asks."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        """Yield the figures."""
        entries = self._desk.entries()
        states = Tally(entry.state for entry in entries)
        studies = GaugeMetricFamily("tuner_studies", "Studies by state.", labels=("state",))
        for state in StudyState:
            studies.add_metric((state.value,), states[state])
        yield studies
        trials = GaugeMetricFamily("tuner_trials", "Trials by study and state.", labels=("study", "state"))
        covered = GaugeMetricFamily("tuner_hypervolume", "Hypervolume of a front.", labels=("study", "device"))
        for entry in entries:
            for name in (state.value for state in State):
                trials.add_metric((entry.name, name), getattr(entry.counts, name))
            for device in entry.devices:
                covered.add_metric((entry.name, device.device), device.hypervolume)
        yield trials
        yield covered
