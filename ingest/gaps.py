"""Frames that were given up, gathered into messages: missing evidence is always on the record."""

from dataclasses import dataclass, field, replace

from ingest.messages import FramesDropped


@dataclass(frozen=True, slots=True)
class Gap:
    """`count` frames of [from_ms, to_ms], capture time."""

    count: int
    from_ms: int
    to_ms: int


@dataclass(slots=True)
class Gaps:
    """What has been given up since the last message, by reason."""

    _open: dict[str, Gap] = field(default_factory=dict)

    def add(self, reason: str, from_ms: int, to_ms: int, count: int = 1) -> None:
        gap = self._open.get(reason, Gap(0, from_ms, to_ms))
        self._open[reason] = replace(
            gap, count=gap.count + count, from_ms=min(gap.from_ms, from_ms), to_ms=max(gap.to_ms, to_ms)
        )

    def take(self, session: str, seq: int) -> list[FramesDropped]:
        """The messages about it; `seq` is that of the session's next frame. Forgets what it returns."""
        gaps, self._open = self._open, {}
        return [
            FramesDropped(
                session=session,
                seq=seq,
                from_ms=gap.from_ms,
                to_ms=gap.to_ms,
                count=gap.count,
                stage="ingest",
                reason=reason,
            )
            for reason, gap in sorted(gaps.items())
        ]
