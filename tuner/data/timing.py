"""The rate at which something was sampled, from a column of times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from tuner.data.reader import BadFileError

if TYPE_CHECKING:
    import pandas as pd

_SECONDS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def rate_of_times(times: pd.Series, unit: str | None) -> float:
    """Return samples a second, from dates or from numbers in `unit`.

    Logging jitters, so the mean step counts; a step of less than half or more than 1.5 times of it is a gap or a
    step back, and windows across it would be wrong.

    Raises:
        BadFileError: the times do not increase evenly, or nobody can know their unit.
    """
    seconds = _seconds(times, unit)
    if len(seconds) < 2:
        raise BadFileError("has a single time, which gives no rate", "write 'frequency: …' and leave out time_column")
    steps = np.diff(seconds)
    typical = float(np.median(steps))
    if not np.isfinite(steps).all() or typical <= 0:
        raise BadFileError("has times that are missing or do not increase")
    mean = float(seconds[-1] - seconds[0]) / len(steps)
    wrong = np.flatnonzero((steps < 0.5 * typical) | (steps > 1.5 * typical))
    if len(wrong):
        row = int(wrong[0])
        raise BadFileError(
            f"is not evenly sampled: from sample {row} to the next are {steps[row]:.6g} s, mostly {typical:.6g} s; "
            f"{len(wrong)} such steps"
        )
    # Six digits: clocks are no better, and recordings of one rate must compare equal.
    return float(f"{1 / mean:.6g}")


def _seconds(times: pd.Series, unit: str | None) -> NDArray[np.float64]:
    if times.dtype.kind in "fiu":
        values = np.asarray(times, np.float64)
        if unit is None:
            step = float(np.median(np.diff(values))) if len(values) > 1 else 0.0
            readings = [f"as {name} that is {1 / step / scale:g} Hz" for name, scale in _SECONDS.items() if step > 0]
            raise BadFileError(
                f"has times of unknown unit in column '{times.name}'",
                f"steps are {step:g}: {', '.join(readings[:3])}; write e.g. 'time_unit: ms'",
            )
        return values * _SECONDS[unit]
    import pandas as pd  # noqa: PLC0415  half a second that `import tuner` must not take

    try:
        dates = pd.to_datetime(times, utc=True, format="ISO8601")
    except (ValueError, TypeError, OverflowError) as error:
        found = str(error).splitlines()[0]
        raise BadFileError(
            f"has a time that is no date: {found}", "write dates like 2026-03-20T11:00:00.250"
        ) from error
    return np.asarray((dates - dates.iloc[0]) / pd.Timedelta(seconds=1), np.float64)
