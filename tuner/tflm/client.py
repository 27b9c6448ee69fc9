"""Asks the interpreter's process; starts it when needed and again when a model has killed it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from tuner.errors import EvaluationError
from tuner.tflm.quantization import Quantization

_CHILD = Path(__file__).with_name("child.py")

_ROWS_PER_REQUEST = 64
"""So that the time limit is one of a second's work, not of a whole data set's."""


@dataclass(frozen=True, slots=True)
class ArenaReport:
    """Bytes of the tensor arena on this 64-bit host; a 32-bit device needs less of the tail."""

    head: int
    """Activations and scratch buffers, planned over time."""
    tail: int
    """What lasts: tensor and operator structures, quantization parameters."""
    total: int


class Tflm:
    """The interpreter; use it as a context manager, or call `close`.

    Not safe for use by several threads at once.

    Args:
        timeout_s: how long one request may take.
    """

    def __init__(self, *, timeout_s: float = 60.0) -> None:
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection[Any, Any] | None = None
        self._log: IO[bytes] | None = None

    def arena(self, model: bytes) -> ArenaReport:
        """Return what the interpreter allocates for a model.

        Raises:
            EvaluationError: it does not take the model, or gave up on it.
        """
        report, _ = self._ask({"ask": "arena"}, model)
        return ArenaReport(report["head"], report["tail"], report["total"])

    def predict(self, model: bytes, inputs: NDArray[Any]) -> NDArray[Any]:
        """Run a model on N inputs, one after the other.

        Real numbers given to a quantized model are quantized as the device would, and so are its outputs turned
        back; integers come back as the integers that the model wrote.

        Args:
            model: a `.tflite`.
            inputs: N × any shape of as many elements as the model's input.

        Returns:
            N × the shape of the model's output.

        Raises:
            EvaluationError: it does not take the model or the inputs, or gave up on it.
        """
        details, _ = self._ask({"ask": "details"}, model)
        shape, dtype = details["input"]["shape"], details["input"]["dtype"]
        if inputs.size != len(inputs) * int(np.prod(shape)):
            raise EvaluationError(f"the model takes inputs of shape {shape[1:]}, not {list(inputs.shape[1:])}")
        real = np.issubdtype(inputs.dtype, np.floating)
        quantized = real and dtype != "float32"
        values = _quantization(details["input"]).quantize(inputs) if quantized else inputs
        if values.dtype.name not in (dtype, "float64" if dtype == "float32" else dtype):
            raise EvaluationError(f"the model takes {dtype}, not {values.dtype.name}")
        rows = np.ascontiguousarray(values, dtype=dtype).reshape(-1, *shape[1:])
        outputs = self._run(model, rows, details["output"])
        return _quantization(details["output"]).dequantize(outputs) if quantized else outputs

    def close(self) -> None:
        """End the process; the next request starts another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._log is not None:
            self._log.close()
            self._log = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, model: bytes, rows: NDArray[Any], output: dict[str, Any]) -> NDArray[Any]:
        parts = [np.zeros((0, *output["shape"][1:]), output["dtype"])]
        for first in range(0, len(rows), _ROWS_PER_REQUEST):
            part = rows[first : first + _ROWS_PER_REQUEST]
            request = {"ask": "predict", "shape": part.shape, "dtype": part.dtype.name}
            answer, (data,) = self._ask(request, model, part.tobytes())
            parts.append(np.frombuffer(data, answer["dtype"]).reshape(answer["shape"]))
        return np.concatenate(parts)

    def _ask(self, request: dict[str, Any], *buffers: bytes) -> tuple[dict[str, Any], list[bytes]]:
        connection = self._connection or self._start()
        try:
            connection.send_bytes(json.dumps(request | {"buffers": len(buffers)}).encode())
            for buffer in buffers:
                connection.send_bytes(buffer)
            if not connection.poll(self._timeout_s):
                self.close()
                raise EvaluationError(f"the interpreter did not answer within {self._timeout_s:g} s")
            answer = json.loads(connection.recv_bytes())
            data = [connection.recv_bytes() for _ in range(answer["buffers"])]
        except (EOFError, ConnectionError) as error:
            raise self._death() from error
        if "error" in answer:
            raise EvaluationError(_sentence(f"the interpreter refused the model: {answer['error']}", answer["log"]))
        return answer, data

    def _start(self) -> Connection[Any, Any]:
        ours, theirs = Pipe()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        descriptor = theirs.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_CHILD), str(descriptor)],
            stdin=subprocess.DEVNULL,
            stderr=self._log,
            pass_fds=[descriptor],
        )
        theirs.close()
        self._connection = ours
        return ours

    def _death(self) -> EvaluationError:
        assert self._process is not None
        assert self._log is not None
        status = self._process.wait()
        words = os.pread(self._log.fileno(), 1 << 20, 0).decode(errors="replace")
        self.close()
        how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        return EvaluationError(_sentence(f"the interpreter's process ended with {how}", words))


def _quantization(details: dict[str, Any]) -> Quantization:
    return Quantization(details["scales"][0], details["zero_points"][0], details["dtype"])


def _sentence(what: str, log: str) -> str:
    """Add the last line that the interpreter wrote."""
    lines = [line for line in log.splitlines() if line.strip()]
    return f"{what} ({lines[-1].strip()})" if lines else what
