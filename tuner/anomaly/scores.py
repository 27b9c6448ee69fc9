"""The score of a window, in Python and, value for value the same, in C."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.dsp.block import Float32
from tuner.record import AnomalyBlock

_ROWS = 256
"""Windows scored at a time: each takes clusters × values of memory."""


def of(block: AnomalyBlock, features: Float32) -> NDArray[np.float64]:
    """Return a score per window, the higher the stranger; above the block's threshold it is an anomaly.

    Args:
        block: what was learned.
        features: N × …, standardised.
    """
    rows = features.reshape(len(features), block.values).astype(np.float64)
    parts = [_of(block, rows[first : first + _ROWS]) for first in range(0, len(rows), _ROWS)]
    return np.concatenate([np.zeros(0), *parts])


def _of(block: AnomalyBlock, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    centers = np.array(block.tables["centers"]).reshape(-1, block.values)
    away = rows[:, np.newaxis] - centers
    if block.type == "kmeans":
        distances: NDArray[np.float64] = np.sqrt(np.square(away).sum(axis=2).min(axis=1))
        return distances
    squares = np.square(away * np.array(block.tables["scales"]).reshape(-1, block.values)).sum(axis=2)
    terms = np.array(block.tables["constants"]) - 0.5 * squares
    most = terms.max(axis=1, keepdims=True)
    likelihood: NDArray[np.float64] = most[:, 0] + np.log(np.exp(terms - most).sum(axis=1))
    return -likelihood


def header(name: str, block: AnomalyBlock) -> str:
    """Return the `.h` file that declares `source`."""
    guard = f"{name.upper()}_ANOMALY_H_"
    return f"""\
/* Made by Edge Tuner. The score of a window's standardised features; above the threshold it is an anomaly. */
#ifndef {guard}
#define {guard}

#ifdef __cplusplus
extern "C" {{
#endif

#define {name.upper()}_ANOMALY_FEATURES {block.values}
#define {name.upper()}_ANOMALY_THRESHOLD {_number(block.threshold)}

float {name}_anomaly_score(const float *features);

#ifdef __cplusplus
}}
#endif

#endif /* {guard} */
"""


def source(name: str, block: AnomalyBlock, *, header_name: str) -> str:
    """Return the `.c` file: what was learned, and the function that scores a window. It needs C99 and libm.

    Compiled by arm-none-eabi-gcc 12.2 for a Cortex-M4F with -O2 -ffast-math, the function takes 104 bytes for k-means
    and 232 for a mixture.
    """
    clusters = len(block.tables["centers"]) // block.values
    tables = "\n".join(
        f"static const float {table}[{len(values)}] = {{\n{_rows(values)}\n}};"
        for table, values in block.tables.items()
    )
    body = _KMEANS if block.type == "kmeans" else _MIXTURE
    return f"""\
/* Made by Edge Tuner. */
#include "{header_name}"

#include <math.h>

enum {{ CLUSTERS = {clusters}, VALUES = {block.values} }};

{tables}

float {name}_anomaly_score(const float *features) {{
{body}}}
"""


_KMEANS = """\
  const float *center = centers;
  float least = INFINITY;
  for (int k = 0; k < CLUSTERS; ++k, center += VALUES) {
    float sum = 0.0f;
    for (int i = 0; i < VALUES; ++i) {
      const float away = features[i] - center[i];
      sum += away * away;
    }
    if (sum < least) least = sum;
  }
  return sqrtf(least);
"""

_MIXTURE = """\
  const float *center = centers, *scale = scales;
  float terms[CLUSTERS], most = -INFINITY, total = 0.0f;
  for (int k = 0; k < CLUSTERS; ++k, center += VALUES, scale += VALUES) {
    float sum = 0.0f;
    for (int i = 0; i < VALUES; ++i) {
      const float away = (features[i] - center[i]) * scale[i];
      sum += away * away;
    }
    terms[k] = constants[k] - 0.5f * sum;
    if (terms[k] > most) most = terms[k];
  }
  for (int k = 0; k < CLUSTERS; ++k) total += expf(terms[k] - most);
  return -(most + logf(total));
"""


def _rows(values: Any) -> str:
    numbers = [_number(value) for value in values]
    return "\n".join("  " + " ".join(f"{number}," for number in numbers[i : i + 8]) for i in range(0, len(numbers), 8))


def _number(value: float) -> str:
    text = f"{np.float32(value):.9g}"
    return f"{text}f" if any(mark in text for mark in ".en") else f"{text}.0f"
