"""Which pictures a person should label next (active learning): `python -m triton_models uncertain`."""
