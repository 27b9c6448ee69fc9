"""Meta-train the optimizer `learned` by evolution strategies, from a seed, in a given time.

A round takes one family of tasks and draws a data set, first weights, batch size and length of training for each of
eight pairs of perturbed rules. The two rules of a pair differ in the sign of their perturbation and in nothing else
(Salimans et al. 2017, antithetic); all sixteen trainings run in one vectorised graph from beginning to end, so that
what a rule is judged by is what a user gets: the validation loss of the best of ten checkpoints, as `fit` keeps it.
Full trainings instead of truncated ones (persistent evolution strategies, Vicol et al. 2021) make rounds longer and
the estimate free of the noise that adds up over truncations.

    OMP_NUM_THREADS=1 python -m benchmarks.meta_training.train --output folder [--rounds 1500] [--until 700] [--seed 1]

Writes `learned.npz` (running mean of the rule's weights) and what every round and every hundredth gave. The step size
of meta-training falls over `--rounds`; the weights that ship are those after 700.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.meta_training.tasks import FAMILIES, Family
from tuner.training.learned.controlled import PARAMETERS, Memory, Tensors, first_parameters, moved
from tuner.training.runtime import tf

Tensor = Any

PAIRS = 8
CHECKPOINTS = (0.01, 0.03, 0.06, 0.1, 0.16, 0.25, 0.4, 0.6, 0.8, 1.0)
"""Shares of a training after which the validation loss is looked at: often at first, when a small set of examples
is soon learned by heart."""
VALIDATION = 200
DEVIATION = 0.04
RATE = 0.006
EVERY = 100
EASY = 0.05
"""Validation losses far below this are alike: what they tell apart, accuracy does not see."""
WORST = np.log(10.0)
"""What a training that diverged counts."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Eight trainings, each for two rules: what they see, from first weights to last batch."""

    features: NDArray[np.float32]
    """P × examples × shape; the first `VALIDATION` are for validation."""
    truth: NDArray[np.int32]
    """P × examples."""
    rows: NDArray[np.int32]
    """Checkpoints × most steps between them × P × batch; what lies beyond `strides` is padding."""
    strides: NDArray[np.int32]
    """Steps up to each checkpoint from the one before."""
    weights: NDArray[np.float32]
    """P × N."""


