"""A policy in words, for a reviewer or a candidate: what is watched, how long, what it costs, what ends it, and what
each rule does not do."""

from collections.abc import Iterator
from dataclasses import dataclass

from scoring.rulebook.accommodations import Accommodation, Break, Helper, Looser, MedicalDevice, RulesOff
from scoring.rulebook.policy_document import PolicyDocument
from scoring.rulebook.rule_document import (
    CalibrationRule,
    CombinationRule,
    HeldRule,
    ImmediateRule,
    RateRule,
    Rule,
    SequenceRule,
    ShareRule,
    tests_of,
)
from scoring.rulebook.signal_words import all_of, any_of, clock
from scoring.rulebook.signals import SIDES, SPREADS, STREAMS, Stream, source_of

_REFUSALS = {
    "dark_or_blurred": "the picture was too dark or without detail",
    "no_face": "there was no face",
    "several_faces": "there were several faces",
    "small_face": "the face was too small",
    "turned_away": "the head was turned or tilted",
    "pitched_away": "the head was raised or bowed",
    "eyes_closed": "the eyes were closed",
    "looking_aside": "the eyes looked aside",
    "moving": "the head moved",
    "frozen": "the picture stood still",
    "doubtful": "the face was cut off or hard to read",
}
_LIMITS: dict[Stream, str] = {
    "faces": "It does not know who the person is and says nothing about feelings, age or origin.",
    "objects": "It does not read what is written or shown on anything.",
    "hands": "It does not read sign language or say what was meant.",
    "speech": "It does not record or understand what is said.",
    "identity": "It compares with the picture registered for this session alone, which is deleted with it.",
    "browser": "It does not see other pages, other programs or what was copied.",
}


@dataclass(frozen=True, slots=True)
class RuleWords:
    """One rule in sentences; `limits`: what it does not do."""

    name: str
    title: str
    watched: str
    counts: str
    costs: str
    ends: str
    limits: str

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """(what it is about, sentences), in the order in which they are read."""
        return (
            ("Watched", self.watched),
            ("Counts", self.counts),
            ("Costs", self.costs),
            ("Ends", self.ends),
            ("Does not", self.limits),
        )


def rule_words(spec: PolicyDocument) -> tuple[RuleWords, ...]:
    """Every enabled rule, what costs most first."""
    enabled = [(name, rule) for name, rule in spec.rules.items() if rule.enabled]
    enabled.sort(key=lambda named: (named[1].about != "conduct", -named[1].points, named[0]))
    return tuple(
        RuleWords(name, rule.says, _watched(rule), _counts(rule), _costs(spec, rule), _ends(rule), _limits(spec, rule))
        for name, rule in enabled
    )


def _watched(rule: Rule) -> str:
    match rule:
        case CombinationRule():
            parts = " together with ".join(f"{part.says} ({any_of(part.when)})" for part in rule.parts)
            return f"{_capital(parts)}."
        case SequenceRule():
            parts = ", then ".join(f"{part.says} ({any_of(part.when)})" for part in rule.parts)
            return f"{_capital(parts)}."
        case CalibrationRule():
            return f"During calibration, whether {' or '.join(_REFUSALS[reason] for reason in rule.refused)}."
    only = f" Only while {all_of(rule.only_if)}." if rule.only_if else ""
    trust = f" Judged only while {all_of(rule.trust)}." if rule.trust else ""
    return f"Whether {any_of(rule.when)}.{only}{trust}"


def _counts(rule: Rule) -> str:
    match rule:
        case HeldRule():
            bridged = f"; interruptions of up to {_s(rule.gap_ms)} are bridged" if rule.gap_ms else ""
            return f"Once it has lasted for {_s(rule.hold_ms)}{bridged}." if rule.hold_ms else "At once."
        case ImmediateRule():
            return "At once."
        case ShareRule():
            return f"Once it was so for {rule.share:.0%} of the last {_s(rule.window_ms)}.".replace("%", " %")
        case RateRule():
            glance = f", each {_s(rule.shortest_ms)} to {_s(rule.longest_ms)} long" if rule.longest_ms else ""
            return f"Once it began {rule.starts} times within {_s(rule.window_ms)}{glance}."
        case CombinationRule():
            return f"Once all of it was seen within {_s(rule.window_ms)}."
        case SequenceRule():
            return f"Once it was seen in this order, from the first to the last within {_s(rule.window_ms)}."
        case CalibrationRule():
            return f"When calibration ends, if that was so for {rule.share:.0%} of its frames.".replace("%", " %")


def _costs(spec: PolicyDocument, rule: Rule) -> str:
    if not rule.points:
        return "Nothing. It is noted for the reviewer."
    s = "s" if rule.points == 1 else ""
    fade = f"fade{s} by {spec.score.decay_per_s:g} a second while nothing is wrong"
    risk = f"{_points(rule.points)} of risk that " + (f"stay{s}" if rule.permanent else fade)
    again = f", and again for each further {_s(rule.repeat_ms)} that it goes on" if rule.repeat_ms else ""
    cap = f" Integrity falls by the same points, by {rule.cap:g} at most over the whole session."
    return f"{_capital(risk)}{again}.{cap}"


