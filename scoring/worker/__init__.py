"""The Faust worker around the fold: delivery without holes, checkpoints, ownership, ticks."""