def problem(family: Family, generator: np.random.Generator) -> Problem:
    """Draw a problem; what does not depend on the family's ranges has one shape, so that graphs are compiled once."""
    low, high = family.sizes
    examples = int(np.exp(generator.uniform(np.log(low), np.log(high))))
    steps = int(np.exp(generator.uniform(*np.log(family.steps))))
    strides = np.diff(np.round(np.array((0.0, *CHECKPOINTS)) * steps)).astype(np.int32)
    batch = int(generator.choice(family.batches))
    x = np.zeros((PAIRS, high + VALIDATION, *family.model.input_shape), np.float32)
    y = np.zeros((PAIRS, high + VALIDATION), np.int32)
    rows = np.zeros((len(CHECKPOINTS), family.steps[1] // 5 + 1, PAIRS, batch), np.int32)
    for pair in range(PAIRS):
        features, truth = family.draw(generator, examples + VALIDATION)
        scale = np.exp(generator.normal(0, 0.7)) if generator.random() < 0.3 else 1 / features.std()
        x[pair, : examples + VALIDATION], y[pair, : examples + VALIDATION] = features * scale, truth
        order = passes(generator, examples, steps, batch) + VALIDATION
        for number, part in enumerate(np.split(order, np.cumsum(strides)[:-1])):
            rows[number, : len(part), pair] = part
    return Problem(x, y, rows, strides, family.model.first(PAIRS, generator))


def passes(generator: np.random.Generator, examples: int, steps: int, batch: int) -> NDArray[np.int32]:
    """Steps × batch: the examples in random order, again and again."""
    rounds = [generator.permutation(examples) for _ in range(-(-steps * batch // examples))]
    return np.concatenate(rounds)[: steps * batch].reshape(steps, batch).astype(np.int32)


class Unroll:
    """The trainings of one family as a graph; replica 2k and 2k+1 are a pair."""

    def __init__(self, family: Family) -> None:
        self._model = family.model
        self._tensors = Tensors.of(family.model.shapes())
        self._run = tf.function(self._steps, autograph=False, jit_compile=True)
        self._score = tf.function(self._scores, autograph=False)

    def scores(self, rules: NDArray[np.float32], task: Problem) -> NDArray[np.float64]:
        """R × 2: the meta-loss of every rule and the share of wrong answers at its best checkpoint."""
        replicas, total = len(rules), tf.constant(float(task.strides.sum()))
        weights = tf.repeat(tf.constant(task.weights), 2, axis=0)
        memory = Memory.empty(replicas, weights.shape[1])
        state = (weights, tf.constant(memory.moments), tf.constant(memory.losses))
        fixed = (tf.constant(rules), tf.constant(task.features), tf.constant(task.truth), total)
        course = []
        firsts = np.cumsum(task.strides) - task.strides
        for rows, first, stride in zip(task.rows, firsts, task.strides, strict=True):
            state = self._run(fixed, state, tf.constant(rows), tf.constant(float(first)), tf.constant(stride))
            course.append(np.array(self._score(state[0], *fixed[1:3])))
        return meta_losses(np.array(course, np.float64))

    def _logits(self, weights: Tensor, x: Tensor) -> Tensor:
        return self._model.run(weights, tf.repeat(x, 2, axis=0))

    def _steps(
        self, fixed: tuple[Tensor, ...], state: tuple[Tensor, ...], rows: Tensor, first: Tensor, stride: Tensor
    ) -> tuple[Tensor, ...]:
        rules, x, y, total = fixed

        def step(index: Tensor, weights: Tensor, *memory: Tensor) -> tuple[Tensor, ...]:
            chosen = rows[index]
            inputs, truth = tf.gather(x, chosen, batch_dims=1), tf.gather(y, chosen, batch_dims=1)
            with tf.GradientTape() as tape:
                tape.watch(weights)
                logits = self._logits(weights, inputs)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.repeat(truth, 2, axis=0), logits)
                loss = tf.reduce_mean(losses, axis=1)
            gradient = tape.gradient(loss, weights)
            count = first + tf.cast(index, tf.float32) + 1
            after, kept = moved(rules, self._tensors, weights, gradient, loss, Memory(*memory), (count, total))
            return index + 1, after, kept.moments, kept.losses

        return tf.while_loop(lambda index, *_: index < stride, step, (tf.constant(0), *state))[1:]

    def _scores(self, weights: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        logits, truth = self._logits(weights, x[:, :VALIDATION]), tf.repeat(y[:, :VALIDATION], 2, axis=0)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(truth, logits)
        wrong = tf.cast(tf.argmax(logits, -1, tf.int32) != truth, tf.float32)
        return tf.reduce_mean(losses, 1), tf.reduce_mean(wrong, 1)


def meta_losses(course: NDArray[np.float64]) -> NDArray[np.float64]:
    """R × 2, from the losses and errors at the checkpoints: C × 2 × R.

    The logarithm of the least validation loss, which trainings of any difficulty can be averaged by; a tenth of it
    over the whole course; and the error of the checkpoint that would be kept.
    """
    losses = np.nan_to_num(np.log(course[:, 0] + EASY), nan=WORST, posinf=WORST).clip(max=WORST)
    best = losses.argmin(axis=0)
    wrong = np.take_along_axis(course[:, 1], best[None], 0)[0]
    return np.stack([0.9 * losses.min(axis=0) + 0.1 * losses.mean(axis=0) + wrong, wrong], 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=1500)
    parser.add_argument("--until", type=int, default=700, help="round after which to stop, on the way to --rounds")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    meta_train(options.output, options.rounds, options.until, options.seed)


def meta_train(output: Path, rounds: int, until: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    theta = first = first_parameters(generator)
    mean = theta.copy()
    moments = np.zeros((2, PARAMETERS))
    spreads: dict[str, Spread] = {}
    unrolls = {family.name: Unroll(family) for family in FAMILIES}
    started = time.monotonic()
    with (output / "rounds.csv").open("w") as log, (output / "curve.csv").open("w") as curve:
        log.write("round,seconds,family,steps,batch,meta_loss,wrong,spread\n")
        curve.write("round,seconds," + ",".join(f'"{family.name}"' for family in FAMILIES) + "\n")
        for number in range(1, until + 1):
            family = FAMILIES[int(generator.integers(len(FAMILIES)))]
            task = problem(family, generator)
            noise = generator.normal(size=(PAIRS, PARAMETERS)).astype(np.float32)
            rules = theta + DEVIATION * np.stack([noise, -noise], 1).reshape(2 * PAIRS, -1)
            results = unrolls[family.name].scores(rules.astype(np.float32), task).reshape(PAIRS, 2, 2)
            difference = results[:, 0, 0] - results[:, 1, 0]
            scale = spreads.setdefault(family.name, Spread()).after(difference)
            gradient = (np.clip(difference / scale, -3, 3)[:, None] * noise).mean(axis=0)
            theta = stepped(theta, gradient, moments, number, RATE * anneal(number / rounds))
            mean += max(0.01, 1 / number) * (theta - mean)
            seconds = round(time.monotonic() - started)
            loss, wrong = results.mean(axis=(0, 1))
            figures = f"{loss:.4f},{wrong:.4f},{np.abs(difference).mean():.4f}"
            steps, batch = task.strides.sum(), task.rows.shape[-1]
            log.write(f'{number},{seconds},"{family.name}",{steps},{batch},{figures}\n')
            if number % EVERY == 0:
                gains = [gain(unrolls[family.name], family, mean, first) for family in FAMILIES]
                curve.write(f"{number},{seconds}," + ",".join(f"{value:.4f}" for value in gains) + "\n")
                log.flush()
                curve.flush()
                np.savez(output / "learned.npz", theta=mean)


@dataclass
class Spread:
    """Running size of the differences within pairs; families count alike when divided by theirs."""

    square: float = 0.0
    count: int = 0

    def after(self, difference: NDArray[np.float64]) -> float:
        self.count += 1
        self.square += max(0.1, 1 / self.count) * (float(np.square(np.clip(difference, -1, 1)).mean()) - self.square)
        return max(float(np.sqrt(self.square)), 1e-3)


def gain(unroll: Unroll, family: Family, now: NDArray[np.float32], first: NDArray[np.float32]) -> float:
    """How far the meta-loss lies below that of the first rule, on the same problems every time."""
    task = problem(family, np.random.default_rng(20_000))
    results = unroll.scores(np.tile([now, first], (PAIRS, 1)).astype(np.float32), task).reshape(PAIRS, 2, 2)
    return float((results[:, 1, 0] - results[:, 0, 0]).mean())


def stepped(
    theta: NDArray[np.float32], gradient: NDArray[np.float64], moments: NDArray[np.float64], number: int, rate: float
) -> NDArray[np.float32]:
    """Adam, with its moments changed in place."""
    moments[0] += 0.1 * (gradient - moments[0])
    moments[1] += 0.01 * (gradient**2 - moments[1])
    mean, square = moments[0] / (1 - 0.9**number), moments[1] / (1 - 0.99**number)
    return (theta - rate * mean / (np.sqrt(square) + 1e-8)).astype(np.float32)


def anneal(share: float) -> float:
    """From 1 to a tenth."""
    return 0.1 + 0.9 * 0.5 * (1 + np.cos(np.pi * min(share, 1.0)))


if __name__ == "__main__":
    main()
