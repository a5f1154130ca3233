"""What the published examples speak of: one session, one policy, one event, its frames."""

from scoring.messages import FrameRef

SESSION, POLICY, START_MS = "exam-7f3a", "ef245a8d063b5152", 1_763_700_000_000
EVENT_ID = "0d1f4c6b8a2e93f7550c1b9e8d7a6f42"


def ref(seq: int) -> FrameRef:
    """A frame as evidence."""
    return FrameRef(seq=seq, capture_ms=START_MS + seq * 100, partition=3, offset=1000 + seq)
