"""Search spaces defined by running them: a Python file with `space(suggest) -> Candidate`.

Such a file says with `if` and `for` what a YAML file says with conditions and repeats. What it asks of `suggest` are
the parameters, by the names it gives them; a study keeps the file's text, so that a later change of the file does not
change the study.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tuner.augmentation import augmentation
from tuner.candidate import Candidate
from tuner.compression import compression
from tuner.config import validated
from tuner.dsp.registry import block
from tuner.errors import ConfigError, InputError
from tuner.models import family
from tuner.search.domain import Choice, Domain
from tuner.search.problem import Suggest
from tuner.search.suggest import RandomSuggest, RecordingSuggest
from tuner.search_space.schema import DataSpec
from tuner.search_space.values import Options, Range

_DRAWS = 50
"""Candidates drawn to see whether a file works, and what it asks for."""


@dataclass(frozen=True, slots=True)
class PythonSpace:
    """Candidates as a function of what is suggested."""

    name: str
    """What reports call the space."""
    source: str
    """The file's text."""

    def sample(self, suggest: Suggest) -> Candidate:
        """Draw a candidate; the names asked of `suggest` are its parameters.

        Raises:
            ConfigError: the function raised something, or gave no candidate.
        """
        try:
            drawn = _namespace(self.source, self.name)["space"](suggest)
        except InputError:
            raise
        except Exception as error:  # the user's code raises whatever it raises
            raise ConfigError(f"{self.name}: space() raised {type(error).__name__}: {error}") from error
        if not isinstance(drawn, Candidate):
            raise ConfigError(f"{self.name}: space() returned {type(drawn).__name__}, expected a tuner.Candidate")
        return drawn

    def size(self) -> None:
        """Return that nobody knows how many candidates there are."""
        return

    @property
    def title(self) -> str:
        """What the space is for: the first line of the file's docstring."""
        return str(_namespace(self.source, self.name).get("__doc__") or "").strip().partition("\n")[0]

    @property
    def data(self) -> DataSpec | None:
        """Typical data, if the file has a mapping `data`."""
        said = _namespace(self.source, self.name).get("data")
        return None if said is None else validated(DataSpec, said, source=f"{self.name}: data")

    def parameters(self) -> dict[str, Options | Range]:
        """Return what was asked for in some random draws, by name."""
        found: dict[str, Domain] = {}
        for _, domains in self.draws():
            found |= domains
        return {name: _shown(domain) for name, domain in found.items()}

    def architectures(self) -> tuple[tuple[str, str], ...]:
        """Return the families of some random draws, by name and type, which are the same here."""
        types = dict.fromkeys(candidate.architecture.type for candidate, _ in self.draws())
        return tuple((type_, type_) for type_ in types)

    def draws(self) -> Iterator[tuple[Candidate, Mapping[str, Domain]]]:
        """Yield random candidates, always the same, with what each asked for."""
        rng = np.random.default_rng(0)
        for _ in range(_DRAWS):
            suggest = RecordingSuggest(RandomSuggest(rng))
            yield self.sample(suggest), suggest.domains

    def check(self) -> None:
        """Draw some candidates and look whether all their parts are known.

        Raises:
            ConfigError: the file cannot be run, or a part is not known; the message says which.
        """
        for candidate, _ in self.draws():
            try:
                for part in candidate.preprocessing:
                    block(part.settings)
                family(candidate.architecture)
                augmentation(candidate.training.augmentation)
                compression(candidate.compression)
            except ConfigError as error:
                raise ConfigError(f"{self.name}: {error.message}", hint=error.hint) from error

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that `stored_space` reads back to an equal space."""
        return {"python": self.source, "name": self.name}


def read_python_space(path: Path) -> PythonSpace:
    """Return the space of a file.

    Raises:
        ConfigError: the file is missing, cannot be run, or has no function `space`.
    """
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    space = PythonSpace(path.stem, source)
    space.check()
    return space


@cache
def _namespace(source: str, name: str) -> Mapping[str, Any]:
    """Run a file, once in a process."""
    namespace: dict[str, Any] = {"__name__": name}
    try:
        exec(compile(source, f"{name}.py", "exec"), namespace)  # the file is the user's own
    except Exception as error:
        raise ConfigError(f"{name}.py: cannot be run: {type(error).__name__}: {error}") from error
    if not callable(namespace.get("space")):
        raise ConfigError(f"{name}.py: has no function 'space'", hint="def space(suggest): … return Candidate(…)")
    return namespace


def _shown(domain: Domain) -> Options | Range:
    if isinstance(domain, Choice):
        return Options(domain.options)
    return Range(domain.low, domain.high, domain.step, domain.log)
