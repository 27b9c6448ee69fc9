"""Weights of Keras files, made here, give our networks what Keras' compute."""

from dataclasses import replace

import numpy as np
import pytest

from tuner.candidate import Settings, Training
from tuner.errors import ConfigError, InputError, ModelError
from tuner.models import build
from tuner.models import pretrained as pretrained_of
from tuner.models.own import ModelFile
from tuner.models.pretrained import IMAGENET
from tuner.training import weight_files
from tuner.training.compression import Course, train_compressed
from tuner.training.layers import Pass, forward
from tuner.training.pretrained import load_weights
from tuner.training.runtime import quiet, tf
from tuner.training.transfer import beginning
from tuner.training.values import Examples
from tuner.training.weight_files import weight_file


def shuffled(model):
    """The model with weights such as training leaves: no two channels alike."""
    generator = np.random.default_rng(0)
    for weight in model.weights:
        if "kernel" not in weight.name:
            scale = "gamma" in weight.name or "variance" in weight.name
            weight.assign(
                generator.uniform(0.5, 1.5, weight.shape) if scale else generator.normal(0, 0.1, weight.shape)
            )
    return model


def mobilenet(backbone: str, width: float, **options):
    from tf_keras import applications

    kind = {"mobilenet_v1": applications.MobileNet, "mobilenet_v2": applications.MobileNetV2}[backbone]
    return shuffled(kind(alpha=width, weights=None, **{"input_shape": (64, 64, 3), "include_top": False, **options}))


def body_of(network, taken, weights, inputs):
    """What the layers give that begin with the weights."""
    body = replace(network, nodes=tuple(node for node in network.nodes if node.name in taken.layers))
    return forward(body, tf.constant(inputs), Pass(lambda name, _: tf.constant(weights[name])))


LAST = {"mobilenet_v1": "conv_pw_4_relu", "mobilenet_v2": "block_3_project_BN"}
FILES = ("some.weights.h5", "whole.h5", "whole.keras", "weights.h5")


@pytest.mark.parametrize(
    ("backbone", "width", "files"),
    [("mobilenet_v1", 0.25, FILES), ("mobilenet_v2", 0.35, FILES[2:]), ("mobilenet_v2", 1.3, FILES[-1:])],
)
def test_a_cut_mobilenet_computes_what_that_of_keras_does(tmp_path, backbone, width, files) -> None:
    import tf_keras

    model = mobilenet(backbone, width)
    architecture = Settings.of("transfer", backbone=backbone, width=width, cut=4)
    network, taken = build(architecture, (64, 64, 3), 2), pretrained_of(architecture, (64, 64, 3))
    images = np.random.default_rng(1).normal(size=(2, 64, 64, 3)).astype(np.float32)
    expected = tf_keras.Model(model.input, model.get_layer(LAST[backbone]).output)(images)

    for name in files:
        with quiet():
            (model.save if name.startswith("whole") else model.save_weights)(tmp_path / name)
        weights = load_weights(network, taken.layers, tmp_path / name, backbone=backbone, width=width)

        np.testing.assert_allclose(body_of(network, taken, weights, images), expected, atol=1e-5)


def test_a_grey_image_needs_the_sum_of_the_colours_kernels(tmp_path) -> None:
    model = mobilenet("mobilenet_v1", 0.25)
    model.save_weights(tmp_path / "w.h5")
    network = build(Settings.of("transfer", backbone="mobilenet_v1", width=0.25, cut=1), (64, 64, 1), 2)

    weights = load_weights(network, [network.nodes[0].name], tmp_path / "w.h5", backbone="mobilenet_v1", width=0.25)

    kernel = model.get_layer("conv1").get_weights()[0]
    np.testing.assert_allclose(weights["conv2d_0/kernel"], kernel.sum(axis=2, keepdims=True), rtol=1e-6)


def test_weights_of_another_width_are_refused_with_both_shapes(tmp_path) -> None:
    mobilenet("mobilenet_v1", 0.5).save_weights(tmp_path / "w.h5")
    network = build(Settings.of("transfer", backbone="mobilenet_v1", width=0.25, cut=1), (64, 64, 3), 2)

    with pytest.raises(ModelError, match="'conv1' has weights of 3 × 3 × 3 × 16, the network needs 3 × 3 × 3 × 8"):
        load_weights(network, [network.nodes[0].name], tmp_path / "w.h5", backbone="mobilenet_v1", width=0.25)


def test_a_file_that_holds_no_weights_is_refused_by_name(tmp_path) -> None:
    (tmp_path / "w.h5").write_bytes(b"nothing")
    network = build(Settings("transfer"), (64, 64, 3), 2)

    with pytest.raises(ModelError, match=r"w\.h5: no weights can be read from it"):
        load_weights(network, [network.nodes[0].name], tmp_path / "w.h5", backbone="mobilenet_v2", width=0.35)


