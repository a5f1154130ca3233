"""A switch to another picture: found whatever the rate and through a fade; people, lamps and gaps are none.

Without these, a person who leans to the camera or switches on a lamp would be said to play recordings.
"""

import cv2
import msgspec
import numpy as np
import pytest

from detectors.liveness.cuts import LONGEST_APART_MS
from detectors.liveness.thumbnail import COLUMNS, ROWS, Luma
from detectors.liveness.watch import Watched, watch
from detectors.messages import FaceObserved, PictureQuality
from ingest.messages import SessionEnded, SessionStarted, encode_message
from scoring.fold.session import fold
from scoring.messages import SessionObservation, Verdict
from scoring.rulebook.policy import load_policy

START_MS = 1_700_000_000_000


def room(seed: int) -> Luma:
    """A room: furniture, shelves and light of other levels from corner to corner."""
    levels = np.random.default_rng(seed).uniform(20, 235, (7, 9)).astype(np.float32)
    return np.asarray(cv2.resize(levels, (COLUMNS, ROWS), interpolation=cv2.INTER_LINEAR), np.float32)


def with_person(picture: Luma, x: float, size: float) -> Luma:
    """An ellipse for a head and shoulders, `size` of the width, its middle at `x`."""
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
    head = ((columns / COLUMNS - x) / size) ** 2 + ((rows / ROWS - 0.6) / (1.4 * size)) ** 2 < 0.25
    return np.where(head, 190.0, picture).astype(np.float32)


def cuts(pictures: list[Luma], step_ms: int) -> list[int]:
    """The numbers of the pictures that are the first behind a cut; each with a sensor's noise."""
    rng, state, found = np.random.default_rng(1), Watched(), []
    for number, picture in enumerate(pictures):
        noisy = np.clip(picture + rng.normal(0, 0.5, picture.shape), 0, 255).astype(np.uint8)
        state, live = watch(state, START_MS + number * step_ms, noisy.tobytes())
        found += [number] * live.cut
    return found


@pytest.mark.parametrize("step_ms", [33, 100, 200, 500, 1000])
def test_another_room_is_a_cut_once_at_any_rate(step_ms: int) -> None:
    seconds = 4000 // step_ms
    before, behind = ([with_person(room(seed), 0.5, 0.4)] * seconds for seed in (1, 2))
    found = cuts([*before, *behind], step_ms)
    assert len(found) == 1
    assert 0 <= (found[0] - seconds) * step_ms < 100


def test_a_fade_is_a_cut() -> None:
    """Switchers fade for 300 ms by default."""
    one, other = with_person(room(1), 0.5, 0.4), with_person(room(2), 0.4, 0.5)
    fade = [one + (other - one) * share for share in (0.25, 0.5, 0.75)]
    assert len(cuts([one] * 20 + fade + [other] * 20, 100)) == 1


def test_back_and_forth_is_two_cuts() -> None:
    one, other = room(1), room(2)
    assert cuts([one] * 20 + [other] * 20 + [one] * 20, 100) == [20, 40]


def test_people_who_walk_lean_and_leave_make_none() -> None:
    walls = room(1)
    walk = [with_person(walls, x, 0.4) for x in np.linspace(-0.3, 1.3, 12)]
    lean = [with_person(walls, 0.5, size) for size in (*np.linspace(0.3, 0.6, 5), *np.linspace(0.6, 0.3, 5))]
    gets_up = [with_person(walls, x, 0.75) for x in (0.5, 0.5, 0.6, 0.8, 1.1)]
    for step_ms in (100, 200, 500):
        assert cuts([walls] * 10 + walk + [walls] * 10 + lean + [walls] * 10 + gets_up + [walls] * 10, step_ms) == []


@pytest.mark.parametrize("gain", [0.5, 0.8, 1.3])
def test_a_lamp_makes_none(gain: float) -> None:
    picture = with_person(room(3), 0.5, 0.4)
    one_side = np.linspace(0.8, 1.2, COLUMNS, dtype=np.float32)
    lit = np.clip(picture * gain * one_side, 0, 255)
    assert cuts([picture] * 20 + [lit] * 20, 100) == []


def test_behind_a_gap_or_a_covered_lens_nothing_is_said() -> None:
    one, other, black = room(1), room(2), np.full((ROWS, COLUMNS), 6.0, np.float32)
    assert cuts([one] * 20 + [black] * 20 + [one] * 20, 100) == []
    assert cuts([one] * 5 + [other] * 5, LONGEST_APART_MS + 1) == []


def face(seq: int, cut: bool) -> FaceObserved:
    quality = PictureQuality(brightness=120.0, sharpness=90.0)
    if cut:
        quality = msgspec.structs.replace(quality, cut=True)
    at_ms = START_MS + 500 * seq
    return FaceObserved(
        session="s", seq=seq, capture_ms=at_ms, ingested_ms=at_ms, partition=0, offset=seq, model="m", faces=(),
        quality=quality,
    )  # fmt: skip


def verdict_over(cut_at: set[int]) -> Verdict:
    state, last = None, None
    log: list[SessionObservation] = [SessionStarted(session="s", capture_ms=START_MS)]
    log += [face(seq, seq in cut_at) for seq in range(60)]
    for one in (*log, SessionEnded(session="s", capture_ms=START_MS + 30_000, frames_sent=0)):
        state, messages = fold(load_policy("default"), state, one)
        last = messages[-1] if messages else last
    assert isinstance(last, Verdict)
    return last


def test_cuts_are_signs_that_decide_nothing() -> None:
    plain, one, many = verdict_over(set()), verdict_over({20}), verdict_over({10, 20, 30, 40, 50})
    assert one.anomalies == {"picture_cut": 1}
    assert many.anomalies == {"picture_cut": 5}
    assert set(one.reasons) - set(plain.reasons) == {
        "The whole picture changed at once, as from one recording to another: at 0:10."
    }
    assert [text for text in many.reasons if "at 0:05, 0:10, 0:15 and 2 times more" in text]
    assert {(v.risk_class, v.integrity, v.coverage) for v in (one, many)} == {
        (plain.risk_class, plain.integrity, plain.coverage)
    }


def test_a_picture_without_a_cut_is_written_as_ever() -> None:
    """So that no digest over observations of before changes."""
    assert b"cut" not in encode_message(face(0, cut=False))
    assert b"cut" in encode_message(face(0, cut=True))
