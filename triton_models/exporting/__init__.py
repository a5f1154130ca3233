"""A trained model in every form that can be served, compared box by box: `python -m triton_models export WEIGHTS`."""
