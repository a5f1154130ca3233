"""The life of a session: beginnings, repetitions, the two ends in either order, silence, numbers without sense."""

from math import inf, nan
from typing import Literal

import msgspec
import pytest

from ingest.errors import PoisonError
from ingest.messages import FramesDropped, SessionEnded
from scoring.fold.session import SessionState, close_silent, decode_state, encode_state, fold
from scoring.messages import CalibrationFinished, RiskClosed, RiskOpened, SessionObservation, Verdict
from scoring.rulebook.policy import Policy
from tests.staged_exam import (
    EVERY_KIND,
    FOUR_RULES,
    START_MS,
    Run,
    StagedExam,
    closed_events,
    face_like,
    face_observed,
    fold_all,
    lasting_bytes,
    objects_observed,
    samples_of,
    verdict_of,
)
from tests.staged_looks import hands_observed, identity_observed, page_reported, speech_observed

POLICY = FOUR_RULES
EXAM = StagedExam([Run("normal", 10), Run("away", 4), Run("phone", 7), Run("normal", 3)])


def folded(observations: list[SessionObservation]) -> SessionState:
    state, _ = fold_all(POLICY, observations)
    assert state is not None
    return state


def changed(observation: SessionObservation, **fields: object) -> SessionObservation:
    return msgspec.structs.replace(observation, **fields)


def test_the_verdict_waits_for_both_ends() -> None:
    *seen, passed, ended = EXAM.observations()
    for order in ([passed, ended], [ended, passed]):
        state, messages = fold_all(POLICY, [*seen, order[0]])
        assert state is not None
        assert not state.closed
        assert not any(isinstance(message, Verdict) for message in messages)
        state, messages = fold_all(POLICY, [order[1]], state)
        assert state is not None
        assert state.closed
        assert verdict_of(messages).closed_by == "end"


def test_an_end_announced_early_does_not_hurry_the_clock() -> None:
    """The source is ahead of the detectors: samples and events follow the frames."""
    started, *seen, passed, ended = EXAM.observations()
    assert closed_events(fold_all(POLICY, [started, ended, *seen, passed])[1]) == closed_events(
        fold_all(POLICY, EXAM.observations())[1]
    )


def test_the_detectors_must_have_passed_every_frame() -> None:
    *seen, passed, ended = EXAM.observations()
    state = folded([*seen, ended, changed(passed, seq=100)])
    assert not state.closed
    assert fold(POLICY, state, passed)[0].closed


def test_a_session_without_frames_ends_at_once() -> None:
    started = EXAM.started()
    ended = SessionEnded(session="staged", capture_ms=START_MS, frames_sent=0, reason="source_failed")
    verdict = verdict_of(fold_all(POLICY, [started, ended])[1])
    assert (verdict.risk_class, verdict.frames_observed, verdict.coverage) == ("INCONCLUSIVE", 0, 0.0)


def test_nothing_follows_the_end() -> None:
    state = folded(list(EXAM.observations()))
    for late in EXAM.observations():
        assert fold(POLICY, state, changed(late, capture_ms=START_MS + 500_000)) == (state, ())


def test_an_unannounced_session_begins_with_its_first_frame() -> None:
    _, messages = fold_all(POLICY, list(EXAM.observations())[1:])
    verdict = verdict_of(messages)
    assert (verdict.start_ms, verdict.calibration) == (START_MS, "SUCCESS")
    assert [rule for rule, _, _ in closed_events(messages)] == ["looking_away", "phone"]


def test_an_announcement_that_comes_late_is_noted_and_changes_nothing_else() -> None:
    started, *seen = EXAM.observations()
    late = fold_all(POLICY, [*seen[:50], started, *seen[50:]])[1]
    never = fold_all(POLICY, seen)[1]
    assert late[:-1] == never[:-1]
    assert verdict_of(late).anomalies == {"announced_late": 1, "unannounced": 1}
    assert verdict_of(late).rules == verdict_of(never).rules


def test_every_observation_counts_once() -> None:
    once = list(EXAM.observations())
    twice = [observation for observation in once for _ in range(2)]
    assert fold_all(POLICY, twice) == fold_all(POLICY, once)


