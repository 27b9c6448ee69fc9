import time

import numpy as np
import pytest

from tests.training.networks import CONV1D, CONV2D, MLP, examples, training
from tuner.augmentation import augmentation
from tuner.candidate import Settings
from tuner.errors import BuildError, ConfigError
from tuner.training import Examples
from tuner.training.augmentation import augmented, mixed, own_shares, partners
from tuner.training.compiled import compiled_epoch
from tuner.training.fit import fit
from tuner.training.runtime import tf

FRAMES = np.random.default_rng(0).normal(size=(64, 20, 10)).astype(np.float32)
IMAGES = np.random.default_rng(1).normal(size=(64, 8, 6, 3)).astype(np.float32)

SERIES = Settings.of("series", noise=0.2, gain=0.2, shift=0.1, warp=0.1, time_mask=0.2, frequency_mask=0.4, mixup=0.3)
IMAGE = Settings.of("image", flip=True, crop=0.2, zoom=0.2, brightness=0.3, mixup=0.3)


def _changed(features, settings, step=0):
    return augmented(tf.constant(features), augmentation(settings), tf.constant([7, step])).numpy()


@pytest.mark.parametrize(("name", "axis", "most"), [("time_mask", 1, 8), ("frequency_mask", 2, 4)])
def test_a_mask_sets_one_stretch_of_any_width_up_to_the_limit_to_the_mean(name, axis, most):
    changed = _changed(FRAMES, Settings.of("series", **{name: 0.4}))

    masked = (changed == 0).all(axis=3 - axis)
    assert np.array_equal(changed, np.where(np.expand_dims(masked, 3 - axis), 0, FRAMES))
    assert set(masked.sum(axis=1)) == set(range(most + 1))
    assert (np.abs(np.diff(np.pad(masked, ((0, 0), (1, 1))).astype(int))).sum(axis=1) <= 2).all()
    assert masked.any(axis=0).all()


def test_a_shift_moves_all_frames_alike_both_ways_and_repeats_the_end():
    changed = _changed(FRAMES, Settings.of("series", shift=0.2))

    moved = {
        next(by for by in range(-4, 5) if np.array_equal(one, before[np.clip(np.arange(20) - by, 0, 19)]))
        for one, before in zip(changed, FRAMES, strict=True)
    }
    assert {-4, 0, 4} <= moved


def test_a_warp_keeps_the_ends_and_the_order_and_moves_the_middle():
    ramp = np.broadcast_to(np.arange(21, dtype=np.float32)[None, :, None], (64, 21, 2))

    changed = _changed(ramp, Settings.of("series", warp=0.3))[:, :, 0]

    assert np.allclose(changed[:, [0, -1]], [0, 20], atol=1e-5)
    assert (np.diff(changed) >= 0).all()
    assert 5 < np.abs(changed[:, 10] - 10).max() <= 6


def test_gain_multiplies_an_example_by_one_factor_within_the_limits():
    factors = _changed(FRAMES, Settings.of("series", gain=0.5)) / FRAMES

    assert np.allclose(factors, factors[:, :1, :1], rtol=1e-5)
    assert 1 / 1.5 <= factors.min() < 0.75
    assert 1.3 < factors.max() <= 1.5


@pytest.mark.parametrize("shape", [(64, 20, 10), (200, 60)])
def test_noise_has_the_deviation_that_was_asked_for(shape):
    noise = _changed(np.zeros(shape, np.float32), Settings.of("series", noise=0.3))

    assert noise.std() == pytest.approx(0.3, rel=0.02)
    assert noise.mean() == pytest.approx(0, abs=0.01)


def test_a_flip_mirrors_half_of_the_images_left_to_right():
    changed = _changed(IMAGES, Settings.of("image", flip=True))

    mirrored = np.array([np.array_equal(*pair) for pair in zip(changed, IMAGES[:, :, ::-1], strict=True)])
    assert np.array_equal(changed[~mirrored], IMAGES[~mirrored])
    assert 16 < mirrored.sum() < 48


