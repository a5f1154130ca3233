"""Training with Ultralytics (extra `factory`, AGPL-3.0): `python -m triton_models train DATASET`."""
