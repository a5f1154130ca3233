"""The model repository as Triton reads it, and the factory that trains, measures and exports what is in it."""
