"""What compression costs and gains on real data: float32, int8 after training, and quantization-aware training.

Two data sets that arrive with Python packages: seven shoulder exercises recorded by a smartwatch (seglearn 1.2.5, raw
windows of 2 s, people 1-6 to train, 7 and 8 to validate, 9 and 10 to test) and handwritten digits of 8 × 8 pixels
(scikit-learn). "longer" is int8 after the same additional epochs without simulated rounding, so that the gain of
rounding is told from the gain of training on. Means over seeds on test examples; "agrees" is the share of test
examples on which the int8 model decides as the float network it was made from.

    OMP_NUM_THREADS=1 python -m benchmarks.compression [--seeds 3]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from examples.motion.prepare import load_watch_data
from tuner.candidate import Settings, Training
from tuner.models import build
from tuner.models.network import Network
from tuner.tflm import Tflm
from tuner.training import Examples, Trained
from tuner.training.convert import convert
from tuner.training.fit import fit
from tuner.training.predict import predict_converted, predict_float
from tuner.training.quantize_aware import quantize_aware

TRAINING = Training(Settings.of("adam", learning_rate=0.003), batch_size=32, epochs=25, patience=8)
WINDOW, STRIDE = 100, 50


@dataclass(frozen=True)
class Data:
    train: Examples
    validation: Examples
    test: Examples


@dataclass(frozen=True)
class Row:
    accuracy: float
    agrees: float
    flash: int
    arena: int
    seconds: float


def motion() -> Data:
    recordings = load_watch_data()
    parts: list[tuple[list[NDArray[np.float32]], list[int]]] = [([], []), ([], []), ([], [])]
    for values, label, person in zip(recordings["X"], recordings["y"], recordings["subject"], strict=True):
        windows, truth = parts[0 if person <= 6 else 1 if person <= 8 else 2]
        for first in range(0, len(values) - WINDOW + 1, STRIDE):
            windows.append(values[first : first + WINDOW])
            truth.append(int(label))
    return standardized([(np.stack(windows), np.array(truth)) for windows, truth in parts])


def digits() -> Data:
    images, truth = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(truth))
    features = images.reshape(-1, 8, 8, 1)
    return standardized([(features[rows], truth[rows]) for rows in np.split(order, [900, 1200])])


def standardized(parts: Sequence[tuple[NDArray[np.float64], NDArray[np.int64]]]) -> Data:
    train = parts[0][0]
    mean, deviation = train.mean(), train.std()
    if train.ndim == 3:
        mean, deviation = train.mean(axis=(0, 1)), train.std(axis=(0, 1))
    return Data(*(Examples(((x - mean) / deviation).astype(np.float32), y.astype(np.int64)) for x, y in parts))


def accuracy(probabilities: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    return float((probabilities.argmax(axis=1) == truth).mean())


def float_row(trained: Trained, data: Data, tflm: Tflm) -> Row:
    model = convert(trained, Settings("float32"), data.train.features)
    right = accuracy(predict_converted(model, data.test.features), data.test.truth)
    return Row(right, 1.0, len(model), tflm.arena(model).total, 0.0)


def int8_row(make: Callable[[], Trained], data: Data, tflm: Tflm) -> Row:
    started = time.process_time()
    trained = make()
    seconds = time.process_time() - started
    model = convert(trained, Settings("int8"), data.train.features)
    predicted = predict_converted(model, data.test.features)
    decided = predict_float(trained, data.test.features).argmax(axis=1)
    agrees = float((predicted.argmax(axis=1) == decided).mean())
    return Row(accuracy(predicted, data.test.truth), agrees, len(model), tflm.arena(model).total, seconds)


def longer(trained: Trained, data: Data, seed: int) -> Trained:
    slow = replace(TRAINING, optimizer=Settings.of("adam", learning_rate=0.0003), epochs=10, patience=3)
    return fit(trained.network, slow, data.train, data.validation, seed=seed, start=trained.weights)


def rows(network: Network, data: Data, seed: int, tflm: Tflm) -> dict[str, Row]:
    trained = fit(network, TRAINING, data.train, data.validation, seed=seed)
    return {
        "float32": float_row(trained, data, tflm),
        "int8": int8_row(lambda: trained, data, tflm),
        "int8, longer": int8_row(lambda: longer(trained, data, seed), data, tflm),
        "int8-qat": int8_row(
            lambda: quantize_aware(trained, TRAINING, data.train, data.validation, seed=seed), data, tflm
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    cases = (
        ("exercises", motion(), Settings.of("conv1d", depth=2, filters=8, kernel=5, batch_norm=True)),
        ("exercises", motion(), Settings.of("tcn", filters=8, blocks=3)),
        ("digits", digits(), Settings.of("conv2d", depth=2, filters=4, head="global", batch_norm=True)),
        ("digits", digits(), Settings.of("mobilenet_v1", width=0.1, blocks=4)),
    )
    print(f"Means over {seeds} seeds\n")
    print("| data | family | compression | test accuracy | agrees | flash, B | arena, B | extra CPU, s |")
    print("|---|---|---|---|---|---|---|---|")
    with Tflm() as tflm:
        for name, data, architecture in cases:
            classes = int(data.train.truth.max()) + 1
            network = build(architecture, data.train.features.shape[1:], classes)
            results = [rows(network, data, seed, tflm) for seed in range(seeds)]
            for compression in results[0]:
                print(line(f"{name} | {architecture.type}", compression, [result[compression] for result in results]))


def line(case: str, compression: str, group: Sequence[Row]) -> str:
    right = [row.accuracy for row in group]
    return (
        f"| {case} | {compression} | {np.mean(right):.3f} ± {np.std(right):.3f} "
        f"| {np.mean([row.agrees for row in group]):.4f} | {group[0].flash} | {group[0].arena} "
        f"| {np.mean([row.seconds for row in group]):.1f} |"
    )


if __name__ == "__main__":
    main()
