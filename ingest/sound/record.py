"""One record of sound, and what a source of sound is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

RATE_HZ = 16_000
SAMPLE_BYTES = 2
RECORD_SAMPLES = RATE_HZ
"""A second: what a rule can speak of, and few records."""


@dataclass(frozen=True, slots=True)
class SoundRecord:
    """PCM (int16 little-endian, mono, RATE_HZ); its first sample is number `start` since the source's first picture."""

    start: int
    pcm: bytes

    @property
    def start_ms(self) -> int:
        return self.start * 1000 // RATE_HZ

    @property
    def end_ms(self) -> int:
        """The end of the last sample, in ms since the source's first picture."""
        return (self.start + len(self.pcm) // SAMPLE_BYTES) * 1000 // RATE_HZ

    def until(self, end_ms: int) -> "SoundRecord | None":
        """What of it lies before `end_ms`; None: nothing."""
        samples = end_ms * RATE_HZ // 1000 - self.start
        return SoundRecord(self.start, self.pcm[: samples * SAMPLE_BYTES]) if samples > 0 else None


class Sound(Protocol):
    """The sound of a source. `records` can be iterated once, in a thread; whatever goes wrong is told by `trouble`."""

    @property
    def trouble(self) -> str | None:
        """What was wrong with it, in words; None: nothing so far."""
        ...

    def records(self) -> Iterator[SoundRecord]:
        """In order of time, without overlap; what could not be read is missing from it."""
        ...

    def close(self) -> None:
        """Free what it holds. Not while another thread iterates."""
        ...


@runtime_checkable
class Audible(Protocol):
    """A source of pictures that may have sound, too."""

    def sound(self) -> Sound | None:
        """Its sound; None: it has none."""
        ...


def sound_of(source: object) -> Sound | None:
    """The sound of any source; None: it has none."""
    return source.sound() if isinstance(source, Audible) else None
