"""The only home of TensorFlow: `fit.fit`, `convert.convert`, `predict.predict_float` and `predict.predict_converted`.

Importing this package loads no TensorFlow; importing one of these modules does.
"""

from tuner.training.values import Epoch, Examples, Trained

__all__ = ["Epoch", "Examples", "Trained"]
