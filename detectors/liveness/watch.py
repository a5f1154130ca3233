"""One session's thumbnails in the order of its frames, and what they say together."""

from dataclasses import dataclass

from detectors.liveness.borders import Bars, bars_after, is_framed
from detectors.liveness.cuts import Shots, is_cut, shots_after
from detectors.liveness.detail import is_covered
from detectors.liveness.repeats import Past, is_looped, past_after
from detectors.liveness.stillness import Stillness, is_frozen, still_after
from detectors.liveness.thumbnail import luma_of


@dataclass(frozen=True, slots=True)
class Liveness:
    """`frozen`: nothing has moved for 3 s. `looped`: the last 18 s were shown before. `framed`: between bars for 5 s.

    `covered`: no detail in this picture. `cut`: it is the first of another picture, room and all.
    """

    frozen: bool = False
    looped: bool = False
    framed: bool = False
    covered: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """What is remembered of one session; the empty one begins it."""

    last_ms: int | None = None
    stillness: Stillness | None = None
    past: Past | None = None
    bars: Bars | None = None
    shots: Shots | None = None


def watch(before: Watched, capture_ms: int, packed: bytes) -> tuple[Watched, Liveness]:
    """The state after one more picture of a session, given by its thumbnail, and what is true now.

    A picture from before the last one begins the session anew. Raises: ValueError when the thumbnail has another size.
    """
    luma = luma_of(packed)
    if before.last_ms is not None and capture_ms < before.last_ms:
        before = Watched()
    stillness = still_after(before.stillness, capture_ms, luma)
    past = past_after(before.past, capture_ms, luma)
    bars = bars_after(before.bars, capture_ms, luma)
    shots = shots_after(before.shots, capture_ms, luma)
    frozen, looped, framed = is_frozen(stillness), is_looped(past), is_framed(bars)
    return (
        Watched(capture_ms, stillness, past, bars, shots),
        Liveness(frozen, looped, framed, is_covered(luma), is_cut(shots, capture_ms)),
    )
