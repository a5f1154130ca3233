"""Why an event fired, in sentences for a person: what the rule asks, what was seen, what would have kept it away."""

import math

from sinks.report.model import Evidence, ReportEvent
from sinks.report.wording import amount, clock, is_flag, named, percent, seconds

_TOGETHER = ("combination", "sequence")
_WINDOWED = ("share", "rate", "calibration", *_TOGETHER)
_KINDS = {"share": "share", "starts": "rate", "window_ms": "combination"}


def rule_sentence(event: ReportEvent) -> str:
    """The rule in the words of its policy, or by its name and its threshold."""
    if event.asks:
        return f"{event.says or named(event.rule)}: {event.asks}."
    hold = f", held for {seconds(event.hold_ms)}" if event.hold_ms else ""
    return f"{named(event.rule)}: {named(event.signal).lower()} against {limit(event)}{hold}."


def observed_sentence(event: ReportEvent) -> str:
    """The extreme against the threshold that was applied, how long, where, how sure, how often it cost its points."""
    if not event.closed:
        return f"It fired at {clock(event.fired_ms)}; its end was not seen."
    told = [f"{measured_name(event)} {against(event)}".strip().capitalize()]
    told += [f"to the {event.direction} in the picture"] if event.direction in ("left", "right") else []
    told += [f"{event.direction} in the picture"] if event.direction in ("up", "down") else []
    told += [f"seen for {seconds(event.held_ms)} of {seconds(event.end_ms - event.start_ms)}"] if event.held_ms else []
    told += [f"confidence {percent(event.confidence)}"] if math.isfinite(event.confidence) else []
    again = f"{event.repeats} more {'time' if event.repeats == 1 else 'times'}"
    told += [f"its points were due {again} while it went on"] if event.repeats else []
    return f"{', '.join(told)}."


def unless_sentence(event: ReportEvent) -> str:
    """The smallest change of one number of the rule with which it would not have fired; empty when there is none.

    Numbers are rounded to the side on which the sentence stays true.
    """
    if event.unless is None or (event.unless.field == "threshold" and is_flag(event.signal)):
        return ""
    value = event.unless.value
    match event.unless.field:
        case "hold_ms":
            change = f"a hold of {_seconds_over(value)} instead of {seconds(event.hold_ms)}"
        case "threshold":
            change = f"a threshold of {amount(_over(value), event.signal)} instead of {limit(event)}"
        case "share":
            change = f"a share of {percent(_over(value))} instead of {limit(event)}"
        case "starts":
            change = f"{value:.0f} starts instead of {limit(event)}"
        case "window_ms":
            instead = f" instead of {seconds(event.window_ms)}" if event.window_ms else ""
            change = f"a window of {math.floor(value / 100) / 10:.1f}\u00a0s{instead}"
    return f"With {change} it would not have fired."


def frame_words(frame: Evidence) -> str:
    """ "123 at 1:01.5, partition 3 offset 1123": how the frame is found in the log while it is kept."""
    place = f", partition {frame.partition} offset {frame.offset}" if frame.offset >= 0 else ""
    return f"{frame.seq} at {clock(frame.at_ms)}{place}"


def against(event: ReportEvent) -> str:
    """The extreme that was observed against the threshold that was applied, in the unit of what the rule measures.

    Empty for a signal that is or is not.
    """
    kind = _kind_of(event)
    if kind in _TOGETHER:
        return f"all {event.peak:.0f} together" if math.isfinite(event.peak) else "all together"
    if kind not in _WINDOWED and is_flag(event.signal):
        return ""
    often = {"share": " of the time", "rate": " times"}.get(kind, "")
    return f"{_measured(event, event.peak)}{often} against {limit(event)}"


def measured_name(event: ReportEvent) -> str:
    """What the rule measures; empty when it is several things together."""
    return "" if _kind_of(event) in _TOGETHER else named(event.signal)


def limit(event: ReportEvent) -> str:
    """The threshold that was applied, in the same unit."""
    return _measured(event, event.threshold)


def _measured(event: ReportEvent, value: float) -> str:
    """A rule over a window measures a share or a count, whatever its signal is measured in."""
    kind = _kind_of(event)
    if kind in ("share", "calibration"):
        return percent(value)
    return amount(value, "" if kind in ("rate", *_TOGETHER) else event.signal)


def _kind_of(event: ReportEvent) -> str:
    """The rule's kind; of a rule whose words are not known what its counterfactual betrays."""
    return event.kind or (_KINDS.get(event.unless.field, "") if event.unless else "")


def _over(value: float) -> float:
    """The next number of two digits that is not below."""
    return math.ceil(value * 100 - 1e-9) / 100 if math.isfinite(value) else value


def _seconds_over(ms: float) -> str:
    return seconds(math.ceil(ms / 100) * 100)