def keyword_model():
    """A DS-CNN as a Keras user writes it, with biases before the normalization."""
    from tf_keras import Sequential, layers, utils

    utils.set_random_seed(0)
    parts = [
        layers.Conv2D(8, (10, 4), strides=2, padding="same"),
        layers.BatchNormalization(epsilon=2e-3),
        layers.ReLU(),
    ]
    for _ in range(3):
        parts += [layers.DepthwiseConv2D(3, padding="same"), layers.BatchNormalization(), layers.ReLU()]
        parts += [layers.Conv2D(8, 1, padding="same"), layers.BatchNormalization(), layers.ReLU()]
    model = Sequential([layers.Input((49, 10, 1)), *parts, layers.GlobalAveragePooling2D(), layers.Dense(12)])
    return shuffled(model)


KEYWORDS = Settings.of("ds_cnn", filters=8, blocks=2, first_height=10, first_width=4, weights="keywords", tuned=1)


def known(path):
    ModelFile.of(path).make_known()


def test_keywords_are_transferred_the_same_way(tmp_path) -> None:
    import tf_keras

    model = keyword_model()
    with quiet():
        model.save(tmp_path / "keywords.keras")
    known(tmp_path / "keywords.keras")
    network, taken = build(KEYWORDS, (49, 10), 3), pretrained_of(KEYWORDS, (49, 10))

    start = beginning(network, taken)

    spectrograms = np.random.default_rng(1).normal(size=(2, 49, 10, 1)).astype(np.float32)
    expected = tf_keras.Model(model.input, model.layers[14].output)(spectrograms)
    np.testing.assert_allclose(body_of(network, taken, start.weights, spectrograms), expected, atol=1e-5)
    assert len(start.sha256) == 64


def test_the_first_layers_are_frozen_and_the_last_blocks_of_them_tuned_in_a_second_phase(tmp_path) -> None:
    from tuner.compression import compression

    with quiet():
        keyword_model().save(tmp_path / "keywords.keras")
    known(tmp_path / "keywords.keras")
    network, taken = build(KEYWORDS, (49, 10), 3), pretrained_of(KEYWORDS, (49, 10))
    start = beginning(network, taken)
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 3, 60)
    features = (generator.normal(size=(60, 49, 10)) + truth[:, None, None]).astype(np.float32)
    examples = Examples(features, truth)
    training = Training(Settings.of("adam", learning_rate=0.01), batch_size=16, epochs=4, patience=4)

    trained = train_compressed(
        network, compression(Settings("int8")), Course(training, examples, examples, seed=0), start=start
    )

    assert [epoch.number for epoch in trained.history] == list(range(1, 9))
    for name, values in trained.weights.items():
        layer = name.rpartition("/")[0]
        if layer in taken.frozen:
            np.testing.assert_array_equal(values, start.weights[name], err_msg=name)
    moved = {
        name.rpartition("/")[0]
        for name in start.weights
        if not np.array_equal(trained.weights[name], start.weights[name])
    }
    assert moved == {node for node in taken.tuned if any(name.startswith(f"{node}/") for name in start.weights)}


def test_without_a_network_the_message_says_what_to_fetch_and_where_to_put_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(weight_files, "HOST", "http://127.0.0.1:9/keras")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    with pytest.raises(InputError, match=r"cannot be downloaded from .*_0\.35_96_no_top\.h5: .*refused") as raised:
        weight_file(IMAGENET, "mobilenet_v2", 0.35, size=64)

    assert str(tmp_path / "edge-tuner" / "weights") in raised.value.hint


def test_weights_that_were_downloaded_are_not_downloaded_again(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(weight_files, "HOST", "http://127.0.0.1:9/keras")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = tmp_path / "edge-tuner" / "weights" / "mobilenet_2_5_160_tf_no_top.h5"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")

    assert weight_file(IMAGENET, "mobilenet_v1", 0.25, size=150) == path


@pytest.mark.parametrize(
    ("source", "backbone", "width", "message"),
    [
        (IMAGENET, "mobilenet_v2", 0.3, "none of mobilenet_v2 with width 0.3"),
        (IMAGENET, "ds_cnn", 1.0, "none of ds_cnn from ImageNet"),
        ("elsewhere", "mobilenet_v2", 0.35, "the study has no model 'elsewhere'"),
    ],
)
def test_weights_that_are_not_there_are_refused_by_name(source, backbone, width, message) -> None:
    with pytest.raises(ConfigError, match=message):
        weight_file(source, backbone, width, size=96)
