"""Runs a click command for its exit status: no traceback reaches a user; an error raised on purpose is one line."""

from collections.abc import Sequence

import click

from ingest.errors import ProctorError

STOPPED = 130


def exit_status_of(group: click.Group, arguments: Sequence[str], *, called: str, said_by: str) -> int:
    """Run one command; `called`: as the usage names it, `said_by`: before each line on standard error."""
    try:
        return group.main(list(arguments), prog_name=called, standalone_mode=False) or 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(f"{said_by}: stopped", err=True)
        return STOPPED
    except ProctorError as error:
        click.echo(f"{said_by}: {error}", err=True)
        return 1
