"""Whose face is judged when several are seen, from a look to the default policy's events."""

from collections.abc import Callable, Sequence

import pytest
from msgspec import structs

from detectors.messages import Face, FaceObserved
from ingest.messages import SessionEnded, SessionStarted
from scoring.fold.candidate import STAYS_MS, candidate_first, place_of
from scoring.rulebook.policy import load_policy
from tests.staged_exam import START_MS, closed_events, face_like, face_observed, fold_all

DEFAULT = load_policy("default")
STEP_MS = 200
CALIBRATED_S = 9.0


def face_at(x: float, width: float = 100.0, **changes: float) -> Face:
    """A face whose middle is at (x, 200)."""
    return structs.replace(face_like(**changes), box_xyxy=(x - width / 2, 140.0, x + width / 2, 260.0))


def look(*faces: Face) -> FaceObserved:
    return face_observed("s", 0, 0, faces)


CANDIDATE, NEARER = face_at(320), face_at(500, 130.0)


@pytest.mark.parametrize(
    ("faces", "last", "since_ms", "first"),
    [
        ((NEARER, CANDIDATE), (322.0, 201.0), 200, CANDIDATE),
        ((NEARER, CANDIDATE), (480.0, 201.0), 200, NEARER),
        ((NEARER, CANDIDATE), None, 200, NEARER),
        ((NEARER, CANDIDATE), (322.0, 201.0), STAYS_MS + 1, NEARER),
        ((NEARER, CANDIDATE), (210.0, 201.0), 200, NEARER),
        ((NEARER,), (322.0, 201.0), 200, NEARER),
    ],
)
def test_the_candidate_is_where_they_were_and_not_the_largest(
    faces: tuple[Face, ...], last: tuple[float, float] | None, since_ms: int, first: Face
) -> None:
    ordered = candidate_first(look(*faces), last, since_ms).faces
    assert ordered[0] == first
    assert sorted(map(place_of, ordered)) == sorted(map(place_of, faces))


def events(seen: Callable[[float], Sequence[Face]], seconds: float) -> list[str]:
    """The rules that fire over an exam at 5 looks a second whose faces are `seen` at each second."""
    looks = (
        face_observed("s", seq, START_MS + seq * STEP_MS, tuple(seen(seq * STEP_MS / 1000)))
        for seq in range(round(seconds * 1000 / STEP_MS))
    )
    started = SessionStarted(session="s", capture_ms=START_MS, frame_interval_ms=STEP_MS)
    ended = SessionEnded(session="s", capture_ms=START_MS + round(seconds * 1000), frames_sent=0)
    return [rule for rule, _, _ in closed_events(fold_all(DEFAULT, (started, *looks, ended))[1])]


def test_somebody_nearer_who_looks_aside_is_no_candidate_who_does() -> None:
    """Catches the pose of whoever has the largest face held against the candidate."""
    other = face_at(500, 130.0, yaw_deg=40.0)
    alone, together = (face_at(320),), (other, face_at(320))
    assert events(lambda at_s: together if 12 <= at_s < 18 else alone, 22) == ["multiple_faces"]


def test_the_candidate_who_looks_aside_beside_somebody_is_told() -> None:
    aside = face_at(320, yaw_deg=40.0)
    alone, together = (face_at(320),), (face_at(500, 130.0), aside)
    assert sorted(events(lambda at_s: together if 12 <= at_s < 18 else alone, 22)) == ["looking_away", "multiple_faces"]
