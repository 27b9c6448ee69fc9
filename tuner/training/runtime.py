"""TensorFlow, configured once before anything else can touch it.

One worker process uses one core: one candidate on two threads costs 1.5 times the CPU time of two candidates
on one thread each. TensorFlow's first lines of log come before it reads its own log level, so standard error
is closed to them while it is imported.
"""

from __future__ import annotations

import gc
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_USE_LEGACY_KERAS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
}


@contextmanager
def quiet() -> Iterator[None]:
    """Send what native code writes to standard error nowhere, and drop Python's warnings."""
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


for _name, _value in _ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)
with quiet():
    import tensorflow as tf

    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.get_logger().setLevel("ERROR")
# TensorFlow's 300,000 objects live as long as the process: without them a full collection takes 2 ms, not 150.
gc.freeze()

__all__ = ["quiet", "tf"]
