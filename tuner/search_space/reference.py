"""Reference and JSON Schema of search spaces, written from the code: `python -m tuner.search_space.reference`."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tuner.anomaly import DETECTORS
from tuner.augmentation import AUGMENTATIONS
from tuner.compression import COMPRESSIONS
from tuner.dsp.registry import SHIPPED
from tuner.files import write_atomically
from tuner.models import FAMILIES
from tuner.models.handwritten import Written, WrittenLayer
from tuner.package_data import data_folder
from tuner.search_space import known
from tuner.search_space.load import load_space, space_names
from tuner.search_space.schema import (
    Alternative,
    AnomalySpec,
    ArchitectureSpec,
    DataSpec,
    PreprocessingSpec,
    SpaceSpec,
    TrainingSpec,
    WindowSpec,
)
from tuner.search_space.values import VALUE_SCHEMA, Leaf

_INTRODUCTION = """\
<!-- Written by `python -m tuner.search_space.reference` from tuner/search_space, tuner/dsp and tuner/models. -->

# Search spaces

One YAML (or JSON) file a space. A space says what may vary from candidate to candidate: how recordings are cut into
windows, how they are preprocessed, which network reads them, how it is trained, and in which form it goes to the
device. A study names a space by its name or path under `search_space`.

| space | for |
|---|---|
{spaces}

`tuner spaces NAME` shows what a space holds, one candidate with its costs, and how many fit which board. The spaces'
[JSON Schema](schema.json) gives editors completion and checks. Unknown or missing keys are errors.

## Values

Wherever a value stands, there may be

- one value: `kernel: 3`
- several: `kernel: [3, 5, 7]`, of which each candidate has one
- a range: `filters: {{min: 8, max: 64}}` with both ends included; whole numbers if both ends are. `step: 8` draws
  multiples from `min` on, `log: true` draws every ratio alike. A range of fractions without step is continuous.
- a shared parameter: `$width`, which stands under `parameters` and has the same value wherever it is named.

## Alternatives

`preprocessing`, `architecture`, `compression`, `training.optimizer`, `training.loss` and `training.augmentation` list
alternatives, of which each candidate has one, with parameters of its own. Parameters of alternatives that were not
chosen are not asked for, so conditions need no syntax. Two alternatives of one type are told apart by `name`. `after`
of an architecture names the preprocessing it goes with. What is left out has its default.

Several blocks at once, e.g. for several sensors, stand under `blocks` of one alternative:

    preprocessing:
      - name: fused
        blocks:
          - {{type: spectral-analysis, axes: [accX, accY, accZ], fft-length: [16, 32]}}
          - {{type: flatten, axes: [temperature]}}

## Lists of layers and stages

Where a family takes a list (`layers`, `stages`), each entry has values like any parameter, and an entry may be a
repeat:

    layers:
      - {{type: conv1d, filters: $width, kernel: [3, 5], activation: relu}}
      - repeat: {{min: 1, max: 3}}
        layers:
          - {{type: conv1d, filters: [8, 16], kernel: 3, activation: relu}}
          - {{type: max_pool1d, size: 2, use: [true, false]}}

Each round chooses for itself; with `same: true` all rounds choose alike.

## Other spaces

`include: motion-continuous` takes over all keys of another space, by name or path; the file's own keys go over them.
A Python file is a space too: its function `space(suggest)` returns a `tuner.Candidate` and asks for each choice by
name, with `suggest.choice`, `suggest.integer` or `suggest.real`; see `examples/motion/space.py`.

Spaces of the EON Tuner (JSON) and the names of its templates are read as they are; what has no counterpart is an
error that names its path.

## Keys
"""


_AUGMENTATION = """\
## Augmentations

Changes to training examples, drawn anew for each example of each step; never to validation or test examples. Features
without an order in time take only `noise`, `gain` and `mixup`. A candidate whose augmentation does not go with its
features cannot be built, and is not trained.
"""

_LEARNED = """\
`learned`, `velo`, `celo` and `celo-adam` are learned optimizers: networks that were trained to train networks. They
take no learning rate, so a search need not look for one. `learned` comes with this package; the published weights of
the others are read from the file that `weights` or an environment variable names. What they are good for, and between
which limits: [docs/learned-optimizers.md](../docs/learned-optimizers.md).
"""

_ANOMALY = """\
## Anomaly blocks

Beside the network, on the same standardised features: how far a window lies from the normal windows of the training
split, by scikit-learn's models, with a threshold from the training windows. What a block needs on a device is part of
the candidate's costs, and it is exported as C. With `architecture: none` the block stands alone, for the task
`anomaly`; `beside` names the architectures that a block, or `none`, goes with.
"""

_COMPRESSION = """\
## Compressions