def test_a_restarted_detector_repeats_itself_without_effect() -> None:
    once = list(EXAM.observations())
    again = [*once[:200], *once[120:200], *once[150:]]
    assert fold_all(POLICY, again) == fold_all(POLICY, once)


def test_the_digest_covers_every_observation() -> None:
    once = list(EXAM.observations())
    before = verdict_of(fold_all(POLICY, once)[1]).observations
    flipped = list(once)
    flipped[40] = changed(flipped[40], model="another")
    assert verdict_of(fold_all(POLICY, flipped)[1]).observations != before
    assert len(before) == 32


def dropped(stage: Literal["ingest", "detectors"], seq: int, count: int, to_ms: int = START_MS + 50) -> FramesDropped:
    return FramesDropped(
        session="staged",
        seq=seq,
        from_ms=START_MS,
        to_ms=to_ms,
        count=count,
        stage=stage,
        reason="too old",
    )


def test_lost_frames_are_counted_once_and_told() -> None:
    first, *rest = EXAM.observations()
    reports = [
        dropped("ingest", 3, 2),
        dropped("ingest", 3, 2),
        dropped("detectors", 3, 4),
        dropped("ingest", 3, 1, START_MS + 90),
    ]
    verdict = verdict_of(fold_all(POLICY, [first, *reports, *rest])[1])
    assert verdict.frames_dropped == 7
    assert "7 frames were given up on the way and are not judged." in verdict.reasons


def test_a_session_may_begin_with_lost_frames() -> None:
    state = folded([dropped("ingest", 0, 5)])
    assert state.start_ms == START_MS


@pytest.mark.parametrize(
    ("widths", "known"),
    [((0.25, 0.25), 0), ((0.25, 0.04), 0), ((0.04,), 0), ((0.04, 0.25, 0.04), 0), ((0.25, 0.04, 0.04), -1)],
)
def test_somebody_far_away_is_not_missed_but_one_small_face_may_be_a_neck(
    widths: tuple[float, ...], known: int
) -> None:
    looks = [
        face_observed("s", seq, START_MS + 500 * seq, (face_like(width_share=width),))
        for seq, width in enumerate(widths)
    ]
    unseen = face_observed("s", len(looks), START_MS + 500 * len(looks), ())
    state = folded([StagedExam([], session="s").started(), *looks, changed(unseen, person=0.9)])
    assert state.view.faces == known
    later = face_observed("s", len(looks) + 1, START_MS + 500 * len(looks) + 5_000, ())
    assert fold(POLICY, state, changed(later, person=0.9))[0].view.faces == 0


def test_silence_closes_with_a_verdict_and_open_events() -> None:
    half = list(EXAM.observations())[:205]  # in the middle of looking away
    state, messages = close_silent(POLICY, folded(half))
    verdict = verdict_of(messages)
    assert (state.closed, verdict.closed_by, verdict.revision) == (True, "silence", 1)
    assert [message.rule for message in messages if isinstance(message, RiskClosed)] == ["looking_away"]
    assert verdict.end_ms < START_MS + 14_000
    assert close_silent(POLICY, state) == (state, ())


def test_a_late_observation_reopens_what_silence_closed() -> None:
    everything = list(EXAM.observations())
    state, first = close_silent(POLICY, folded(everything[:180]))
    assert fold(POLICY, state, everything[100]) == (state, ())
    state, second = fold_all(POLICY, everything[180:], state)  # type: ignore[assignment]
    verdict = verdict_of(second)
    assert (verdict.closed_by, verdict.revision) == ("end", 2)
    assert verdict_of(first).revision == 1
    assert [rule for rule, _, _ in closed_events(second)] == ["looking_away", "phone"]
    seconds = [sample.at_ms for sample in samples_of([*first, *second])]
    assert seconds == sorted(set(seconds))


def test_silence_during_calibration_ends_it() -> None:
    _, messages = close_silent(POLICY, folded(list(EXAM.observations())[:20]))
    (calibration,) = (message for message in messages if isinstance(message, CalibrationFinished))
    assert calibration.status == "FAILED"


