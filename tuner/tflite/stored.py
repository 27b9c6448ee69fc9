"""The weights of a `.tflite` as they are stored: what sparsity and clusters left in its bytes."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from tuner.record import StoredWeights

_TYPES = {schema.TensorType.INT8: np.int8, schema.TensorType.FLOAT32: np.float32}


def stored_weights(model: bytes, left_out: Mapping[str, tuple[str, ...]]) -> StoredWeights:
    """Return the share of zeros among the weights, how few values they take, and what the file deflates to.

    Args:
        model: a `.tflite`.
        left_out: layers that a setting of the compression does not reach, by setting.
    """
    root = schema.ModelT.InitFromPackedBuf(bytearray(model), 0)
    kernels = []
    for tensor in root.subgraphs[0].tensors:
        data = root.buffers[tensor.buffer].data
        if data is not None and len(data) and tensor.type in _TYPES and len(tensor.shape) > 1:
            kernels.append(np.frombuffer(bytes(data), _TYPES[tensor.type]))
    weights = np.concatenate([kernel.astype(np.float32) for kernel in kernels]) if kernels else np.zeros(0, np.float32)
    return StoredWeights(
        zeros=float(np.mean(weights == 0)) if len(weights) else 0.0,
        values=max((len(np.unique(kernel)) for kernel in kernels), default=0),
        deflated_bytes=len(zlib.compress(model, 9)),
        left_out=left_out,
    )
