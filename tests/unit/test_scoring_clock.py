"""Time: clocks that jump, rates from one frame a second to sixty, twelve hours; what the page says and when."""

from dataclasses import replace

import pytest

from ingest.messages import BrowserReported
from scoring.fold.alerts import MOST_PERIODS
from scoring.fold.capture_time import in_break, outside_breaks, shift_after
from scoring.fold.course import Looks
from scoring.fold.session import fold
from scoring.messages import RiskMessage, SessionObservation
from scoring.rulebook.policy import Policy, load_policy
from tests.exams_drawn import EVENTFUL
from tests.staged_exam import (
    EVERY_KIND,
    FOUR_RULES,
    START_MS,
    Behaviour,
    Run,
    StagedExam,
    closed_events,
    face_observed,
    fold_all,
    lasting_bytes,
    samples_of,
    told,
    verdict_of,
)
from tests.staged_looks import page_reported
from tests.staged_policy import narrowed

RUNS = [Run("normal", 10), Run("away", 4), Run("normal", 8), Run("away", 5), Run("normal", 5)]
RIGHT = [("looking_away", 10_000, 13_900), ("looking_away", 22_000, 26_900)]


@pytest.mark.parametrize("by_s", [3600.0, -3600.0, -7.0, 90.0, 1e7, -1e7])
@pytest.mark.parametrize("from_s", [5.0, 12.0, 18.0])
def test_a_clock_that_is_set_wrong_moves_no_event(by_s: float, from_s: float) -> None:
    """In calibration, within an event, between two: everything goes on as if the clock had been right."""
    messages = told(FOUR_RULES, RUNS, jumps=((from_s, by_s),))
    assert closed_events(messages) == RIGHT
    verdict = verdict_of(messages)
    assert verdict.anomalies["clock_jumps"] > 0
    assert any("clock jumped" in reason for reason in verdict.reasons)
    assert verdict.end_ms - START_MS == pytest.approx(32_000, abs=200)


@pytest.mark.parametrize("back_s", [2.0, 8.0])
def test_a_clock_an_hour_ahead_and_back_leaves_the_events(back_s: float) -> None:
    jumped = told(FOUR_RULES, RUNS, jumps=((12.0, 3600.0), (12.0 + back_s, 0.0)))
    assert closed_events(jumped) == RIGHT
    assert verdict_of(jumped).anomalies == {"clock_jumps": 2}


@pytest.mark.parametrize("by_s", [-2.0, -4.9])
def test_a_small_step_back_is_simultaneous(by_s: float) -> None:
    """Nothing runs backwards, and no time is invented: the session only seems shorter by that much."""
    messages = told(FOUR_RULES, RUNS, jumps=((16.0, by_s),))
    assert [rule for rule, _, _ in closed_events(messages)] == ["looking_away", "looking_away"]
    assert verdict_of(messages).anomalies == {}


def test_a_long_pause_is_a_pause() -> None:
    """Half an hour without a frame: frames are missing, and the log's time went on."""
    exam = StagedExam([Run("normal", 10), Run("missing", 1800), Run("normal", 10)])
    verdict = verdict_of(fold_all(FOUR_RULES, exam.observations())[1])
    assert verdict.anomalies == {}
    assert verdict.coverage < 0.02


LOOKS = Looks(seq=9, at_ms=10_000, frames=10, usual_ms=100)


@pytest.mark.parametrize(
    ("seq", "capture_ms", "ingested_ms", "shift_ms"),
    [
        (10, 10_100, 10_105, 0),
        (10, 5_000, 10_105, 0),
        (10, 4_999, 10_105, 5_101),
        (10, 70_000, 10_105, 0),
        (10, 70_001, 10_105, -59_901),
        (11, 70_001, 10_105, 0),  # a frame is missing: that may be why
        (10, 70_001, 40_100, 0),  # the log's time moved along
        (30, 4_999, 10_105, 5_101),
    ],
)
def test_a_jump_is_told_from_a_pause(seq: int, capture_ms: int, ingested_ms: int, shift_ms: int) -> None:
    seen = replace_times(seq, capture_ms, ingested_ms)
    assert shift_after(LOOKS, 0, seen, 10_005) == shift_ms


def replace_times(seq: int, capture_ms: int, ingested_ms: int) -> BrowserReported:
    return BrowserReported(session="s", seq=seq, capture_ms=capture_ms, ingested_ms=ingested_ms, sign="alive")


def test_the_first_look_cannot_jump() -> None:
    assert shift_after(Looks(), 0, replace_times(0, 10**12, 5), 5) == 0


def test_breaks_are_half_open_and_shorten_the_session() -> None:
    breaks = ((1000, 2000), (5000, 9000))
    assert [in_break(breaks, at) for at in (999, 1000, 1999, 2000, 5000)] == [False, True, True, False, True]
    assert [outside_breaks(breaks, ms) for ms in (500, 1500, 3000, 6000, 10_000)] == [500, 1000, 2000, 4000, 5000]


@pytest.mark.parametrize("fps", [1.0, 2.0, 15.0, 60.0])
def test_any_frame_rate_finds_the_same(fps: float) -> None:
    runs = [Run("normal", 12), Run("absent", 6), Run("normal", 10), Run("phone", 10), Run("normal", 10)]
    messages = told(FOUR_RULES, runs, fps=fps, objects_every=1)
    found = closed_events(messages)
    assert [rule for rule, _, _ in found] == ["no_face", "phone"]
    assert [start for _, start, _ in found] == pytest.approx([12_000, 28_000], abs=20)
    assert [end for _, _, end in found] == pytest.approx([18_000, 38_000], abs=1000 / fps + 20)
    assert verdict_of(messages).calibration == ("FAILED" if fps == 1.0 else "SUCCESS")
    assert verdict_of(messages).coverage > 0.9


