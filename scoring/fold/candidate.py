"""Whose face is the candidate's when several are seen: the one where the candidate's was, not the largest.

Who leans in from the side may come nearer to the camera than the candidate; that they look aside, talk or close their
eyes is not the candidate's doing.
"""

from math import hypot

from msgspec.structs import replace

from detectors.messages import Face, FaceObserved

STAYS_MS = 2_000
"""Chosen: for so long nobody changes places unseen."""
MOVES = 1.0
"""Widths of a face that the candidate's may move by from look to look; measured: 0.6 by people who lean about at 2
looks a second."""

Place = tuple[float, float]


def place_of(face: Face) -> Place:
    """The middle of a face in pixels."""
    x1, y1, x2, y2 = face.box_xyxy
    return (x1 + x2) / 2, (y1 + y2) / 2


def candidate_first(seen: FaceObserved, last: Place | None, since_ms: int) -> FaceObserved:
    """The look with the candidate's face before the others; `last`: where it was, `since_ms` ago."""
    if len(seen.faces) < 2 or last is None or since_ms > STAYS_MS:
        return seen
    nearest = min(seen.faces, key=lambda face: _apart(face, last))
    if nearest is seen.faces[0] or _apart(nearest, last) > MOVES * (nearest.box_xyxy[2] - nearest.box_xyxy[0]):
        return seen
    return replace(seen, faces=(nearest, *(face for face in seen.faces if face is not nearest)))


def _apart(face: Face, last: Place) -> float:
    x, y = place_of(face)
    return hypot(x - last[0], y - last[1])
