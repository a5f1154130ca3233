"""Whether a picture is live. Without these, a photograph before the camera or yesterday's recording would pass.

Scenes are drawn: a room with a person who moves without repeating, and a sensor's noise.
"""

from collections.abc import Sequence
from dataclasses import astuple

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.liveness.detail import is_covered
from detectors.liveness.repeats import HISTORY_MS, STEP_MS
from detectors.liveness.thumbnail import THUMBNAIL_BYTES, luma_of, thumbnail
from detectors.liveness.watch import Liveness, Watched, watch

Picture = NDArray[np.uint8]
START_MS = 1_700_000_000_000
WIDTH, HEIGHT = 160, 120


def room() -> NDArray[np.float32]:
    """A room with things in it."""
    blocks = np.random.default_rng(7).uniform(60, 180, (15, 20)).astype(np.float32)
    return np.asarray(cv2.resize(blocks, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), np.float32)


ROOM = room()


def place(t_s: float) -> tuple[float, float]:
    """Where the head is: swings whose periods have no common one, as wide as somebody moves who reads."""
    x = 80 + 9 * np.sin(1.0 * t_s) + 7 * np.sin(0.618 * t_s) + 5 * np.sin(2.303 * t_s)
    return float(x), float(60 + 5 * np.sin(0.7321 * t_s) + 3 * np.sin(1.4142 * t_s))


