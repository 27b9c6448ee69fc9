"""What happens while studies run, as server-sent events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from tuner.messages.base import Name
from tuner.messages.events import StudyEvent
from tuner.service.desk import Desk
from tuner.service.facts import shown
from tuner.service.live import LiveStudy
from tuner.service.routes.conventions import DeskOf, Responses, StudyOf, refusals
from tuner.service.worker_file import LOG

router = APIRouter(tags=["events"], responses=refusals(404))

_POLL_S = 0.5
_SILENCE_S = 15.0
"""A comment is sent after so long without an event: proxies close connections on which nothing happens."""
_MOST_ROWS = 100
_MOST_LOG = 64_000

_STREAM: Responses = {
    200: {
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
        "description": "Events; the data of each is a `StudyEvent`, its id the study's version.",
    }
}


@router.get("/events", response_class=StreamingResponse, responses={**refusals(), **_STREAM})
def all_events(request: Request, desk: DeskOf) -> StreamingResponse:
    """Tell what changes in any study, without trials and logs, until the client goes."""
    return _stream(request, _Watch(desk))


@router.get("/studies/{name}/events", response_class=StreamingResponse, responses={**refusals(404), **_STREAM})
def study_events(
    request: Request,
    desk: DeskOf,
    study: StudyOf,
    after: Annotated[int | None, Query(ge=0, description="The version that is known already.")] = None,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> StreamingResponse:
    """Tell what happens to one study, with its trials and log, until the client goes."""
    known = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else after
    return _stream(request, _StudyWatch(desk, study, known))


class _Watch:
    """Sees what changed in all studies since it last looked."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[Name, object] = {}

    def look(self) -> list[StudyEvent]:
        """Return an event for every study that stands otherwise, and for every one that has gone."""
        entries = self._desk.entries()
        changed = [entry for entry in entries if self._known.get(entry.name) != entry]
        gone = self._known.keys() - {entry.name for entry in entries}
        self._known = {entry.name: entry for entry in entries}
        return [
            *(StudyEvent(kind="study", study=entry.name, version=entry.version, entry=entry) for entry in changed),
            *(StudyEvent(kind="gone", study=name, version=0) for name in sorted(gone)),
        ]


class _StudyWatch:
    """Sees what changed in one study since it last looked."""

    def __init__(self, desk: Desk, live: LiveStudy, after: int | None) -> None:
        self._desk = desk
        self._live = live
        self._name = live.folder.name
        snapshot = live.snapshot()
        self._facts = snapshot.facts if after is None or after >= snapshot.version else ()
        self._entry: object = None
        self._log_size = self._size_of_log()

    def look(self) -> list[StudyEvent]:
        """Return what happened: how the study stands, the trials that changed, what its worker wrote."""
        if not self._desk.shelf.has(self._name):
            return [StudyEvent(kind="gone", study=self._name, version=0)]
        entry, snapshot = self._desk.entry(self._live), self._live.snapshot()
        events = []
        if entry != self._entry:
            self._entry = entry
            events.append(StudyEvent(kind="study", study=self._name, version=entry.version, entry=entry))
        known = self._facts
        changed = [
            fact for fact in snapshot.facts if fact.row.number >= len(known) or known[fact.row.number] is not fact
        ]
        self._facts = snapshot.facts
        if changed:
            rows = [
                shown(fact, self._live.fronts_of(snapshot, fact.row.number), parts=True)
                for fact in changed[-_MOST_ROWS:]
            ]
            events.append(
                StudyEvent(
                    kind="trials", study=self._name, version=snapshot.version, rows=tuple(rows), changed=len(changed)
                )
            )
        if text := self._new_log():
            events.append(StudyEvent(kind="log", study=self._name, version=snapshot.version, text=text))
        return events

    def _size_of_log(self) -> int:
        try:
            return (self._live.folder / LOG).stat().st_size
        except FileNotFoundError:
            return 0

    def _new_log(self) -> str:
        """Return the whole lines that came since."""
        size = self._size_of_log()
        if size <= self._log_size:
            return ""
        with (self._live.folder / LOG).open("rb") as file:
            file.seek(max(self._log_size, size - _MOST_LOG))
            text = file.read(_MOST_LOG)
        whole = text[: text.rfind(b"\n") + 1]
        self._log_size = size - (len(text) - len(whole))
        return whole.decode("utf-8", errors="replace")


def _stream(request: Request, watch: _Watch | _StudyWatch) -> StreamingResponse:
    return StreamingResponse(
        _events(request, watch), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
    )


async def _events(request: Request, watch: _Watch | _StudyWatch) -> AsyncIterator[str]:
    last = time.monotonic()
    while not await request.is_disconnected() and not request.app.state.ending.is_set():
        events = await run_in_threadpool(watch.look)
        for event in events:
            yield f"id: {event.version}\nevent: {event.kind}\ndata: {event.model_dump_json()}\n\n"
            if event.kind == "gone" and isinstance(watch, _StudyWatch):
                return
        now = time.monotonic()
        if events:
            last = now
        elif now - last > _SILENCE_S:
            last = now
            yield ": nothing new\n\n"
        await asyncio.sleep(_POLL_S)
