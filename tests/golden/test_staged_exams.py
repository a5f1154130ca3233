"""Ten exams as they were once judged, byte for byte, and what a person worked out for them beside it.

When a change is meant, `python -m tests.golden.test_staged_exams` writes the bytes anew; the expectations are mended by
hand, with the reason.
"""

from pathlib import Path

import msgspec
import pytest

from scoring.messages import RiskClosed, RiskMessage, ScoreSample
from scoring.rulebook.policy import announced_policy
from tests.golden.staged_exams import EXAMS, Golden
from tests.staged_exam import EVERY_KIND, START_MS, fold_all, verdict_of

FOLDER = Path(__file__).parent / "exams"
named = pytest.mark.parametrize("golden", EXAMS, ids=lambda golden: golden.who)


def judgement(golden: Golden) -> list[RiskMessage]:
    """As scoring would judge it: under the policy and the accommodations of the session's start."""
    policy = announced_policy(EVERY_KIND.document, golden.exam.started().accommodations)
    return fold_all(policy, golden.exam.observations())[1]


def written(golden: Golden) -> bytes:
    """Every message but the samples of seconds in which nothing was wrong, one line of JSON each."""
    told = [one for one in judgement(golden) if not isinstance(one, ScoreSample) or one.temporary or one.active]
    return b"".join(msgspec.json.encode(one) + b"\n" for one in told)


def events_of(messages: list[RiskMessage], suppressed: bool) -> list[tuple[str, float, float, float]]:
    found = [one for one in messages if isinstance(one, RiskClosed) and bool(one.suppressed) is suppressed]
    seconds = [((one.start_ms - START_MS) / 1000, (one.end_ms - START_MS) / 1000) for one in found]
    return sorted((one.rule, *span, one.points) for one, span in zip(found, seconds, strict=True))


def test_there_are_ten_exams() -> None:
    assert len(EXAMS) == 10
    assert {path.stem for path in FOLDER.glob("*.jsonl")} == {golden.who for golden in EXAMS}


@named
def test_the_verdict_is_what_a_person_expects(golden: Golden) -> None:
    messages = judgement(golden)
    verdict = verdict_of(messages)
    assert events_of(messages, suppressed=False) == sorted(golden.events), golden.why
    assert events_of(messages, suppressed=True) == sorted(golden.spared), golden.why
    assert (verdict.risk_class, verdict.integrity) == (golden.risk_class, golden.integrity), golden.why
    assert (verdict.without.integrity if verdict.without else None) == golden.without


@named
def test_the_judgement_is_the_same_to_the_byte(golden: Golden) -> None:
    assert written(golden).decode() == (FOLDER / f"{golden.who}.jsonl").read_text(encoding="utf-8")


if __name__ == "__main__":
    for one in EXAMS:
        (FOLDER / f"{one.who}.jsonl").write_bytes(written(one))
