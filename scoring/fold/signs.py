"""Signs that a picture is not a camera's own: for a person to look at; no rule, no points, no class."""

from collections.abc import Iterator, Sequence

from scoring.fold.state import SessionState
from scoring.rulebook.signal_words import clock

VIRTUAL_CAMERA, CUT = "virtual_camera", "picture_cut"
"""As a verdict's anomalies name them; the former is a source's kind, too."""
MOST_TIMES = 3


def note_source(state: SessionState, source: str) -> None:
    """What the start says of where pictures come from; `state`: the fold's own copy."""
    if source == VIRTUAL_CAMERA:
        state.count(VIRTUAL_CAMERA)


def note_cut(state: SessionState, at_ms: int) -> None:
    """The picture of `at_ms` is another one, room and all; `state`: the fold's own copy."""
    state.count(CUT)
    state.cuts = (*state.cuts, at_ms)[:MOST_TIMES]


def signs(state: SessionState) -> Iterator[str]:
    """Sentences for a person."""
    if VIRTUAL_CAMERA in state.odd:
        yield "The pictures came from a virtual camera: a program, not a device."
    if count := state.odd.get(CUT, 0):
        times = _listed([clock(at_ms - state.start_ms) for at_ms in state.cuts], count)
        yield f"The whole picture changed at once, as from one recording to another: {times}."


def _listed(times: Sequence[str], count: int) -> str:
    more = f" and {count - len(times)} times more" if count > len(times) else ""
    return f"at {', '.join(times)}{more}"
