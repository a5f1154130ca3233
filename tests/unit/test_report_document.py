"""From stored messages to the report and its JSON: times from the session's start, nothing invented, valid JSON."""

import json
import math
from dataclasses import replace

import msgspec

from sinks.report.assembly import assemble
from sinks.report.document import report_json
from sinks.report.model import BlindSpan
from tests.sample_report import EXAM, START_MS, bare, stored
from tests.sample_script import EPISODES


def test_times_count_from_the_sessions_start() -> None:
    document = report_json(assemble(stored()), "exam.mp4")
    assert (document["session"], document["source"], document["duration_ms"]) == ("exam-7f3a", "exam.mp4", 90_000)
    assert document["frames"] == {"sent": 180, "observed": 178, "dropped": 2}
    shown = ("rule", "start_ms", "end_ms", "peak", "points", "permanent")
    assert [tuple(event[name] for name in shown) for event in document["events"]] == [
        ("looking_away", 18_000, 24_500, 41.3, 6.0, False),
        ("no_face", 30_000, 34_000, 0.0, 5.0, False),
        ("multiple_faces", 41_000, 45_000, 2.0, 10.0, False),
        ("phone", 61_500, 69_000, 0.87, 15.0, True),
    ]  # fmt: skip
    assert document["events"][0]["evidence"] == {
        "onset": {"seq": 36, "at_ms": 18_000},
        "peak": {"seq": 42, "at_ms": 21_000},
        "end": {"seq": 49, "at_ms": 24_500},
    }
    assert [s["at_ms"] for s in document["timeline"]] == [1_000 * s for s in range(1, 91)]


def test_the_verdict_and_what_made_it() -> None:
    verdict = report_json(assemble(stored()), "")["verdict"]
    assert (verdict["risk_class"], verdict["integrity"], verdict["confidence"]) == ("SUSPICIOUS", 64.0, 0.52)
    assert verdict["policy"] == EXAM.verdict().policy
    assert verdict["observations"] == EXAM.verdict().observations
    assert [r["rule"] for r in verdict["rules"]] == [e.rule for e in EPISODES]


def test_what_could_not_be_seen() -> None:
    assert [(b.reason, b.start_ms, b.end_ms) for b in assemble(stored()).blind] == [
        ("calibrating", 0, 8_000),
        ("unseen", 51_000, 56_000),
        ("dropped", 75_000, 75_500),
    ]


def test_a_hole_in_the_timeline_is_said() -> None:
    whole = stored()
    holed = replace(whole, samples=[s for s in whole.samples if not 20_000 < s.at_ms - START_MS < 30_000])
    assert BlindSpan(20_000, 30_000, "unrecorded", "Nothing is recorded.") in assemble(holed).blind


def test_an_event_that_never_closed_lasts_to_the_end_with_an_unknown_peak() -> None:
    document = report_json(assemble(stored(events=[EXAM.opened(EPISODES[3])])), "")
    (event,) = document["events"]
    assert (event["start_ms"], event["end_ms"], event["closed"], event["peak"]) == (61_500, 90_000, False, None)
    assert set(event["evidence"]) == {"onset"}


def test_a_session_of_which_only_the_verdict_is_stored() -> None:
    document = report_json(assemble(bare()), "")
    assert document["duration_ms"] == 0
    assert document["frames"] == {"sent": None, "observed": 178, "dropped": 2}  # what the verdict says
    assert (document["events"], document["timeline"], document["calibration"]) == ([], [], None)


def test_numbers_that_json_cannot_say_are_null() -> None:
    broken = msgspec.structs.replace(EXAM.closed(EPISODES[0]), peak=math.nan, threshold=math.inf)
    verdict = msgspec.structs.replace(EXAM.verdict(), confidence=math.nan)
    document = report_json(assemble(replace(stored(events=[broken]), verdict=verdict)), "")
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text)["events"][0]["peak"] is None
    assert json.loads(text)["verdict"]["confidence"] is None
