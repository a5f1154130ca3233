"""Verdicts over ten rendered exams, as the shipped detectors saw them: what a person expects, and byte for byte.

`python -m tests.golden.test_rendered_exams` writes the verdicts anew, when the default policy or the fold is meant to
change; the expectations beside them are written by hand and stay.
"""

import json
from pathlib import Path

import msgspec
import pytest

from scoring.messages import RiskClosed, RiskMessage, Tick, Verdict, decode_bundle
from scoring.rulebook.policy import load_policy
from tests.golden.rendered_exams import EXAMS, START_MS, recorded
from tests.staged_exam import fold_all

GOLDEN = Path(__file__).parent / "rendered" / "verdicts.jsonl"
TOLERANCE_S = 1.3  # a face comes into the picture before it can be seen; talking needs a second to be told from a yawn

# Rule, side, from and to in seconds: the script says when it can be seen, the policy for how long it must be.
Expected = tuple[str, str, float, float]
EXPECTED: dict[str, tuple[Expected, ...]] = {
    "quiet": (),
    "away-left": (("looking_away", "left", 13, 20),),
    "away-briefly": (),  # 2.4 s each, under the rule's 3 s; and the head turns, so it is no peeking
    "eyes-aside": (("looking_away", "right", 14, 21),),
    "glances": (("peeking_left", "left", 13, 26.5),),  # three of 1.5 s within half a minute, each too short by itself
    "absent": (("no_face", "", 14, 27),),
    "company": (("multiple_faces", "", 14, 21), ("another_person", "", 14, 21)),
    "phone": (("phone", "", 14, 25),),
    "talking": (("talking", "", 13, 22),),
    "tired": (("eyes_closed", "", 14, 17), ("eyes_closed", "", 25, 32)),
}
# Points by the policy: looking away 6, peeking 4, no face 5, two faces 10 and a second person 5, phone 15, talking 2,
# closed eyes 0; 1 - exp(-points / 30) is 0.39 for 15 and stays under 0.20 for 6 and less.
CLASSES = dict.fromkeys(EXPECTED, "CLEAN") | {"company": "BORDERLINE", "phone": "BORDERLINE"}
INTEGRITY = {
    "quiet": 100,
    "away-left": 94,
    "away-briefly": 100,
    "eyes-aside": 94,
    "glances": 96,
    "absent": 95,
    "company": 85,
    "phone": 85,
    "talking": 98,
    "tired": 100,
}


def folded(name: str) -> list[RiskMessage]:
    """Everything that is said about an exam."""
    observations = (one for one in decode_bundle(recorded(name)) if not isinstance(one, Tick))
    return fold_all(load_policy("default"), observations)[1]


@pytest.mark.parametrize("name", EXAMS)
def test_what_is_in_the_exam_is_found_and_nothing_else(name: str) -> None:
    """Catches a rule, a threshold or a detector that sees more or less than a person would."""
    events = [event for event in folded(name) if isinstance(event, RiskClosed)]
    found = sorted((event.rule, event.direction, seconds(event.start_ms), seconds(event.end_ms)) for event in events)
    expected = sorted(EXPECTED[name])
    assert [one[:2] for one in found] == [one[:2] for one in expected]
    for (_, _, start, end), (_, _, known_start, known_end) in zip(found, expected, strict=True):
        assert abs(start - known_start) <= TOLERANCE_S
        assert abs(end - known_end) <= TOLERANCE_S


@pytest.mark.parametrize("name", EXAMS)
def test_the_verdict_is_the_one_that_was_worked_out_by_hand(name: str) -> None:
    """Catches wrong points, caps, classes, calibration and coverage."""
    verdict = folded(name)[-1]
    assert isinstance(verdict, Verdict)
    assert (verdict.risk_class, verdict.integrity, verdict.calibration) == (CLASSES[name], INTEGRITY[name], "SUCCESS")
    assert verdict.coverage > (0.7 if name == "absent" else 0.8)  # nobody looks anywhere while nobody is there


def test_the_verdicts_are_the_same_bytes() -> None:
    """Catches any change of a verdict that nobody meant, on any machine."""
    golden = dict(line.split("\t") for line in GOLDEN.read_text().splitlines())
    assert {name: written(name) for name in EXAMS} == golden


def seconds(at_ms: int) -> float:
    """From the start."""
    return (at_ms - START_MS) / 1000


def written(name: str) -> str:
    """A verdict as text."""
    return json.dumps(msgspec.to_builtins(folded(name)[-1]), sort_keys=True)


if __name__ == "__main__":
    GOLDEN.write_text("".join(f"{name}\t{written(name)}\n" for name in EXAMS))
