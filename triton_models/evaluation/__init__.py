"""How good a model is, and from which confidence its boxes count: `python -m triton_models evaluate DATASET MODEL`."""
