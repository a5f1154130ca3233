"""Pieces of sound with their times, as a decoder gives them, into records of a second.

Timestamps are believed, so that sound is missing rather than heard at the wrong time: behind a gap a new record begins
with what follows, and what claims to be earlier than what was heard already is left out. Differences up to SLACK are
rounding and counted through.
"""

from dataclasses import dataclass, field

from ingest.sound.record import RATE_HZ, RECORD_SAMPLES, SAMPLE_BYTES, SoundRecord

SLACK = RATE_HZ // 10
"""Samples. Containers stamp to the millisecond and recorders' clocks drift by 0.1 s in 20 minutes (100 ppm); what is
said about a mouth is good to half a second."""


@dataclass(slots=True)
class Cutter:
    """What was not yet given out. `gaps`: how often sound was missing; `late`: samples left out as too late."""

    gaps: int = 0
    late: int = 0
    _start: int = 0
    _waiting: bytearray = field(default_factory=bytearray)
    _heard: bool = False

    def add(self, at: int | None, pcm: bytes) -> list[SoundRecord]:
        """Take a piece whose first sample is number `at` since the first picture (None: it follows the last piece).

        Returns the records that are complete now.
        """
        expected = self._start + len(self._waiting) // SAMPLE_BYTES
        at = expected if at is None or (self._heard and abs(at - expected) <= SLACK) else at
        done: list[SoundRecord] = []
        if at > expected:
            done = self._begin_again(at)
        elif at < expected:
            pcm = self._leave_out(expected - at, pcm)
        self._heard = self._heard or bool(pcm)
        self._waiting += pcm
        return done + self._full()

    def finish(self) -> list[SoundRecord]:
        """What is left: one shorter record, or none."""
        left, self._waiting = bytes(self._waiting), bytearray()
        record = SoundRecord(self._start, left)
        self._start += len(left) // SAMPLE_BYTES
        return [record] if left else []

    def _begin_again(self, at: int) -> list[SoundRecord]:
        self.gaps += self._heard
        done = self.finish()
        self._start = at
        return done

    def _leave_out(self, samples: int, pcm: bytes) -> bytes:
        """Sound before the first picture is not the session's; sound out of order is counted."""
        self.late += min(samples, len(pcm) // SAMPLE_BYTES) if self._heard else 0
        return pcm[samples * SAMPLE_BYTES :]

    def _full(self) -> list[SoundRecord]:
        size, done = RECORD_SAMPLES * SAMPLE_BYTES, []
        while len(self._waiting) >= size:
            done.append(SoundRecord(self._start, bytes(self._waiting[:size])))
            del self._waiting[:size]
            self._start += RECORD_SAMPLES
        return done
