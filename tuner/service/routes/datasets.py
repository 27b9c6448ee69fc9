"""Data sets: register, upload, list, inspect, delete."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile, status

from tuner.errors import ConfigError
from tuner.messages.base import Name
from tuner.messages.datasets import DatasetEntry, DatasetInspection, DatasetRegistration
from tuner.service.routes.conventions import DeskOf, NameOf, refusals

router = APIRouter(prefix="/datasets", tags=["data sets"], responses=refusals())


@router.get("")
def datasets(desk: DeskOf) -> tuple[DatasetEntry, ...]:
    """Return the data sets this server knows, by name."""
    return desk.datasets.all()


@router.post("", status_code=status.HTTP_201_CREATED, responses=refusals(404, 409))
def register(desk: DeskOf, registration: DatasetRegistration) -> DatasetEntry:
    """Make data known that lie on the server below one of its data roots; nothing is copied."""
    return desk.datasets.register(registration.name, registration.path, registration.options)


@router.post("/upload", status_code=status.HTTP_201_CREATED, responses=refusals(409))
def upload(
    desk: DeskOf,
    file: UploadFile,
    name: Annotated[Name, Form()],
    options: Annotated[str, Form(max_length=100_000, description="A JSON object, as for a registration.")] = "{}",
) -> DatasetEntry:
    """Take in a ZIP or TAR archive of a folder, or a single file that holds recordings."""
    said = _object(options)
    with tempfile.TemporaryDirectory(dir=desk.settings.own_folder, prefix=".upload-") as folder:
        path = Path(folder) / "upload"
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target, 1024**2)
        return desk.datasets.upload(name, path, file.filename or "", said)


@router.get("/{name}", responses=refusals(404))
def dataset(desk: DeskOf, name: NameOf) -> DatasetEntry:
    """Return one data set."""
    return desk.datasets.get(name)


@router.get("/{name}/inspection", responses=refusals(404))
def inspection(desk: DeskOf, name: NameOf) -> DatasetInspection:
    """Return what a data set holds and what in it may mislead a study; the first time, every file is read."""
    return desk.inspection(name)


@router.delete("/{name}", status_code=status.HTTP_204_NO_CONTENT, responses=refusals(404))
def forget(desk: DeskOf, name: NameOf) -> None:
    """Forget a data set; uploaded files are deleted, registered ones stay where they are."""
    desk.datasets.forget(name)


def _object(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"options: not valid JSON: {error}") from error
    if not isinstance(said, dict):
        raise ConfigError(f"options: expected a JSON object, found {type(said).__name__}")
    return said
