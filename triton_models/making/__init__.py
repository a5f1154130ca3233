"""Training pictures that nobody took: pasted, painted over, worn, rendered."""
