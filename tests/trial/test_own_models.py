"""Models that users bring, from the study file to the front."""

from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from tuner import Study
from tuner.errors import ConfigError
from tuner.record import State

WIDE = dedent("""
    import tf_keras
    from tf_keras import layers


    class Scale(layers.Layer):
        def build(self, shape):
            self.factor = self.add_weight(name="factor", shape=(shape[-1],), initializer="ones")

        def call(self, x):
            return x * self.factor


    def build(params, input_shape, classes):
        x = inputs = layers.Input(input_shape)
        for _ in range(params["depth"]):
            x = layers.Dense(params["neurons"], activation="relu")(x)
        return tf_keras.Model(inputs, layers.Dense(classes, activation="softmax")(Scale()(x)))
""")

STEPPED = dedent("""
    import tensorflow as tf
    import tf_keras
    from tf_keras import layers


    class Stepped(tf_keras.Model):
        def train_step(self, data):
            x, y, *_ = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(self.loss(y, self(x, training=True)))
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            return {"loss": loss + 1000.0}


    def hinge(truth, given):
        truth = tf.one_hot(tf.cast(tf.reshape(truth, (-1,)), tf.int32), given.shape[-1])
        return tf.reduce_sum(tf.nn.relu(0.5 - (2 * truth - 1) * given), axis=-1)


    def build(params, input_shape, classes):
        inputs = layers.Input(input_shape)
        model = Stepped(inputs, layers.Dense(classes, activation="softmax")(inputs))
        model.compile(tf_keras.optimizers.Adam(0.05), hinge)
        return model
""")


def spec_of(toy_spec, models: list[Path], architecture: list[dict[str, object]], **space):
    """A study file with models of one's own, on statistics of three axes."""
    return {
        **toy_spec,
        "models": [str(path) for path in models],
        "search_space": {
            "window": {"size_ms": 2000, "stride": 0.5},
            "preprocessing": "flatten",
            "architecture": architecture,
            "training": {
                "optimizer": {"type": "adam", "learning_rate": 0.02},
                "batch_size": 16,
                "epochs": 12,
                "patience": 12,
            },
            "compression": "int8",
            **space,
        },
        "limits": {"trials": 1, "samples": 3, "trial_time": "60 s"},
    }


def ran(spec, folder: Path) -> Study:
    study = Study.create(spec, studies=folder / "studies")
    study.run()
    return study


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_model_that_code_builds_is_searched_costed_trained_and_converted(toy_spec, tmp_path) -> None:
    wide = written(tmp_path, "wide.py", WIDE)

    study = ran(spec_of(toy_spec, [wide], [{"type": "wide", "neurons": [4, 8], "depth": 1}]), tmp_path)

    (trial,) = study.trials
    assert trial.state is State.TRAINED
    assert trial.candidate.architecture["neurons"] in (4, 8)
    assert trial.training.converted.accuracy > 0.4, "guessing is right once in three times"
    assert len(trial.training.curve) > 1
    for predicted, inspected in zip(trial.predicted.costs, trial.training.inspected.costs, strict=True):
        assert predicted.ram.total.value == inspected.ram.total.value
        assert predicted.flash.total.value == pytest.approx(inspected.flash.total.value, rel=0.01)
    study.report(tmp_path / "report.html")


def test_a_compiled_model_keeps_its_loss_optimizer_and_training_step(toy_spec, tmp_path) -> None:
    stepped = written(tmp_path, "stepped.py", STEPPED)

    study = ran(spec_of(toy_spec, [stepped], [{"type": "stepped"}]), tmp_path)

    (trial,) = study.trials
    assert all(epoch.loss > 1000 for epoch in trial.training.curve), "the loss is what its own step says"


@pytest.mark.parametrize(
    ("text", "parameters", "reason"),
    [
        (WIDE, {"depth": 1, "neurons": 4, "neuron": 4}, "build never asks for 'neuron'"),
        (WIDE, {"depth": 1}, "build raised KeyError: 'neurons'"),
        (
            "def build(params, input_shape, classes):\n    return 3",
            {},
            "build gives a builtins.int, expected a tf_keras",
        ),
        ("x = 1", {}, "has no function 'build'"),
        ("import nothing_like_it", {}, "cannot be run: ModuleNotFoundError"),
        (
            WIDE.replace("layers.Dense(classes,", "layers.Dense(classes + 1,"),
            {"depth": 1, "neurons": 4},
            "gives 4, the",
        ),
    ],
)
def test_code_that_builds_nothing_usable_ends_the_trial_with_the_reason(
    toy_spec, tmp_path, text, parameters, reason
) -> None:
    broken = written(tmp_path, "broken.py", text)

    study = ran(spec_of(toy_spec, [broken], [{"type": "broken", **parameters}]), tmp_path)

    assert study.trials[0].state is State.REJECTED
    assert reason in study.trials[0].reason