def _ends(rule: Rule) -> str:
    again = f" The next one counts {_s(rule.cooldown_ms)} after that at the earliest." if rule.cooldown_ms else ""
    match rule:
        case HeldRule() | ImmediateRule():
            after = f", when it has been over for {_s(rule.clear_ms)}" if rule.clear_ms else ""
            return f"At the last moment at which it was seen{after}.{again}"
        case ShareRule():
            return f"When it was so for less than {rule.until_share:.0%} of that time.".replace("%", " %") + again
        case CalibrationRule():
            return "With calibration; it happens once."
        case _:
            return f"When it has not come again for {_s(rule.window_ms)}.{again}"


def _limits(spec: PolicyDocument, rule: Rule) -> str:
    return " ".join(_limits_of(spec, rule))


def _limits_of(spec: PolicyDocument, rule: Rule) -> Iterator[str]:
    sources = [source for test in tests_of(rule) if (source := source_of(test.signal))]
    streams = {source.stream for source in sources}
    if isinstance(rule, CalibrationRule):
        yield "It does not judge anything after calibration. A calibration that fails costs nothing by itself."
        return
    if any(source.needs != "anything" for source in sources):
        yield "What cannot be seen (too dark, blurred, too small, no frame) is not held against anybody."
    if any(source.slot in SPREADS for source in sources):
        wider = f"a restless person's limits are up to {spec.calibration.widest:g} times as wide"
        yield f"It does not compare with other people: turns are measured from the person's own position, and {wider}."
    if any(test.signal in _GAZES for test in tests_of(rule)):
        yield "Closed eyes do not count as looking anywhere."
    if rule.about != "quality":
        yield from (_LIMITS[stream] for stream in STREAMS if stream in streams)
    else:
        yield "It is about the picture or the line, not about what somebody did."
    if rule.about == "state":
        yield "It is about how somebody is, not about what they did."
    if rule.optional:
        yield "Where this is not watched at all, nothing is missing."


_GAZES = {"gaze_x", "gaze_y", *(side for side, (slot, _) in SIDES.items() if slot.startswith("gaze"))}


def policy_words(spec: PolicyDocument) -> tuple[str, ...]:
    """What holds for the whole session, in sentences."""
    return tuple(_overall(spec))


def _overall(spec: PolicyDocument) -> Iterator[str]:
    classes, calibration = spec.classes, spec.calibration
    if calibration.duration_ms:
        second = ", and once more as long if that fails" if calibration.extensions else ""
        yield (
            f"The first {_s(calibration.duration_ms)} are calibration{second}: how this person sits and looks at work. "
            "Head and eyes are judged only after it; without a usable one an average person's position is used."
        )
    yield "Every point that is found is taken from integrity, which begins at 100."
    yield (
        f"The class follows from confidence, 1 - exp(-points / {classes.confidence_points:g}): CLEAN under "
        f"{classes.borderline:g}, BORDERLINE from there, SUSPICIOUS from {classes.suspicious:g}, HIGH_RISK from "
        f"{classes.high_risk:g}."
    )
    yield (
        f"If the rules could judge less than {spec.coverage_floor:.0%} of the session, the verdict is INCONCLUSIVE, "
        "whatever was found.".replace("%", " %")
    )
    if spec.attention is not None:
        levels = sorted(spec.attention.levels.items(), key=lambda level: -level[1])
        named = ", ".join(f"{name} from {least:g}" for name, least in levels)
        yield f"Attention runs from 0 to 100 ({named}; {spec.attention.absent} without a face) and costs nothing."
    if spec.activity is not None:
        alerts, window = spec.activity.alerts, _s(spec.activity.window_ms)
        yield f"{alerts} events that begin within {window} are shown as a period of high activity."
    yield "A verdict is a recommendation to a person, never a decision."


def accommodation_words(one: Accommodation) -> str:
    """What somebody is allowed, in one sentence."""
    match one:
        case RulesOff():
            what = f"Not counted: {', '.join(one.rules)}"
        case Looser():
            hold = [f"it must last for {_s(one.hold_ms)}"] if one.hold_ms is not None else []
            limits = [f"{signal} counts from {limit:g}" for signal, limit in sorted(one.thresholds.items())]
            what = f"{one.rule} is judged less strictly: {', '.join([*hold, *limits])}"
        case Break():
            what = f"Break from {clock(one.from_ms)} to {clock(one.to_ms)}: nothing counts, nothing is missing"
        case Helper():
            what = "Somebody else may be in the room"
        case MedicalDevice():
            what = f"A {one.label.replace('_', ' ')} is needed and is not counted by itself"
    return f"{what} ({one.reason})."


def _s(ms: int) -> str:
    return f"{ms / 1000:g} s"


def _points(points: float) -> str:
    return f"{points:g} point{'' if points == 1 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