def picture(t_s: float, noise: int, light: float = 1.0) -> Picture:
    """The room with the person as it is at a time, noise `noise` of the sensor."""
    x, y = place(t_s)
    shown = ROOM.copy()
    cv2.ellipse(shown, (round(x * 16), round(y * 16)), (22 * 16, 30 * 16), 0, 0, 360, (210.0,), -1, cv2.LINE_AA, 4)
    cv2.ellipse(shown, (round(x * 16), round(y * 16 + 700)), (40 * 16, 20 * 16), 0, 0, 360, (40.0,), -1, cv2.LINE_AA, 4)
    shown = shown * light + np.random.default_rng(noise).normal(0.0, 2.0, shown.shape)
    return np.repeat(np.clip(shown, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def played(times_s: Sequence[float], fps: float, light: float = 1.0, first: int = 0) -> list[tuple[int, bytes]]:
    """Thumbnails of what is shown: at the n-th frame the scene of the n-th time."""
    shown = (picture(t_s, first + number, light) for number, t_s in enumerate(times_s))
    return [(START_MS + round((first + n) * 1000 / fps), thumbnail(one)) for n, one in enumerate(shown)]


def watched(frames: Sequence[tuple[int, bytes]], state: Watched | None = None) -> list[Liveness]:
    seen = []
    state = state or Watched()
    for capture_ms, packed in frames:
        state, liveness = watch(state, capture_ms, packed)
        seen.append(liveness)
    return seen


def live(seconds: float, fps: float) -> list[float]:
    return [number / fps for number in range(round(seconds * fps))]


def looped(loop_s: float, seconds: float, fps: float) -> list[float]:
    return [t_s % loop_s for t_s in live(seconds, fps)]


def test_a_thumbnail_is_small_and_of_one_shape() -> None:
    for shape in ((480, 640, 3), (848, 480, 3), (1, 1, 3), (24, 32, 3), (7, 4000, 3)):
        packed = thumbnail(np.full(shape, 77, np.uint8))
        assert len(packed) == THUMBNAIL_BYTES < 1024
        assert set(packed) == {77}
    for wrong in (np.zeros((480, 640), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 4), np.uint8)):
        with pytest.raises(ValueError, match="a picture of shape"):
            thumbnail(wrong)
    with pytest.raises(ValueError, match="a thumbnail of 3 bytes"):
        watch(Watched(), 0, b"123")


@pytest.mark.parametrize("fps", [2, 5, 12])
def test_a_live_person_is_neither_frozen_nor_looped(fps: float) -> None:
    seen = watched(played(live(40, fps), fps))
    assert set(seen) == {Liveness()}


@pytest.mark.parametrize("fps", [1, 2, 5, 12])
def test_a_picture_that_stands_still_is_frozen_after_three_seconds(fps: float) -> None:
    moving = played(live(5, fps), fps)
    count = round(12 * fps)
    held = [(moving[-1][0] + round((n + 1) * 1000 / fps), moving[-1][1]) for n in range(count)]
    seen = watched([*moving, *held])
    onset = next(number for number, one in enumerate(seen) if one.frozen) - len(moving) + 1
    assert abs(onset - 3.0 * fps) <= 1.01
    assert all(one.frozen for one in seen[len(moving) + onset :])


def test_what_an_encoder_does_to_a_frozen_picture_keeps_it_frozen() -> None:
    """Small residues all the time, and a key frame every few seconds that changes it by some levels."""
    still = luma_of(thumbnail(picture(0.0, 0)))
    rng = np.random.default_rng(1)
    frames = []
    for number in range(200):
        renewed = np.random.default_rng(number // 42).uniform(-3, 3, still.shape)
        levels = np.clip(np.rint(still + renewed + rng.uniform(-0.6, 0.6, still.shape)), 0, 255)
        frames.append((START_MS + number * 100, levels.astype(np.uint8).tobytes()))
    seen = watched(frames)
    assert all(one.frozen for one in seen[40:])


def test_a_person_who_moves_thaws_it() -> None:
    moving = played(live(3, 5), 5)
    held = [(moving[-1][0] + (n + 1) * 200, moving[-1][1]) for n in range(25)]
    seen = watched([*moving, *held, *played(live(4, 5), 5, first=len(moving) + 25)])
    assert seen[len(moving) + 24].frozen
    assert not any(one.frozen for one in seen[len(moving) + 26 :])


def test_a_gap_in_the_frames_is_not_stillness() -> None:
    packed = thumbnail(picture(0.0, 0))
    assert not any(one.frozen for one in watched([(START_MS + n * 5_000, packed) for n in range(20)]))


@pytest.mark.parametrize(("loop_s", "fps"), [(7.37, 5), (10.13, 2), (10.13, 5), (10.13, 12), (31.7, 3)])
def test_a_stretch_that_is_played_again_is_found(loop_s: float, fps: float) -> None:
    """Whatever part of a step its length leaves over, with new noise in every play."""
    seen = watched(played(looped(loop_s, loop_s + 30, fps), fps))
    first_play, later = seen[: int(loop_s * fps)], seen[int((loop_s + 20) * fps) :]
    assert not any(one.looped for one in first_play)
    assert sum(one.looped for one in later) > 0.8 * len(later)


def test_a_replay_in_other_light_is_found_and_live_pictures_end_it() -> None:
    recorded, again = played(live(25, 5), 5), played(live(25, 5), 5, light=0.8, first=125)
    after = played([100 + t_s for t_s in live(15, 5)], 5, first=250)
    seen = watched([*recorded, *again, *after])
    assert all(one.looped for one in seen[125 + 100 : 250])
    assert not any(one.looped for one in seen[250 + 45 :])


def test_a_room_in_which_nobody_moves_is_no_loop() -> None:
    seen = watched(played([0.0] * 200, 5))
    assert not any(one.looped for one in seen)


def test_a_head_that_rocks_is_no_loop() -> None:
    """The same movement comes again with every swing, and nobody has recorded it."""
    frames = []
    for number, t_s in enumerate(live(60, 5)):
        shown = ROOM.copy()
        cv2.circle(shown, (round(1280 + 160 * np.sin(2.1 * t_s)), 960), 25 * 16, (210.0,), -1, cv2.LINE_AA, 4)
        shown += np.random.default_rng(number).normal(0.0, 2.0, shown.shape)
        luma = np.clip(shown, 0, 255).astype(np.uint8)
        frames.append((START_MS + number * 200, thumbnail(np.repeat(luma[:, :, None], 3, axis=2))))
    assert not any(one.looped for one in watched(frames))


def test_a_lamp_that_is_switched_the_same_way_again_is_no_loop() -> None:
    lights = [1.0 if (number // 50) % 2 else 0.7 for number in range(400)]
    frames = [(START_MS + n * 200, thumbnail(picture(0.0, n, light))) for n, light in enumerate(lights)]
    assert not any(one.looped for one in watched(frames))


def test_after_a_crash_a_loop_is_found_once_it_was_played_again() -> None:
    frames = played(looped(8, 60, 5), 5)
    assert watched(frames)[145].looped
    restarted = watched(frames[150:])
    assert not any(one.looped for one in restarted[:80])
    assert restarted[-1].looped


def test_what_is_remembered_of_a_session_is_bounded() -> None:
    state = Watched()
    packed = [thumbnail(picture(t_s, n)) for n, t_s in enumerate(live(10, 10))]
    for number in range(HISTORY_MS // 500 + 100):
        state, _ = watch(state, START_MS + number * 500, packed[number * 37 % len(packed)])
    assert state.past is not None
    assert len(state.past.steps) == HISTORY_MS // STEP_MS
    assert state.past.steps.nbytes + state.past.recent.nbytes + state.past.recent_ms.nbytes < 160_000


def test_states_are_values() -> None:
    """The worker may go on from any of them again: what was made of one does not change it."""
    frames = played(looped(5, 20, 5), 5)
    state = Watched()
    for frame in frames[:80]:
        state, _ = watch(state, *frame)
    assert watched(frames[80:], state) == watched(frames[80:], state)


def test_pictures_from_before_begin_the_session_anew() -> None:
    frames = played(live(10, 5), 5)
    assert watched([*frames, *frames]) == watched(frames) * 2


@pytest.mark.parametrize(("across", "down"), [(0, 20), (27, 0)])
def test_black_bars_are_seen_after_five_seconds(across: int, down: int) -> None:
    frames = []
    for number, t_s in enumerate(live(8, 5)):
        barred = cv2.copyMakeBorder(picture(t_s, number), down, down, across, across, cv2.BORDER_CONSTANT)
        coded = cv2.imdecode(cv2.imencode(".jpg", barred, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_COLOR)
        frames.append((START_MS + number * 200, thumbnail(np.asarray(coded, np.uint8))))
    seen = watched(frames)
    assert [one.framed for one in seen] == [False] * 25 + [True] * 15


def test_a_dark_edge_on_one_side_is_no_bar() -> None:
    shown = [cv2.copyMakeBorder(picture(t_s, n), 0, 20, 0, 0, cv2.BORDER_CONSTANT) for n, t_s in enumerate(live(8, 5))]
    seen = watched([(START_MS + n * 200, thumbnail(np.asarray(one, np.uint8))) for n, one in enumerate(shown)])
    assert not any(one.framed for one in seen)


@pytest.mark.parametrize("noise", [1.0, 4.0, 8.0])
@pytest.mark.parametrize("level", [6.0, 90.0, 180.0], ids=["tape", "finger", "paper"])
def test_a_covered_lens_is_seen_whatever_its_noise(level: float, noise: float) -> None:
    shade = np.linspace(0, 25, 640)[None, :, None] * (level > 50)
    grain = np.random.default_rng(3).normal(0, noise, (480, 640, 3))
    covered = np.clip(level + shade + grain, 0, 255).astype(np.uint8)
    assert is_covered(luma_of(thumbnail(covered)))
    assert not is_covered(luma_of(thumbnail(picture(0.0, 0))))
    assert astuple(watched([(START_MS, thumbnail(covered))])[0]) == (False, False, False, True, False)
