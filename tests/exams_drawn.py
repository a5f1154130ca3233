"""Exams as Hypothesis draws them: runs of behaviour, stutters around gaps and holds, accommodations."""

from hypothesis import strategies as st

from detectors.messages import FaceObserved
from scoring.messages import SessionObservation
from scoring.rulebook.accommodations import Accommodation, Break, Helper, Looser, MedicalDevice, RulesOff
from scoring.rulebook.policy import Policy
from tests.staged_exam import Behaviour, Run, StagedExam

PLAIN: tuple[Behaviour, ...] = (
    "normal", "absent", "two", "away", "aside", "closed", "bowed", "phone", "faint_phone", "dark", "covered", "missing",
)  # fmt: skip
CLEAR: tuple[Behaviour, ...] = (
    "normal", "absent", "two", "away", "away_left", "aside", "aside_left", "closed", "bowed", "raised", "swaying",
    "talking", "phone", "faint_phone", "notes", "pen", "company", "cheating", "hand_at_face", "signalling", "holding",
    "speaking", "other_voice", "stranger", "tab_hidden", "window_blurred", "copied", "pasted", "frozen", "missing",
)  # fmt: skip
ALL: tuple[Behaviour, ...] = (*CLEAR, "distant", "dark", "dim", "covered", "senseless")
INNOCENT: tuple[Behaviour, ...] = (
    "normal", "closed", "dark", "dim", "covered", "distant", "frozen", "missing", "faint_phone", "senseless", "swaying",
    "speaking", "notes",
)  # fmt: skip
CULPRITS: tuple[Behaviour, ...] = (
    "absent", "two", "away", "aside", "aside_left", "phone", "company", "talking", "cheating", "tab_hidden",
    "other_voice", "signalling", "stranger",
)  # fmt: skip
NO_JUMPS: st.SearchStrategy[tuple[tuple[float, float], ...]] = st.just(())
BRIEF, LONG = st.integers(1, 7), st.integers(8, 60)


def runs_of(behaviours: tuple[Behaviour, ...], least: int = 1) -> st.SearchStrategy[list[Run]]:
    """Anything after anything."""
    run = st.builds(lambda kind, tenths: Run(kind, tenths / 10), st.sampled_from(behaviours), BRIEF | LONG)
    return st.lists(run, min_size=least, max_size=7)


EVENTFUL: tuple[tuple[tuple[Behaviour, float], ...], ...] = (
    (("cheating", 1.0),),
    (("company", 1.5), ("pen", 1.0), ("notes", 1.0)),
    (("aside_left", 0.6), ("normal", 1.0)) * 4,
    (("away", 0.6), ("normal", 1.5)) * 4,
    (("away_left", 4.0), ("bowed", 4.0)),
    (("holding", 1.0), ("phone", 1.0), ("raised", 1.0)),
    (("talking", 4.0), ("phone", 1.0)),
    (("tab_hidden", 3.0), ("normal", 1.0)) * 2,
    (("pasted", 1.0), ("signalling", 1.0)),
    (("other_voice", 6.0), ("stranger", 4.0)),
    (("absent", 8.0), ("missing", 3.0)),
    (("phone", 6.0), ("closed", 4.0)),
    (("hand_at_face", 5.0), ("frozen", 4.0)),
)
"""What makes each rule fire, so that few draws hold much."""


@st.composite
def eventful(draw: st.DrawFn) -> list[Run]:
    """Some of these one after the other, each a little longer or shorter."""
    chosen = draw(st.lists(st.sampled_from(EVENTFUL), min_size=3, max_size=6))
    pace = draw(st.sampled_from([0.8, 1.0, 1.0, 1.3]))
    return [Run(kind, seconds * pace) for some in chosen for kind, seconds in some]


def alternating(both: tuple[Behaviour, Behaviour]) -> st.SearchStrategy[list[Run]]:
    """Now the one, now the other, each for less than a second."""
    pairs = st.lists(st.tuples(st.integers(2, 9), st.integers(2, 9)), min_size=3, max_size=12)
    return pairs.map(lambda some: [Run(kind, at / 10) for pair in some for kind, at in zip(both, pair, strict=True)])