def test_brightness_adds_the_same_to_every_pixel():
    added = _changed(IMAGES, Settings.of("image", brightness=0.5)) - IMAGES

    assert np.allclose(added, added[:, :1, :1, :1], atol=1e-6)
    assert -0.5 <= added.min() < -0.4
    assert 0.4 < added.max() <= 0.5


def _ramps(height=9, width=9):
    """Return images that say of each pixel from which row and column it comes, counted from 1."""
    rows, columns = np.mgrid[1.0 : height + 1, 1.0 : width + 1]
    return np.broadcast_to(np.stack([rows, columns], axis=-1).astype(np.float32), (64, height, width, 2))


def test_a_crop_enlarges_a_part_that_lies_within_the_image():
    changed = _changed(_ramps(), Settings.of("image", crop=0.5))

    first, last = changed[:, 0, 0], changed[:, -1, -1]
    assert (first > 0.999).all()
    assert (last < 9.001).all()
    assert np.allclose((last - first)[:, 0], (last - first)[:, 1], atol=1e-4)
    assert 4 <= (last - first).min() < 4.5
    assert 7.5 < (last - first).max() <= 8
    assert np.ptp((first + last)[:, 0]) > 2


def test_a_zoom_keeps_the_middle_and_shows_the_mean_outside_of_the_image():
    changed = _changed(_ramps(), Settings.of("image", zoom=0.5))

    assert np.allclose(changed[:, 4, 4], 5, atol=1e-5)
    step = changed[:, 5, 4, 0] - changed[:, 4, 4, 0]
    assert 1 / 1.5 <= step.min() < 0.75
    assert 1.3 < step.max() <= 1.5
    assert (changed[step > 1.01][:, 0] == 0).all()
    assert (changed[step < 0.99] != 0).all()


def test_mixup_gives_each_example_the_larger_share_and_the_next_one_the_rest():
    share = own_shares(1000, 0.2, tf.constant([7, 0])).numpy()

    features = mixed(tf.constant(FRAMES), share[:64]).numpy()
    truth = tf.one_hot(np.arange(64) % 3, 3)
    labels = mixed(truth, share[:64]).numpy()

    assert share.min() >= 0.5
    assert share.max() <= 1
    assert np.isfinite(share).all()
    expected = share[5] * FRAMES[5] + (1 - share[5]) * FRAMES[6]
    assert np.allclose(features[5], expected, atol=1e-6)
    assert np.allclose(labels.sum(axis=1), 1)
    assert np.array_equal(labels.argmax(axis=1), np.arange(64) % 3)
    assert np.array_equal(partners(tf.constant([1, 2, 3])), [2, 3, 1])


@pytest.mark.parametrize("loss", [Settings.of("cross_entropy", label_smoothing=0.1), Settings("auto")])
def test_the_loss_of_mixed_examples_is_that_of_their_mixed_labels(loss):
    from tuner.training.losses import build_objective

    generator = np.random.default_rng(2)
    logits = tf.constant(generator.normal(size=(16, 3)), tf.float32)
    truth = tf.constant(generator.integers(0, 3, 16))
    share = own_shares(16, 1.0, tf.constant([1, 2]))
    smoothing = float(loss.get("label_smoothing", 0.0))
    labels = mixed(tf.one_hot(truth, 3), share) * (1 - smoothing) + smoothing / 3

    whole = build_objective(loss, "softmax").loss
    found = share * whole(logits, truth) + (1 - share) * whole(logits, partners(truth))

    assert np.allclose(found, tf.nn.softmax_cross_entropy_with_logits(labels, logits), rtol=1e-5)


@pytest.mark.parametrize(("features", "settings"), [(FRAMES, SERIES), (IMAGES, IMAGE)], ids=["series", "image"])
def test_changes_are_drawn_anew_each_step_and_equal_for_equal_seeds(features, settings):
    first = _changed(features, settings)

    assert np.array_equal(first, _changed(features, settings))
    assert not np.array_equal(first, _changed(features, settings, step=1))
    assert not np.array_equal(first[0] - features[0], first[1] - features[1])


