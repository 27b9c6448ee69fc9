"""TensorFlow Lite files as values, without TensorFlow."""
