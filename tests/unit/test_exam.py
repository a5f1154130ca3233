"""The synthetic exam: its script and truth, its pictures' determinism, its video's cache."""

import shutil
from itertools import pairwise
from pathlib import Path

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from ingest.exam.behaviour import habits_of, moment
from ingest.exam.schedule import (
    MIN_GAP_MS,
    QUIET_START_MS,
    Episode,
    Kind,
    Schedule,
    ScheduleError,
    demo_schedule,
    digest,
    random_schedule,
)
from ingest.exam.truth import read_truth, truth_of, truth_path, write_truth
from ingest.exam.video import is_finished, render, render_to_file

Pictures = list[tuple[int, npt.NDArray[np.uint8]]]


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One prepared portrait for all tests of this file."""
    return tmp_path_factory.mktemp("portrait")


def short(seed: int) -> Schedule:
    """The shortest exam there is: three pictures, nothing happens."""
    return Schedule(seed, 300, ())


@pytest.fixture(scope="module")
def shown(cache_dir: Path) -> Pictures:
    """The pictures of seed 3."""
    return list(render(short(3), cache_dir))


@pytest.fixture(scope="module")
def heard() -> list[tuple[int, int]]:
    """What the video's rendering told of its progress."""
    return []


@pytest.fixture(scope="module")
def video(cache_dir: Path, heard: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The video of seed 3 in a folder of its own, which did not exist before."""
    path = tmp_path_factory.mktemp("video") / "out" / "exam.mp4"
    render_to_file(short(3), path, cache_dir, lambda done, total: heard.append((done, total)))
    return path


def test_the_demo_shows_every_behaviour_once_with_room_between() -> None:
    episodes = demo_schedule().episodes
    assert {e.kind for e in episodes} == set(Kind)
    assert len(episodes) == len(Kind)
    assert episodes[0].start_ms >= QUIET_START_MS
    assert all(b.start_ms - a.end_ms >= 4_000 for a, b in pairwise(episodes))


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "message"),
    [
        (9_000, 12_000, "first 10000 ms stay quiet"),
        (20_000, 29_000, "the last one can be 28000"),
        (12_050, 15_000, "multiples of 100"),
        (12_000, 12_500, "at least 1000"),
    ],
)
def test_an_episode_outside_of_its_bounds_is_refused(start_ms: int, end_ms: int, message: str) -> None:
    with pytest.raises(ScheduleError, match=message):
        Schedule(1, 30_000, (Episode(Kind.PHONE, start_ms, end_ms),))


def test_episodes_that_overlap_or_touch_are_refused() -> None:
    first = Episode(Kind.PHONE, 12_000, 15_000)
    second = Episode(Kind.ABSENT, 15_000 + MIN_GAP_MS - 100, 20_000)
    with pytest.raises(ScheduleError, match="starts less than 3000 ms after phone ended at 15000"):
        Schedule(1, 30_000, (first, second))


@pytest.mark.parametrize(("seed", "duration_ms"), [(-1, 1_000), (2**32, 1_000), (1, 0), (1, 1_050), (1, 10**9)])
def test_an_impossible_exam_is_refused(seed: int, duration_ms: int) -> None:
    with pytest.raises(ScheduleError, match="must be"):
        Schedule(seed, duration_ms, ())


def test_a_side_is_left_or_right() -> None:
    with pytest.raises(ScheduleError, match="side is 0"):
        Episode(Kind.PHONE, 12_000, 15_000, side=0)


def test_random_schedules_are_valid_vary_and_repeat() -> None:
    drawn = [random_schedule(seed, 60_000) for seed in range(40)]
    assert drawn == [random_schedule(seed, 60_000) for seed in range(40)]
    assert len({digest(schedule) for schedule in drawn}) == 40
    assert {e.kind for schedule in drawn for e in schedule.episodes} == set(Kind)


def test_the_truth_repeats_the_schedule(tmp_path: Path) -> None:
    schedule = demo_schedule(5)
    path = tmp_path / "exam.truth.json"
    write_truth(schedule, path)
    told = msgspec.json.decode(path.read_bytes())
    assert told["episodes"] == [
        {"kind": e.kind.value, "start_ms": e.start_ms, "end_ms": e.end_ms} for e in schedule.episodes
    ]
    assert {k: v for k, v in told.items() if k != "episodes"} == {
        "seed": 5,
        "fps": 10,
        "width": 640,
        "height": 480,
        "duration_ms": 90_000,
        "synthetic": True,
    }
    assert read_truth(path) == truth_of(schedule)


@pytest.mark.parametrize(
    ("kind", "signal"),
    [
        (Kind.LOOKING_AWAY, lambda now: abs(now.candidate.yaw_deg) > 18),
        (Kind.ABSENT, lambda now: abs(now.candidate.shift_x_px) > 250),
        (Kind.SECOND_FACE, lambda now: now.second_in > 0.99),
        (Kind.PHONE, lambda now: now.phone_up >= 0.5),
        (Kind.EYES_ASIDE, lambda now: abs(now.candidate.gaze_x) > 0.08),
        (Kind.EYES_CLOSED, lambda now: now.candidate.eyes_closed >= 0.5),
    ],
)
def test_each_behaviour_shows_in_its_episode_and_not_in_quiet(kind: Kind, signal: object) -> None:
    assert callable(signal)
    schedule = demo_schedule()
    habits = habits_of(schedule)
    episode = next(e for e in schedule.episodes if e.kind == kind)
    inside = range(episode.start_ms + 100, episode.end_ms - 100, 100)
    before = range(episode.start_ms - 4_000, episode.start_ms - 2_500, 300)
    assert all(signal(moment(schedule, habits, t / 1000)) for t in inside)
    assert sum(signal(moment(schedule, habits, t / 1000)) for t in before) <= 1, "more than a blink"


def test_a_seed_gives_the_same_bytes_also_without_the_prepared_portrait(shown: Pictures, tmp_path: Path) -> None:
    again = render(short(3), tmp_path)
    assert [picture.tobytes() for _, picture in again] == [picture.tobytes() for _, picture in shown]


def test_another_seed_gives_other_pictures(shown: Pictures, cache_dir: Path) -> None:
    other = {picture.tobytes() for _, picture in render(short(4), cache_dir)}
    assert not other & {picture.tobytes() for _, picture in shown}


def test_pictures_have_their_times_and_shape_and_move(shown: Pictures) -> None:
    assert [t_ms for t_ms, _ in shown] == [0, 100, 200]
    assert {(picture.shape, picture.dtype) for _, picture in shown} == {((480, 640, 3), np.dtype(np.uint8))}
    assert len({picture.tobytes() for _, picture in shown}) == 3


def test_a_video_is_written_once_and_whole(video: Path, cache_dir: Path, heard: list[tuple[int, int]]) -> None:
    assert heard == [(1, 3), (2, 3), (3, 3)]
    written = video.stat().st_mtime_ns
    render_to_file(short(3), video, cache_dir)
    assert video.stat().st_mtime_ns == written
    assert sorted(p.name for p in video.parent.iterdir()) == ["exam.digest", "exam.mp4", "exam.truth.json"]
    capture = cv2.VideoCapture(str(video))
    assert (capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)) == (3, 10)


def test_a_video_of_another_schedule_or_without_truth_is_written_anew(
    video: Path, cache_dir: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copytree(video.parent, tmp_path / "copy")) / video.name
    assert is_finished(short(3), path)
    assert not is_finished(short(4), path)
    truth_path(path).unlink()
    assert not is_finished(short(3), path)
    render_to_file(short(4), path, cache_dir)
    assert is_finished(short(4), path)
    assert read_truth(truth_path(path)).seed == 4


def test_a_rendering_that_is_cut_off_leaves_no_video(cache_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "exam.mp4"

    def cut_off(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_to_file(short(3), path, cache_dir, cut_off)
    assert list(tmp_path.iterdir()) == []
    assert not is_finished(short(3), path)
