"""The Python client of a server that `tuner serve` started: typed methods, and the product's own errors."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

import tuner.errors
from tuner.errors import InputError, StudyError, TunerError
from tuner.files import write_atomically
from tuner.messages.comparison import Comparison, ComparisonRequest, StudyComparison, TrialRef
from tuner.messages.datasets import DatasetEntry, DatasetInspection, DatasetRegistration
from tuner.messages.devices import DeviceDetail, DeviceEntry, DeviceValidation
from tuner.messages.errors import ErrorMessage
from tuner.messages.events import StudyEvent
from tuner.messages.fronts import Axis, Front, HypervolumeHistory, Importance, Quality, Rejections
from tuner.messages.profile import Profile
from tuner.messages.selection import Selection, SelectionRequest
from tuner.messages.server import Health, ServerInfo
from tuner.messages.spaces import SpaceDetail, SpaceEntry, SpaceSurvey, SpaceValidation, SurveyRequest
from tuner.messages.studies import Extension, RunLimits, StudyDetail, StudyEntry, StudyLog, StudyRequest
from tuner.messages.trials import TrialDetail, TrialPage
from tuner.messages.validation import Text, Validation

Answer = TypeVar("Answer", bound=BaseModel)

_API = "/api/v1"
_TIMEOUT = httpx.Timeout(120.0, connect=10.0)


class Client:
    """Talks to one server.

    Args:
        url: of the server, such as "http://127.0.0.1:8400".
        token: where the server asks for one.
        transport: in place of the network; the dashboard in the server's own process uses one.

    Every method raises what the same call in this process would: `InputError` and its kinds for what the server
    refuses, `NothingFitsError` where no model keeps the limits, `StudyError` if the server itself fails.
    """

    def __init__(self, url: str, token: str | None = None, *, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        headers = {"accept": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        try:
            self._http = httpx.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT, transport=transport)
        except httpx.InvalidURL as error:
            raise InputError(f"'{url}' is no address of a server: {error}", hint=_ADDRESS_HINT) from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # The server

    def health(self) -> Health:
        """Return whether the server can do its work."""
        return self._get(Health, "/health")

    def server(self) -> ServerInfo:
        """Return what the server is and allows."""
        return self._get(ServerInfo, "/server")

    # Data sets

    def datasets(self) -> tuple[DatasetEntry, ...]:
        """Return the data sets the server knows, by name."""
        return self._list(DatasetEntry, "/datasets")

    def dataset(self, name: str) -> DatasetEntry:
        """Return one data set."""
        return self._get(DatasetEntry, f"/datasets/{name}")

    def inspect_dataset(self, name: str) -> DatasetInspection:
        """Return what a data set holds; the first time, every file is read."""
        return self._get(DatasetInspection, f"/datasets/{name}/inspection")

    def register_dataset(self, name: str, path: str, options: Mapping[str, Any] | None = None) -> DatasetEntry:
        """Make data that lies on the server known under a name."""
        return self._post(
            DatasetEntry, "/datasets", DatasetRegistration(name=name, path=path, options=dict(options or {}))
        )

    def upload_dataset(
        self, name: str, content: bytes, filename: str, options: Mapping[str, Any] | None = None
    ) -> DatasetEntry:
        """Send a data set: a ZIP or TAR archive of a folder, or a single file of a format that holds recordings."""
        response = self._send(
            "POST",
            "/datasets/upload",
            data={"name": name, "options": json.dumps(dict(options or {}))},
            files={"file": (filename, content)},
        )
        return _read(DatasetEntry, response)

    def delete_dataset(self, name: str) -> None:
        """Forget a data set; uploaded files are deleted, registered ones stay where they are."""
        self._send("DELETE", f"/datasets/{name}")

    # Devices

    def devices(self) -> tuple[DeviceEntry, ...]:
        """Return all boards."""
        return self._list(DeviceEntry, "/devices")

    def device(self, name: str) -> DeviceDetail:
        """Return one board in full."""
        return self._get(DeviceDetail, f"/devices/{name}")

    def validate_device(self, text: str) -> DeviceValidation:
        """Check a profile, with messages at the line."""
        return self._post(DeviceValidation, "/devices/validate", Text(text=text))

    def add_device(self, text: str) -> DeviceDetail:
        """Add a board of one's own to the server."""
        return self._post(DeviceDetail, "/devices", Text(text=text))

    # Search spaces

    def spaces(self) -> tuple[SpaceEntry, ...]:
        """Return the shipped spaces."""
        return self._list(SpaceEntry, "/spaces")

    def space(self, name: str) -> SpaceDetail:
        """Return one space in full."""
        return self._get(SpaceDetail, f"/spaces/{name}")

    def validate_space(self, text: str) -> SpaceValidation:
        """Check a space, with messages at the line, and count its candidates."""
        return self._post(SpaceValidation, "/spaces/validate", Text(text=text))

    def survey_space(self, request: SurveyRequest) -> SpaceSurvey:
        """Return the share of a space that fits each device, by sampling."""
        return self._post(SpaceSurvey, "/spaces/survey", request)

    # Studies

    def studies(self) -> tuple[StudyEntry, ...]:
        """Return all studies, the newest first."""
        return self._list(StudyEntry, "/studies")

    def study(self, name: str) -> StudyDetail:
        """Return one study in full."""
        return self._get(StudyDetail, f"/studies/{name}")

    def validate_study(self, text: str) -> Validation:
        """Check a study file, with messages at the line; the data themselves are not looked at."""
        return self._post(Validation, "/studies/validate", Text(text=text))

    def create_study(self, study: Mapping[str, Any] | str, *, start: bool = True) -> StudyDetail:
        """Make a study from what its file says, as a mapping or as text, and put it into the queue."""
        if isinstance(study, str):
            request = StudyRequest(text=study, start=start)
        else:
            request = StudyRequest(study=dict(study), start=start)
        return self._post(StudyDetail, "/studies", request)

    def start_study(self, name: str, limits: RunLimits | None = None) -> StudyEntry:
        """Put a study that was never started into the queue."""
        return self._post(StudyEntry, f"/studies/{name}/start", limits or RunLimits())

    def pause_study(self, name: str) -> StudyEntry:
        """Stop a study, or take it out of the queue; nothing is lost."""
        return self._post(StudyEntry, f"/studies/{name}/pause")

    def resume_study(self, name: str, limits: RunLimits | None = None) -> StudyEntry:
        """Put a study that was stopped back into the queue."""
        return self._post(StudyEntry, f"/studies/{name}/resume", limits or RunLimits())

    def extend_study(self, name: str, extension: Extension) -> StudyEntry:
        """Search on in a study that has come to its end."""
        return self._post(StudyEntry, f"/studies/{name}/extend", extension)

    def cancel_study(self, name: str) -> StudyEntry:
        """Stop a study for good; what was found is kept."""
        return self._post(StudyEntry, f"/studies/{name}/cancel")

    def delete_study(self, name: str) -> None:
        """Delete a study that does not run, with its record and models."""
        self._send("DELETE", f"/studies/{name}")

    def study_log(self, name: str, *, tail: int = 64_000) -> StudyLog:
        """Return the end of what the study's worker wrote, at most `tail` bytes."""
        return self._get(StudyLog, f"/studies/{name}/log", tail=tail)

    def report(self, name: str) -> bytes:
        """Return the study's report, one HTML file."""
        return self._send("GET", f"/studies/{name}/report").content

    # Trials and results

    def trials(
        self,
        study: str,
        *,
        state: Sequence[str] = (),
        device: str | None = None,
        fits: bool | None = None,
        on_front: bool | None = None,
        text: str | None = None,
        number: Sequence[int] = (),
        sort: str = "number",
        offset: int = 0,
        limit: int = 100,
        parts: bool = False,
    ) -> TrialPage:
        """Return part of a study's trials.

        Args:
            study: its name.
            state: only those in one of these states.
            device: the one that `fits` and `on_front` speak of, and whose needs `sort` means.
            fits: only those that keep the device's budget, or only those that do not.
            on_front: only members of the device's front (of any front, without a device), or only the others.
            text: only those whose words, settings or reason hold this text.
            number: only these, at most a thousand.
            sort: a field of `TrialRow`, "ram_bytes" and its like with a device, "figure/NAME" or "parameter/NAME"; with
                "-" in front from high to low. What has no value comes last.
            offset: leave out so many.
            limit: at most so many, up to 1000.
            parts: with what each part of a candidate needs.
        """
        return self._get(
            TrialPage,
            f"/studies/{study}/trials",
            state=list(state) or None,
            device=device,
            fits=fits,
            on_front=on_front,
            text=text,
            number=list(number) or None,
            sort=sort,
            offset=offset,
            limit=limit,
            parts=parts,
        )

    def trial(self, study: str, number: int) -> TrialDetail:
        """Return one trial in full."""
        return self._get(TrialDetail, f"/studies/{study}/trials/{number}")

    def front(
        self,
        study: str,
        device: str,
        *,
        x: Axis = "latency",
        y: Axis = "quality",
        of: Quality = "validation",
        compression: str | None = None,
        infeasible: bool = False,
    ) -> Front:
        """Return the trials on a device as points, and its Pareto front.

        Args:
            study: its name.
            device: one of its devices.
            x: horizontal axis of `stairs`.
            y: vertical axis of `stairs`.
            of: which quality.
            compression: only candidates of this form, such as "int8".
            infeasible: also those that do not fit or were never trained.
        """
        return self._get(
            Front,
            f"/studies/{study}/fronts/{device}",
            x=x,
            y=y,
            of=of,
            compression=compression,
            infeasible=infeasible,
        )

    def hypervolume(self, study: str) -> HypervolumeHistory:
        """Return how each device's front grew."""
        return self._get(HypervolumeHistory, f"/studies/{study}/hypervolume")

    def importance(self, study: str) -> Importance:
        """Return which parameters the quality hangs on."""
        return self._get(Importance, f"/studies/{study}/importance")

    def rejections(self, study: str) -> Rejections:
        """Return what was rejected or failed, by cause."""
        return self._get(Rejections, f"/studies/{study}/rejections")

    def compare(self, trials: Sequence[TrialRef]) -> Comparison:
        """Put trials side by side, of one study or several."""
        return self._post(Comparison, "/comparisons", ComparisonRequest(trials=tuple(trials)))

    def compare_studies(self, names: Sequence[str]) -> StudyComparison:
        """Compare studies by the front each reached on each device."""
        return self._get(StudyComparison, "/comparisons/studies", study=list(names))

    def select(self, study: str, request: SelectionRequest) -> Selection:
        """Return the model to take for a device, and what a little more would buy.

        Raises:
            NothingFitsError: no trained candidate keeps the limits.
        """
        return self._post(Selection, f"/studies/{study}/selection", request)

    def export_zip(self, study: str, trial: int, device: str) -> bytes:
        """Return a trial's model, C source, manifest and golden vectors in a ZIP archive."""
        return self._send("GET", f"/studies/{study}/trials/{trial}/export", params={"device": device}).content

    def export(self, study: str, trial: int, device: str, output: str | Path) -> tuple[Path, ...]:
        """Write what `export_zip` returns into a folder; return the files."""
        folder = Path(output)
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder} is a file, expected a folder to write to")
        with zipfile.ZipFile(io.BytesIO(self.export_zip(study, trial, device))) as archive:
            folder.mkdir(parents=True, exist_ok=True)
            files = tuple(folder / Path(name).name for name in archive.namelist())
            for name, file in zip(archive.namelist(), files, strict=True):
                write_atomically(file, archive.read(name))
        return files

    def profile(self, model: bytes, filename: str, devices: Sequence[str] = ()) -> Profile:
        """Return what a `.tflite` model needs on devices; on all that the server knows if none are named."""
        response = self._send("POST", "/profiles", data={"devices": list(devices)}, files={"file": (filename, model)})
        return _read(Profile, response)

    # Live

    def events(self, study: str | None = None, *, after: int | None = None) -> Iterator[StudyEvent]:
        """Yield what happens, as it happens, to one study or to all; ends when the server goes.

        Args:
            study: its name; all studies without.
            after: the version of the study that is known already; the state as it is comes first without.
        """
        path = f"/studies/{study}/events" if study else "/events"
        params = {} if after is None else {"after": after}
        try:
            with self._http.stream("GET", _API + path, params=params, timeout=None) as response:
                if response.is_error:
                    response.read()
                    raise _error(response)
                for line in response.iter_lines():
                    if line.startswith("data:"):
                        yield StudyEvent.model_validate_json(line[5:])
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def _get(self, kind: type[Answer], path: str, **params: Any) -> Answer:
        known = {name: value for name, value in params.items() if value is not None}
        return _read(kind, self._send("GET", path, params=known))

    def _list(self, kind: type[Answer], path: str) -> tuple[Answer, ...]:
        response = self._send("GET", path)
        return tuple(_valid(kind, item) for item in response.json())

    def _post(self, kind: type[Answer], path: str, message: BaseModel | None = None) -> Answer:
        content = None if message is None else message.model_dump_json()
        headers = {"content-type": "application/json"} if content is not None else {}
        return _read(kind, self._send("POST", path, content=content, headers=headers))

    def _send(self, method: str, path: str, **how: Any) -> httpx.Response:
        try:
            response = self._http.request(method, _API + path, **how)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise InputError(f"'{self.url}' is no address of a server: {error}", hint=_ADDRESS_HINT) from error
        if response.is_error:
            raise _error(response)
        return response

    def _unreachable(self, error: httpx.TransportError) -> InputError:
        return InputError(
            f"the server at {self.url} cannot be reached: {str(error) or type(error).__name__}",
            hint="is `tuner serve` running there?",
        )


_ADDRESS_HINT = "write it like http://127.0.0.1:8400"


def _read(kind: type[Answer], response: httpx.Response) -> Answer:
    return _valid(kind, response.json())


def _valid(kind: type[Answer], data: Any) -> Answer:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(step) for step in problem["loc"])
        raise StudyError(
            f"the server's answer is no {kind.__name__}: {where}: {problem['msg']}",
            hint="do server and client have the same version of Edge Tuner?",
        ) from error


def _error(response: httpx.Response) -> TunerError:
    """Return what the server's refusal means here."""
    try:
        said = ErrorMessage.model_validate_json(response.content)
    except ValidationError:
        return StudyError(f"the server at {response.url} answered {response.status_code} {response.reason_phrase}")
    kind = getattr(tuner.errors, said.error, None)
    if isinstance(kind, type) and issubclass(kind, TunerError):
        return kind(said.message, hint=said.hint)
    return StudyError(said.message, hint=said.hint)
