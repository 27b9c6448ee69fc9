"""What a given model file needs on devices: figures, a page and a gate."""