@st.composite
def stutters(draw: st.DrawFn, between: tuple[Behaviour, ...], culprits: tuple[Behaviour, ...] = CULPRITS) -> list[Run]:
    """One thing again and again with pauses around every rule's gap, hold and cooldown."""
    culprit, pause = draw(st.sampled_from(culprits)), draw(st.sampled_from(between))
    tenths = draw(st.lists(st.tuples(BRIEF | LONG, BRIEF | st.integers(8, 30)), min_size=2, max_size=12))
    return [run for shown, paused in tenths for run in (Run(culprit, shown / 10), Run(pause, paused / 10))]


def plain_exams(
    runs: st.SearchStrategy[list[Run]], calm_s: tuple[float, ...] = (9.0, 9.0, 0.0)
) -> st.SearchStrategy[StagedExam]:
    """A session with a camera alone; most begin with a calibration that can succeed."""
    return st.builds(
        lambda calm_s, runs, **how: StagedExam([Run("normal", calm_s), *runs], **how),
        st.sampled_from(calm_s),
        runs,
        fps=st.sampled_from([2.0, 4.0, 7.0, 10.0]),
        objects_every=st.integers(0, 3),
        announced=st.booleans(),
    )


def whole_exams(
    runs: st.SearchStrategy[list[Run]],
    calm_s: tuple[float, ...] = (4.5, 4.5, 0.0),
    jumps: st.SearchStrategy[tuple[tuple[float, float], ...]] = NO_JUMPS,
) -> st.SearchStrategy[StagedExam]:
    """A session with every detector, each at a rate of its own or not at all."""
    return st.builds(
        lambda calm_s, runs, **how: StagedExam([Run("normal", calm_s), *runs], **how),
        st.sampled_from(calm_s),
        runs,
        fps=st.sampled_from([2.0, 5.0, 7.0]),
        objects_every=st.sampled_from([0, 1, 2]),
        hands_every=st.sampled_from([0, 1, 3]),
        identity_every=st.sampled_from([0, 4]),
        sound=st.booleans(),
        page=st.booleans(),
        announced=st.booleans(),
        jumps=jumps,
    )


def clock_jumps() -> st.SearchStrategy[tuple[tuple[float, float], ...]]:
    """A clock that is right, or set wrong once or twice, by seconds or by an hour."""
    jump = st.tuples(st.sampled_from([3.0, 8.0, 15.0]), st.sampled_from([-3600.0, -20.0, -2.0, 2.0, 20.0, 3600.0]))
    return NO_JUMPS | st.lists(jump, min_size=1, max_size=2).map(lambda jumps: tuple(sorted(jumps)))


@st.composite
def allowances(draw: st.DrawFn, policy: Policy) -> tuple[Accommodation, ...]:
    """One to three accommodations, of any kind, on rules that there are."""
    return tuple(draw(st.lists(_accommodation(policy), min_size=1, max_size=3)))


def _accommodation(policy: Policy) -> st.SearchStrategy[Accommodation]:
    names = st.sampled_from([rule.name for rule in policy.rules])
    labels = st.sampled_from([rule.label for rule in policy.rules])
    starts, lengths = st.integers(0, 40_000), st.integers(0, 20_000)
    looser = st.sampled_from([("head_yaw", 30.0), ("gaze_x", 0.11), ("object:phone", 0.85), ("second:person", 0.9)])
    rules_off = st.builds(lambda one: RulesOff(rules=(one,), reason="off"), names | labels)
    wider = st.builds(
        lambda rule, hold_ms, limit: Looser(rule=rule, hold_ms=hold_ms, thresholds=dict([limit]), reason="wider"),
        names,
        st.none() | st.integers(0, 8000),
        looser,
    )
    pause = st.builds(lambda at, ms: Break(from_ms=at, to_ms=at + ms, reason="break"), starts, lengths)
    device = st.builds(lambda label: MedicalDevice(label=label, reason="device"), st.sampled_from(["phone", "pen"]))
    return st.one_of(rules_off, wider, pause, device, st.just(Helper(reason="helper")))


def lagging(exam: StagedExam, frames: int) -> list[SessionObservation]:
    """The exam's log with everything but faces that many places later; its ends stay at the end."""
    started, *seen, passed, ended = exam.observations() if exam.announced else (exam.started(), *exam.observations())
    places = [(place + (0 if isinstance(one, FaceObserved) else frames), place, one) for place, one in enumerate(seen)]
    return [started, *(one for _, _, one in sorted(places, key=lambda of: of[:2])), passed, ended]
