"""Parameters that have an inner order: lists of layers or stages, and repeats of them.

A list comes out as numbered parameters, "layers.0.filters", "layers.1.filters", after repeats have been unrolled, so
that a candidate is plain whatever the space it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from tuner.candidate import Scalar
from tuner.search.problem import Suggest
from tuner.search_space.values import VALUE_SCHEMA, Constant, Leaf, Options, Range, Shared, parse_value

Drawn = Iterator[tuple[str, Scalar]]
"""Parameters by name, as a candidate has them."""


@dataclass(frozen=True, slots=True)
class Group:
    """One layer or stage: parameters by name."""

    parts: tuple[tuple[str, Leaf], ...]

    def rounds(self, suggest: Suggest, path: str) -> Iterator[dict[str, Scalar]]:
        """Yield the one layer that it is."""
        yield {name: leaf.draw(suggest, f"{path}.{name}") for name, leaf in self.parts}

    def leaves(self, path: str) -> Iterator[tuple[str, Leaf]]:
        """Yield all that may be asked for, by name."""
        return ((f"{path}.{name}", leaf) for name, leaf in self.parts)

    @property
    def size(self) -> int | None:
        """Number of ways it can be, shared parameters left out."""
        return own_size(leaf for _, leaf in self.parts)

    def to_json(self) -> Any:
        """Return what `parse_part` reads back."""
        return {name: leaf.to_json() for name, leaf in self.parts}


@dataclass(frozen=True, slots=True)
class Repeat:
    """Layers several times over, each round with choices of its own or all with the same."""

    times: Constant | Options | Range
    body: Items
    same: bool

    def rounds(self, suggest: Suggest, path: str) -> Iterator[dict[str, Scalar]]:
        """Yield the layers of every round."""
        for number in range(int(self.times.draw(suggest, f"{path}.repeat"))):
            yield from self.body.rounds(suggest, path if self.same else f"{path}.{number}")

    def leaves(self, path: str) -> Iterator[tuple[str, Leaf]]:
        """Yield all that may be asked for, by name."""
        yield f"{path}.repeat", self.times
        for number in range(1 if self.same else max(self._counts())):
            yield from self.body.leaves(path if self.same else f"{path}.{number}")

    @property
    def size(self) -> int | None:
        """Number of ways it can be, shared parameters left out."""
        once = self.body.size
        if once is None:
            return None
        return sum(int(once ** (min(count, 1) if self.same else count)) for count in self._counts())

    def to_json(self) -> Any:
        """Return what `parse_part` reads back."""
        same = {"same": True} if self.same else {}
        return {"repeat": self.times.to_json(), **same, "layers": self.body.to_json()}

    def _counts(self) -> list[int]:
        match self.times:
            case Constant(count):
                return [int(count)]
            case Options(counts):
                return [int(count) for count in counts]
            case Range(low, high, step):
                return list(range(int(low), int(high) + 1, int(step or 1)))


@dataclass(frozen=True, slots=True)
class Items:
    """Layers or stages, one after the other."""

    items: tuple[Group | Repeat, ...]

    def rounds(self, suggest: Suggest, path: str) -> Iterator[dict[str, Scalar]]:
        """Yield the layers, repeats unrolled."""
        for number, item in enumerate(self.items):
            yield from item.rounds(suggest, f"{path}.{number}")

    def leaves(self, path: str) -> Iterator[tuple[str, Leaf]]:
        """Yield all that may be asked for, by name."""
        for number, item in enumerate(self.items):
            yield from item.leaves(f"{path}.{number}")

    @property
    def size(self) -> int | None:
        """Number of ways it can be, shared parameters left out."""
        return product(item.size for item in self.items)

    def to_json(self) -> Any:
        """Return what `parse_part` reads back."""
        return [item.to_json() for item in self.items]


Part = Leaf | Items


def draw(parts: Mapping[str, Part], suggest: Suggest, path: str) -> Drawn:
    """Yield the parameters of a candidate, each asked for under `path` and its own name."""
    for name, part in parts.items():
        if not isinstance(part, Items):
            yield name, part.draw(suggest, f"{path}.{name}")
            continue
        for number, layer in enumerate(part.rounds(suggest, f"{path}.{name}")):
            yield from ((f"{name}.{number}.{key}", value) for key, value in layer.items())


def leaves(parts: Mapping[str, Part], path: str) -> Iterator[tuple[str, Leaf]]:
    """Yield all that may be asked for, by name; a shared parameter under the name that all share."""
    for name, part in parts.items():
        found = part.leaves(f"{path}.{name}") if isinstance(part, Items) else [(f"{path}.{name}", part)]
        for place, leaf in found:
            yield (leaf.path if isinstance(leaf, Shared) else place), leaf


def own_size(parts: Iterator[Part]) -> int | None:
    """Number of combinations, shared parameters left out."""
    return product(1 if isinstance(part, Shared) else part.size for part in parts)


def product(sizes: Iterator[int | None]) -> int | None:
    """Multiply sizes; `None` if one of them is endless."""
    total = 1
    for size in sizes:
        if size is None:
            return None
        total *= size
    return total


def parse_part(raw: object) -> Part:
    """Read a value, or a list of layers or stages.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(raw, Items):
        return raw
    if isinstance(raw, list | tuple) and any(isinstance(item, dict | Group | Repeat) for item in raw):
        return Items(tuple(_item(item) for item in raw))
    return parse_value(raw)


def _item(raw: object) -> Group | Repeat:
    if isinstance(raw, Group | Repeat):
        return raw
    if isinstance(raw, str):
        return Group((("type", Constant(raw)),))
    if not isinstance(raw, dict):
        raise ValueError(f"expected a layer or stage, i.e. keys and values, found {raw!r}")  # noqa: TRY004
    if "repeat" in raw:
        return _repeat(raw)
    return Group(tuple((str(name), parse_value(value)) for name, value in raw.items()))


def _repeat(raw: dict[str, Any]) -> Repeat:
    unknown = sorted(set(map(str, raw)) - {"repeat", "same", "layers"})
    if unknown:
        raise ValueError(f"a repeat has no '{unknown[0]}', it is written {{repeat, same, layers}}")
    times, same = parse_value(raw["repeat"]), raw.get("same", False)
    if isinstance(times, Shared):
        raise ValueError(f"repeat is {times.to_json()}, but how often cannot be shared")  # noqa: TRY004
    if any(isinstance(count, bool) or not isinstance(count, int) or count < 0 for count in times.extremes()):
        raise ValueError(f"repeat is {times.to_json()!r}, expected whole numbers from 0 up")
    if not isinstance(same, bool):
        raise ValueError(f"same is {same!r}, expected true or false")  # noqa: TRY004 (pydantic reads ValueError)
    if not isinstance(raw.get("layers"), list | tuple):
        raise ValueError("a repeat needs layers, a list")  # noqa: TRY004
    return Repeat(times, Items(tuple(_item(item) for item in raw["layers"])), same)


PartValue = Annotated[
    Part,
    PlainValidator(parse_part),
    PlainSerializer(lambda part: part.to_json()),
    WithJsonSchema({"anyOf": [*VALUE_SCHEMA["anyOf"], {"type": "array", "items": {"type": ["object", "string"]}}]}),
]
"""A pydantic field that holds a value or a list of layers."""
