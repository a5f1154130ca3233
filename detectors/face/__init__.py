"""The face detector: JPEG in, faces with pose, gaze and openness out, computed in a pool of processes."""
