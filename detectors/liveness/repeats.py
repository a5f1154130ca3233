"""A stretch that is played again: the way the picture moves is the way it moved once before.

What is compared is movement (the change of 16 x 12 blocks within half a second, without the change of light of the
whole picture), over 8 s, with every stretch of the last minutes. A person never moves the same way twice; a person who
hardly moves says nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.liveness.thumbnail import COLUMNS, ROWS, Luma

Blocks = NDArray[np.float32]
"""[n, 192]: n thumbnails, or what changed between them."""

STEP_MS = 500
WINDOW = 16
"""Steps that are compared: 8 s."""
HISTORY_MS = 300_000
PHASES = 4
"""A loop is hardly ever a whole number of steps long: the window is tried at quarters of a step."""
LEAST_LAG_MS = 3_000
RECENT_MS = (WINDOW + 2) * STEP_MS
RECENT_STEP_MS = 90
"""Of faster streams not every picture is kept."""
LONGEST_STEP_MS = 8_000
"""After a longer gap the past begins anew."""
CHECK_MS = 2_000
"""A check takes 2 ms."""

# Measured, best cosine of 8 s of movement over all lags: people at a webcam at most 0.41 within their own past, the
# same few people who walk through one room again and again at most 0.82; clips played in a loop, encoded again, 0.84
# (a still head, H.264 at CRF 28) to 1.0.
ALIKE = 0.86
# Noise and what an encoder leaves of it, taken off each block's change: a still head's loop reads 0.78 without.
NOISE_LEVELS = 0.5
# Less movement than this (root mean square, levels a step) is noise; movement within fewer steps than LEAST_STEPS (by
# participation) is an event, such as a lamp, that may well happen twice.
LEAST_MOVEMENT = 0.6
LEAST_STEPS = 2.4
# A sway or a nod comes again by itself: a window in which one part is like (or the reverse of) another one,
# REGULAR_FROM to REGULAR_TO steps later, says nothing either. So no loop shorter than about 6 s is found.
REGULAR = 0.75
REGULAR_FROM, REGULAR_TO = 2, 10
CONFIRMED = 6
"""Checks that must find the same lag, SAME_LAG_MS exact, two for each that does not: with the window, 18 s. Movement
made of a few swings, such as a rendered person's, comes again for 5 to 8 s by chance."""
SAME_LAG_MS = 500


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What a session showed.

    `recent_ms` [m] and `recent` float16 [m, 192]: pictures of the last seconds as they came. `first_ms`: when
    the first of `steps` uint8 [n, 192] was shown, one every STEP_MS. `lag_ms`: how long ago the same
    movement was found, or 0; `found`: by how many checks.
    """

    recent_ms: NDArray[np.int64]
    recent: NDArray[np.float16]
    first_ms: int
    steps: NDArray[np.uint8]
    checked_ms: int
    lag_ms: float = 0.0
    found: int = 0


def past_after(before: Past | None, capture_ms: int, luma: Luma) -> Past:
    """The state after one more picture; one that came too soon or late changes nothing."""
    blocks = luma.reshape(ROWS // 2, 2, COLUMNS // 2, 2).mean(axis=(1, 3)).reshape(1, -1).astype(np.float16)
    if before is None or capture_ms - before.recent_ms[-1] > LONGEST_STEP_MS:
        return _begun(capture_ms, blocks)
    if capture_ms - before.recent_ms[-1] < RECENT_STEP_MS:
        return before
    past = _with_steps(_with_recent(before, capture_ms, blocks))
    return past if capture_ms - past.checked_ms < CHECK_MS else _checked(past, capture_ms)


def is_looped(past: Past) -> bool:
    """Whether what was shown for the last 18 s was shown before."""
    return past.found >= CONFIRMED


def _begun(capture_ms: int, blocks: NDArray[np.float16]) -> Past:
    first_ms = -(-capture_ms // STEP_MS) * STEP_MS
    none = np.empty((0, blocks.shape[1]), np.uint8)
    return Past(np.array([capture_ms], np.int64), blocks, first_ms, none, capture_ms)


def _with_recent(past: Past, capture_ms: int, blocks: NDArray[np.float16]) -> Past:
    kept = past.recent_ms >= capture_ms - RECENT_MS
    recent_ms = np.append(past.recent_ms[kept], capture_ms)
    recent = np.concatenate([past.recent[kept], blocks])
    return Past(recent_ms, recent, past.first_ms, past.steps, past.checked_ms, past.lag_ms, past.found)


def _with_steps(past: Past) -> Past:
    """Keep what was shown at each whole step that has gone by."""
    next_ms = past.first_ms + len(past.steps) * STEP_MS
    times = np.arange(next_ms, int(past.recent_ms[-1]) + 1, STEP_MS)
    if not len(times):
        return past
    new = np.rint(_shown_at(past, times)).astype(np.uint8)
    steps = np.concatenate([past.steps, new])
    gone = max(0, len(steps) - HISTORY_MS // STEP_MS)
    first_ms = past.first_ms + gone * STEP_MS
    return Past(past.recent_ms, past.recent, first_ms, steps[gone:], past.checked_ms, past.lag_ms, past.found)


def _checked(past: Past, now_ms: int) -> Past:
    lag_ms = _lag_found(past)
    if past.found == 0 or (lag_ms and abs(lag_ms - past.lag_ms) <= SAME_LAG_MS):
        found = min(past.found + 1, CONFIRMED + 1) if lag_ms else 0
    else:
        found, lag_ms = max(past.found - 2, 0), past.lag_ms
    return Past(past.recent_ms, past.recent, past.first_ms, past.steps, now_ms, lag_ms, found)


def _lag_found(past: Past) -> float:
    """How long before the last 8 s the picture moved in the same way; 0: never."""
    span_ms = int(past.recent_ms[-1] - past.recent_ms[0])
    if len(past.steps) <= WINDOW or span_ms < (WINDOW + 1) * STEP_MS:
        return 0.0
    history = _movement(past.steps.astype(np.float32))
    sums = np.concatenate([[0.0], np.cumsum((history.astype(np.float64) ** 2).sum(axis=1))])
    energies = sums[WINDOW:] - sums[:-WINDOW]
    found = [_last_alike(past, history, energies, phase * STEP_MS / PHASES) for phase in range(PHASES)]
    return min((lag_ms for lag_ms in found if lag_ms), default=0.0)


def _last_alike(past: Past, history: Blocks, stretches: NDArray[np.float64], back_ms: float) -> float:
    """Lag of the latest stretch that is like the window that ended `back_ms` ago, 0: none is.

    `stretches`: the energy of each one's movement. The latest: what is played a third time is like both plays before.
    """
    times = past.recent_ms[-1] - back_ms - STEP_MS * np.arange(WINDOW, -1, -1)
    window = _movement(_shown_at(past, times))
    energies = (window**2).sum(axis=1)
    if not _says_something(energies):
        return 0.0
    likeness = _products(history, window) / np.sqrt(np.maximum(stretches * float(energies.sum()), 1e-6))
    lags_ms = times[0] - (past.first_ms + STEP_MS * np.arange(len(likeness)))
    likeness[lags_ms < LEAST_LAG_MS] = 0.0
    alike = np.flatnonzero(likeness >= ALIKE)
    return float(lags_ms[alike[-1]]) if len(alike) and not _is_regular(window) else 0.0


def _products(history: Blocks, window: Blocks) -> NDArray[np.float64]:
    """Product of the window's movement with that of each stretch of the history, [len(history) - WINDOW + 1]."""
    stretches = len(history) - WINDOW + 1
    steps = history @ window.T
    return np.asarray(sum(steps[step : step + stretches, step] for step in range(WINDOW)), np.float64)


