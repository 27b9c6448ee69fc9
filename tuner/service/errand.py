"""Work that opens other people's files or runs their code, in a child process: `python -m tuner.service.errand`.

A file that makes a reader crash, a pattern that never ends or a block that prints cannot reach the server then, and
neither TensorFlow nor the audio and image libraries are loaded there. The task is read from standard input as JSON,
the result is written to the file it names.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tuner.errors
from tuner.errors import InputError, StudyError, TunerError

Task = Mapping[str, Any]

_TIMEOUT_S = 900.0


def run(kind: str, task: Task, *, timeout_s: float = _TIMEOUT_S) -> Any:
    """Run an errand and return its result.

    Raises:
        TunerError: what the errand raised.
        StudyError: its process was lost.
        InputError: it took too long.
    """
    with TemporaryDirectory(prefix="tuner-errand-") as folder:
        result = Path(folder) / "result.json"
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "tuner.service.errand", kind, str(result)],
                input=json.dumps(task),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise InputError(f"reading it took more than {timeout_s:.0f} s", hint="give fewer files at once") from None
        if not result.is_file():
            last = done.stderr.strip().rpartition("\n")[2]
            raise StudyError(f"the process for it was lost with exit code {done.returncode}: {last}")
        answer = json.loads(result.read_text(encoding="utf-8"))
    if "error" in answer:
        kind_of = getattr(tuner.errors, answer["error"], StudyError)
        raise kind_of(answer["message"], hint=answer["hint"])
    return answer["result"]


def _inspect(task: Task) -> Any:
    from tuner.data import open_dataset  # noqa: PLC0415 - only where it is asked for
    from tuner.data.inspection import inspect  # noqa: PLC0415

    return inspect(open_dataset(task["path"], skip_bad=True, **task["options"])).to_json()


def _create(task: Task) -> Any:
    from tuner.api import Study  # noqa: PLC0415

    study = Study.create(task["spec"], studies=Path(task["studies"]))
    return study.name


def _export(task: Task) -> Any:
    from tuner.api import Study  # noqa: PLC0415

    files = Study.open(Path(task["study"])).export(task["trial"], task["device"], task["output"])
    return [str(file) for file in files]


def _report(task: Task) -> Any:
    from tuner.api import Study  # noqa: PLC0415

    return str(Study.open(Path(task["study"])).report(task["output"]))


_ERRANDS: Mapping[str, Callable[[Task], Any]] = {
    "inspect": _inspect,
    "create": _create,
    "export": _export,
    "report": _report,
}


def main() -> None:
    """Run the errand that the command line names."""
    kind, result = sys.argv[1], Path(sys.argv[2])
    try:
        answer = {"result": _ERRANDS[kind](json.load(sys.stdin))}
    except TunerError as error:
        known = next(base.__name__ for base in type(error).__mro__ if base.__module__ == "tuner.errors")
        answer = {"error": known, "message": error.message, "hint": error.hint}
    result.write_text(json.dumps(answer, allow_nan=False), encoding="utf-8")


if __name__ == "__main__":
    main()
