"""Networks with fewer channels: which layers may lose how many, known from the network alone.

A channel that is removed goes from the layer that computes it, from all that passes it on, and from the weights of
all that read it. Channels that a sum joins go together, as they must to stay of one shape (Li et al. 2017).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tuner.errors import BuildError
from tuner.models.network import (
    INPUT,
    LSTM,
    Add,
    Concatenate,
    Conv1D,
    Conv2D,
    Dense,
    Flatten,
    Layer,
    Network,
    Node,
    Reshape,
)
from tuner.models.shapes import output_shapes

Computing = Dense | Conv1D | Conv2D
"""Layers whose channels can be removed."""


@dataclass(frozen=True, slots=True)
class Channels:
    """Which channels stand or fall together."""

    layout: Mapping[str, tuple[int, ...]]
    """Groups side by side on the last dimension of the input and of each node's output, by name."""
    sizes: Mapping[int, int]
    """Channels of each group."""
    fixed: frozenset[int]
    """Groups of which none can be removed."""

    def kept(self, group: int, width: float) -> int:
        """Return how many channels of a group stay."""
        size = self.sizes[group]
        return size if group in self.fixed else max(1, round(size * width))


def thinned(network: Network, width: float) -> Network:
    """Return the network in which each layer has the share `width` of its channels, at least one.

    Raises:
        BuildError: no layer's channels can be removed.
    """
    if width == 1.0:
        return network
    channels = channels_of(network)
    computing = [node for node in network.nodes if isinstance(node.layer, Computing)]
    if all(channels.layout[node.name][0] in channels.fixed for node in computing):
        names = ", ".join(f"'{node.name}'" for node in computing[:-1])
        raise BuildError(
            f"compression: width {width:g} has nothing to remove: "
            + (f"the channels of {names} go into a reshape or a layer with a state" if names else "no layer is hidden"),
            hint="leave width out for this architecture",
        )
    nodes = [_thinned(node, channels, width) for node in network.nodes]
    return replace(network, nodes=tuple(nodes))


def _thinned(node: Node, channels: Channels, width: float) -> Node:
    layer = node.layer
    if not isinstance(layer, Computing):
        return node
    count = channels.kept(channels.layout[node.name][0], width)
    fewer: Layer = replace(layer, units=count) if isinstance(layer, Dense) else replace(layer, filters=count)
    return replace(node, layer=fewer)


def channels_of(network: Network) -> Channels:
    """Return which channels of a network stand or fall together, and which stay.

    Raises:
        BuildError: a layer does not fit on what it reads.
    """
    shapes = output_shapes(network)
    groups = _Groups()
    layout: dict[str, tuple[int, ...]] = {INPUT: (groups.new(network.input_shape[-1], fixed=True),)}
    for node in network.nodes:
        inputs = [layout[name] for name in node.inputs]
        match node.layer:
            case Dense() | Conv1D() | Conv2D():
                layout[node.name] = (groups.new(shapes[node.name][-1]),)
            case Flatten():
                layout[node.name] = inputs[0] * math.prod(shapes[node.inputs[0]][:-1])
            case Concatenate():
                layout[node.name] = tuple(group for groups_of in inputs for group in groups_of)
            case Add():
                layout[node.name] = groups.joined(inputs)
            case LSTM():
                layout[node.name] = (groups.new(node.layer.units, fixed=True),)
            case Reshape():
                groups.fix(inputs[0])
                layout[node.name] = (groups.new(shapes[node.name][-1], fixed=True),)
            case _:
                layout[node.name] = inputs[0]
    groups.fix(layout[network.nodes[-1].name])
    return groups.named(layout)


@dataclass(slots=True)
class _Groups:
    """Groups that are joined as the network is walked through."""

    sizes: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    fixed: set[int] = field(default_factory=set)

    def new(self, size: int, *, fixed: bool = False) -> int:
        self.sizes.append(size)
        self.parents.append(len(self.parents))
        if fixed:
            self.fixed.add(self.parents[-1])
        return self.parents[-1]

    def root(self, group: int) -> int:
        while self.parents[group] != group:
            group = self.parents[group]
        return group

    def fix(self, layout: Sequence[int]) -> None:
        self.fixed |= set(layout)

    def joined(self, layouts: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
        """Join what is added up; groups that are not of one size each with its counterpart stay."""
        first = layouts[0]
        for other in layouts[1:]:
            if [self.sizes[group] for group in first] != [self.sizes[group] for group in other]:
                self.fix([*first, *other])
                continue
            for one, two in zip(first, other, strict=True):
                self.parents[self.root(two)] = self.root(one)
        return first

    def named(self, layout: Mapping[str, tuple[int, ...]]) -> Channels:
        """Return the groups by their representatives."""
        return Channels(
            {name: tuple(self.root(group) for group in groups) for name, groups in layout.items()},
            {self.root(group): size for group, size in enumerate(self.sizes)},
            frozenset(self.root(group) for group in self.fixed),
        )
