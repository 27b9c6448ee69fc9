"""Long short-term memory: for training by TensorFlow's kernel for whole series, for conversion as one function.

Weights stand as Keras has them, gates side by side in the order input, forget, cell, output. One is added to the
bias of the forget gate, so that an untrained cell remembers (Jozefowicz et al. 2015).
"""

from __future__ import annotations

from typing import Any

from tuner.training.runtime import tf

Tensor = Any

CELL_CLIP = 10.0
"""Limit of a cell's value; the converter writes it into the model."""


def lstm(series: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Return the units at every step, N × time × units, and after the last, N × units.

    Args:
        series: N × time × channels.
        kernel: channels × 4 units.
        recurrent: units × 4 units.
        bias: 4 units.
    """
    units = recurrent.shape[0]
    batch = tf.shape(series)[0]
    weights = tf.concat([kernel, recurrent], axis=0)
    zeros = tf.zeros((batch, units))
    no_peephole = tf.zeros((units,))
    result = tf.raw_ops.BlockLSTMV2(
        seq_len_max=tf.cast(series.shape[1], tf.int64),
        x=tf.transpose(series, (1, 0, 2)),
        cs_prev=zeros,
        h_prev=zeros,
        w=weights,
        wci=no_peephole,
        wcf=no_peephole,
        wco=no_peephole,
        b=_remembering(bias),
        cell_clip=CELL_CLIP,
        use_peephole=False,
    )
    return tf.transpose(result.h, (1, 0, 2)), result.h[-1]


def fused(series: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Return the same as `lstm`, written as the function that the converter turns into one operator.

    It tells it by the attributes that Keras' layer gives its function, and takes weights and shapes from the call.
    """
    attributes = {"api_implements": "lstm_", "api_preferred_device": "CPU", "time_major": False, "go_backwards": False}
    function = tf.function(_standard, autograph=False, experimental_attributes=attributes)
    zeros = tf.zeros((series.shape[0], recurrent.shape[0]))
    last, steps, *_ = function(series, zeros, zeros, kernel, recurrent, _remembering(bias))
    return steps, last


def _standard(
    series: Tensor, hidden: Tensor, cell: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor
) -> tuple[Tensor, ...]:
    """What Keras calls its standard LSTM: last output, outputs, hidden and cell state, and a mark of the runtime."""
    del hidden, cell
    undone = tf.one_hot(1, 4)[:, tf.newaxis] * tf.ones((1, recurrent.shape[0]))
    steps, last = lstm(series, kernel, recurrent, bias - tf.reshape(undone, (-1,)))
    return last, steps, last, last, tf.constant(0.0)


def _remembering(bias: Tensor) -> Tensor:
    into, forget, cell, out = tf.split(bias, 4)
    return tf.concat([into, forget + 1.0, cell, out], axis=0)
