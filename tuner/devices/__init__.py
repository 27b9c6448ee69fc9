"""Device profiles and what a model costs on each."""
