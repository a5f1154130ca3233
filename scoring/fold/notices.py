"""What a candidate may be told: of the step from one state of the session to the next, under whatever policy."""

from collections.abc import Iterator

from ingest.messages import Notice
from scoring.fold.state import SessionState


def notices(before: SessionState | None, after: SessionState) -> Iterator[Notice]:
    """AUTHORIZED, once, with the first face that is alike."""
    was, now = before.likeness if before else None, after.likeness
    if now is not None and now.alike and not (was is not None and was.alike):
        at_ms = now.first_ms - after.shift_ms
        yield Notice(session=after.session, notice="AUTHORIZED", at_ms=at_ms, ingested_ms=after.ingested_ms)
