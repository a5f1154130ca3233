"""From a message of scoring to its row: of a record of `risk-events` or `shadow-events`, or given by a caller."""

from collections.abc import Mapping

from msgspec.structs import astuple

from ingest.log import Record
from ingest.topics import RISK_EVENTS, SHADOW_EVENTS
from scoring.messages import (
    CalibrationFinished,
    Counterfactual,
    FrameRef,
    RiskClosed,
    RiskMessage,
    RiskOpened,
    ScoreSample,
    Unaccommodated,
    Verdict,
    decode_risk_message,
)
from sinks.row_making import Values, make_row, place_of
from sinks.rows import CalibrationRow, EventRow, SampleRow, VerdictRow
from sinks.tables import Origin

RiskRow = EventRow | SampleRow | CalibrationRow | VerdictRow

ORIGIN_OF: Mapping[str, Origin] = {RISK_EVENTS: "live", SHADOW_EVENTS: "shadow"}


def risk_row(record: Record) -> RiskRow:
    """The row of one record.

    Raises: PoisonError when the record is no message of scoring, or holds a number that no column can hold.
    """
    return message_row(decode_risk_message(record.value), record.value, ORIGIN_OF[record.topic], place_of(record))


def message_row(message: RiskMessage, packed: bytes, origin: Origin, place: Values) -> RiskRow:
    """The row of one message; `packed` are its bytes, `place` the columns of the log.

    Raises: PoisonError when it holds a number that no column can hold.
    """
    place = place | {"origin": origin}
    stored = place | {"packed": packed}
    match message:
        case RiskOpened(onset=onset):
            return make_row(EventRow, message, stored, _frame("onset", onset), closed=False)
        case RiskClosed():
            return make_row(EventRow, message, stored, _frames(message), _unless(message.unless), closed=True)
        case ScoreSample():
            return make_row(SampleRow, message, place)
        case CalibrationFinished():
            return make_row(CalibrationRow, message, stored)
        case Verdict(rules=rules, high_activity=periods, without=without):
            lists = {"rules": tuple(map(astuple, rules)), "high_activity": tuple(map(astuple, periods))}
            return make_row(VerdictRow, message, stored, lists, _without(without))


def _frames(m: RiskClosed) -> Values:
    return _frame("onset", m.onset) | _frame("peak", m.peak_frame) | _frame("end", m.end_frame)


def _frame(which: str, frame: FrameRef) -> Values:
    return {f"{which}_seq": frame.seq, f"{which}_partition": frame.partition, f"{which}_offset": frame.offset}


def _unless(unless: Counterfactual | None) -> Values:
    return {"unless_field": unless.field, "unless_value": unless.value} if unless else {}


def _without(without: Unaccommodated | None) -> Values:
    if without is None:
        return {}
    return {
        "without_class": without.risk_class,
        "without_confidence": without.confidence,
        "without_integrity": without.integrity,
    }
