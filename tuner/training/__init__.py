"""The only home of TensorFlow: build, fit, convert, evaluate."""
