"""`proctor whatif`: what a held rule would have found with other numbers, asked of the tables in SQL."""

from collections.abc import Sequence

import click
from msgspec.structs import replace

from deploy.commands.policy import policy_of
from deploy.display import clock
from deploy.replaying.settings import stored_settings
from deploy.replaying.what_if import held_rule, limit_of, question_of, try_of
from ingest.errors import InputError
from scoring.rulebook.policy import Policy
from scoring.rulebook.rule_document import Comparison, HeldRule
from sinks.store import Store
from sinks.whatif import EVENTS_SQL, Question, Try, WhatIf, flagged, what_if


@click.command()
@click.argument("rule", metavar="RULE")
@click.argument("sessions", nargs=-1, metavar="[SESSION...]")
@click.option("--policy", default="default", show_default=True, callback=policy_of, help="Whose rule it is.")
@click.option("--threshold", "thresholds", multiple=True, type=float, help="Of the first test; several make a table.")
@click.option("--hold", type=click.FloatRange(0, 86_400), help="Seconds that it must hold.")
@click.option("--gap", type=click.FloatRange(0, 86_400), help="Seconds that are bridged.")
@click.option("--clear", type=click.FloatRange(0, 86_400), help="Seconds after which it has ended.")
@click.option("--cooldown", type=click.FloatRange(0, 86_400), help="Seconds until the next event.")
@click.option("--sql", "only_sql", is_flag=True, help="Print the query and its parameters, run nothing.")
def whatif(
    rule: str,
    sessions: Sequence[str],
    policy: Policy,
    thresholds: Sequence[float],
    hold: float | None,
    gap: float | None,
    clear: float | None,
    cooldown: float | None,
    only_sql: bool,
) -> None:
    """What a policy's held rule would have found in stored sessions (none named: all) with other numbers.

    One threshold: every session's events. Several: how many sessions each would flag.
    """
    held = _timed(held_rule(policy, rule), hold, gap, clear, cooldown)
    question = question_of(policy.spec, held)
    tries = [try_of(_limited(held, threshold)) for threshold in thresholds] or [try_of(held)]
    if only_sql:
        click.echo(EVENTS_SQL)
        for name, value in question.parameters(tries, sessions).items():
            click.echo(f"-- {name} = {value}")
        return
    store = stored_settings().open_store()
    if len(tries) == 1:
        _tell_sessions(store, what_if(store, question, tries, sessions))
    else:
        _tell_tries(store, question, tries, sessions)


def _timed(
    rule: HeldRule, hold: float | None, gap: float | None, clear: float | None, cooldown: float | None
) -> HeldRule:
    asked = {"hold_ms": hold, "gap_ms": gap, "clear_ms": clear, "cooldown_ms": cooldown}
    return replace(rule, **{name: round(value * 1000) for name, value in asked.items() if value is not None})


def _limited(rule: HeldRule, threshold: float) -> HeldRule:
    """The rule with another threshold of its first test, which ends as far from it as before, relatively."""
    first = rule.when[0]
    old, until = limit_of(first), None
    if first.until is not None and old:
        until = round(first.until / old * threshold, 4)
    upward = first.at_least is not None
    limits = {"at_least": threshold} if upward else {"at_most": threshold}
    return replace(rule, when=(Comparison(signal=first.signal, until=until, **limits), *rule.when[1:]))


def _tell_sessions(store: Store, found: Sequence[WhatIf]) -> None:
    if not found:
        raise InputError(f"database {store.database}", "holds none of these sessions' looks", "See `proctor status`")
    for one in found:
        count = len(one.events)
        events = (
            f"{count} event{'' if count == 1 else 's'}"
            if one.covered
            else "not covered (clock jump, reopened or not calibrated)"
        )
        click.echo(f"{one.session}: {events}{', the last one goes on' if one.open else ''}")
        if one.covered:
            _tell_events(store, one)


def _tell_events(store: Store, found: WhatIf) -> None:
    (start_ms,) = store.rows(_START, session=found.session)[0]
    for event in found.events:
        times = f"{clock(event.start_ms - start_ms)}-{clock(event.end_ms - start_ms)}"
        fired = f"fired at {clock(event.fired_ms - start_ms)}"
        click.echo(f"  {times} {fired}, {event.signal} {event.peak:g} against {event.threshold:g}")


_START = """SELECT argMin(capture_ms, (log_offset, position)) FROM observations FINAL
WHERE session = {session:String}"""


def _tell_tries(store: Store, question: Question, tries: Sequence[Try], sessions: Sequence[str]) -> None:
    for row in flagged(store, question, tries, sessions):
        limit = tries[row.number - 1].thresholds[0]
        click.echo(f"{limit:g}: {row.flagged} of {row.covered} sessions flagged, {row.events} events")
