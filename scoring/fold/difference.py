"""What two accounts of one session differ in: the stored one and its recomputation, or those of two policies."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ingest.messages import encode_message
from scoring.messages import CalibrationFinished, RiskClosed, RiskMessage, RiskOpened, ScoreSample, Verdict

Kind = Literal["calibration", "event", "sample", "verdict"]


class Identity(NamedTuple):
    """What names one message of a session: an event's id; for the others the policy and the time or revision."""

    kind: Kind
    name: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """One message that is not as recomputed; `fields`: which of its fields differ."""

    identity: Identity
    how: Literal["missing", "surplus", "differs"]
    fields: tuple[str, ...] = ()


def identity_of(message: RiskMessage) -> Identity:
    """The same for an event's beginning and its end: the end replaces the beginning."""
    match message:
        case RiskOpened() | RiskClosed():
            return Identity("event", message.event_id)
        case CalibrationFinished():
            return Identity("calibration", message.policy)
        case ScoreSample():
            return Identity("sample", message.policy, message.at_ms)
        case Verdict():
            return Identity("verdict", message.policy, message.revision)


def last_words(messages: Iterable[RiskMessage]) -> dict[Identity, RiskMessage]:
    """What a store must hold of these messages, however often it hears them."""
    return {identity_of(message): message for message in messages}


def differences(recomputed: Iterable[RiskMessage], stored: Iterable[tuple[RiskMessage, bytes]]) -> list[Difference]:
    """Byte for byte; `stored`: messages with their own bytes."""
    wanted, found = last_words(recomputed), {identity_of(message): (message, raw) for message, raw in stored}
    missing = [Difference(identity, "missing") for identity in wanted if identity not in found]
    surplus = [Difference(identity, "surplus") for identity in found if identity not in wanted]
    return [*missing, *surplus, *_differing(wanted, found)]


def _differing(
    wanted: Mapping[Identity, RiskMessage], found: Mapping[Identity, tuple[RiskMessage, bytes]]
) -> Iterator[Difference]:
    for identity, (message, raw) in found.items():
        again = wanted.get(identity)
        if again is not None and encode_message(again) != raw:
            yield Difference(identity, "differs", _fields(again, message))


def _fields(one: RiskMessage, other: RiskMessage) -> tuple[str, ...]:
    if type(one) is not type(other):
        return ("kind",)
    return tuple(name for name in one.__struct_fields__ if getattr(one, name) != getattr(other, name))


@dataclass(frozen=True, slots=True)
class EventChange:
    """An event that only one of two policies finds, or that they find differently. Times in ms since the epoch."""

    how: Literal["came", "went", "changed"]
    rule: str
    before: RiskClosed | None
    after: RiskClosed | None

    @property
    def start_ms(self) -> int:
        """Of the event as it is now, or was."""
        return (self.after or self.before).start_ms  # type: ignore[union-attr]


@dataclass(frozen=True, slots=True)
class PolicyDiff:
    """One session under two policies: the last verdicts, and the events that make the difference, by time."""

    before: Verdict | None
    after: Verdict | None
    changes: tuple[EventChange, ...]

    @property
    def class_changed(self) -> bool:
        """Whether the candidate would be told something else."""
        return (self.before and self.before.risk_class) != (self.after and self.after.risk_class)


def compare_policies(before: Iterable[RiskMessage], after: Iterable[RiskMessage]) -> PolicyDiff:
    """What changes for one session from the messages of one policy to those of another."""
    old, new = list(before), list(after)
    changes = _changes(_events(old), _events(new))
    return PolicyDiff(_verdict(old), _verdict(new), tuple(sorted(changes, key=lambda one: (one.start_ms, one.rule))))


def _events(messages: Iterable[RiskMessage]) -> dict[str, list[RiskClosed]]:
    found: dict[str, list[RiskClosed]] = {}
    for message in last_words(messages).values():
        if isinstance(message, RiskClosed):
            found.setdefault(message.rule, []).append(message)
    return {rule: sorted(events, key=lambda event: event.start_ms) for rule, events in found.items()}


def _verdict(messages: Iterable[RiskMessage]) -> Verdict | None:
    verdicts = [message for message in messages if isinstance(message, Verdict)]
    return max(verdicts, key=lambda verdict: verdict.revision, default=None)


def _changes(old: Mapping[str, Sequence[RiskClosed]], new: Mapping[str, Sequence[RiskClosed]]) -> Iterator[EventChange]:
    for rule in sorted({*old, *new}):
        yield from _rule_changes(rule, list(old.get(rule, ())), list(new.get(rule, ())))


def _rule_changes(rule: str, old: list[RiskClosed], new: list[RiskClosed]) -> Iterator[EventChange]:
    """Events of one rule belong together when they overlap, the first with the first."""
    for event in new:
        match = next((one for one in old if one.start_ms <= event.end_ms and event.start_ms <= one.end_ms), None)
        if match is None:
            yield EventChange("came", rule, None, event)
            continue
        old.remove(match)
        if _weight(match) != _weight(event):
            yield EventChange("changed", rule, match, event)
    yield from (EventChange("went", rule, event, None) for event in old)


def _weight(event: RiskClosed) -> tuple[object, ...]:
    """What of an event matters to a person."""
    return (event.start_ms, event.end_ms, event.points, event.permanent, bool(event.suppressed))
