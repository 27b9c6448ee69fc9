"""HTML from values; text is escaped unless it is markup already."""

from __future__ import annotations

import html
from collections.abc import Iterable


class Markup(str):
    """Text that is HTML."""

    __slots__ = ()


Child = str | Iterable["Child"]


def element(name: str, *children: Child, **attributes: str | bool | None) -> Markup:
    """Return an element.

    Args:
        name: the tag's.
        children: text, which is escaped, markup, or iterables of these.
        attributes: underscores become hyphens and one at the end is dropped ("class_"); `True` writes the name
            alone, `False` and `None` leave the attribute out.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    inside = join(children)
    return Markup(f"<{name}{written}>" if name in _VOID else f"<{name}{written}>{inside}</{name}>")


def join(children: Iterable[Child]) -> Markup:
    """Return children side by side."""
    return Markup("".join(_written(child) for child in children))


_VOID = frozenset({"br", "hr", "input"})


def _written(child: Child) -> str:
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return html.escape(child, quote=False)
    return join(child)


def _attribute(key: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(value)}"'
