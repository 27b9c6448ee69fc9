"""From a file, the name of a shipped space, or a mapping, to a checked search space."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tuner.config import read_mapping, validated
from tuner.errors import ConfigError, nearest
from tuner.package_data import data_folder
from tuner.search_space import known
from tuner.search_space.eon import TEMPLATES, from_eon, is_eon
from tuner.search_space.python import PythonSpace, read_python_space
from tuner.search_space.schema import Alternative, SpaceSpec
from tuner.search_space.space import SearchSpace

_SUFFIXES = (".yaml", ".yml", ".json")


def space_names() -> tuple[str, ...]:
    """Return the names of the shipped spaces."""
    return tuple(sorted(path.stem for path in data_folder("search_spaces").glob("*.yaml")))


def load_space(source: str | Path | Mapping[str, Any]) -> SearchSpace:
    """Return the search space.

    Args:
        source: the name of a shipped space, the path of a YAML or JSON file, or what such a file holds. Spaces of the
            EON Tuner, and the names of its templates, are read as they are.

    Raises:
        ConfigError: there is no such space, or it is wrong; the message names the file and the key.
    """
    if isinstance(source, Mapping):
        return _checked(_ours(source, "search_space", Path(), ()), "search_space", "custom")
    path = _path(source)
    return _checked(_read(path, ()), str(path), path.stem)


def open_space(source: str | Path | Mapping[str, Any]) -> SearchSpace | PythonSpace:
    """Return what `load_space` does, or the space of a Python file.

    Raises:
        ConfigError: there is no such space, or it is wrong.
    """
    if isinstance(source, str | Path) and Path(source).suffix == ".py":
        return read_python_space(Path(source))
    return load_space(source)


def stored_space(data: Mapping[str, Any]) -> SearchSpace | PythonSpace:
    """Return the space that a space's `to_json` wrote.

    Raises:
        ConfigError: it is wrong.
    """
    if "python" in data:
        return PythonSpace(str(data["name"]), str(data["python"]))
    return load_space(data)


def _read(path: Path, files: tuple[Path, ...]) -> dict[str, Any]:
    if path in files:
        raise ConfigError(f"{files[0]}: spaces include each other: {' → '.join(file.name for file in (*files, path))}")
    return _ours(_eon_list(path) or read_mapping(path), str(path), path.parent, (*files, path))


def _eon_list(path: Path) -> list[Any] | None:
    """Return the list that a JSON file holds, if it does."""
    if path.suffix != ".json" or not path.is_file():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None  # reading it as YAML says what is wrong with it
    return data if isinstance(data, list) else None


def _ours(data: object, source: str, folder: Path, files: tuple[Path, ...]) -> dict[str, Any]:
    """Return the space in our terms, with what it includes."""
    if is_eon(data):
        return from_eon(data, source)
    assert isinstance(data, Mapping)
    return _with_included(data, folder, files)


def _with_included(data: Mapping[str, Any], folder: Path, files: tuple[Path, ...]) -> dict[str, Any]:
    """Put the keys of a space over those of the one it includes; lists and values replace, mappings merge."""
    if "include" not in data:
        return dict(data)
    own = {key: value for key, value in data.items() if key != "include"}
    path = _path(data["include"])
    shipped = str(data["include"]) in space_names()
    base = _read(path if shipped or path.is_absolute() else folder / path, files)
    return _merged({key: value for key, value in base.items() if key not in ("name", "title")}, own)


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(base[key], over[key])
        for key in base.keys() & over.keys()
        if isinstance(base[key], Mapping) and isinstance(over[key], Mapping) and "type" not in over[key]
    }
    return {**base, **over, **both}


def _path(source: str | Path) -> Path:
    path = Path(source)
    if path.suffix in _SUFFIXES:
        return path
    name = TEMPLATES.get(str(source), str(source)).replace("_", "-")
    if name not in space_names():
        raise ConfigError(
            f"no search space is called '{source}'", hint=f"{nearest(name, space_names())}; or give a path"
        )
    return data_folder("search_spaces") / f"{name}.yaml"


def _checked(data: Mapping[str, Any], source: str, name: str) -> SearchSpace:
    spec = validated(SpaceSpec, {"name": name, **data}, source=source)
    for section, _, alternative in alternatives_of(spec):
        try:
            section.check(alternative)
        except ConfigError as error:
            raise ConfigError(f"{source}: {error.message}", hint=error.hint) from error
    return SearchSpace(spec)


def alternatives_of(spec: SpaceSpec) -> Iterator[tuple[known.Known, tuple[int | str, ...], Alternative]]:
    """Yield every alternative with what is known of its section and where it stands in the file."""
    blocks = known.preprocessing()
    for place, block in enumerate(spec.preprocessing):
        for inner, (_, part) in enumerate(block.parts):
            yield blocks, ("preprocessing", place, *(("blocks", inner) if block.blocks else ())), part
    sections = (
        (known.architectures(), spec.architecture),
        (known.OPTIMIZER, spec.training.optimizer),
        (known.LOSS, spec.training.loss),
        (known.AUGMENTATION, spec.training.augmentation),
        (known.COMPRESSION, spec.compression),
        (known.ANOMALY, spec.anomaly),
    )
    for section, alternatives in sections:
        for place, alternative in enumerate(alternatives):
            yield section, (*section.section.split("."), place), alternative
