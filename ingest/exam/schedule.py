"""What happens in a synthetic exam and when: the script that the renderer plays and the truth repeats.

An episode's times say when the behaviour can be seen: an absence starts when the face is out of the picture, not when
the person begins to rise. The motion that leads there lies outside, so episodes keep a distance from each other.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

FRAME_MS = 100
QUIET_START_MS = 10_000  # the candidate's baseline is calibrated in 8 s of looking at the camera, and settles before
QUIET_END_MS = 2_000
MIN_GAP_MS = 3_000  # rising, turning and coming back take up to 2 s on either side
MIN_EPISODE_MS = 1_000
MAX_DURATION_MS = 4 * 60 * 60 * 1000


class ScheduleError(ValueError):
    """A schedule that cannot be rendered; the message says which episode, why, and the limit."""


class Kind(StrEnum):
    """What an episode shows."""

    LOOKING_AWAY = "looking_away"
    ABSENT = "absent"
    SECOND_FACE = "second_face"
    PHONE = "phone"
    EYES_ASIDE = "eyes_aside"
    EYES_CLOSED = "eyes_closed"
    TALKING = "talking"


@dataclass(frozen=True, slots=True)
class Episode:
    """One behaviour, visible in [start_ms, end_ms); `side` is -1 towards the picture's left, +1 towards its right."""

    kind: Kind
    start_ms: int
    end_ms: int
    side: int = 1

    def __post_init__(self) -> None:
        """Refuse an episode that cannot be shown."""
        name = f"episode {self.kind} at {self.start_ms} ms"
        if self.kind not in set(Kind):
            raise ScheduleError(f"{name}: unknown kind, known are {', '.join(Kind)}")
        if self.start_ms % FRAME_MS or self.end_ms % FRAME_MS:
            raise ScheduleError(f"{name}: times must be multiples of {FRAME_MS} ms, the length of a frame")
        if self.end_ms - self.start_ms < MIN_EPISODE_MS:
            raise ScheduleError(f"{name}: lasts {self.end_ms - self.start_ms} ms, at least {MIN_EPISODE_MS} are needed")
        if self.side not in (-1, 1):
            raise ScheduleError(f"{name}: side is {self.side}, must be -1 or 1")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A whole exam: the seed decides who sits where, the episodes what they do."""

    seed: int
    duration_ms: int
    episodes: tuple[Episode, ...]

    def __post_init__(self) -> None:
        """Refuse a schedule whose episodes do not fit."""
        if not 0 <= self.seed < 2**32:
            raise ScheduleError(f"seed {self.seed}: must be between 0 and 2**32 - 1")
        if not 0 < self.duration_ms <= MAX_DURATION_MS or self.duration_ms % FRAME_MS:
            raise ScheduleError(
                f"duration {self.duration_ms} ms: must be a multiple of {FRAME_MS} up to {MAX_DURATION_MS}"
            )
        _check_bounds(self.episodes, self.duration_ms)
        _check_gaps(self.episodes)

    @property
    def frames(self) -> int:
        """How many pictures the exam has."""
        return self.duration_ms // FRAME_MS


def _check_bounds(episodes: Sequence[Episode], duration_ms: int) -> None:
    for episode in episodes:
        if episode.start_ms < QUIET_START_MS:
            raise ScheduleError(
                f"episode {episode.kind} at {episode.start_ms} ms: the first {QUIET_START_MS} ms stay quiet"
            )
        if episode.end_ms > duration_ms - QUIET_END_MS:
            raise ScheduleError(
                f"episode {episode.kind} at {episode.start_ms} ms: ends at {episode.end_ms} ms, "
                f"the last one can be {duration_ms - QUIET_END_MS} in an exam of {duration_ms} ms"
            )


def _check_gaps(episodes: Sequence[Episode]) -> None:
    for before, after in pairwise(episodes):
        if after.start_ms < before.end_ms + MIN_GAP_MS:
            raise ScheduleError(
                f"episode {after.kind} at {after.start_ms} ms: starts less than {MIN_GAP_MS} ms after "
                f"{before.kind} ended at {before.end_ms} ms"
            )


def digest(schedule: Schedule) -> str:
    """A name for the schedule's content, 16 hexadecimal digits."""
    text = json.dumps(asdict(schedule), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def demo_schedule(seed: int = 2) -> Schedule:
    """The exam of the demo: each behaviour once in 90 s, at least 4 s of quiet between so that rules can clear."""
    return Schedule(
        seed=seed,
        duration_ms=90_000,
        episodes=(
            Episode(Kind.LOOKING_AWAY, 14_000, 20_000, side=-1),
            Episode(Kind.TALKING, 25_000, 31_000),
            Episode(Kind.EYES_ASIDE, 36_000, 41_000, side=1),
            Episode(Kind.ABSENT, 46_000, 50_000, side=-1),
            Episode(Kind.SECOND_FACE, 56_000, 60_000, side=1),
            Episode(Kind.PHONE, 65_000, 72_000, side=1),
            Episode(Kind.EYES_CLOSED, 77_000, 81_000),
        ),
    )


def random_schedule(seed: int, duration_ms: int = 90_000) -> Schedule:
    """A schedule drawn from the seed: episodes of 2 to 7 s of any kind with 4 to 12 s of quiet between.

    Raises ScheduleError when the duration is not a whole number of frames.
    """
    rng = np.random.default_rng([seed, 1])
    episodes: list[Episode] = []
    start_ms = QUIET_START_MS + FRAME_MS * int(rng.integers(0, 40))
    while True:
        end_ms = start_ms + FRAME_MS * int(rng.integers(20, 71))
        if end_ms > duration_ms - QUIET_END_MS:
            return Schedule(seed, duration_ms, tuple(episodes))
        kind = list(Kind)[int(rng.integers(len(Kind)))]
        episodes.append(Episode(kind, start_ms, end_ms, side=int(rng.choice([-1, 1]))))
        start_ms = end_ms + FRAME_MS * int(rng.integers(40, 121))
