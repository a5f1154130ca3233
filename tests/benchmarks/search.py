"""The largest number for which something still holds."""

from collections.abc import Callable


def largest_held(holds: Callable[[int], bool], start: int, most: int, grain: float = 0.05) -> int:
    """Grow by half from `start` until it no longer holds, then halve the interval down to a share `grain`; 0 if never.

    `holds` is assumed to be monotone; each call is one measurement, at most a dozen are made.
    """
    low, high = 0, start
    while high <= most and holds(high):
        low, high = high, max(high + 1, round(high * 1.5))
    high = min(high, most + 1)
    while high - low > max(1, round(grain * low)):
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low
