"""What augmentation does to a batch, in TensorFlow; a seed decides all of it.

Features are standardised, so 0 is the mean: what is masked or lies outside an image becomes 0.
"""

from __future__ import annotations

import math
from typing import Any

from tuner.augmentation import Changes, ImageAugmentation, SeriesAugmentation
from tuner.training.runtime import tf

Tensor = Any

_DRAWS = 8
"""Random numbers per example, one for each decision, so that a single operator draws them all."""


def augmented(features: Tensor, augmentation: Changes, seed: Tensor) -> Tensor:
    """Return a batch changed in all ways but mixup.

    Args:
        features: N × the shape that the preprocessing gives, N known.
        augmentation: what to do; it has been checked against the shape.
        seed: two integers, other ones for each step.
    """
    draws = tf.random.stateless_uniform((features.shape[0], _DRAWS), tf.random.fold_in(seed, 0))
    if isinstance(augmentation, ImageAugmentation):
        return _image(features, augmentation, tf.unstack(draws, axis=1))
    return _series(features, augmentation, tf.unstack(draws, axis=1), seed)


def own_shares(examples: int, alpha: float, seed: Tensor) -> Tensor:
    """Draw how much of each example is left when the next one of the batch is mixed in: N shares from 1/2 to 1.

    Zhang et al. 2018: shares follow Beta(alpha, alpha). The larger part counts as the example's own, which changes
    nothing about the pairs that come out, and lets accuracy in training mean something.
    """
    one, other = tf.unstack(tf.random.stateless_gamma((2, examples), tf.random.fold_in(seed, 1), alpha))
    share = tf.math.divide_no_nan(one, one + other)  # both may be too small for a float
    return tf.maximum(share, 1 - share)


def mixed(values: Tensor, share: Tensor) -> Tensor:
    """Mix each example's values with those of the next example: `share` of its own, the rest of the other's."""
    share = tf.reshape(share, (-1, *(1,) * (len(values.shape) - 1)))
    return share * values + (1 - share) * partners(values)


def partners(values: Tensor) -> Tensor:
    """Return what belongs to the example that each is mixed with: batches are in random order, so the next will do."""
    return tf.roll(values, -1, axis=0)


def _series(features: Tensor, settings: SeriesAugmentation, draws: list[Tensor], seed: Tensor) -> Tensor:
    shift, warp, time_width, time_start, band_width, band_start, gain, _ = draws
    if settings.shift or settings.warp:
        features = _moved(features, settings, shift, warp)
    if settings.gain:
        features *= _per_example(_factor(settings.gain, gain), features)
    if settings.noise:
        noise = tf.random.stateless_normal(features.shape, tf.random.fold_in(seed, 2), stddev=settings.noise)
        features += noise
    if settings.time_mask:
        features *= _kept(features.shape[1], settings.time_mask, time_width, time_start)[:, :, None]
    if settings.frequency_mask:
        features *= _kept(features.shape[2], settings.frequency_mask, band_width, band_start)[:, None, :]
    return features


def _moved(features: Tensor, settings: SeriesAugmentation, shift: Tensor, warp: Tensor) -> Tensor:
    """Read each frame from another place in time; before the first and after the last frame, these go on.

    A warp reads from t + a·sin(πt), t from 0 to 1, which never runs backwards for a below 1/π.
    """
    length = features.shape[1]
    last = length - 1
    place = tf.range(length, dtype=tf.float32)[None, :]
    frames = tf.round(_either_way(settings.shift * length, shift))  # whole ones, or a shift would blur
    source = tf.clip_by_value(place - frames[:, None], 0.0, float(last))
    if not settings.warp:
        return tf.gather(features, tf.cast(source, tf.int32), batch_dims=1)
    bend = _either_way(settings.warp * last, warp)[:, None]
    source = tf.clip_by_value(source + bend * tf.sin(source * (math.pi / max(last, 1))), 0.0, float(last))
    below = tf.floor(source)
    index = tf.cast(below, tf.int32)
    one = tf.gather(features, index, batch_dims=1)
    next_one = tf.gather(features, tf.minimum(index + 1, last), batch_dims=1)
    return one + (source - below)[:, :, None] * (next_one - one)


def _kept(length: int, most: float, width: Tensor, start: Tensor) -> Tensor:
    """Return N × length, 0 within a stretch of any width up to the share `most` and 1 elsewhere."""
    width = tf.floor(width * (round(most * length) + 1))[:, None]
    start = tf.floor(start[:, None] * (length - width + 1))
    place = tf.range(length, dtype=tf.float32)[None, :]
    return tf.cast((place < start) | (place >= start + width), tf.float32)


def _image(features: Tensor, settings: ImageAugmentation, draws: list[Tensor]) -> Tensor:
    flip, cut, top, left, zoom, brightness, *_ = draws
    if settings.flip:
        features = tf.where(_per_example(flip < 0.5, features), tf.reverse(features, axis=[2]), features)
    if settings.crop or settings.zoom:
        side = 1 - settings.crop * cut
        half = side / (2 * _factor(settings.zoom, zoom))
        middles = ((1 - side) * top + side / 2, (1 - side) * left + side / 2)
        boxes = tf.stack([*(middle - half for middle in middles), *(middle + half for middle in middles)], axis=1)
        features = tf.image.crop_and_resize(features, boxes, tf.range(features.shape[0]), features.shape[1:3])
    if settings.brightness:
        features += _per_example(_either_way(settings.brightness, brightness), features)
    return features


def _either_way(most: float, draw: Tensor) -> Tensor:
    """Turn uniform draws from 0 to 1 into ones from -most to most."""
    return most * (2 * draw - 1)


def _factor(most: float, draw: Tensor) -> Tensor:
    """Turn uniform draws into factors from 1 / (1 + most) to 1 + most, up and down alike."""
    return tf.exp(_either_way(math.log1p(most), draw))


def _per_example(values: Tensor, features: Tensor) -> Tensor:
    return tf.reshape(values, (-1, *(1,) * (len(features.shape) - 1)))
