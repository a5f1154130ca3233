"""How presets are walked through second by second: what an exam costs at each full second, as its source would say."""

from collections.abc import Sequence

from scoring.messages import RiskClosed, RiskMessage, RiskOpened
from scoring.rulebook.policy import Policy
from tests.staged_exam import START_MS, Behaviour, Run, samples_of, told

FPS = 10.0
CALM_S = 10  # calibration takes 8 s
LOOK_S = 1 / FPS


def walk(policy: Policy, runs: Sequence[Run], rate: float = FPS, **changes: object) -> list[RiskMessage]:
    """Everything said about an exam at `rate` looks a second of every detector."""
    return told(policy, runs, fps=rate, objects_every=1, **changes)


def around(behaviour: Behaviour, seconds: float) -> list[Run]:
    """The behaviour between calm stretches; its last look is one before `seconds`."""
    return [Run("normal", CALM_S), Run(behaviour, seconds), Run("normal", 8)]


def fired(messages: Sequence[RiskMessage]) -> list[tuple[str, float, float, float]]:
    """(rule, onset, moment of firing, end) of every event, in seconds of the session, by the moment of firing."""
    closed = (message for message in messages if isinstance(message, RiskClosed))
    return sorted(
        ((one.rule, _second(one.start_ms), _second(one.fired_ms), _second(one.end_ms)) for one in closed),
        key=lambda event: event[2],
    )


def costs(messages: Sequence[RiskMessage]) -> list[tuple[str, float, bool]]:
    """(rule, points, permanent) of every event that opened."""
    opened = (message for message in messages if isinstance(message, RiskOpened))
    return [(one.rule, one.points, one.permanent) for one in opened]


def check_hold(policy: Policy, behaviour: Behaviour, hold_s: float, cost: tuple[str, float, bool]) -> None:
    """Just under the hold is nothing; just over it is one event that costs `cost`, fired when the hold was over."""
    assert costs(walk(policy, around(behaviour, hold_s))) == []
    over = walk(policy, around(behaviour, hold_s + 0.2))
    assert costs(over) == [cost]
    assert fired(over) == [(cost[0], 10.0, 10.0 + hold_s, round(10.1 + hold_s, 3))]


def risk(messages: Sequence[RiskMessage]) -> list[tuple[float, float]]:
    """(temporary, permanent) at second 1, 2, 3 ..."""
    return [(sample.temporary, sample.permanent) for sample in samples_of(messages)]


def written_out(table: str) -> list[float]:
    """A row for each second: "0*12 5*4 4 3" is twelve times 0, four times 5, 4, 3."""
    rows: list[float] = []
    for word in table.split():
        value, _, times = word.partition("*")
        rows += [float(value)] * int(times or 1)
    return rows


def _second(at_ms: int) -> float:
    return (at_ms - START_MS) / 1000
