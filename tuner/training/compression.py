"""Training with all that a compression does to the weights, up to the network whose bytes a device gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tuner.candidate import Scalar, Training
from tuner.compression import Compression, Int8Aware
from tuner.models.network import Network
from tuner.training.clustering import cluster
from tuner.training.constraint import Constraint, Fixed
from tuner.training.distillation import Lesson, Teachers
from tuner.training.fit import fit
from tuner.training.optimizers import going_on
from tuner.training.quantize_aware import quantize_aware
from tuner.training.sparsity import Pruning
from tuner.training.thinning import thin
from tuner.training.transfer import Beginning, fit_transferred
from tuner.training.values import Epoch, Examples, Trained
from tuner.training.weights import Weights

_TEACHERS_SEED = 0
"""The same for all students, so that one training serves all of a worker's candidates on the same features."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A training with all that it is fed."""

    training: Training
    train: Examples
    validation: Examples
    seed: int
    deadline: float | None = None
    """On the clock of `time.monotonic`."""
    start: Weights | None = None
    """Those of an earlier part of the training."""
    after: int = 0
    """Epochs that `start` has had."""
    until: int | None = None
    """Epoch after which to pause."""
    on_epoch: Callable[[Epoch], None] | None = None
    """Told of each epoch of the first training as it ends."""


def train_compressed(
    network: Network,
    compression: Compression,
    course: Course,
    *,
    teachers: Sequence[Network] = (),
    start: Beginning | None = None,
) -> Trained:
    """Return the network as it is to be converted: trained, thinned, pruned, clustered and used to being rounded.

    The history is that of the first training, whose network is whole. What comes after it trains all layers, those that
    were trained elsewhere too.

    Raises:
        BuildError: a layer does not fit its input, the augmentation not the features, or nothing can be thinned.
        ConfigError: the optimizer, schedule, loss or augmentation is not known.
        TrainingError: a loss is no longer finite or absurd, or there is nothing to train or validate on.
        TrialTimeoutError: the deadline passed.
    """
    taught = _taught(tuple(teachers), compression, course)
    if start is not None:
        trained = _transferred(network, course, start, taught)
    else:
        trained = fit(
            network,
            course.training,
            course.train,
            course.validation,
            seed=course.seed,
            deadline=course.deadline,
            on_epoch=course.on_epoch,
            teachers=taught,
            start=course.start,
            after=course.after,
            until=course.until,
        )
    if compression.width < 1:
        trained = _thinned(trained, compression, course, taught)
    if compression.sparsity:
        trained = _pruned(trained, compression, course, taught)
    if compression.clusters:
        trained = _clustered(trained, compression, course, taught)
    if isinstance(compression, Int8Aware):
        trained = quantize_aware(
            trained,
            course.training,
            course.train,
            course.validation,
            form=compression,
            seed=course.seed,
            deadline=course.deadline,
            teachers=taught,
        )
    return trained


def _fit(
    network: Network,
    training: Training,
    course: Course,
    *,
    on_epoch: Callable[[Epoch], None] | None = None,
    start: Weights | None = None,
    constraint: Constraint | None = None,
    teachers: Teachers | None = None,
    frozen: frozenset[str] = frozenset(),
) -> Trained:
    return fit(
        network,
        training,
        course.train,
        course.validation,
        seed=course.seed,
        deadline=course.deadline,
        on_epoch=on_epoch,
        start=start,
        constraint=constraint,
        teachers=teachers,
        frozen=frozen,
    )


def _transferred(network: Network, course: Course, start: Beginning, teachers: Teachers | None) -> Trained:
    def phase(network: Network, training: Training, weights: Weights, frozen: frozenset[str]) -> Trained:
        return _fit(
            network, training, course, on_epoch=course.on_epoch, start=weights, teachers=teachers, frozen=frozen
        )

    return fit_transferred(network, course.training, start, course.seed, phase)


def _further(compression: Compression, training: Training) -> Training:
    """Return the training that follows a change: at the rate it began with, falling to zero.

    Networks that lost weights recover better so than at the low rate of a training's end (Renda et al. 2020).
    """
    falling: dict[str, Scalar] = {"schedule": "cosine", "warmup_epochs": 0.0}
    return replace(
        training,
        optimizer=going_on(training.optimizer, falling),
        epochs=compression.epochs,
        patience=compression.epochs,
    )


def _gone_on(trained: Trained, further: Trained) -> Trained:
    return replace(
        trained,
        network=further.network,
        weights=further.weights,
        seconds=trained.seconds + further.seconds,
    )


def _thinned(trained: Trained, compression: Compression, course: Course, teachers: Teachers | None) -> Trained:
    network, weights = thin(trained.network, trained.weights, compression.width)
    training = _further(compression, course.training)
    return _gone_on(trained, _fit(network, training, course, start=weights, teachers=teachers))


def _pruned(trained: Trained, compression: Compression, course: Course, teachers: Teachers | None) -> Trained:
    pruning = Pruning(trained.network, compression.sparsity, compression.epochs)
    training = _further(compression, course.training)
    start = trained.weights
    return _gone_on(
        trained, _fit(trained.network, training, course, start=start, constraint=pruning, teachers=teachers)
    )


def _clustered(trained: Trained, compression: Compression, course: Course, teachers: Teachers | None) -> Trained:
    sparse = compression.sparsity > 0
    weights, held = cluster(trained.network, trained.weights, compression.clusters, sparse=sparse)
    training = _further(compression, course.training)
    return _gone_on(
        trained, _fit(trained.network, training, course, start=weights, constraint=Fixed(held), teachers=teachers)
    )


def _taught(networks: tuple[Network, ...], compression: Compression, course: Course) -> Teachers | None:
    """Train the teachers, or take them from the last lesson on the same examples."""
    if not networks:
        return None
    lesson = Lesson(networks, compression.temperature, compression.taught)
    return Teachers(lesson, tuple(_Remembered.weights(network, course) for network in networks))


class _Remembered:
    """Teachers trained in this process on the examples it looked at last."""

    _examples: Examples | None = None
    _weights: dict[tuple[Network, Training], Weights] = {}  # noqa: RUF012 (emptied with the examples)

    @classmethod
    def weights(cls, network: Network, course: Course) -> Weights:
        if cls._examples is not course.train:
            cls._examples, cls._weights = course.train, {}
        key = (network, course.training)
        if key not in cls._weights:
            cls._weights[key] = _fit(network, course.training, replace(course, seed=_TEACHERS_SEED)).weights
        return cls._weights[key]
