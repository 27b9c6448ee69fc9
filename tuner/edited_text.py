"""A YAML text somebody is editing: what is wrong with it, and at which line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from tuner.config import NotYamlError, explain, read_yaml
from tuner.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong."""

    line: int
    """From 1, as is the column."""
    column: int
    key: str
    """Dotted; empty for the text as a whole."""
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Checked(Generic[Model]):
    """The model that a text describes, or why it describes none."""

    model: Model | None
    data: Any
    """What the text says, as far as it is YAML."""
    flaws: tuple[Flaw, ...]


class Places:
    """Where the keys of a text stand."""

    def __init__(self, text: str) -> None:
        self._root = yaml.compose(text, Loader=_LOADER)

    def of(self, steps: Sequence[int | str]) -> tuple[int, int]:
        """Return line and column of a key, or of the nearest one around it.

        A step that the text does not have is skipped: one alternative may stand where a list of them is read, and
        validators put names of their own into a path.
        """
        node, mark = self._root, None
        for step in steps:
            found = _child(node, step)
            if found is not None:
                mark, node = found
        if mark is None:
            return 1, 1
        return mark.line + 1, mark.column + 1


def check_text(model: type[Model], text: str, *, defaults: Mapping[str, Any] | None = None) -> Checked[Model]:
    """Hold a text against a model.

    Args:
        model: what it should describe.
        text: YAML or JSON.
        defaults: values for keys that the text may leave out.
    """
    try:
        data = read_yaml(text, source="text")
    except NotYamlError as error:
        line = min(error.line, text.count("\n") + 1)  # the reader may be past the end by then
        return Checked(None, None, (Flaw(line, error.column, "", f"not valid YAML: {error.problem}"),))
    if not isinstance(data, dict):
        found = "nothing" if data is None else type(data).__name__
        return Checked(None, data, (Flaw(1, 1, "", f"expected keys and values, found {found}"),))
    try:
        return Checked(model.model_validate({**(defaults or {}), **data}), data, ())
    except ValidationError as error:
        places = Places(text)
        return Checked(None, data, tuple(_flaw(model, problem, places) for problem in error.errors()))


def flaw_of(error: ConfigError, places: Places, steps: Sequence[int | str]) -> Flaw:
    """Return a flaw for an error that is known to be about one key."""
    return Flaw(*places.of(steps), ".".join(str(step) for step in steps), error.message, error.hint)


def _flaw(model: type[BaseModel], problem: Any, places: Places) -> Flaw:
    message, hint = explain(model, problem)
    steps = problem["loc"]
    return Flaw(*places.of(steps), ".".join(str(step) for step in steps), message, hint)


def _child(node: Any, step: int | str) -> tuple[Any, Any] | None:
    """Return the mark and the node of a key or place in a node, if it has that."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == str(step):
                return key.start_mark, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        return node.value[step].start_mark, node.value[step]
    return None
