"""The pure function from a session's observations to its events, samples and verdicts."""
