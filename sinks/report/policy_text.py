"""The words of a policy: what its rules say and ask for, from the document that the session's start carries."""

import math
from collections.abc import Iterable, Mapping

import msgspec

from sinks.report.wording import amount, is_flag, named, percent, seconds

# What calibration calls a deviation's measure, and the signals of its sides.
_MEASURES: Mapping[str, tuple[str, ...]] = {
    "yaw_deg": ("head_yaw", "head_left", "head_right"),
    "pitch_deg": ("head_pitch", "head_up", "head_down"),
    "roll_deg": ("head_roll",),
    "gaze_x": ("gaze_x", "gaze_left", "gaze_right"),
    "gaze_y": ("gaze_y", "gaze_up", "gaze_down"),
    "mouth_openness": ("mouth_change",),
    "sight_yaw_deg": ("sight", "sight_left", "sight_right"),
}
_MEASURE_OF = {signal: measure for measure, signals in _MEASURES.items() for signal in signals}


class ComparisonText(msgspec.Struct, frozen=True):
    """One comparison of a signal."""

    signal: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def threshold(self) -> float:
        """The policy's, for everybody."""
        return self.at_least if self.at_least is not None else self.at_most or 0.0

    @property
    def words(self) -> str:
        """ "head sideways at least 20°"; "tab hidden" for what is or is not."""
        name = named(self.signal).lower()
        if is_flag(self.signal) and self.at_least is not None:
            return name
        side = "at least" if self.at_least is not None else "at most"
        return f"{name} {side} {amount(self.threshold, self.signal)}"


class PartText(msgspec.Struct, frozen=True):
    """One of several things that must come together."""

    says: str
    when: tuple[ComparisonText, ...] = ()


class RuleText(msgspec.Struct, frozen=True):
    """One rule as far as a report speaks of it; what its kind does not have is empty."""

    says: str = ""
    kind: str = ""
    when: tuple[ComparisonText, ...] = ()
    only_if: tuple[ComparisonText, ...] = ()
    parts: tuple[PartText, ...] = ()
    refused: tuple[str, ...] = ()
    hold_ms: int = 0
    window_ms: int = 0
    share: float = 0.0
    starts: int = 0

    @property
    def asks(self) -> str:
        """What it takes for the rule to fire, as a phrase; empty when it is not known."""
        found, beside = self._found(), f", while {_any_of(self.only_if, ' and ')}" if self.only_if else ""
        return f"{found}{self._long_enough()}{beside}" if found else ""

    def _found(self) -> str:
        if self.kind == "calibration":
            reasons = ", ".join(named(reason).lower() for reason in self.refused)
            return f"{percent(self.share)} of the frames of calibration refused ({reasons})"
        return " and ".join(part.says.lower() for part in self.parts) or _any_of(self.when, " or ")

    def _long_enough(self) -> str:
        match self.kind:
            case "held":
                return f", for {seconds(self.hold_ms)}"
            case "share":
                return f", for {percent(self.share)} of {seconds(self.window_ms)}"
            case "rate":
                return f", {self.starts} times within {seconds(self.window_ms)}"
            case "combination":
                return f", within {seconds(self.window_ms)}"
            case "sequence":
                return f", in this order within {seconds(self.window_ms)}"
        return ""


class CalibrationText(msgspec.Struct, frozen=True):
    """How wide a restless person's thresholds become: `spreads` of their own, at most `widest` times the policy's."""

    spreads: float = 0.0
    widest: float = 1.0


class PolicyText(msgspec.Struct, frozen=True):
    """What a report needs of a policy; its other fields are passed over."""

    rules: dict[str, RuleText] = {}
    calibration: CalibrationText = CalibrationText()

    def rule(self, name: str) -> RuleText:
        """The rule of that name; without words when the policy is not known."""
        return self.rules.get(name, RuleText())


def read_policy_text(document: str) -> PolicyText:
    """The words of a canonical document; none when there is no document, or one that this program cannot read."""
    try:
        return msgspec.json.decode(document.encode(), type=PolicyText) if document else PolicyText()
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return PolicyText()


def personal_thresholds(text: PolicyText, spread: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """By rule and signal, the threshold for somebody with this spread: as the fold widens it.

    A deviation's is the policy's, or `spreads` of the person's own spreads, at most `widest` times the policy's.
    """
    return {
        name: {test.signal: _widened(test, text.calibration, spread) for test in _tests_of(rule)}
        for name, rule in sorted(text.rules.items())
    }


def _tests_of(rule: RuleText) -> Iterable[ComparisonText]:
    return (*rule.when, *(test for part in rule.parts for test in part.when))


def _widened(test: ComparisonText, calibration: CalibrationText, spread: Mapping[str, float]) -> float:
    measure = _MEASURE_OF.get(test.signal)
    own = round(spread.get(measure, 0.0) * calibration.spreads, 4) if measure else -math.inf
    if test.at_least is None or own <= test.threshold:
        return test.threshold
    return min(own, round(test.threshold * calibration.widest, 4))


def _any_of(tests: Iterable[ComparisonText], between: str) -> str:
    return between.join(test.words for test in tests)