In which form the network is stored, and what is done to its weights before. After training, channels are removed
(`width`), then weights are set to zero (`sparsity`), then made alike (`clusters`); each is followed by `epochs` of
training that keeps it. `int8-qat` keeps zeros and equal weights too. What each is good for on a device:

- `width`: the network is smaller, so all figures are. Channels that a layer shares with others by a sum go together;
  those of the input, the output, recurrent layers and what is reshaped stay.
- `sparsity` and `clusters`: TensorFlow Lite Micro stores and computes zeros and equal weights like any others, so RAM,
  flash and latency stay as they are, and so the figures here do; what shrinks is a compressed firmware image (stated
  beside), and the weight stream of an Ethos-U. They apply to the kernels of dense layers and convolutions; depthwise
  kernels, a few weights each, are left out, as TensorFlow Model Optimization does.
- `teachers`: the trained network itself is better. They are trained first, on the same features, once for all
  candidates of a worker.

A candidate whose network has nothing that a setting applies to cannot be built, and is not trained.
"""

_LISTS = ("axes", "after", "beside")
"""Keys of alternatives that hold several names."""


def space_reference() -> str:
    """Return the reference as Markdown."""
    spaces = "\n".join(f"| [{name}]({name}.yaml) | {load_space(name).spec.title} |" for name in space_names())
    parts = [_INTRODUCTION.format(spaces=spaces)]
    parts.append(_section("The file", SpaceSpec))
    parts.append(_section("`window`", WindowSpec))
    parts.append(_section("`training`", TrainingSpec))
    parts.append(_section("`data`", DataSpec))
    parts.append("## Preprocessing\n\nBeside `type`, `name` and `axes`, the axes of the data that the block reads:\n")
    parts += [_section(f"`{name}`", kind) for name, kind in _models(SHIPPED)]
    parts.append("## Architectures\n\nBeside `type`, `name` and `after`:\n")
    parts += [_section(f"`{name}`", kind) for name, kind in _models(FAMILIES)]
    parts.append("## Layers of a hand-written network\n\nEach also takes `use`, `name` and `from`:\n")
    parts += [_section(_layer_names(kind), kind) for kind in _layers()]
    parts.append(_table("## Optimizers", "optimizer", known.OPTIMIZERS) + "\n" + _LEARNED)
    parts.append(_table("## Losses", "loss", known.LOSSES))
    parts.append(_AUGMENTATION)
    parts += [_section(f"`{name}`", kind) for name, kind in _models(AUGMENTATIONS)]
    parts.append(_ANOMALY)
    parts += [_section(f"`{name}`", kind) for name, kind in _models(DETECTORS)]
    parts.append(_COMPRESSION)
    parts += [_section(f"`{name}`", kind) for name, kind in _models(COMPRESSIONS)]
    return "\n".join(parts)


def space_schema() -> dict[str, Any]:
    """Return the JSON Schema of a space's file."""
    schema = SpaceSpec.model_json_schema()
    for unused in ("Alternative", "PreprocessingSpec", "ArchitectureSpec", "AnomalySpec"):
        del schema["$defs"][unused]
    schema["$defs"]["value"] = VALUE_SCHEMA
    sections = schema["properties"]
    sections["preprocessing"] = _preprocessing()
    sections["architecture"] = _alternatives(known.ARCHITECTURES.parameters, ArchitectureSpec)
    sections["anomaly"] = _alternatives(known.ANOMALY.parameters, AnomalySpec)
    sections["compression"] = _alternatives(known.COMPRESSION.parameters, Alternative)
    training = schema["$defs"]["TrainingSpec"]["properties"]
    training["optimizer"] = _alternatives(known.OPTIMIZERS, Alternative)
    training["loss"] = _alternatives(known.LOSSES, Alternative)
    training["augmentation"] = _alternatives(known.AUGMENTATION.parameters, Alternative)
    sections["window"] = _one_or_several({"$ref": "#/$defs/WindowSpec"}, {"const": "image"})
    sections["include"] = {"type": "string", "description": "Name or path of a space whose keys are taken over"}
    required = schema.pop("required")
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Search space of Edge Tuner"}
    return schema | whole | {"anyOf": [{"required": required}, {"required": ["include"]}]}


def _preprocessing() -> dict[str, Any]:
    blocks = _kinds(known.parameters_of(SHIPPED), PreprocessingSpec)
    several = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "blocks": {"type": "array", "items": {"anyOf": blocks}}},
        "required": ["name", "blocks"],
        "additionalProperties": False,
    }
    return _one_or_several({"enum": list(known.parameters_of(SHIPPED))}, *blocks, several)


