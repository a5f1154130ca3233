"""Periods of high activity: where events that count come thick."""

from scoring.fold.course import Alerts
from scoring.messages import Activity
from scoring.rulebook.policy_document import ActivityRules

MOST_PERIODS = 16  # told of one session; the last one grows instead of a new one beginning
_MINUTE_MS = 60_000


def alert(rules: ActivityRules, before: Alerts, start_ms: int) -> Alerts:
    """One more event, which began at `start_ms`."""
    recent = tuple(sorted((*before.recent, start_ms)))
    recent = tuple(one for one in recent if one > recent[-1] - rules.window_ms)[-rules.alerts :]
    if len(recent) < rules.alerts:
        return Alerts(recent, before.periods)
    first, last = recent[0], recent[-1]
    *earlier, previous = before.periods or ((0, 0, 0),)
    if before.periods and (first <= previous[1] or len(before.periods) == MOST_PERIODS):
        joined = max(1, sum(one > previous[1] for one in recent))
        return Alerts(recent, (*earlier, (previous[0], max(previous[1], last), previous[2] + joined)))
    return Alerts(recent, (*before.periods, (first, last, len(recent))))


def periods(alerts: Alerts) -> tuple[Activity, ...]:
    """The periods as messages say them; the density is over at least a minute."""
    return tuple(
        Activity(
            start_ms=start_ms,
            end_ms=end_ms,
            alerts=count,
            per_minute=round(count * _MINUTE_MS / max(end_ms - start_ms, _MINUTE_MS), 2),
        )
        for start_ms, end_ms, count in alerts.periods
    )