@pytest.mark.parametrize("loss", [Settings("auto"), Settings("focal")], ids=lambda loss: loss.type)
@pytest.mark.parametrize(
    ("network", "settings"),
    [
        (MLP, Settings.of("series", noise=0.2, gain=0.2, mixup=0.2)),
        (CONV1D, SERIES),
        (CONV2D, IMAGE),
    ],
    ids=["flat", "series", "image"],
)
def test_training_with_augmentation_learns_and_repeats_to_the_bit(network, settings, loss):
    data, validation = examples(network), examples(network, 60, seed=1)
    recipe = training(12, augmentation=settings, loss=loss)

    first = fit(network, recipe, data, validation, seed=3)
    again = fit(network, recipe, data, validation, seed=3)
    plain = fit(network, training(12, loss=loss), data, validation, seed=3)

    assert first.history == again.history
    assert all(np.array_equal(first.weights[name], again.weights[name]) for name in first.weights)
    assert first.history != plain.history
    assert first.history[first.best_epoch - 1].val_measure > 0.6  # guessing: 0.33


def test_validation_examples_are_never_changed():
    wild = Settings.of("series", noise=2.0, gain=3.0, mixup=1.0)
    data, validation = examples(MLP), examples(MLP, 60, seed=1)
    still = Settings.of("sgd", learning_rate=1e-30)

    plain = fit(MLP, training(3, still), data, validation, seed=0).history
    changed = fit(MLP, training(3, still, augmentation=wild), data, validation, seed=0).history

    assert [(epoch.val_loss, epoch.val_measure) for epoch in changed] == [
        (epoch.val_loss, epoch.val_measure) for epoch in plain
    ]
    assert all(abs(one.loss - other.loss) > 0.1 for one, other in zip(changed, plain, strict=True))


def test_frames_that_a_network_reads_as_an_image_are_augmented_as_frames():
    images = examples(CONV2D, 40)
    frames = Examples(images.features.reshape(-1, 12, 10), images.truth)

    trained = fit(CONV2D, training(1, augmentation=SERIES), frames, frames, seed=0)

    assert len(trained.history) == 1


def test_trials_of_one_augmentation_share_their_graph():
    compiled_epoch.cache_clear()
    data = examples(MLP, 40)

    for seed, noise in ((0, 0.1), (1, 0.1), (0, 0.2)):
        settings = Settings.of("series", noise=noise)
        fit(MLP, training(1, augmentation=settings), data, data, seed=seed)

    assert compiled_epoch.cache_info().misses == 2
    assert compiled_epoch.cache_info().hits == 1


@pytest.mark.parametrize(
    ("network", "settings", "message"),
    [
        (MLP, Settings.of("series", shift=0.1), "'shift' needs features over time, this preprocessing gives 8 values"),
        (MLP, Settings.of("series", frequency_mask=0.1), "'frequency_mask' needs several bands"),
        (MLP, Settings("image"), "'image' changes images, the features are 8 values"),
        (CONV2D, Settings("series"), "'series' changes series, the features are 12 × 10 × 1"),
    ],
)
def test_what_makes_no_sense_for_the_features_is_refused_before_training(network, settings, message):
    data = examples(network, 20)
    started = time.monotonic()

    with pytest.raises(BuildError) as refusal:
        fit(network, training(1000, augmentation=settings), data, data, seed=0)

    assert message in str(refusal.value)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings("serie"), "no augmentation is called 'serie'. Hint: did you mean 'series'?"),
        (Settings.of("series", nose=0.1), "unknown key 'nose'. Hint: did you mean 'noise'?"),
        (Settings.of("series", warp=0.9), "warp"),
        (Settings.of("none", noise=0.1), "unknown key 'noise'"),
    ],
)
def test_augmentations_that_do_not_exist_are_refused_with_a_hint(settings, message):
    with pytest.raises(ConfigError) as refusal:
        augmentation(settings)

    assert message in str(refusal.value)
