"""What an address says: the page, what it is about, and the state it was left in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, quote, unquote, urlencode


@dataclass(frozen=True, slots=True)
class Address:
    """A page's address, taken apart."""

    path: Mapping[str, str]
    """By the names in the page's pattern."""
    query: Mapping[str, Sequence[str]]

    def with_search(self, search: str) -> Address:
        """Return the address with what stands behind the question mark."""
        return replace(self, query=parse_qs(search.lstrip("?")))

    def text(self, name: str, default: str = "") -> str:
        """Return a value of the query."""
        return self.query.get(name, [default])[0]

    def choice(self, name: str, options: Sequence[str]) -> str:
        """Return a value of the query if it is one of the options, else the first of them."""
        found = self.text(name)
        return found if found in options or not options else options[0]

    def all(self, name: str) -> list[str]:
        """Return all values of a name, as of "trial=a&trial=b" or "trial=a,b"."""
        return [part for value in self.query.get(name, []) for part in value.split(",") if part]

    def number(self, name: str) -> float | None:
        """Return a number of the query, if there is one."""
        try:
            return float(self.text(name))
        except ValueError:
            return None


def match(pattern: str, path: str) -> Address | None:
    """Return the address if a path is of a pattern such as "/studies/{study}"."""
    expression = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(pattern))
    found = re.fullmatch(expression, path.rstrip("/") or "/")
    if found is None:
        return None
    return Address({name: unquote(value) for name, value in found.groupdict().items()}, {})


def link(*parts: str | int, **query: str | Sequence[str] | None) -> str:
    """Return an address from parts of a path and what is set of a query."""
    path = "/" + "/".join(quote(str(part), safe="") for part in parts)
    there = {name: value for name, value in query.items() if value}
    return path + (f"?{urlencode(there, doseq=True, safe=':,')}" if there else "")
