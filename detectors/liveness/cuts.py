"""A cut: from one moment to the next another picture, room and all, as when a switcher goes from one source to another.

A person changes only part of the picture within half a second, a lamp its levels and not what it shows. A session that
loses frames for longer than a second, or whose lens is covered, says nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.liveness.detail import is_covered
from detectors.liveness.thumbnail import COLUMNS, ROWS, Luma

# Measured on 4.4 minutes of webcam clips, over every half second of them: where people move, lean close and walk
# through a room, 0.65 and more of the blocks stay; at 63 cuts to another room or picture 0.49 at most.
STAYS_LEVELS = 8.0
LEAST_STAYS = 0.55
# Somebody who fills half of the picture and gets up changes as much, and leaves the walls as they are: of the blocks at
# the upper edge and the upper two thirds of the sides 0.56 and more stay (0.64 in the clips), at 62 cuts 0.46 at most.
LEAST_WALLS_STAY = 0.51
WALLS = np.zeros((ROWS, COLUMNS), bool)
WALLS[:3], WALLS[:16, :4], WALLS[:16, -4:] = True, True, True
# ... and the likeness (correlation) of the pictures on both sides of such a cut is -0.16 to 0.59. Of 700 drawn lamps
# (gain 0.6 to 1.5, half of them from one side, shifted by up to 15 levels, clipped) 1 % lowered it below 0.7.
ALIKE = 0.65
Blocks = NDArray[np.uint8]
"""A thumbnail as it came: a quarter of what is computed with."""

APART_MS = 400
"""Fades of switchers take 300 ms: pictures nearer to each other are not compared."""
LONGEST_APART_MS = 1_000
RECENT_STEP_MS = 90


@dataclass(frozen=True, slots=True, eq=False)
class Shots:
    """The pictures of the last second, oldest first, none from before the last cut, at `cut_ms`; up to 8 KB."""

    recent: tuple[tuple[int, Blocks], ...] = ()
    cut_ms: int | None = None


def shots_after(before: Shots | None, capture_ms: int, luma: Luma) -> Shots:
    """The state after one more picture."""
    before = before or Shots()
    recent = tuple(one for one in before.recent if capture_ms - one[0] <= LONGEST_APART_MS)
    latest = next((old for at_ms, old in reversed(recent) if capture_ms - at_ms >= APART_MS), None)
    if latest is not None and _are_cut(latest.astype(np.float32), luma):
        return Shots(((capture_ms, luma.astype(np.uint8)),), capture_ms)
    if recent and capture_ms - recent[-1][0] < RECENT_STEP_MS:
        return Shots(recent, before.cut_ms)
    return Shots((*recent, (capture_ms, luma.astype(np.uint8))), before.cut_ms)


def is_cut(shots: Shots, capture_ms: int) -> bool:
    """Whether the picture of `capture_ms`, the last one, is the first behind a cut."""
    return shots.cut_ms == capture_ms


def _are_cut(old: Luma, new: Luma) -> bool:
    if _likeness(old, new) >= ALIKE or is_covered(old) or is_covered(new):
        return False
    return _staying(new - old) < LEAST_STAYS and _staying((new - old)[WALLS]) < LEAST_WALLS_STAY


def _staying(change: NDArray[np.float32]) -> float:
    """The share of blocks that stay as they were, apart from the light of them all."""
    return float((np.abs(change - np.median(change)) < STAYS_LEVELS).mean())


def _likeness(old: Luma, new: Luma) -> float:
    """Correlation, -1 to 1: gain and shift of the whole fall out."""
    one, other = old - old.mean(), new - new.mean()
    return float((one * other).sum() / max(float(np.sqrt((one**2).sum() * (other**2).sum())), 1e-6))
