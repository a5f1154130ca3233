"""Folding stored observations again: equal to the worker, whatever happened to the session; a changed bit shows."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec
import pytest

from ingest.log import Record
from ingest.messages import SessionStarted, encode_bundle, encode_message
from scoring.fold.difference import Identity, compare_policies, differences, last_words
from scoring.fold.holdings import Retention
from scoring.fold.partition import Partition
from scoring.fold.replay import Another, Logged, Replayed, decode_logged, replay, replay_partition, silences_of
from scoring.messages import CalibrationFinished, RiskMessage, SessionObservation, Tick, Verdict
from scoring.rulebook.accommodations import RulesOff, accommodations_document
from scoring.rulebook.policy import Policy, load_policy, plan
from tests.staged_exam import START_MS, Run, StagedExam, face_observed

EXAM = StagedExam(
    [Run("normal", 10), Run("away", 5), Run("normal", 6), Run("phone", 8), Run("absent", 3), Run("normal", 5)], fps=4.0
)
SOME_BUNDLES = 5
POLICY = load_policy("default")


def bundles(observations: Iterable[SessionObservation], size: int = SOME_BUNDLES) -> list[list[SessionObservation]]:
    """The observations in records of a few."""
    every = list(observations)
    return [every[at : at + size] for at in range(0, len(every), size)]


def as_log(records: Sequence[Sequence[SessionObservation | Tick]], step_ms: int = 1000) -> list[Record]:
    """Records of one partition, one every `step_ms` of log time, offsets with holes."""
    return [
        Record("observations", 3, 10 + 2 * number, None, encode_bundle(some), (), START_MS + number * step_ms)
        for number, some in enumerate(records)
    ]


def as_stored(log: Iterable[Record]) -> list[Logged]:
    """What a store keeps of it."""
    pieces = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
    every = [Logged(record.offset, bytes(raw)) for record in log for raw in pieces(record.value)]
    return [one for one in every if b"tick/1" not in one.packed]


def told_live(log: Iterable[Record]) -> list[RiskMessage]:
    """What a worker says of it."""
    return replay_partition(log, {EXAM.session})[EXAM.session]


def packed(messages: Iterable[RiskMessage]) -> list[bytes]:
    return [encode_message(message) for message in messages]


def as_rows(messages: Iterable[RiskMessage]) -> list[tuple[RiskMessage, bytes]]:
    """What a store holds of them."""
    return [(message, encode_message(message)) for message in last_words(messages).values()]


def is_found(stored: Sequence[tuple[RiskMessage, bytes]], again: Replayed) -> bool:
    return bool(again.refused) or bool(differences(again.messages, stored))


def test_a_replay_says_what_the_worker_said() -> None:
    log = as_log(bundles(EXAM.observations()))
    live = told_live(log)
    again = replay(as_stored(log))
    assert packed(again.messages) == packed(live)
    assert (again.ignored, again.refused) == (0, ())
    assert isinstance(live[-1], Verdict)
    assert again.digest == live[-1].observations
    assert differences(again.messages, as_rows(live)) == []


def test_a_session_that_silence_closed_twice_is_replayed_without_its_ticks() -> None:
    observations = bundles(replace(EXAM, announced=True).observations())
    quiet = [Tick(at_ms=START_MS)]
    silent = as_log([*observations[:20], quiet, *observations[20:40], quiet, *observations[40:]], step_ms=200_000)
    live = told_live(silent)
    verdicts = [message for message in live if isinstance(message, Verdict)]
    assert [(one.revision, one.closed_by) for one in verdicts] == [(1, "silence"), (2, "silence"), (3, "end")]
    again = replay(as_stored(silent), silences_of(verdicts))
    assert packed(again.messages) == packed(live)
    assert packed(replay(as_stored(silent)).messages) != packed(live)


def test_repetitions_and_what_comes_after_the_end_are_counted_not_folded() -> None:
    every = bundles(EXAM.observations())
    late = face_observed(EXAM.session, 9_999, START_MS + 60_000, ())
    log = as_log([*every[:9], *every[4:9], *every[9:], [late]])
    again = replay(as_stored(log))
    assert packed(again.messages) == packed(told_live(as_log(every)))
    assert again.ignored == 5 * SOME_BUNDLES + 1


def test_of_a_bundle_that_cannot_be_folded_nothing_counts() -> None:
    every = list(EXAM.observations())
    broken = SessionStarted(session=EXAM.session, capture_ms=START_MS, policy="{}")
    log = as_log([[broken, *every[1:4]], *bundles(every[4:])])
    again = replay(as_stored(log))
    assert packed(again.messages) == packed(told_live(log))
    assert len(again.refused) == 4
    assert "unreadable policy" in again.refused[0].reason
    assert again.refused[1].reason == "its bundle cannot be folded"
    assert again.messages[-1].anomalies == {"unannounced": 1}  # type: ignore[union-attr]


def test_one_flipped_bit_anywhere_is_found() -> None:
    log = as_log(bundles(replace(EXAM, runs=[Run("normal", 9), Run("absent", 4)], fps=2.0).observations()))
    stored, rows = as_stored(log), as_rows(told_live(log))
    draw, missed = random.Random(5), []
    for at, one in enumerate(stored):
        for bit in draw.sample(range(8 * len(one.packed)), 12):
            again = replay([*stored[:at], replace(one, packed=flipped(one.packed, bit)), *stored[at + 1 :]])
            if not is_found(rows, again):
                missed.append((at, bit))
    assert missed == []


def test_a_missing_or_swapped_observation_is_found() -> None:
    log = as_log(bundles(EXAM.observations()))
    stored, rows = as_stored(log), as_rows(told_live(log))
    for at in range(0, len(stored) - 1, 17):
        assert is_found(rows, replay(stored[:at] + stored[at + 1 :]))
        assert is_found(rows, replay([*stored[:at], stored[at + 1], stored[at], *stored[at + 2 :]]))


def flipped(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_a_difference_names_the_message_and_its_fields() -> None:
    log = as_log(bundles(EXAM.observations()))
    live = told_live(log)
    verdict = live[-1]
    assert isinstance(verdict, Verdict)
    milder = msgspec.structs.replace(verdict, risk_class="CLEAN", confidence=0.0)
    kept = [message for message in live[:-1] if not isinstance(message, CalibrationFinished)]
    rows = [*as_rows(kept), (milder, encode_message(milder))]
    missing, differs = differences(live, rows)
    assert (missing.identity, missing.how) == (Identity("calibration", POLICY.digest), "missing")
    assert (differs.identity.kind, differs.how) == ("verdict", "differs")
    assert differs.fields == ("risk_class", "confidence")
    assert [one.how for one in differences(kept, as_rows(live[:-1]))] == ["surplus"]


def other_policy(**changes: object) -> Policy:
    """The default with its rule about looking away changed."""
    rule = msgspec.structs.replace(POLICY.spec.rules["looking_away"], **changes)
    rules = {name: one for name, one in POLICY.spec.rules.items() if name in ("no_face", "looking_away", "phone")}
    return plan(msgspec.structs.replace(POLICY.spec, name="other", rules=rules | {"looking_away": rule}))


def test_a_replay_under_another_policy_is_that_policys_fold() -> None:
    log = as_log(bundles(EXAM.observations()))
    other = other_policy(hold_ms=7000)
    partition = Partition(Retention(), log[0].offset, shadow=other)
    live: list[RiskMessage] = []
    for record in log:
        partition.next_offset = record.offset
        live += partition.fold(record).messages
    again = replay(as_stored(log), another=Another(other))
    assert packed(again.messages) == packed(live) == packed(replay_partition(log, {"staged"}, other)["staged"])
    assert {message.policy for message in again.messages} == {other.digest}


def test_accommodations_stay_unless_they_are_left_out() -> None:
    allowed = accommodations_document((RulesOff(reason="Uses a screen reader", rules=("looking_away",)),))
    start = msgspec.structs.replace(EXAM.started(), accommodations=allowed)
    stored = as_stored(as_log(bundles([start, *list(EXAM.observations())[1:]])))
    other = other_policy()
    kept = replay(stored, another=Another(other)).messages[-1]
    bare = replay(stored, another=Another(other, accommodations=False)).messages[-1]
    assert isinstance(kept, Verdict)
    assert isinstance(bare, Verdict)
    assert (kept.accommodations, kept.alerts.get("looking_away")) == (("Uses a screen reader",), None)
    assert (bare.accommodations, bare.alerts.get("looking_away")) == ((), 1)


def test_the_diff_says_who_changed_class_by_which_event() -> None:
    stored = as_stored(as_log(bundles(EXAM.observations())))
    before = replay(stored, another=Another(other_policy()))
    after = replay(stored, another=Another(other_policy(hold_ms=7000)))
    diff = compare_policies(before.messages, after.messages)
    assert [(one.how, one.rule, one.start_ms - START_MS) for one in diff.changes] == [("went", "looking_away", 10_000)]
    assert diff.before is not None
    assert diff.after is not None
    assert diff.before.confidence > diff.after.confidence
    back = compare_policies(after.messages, before.messages)
    assert [one.how for one in back.changes] == ["came"]
    dearer = replay(stored, another=Another(other_policy(points=30.0)))
    changed = compare_policies(before.messages, dearer.messages)
    assert [(one.how, one.before.points, one.after.points) for one in changed.changes if one.before and one.after] == [
        ("changed", 6.0, 30.0)
    ]
    assert changed.class_changed
    assert not compare_policies(before.messages, before.messages).class_changed


@pytest.mark.parametrize("raw", [b"", b"\xc1", b"\x80", b"\x81\xa4type", encode_message(Tick(at_ms=1))])
def test_bytes_that_are_no_observation_are_refused(raw: bytes) -> None:
    again = replay([Logged(0, raw)])
    assert len(again.refused) == 1
    assert (again.policy, again.state, again.digest, again.messages) == (None, None, "", ())


def test_more_bytes_than_one_observation_are_refused() -> None:
    one = encode_message(EXAM.started())
    assert decode_logged(one) == EXAM.started()
    (refused,) = replay([Logged(0, one + b"\x00")]).refused
    assert "unreadable" in refused.reason
