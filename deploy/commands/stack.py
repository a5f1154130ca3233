"""`proctor up | down | status | doctor`: the local stack."""

import os
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table

from deploy.stack import lifecycle
from deploy.stack.condition import status as condition
from deploy.stack.doctor import doctor as checks


@click.command()
def up() -> None:
    """Start Kafka, Triton, ClickHouse's engine and the stages, and leave them running."""
    console = Console(stderr=True)
    addresses = lifecycle.up(
        report=lambda part, message: console.print(f"[dim]{part}: {message}[/dim]", soft_wrap=True)
    )
    for part, address in addresses.items():
        click.echo(f"{part} {address}")


@click.command()
def down() -> None:
    """Stop every process of the local stack; its data stay."""
    found = lifecycle.down()
    click.echo("stopped" if found else "was not running", err=True)


@click.command()
def status() -> int:
    """Say how each part of the stack is; exit status 1 when one is not ready."""
    found = condition()
    if not found.parts:
        click.echo(f"no stack in {found.folder}; `proctor up` starts one")
        return 1
    table = Table("part", "state", "address", "pid", "restarts", "since", "")
    for part in found.parts:
        since = datetime.fromtimestamp(part.since_ms / 1000, UTC).astimezone().strftime("%H:%M:%S")
        table.add_row(
            part.name, part.state, part.address, str(part.pid or ""), str(part.restarts), since, part.why or ""
        )
    Console().print(table)
    click.echo(f"logs in {found.folder / 'logs'}")
    return 0 if found.ready else 1


@click.command()
def doctor() -> int:
    """Name what is missing on this machine and how to mend it; exit status 1 when anything is."""
    found = checks(os.environ)
    for check in found:
        mark = "ok  " if check.ok else "BAD "
        click.echo(f"{mark}{check.name}: {check.why}{'' if check.ok else '. ' + check.mend}")
    return 0 if all(check.ok for check in found) else 1
