"""From stored messages to the report and its JSON: times from the session's start, nothing invented, valid JSON."""

import json
import math
from dataclasses import replace

import msgspec

from scoring.messages import Unaccommodated
from sinks.report.assembly import assemble
from sinks.report.document import report_json
from sinks.report.model import BlindSpan
from tests.sample_report import EXAM, START_MS, bare, stored
from tests.sample_script import ALLOWED, EPISODES, POLICY


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
        "onset": {"seq": 36, "at_ms": 18_000, "partition": 3, "offset": 1036},
        "peak": {"seq": 42, "at_ms": 21_000, "partition": 3, "offset": 1042},
        "end": {"seq": 49, "at_ms": 24_500, "partition": 3, "offset": 1049},
    }
    assert [s["at_ms"] for s in document["timeline"]] == [1_000 * s for s in range(1, 91)]


def test_the_verdict_and_what_made_it() -> None:
    verdict = report_json(assemble(stored()), "")["verdict"]
    assert (verdict["risk_class"], verdict["integrity"], verdict["confidence"]) == ("SUSPICIOUS", 64.0, 0.52)
    assert verdict["policy"] == EXAM.verdict().policy
    assert verdict["observations"] == EXAM.verdict().observations
    assert [r["rule"] for r in verdict["rules"]] == [*(e.rule for e in EPISODES), "talking"]
    assert [(r["coverage"], r["label"], r["suppressed"]) for r in verdict["rules"]][3:] == [
        (0.91, "phone", 0), (0.62, "talking", 1),
    ]  # fmt: skip
    assert verdict["alerts"] == {"absent": 1, "another_person": 1, "looking_away": 1, "phone": 1}
    assert (verdict["attention"], verdict["anomalies"]) == (86.4, {"clock_jumps": 1})
    shown = {name: verdict[name] for name in ("engine", "policy_name", "proof", "models")}
    assert shown == {
        "engine": "2", "policy_name": "default", "proof": EXAM.verdict().proof, "models": ["facemesh-1", "objects-1"],
    }  # fmt: skip


def test_what_was_allowed_and_what_that_changed() -> None:
    document = report_json(assemble(stored()), "")
    assert document["verdict"]["accommodations"] == [ALLOWED]
    assert document["verdict"]["without_accommodations"] == {
        "risk_class": "SUSPICIOUS", "confidence": 0.58, "integrity": 60.0,
    }  # fmt: skip
    assert [event["rule"] for event in document["events"]] == [e.rule for e in EPISODES]
    ((ledger),) = document["suppressed_events"]
    assert (ledger["rule"], ledger["suppressed"], ledger["points"]) == ("talking", ALLOWED, 4.0)


def test_an_event_explains_itself() -> None:
    event = report_json(assemble(stored()), "")["events"][3]
    names = ("label", "direction", "held_ms", "hold_ms", "repeats", "confidence", "suppressed", "unless")
    assert {name: event[name] for name in names} == {
        "label": "phone", "direction": "", "held_ms": 7_250, "hold_ms": 5_000, "repeats": 0, "confidence": 0.84,
        "suppressed": "", "unless": {"field": "hold_ms", "value": 7_251},
    }  # fmt: skip
    assert {name: text.replace("\u00a0", " ") for name, text in event["explanation"].items()} == {
        "rule": "Phone in view: phone at least 0.5, for 5.0 s.",
        "observed": "Phone 0.87 against 0.5, seen for 7.2 s of 7.5 s, confidence 84 %.",
        "unless": "With a hold of 7.3 s instead of 5.0 s it would not have fired.",
    }


def test_the_report_names_what_the_reports_interface_asks_for() -> None:
    document = report_json(assemble(stored()), "")
    assert document["report_id"] == f"exam-7f3a-{POLICY}-1"
    assert document["adaptive_thresholds"]["looking_away"] == {"head_yaw": 25.0, "gaze_x": 0.07}
    assert document["temporal_analysis"] == [{"start_ms": 18_000, "end_ms": 41_000, "alerts": 3, "per_minute": 3.0}]
    assert document["calibration"]["needed"] == 13
    assert document["calibration"]["extended"] is False
    attentions = [(s["at_ms"], s["attention"], s["state"]) for s in document["timeline"][18:20]]
    assert attentions == [(19_000, 35.5, "Focused"), (20_000, 35.5, "Focused")]
    assert document["timeline"][52]["attention"] is None


def test_what_could_not_be_seen() -> None:
    assert [(b.reason, b.start_ms, b.end_ms) for b in assemble(stored()).blind] == [
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
    without = Unaccommodated(risk_class="CLEAN", confidence=math.nan, integrity=math.inf)
    verdict = msgspec.structs.replace(EXAM.verdict(), confidence=math.nan, attention=math.nan, without=without)
    document = report_json(assemble(replace(stored(events=[broken]), verdict=verdict)), "")
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text)["events"][0]["peak"] is None
    assert json.loads(text)["verdict"]["confidence"] is None
    assert json.loads(text)["verdict"]["without_accommodations"]["integrity"] is None
