"""The process that holds the interpreter: answers requests until its pipe closes.

The interpreter aborts its whole process on models it finds broken, and prints what it allocates to standard
error only. So it lives here, in 32 MB without TensorFlow, with standard error in a file that the parent can
still read when this process is gone. This file is run by its path and imports nothing of `tuner`: it starts in
a tenth of a second whatever the product grows to.

A message is a JSON object followed by the number of buffers it gives under "buffers".
"""

from __future__ import annotations

import json
import os
import re
import sys
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from tflite_micro.python.tflite_micro import runtime

_ARENA_BYTES = (4 << 20, 64 << 20, 1 << 30)
"""Tried in turn; only the pages that a model uses become real."""

_STDERR = 2
_ALLOCATION = re.compile(rb"Arena allocation (total|head|tail) (\d+) bytes")


class _Models:
    """The interpreter of the last model asked about."""

    def __init__(self) -> None:
        self._model = b""
        self._interpreter: Any = None

    def load(self, model: bytes) -> Any:
        if model != self._model:
            self._model, self._interpreter = b"", None
            self._interpreter, self._model = _interpreter(model), model
        return self._interpreter


def _interpreter(model: bytes) -> Any:
    for arena_bytes in _ARENA_BYTES[:-1]:
        try:
            return runtime.Interpreter.from_bytes(model, arena_size=arena_bytes)
        except RuntimeError as error:
            if "allocate" not in str(error):
                raise
    return runtime.Interpreter.from_bytes(model, arena_size=_ARENA_BYTES[-1])


def _arena(interpreter: Any) -> dict[str, Any]:
    _clear_log()
    interpreter.print_allocations()
    return {name.decode(): int(count) for name, count in _ALLOCATION.findall(_log())}


def _details(interpreter: Any) -> dict[str, Any]:
    sides = {"input": interpreter.get_input_details(0), "output": interpreter.get_output_details(0)}
    return {
        name: {
            "shape": [int(size) for size in details["shape"]],
            "dtype": np.dtype(details["dtype"]).name,
            "scales": [float(scale) for scale in details["quantization_parameters"]["scales"]],
            "zero_points": [int(zero) for zero in details["quantization_parameters"]["zero_points"]],
        }
        for name, details in sides.items()
    }


def _predict(interpreter: Any, shape: list[int], dtype: str, data: bytes) -> tuple[dict[str, Any], bytes]:
    outputs = []
    for row in np.frombuffer(data, dtype).reshape(shape):
        interpreter.reset()  # what a model remembers of the row before
        interpreter.set_input(row[np.newaxis], 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0)[0])
    stacked = np.stack(outputs)
    return {"shape": stacked.shape, "dtype": stacked.dtype.name}, stacked.tobytes()


def _answer(models: _Models, request: dict[str, Any], buffers: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    _clear_log()
    try:
        interpreter = models.load(buffers[0])
        if request["ask"] == "arena":
            return _arena(interpreter), []
        if request["ask"] == "details":
            return _details(interpreter), []
        answer, data = _predict(interpreter, request["shape"], request["dtype"], buffers[1])
    except Exception as error:  # whatever it is, the parent must hear of it
        return {"error": str(error) or type(error).__name__, "log": _log().decode(errors="replace")}, []
    return answer, [data]


def _clear_log() -> None:
    os.ftruncate(_STDERR, 0)
    os.lseek(_STDERR, 0, os.SEEK_SET)


def _log() -> bytes:
    return os.pread(_STDERR, 1 << 20, 0)


def main() -> None:
    """Answer requests on the connection whose file descriptor is the first argument."""
    connection = Connection(int(sys.argv[1]))
    models = _Models()
    while True:
        try:
            request = json.loads(connection.recv_bytes())
            buffers = [connection.recv_bytes() for _ in range(request["buffers"])]
        except EOFError:
            return
        answer, data = _answer(models, request, buffers)
        connection.send_bytes(json.dumps(answer | {"buffers": len(data)}).encode())
        for buffer in data:
            connection.send_bytes(buffer)


if __name__ == "__main__":
    main()