def _says_something(energies: NDArray[np.float32]) -> bool:
    """Whether there was enough movement, and in enough of the steps."""
    total = float(energies.sum())
    moved = np.sqrt(total / energies.size / (COLUMNS * ROWS / 4))
    return moved >= LEAST_MOVEMENT and total**2 / float((energies**2).sum()) >= LEAST_STEPS


def _is_regular(window: Blocks) -> bool:
    """Whether a part of the movement is like another part of it."""
    products = window @ window.T
    energies = np.diagonal(products)
    for shift in range(REGULAR_FROM, REGULAR_TO + 1):
        shared = float(np.trace(products, offset=shift))
        bound = np.sqrt(float(energies[:-shift].sum()) * float(energies[shift:].sum()))
        if abs(shared) >= REGULAR * max(bound, 1e-6):
            return True
    return False


def _movement(shown: Blocks) -> Blocks:
    """What changed from step to step, without the change of the whole picture's light."""
    change = np.diff(shown, axis=0)
    change -= change.mean(axis=1, keepdims=True)
    return np.asarray(change - np.clip(change, -NOISE_LEVELS, NOISE_LEVELS), np.float32)


def _shown_at(past: Past, times_ms: NDArray[np.int64] | NDArray[np.float64]) -> Blocks:
    """The pictures at these times, between those that were taken before and after."""
    after = np.clip(np.searchsorted(past.recent_ms, times_ms), 1, len(past.recent_ms) - 1)
    left, right = past.recent_ms[after - 1], past.recent_ms[after]
    share = np.clip((times_ms - left) / np.maximum(right - left, 1), 0.0, 1.0)[:, None]
    before = past.recent[after - 1].astype(np.float32)
    return np.asarray(before + (past.recent[after] - before) * share, np.float32)
