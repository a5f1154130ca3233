"""What a comparison of a policy looks at, in words for people who never saw a policy."""

from collections.abc import Sequence
from typing import NamedTuple

from scoring.rulebook.rule_document import Comparison
from scoring.rulebook.signals import OBJECT, SECOND


class Measured(NamedTuple):
    """A number that is compared: what it is of, how many of the words' units one of it makes, and the unit."""

    what: str
    scale: float
    unit: str


_EYE = " % of the eye's width"
_MEASURED = {
    "head_yaw": Measured("the head's turn to either side", 1, "°"),
    "head_pitch": Measured("the head's turn up or down", 1, "°"),
    "head_roll": Measured("the head's tilt to either side", 1, "°"),
    "head_turn": Measured("the head's turn and tilt to either side together", 1, "°"),
    "head_left": Measured("the head's turn to the picture's left", 1, "°"),
    "head_right": Measured("the head's turn to the picture's right", 1, "°"),
    "head_up": Measured("the head's turn upwards", 1, "°"),
    "head_down": Measured("the head's turn downwards", 1, "°"),
    "gaze_x": Measured("the eyes' turn to either side", 100, _EYE),
    "gaze_y": Measured("the eyes' turn up or down", 100, _EYE),
    "gaze_left": Measured("the eyes' turn to the picture's left", 100, _EYE),
    "gaze_right": Measured("the eyes' turn to the picture's right", 100, _EYE),
    "gaze_up": Measured("the eyes' turn upwards", 100, _EYE),
    "gaze_down": Measured("the eyes' turn downwards", 100, _EYE),
    "sight": Measured("the turn of head and eyes together to either side", 1, "°"),
    "sight_left": Measured("the turn of head and eyes together to the picture's left", 1, "°"),
    "sight_right": Measured("the turn of head and eyes together to the picture's right", 1, "°"),
    "eye_openness": Measured("the opening of the eyes", 100, " % of the person's usual one"),
    "mouth_openness": Measured("the opening of the mouth", 100, " % of the person's usual one"),
    "mouth_change": Measured("the change of the mouth's opening from look to look", 100, " % of its width"),
    "face_width": Measured("the face's width", 100, " % of the picture's"),
    "brightness": Measured("the picture's brightness", 1, " of 255"),
    "sharpness": Measured("the picture's sharpness", 1, ""),
    "absent": Measured("the certainty that nobody is in the picture", 100, " %"),
    "turned_away": Measured("the certainty that somebody is there whose face cannot be seen", 100, " %"),
    "hand_at_face": Measured("the certainty that a hand is at the face or ear", 100, " %"),
    "hand_signal": Measured("the certainty that a hand gives a signal", 100, " %"),
    "hand_holding": Measured("the certainty that a hand holds something", 100, " %"),
    "speech": Measured("the share of sound that is speech", 100, " %"),
    "other_voice": Measured("the certainty that somebody else speaks", 100, " %"),
    "level_dbfs": Measured("the loudness", 1, " dBFS"),
    "identity": Measured("the likeness to the registered face", 1, " (1 is the same, 0 a stranger)"),
}
_STATES = {
    "frozen": "nothing moves in the picture",
    "looped": "the last seconds of the picture were shown before",
    "framed": "the picture lies between bars",
    "covered": "the camera shows no detail",
    "tab_hidden": "the exam's tab is not in front",
    "window_blurred": "another window is being worked in",
    "fullscreen_left": "the exam is not in full screen",
    "second_display": "a second display is connected",
    "network_lost": "the page has no network",
    "copied": "something is copied",
    "pasted": "something is pasted",
}


_SEVERAL = ("earbuds", "headphones", "notes")


def any_of(tests: Sequence[Comparison]) -> str:
    """The comparisons of which one must be true."""
    return "; or ".join(compared(test) for test in tests)


def all_of(tests: Sequence[Comparison]) -> str:
    """The comparisons that must all be true."""
    return " and ".join(compared(test) for test in tests)


def compared(test: Comparison) -> str:
    """One comparison as a clause: "the head's turn to either side is 20° or more, until it is under 15°"."""
    if test.signal.startswith((OBJECT, SECOND)):
        return _limited(test, Measured(f"the certainty that {_thing(test.signal)} in view", 100, " %"))
    if test.signal == "face_count":
        return _counted(test)
    if test.signal in _STATES:
        is_meant = (test.at_least or 0.0) > 0.0
        return _STATES[test.signal] if is_meant else f"it is not so that {_STATES[test.signal]}"
    return _limited(test, _MEASURED.get(test.signal, Measured(test.signal, 1, "")))


def _thing(signal: str) -> str:
    """The object with its verb."""
    prefix, _, label = signal.partition(":")
    words = label.replace("_", " ")
    if prefix + ":" == SECOND:
        return f"a second {words} is"
    return f"{words} are" if label in _SEVERAL else f"a {words} is"


def _limited(test: Comparison, measured: Measured) -> str:
    side, back = ("more", "under") if test.at_least is not None else ("less", "over")
    limit = test.at_least if test.at_least is not None else test.at_most or 0.0
    clause = f"{measured.what} is {_number(limit, measured)} or {side}"
    if test.until is None:
        return clause
    short = measured._replace(unit=" %") if measured.unit.startswith(" %") else measured
    return f"{clause}, until it is {back} {_number(test.until, short)}"


def _number(value: float, measured: Measured) -> str:
    return f"{round(value * measured.scale, 4):g}{measured.unit}"


def _counted(test: Comparison) -> str:
    if test.at_least is not None:
        return f"{test.at_least:g} or more faces are in the picture"
    return "no face is in the picture" if not test.at_most else f"at most {test.at_most:g} faces are in the picture"


def clock(at_ms: int) -> str:
    """Minutes and seconds since the session's start, hours when there are any."""
    minutes, seconds = divmod(max(at_ms, 0) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
