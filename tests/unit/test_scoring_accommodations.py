"""Accommodations: each kind, breaks that an event crosses, the ledger, the score with and without."""

import pytest

from ingest.errors import PoisonError
from scoring.messages import RiskClosed, RiskMessage, RiskOpened, Verdict
from scoring.rulebook.accommodations import (
    Accommodation,
    Break,
    Helper,
    Looser,
    MedicalDevice,
    RulesOff,
    accommodations_document,
    parse_accommodations,
)
from scoring.rulebook.policy import Policy, accommodated, announced_policy, parse_terms
from tests.staged_exam import EVERY_KIND, START_MS, Behaviour, Run, samples_of, told, verdict_of
from tests.staged_policy import accommodating, narrowed

CALM, REST = Run("normal", 6), Run("normal", 12)
WATCHED = {"hands_every": 1, "objects_every": 1, "identity_every": 1, "sound": True, "page": True}


def judged(allowed: list[Accommodation], *runs: Run, policy: Policy = EVERY_KIND) -> list[RiskMessage]:
    return told(accommodating(policy, *allowed), [CALM, *runs, REST], **WATCHED)


def counted(messages: list[RiskMessage]) -> list[str]:
    return sorted(one.rule for one in messages if isinstance(one, RiskOpened))


def ledger(messages: list[RiskMessage]) -> list[tuple[str, str]]:
    return sorted((one.rule, one.suppressed) for one in messages if isinstance(one, RiskClosed) and one.suppressed)


@pytest.mark.parametrize(
    ("allowed", "behaviour", "spared"),
    [
        (RulesOff(rules=("away",), reason="tic"), "away", ["away"]),
        (RulesOff(rules=("looking_away",), reason="tic"), "away", ["away"]),
        (RulesOff(rules=("phone",), reason="tic"), "away", []),
        (Looser(rule="away", hold_ms=6000, reason="slow"), "away", ["away"]),
        (Looser(rule="away", hold_ms=4000, reason="slow"), "away", []),
        (Looser(rule="away", hold_ms=1000, reason="slow"), "away", []),
        (Looser(rule="away", thresholds={"head_yaw": 36.0}, reason="squint"), "away", ["away"]),
        (Looser(rule="away", thresholds={"head_yaw": 34.0}, reason="squint"), "away", []),
        (Looser(rule="away", thresholds={"head_pitch": 60.0}, reason="squint"), "away", []),
        (Looser(rule="away", thresholds={"head_yaw": 5.0}, reason="squint"), "away", []),
        (Looser(rule="phone", thresholds={"object:phone": 0.9}, reason="case"), "phone", ["phone"]),
        (Looser(rule="stranger", thresholds={"identity": 0.05}, reason="burn"), "stranger", ["stranger"]),
        (Helper(reason="interpreter"), "two", ["crowd"]),
        (Helper(reason="interpreter"), "company", ["company"]),
        (Helper(reason="interpreter"), "other_voice", ["voice"]),
        (Helper(reason="interpreter"), "stranger", []),
        (MedicalDevice(label="phone", reason="glucose"), "phone", ["phone"]),
        (MedicalDevice(label="pen", reason="glucose"), "phone", []),
        (MedicalDevice(label="pen", reason="insulin"), "cheating", ["cheating"]),
        (MedicalDevice(label="book", reason="braille"), "cheating", []),
        (Break(from_ms=5000, to_ms=20_000, reason="rest"), "away", ["away"]),
        (Break(from_ms=30_000, to_ms=60_000, reason="rest"), "away", []),
    ],
)
def test_each_kind_spares_what_it_is_about_and_nothing_else(
    allowed: Accommodation, behaviour: Behaviour, spared: list[str]
) -> None:
    """Away for 5.0 s is held for 4.9 s at 35 degrees; a phone is seen at 0.8."""
    plain, mild = judged([], Run(behaviour, 5)), judged([allowed], Run(behaviour, 5))
    assert [rule for rule, _ in ledger(mild)] == spared
    assert sorted([*counted(mild), *spared]) == counted(plain)
    assert {reason for _, reason in ledger(mild)} <= {allowed.reason}


