"""How a session goes: how its detectors look, what it costs, what was given up, what is known of its end."""

from scoring.fold.packing import Private


class Looks(Private, frozen=True):
    """How one detector has looked so far: last frame's `seq` and time, number of frames, last steps between frames.

    `usual_ms` is the upper quartile of `steps`: uneven sampling (1, 2, 1, 2 frames) is usual, an outage is not.
    """

    seq: int = -1
    at_ms: int = 0
    frames: int = 0
    usual_ms: int = 0
    steps: tuple[int, ...] = ()


NEVER = Looks()


class Risk(Private, frozen=True):
    """Points in thousandths; `temporary` is as of `at_ms` and has been fading since then, unless an event is open."""

    temporary: int = 0
    permanent: int = 0
    peak: int = 0
    at_ms: int = 0


class Alerts(Private, frozen=True):
    """The starts of the last events that count, and the periods in which they came thick, with how many."""

    recent: tuple[int, ...] = ()
    periods: tuple[tuple[int, int, int], ...] = ()


class Drops(Private, frozen=True):
    """Frames given up; (`seq`, `to_ms`) of the last report of each stage tells repetitions."""

    count: int = 0
    ingest: tuple[int, int] = (-1, -1)
    detectors: tuple[int, int] = (-1, -1)


class Ending(Private, frozen=True):
    """What is known of the end: the source's last word; how many frames have passed the detectors (-1: not known).

    `sound_sent`, `sound_passed`: the same of records of sound.
    """

    capture_ms: int = -1
    frames_sent: int = -1
    frames_passed: int = -1
    sound_sent: int = 0
    sound_passed: int = -1

    @property
    def is_complete(self) -> bool:
        """Everything that the source sent has been looked at, listened to or given up."""
        return 0 <= self.frames_sent <= max(self.frames_passed, 0) and self.sound_sent <= max(self.sound_passed, 0)