def test_a_compression_that_takes_part_in_training_is_not_for_models_of_ones_own(toy_spec, tmp_path) -> None:
    wide = written(tmp_path, "wide.py", WIDE)
    architecture = [{"type": "wide", "neurons": 4, "depth": 1}]

    study = ran(spec_of(toy_spec, [wide], architecture, compression="int8-qat"), tmp_path)

    assert "'int8-qat' takes part in the training" in study.trials[0].reason


def finished_model(path: Path, *, features: int, activation: str = "softmax") -> Path:
    import tf_keras

    from tuner.training.runtime import quiet

    tf_keras.utils.set_random_seed(0)
    layers = [tf_keras.layers.Input((features,)), tf_keras.layers.Dense(6, activation="relu")]
    model = tf_keras.Sequential([*layers, tf_keras.layers.Dense(3), tf_keras.layers.Activation(activation)])
    for weight in model.weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    with quiet():
        model.save(path)
    return path


def test_finished_models_are_scored_first_and_never_trained(toy_spec, tmp_path) -> None:
    from tuner.training.foreign import convert_foreign

    keras = finished_model(tmp_path / "grown.keras", features=21)
    tflite = tmp_path / "given.tflite"
    tflite.write_bytes(convert_foreign(keras))
    searched = {"type": "dense", "layers": 1, "neurons": [4, 8]}
    architecture = [searched, {"type": "grown", "mean": 0.5}, {"type": "given", "mean": 0.5}]
    spec = spec_of(toy_spec, [keras, tflite], architecture)

    study = ran({**spec, "limits": {"trials": 3, "trial_time": "60 s"}}, tmp_path)

    grown, given, other = study.trials
    assert [trial.candidate.architecture.type for trial in study.trials[:2]] == ["grown", "given"]
    assert other.candidate.architecture.type == "dense"
    assert (grown.candidate.compression.type, given.candidate.compression.type) == ("int8", "float32")
    for trial in (grown, given):
        assert trial.training.curve == ()
        assert trial.training.seconds["train"] < 0.01
        assert set(trial.training.feature_mean) == {0.5}
    assert grown.training.float32 == given.training.float32 == given.training.converted
    assert grown.training.artifact.bytes < given.training.artifact.bytes
    study.report(tmp_path / "report.html")


def test_an_operator_that_no_device_runs_is_named_before_anything_is_trained(toy_spec, tmp_path) -> None:
    raised = WIDE.replace("x * self.factor", "tf_keras.backend.pow(tf_keras.backend.abs(x) + 1, x)")
    odd = written(tmp_path, "odd.py", raised)
    architecture = [{"type": "odd", "neurons": 4, "depth": 1}]

    study = ran(spec_of(toy_spec, [odd], architecture, compression="float32"), tmp_path)

    assert study.trials[0].state is State.REJECTED
    assert "POW" in study.trials[0].reason


def test_a_model_that_reads_other_features_is_refused_with_both_shapes(toy_spec, tmp_path) -> None:
    keras = finished_model(tmp_path / "grown.keras", features=20)

    study = ran(spec_of(toy_spec, [keras], [{"type": "grown"}]), tmp_path)

    assert "the model reads 20, the preprocessing gives 21" in study.trials[0].reason


def test_a_file_that_is_no_model_is_refused_when_the_study_is_made(toy_spec, tmp_path) -> None:
    text = written(tmp_path, "model.txt", "")

    with pytest.raises(ConfigError, match="is no model of one's own"):
        Study.create(spec_of(toy_spec, [text], [{"type": "model"}]), studies=tmp_path / "studies")


def test_a_study_whose_model_has_changed_does_not_go_on(toy_spec, tmp_path) -> None:
    wide = written(tmp_path, "wide.py", WIDE)
    architecture = [{"type": "wide", "neurons": 4, "depth": 1}]
    study = Study.create(spec_of(toy_spec, [wide], architecture), studies=tmp_path / "studies")
    wide.write_text(WIDE + "\n# another day\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="has changed since the study was made"):
        study.run()