def test_a_book_that_is_needed_still_leaves_the_notes() -> None:
    """A part with two tests stays a part when one of them is about the device."""
    notes = [{"signal": f"object:{label}", "at_least": 0.5} for label in ("notes", "book")]
    parts = [
        {"says": "a pen", "when": [{"signal": "object:pen", "at_least": 0.5}]},
        {"says": "notes", "when": notes},
    ]
    policy = narrowed(EVERY_KIND, {"cheating": {"parts": parts}})
    assert ledger(judged([MedicalDevice(label="book", reason="braille")], Run("cheating", 3), policy=policy)) == []


@pytest.mark.parametrize(
    ("break_s", "start_s", "away_s", "fired_s", "points"),
    [
        ((10, 20), 11, 8, None, 0.0),  # all of it in the break
        ((10, 20), 5, 4, 8, 6.0),  # over before it
        ((10, 20), 5, 14, 8, 6.0),  # fired before, goes on into it: counts as it began, and costs nothing again
        ((10, 20), 5, 24, 8, 6.0),  # 9 s behind the break are too short for a repeat after 10 s
        ((10, 20), 5, 26, 8, 12.0),
        ((10, 20), 8, 8, None, 0.0),  # would fire at 11, in the break
        ((10, 20), 12, 15, 23, 6.0),  # goes on after it: counts when it has held for its time since the break
        ((10, 20), 12, 10, None, 0.0),  # 2 s behind the break are too short
    ],
)
def test_an_event_that_crosses_a_break(
    break_s: tuple[int, int], start_s: int, away_s: int, fired_s: int | None, points: float
) -> None:
    policy = narrowed(EVERY_KIND, {"away": {}})
    allowed = Break(from_ms=break_s[0] * 1000, to_ms=break_s[1] * 1000, reason="rest")
    runs = [Run("normal", start_s), Run("away", away_s), Run("normal", 20)]
    messages = told(accommodating(policy, allowed), runs)
    (event,) = (one for one in messages if isinstance(one, RiskClosed))
    assert (event.start_ms - START_MS, bool(event.suppressed)) == (start_s * 1000, fired_s is None)
    assert verdict_of(messages).integrity == 100.0 - points
    risk = [(one.at_ms - START_MS) // 1000 for one in samples_of(messages) if one.temporary]
    assert (risk[0] if risk else None) == fired_s


def test_nothing_is_missed_in_a_break() -> None:
    """An empty chair in a break is no gap in what was seen: coverage is of the rest."""
    policy = narrowed(EVERY_KIND, {"absent": {}})
    runs = [Run("normal", 20), Run("missing", 40), Run("normal", 20)]
    assert verdict_of(told(policy, runs)).coverage == pytest.approx(0.5, abs=0.01)
    allowed = Break(from_ms=20_000, to_ms=60_000, reason="rest")
    assert verdict_of(told(accommodating(policy, allowed), runs)).coverage == pytest.approx(1.0, abs=0.01)


def test_overlapping_breaks_are_one() -> None:
    breaks = [Break(from_ms=a, to_ms=b, reason="rest") for a, b in ((30, 40), (10, 20), (15, 25), (5, 5))]
    assert accommodating(EVERY_KIND, *breaks).breaks == ((10, 25), (30, 40))


def test_the_ledger_and_both_scores_are_in_the_verdict() -> None:
    messages = judged(
        [RulesOff(rules=("away",), reason="tic"), Helper(reason="interpreter")], Run("away", 5), Run("phone", 5)
    )
    verdict = verdict_of(messages)
    assert (verdict.integrity, verdict.risk_class) == (85.0, "BORDERLINE")
    assert verdict.without is not None
    assert (verdict.without.integrity, verdict.without.risk_class) == (79.0, "SUSPICIOUS")
    assert verdict.accommodations == ("tic", "interpreter")
    assert {total.rule: (total.events, total.suppressed) for total in verdict.rules}["away"] == (0, 1)
    assert '"Looked away" was seen once and does not count: tic.' in verdict.reasons
    assert verdict.alerts == {"phone": 1}


def test_a_spared_event_neither_stops_the_fading_nor_is_active() -> None:
    runs = [CALM, Run("absent", 3), Run("away", 6), Run("normal", 5)]
    messages = told(accommodating(EVERY_KIND, RulesOff(rules=("away",), reason="tic")), runs)
    samples = {(one.at_ms - START_MS) // 1000: one for one in samples_of(messages)}
    assert samples[9].temporary == 5.0
    assert (samples[14].temporary, samples[14].active) == (1.0, ())


def test_repeats_behind_a_break_count_from_there() -> None:
    """Absent from 6 to 40 s, each 5 s again; a break until 20 s: counts at 22, 27, 32, 37 instead of 8, 13, ..., 38."""
    policy = narrowed(EVERY_KIND, {"absent": {"cap": 100.0}})
    allowed = Break(from_ms=5000, to_ms=20_000, reason="rest")
    verdict = verdict_of(told(accommodating(policy, allowed), [CALM, Run("absent", 34), REST]))
    assert verdict.without is not None
    assert (100.0 - verdict.integrity, 100.0 - verdict.without.integrity) == (20.0, 35.0)


def test_reasons_of_several_accommodations_are_joined() -> None:
    allowed: list[Accommodation] = [
        Looser(rule="away", hold_ms=9000, reason="slow"),
        Looser(rule="away", thresholds={"head_yaw": 50.0}, reason="squint"),
    ]
    assert ledger(judged(allowed, Run("away", 5))) == [("away", "slow; squint")]


def test_terms_carry_policy_and_accommodations() -> None:
    allowed = (Helper(reason="interpreter"), Break(from_ms=1, to_ms=2, reason="rest"))
    text = accommodations_document(allowed)
    assert parse_accommodations(text) == allowed
    policy = accommodated(EVERY_KIND, text)
    assert (policy.digest, policy.key != policy.digest) == (EVERY_KIND.digest, True)
    assert parse_terms(policy.terms) == policy == announced_policy(EVERY_KIND.document, text)
    assert accommodations_document(()) == ""
    assert accommodated(EVERY_KIND, "") is EVERY_KIND


@pytest.mark.parametrize(
    "text",
    [
        "garbage",
        "{}",
        '[{"kind":"magic","reason":"x"}]',
        '[{"kind":"helper"}]',
        '[{"kind":"helper","reason":""}]',
        '[{"kind":"helper","reason":"x","points":-5}]',
        '[{"kind":"break","from_ms":-1,"to_ms":5,"reason":"x"}]',
        '[{"kind":"looser","rule":"away","hold_ms":1e9,"reason":"x"}]',
        '[{"kind":"looser","rule":"away","thresholds":{"head_yaw":1e300},"reason":"x"}]',
        "[" * 5000,
    ],
)
def test_accommodations_that_cannot_be_read_are_poison(text: str) -> None:
    with pytest.raises(PoisonError):
        announced_policy("", text)


def test_the_proof_covers_what_was_allowed() -> None:
    several: list[list[Accommodation]] = [[], [Helper(reason="a")], [Helper(reason="b")]]
    proofs = {verdict_of(judged(allowed, Run("normal", 5))).proof for allowed in several}
    assert len(proofs) == 3


def test_a_calibration_in_a_break_accuses_nobody() -> None:
    runs = [Run("absent", 9), Run("normal", 10)]
    allowed = Break(from_ms=0, to_ms=10_000, reason="rest")
    for messages, counts in ((told(EVERY_KIND, runs), True), (told(accommodating(EVERY_KIND, allowed), runs), False)):
        assert any(isinstance(one, RiskOpened) and one.rule == "calibration_alone" for one in messages) is counts
        assert isinstance(messages[-1], Verdict)
