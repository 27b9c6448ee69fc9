"""Which neural processing units a given model cannot be compiled for.

Vela's compiler ends the process on some models that others made. So it is first tried in a process of its own,
and only a model that it survived is compiled in this one.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Sequence

from tuner.devices.npu import vela
from tuner.devices.profile import Npu
from tuner.errors import TunerError

_COMPILED, _REFUSED = b"1", b"0"


def refused(model: bytes, units: Sequence[Npu]) -> list[bool]:
    """Return for each unit whether its compiler refuses the model, or dies of it."""
    verdicts: list[bool] = []
    while len(verdicts) < len(units):
        answers = _answers(model, units[len(verdicts) :])
        verdicts += [answer == _REFUSED[0] for answer in answers]
        if len(verdicts) < len(units):
            verdicts.append(True)  # the one at which the process ended
    return verdicts


def _answers(model: bytes, units: Sequence[Npu]) -> bytes:
    command = [sys.executable, "-c", f"from {__name__} import main; main()"]
    question = pickle.dumps((model, list(units)))
    return subprocess.run(
        command, input=question, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    ).stdout


def main() -> None:
    """Compile what standard input holds and write one answer a unit, as soon as it is known."""
    model, units = pickle.load(sys.stdin.buffer)
    for unit in units:
        try:
            vela(model, unit)
        except TunerError:
            sys.stdout.buffer.write(_REFUSED)
        else:
            sys.stdout.buffer.write(_COMPILED)
        sys.stdout.buffer.flush()
