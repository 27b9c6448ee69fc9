"""The process that works on one study and outlives the server: `python -m tuner.service.worker FOLDER LIMITS`.

It is `tuner resume` without a terminal: interrupted as by Ctrl-C, it records where it stands and ends.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
import traceback
from pathlib import Path

from tuner.api import Study
from tuner.errors import TunerError
from tuner.messages.studies import RunLimits
from tuner.record import State, Trial
from tuner.service.worker_file import Worker, beat, write_worker
from tuner.study.history import History

_BEAT_S = 2.0


def main() -> None:
    """Work on the study until it reaches its limits or is told to stop."""
    folder, limits = Path(sys.argv[1]), RunLimits.model_validate_json(sys.argv[2])
    # A server that was started in the background hands down signals that are ignored.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.default_int_handler)
    sys.exit(_work(folder, limits))


def _work(folder: Path, limits: RunLimits) -> int:
    me = Worker.this()
    write_worker(folder, me)
    threading.Thread(target=_beat, args=(folder,), daemon=True).start()
    try:
        study = Study.open(folder)
        _say(f"working on {study.name}")
        stop = study.run(
            trials=limits.trials,
            time_limit_s=limits.time_limit_s,
            compute_limit_s=limits.compute_limit_s,
            target_accuracy=limits.target,
            patience=limits.patience,
            workers=limits.workers,
            watch=_Log(study.history),
        )
        _say(f"ended: {stop.reason}")
        ended, code = me.model_copy(update={"ended": "finished"}), 0
    except KeyboardInterrupt:
        _say("interrupted; nothing is lost")
        ended, code = me.model_copy(update={"ended": "interrupted"}), 130
    except TunerError as error:
        _say(f"error: {error}")
        ended = me.model_copy(update={"ended": "failed", "error": error.message, "hint": error.hint})
        code = 3
    except Exception as error:
        traceback.print_exc()
        ended = me.model_copy(update={"ended": "failed", "error": f"{type(error).__name__}: {error}"})
        code = 3
    write_worker(folder, ended)
    return code


def _beat(folder: Path) -> None:
    while True:
        time.sleep(_BEAT_S)
        beat(folder)


def _say(text: str) -> None:
    print(time.strftime("%Y-%m-%d %H:%M:%S"), text, flush=True)


class _Log:
    """Writes a line for every trial that is handed out or ends."""

    def __init__(self, history: History) -> None:
        self._known = {trial.number: trial.state for trial in history.trials}
        self._size = history.size

    def __call__(self, history: History) -> None:
        if history.size == self._size:
            return
        self._size = history.size
        for trial in history.trials:
            if self._known.get(trial.number) is not trial.state:
                self._known[trial.number] = trial.state
                _say(_line(trial))


def _line(trial: Trial) -> str:
    match trial.state:
        case State.PENDING:
            return f"trial {trial.number} is handed out"
        case State.TRAINED:
            assert trial.score is not None
            return f"trial {trial.number} is trained: {trial.score:.1%}"
        case State.REJECTED:
            return f"trial {trial.number} is rejected: {trial.reason}"
        case State.FAILED:
            return f"trial {trial.number} failed: {trial.stage}: {trial.reason}"


if __name__ == "__main__":
    main()
