"""How a report speaks: clocks, amounts and names for people."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from scoring.rulebook.signals import FLAGS

HEADLINES: Mapping[str, str] = {
    "CLEAN": "The rules found nothing that needs a second look.",
    "BORDERLINE": "A short look at the marked moments is enough.",
    "SUSPICIOUS": "A person should look at the marked moments.",
    "HIGH_RISK": "A person should review this exam first.",
    "INCONCLUSIVE": "Too little could be seen to judge. That is no sign of misconduct.",
}
BLIND_NAMES: Mapping[str, str] = {
    "unseen": "Face not seen",
    "dropped": "Frames lost",
    "unrecorded": "Nothing recorded",
}
MINUS = "\u2212"
_UNITS = (("_deg", "°"), ("_ms", " ms"), ("_dbfs", " dBFS"), ("_share", ""))
_SIGNALS: Mapping[str, str] = {
    "face_count": "faces",
    "face_width": "width of the face",
    "frozen": "picture frozen",
    "looped": "picture shown again",
    "framed": "picture between bars",
    "covered": "camera covered",
    "turned_away": "face turned away",
    "head_yaw": "head sideways",
    "head_pitch": "head up or down",
    "head_roll": "head tilted",
    "head_turn": "head turned or tilted",
    "sight": "head and eyes sideways",
    "sight_left": "head and eyes left",
    "sight_right": "head and eyes right",
    "gaze_x": "eyes sideways",
    "gaze_y": "eyes up or down",
    "gaze_left": "eyes left",
    "gaze_right": "eyes right",
    "gaze_up": "eyes up",
    "gaze_down": "eyes down",
    "identity": "likeness to the registered face",
    "level_dbfs": "sound level",
}
_ANGLES = ("head_", "sight")  # signals of poses, in degrees
_KINDS = (("object:", ""), ("second:", "second "))  # the best box of a label, and the second best


def clock(ms: int) -> str:
    """Minutes, seconds and tenths: 61 500 -> "1:01.5"; with hours from one hour on."""
    tenths = max(0, ms) // 100
    hours, minutes, seconds = tenths // 36_000, tenths // 600 % 60, tenths % 600 / 10
    return f"{hours}:{minutes:02d}:{seconds:04.1f}" if hours else f"{minutes}:{seconds:04.1f}"


def axis_clock(ms: int) -> str:
    """Like `clock`, without tenths."""
    return clock(ms).rsplit(".", 1)[0]


def seconds(ms: int) -> str:
    """A duration: "6.5 s" (unbroken); from 100 s on as a clock."""
    return f"{ms / 1000:.1f}\u00a0s" if ms < 100_000 else clock(ms)


def named(identifier: str) -> str:
    """A rule, signal or behaviour for people: "looking_away" -> "Looking away", "object:phone" -> "Phone"; no units."""
    identifier = _SIGNALS.get(identifier, identifier)
    for suffix, _ in _UNITS:
        identifier = identifier.removesuffix(suffix)
    for prefix, word in _KINDS:
        if identifier.startswith(prefix):
            identifier = word + identifier.removeprefix(prefix)
    words = identifier.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def amount(number: float, signal: str = "") -> str:
    """A number in its signal's unit, at most two decimals; a dash when it is not known."""
    if not math.isfinite(number):
        return "–"
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return f"{'0' if text == '-0' else text.replace('-', MINUS)}{_unit_of(signal)}"


def is_flag(signal: str) -> bool:
    """Whether a signal is or is not, so that its number says nothing."""
    return signal in FLAGS


def _unit_of(signal: str) -> str:
    if signal.startswith(_ANGLES):
        return "°"
    return next((unit for suffix, unit in _UNITS if signal.endswith(suffix)), "")


def percent(share: float) -> str:
    """A share 0-1: "93 %" (unbroken)."""
    return f"{share * 100:.0f}\u00a0%" if math.isfinite(share) else "–"


def moment(epoch_ms: int) -> str:
    """A capture time in UTC; empty when no calendar holds it."""
    try:
        return datetime.fromtimestamp(epoch_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return ""