def test_a_fold_never_changes_the_state_it_was_given() -> None:
    state = folded(list(EXAM.observations())[:180])
    before = encode_state(state)
    for observation in list(EXAM.observations())[180:]:
        fold(POLICY, state, observation)
        close_silent(POLICY, state)
    assert encode_state(state) == before


def test_every_opened_event_is_closed_under_the_same_name() -> None:
    messages = fold_all(POLICY, EXAM.observations())[1]
    opened = [message.event_id for message in messages if isinstance(message, RiskOpened)]
    assert opened == [message.event_id for message in messages if isinstance(message, RiskClosed)]
    assert len(set(opened)) == 2


@pytest.mark.parametrize(
    "broken",
    [
        face_observed("staged", 999, START_MS + 12_000, (face_like(yaw_deg=nan, width_share=nan),)),
        face_observed("staged", 999, START_MS + 12_000, (face_like(yaw_deg=inf, pitch_deg=-inf, gaze_x=1e308),)),
        face_observed("staged", 999, START_MS + 12_000, (face_like(**dict.fromkeys(("yaw_deg", "gaze_y"), 1e300)),)),
        face_observed("staged", 999, -(2**62), ()),
        face_observed("staged", 999, 2**62, ()),
        face_observed("staged", 2**63, START_MS + 12_000, ()),
        objects_observed("staged", 999, START_MS - 3_600_000, {"phone": nan}),
        objects_observed("staged", 999, START_MS + 3_600_000, {"phone": inf}),
        hands_observed("staged", 999, START_MS + 12_000, "senseless"),
        speech_observed("staged", 999, START_MS + 12_000, "senseless"),
        identity_observed("staged", 999, 2**62, "senseless"),
        page_reported("staged", 2**63, -(2**62), "pasted"),
        dropped("ingest", 9, 2**63),
        dropped("ingest", 9, -5),
        SessionEnded(session="staged", capture_ms=START_MS, frames_sent=-3),
    ],
    ids=lambda broken: type(broken).__name__,
)
@pytest.mark.parametrize("after", [0, 30, 180])
@pytest.mark.parametrize("policy", [POLICY, EVERY_KIND], ids=lambda policy: policy.name)
def test_numbers_that_make_no_sense_are_survived(broken: SessionObservation, after: int, policy: Policy) -> None:
    """Also while calibrating, and as the first thing that is heard of a session."""
    state, _ = fold_all(policy, [*list(EXAM.observations())[:after], broken, broken, EXAM.face(9999, "away")])
    assert state is not None
    state = decode_state(encode_state(state))
    state, messages = close_silent(policy, state)
    assert state.closed
    assert all(msgspec.msgpack.encode(message) for message in messages)


def test_a_clock_that_jumps_back_neither_ends_nor_prolongs_anything() -> None:
    everything = list(EXAM.observations())
    jumped = [
        changed(one, capture_ms=one.capture_ms - 5_000) if 200 < place < 215 else one  # type: ignore[union-attr]
        for place, one in enumerate(everything)
    ]
    assert [rule for rule, _, _ in closed_events(fold_all(POLICY, jumped)[1])] == ["looking_away", "phone"]


def test_a_twelve_hour_session_stays_small() -> None:
    runs = [
        Run("normal", 10),
        *[Run("away", 4), Run("phone", 6), Run("absent", 4), Run("two", 4), Run("normal", 20)] * 30,
    ]
    state, largest = None, 0
    for observation in StagedExam(runs, fps=2, objects_every=1).observations():
        state, _ = fold(POLICY, state, observation)
        largest = max(largest, lasting_bytes(state))
    assert largest < 2000


@pytest.mark.parametrize("value", [b"", b"\xc1", b"\x93\x01\x02\x03", encode_state(folded([EXAM.started()]))[:-5]])
def test_a_state_that_cannot_be_read_is_poison(value: bytes) -> None:
    with pytest.raises(PoisonError):
        decode_state(value)
