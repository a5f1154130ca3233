"""What is known about a synthetic exam, as JSON beside its video."""

from pathlib import Path

import msgspec

from ingest.exam.schedule import FRAME_MS, Schedule

WIDTH_PX = 640
HEIGHT_PX = 480


class TrueEpisode(msgspec.Struct, frozen=True):
    """One behaviour and when it can be seen, in milliseconds from the video's start."""

    kind: str
    start_ms: int
    end_ms: int


class Truth(msgspec.Struct, frozen=True):
    """The whole exam; `synthetic` is always true."""

    seed: int
    fps: int
    width: int
    height: int
    duration_ms: int
    episodes: tuple[TrueEpisode, ...]
    synthetic: bool = True


def truth_of(schedule: Schedule) -> Truth:
    """The schedule as its truth: episodes' times already say when each behaviour can be seen."""
    episodes = tuple(TrueEpisode(str(e.kind), e.start_ms, e.end_ms) for e in schedule.episodes)
    return Truth(schedule.seed, 1000 // FRAME_MS, WIDTH_PX, HEIGHT_PX, schedule.duration_ms, episodes)


def truth_path(video: Path) -> Path:
    """Where the truth of a video lies: `exam.mp4` has `exam.truth.json`."""
    return video.with_suffix(".truth.json")


def write_truth(schedule: Schedule, path: Path) -> None:
    """Write the truth as indented JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(truth_of(schedule)), indent=2) + b"\n")


def read_truth(path: Path) -> Truth:
    """Read a truth; raises msgspec.DecodeError when the file is not one."""
    return msgspec.json.decode(path.read_bytes(), type=Truth)
