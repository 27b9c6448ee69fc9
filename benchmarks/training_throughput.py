"""Candidates trained, converted and scored per minute: this project against the program one would write first.

The obvious program builds a tf_keras model, calls `fit` with class weights, converts with `from_keras_model` and
scores the int8 model one example at a time. Both get the same layers, data, epochs, batch size and one thread, and
each candidate differs from the one before it in its width, so nothing is compiled twice for the same shapes. KerasTuner
searches the same widths in tf_keras, without class weights; its models are scored alike. The floor is the time
of the epochs alone once everything is compiled: pure arithmetic as TensorFlow does it. Times are seconds of CPU, which
other work on the machine does not change.

    OMP_NUM_THREADS=1 python -m benchmarks.training_throughput [--candidates 3]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.candidate import Settings, Training
from tuner.compression import Int8
from tuner.models.network import (
    Activate,
    BatchNorm,
    Conv1D,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    Pool1D,
    Pool2D,
    sequence,
)
from tuner.training.convert import convert
from tuner.training.fit import fit
from tuner.training.predict import predict_converted
from tuner.training.runtime import quiet, tf
from tuner.training.values import Examples

LAYERS = tf.keras.layers


@dataclass(frozen=True)
class Workload:
    """One kind of candidate; both networks are given by their width."""

    name: str
    shape: tuple[int, ...]
    classes: int
    examples: int
    epochs: int
    noise: float
    ours: Callable[[int], Sequence[Layer]]
    keras: Callable[[int], Sequence[Any]]
    widths: tuple[int, ...]


@dataclass(frozen=True)
class Outcome:
    seconds: float
    accuracy: float


def motion_mlp(width: int) -> Sequence[Layer]:
    return [Dense(width, "relu"), Dropout(0.2), Dense(width // 2, "relu"), Dense(7, "softmax")]


def keras_motion_mlp(width: int) -> Sequence[Any]:
    return [
        LAYERS.Dense(width, activation="relu"),
        LAYERS.Dropout(0.2),
        LAYERS.Dense(width // 2, activation="relu"),
        LAYERS.Dense(7, activation="softmax"),
    ]


def motion_conv1d(width: int) -> Sequence[Layer]:
    convolutions: list[Layer] = []
    for filters in (width, 2 * width):
        convolutions += [Conv1D(filters, 5, activation="relu"), Pool1D("max", 2, 2), Dropout(0.1)]
    return [*convolutions, Flatten(), Dense(7, "softmax")]


def keras_motion_conv1d(width: int) -> Sequence[Any]:
    convolutions: list[Any] = []
    for filters in (width, 2 * width):
        convolutions += [
            LAYERS.Conv1D(filters, 5, padding="same", activation="relu"),
            LAYERS.MaxPooling1D(2),
            LAYERS.Dropout(0.1),
        ]
    return [*convolutions, LAYERS.Flatten(), LAYERS.Dense(7, activation="softmax")]


def keyword_ds_cnn(width: int) -> Sequence[Layer]:
    layers: list[Layer] = [Conv2D(width, (10, 4), (2, 2)), BatchNorm(), Activate("relu")]
    for _ in range(4):
        layers += [DepthwiseConv2D((3, 3)), BatchNorm(), Activate("relu")]
        layers += [Conv2D(width, (1, 1)), BatchNorm(), Activate("relu")]
    return [*layers, GlobalAveragePool(), Dense(12, "softmax")]


def keras_keyword_ds_cnn(width: int) -> Sequence[Any]:
    def normalized(layer: Any) -> list[Any]:
        return [layer, LAYERS.BatchNormalization(momentum=0.9), LAYERS.ReLU()]

    layers = normalized(LAYERS.Conv2D(width, (10, 4), 2, padding="same", use_bias=False))
    for _ in range(4):
        layers += normalized(LAYERS.DepthwiseConv2D(3, padding="same", use_bias=False))
        layers += normalized(LAYERS.Conv2D(width, 1, use_bias=False))
    return [*layers, LAYERS.GlobalAveragePooling2D(), LAYERS.Dense(12, activation="softmax")]


def image_cnn(width: int) -> Sequence[Layer]:
    layers: list[Layer] = []
    for filters in (width, 2 * width, 4 * width):
        layers += [Conv2D(filters, (3, 3), activation="relu"), Pool2D("max", (2, 2), (2, 2))]
    return [*layers, Flatten(), Dropout(0.2), Dense(10, "softmax")]


def keras_image_cnn(width: int) -> Sequence[Any]:
    layers: list[Any] = []
    for filters in (width, 2 * width, 4 * width):
        layers += [LAYERS.Conv2D(filters, 3, padding="same", activation="relu"), LAYERS.MaxPooling2D(2)]
    return [*layers, LAYERS.Flatten(), LAYERS.Dropout(0.2), LAYERS.Dense(10, activation="softmax")]


WORKLOADS = (
    Workload("motion MLP", (39,), 7, 1500, 30, 1.8, motion_mlp, keras_motion_mlp, (20, 32, 40, 48, 64)),
    Workload("motion 1-D CNN", (100, 6), 7, 1000, 20, 4.0, motion_conv1d, keras_motion_conv1d, (8, 12, 16, 20, 24)),
    Workload(
        "keyword DS-CNN", (49, 40, 1), 12, 600, 12, 1.0, keyword_ds_cnn, keras_keyword_ds_cnn, (16, 24, 32, 40, 48)
    ),
    Workload("image CNN", (32, 32, 3), 10, 800, 8, 3.0, image_cnn, keras_image_cnn, (8, 12, 16, 20, 24)),
)


def clouds(workload: Workload, count: int, seed: int) -> Examples:
    """Normal noise around a centre per class: learnable, but not at once."""
    centres = np.random.default_rng(7).normal(size=(workload.classes, *workload.shape))
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, workload.classes, count)
    features = centres[truth] + workload.noise * generator.normal(size=(count, *workload.shape))
    return Examples((features / workload.noise).astype(np.float32), truth)


def ours(workload: Workload, width: int, train: Examples, validation: Examples) -> Outcome:
    started = time.process_time()
    network = sequence(workload.shape, workload.ours(width))
    trained = fit(network, recipe(workload), train, validation, seed=0)
    model = convert(trained, Settings("int8"), train.features)
    predicted = predict_converted(model, validation.features)
    seconds = time.process_time() - started
    return Outcome(seconds, float((predicted.argmax(axis=1) == validation.truth).mean()))


def recipe(workload: Workload) -> Training:
    adam = Settings.of("adam", learning_rate=0.003)
    return Training(adam, batch_size=32, epochs=workload.epochs, patience=workload.epochs)


def arithmetic(workload: Workload, width: int, train: Examples, validation: Examples) -> float:
    """Seconds of a second training in graphs that are compiled by then."""
    network = sequence(workload.shape, workload.ours(width))
    fit(network, recipe(workload), train, validation, seed=0)
    started = time.process_time()
    fit(network, recipe(workload), train, validation, seed=0)
    return time.process_time() - started


def obvious(workload: Workload, width: int, train: Examples, validation: Examples) -> Outcome:
    started = time.process_time()
    model = tf.keras.Sequential([LAYERS.InputLayer(workload.shape), *workload.keras(width)])
    model.compile(tf.keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    counts = np.bincount(train.truth)
    model.fit(
        train.features,
        train.truth,
        32,
        workload.epochs,
        validation_data=(validation.features, validation.truth),
        class_weight={label: len(train) / (len(counts) * count) for label, count in enumerate(counts)},
        callbacks=[tf.keras.callbacks.EarlyStopping(patience=workload.epochs, restore_best_weights=True)],
        verbose=0,
    )
    right = scored_one_by_one(int8_of(model, train), validation)
    return Outcome(time.process_time() - started, right)


def keras_tuner(workload: Workload, widths: Sequence[int], train: Examples, validation: Examples) -> Outcome:
    """Return the mean over the widths."""
    import keras_tuner as kt  # noqa: PLC0415 - after TensorFlow was configured

    reached: list[float] = []

    class Search(kt.GridSearch):  # type: ignore[misc]
        def run_trial(self, trial: Any, *arguments: Any, **keywords: Any) -> Any:
            model = self.hypermodel.build(trial.hyperparameters)
            history = self.hypermodel.fit(trial.hyperparameters, model, *arguments, **keywords)
            reached.append(scored_one_by_one(int8_of(model, train), validation))
            return {"val_accuracy": history.history["val_accuracy"][-1]}

    def build(choices: Any) -> Any:
        width = choices.Choice("width", list(widths))
        model = tf.keras.Sequential([LAYERS.InputLayer(workload.shape), *workload.keras(width)])
        model.compile(tf.keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        search = Search(build, objective="val_accuracy", max_trials=len(widths), directory=folder, seed=0)
        search.search(
            train.features,
            train.truth,
            batch_size=32,
            epochs=workload.epochs,
            validation_data=(validation.features, validation.truth),
            verbose=0,
        )
    seconds = (time.process_time() - started) / len(widths)
    return Outcome(seconds, float(np.mean(reached)))


def int8_of(model: Any, train: Examples) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter.representative_dataset = lambda: ([row[np.newaxis]] for row in train.features[: Int8().calibration])
    with quiet():
        converted: bytes = converter.convert()
    return converted


def scored_one_by_one(model: bytes, validation: Examples) -> float:
    with quiet():
        interpreter = tf.lite.Interpreter(model_content=model, num_threads=1)
        interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = source["quantization"]
    right = 0
    for row, truth in zip(validation.features, validation.truth, strict=True):
        stored = np.clip(np.round(row / scale) + zero_point, -128, 127).astype(np.int8)
        interpreter.set_tensor(source["index"], stored[np.newaxis])
        interpreter.invoke()
        right += int(interpreter.get_tensor(target["index"])[0].argmax() == truth)
    return right / len(validation)


def compare(workload: Workload, candidates: int) -> str:
    train, validation = clouds(workload, workload.examples, 0), clouds(workload, workload.examples // 3, 1)
    first, *widths = workload.widths[: candidates + 1]
    ours(workload, first, train, validation)
    obvious(workload, first, train, validation)
    mine, theirs, floor = [], [], []
    for width in widths:  # by turns, so that a busy machine slows both
        mine.append(ours(workload, width, train, validation))
        theirs.append(obvious(workload, width, train, validation))
        floor.append(arithmetic(workload, width, train, validation))
    kt = keras_tuner(workload, widths, train, validation)
    seconds = [float(np.mean([outcome.seconds for outcome in group])) for group in (mine, theirs)]
    accuracy = [float(np.mean([outcome.accuracy for outcome in group])) for group in (mine, theirs)]
    return (
        f"| {workload.name} | {seconds[1]:.2f} | {kt.seconds:.2f} | {seconds[0]:.2f} "
        f"| **{seconds[1] / seconds[0]:.1f} ×** | **{kt.seconds / seconds[0]:.1f} ×** "
        f"| {np.mean(floor):.2f} | {seconds[0] / np.mean(floor):.1f} | {60 / seconds[0]:.0f} "
        f"| {accuracy[1]:.3f} | {kt.accuracy:.3f} | {accuracy[0]:.3f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=3, choices=range(1, 5))
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument("--only", choices=names, action="append", help="a row of the table; may be repeated")
    options = parser.parse_args()
    candidates = options.candidates
    print(f"{candidates} candidates a row, one thread, {os.cpu_count()} cores, TensorFlow {tf.__version__}\n")
    print(
        "| candidate | obvious program, s | KerasTuner, s | here, s | ratio to obvious | ratio to KerasTuner ", end=""
    )
    print("| floor, s | here / floor | per minute | accuracy, obvious | accuracy, KerasTuner | accuracy, here |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for workload in WORKLOADS:
        if options.only is None or workload.name in options.only:
            print(compare(workload, candidates), flush=True)


if __name__ == "__main__":
    main()
