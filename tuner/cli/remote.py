"""Studies of a server, read and run by the same commands as those on this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.api import Study
from tuner.cli.console import errors
from tuner.config import read_mapping
from tuner.errors import InputError, StudyError
from tuner.files import write_atomically
from tuner.record import Counts, StudySummary, Trial
from tuner.select import wish
from tuner.units import format_seconds

if TYPE_CHECKING:
    from tuner.client import Client
    from tuner.messages.studies import StudyDetail, StudyEntry
    from tuner.report.compare import Comparison

Server = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="URL",
        envvar="TUNER_SERVER",
        help="A server to ask instead, like http://127.0.0.1:8400; its token is taken from TUNER_TOKEN.",
    ),
]

_POLL_S = 1.0
_PLAIN_EVERY_S = 10.0


def connect(url: str) -> Client:
    """Return a client of the server, with the token of the environment."""
    from tuner.client import Client  # noqa: PLC0415 - commands without a server must not wait for it

    return Client(url, os.environ.get("TUNER_TOKEN"))


class RemoteStudy:
    """A study on a server; reads like `tuner.Study`."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._detail: StudyDetail = client.study(name)
        self._trials: dict[int, Trial] = {}
        self._fronts: dict[str, tuple[Trial, ...]] = {}

    @property
    def name(self) -> str:
        """The study's name."""
        return self._detail.entry.name

    @property
    def folder(self) -> Path:
        """Where it lies on the server."""
        return Path(self._detail.folder)

    @property
    def summary(self) -> StudySummary:
        """All that is known of the study beside its trials."""
        return self._detail.summary

    @property
    def counts(self) -> Counts:
        """Trials by state."""
        return self._detail.entry.counts

    @property
    def devices(self) -> tuple[str, ...]:
        """The names of the devices."""
        return tuple(device.device for device in self._detail.entry.devices)

    def trial(self, number: int) -> Trial:
        """Return one trial."""
        if number not in self._trials:
            self._trials[number] = self._client.trial(self.name, number).trial
        return self._trials[number]

    def front(self, device: str) -> tuple[Trial, ...]:
        """Return the Pareto front of a device, from the most accurate to the cheapest."""
        if device not in self._fronts:
            page = self._client.trials(self.name, device=device, on_front=True, sort="-quality", limit=1000)
            self._fronts[device] = tuple(self.trial(row.number) for row in page.rows)
        return self._fronts[device]

    def select(
        self,
        device: str,
        *,
        max_ram: str | int | None = None,
        max_flash: str | int | None = None,
        max_latency: str | None = None,
        min_accuracy: float | None = None,
        knee: bool = False,
    ) -> Trial:
        """Return the model to take for a device; see `tuner.Study.select`."""
        from tuner.messages.selection import SelectionRequest  # noqa: PLC0415

        limits = wish(max_ram=max_ram, max_flash=max_flash, max_latency=max_latency, min_accuracy=min_accuracy)
        request = SelectionRequest(
            device=device,
            max_ram_bytes=limits.max_ram_bytes,
            max_flash_bytes=limits.max_flash_bytes,
            max_latency_ms=limits.max_latency_ms,
            min_quality=limits.min_accuracy,
            knee=knee,
        )
        return self.trial(self._client.select(self.name, request).chosen.number)

    def export(self, trial: int, device: str, output: Path) -> tuple[Path, ...]:
        """Write a trial's model into a folder of this machine; return the files."""
        return self._client.export(self.name, trial, device, output)

    def report(self, output: Path | None = None) -> Path:
        """Write the HTML report; return its path, by default NAME.html in the current folder."""
        path = Path(f"{self.name}.html") if output is None else output
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, self._client.report(self.name))
        return path


def open_study(name: str, studies: Path, server: str | None) -> Study | RemoteStudy:
    """Open a study of this machine, or of a server if one is named."""
    return Study.open(name, studies=studies) if server is None else RemoteStudy(connect(server), name)


def studies_compared(client: Client, names: Sequence[str]) -> Comparison:
    """Return what a server says of several studies, as a table."""
    from tuner.report.compare import Comparison  # noqa: PLC0415 - pandas takes a while to import

    told = client.compare_studies(names)
    fronts = [front.model_dump(mode="json") for front in told.fronts]
    return Comparison(told.title, told.columns, told.rows, {"fronts": fronts})


def create(client: Client, study_file: Path, changes: Mapping[str, Any]) -> str:
    """Send a study file with what the command line says over it; return the study's name. It is not started yet.

    Data set and devices are named as the server knows them.
    """
    said = {**read_mapping(study_file), **{key: value for key, value in changes.items() if value is not None}}
    return client.create_study(said, start=False).entry.name


def follow(client: Client, name: str) -> RemoteStudy:
    """Show how a study gets on until it stops.

    Raises:
        StudyError: it failed.
        KeyboardInterrupt: somebody stopped looking; the study goes on.
    """
    start, shown = time.monotonic(), 0.0
    with errors.status("") as status:
        while True:
            entry = client.study(name).entry
            if entry.state == "failed":
                raise StudyError(f"study '{name}' failed: {entry.reason}")
            if entry.state not in {"queued", "running"}:
                return RemoteStudy(client, name)
            line = _line(entry, time.monotonic() - start)
            status.update(line)
            if not errors.is_terminal and time.monotonic() - shown >= _PLAIN_EVERY_S:
                shown = time.monotonic()
                errors.print(line, soft_wrap=True)
            time.sleep(_POLL_S)


def need_no(server: str | None, given: Mapping[str, object]) -> None:
    """Refuse options that mean nothing on a server.

    Raises:
        InputError: one of them is given.
    """
    extra = [name for name, value in given.items() if value is not None]
    if server is not None and extra:
        raise InputError(f"{extra[0]} is the server's business", hint="leave it out, or leave --server out")


def _line(entry: StudyEntry, elapsed_s: float) -> str:
    if entry.state == "queued":
        return f"waits for its turn, place {entry.queue_position} of the queue · {format_seconds(elapsed_s)}"
    counts = entry.counts
    parts = [f"trained {counts.trained}/{entry.trials_limit}", f"rejected {counts.rejected}", f"failed {counts.failed}"]
    parts += [
        f"{device.device} –" if device.best is None else f"{device.device} {device.best:.3f}"
        for device in entry.devices
    ]
    return " · ".join([*parts, format_seconds(elapsed_s)])
