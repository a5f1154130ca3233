"""`proctor shadow`: a policy on trial on live traffic, seen by nobody who sits an exam."""

import os
import sys

import click

from deploy.commands.policy import policy_of
from deploy.replaying.settings import stored_settings
from scoring.rulebook.policy import Policy


@click.command()
@click.argument("policy", callback=lambda *given: (given[2], policy_of(*given)), metavar="NAME|FILE")
@click.option("--metrics-port", default=0, show_default=True, type=click.IntRange(0, 65_535), help="0: none.")
def shadow(policy: tuple[str, Policy], metrics_port: int) -> None:
    """Run a scoring worker under a policy on trial until it is told to stop.

    It folds the live log under that policy, beside the workers that count. What it finds is stored with origin `shadow`
    and shown by the view policy_comparison; it never reaches a candidate, and changes nothing that does.
    """
    name, checked = policy
    settings = stored_settings()
    own = {
        "PROCTOR_KAFKA": settings.kafka,
        "PROCTOR_TOPIC_PREFIX": settings.topic_prefix,
        "PROCTOR_SHADOW_POLICY": name,
        "PROCTOR_METRICS_PORT": str(metrics_port),
    }
    click.echo(f"policy {checked.name} ({checked.digest}) on trial on {settings.kafka}; Ctrl-C ends it", err=True)
    os.execve(sys.executable, [sys.executable, "-m", "scoring"], os.environ | own)
