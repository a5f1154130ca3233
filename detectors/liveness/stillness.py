"""A picture that stands still: nothing but what an encoder does to a frozen picture has changed for seconds."""

from dataclasses import dataclass

import numpy as np

from detectors.liveness.thumbnail import Luma

# Measured over 3 s on webcam clips: the block that changes most changes by 18 levels and more where a person sits, even
# one who tries to sit still; frozen pictures that were encoded again (H.264 CRF 20-35, JPEG whose quality varies from
# 60 to 87, 2-30 fps) by at most 2 between key frames. An empty room in compressed video reaches 2.2 in its stillest
# 3 s: it can look frozen for a moment, for less than the 5 s that a rule waits for.
STILL_LEVELS = 2.5
STILL_MS = 3_000
# A key frame renews a frozen picture every few seconds, and then by up to 9 levels at once.
RENEWED_LEVELS = 10.0
RENEWED_EVERY_MS = 2_000
LONGEST_STEP_MS = 2_000
"""Pictures further apart say nothing about what was between."""


@dataclass(frozen=True, slots=True, eq=False)
class Stillness:
    """`anchor`: the picture that others are compared with; still since `since_ms`; renewed last at `renewed_ms`."""

    anchor: Luma
    since_ms: int
    renewed_ms: int
    last_ms: int


def still_after(before: Stillness | None, capture_ms: int, luma: Luma) -> Stillness:
    """The state after one more picture."""
    if before is None or not 0 <= capture_ms - before.last_ms <= LONGEST_STEP_MS:
        return Stillness(luma, capture_ms, capture_ms, capture_ms)
    change = float(np.abs(luma - before.anchor).max())
    if change <= STILL_LEVELS:
        return Stillness(before.anchor, before.since_ms, before.renewed_ms, capture_ms)
    if change <= RENEWED_LEVELS and capture_ms - before.renewed_ms >= RENEWED_EVERY_MS:
        return Stillness(luma, before.since_ms, capture_ms, capture_ms)
    return Stillness(luma, capture_ms, capture_ms, capture_ms)


def is_frozen(state: Stillness) -> bool:
    """Whether it has stood still for long enough."""
    return state.last_ms - state.since_ms >= STILL_MS
