"""How far TensorFlow Lite's kernels are from TensorFlow Lite Micro's, and what each costs.

Networks of the four kinds of `training_throughput` are trained for a few epochs, converted to int8 and run on the
same rows by TensorFlow Lite Micro itself and by TensorFlow Lite with its reference kernels, its optimized kernels
without delegates, and XNNPACK. Counted are rows of which any output differs, the largest difference in units of the
last place, and rows whose winning class differs.

    OMP_NUM_THREADS=1 python -m benchmarks.kernel_agreement
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.training_throughput import WORKLOADS, Workload, clouds, recipe
from tuner.candidate import Settings
from tuner.models.network import sequence
from tuner.tflm import Tflm
from tuner.training.convert import convert
from tuner.training.fit import fit
from tuner.training.predict import predict_converted
from tuner.training.runtime import quiet, tf

KERNELS = {
    "reference": "BUILTIN_REF",
    "optimized, no delegate": "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
    "XNNPACK": "BUILTIN",
}
STEP = 1 / 256
ROWS = 300


@dataclass
class Tally:
    rows: int = 0
    differing: int = 0
    winners: int = 0
    largest: int = 0
    seconds: float = 0.0

    def add(self, predicted: NDArray[np.float32], device: NDArray[np.float32], seconds: float) -> None:
        steps = np.abs(np.round((predicted - device) / STEP)).astype(int)
        self.rows += len(device)
        self.differing += int((steps.max(axis=1) > 0).sum())
        self.winners += int((predicted.argmax(axis=1) != device.argmax(axis=1)).sum())
        self.largest = max(self.largest, int(steps.max()))
        self.seconds += seconds

    def row(self, workload: str, kernels: str) -> str:
        return (
            f"| {workload} | {kernels} | {self.rows} | {self.differing / self.rows:.1%} | {self.largest} "
            f"| {self.winners} | {1e6 * self.seconds / self.rows:.0f} |"
        )


def run_one_by_one(model: bytes, features: NDArray[np.float32], resolver: str) -> NDArray[np.float32]:
    with quiet():
        kind = getattr(tf.lite.experimental.OpResolverType, resolver)
        interpreter = tf.lite.Interpreter(model_content=model, num_threads=1, experimental_op_resolver_type=kind)
        interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = source["quantization"]
    scaled = features.reshape(-1, *source["shape"][1:]) / np.float32(scale)
    stored = np.clip(np.trunc(scaled + np.copysign(0.5, scaled)) + zero_point, -128, 127).astype(np.int8)
    outputs = []
    for row in stored:
        interpreter.set_tensor(source["index"], row[np.newaxis])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(target["index"])[0].astype(np.float32))
    scale, zero_point = target["quantization"]
    return (np.stack(outputs) - zero_point) * np.float32(scale)


def timed(run: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return run(), time.perf_counter() - started


def measure(workload: Workload, tflm: Tflm) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {name: Tally() for name in (*KERNELS, "TensorFlow Lite Micro", "predict_converted")}
    train, rows = clouds(workload, 300, 0), clouds(workload, ROWS, 1)
    for seed, width in enumerate(workload.widths[:3]):
        network = sequence(workload.shape, workload.ours(width))
        trained = fit(network, replace(recipe(workload), epochs=3), train, rows, seed=seed)
        model = convert(trained, Settings("int8"), train.features)
        tflm.arena(model)
        device, seconds = timed(lambda: tflm.predict(model, rows.features))  # noqa: B023 - called at once
        tallies["TensorFlow Lite Micro"].add(device, device, seconds)
        for name, resolver in KERNELS.items():
            predicted, seconds = timed(lambda: run_one_by_one(model, rows.features, resolver))  # noqa: B023
            tallies[name].add(predicted, device, seconds)
        predicted, seconds = timed(lambda: predict_converted(model, rows.features))  # noqa: B023
        tallies["predict_converted"].add(predicted, device, seconds)
    return tallies


def main() -> None:
    print(f"int8, {ROWS} rows by 3 networks of each kind, TensorFlow {tf.__version__}\n")
    print(
        "| network | kernels | rows | rows that differ | largest difference, steps of 1/256 | other winner | µs/row |"
    )
    print("|---|---|---|---|---|---|---|")
    with Tflm() as tflm:
        for workload in WORKLOADS:
            for name, tally in measure(workload, tflm).items():
                print(tally.row(workload.name, name), flush=True)


if __name__ == "__main__":
    main()