def hours(of: int) -> list[SessionObservation]:
    """At 1 frame a second, a quarter of an hour of something happening at the end of each hour."""
    calm = [Run("normal", 45 * 60)]
    busy = [Run("away", 5), Run("normal", 4), Run("absent", 5), Run("normal", 4), Run("away", 5), Run("normal", 67)]
    return list(StagedExam([*calm, *busy * 10] * of, fps=1.0, objects_every=5).observations())


def test_a_session_of_twelve_hours_stays_small_and_whole() -> None:
    state, messages, largest = None, list[RiskMessage](), 0
    for observation in hours(12):
        state, more = fold(EVERY_KIND, state, observation)
        messages += more
        if more:
            largest = max(largest, lasting_bytes(state))
    verdict = verdict_of(messages)
    assert largest < 2048
    assert len(samples_of(messages)) == (verdict.end_ms - START_MS) // 1000 == 12 * 60 * 60
    assert {total.rule: total.events for total in verdict.rules}["away"] == 240
    assert len(verdict.high_activity) == MOST_PERIODS
    assert sum(one.alerts for one in verdict.high_activity) == 360


@pytest.mark.parametrize(("policy", "bound"), [(load_policy("default"), 2304), (EVERY_KIND, 3072)])
def test_the_state_of_somebody_who_does_everything_again_and_again_is_bounded(policy: Policy, bound: int) -> None:
    """Nearly all rules fire three times and more; each keeps its three longest events. Catches: `REMEMBERED_SPANS`."""
    others: tuple[Behaviour, ...] = ("two", "aside", "dark", "company", "frozen")
    round_of = [*(part for some in EVENTFUL for part in (*some, ("normal", 6.0))), *((kind, 5.0) for kind in others)]
    runs = [Run("normal", 5), *[Run(kind, seconds) for kind, seconds in round_of] * 4]
    exam = StagedExam(runs, fps=5.0, hands_every=1, identity_every=3, sound=True, page=True)
    state, largest = None, 0
    for observation in exam.observations():
        state, more = fold(policy, state, observation)
        largest = max(largest, lasting_bytes(state)) if more else largest
    assert 1000 < largest < bound


# The page.
def said(*reports: tuple[float, str, bool], until_s: float = 60.0) -> list[RiskMessage]:
    """A session with frames throughout and these reports of the page, by second."""
    frames = [*StagedExam([Run("normal", until_s)], fps=2.0, objects_every=0).observations()]
    page = [
        page_reported("staged", seq, START_MS + round(at_s * 1000), sign, on)  # type: ignore[arg-type]
        for seq, (at_s, sign, on) in enumerate(reports)
    ]
    log = sorted([*frames[1:-2], *page], key=lambda one: one.capture_ms)  # type: ignore[union-attr]
    tabs = narrowed(EVERY_KIND, {"tab": {"repeat_ms": 0}, "pasted": {}})
    return fold_all(tabs, [frames[0], *log, *frames[-2:]])[1]


@pytest.mark.parametrize(
    ("reports", "found"),
    [
        ([(20, "tab_hidden", True), (24, "tab_hidden", False)], [("tab", 20_000, 24_000)]),
        ([(20, "tab_hidden", True), (30, "alive", True), (38, "tab_hidden", False)], [("tab", 20_000, 38_000)]),
        ([(20, "tab_hidden", True), (30, "alive", True)], [("tab", 20_000, 30_000)]),
        ([(20, "tab_hidden", True), (40, "tab_hidden", False)], [("tab", 20_000, 20_000)]),
        (
            [(20, "tab_hidden", True), (22, "window_blurred", True), (24, "tab_hidden", False), (26, "alive", True),
             (27, "window_blurred", False)],
            [("tab", 20_000, 27_000)],
        ),
        ([(20, "pasted", True), (21, "alive", True)], [("pasted", 20_000, 20_000)]),
        ([(20, "pasted", True), (21, "pasted", True)], [("pasted", 20_000, 20_000), ("pasted", 21_000, 21_000)]),
        ([(20, "tab_hidden", False)], []),
        ([(20, "second_display", True), (21, "network_lost", True)], []),
    ],
)  # fmt: skip
def test_what_the_page_says_stands_until_it_says_otherwise(
    reports: list[tuple[float, str, bool]], found: list[tuple[str, int, int]]
) -> None:
    """The fourth: a page that was silent for 20 s (more than 15) is not known to have been hidden in between."""
    assert closed_events(said((0, "alive", True), (10, "alive", True), *reports)) == found


def test_a_silent_page_covers_nothing() -> None:
    talks = said(*((float(at), "alive", True) for at in range(0, 60, 10)))
    falls_silent = said((0, "alive", True), (10, "alive", True))
    assert [verdict_of(log).rules[1].coverage for log in (talks, falls_silent)] == pytest.approx([0.83, 0.17], abs=0.02)


def test_a_look_at_the_wrong_time_of_one_detector_leaves_the_others() -> None:
    exam = replace(StagedExam(RUNS), objects_every=1)
    log = [*exam.observations()]
    log.insert(300, face_observed("staged", 10**6, START_MS + 15_000, ()))
    assert closed_events(fold_all(FOUR_RULES, log)[1])[:1] == RIGHT[:1]
