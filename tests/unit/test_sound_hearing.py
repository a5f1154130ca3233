"""Whose voice it is, and when a session with sound is over. Without these, candidates would be blamed for their own
voice, or verdicts given before all was heard."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.messages import FaceObserved, FramesEnded, PictureQuality, SoundEnded, SpeechObserved
from ingest.messages import SessionEnded, SessionStarted, SoundDropped, encode_message
from scoring.fold.hearing import MOST_WAITING, other_voice, stillness, watch_mouth
from scoring.fold.person import Hearing
from scoring.fold.replay import Logged, replay
from scoring.fold.session import decode_state, encode_state
from scoring.messages import RiskMessage, SessionObservation, Verdict
from tests.staged_exam import EVERY_KIND, GOOD, START_MS, closed_events, face_like, face_observed, fold_all

SESSION = "staged"
FROZEN = PictureQuality(brightness=130.0, sharpness=210.0, frozen=True)


def watched(openings: Sequence[float | None], step_ms: int = 500) -> Hearing:
    """What is remembered of a mouth that was this far open from look to look; None: no face."""
    hearing = Hearing()
    for seq, opening in enumerate(openings):
        faces = () if opening is None else (face_like(mouth_openness=opening),)
        seen = face_observed(SESSION, seq, seq * step_ms, faces)
        hearing = watch_mouth(hearing, seen, len(faces), True, seq * step_ms)
    return hearing


STILL, TALKING = [0.05, 0.055, 0.05, 0.06] * 5, [0.05, 0.2, 0.1, 0.02] * 5


@pytest.mark.parametrize(
    ("openings", "step_ms", "expected"),
    [
        (STILL, 500, 1.0),
        (TALKING, 500, 0.0),
        (STILL * 5, 100, 1.0),
        (TALKING * 5, 100, 0.0),
        ([0.05, 0.0875] * 10, 500, 0.6),  # between still and moving, a step of half a hundredth
        ([None] * 20, 500, None),
        ([0.05, None] * 10, 500, None),  # two looks of four
        ([0.05, 0.05, None, 0.05] * 5, 500, 1.0),
        (STILL, 1000, None),  # at 1 frame/s nobody can tell
        ([0.05] * 6 + [0.3] + [0.05] * 13, 500, 0.0),  # one word
        ([0.05] * 2, 500, None),
        ([float("nan")] * 20, 500, None),
    ],
)
def test_how_still_a_mouth_was(openings: list[float | None], step_ms: int, expected: float | None) -> None:
    found = stillness(watched(openings, step_ms), 3_500)
    assert found == (None if expected is None else pytest.approx(expected, abs=0.21))


@pytest.mark.parametrize(
    ("speech", "published", "still", "expected"),
    [
        (0.9, 0.0, 1.0, 0.9),
        (0.9, 0.0, 0.5, 0.45),
        (0.9, 0.0, 0.0, 0.0),
        (0.9, 0.0, None, None),
        (0.9, 0.7, None, 0.7),
        (0.9, 0.7, 0.0, 0.7),
        (0.9, 0.7, 1.0, 0.9),
        (0.1, 0.0, 1.0, 0.0),
        (0.1, 0.0, None, 0.0),
        (None, 0.0, 1.0, None),
        (None, None, None, None),
        (0.9, None, 1.0, 0.9),
    ],
)
def test_what_is_said_of_a_voice(
    speech: float | None, published: float | None, still: float | None, expected: float | None
) -> None:
    assert other_voice(speech, published, still) == expected


@pytest.mark.parametrize(
    ("count", "yaw_deg", "clear", "quality"),
    [(-1, 0.0, True, GOOD), (0, 0.0, True, GOOD), (1, 60.0, True, GOOD), (1, 0.0, False, GOOD), (1, 0.0, True, FROZEN)],
)
def test_a_mouth_not_seen_well_is_unknown(count: int, yaw_deg: float, clear: bool, quality: PictureQuality) -> None:
    hearing = Hearing()
    for seq in range(20):
        seen = face_observed(SESSION, seq, seq * 500, (face_like(yaw_deg=yaw_deg),), quality)
        hearing = watch_mouth(hearing, seen, count, clear, seq * 500)
    assert stillness(hearing, 3_500) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 90_000), st.floats(0, 1)), min_size=1, max_size=60), st.integers(0, 200_000))
def test_memory_of_mouths_is_bounded_and_never_wrong(steps: list[tuple[int, float]], end_ms: int) -> None:
    """Whatever the pauses, what is said of a time follows from the looks of that time alone. Catches: slots that move
    (tried: `first + forgotten` without the forgotten)."""
    hearing, at_ms, looks = Hearing(), 0, list[tuple[int, float]]()
    for seq, (step_ms, opening) in enumerate(steps):
        at_ms += step_ms
        looks.append((at_ms, opening))
        seen = face_observed(SESSION, seq, at_ms, (face_like(mouth_openness=opening),))
        hearing = watch_mouth(hearing, seen, 1, True, at_ms)
    assert len(hearing.mouths) <= 128
    slots = {at // 500 for at, _ in looks}
    span = range((end_ms - 1_500) // 500, (end_ms + 499) // 500 + 1)
    found = stillness(hearing, end_ms)
    if found is not None:
        near = [opening for at, opening in looks if at // 500 in span]
        assert len(slots & set(span)) >= 3
        assert (max(near) - min(near) > 0.06) <= (found == 0.0)
        assert (max(near) - min(near) < 0.015) <= (found == 1.0)


@dataclass(frozen=True, slots=True)
class Talk:
    """An exam at 2 or more frames a second. `spoken`: seconds with a voice; `mouthed`: with a mouth that moves."""

    seconds: int = 40
    fps: int = 2
    spoken: tuple[tuple[int, int], ...] = ()
    mouthed: tuple[tuple[int, int], ...] = ()

    def faces(self) -> Iterator[SessionObservation]:
        for seq in range(self.seconds * self.fps):
            at_ms = round(seq * 1000 / self.fps)
            moves = _in(self.mouthed, at_ms / 1000)
            opening = (0.02, 0.18, 0.09)[seq % 3] if moves else 0.05
            yield face_observed(SESSION, seq, START_MS + at_ms, (face_like(mouth_openness=opening),))

    def sound(self) -> Iterator[SessionObservation]:
        for seq in range(self.seconds):
            yield self.record(seq, 0.93 if _in(self.spoken, seq + 0.5) else 0.0)

    def record(self, seq: int, speech: float) -> SpeechObserved:
        end_ms = START_MS + (seq + 1) * 1000
        place = {"partition": 3, "offset": 7_000 + seq, "ingested_ms": end_ms + 5}
        return SpeechObserved(
            session=SESSION, seq=seq, capture_ms=end_ms, model="v", speech=speech, other=0.0, level_dbfs=-30.0, **place
        )

    def started(self) -> SessionStarted:
        interval_ms = 1000 // self.fps
        return SessionStarted(
            session=SESSION, capture_ms=START_MS, calibration_ms=0, frame_interval_ms=interval_ms, sound=True
        )

    def ends(self) -> list[SessionObservation]:
        end_ms = START_MS + self.seconds * 1000
        frames = self.seconds * self.fps
        return [
            SessionEnded(session=SESSION, capture_ms=end_ms, frames_sent=frames, audio_records=self.seconds),
            FramesEnded(session=SESSION, seq=frames, capture_ms=end_ms, ingested_ms=end_ms),
            SoundEnded(session=SESSION, seq=self.seconds, capture_ms=end_ms, ingested_ms=end_ms),
        ]

    def log(self, sound_ahead_s: float) -> list[SessionObservation]:
        """Faces and sound by capture time, sound this much earlier (or later) than its pictures."""
        both = [*self.faces(), *self.sound()]

        def place(one: SessionObservation) -> float:
            return one.capture_ms - sound_ahead_s * 1000 * isinstance(one, SpeechObserved)  # type: ignore[union-attr]

        return [self.started(), *sorted(both, key=place), *self.ends()]


def _in(spans: Sequence[tuple[int, int]], at_s: float) -> bool:
    return any(from_s <= at_s < to_s for from_s, to_s in spans)


def voices(messages: list[RiskMessage]) -> list[tuple[float, float]]:
    """When somebody else was heard, in seconds."""
    found = [(start, end) for rule, start, end in closed_events(messages) if rule == "voice"]
    return [(start / 1000, end / 1000) for start, end in found]


@pytest.mark.parametrize("fps", [2, 5, 10])
def test_a_voice_without_a_mouth_is_somebody_else_s(fps: int) -> None:
    messages = fold_all(EVERY_KIND, Talk(fps=fps, spoken=((10, 18),)).log(0.0))[1]
    ((start_s, end_s),) = voices(messages)
    assert 10 < start_s <= 16
    assert end_s == 18


@pytest.mark.parametrize("fps", [2, 5, 10])
def test_the_candidate_s_own_voice_is_not(fps: int) -> None:
    talk = Talk(fps=fps, spoken=((10, 30),), mouthed=((9, 31),))
    assert voices(fold_all(EVERY_KIND, talk.log(0.0))[1]) == []


def test_nobody_is_blamed_where_the_mouth_is_not_seen() -> None:
    talk = Talk(spoken=((5, 35),))
    hidden = [one for one in talk.log(0.0) if not (isinstance(one, FaceObserved) and one.seq % 3)]
    messages = fold_all(EVERY_KIND, hidden)[1]
    assert voices(messages) == []
    verdict = next(one for one in messages if isinstance(one, Verdict))
    coverage = {total.rule: total.coverage for total in verdict.rules}
    assert coverage["voice"] < 0.4


@pytest.mark.parametrize("ahead_s", [-20.0, -3.0, -0.4, 0.3, 2.0, 12.0, 30.0])
def test_it_is_the_same_whichever_comes_first(ahead_s: float) -> None:
    talk = Talk(seconds=60, spoken=((10, 18), (30, 40)), mouthed=((29, 41),))
    expected = voices(fold_all(EVERY_KIND, talk.log(0.0))[1])
    assert len(expected) == 1
    assert voices(fold_all(EVERY_KIND, talk.log(ahead_s))[1]) == expected


def test_sound_too_far_ahead_of_its_pictures_is_unknown_not_wrong() -> None:
    talk = Talk(seconds=120, spoken=((10, 100),), mouthed=((9, 101),))
    assert voices(fold_all(EVERY_KIND, talk.log(200.0))[1]) == []
    waited = fold_all(EVERY_KIND, [talk.started(), *talk.sound()])[0]
    assert waited is not None
    assert waited.hearing is not None
    assert len(waited.hearing.waiting) <= MOST_WAITING


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_the_verdict_waits_for_the_sound_in_any_order(order: tuple[int, int, int]) -> None:
    talk = Talk(seconds=6)
    *body, ended, frames, sound = talk.log(0.0)
    ends = [(ended, frames, sound)[n] for n in order]
    state, _ = fold_all(EVERY_KIND, [*body, *ends[:2]])
    assert state is not None
    assert not state.closed
    state, more = fold_all(EVERY_KIND, ends[2:], state)
    assert [type(one) for one in more][-1] is Verdict
    verdict = more[-1]
    assert isinstance(verdict, Verdict)
    assert (verdict.closed_by, verdict.end_ms) == ("end", START_MS + 6_000)


def test_sessions_of_before_there_was_sound_end_as_they_did() -> None:
    talk = Talk(seconds=6)
    start = SessionStarted(session=SESSION, capture_ms=START_MS, calibration_ms=0)
    ended, frames, _ = talk.ends()
    silent = SessionEnded(session=SESSION, capture_ms=ended.capture_ms, frames_sent=12)  # type: ignore[union-attr]
    state, messages = fold_all(EVERY_KIND, [start, *talk.faces(), frames, silent])
    assert isinstance(messages[-1], Verdict)
    assert state is not None
    assert state.hearing is None


def test_repetitions_change_nothing() -> None:
    """A worker that starts again says again what it said, some of it out of turn."""
    log = Talk(spoken=((10, 18),)).log(4.0)
    twice = [log[0], *(one for pair in pairwise(log[1:-3]) for one in pair), *log[-4:-3], *log[-3:], *log[-3:]]
    assert fold_all(EVERY_KIND, twice)[1] == fold_all(EVERY_KIND, log)[1]


def test_what_was_given_up_is_said() -> None:
    talk = Talk(seconds=20)
    lost = SoundDropped(
        session=SESSION, seq=3, from_ms=START_MS + 3000, to_ms=START_MS + 4000, count=1, reason="too_old"
    )
    log = [one for one in talk.log(0.0) if not (isinstance(one, SpeechObserved) and one.seq == 3)]
    *_, verdict = fold_all(EVERY_KIND, [*log[:-3], lost, lost, *log[-3:]])[1]
    assert isinstance(verdict, Verdict)
    assert "1 seconds of sound were given up on the way and are not judged." in verdict.reasons
    assert verdict.frames_dropped == 0


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(2, 38), st.integers(1, 12)), max_size=3),
    st.lists(st.tuples(st.integers(2, 38), st.integers(1, 12)), max_size=3),
    st.floats(-15, 30),
    st.sampled_from([2, 5]),
)
def test_replay_from_bytes_and_from_any_checkpoint_says_the_same(
    spoken: list[tuple[int, int]], mouthed: list[tuple[int, int]], ahead_s: float, fps: int
) -> None:
    """Catches: anything about sound that is kept outside of the state."""
    talk = Talk(fps=fps, spoken=_spans(spoken), mouthed=_spans(mouthed))
    log = talk.log(ahead_s)
    live = fold_all(EVERY_KIND, log)[1]
    state, resumed = None, list[RiskMessage]()
    for one in log:
        state, more = fold_all(EVERY_KIND, [one], decode_state(encode_state(state)) if state else None)
        resumed += more
    assert resumed == live
    stored = [Logged(n, encode_message(one)) for n, one in enumerate(_with_policy(log))]
    assert list(replay(stored).messages) == fold_all(EVERY_KIND, _with_policy(log))[1]


def _spans(starts: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple((start, start + length) for start, length in starts)


def _with_policy(log: list[SessionObservation]) -> list[SessionObservation]:
    start = log[0]
    assert isinstance(start, SessionStarted)
    named = SessionStarted(
        session=SESSION, capture_ms=START_MS, calibration_ms=0, policy=EVERY_KIND.document, sound=True
    )
    return [named, *log[1:]]
