"""Ten staged exams and what their verdicts must say, worked out by hand from tests/policies/every_kind.toml.

All begin with 6 s of a candidate who sits still: 4 s of calibration succeed. 10 frames a second; n frames of something
last (n - 1) / 10 s. Objects and hands are looked for in every second frame. confidence = 1 - exp(-points / 30):
CLEAN < 0.20 <= BORDERLINE < 0.40 <= SUSPICIOUS < 0.65 <= HIGH_RISK.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.rulebook.accommodations import Accommodation, Break, Helper
from tests.staged_exam import Behaviour, Run, StagedExam

Event = tuple[str, float, float, float]
"""Rule, start and end in seconds after the session's start, points; those that do not count stand apart."""


@dataclass(frozen=True, slots=True)
class Golden:
    """Who sits there, what happens, what must be found, and why."""

    who: str
    runs: Sequence[Run]
    events: Sequence[Event]
    risk_class: str
    integrity: float
    why: str
    spared: Sequence[Event] = ()
    without: float | None = None
    allowed: tuple[Accommodation, ...] = ()
    jumps: tuple[tuple[float, float], ...] = ()

    @property
    def exam(self) -> StagedExam:
        return StagedExam(
            [Run("normal", 6), *self.runs],
            session=self.who,
            hands_every=2,
            identity_every=5,
            sound=True,
            page=True,
            accommodations=self.allowed,
            jumps=self.jumps,
        )


def again(times: int, behaviour: Behaviour, shown_s: float, pause_s: float) -> list[Run]:
    return [run for _ in range(times) for run in (Run(behaviour, shown_s), Run("normal", pause_s))]


EXAMS = (
    Golden(
        who="calm",
        runs=[Run("normal", 20), Run("closed", 2), Run("swaying", 10), Run("faint_phone", 9), Run("normal", 13)],
        events=[],
        risk_class="CLEAN",
        integrity=100.0,
        why="Blinking, swaying by 8 degrees and something that is a phone at 0.45 are within every limit.",
    ),
    Golden(
        who="photographer",
        runs=[Run("holding", 1), Run("phone", 5), Run("raised", 2), Run("normal", 26)],
        events=[("phone", 7.0, 11.8, 15.0), ("photographed", 6.8, 12.0, 12.0)],
        risk_class="SUSPICIOUS",
        integrity=73.0,
        why="A phone for 4.8 s (3 s are enough): 15; something in hand until 6.8, a phone, head up at 12.0, all within "
        "12 s: 12. 27 points: 0.593. Head up for 1.9 s is no looking away.",
    ),
    Golden(
        who="left-the-room",
        runs=[Run("normal", 4), Run("absent", 13), Run("normal", 5), Run("missing", 5), Run("normal", 27)],
        events=[("absent", 10.0, 22.9, 15.0)],
        risk_class="BORDERLINE",
        integrity=85.0,
        why="Absent from 10 s: fires at 12, again at 17 and 22. The network's outage of 5 s is nobody's fault: 0.393.",
    ),
    Golden(
        who="interpreted",
        runs=[
            Run("company", 6),
            Run("normal", 6),
            Run("other_voice", 8),
            Run("normal", 6),
            Run("away", 4),
            Run("normal", 9),
        ],
        events=[("away", 32.0, 35.9, 6.0)],
        spared=[("company", 6.0, 11.8, 8.0), ("voice", 18.0, 25.0, 6.0)],
        risk_class="CLEAN",
        integrity=94.0,
        without=80.0,
        allowed=(Helper(reason="Sign language interpreter"),),
        why="Somebody else is allowed, looking away is not. Another voice is heard from 18 s on, in three of six "
        "records at 20 s.",
    ),
    Golden(
        who="two-of-them",
        runs=[Run("cheating", 4), Run("normal", 12), Run("two", 3), Run("normal", 20)],
        events=[("cheating", 6.0, 9.8, 20.0), ("company", 6.0, 9.8, 8.0), ("crowd", 22.0, 24.9, 10.0)],
        risk_class="HIGH_RISK",
        integrity=62.0,
        why="Two people, a pen and notes at once: 20; somebody else for 2 s: 8; two faces for 2 s: 10. 38 points are "
        "0.718.",
    ),
    Golden(
        who="dark-room",
        runs=[Run("dark", 40), Run("normal", 5), Run("dark", 25)],
        events=[("dark", 6.0, 45.9, 0.0), ("dark", 51.0, 75.9, 0.0)],
        risk_class="INCONCLUSIVE",
        integrity=100.0,
        why="A dark picture proves nothing: 11 of 76 s could be judged by most rules, half of it is needed.",
    ),
    Golden(
        who="glancing",
        runs=[*again(4, "aside_left", 0.6, 2.4), Run("normal", 6), *again(4, "away", 0.8, 2.2), Run("normal", 22)],
        events=[("peeking", 6.0, 15.9, 4.0), ("turning", 24.0, 33.7, 3.0)],
        risk_class="BORDERLINE",
        integrity=93.0,
        why="Four glances to the left within 15 s: three are enough; the last one is over 0.3 s after 15.5. "
        "The third turn to the right within 20 s begins at 30.0, the fourth lasts until 33.7. 7 points: 0.208.",
    ),
    Golden(
        who="tab-switcher",
        runs=[*again(3, "tab_hidden", 2, 4), Run("tab_hidden", 6), Run("pasted", 1), Run("normal", 12)],
        events=[
            ("tab", 6.0, 8.0, 5.0),
            ("tab", 12.0, 14.0, 5.0),
            ("tab", 18.0, 20.0, 5.0),
            ("tab", 24.0, 30.0, 10.0),
            ("pasted", 30.0, 30.0, 2.0),
        ],
        risk_class="SUSPICIOUS",
        integrity=73.0,
        why="Each of four looks at another tab costs 5, the last one twice (4 s later still there): 25; a paste 2. "
        "27 points: 0.593.",
    ),
    Golden(
        who="rested",
        runs=[Run("away", 4), Run("normal", 8), Run("absent", 20), Run("normal", 12)],
        events=[("away", 6.0, 9.9, 6.0)],
        spared=[("absent", 18.0, 37.9, 5.0)],
        risk_class="CLEAN",
        integrity=94.0,
        without=74.0,
        allowed=(Break(from_ms=17_000, to_ms=40_000, reason="Rest break"),),
        why="Looking away before the break counts; the empty chair in it does not: 5 at 20, 25, 30, 35 s are spared.",
    ),
    Golden(
        who="stand-in",
        runs=[Run("normal", 9), Run("stranger", 8), Run("normal", 8), Run("talking", 5), Run("normal", 14)],
        events=[("stranger", 15.0, 22.5, 20.0), ("talking", 31.1, 36.3, 2.0)],
        risk_class="SUSPICIOUS",
        integrity=78.0,
        jumps=((12.0, 3600.0), (30.0, 0.0)),
        why="Somebody else for 7.5 s, looked at twice a second. The clock was an hour ahead from 12 to 30 s: times go "
        "on from before. Lips move from 31.1 on, by 33.6 in 40 % of 6 s; at rest they are back at their mean after "
        "0.3 s. 22 points: 0.520.",
    ),
)
