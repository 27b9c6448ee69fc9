"""Anomaly blocks: how far a window's features lie from those of the training examples, by scikit-learn's models.

A block stands beside a network, or alone. It has its own account of what it needs on a device, like a preprocessing
block, and goes to firmware as C.
"""

from tuner.anomaly.detector import DETECTORS, Detecting, Detector, NoDetector, detector

__all__ = ["DETECTORS", "Detecting", "Detector", "NoDetector", "detector"]
