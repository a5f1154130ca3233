"""`proctor replay`, `proctor verify`: stored sessions under another policy, and recomputed under their own."""

import json
from collections.abc import Iterator, Sequence

import click

from deploy.commands.policy import policy_of
from deploy.replaying.reading import judged_sessions
from deploy.replaying.rejudging import Rejudged, keep, rejudge, rejudge_log
from deploy.replaying.settings import StoredSettings, stored_settings
from deploy.replaying.telling import as_document, as_lines
from deploy.replaying.verification import verify as verified
from ingest.errors import InputError, PoisonError, ProctorError
from scoring.fold.replay import Another
from scoring.rulebook.policy import Policy
from sinks.store import Store

_SESSIONS = click.argument("sessions", nargs=-1, metavar="SESSION...")
_ALL = click.option("--all", "is_all", is_flag=True, help="Every session that has a verdict.")


@click.command()
@_SESSIONS
@_ALL
@click.option("--policy", required=True, callback=policy_of, help="A preset's name or a TOML file.")
@click.option(
    "--source",
    type=click.Choice(["clickhouse", "kafka"]),
    default="clickhouse",
    show_default=True,
    help="From the tables (30 days), or from the log itself (24 hours), ticks included.",
)
@click.option("--without-accommodations", is_flag=True, help="As if nothing had been allowed to anybody.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each session.")
def replay(
    sessions: Sequence[str], is_all: bool, policy: Policy, source: str, without_accommodations: bool, as_json: bool
) -> int:
    """Judge stored sessions again under another policy; the verdicts are stored beside the live ones.

    Says whose class changes, and by which events. What a person is allowed stays as it was.
    """
    if without_accommodations and source == "kafka":
        raise click.UsageError("--without-accommodations works from the tables alone (--source clickhouse)")
    settings = stored_settings()
    store = settings.open_store()
    chosen = _chosen(store, sessions, is_all)
    another = Another(policy, accommodations=not without_accommodations)
    changed = [_tell(store, result, as_json) for result in _results(settings, store, chosen, another, source)]
    judged = [one for one in changed if one is not None]
    click.echo(f"{sum(judged)} of {len(judged)} sessions change class under {policy.name} ({policy.digest})", err=True)
    return 0 if len(judged) == len(chosen) else 1


def _tell(store: Store, result: Rejudged | ProctorError, as_json: bool) -> bool | None:
    """Store and say one session's result; whether its class changed, None: it could not be judged."""
    if isinstance(result, ProctorError):
        click.echo(f"proctor: {result}", err=True)
        return None
    keep(store, result)
    click.echo(json.dumps(as_document(result), separators=(",", ":")) if as_json else "\n".join(as_lines(result)))
    return result.diff.class_changed


def _results(
    settings: StoredSettings, store: Store, sessions: Sequence[str], another: Another, source: str
) -> Iterator[Rejudged | ProctorError]:
    if source == "kafka":
        yield from rejudge_log(store, sessions, another.policy, settings.kafka, settings.topic_prefix)
        return
    for session in sessions:
        try:
            yield rejudge(store, session, another)
        except (InputError, PoisonError) as error:
            yield error


@click.command()
@_SESSIONS
@_ALL
def verify(sessions: Sequence[str], is_all: bool) -> int:
    """Recompute stored sessions and compare everything that was said of them, byte for byte.

    Exit status 0: all are equal; 1: one is not, or cannot be compared. A line for each session.
    """
    store = stored_settings().open_store()
    equal = [_verify(store, session) for session in _chosen(store, sessions, is_all)]
    return 0 if all(equal) else 1


def _verify(store: Store, session: str) -> bool:
    try:
        found = verified(store, session)
    except InputError as error:
        click.echo(f"proctor: {error}", err=True)
        return False
    click.echo(str(found))
    return found.outcome == "equal"


def _chosen(store: Store, sessions: Sequence[str], is_all: bool) -> Sequence[str]:
    """What was asked for.

    Raises: UsageError for nothing or both; InputError when nothing is stored.
    """
    if bool(sessions) == is_all:
        raise click.UsageError("Name sessions, or say --all")
    found = tuple(dict.fromkeys(sessions)) or judged_sessions(store)
    if not found:
        raise InputError(f"database {store.database}", "has no verdict yet", "Run an exam first: `proctor demo`")
    return found