def _alternatives(parameters: Mapping[str, Iterable[str]], section: type[Alternative]) -> dict[str, Any]:
    return _one_or_several({"enum": list(parameters)}, *_kinds(parameters, section))


def _kinds(parameters: Mapping[str, Iterable[str]], section: type[Alternative]) -> list[dict[str, Any]]:
    own = {
        field.alias or name: {"type": "array", "items": {"type": "string"}} if name in _LISTS else {"type": "string"}
        for name, field in section.model_fields.items()
        if name != "blocks"
    }
    return [
        {
            "type": "object",
            "properties": own | {"type": {"const": name}} | {key: _parameter(name, key) for key in keys},
            "required": ["type"],
            "additionalProperties": False,
        }
        for name, keys in parameters.items()
    ]


def _parameter(alternative: str, key: str) -> dict[str, Any]:
    if key == "teachers" or (alternative, key) in (("layers", "layers"), ("mcunet", "stages")):
        return {"type": "array", "items": {"type": ["object", "string"]}, "minItems": 1}
    return {"$ref": "#/$defs/value"}


def _one_or_several(*kinds: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [*kinds, {"type": "array", "items": {"anyOf": list(kinds)}, "minItems": 1}]}


def _models(kinds: Mapping[str, Any]) -> Iterator[tuple[str, type[BaseModel]]]:
    return ((name, kind) for name, kind in kinds.items() if issubclass(kind, BaseModel))


def _layers() -> tuple[type[BaseModel], ...]:
    return typing.get_args(typing.get_args(WrittenLayer)[0])


def _layer_names(kind: type[BaseModel]) -> str:
    return ", ".join(f"`{name}`" for name in typing.get_args(kind.model_fields["type"].annotation))


def _section(title: str, model: type[BaseModel]) -> str:
    text = (model.__doc__ or "").strip().partition("\n")[0]
    rows = [
        f"| `{field.alias or name}` | {_written(field)} | {_default(field)} | {_meaning(field)} |"
        for name, field in model.model_fields.items()
        if not (issubclass(model, Written) and name in (*Written.model_fields, "type"))
    ]
    table = ["| key | may be | left out | meaning |", "|---|---|---|---|", *rows, ""] if rows else [""]
    return "\n".join([f"### {title}", "", text, "", *table])


def _table(title: str, what: str, parameters: Mapping[str, Iterable[str]]) -> str:
    rows = [f"| `{name}` | {', '.join(f'`{key}`' for key in keys)} |" for name, keys in parameters.items()]
    return "\n".join([title, "", f"| {what} | parameters |", "|---|---|", *rows, ""])


def _written(field: FieldInfo) -> str:
    kind = _kind(field.annotation)
    limits = {type(mark).__name__: mark for mark in field.metadata}
    low = limits.get("Ge", limits.get("Gt"))
    high = limits.get("Le", limits.get("Lt"))
    if low is None and high is None:
        return kind
    parts = [kind]
    if low is not None:
        parts.append(f"from {low.ge:g}" if hasattr(low, "ge") else f"above {low.gt:g}")
    if high is not None:
        parts.append(f"to {high.le:g}" if hasattr(high, "le") else f"below {high.lt:g}")
    return " ".join(parts)


def _kind(annotation: Any) -> str:
    if annotation == Leaf:
        return "value"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin is Literal:
        return ", ".join(f"`{_json(value)}`" for value in arguments)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(_kind(argument) for argument in arguments if argument is not type(None))
    if origin is tuple:
        return f"list of {_kind(arguments[0])}" if arguments[-1] is ... else f"{len(arguments)} numbers"
    if origin is dict:
        return "values by name"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "keys"
    return {bool: "`true`, `false`", str: "text", float: "number", int: "whole number"}.get(annotation, "keys below")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    default = field.get_default(call_default_factory=True)
    shown = default.to_json() if isinstance(default, Leaf) else default
    return f"`{_json(shown)}`" if isinstance(shown, str | int | float | bool) and shown != "" else ""


def _meaning(field: FieldInfo) -> str:
    return " ".join((field.description or "").split()).rstrip(".")


def _json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def files() -> Mapping[Path, str]:
    """Return what stands in each of the two files."""
    folder = data_folder("search_spaces")
    schema = json.dumps(space_schema(), indent=2, ensure_ascii=False) + "\n"
    return {folder / "README.md": space_reference(), folder / "schema.json": schema}


if __name__ == "__main__":
    for path, text in files().items():
        write_atomically(path, text)
