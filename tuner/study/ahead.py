"""Trials chosen before a worker asks for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from tuner.record import State, Trial
from tuner.search.problem import Observation
from tuner.study.choice import Chooser
from tuner.study.observation import observation


class Ahead:
    """Chooses trials in a thread of its own, so that a worker that becomes free finds the next one ready.

    Args:
        chooser: chooses them; used by nobody else meanwhile.
        lookahead: trials to train that are kept ready; with 0 they are chosen while the caller waits.
    """

    def __init__(self, chooser: Chooser, *, lookahead: int) -> None:
        self._chooser = chooser
        self._lookahead = lookahead
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chooser") if lookahead else None
        self._ready: deque[Trial] = deque()
        self._choosing: Future[Trial | None] | None = None
        self._exhausted = False

    @property
    def busy(self) -> bool:
        """A trial is being chosen."""
        return self._choosing is not None

    @property
    def exhausted(self) -> bool:
        """The space has no new candidate, and none is left here."""
        return self._exhausted and not self._ready

    @property
    def waiting(self) -> int:
        """Trials chosen and not taken."""
        return len(self._ready)

    @property
    def to_train(self) -> int:
        """Those of them that are to be trained."""
        return sum(trial.state is State.PENDING for trial in self._ready)

    def wants_more(self, *, needed: bool) -> bool:
        """Whether another trial should be chosen now.

        Args:
            needed: a worker has nothing to do.
        """
        if self._exhausted or self.busy:
            return False
        return self.to_train < max(self._lookahead, int(needed))

    def choose(self, number: int, seen: Sequence[Observation]) -> None:
        """Begin to choose the trial after those that wait here.

        Args:
            number: of the first trial that waits here, or would.
            seen: all trials before that.
        """
        known = (*seen, *(observation(trial) for trial in self._ready))
        number += len(self._ready)
        if self._thread is None:
            self._take_in(self._chooser.choose(number, known))
        else:
            self._choosing = self._thread.submit(self._chooser.choose, number, known)

    def collect(self) -> None:
        """Take in what the thread has chosen meanwhile; raises what it raised."""
        if self._choosing is not None and self._choosing.done():
            chosen, self._choosing = self._choosing, None
            self._take_in(chosen.result())

    def next(self) -> Trial | None:
        """Return the next trial in the order of their numbers, `None` if none is ready."""
        return self._ready.popleft() if self._ready else None

    def close(self) -> None:
        """Forget the trials that wait; what is being chosen comes to its end first."""
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
        self._ready.clear()

    def _take_in(self, trial: Trial | None) -> None:
        if trial is None:
            self._exhausted = True
        else:
            self._ready.append(trial)
