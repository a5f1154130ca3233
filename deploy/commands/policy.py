"""`proctor policy`: what rules an exam is judged by; checked, shown, compared, and explained in words."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingest.errors import InputError
from scoring.rulebook.accommodations import Accommodation
from scoring.rulebook.accommodations_file import examine_accommodations
from scoring.rulebook.inheritance import origin_of
from scoring.rulebook.policy import Policy, load_policy, plan
from scoring.rulebook.policy_file import Examined, examine_policy, presets
from scoring.rulebook.policy_text import differences, policy_toml
from scoring.rulebook.policy_words import RuleWords, accommodation_words, policy_words, rule_words


def policy_of(_: click.Context | None, parameter: click.Parameter | None, value: str) -> Policy:
    """A policy given by name or path; a wrong one is bad usage."""
    examined = examine_policy(value)
    for error in examined.errors:
        others = len(examined.errors) - 1
        more = f" ({others} more: proctor policy check {value})" if others else ""
        raise click.BadParameter(f"{error}{more}", param=parameter)
    return load_policy(value)


_NAME = click.argument("name", callback=policy_of, metavar="NAME|FILE")


@click.group()
def policy() -> None:
    """The rules that exams are judged by: presets and your own TOML files."""


@policy.command("list")
def list_presets() -> None:
    """The policies that are shipped."""
    table = Table("preset", "digest", "rules", "calibration", "optional rules")
    for name in presets():
        found = load_policy(name)
        optional = ", ".join(rule.name for rule in found.rules if rule.rule.optional)
        calibration = f"{found.spec.calibration.duration_ms / 1000:g} s"
        table.add_row(name, found.digest, str(len(found.rules)), calibration, optional)
    _console().print(table)


@policy.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def check(files: Sequence[str]) -> int:
    """Name everything that is wrong with policies. Exit status 1 when anything is."""
    found = [examine_policy(name) for name in files]
    for name, examined in zip(files, found, strict=True):
        _tell_checked(name, examined)
    return 0 if all(examined.spec for examined in found) else 1


def _tell_checked(name: str, examined: Examined) -> None:
    for error in examined.errors:
        click.echo(f"proctor: {error}", err=True)
    if examined.spec is None:
        count = len(examined.errors)
        click.echo(f"BAD {name}: {count} mistake{'' if count == 1 else 's'}")
        return
    ready = plan(examined.spec)
    off = len(examined.spec.rules) - len(ready.rules)
    rules = f"{len(ready.rules)} rules" + (f", {off} off" if off else "")
    line = " > ".join(layer.name for layer in reversed(examined.layers[:-1]))
    rests = f", extends {line}" if line else ""
    click.echo(f"ok  {name}: policy {ready.name!r}, digest {ready.digest}, {rules}{rests}")


@policy.command()
@click.argument("name", metavar="NAME|FILE")
@click.option("--json", "as_json", is_flag=True, help="The canonical document that digests are made of.")
def show(name: str, as_json: bool) -> None:
    """Print a policy complete. What is inherited is marked; the output is a policy file itself."""
    found = policy_of(None, None, name)
    if as_json:
        click.echo(found.document)
        return
    layers = examine_policy(name).layers

    def note(keys: tuple[str, ...]) -> str:
        origin = origin_of(layers, keys)
        return "" if origin == layers[-1].name else f"from {origin}" if origin else "built in"

    click.echo(f"# policy {found.name}, digest {found.digest}; complete, fields left to their defaults are left out")
    for line in policy_toml(found.spec, note):
        click.echo(line)


@policy.command()
@click.argument("first", callback=policy_of, metavar="A")
@click.argument("second", callback=policy_of, metavar="B")
def diff(first: Policy, second: Policy) -> int:
    """Compare two policies rule by rule. Exit status 0: they judge alike, 1: they differ."""
    found = [one for one in differences(first.spec, second.spec) if (one.table, one.field) != ("policy", "name")]
    if not found:
        click.echo(f"{first.name} and {second.name} judge alike")
        return 0
    table = Table("", "field", f"{first.name}\n{first.digest}", f"{second.name}\n{second.digest}")
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    told = ""
    for one in found:
        place = "" if one.table == told else one.table
        told = one.table
        table.add_row(place, one.field, _cell(one.first), _cell(one.second))
    _console().print(table)
    return 1


def _cell(value: str | None) -> Text:
    return Text("-", style="dim") if value is None else Text(value)


@policy.command()
@_NAME
@click.argument("rules", nargs=-1, metavar="[RULE]...")
@click.option("--allow", type=click.Path(path_type=Path), help="Explain what this file of accommodations allows, too.")
def explain(name: Policy, rules: Sequence[str], allow: Path | None) -> None:
    """Explain the rules in words. What is watched, how long, what it costs, what ends it, and what it does not do."""
    words = rule_words(name.spec)
    known = [one.name for one in words]
    for rule in rules:
        if rule not in known:
            raise click.BadParameter(f"policy {name.name!r} has no rule {rule!r}; it has {', '.join(known)}")
    console = _console()
    allowed = [accommodation_words(one) for one in allowed_by(allow, name)]
    if not rules:
        console.print(Text(f"Policy {name.name} ({name.digest})", style="bold"), *policy_words(name.spec), sep="\n")
    for one in words:
        if not rules or one.name in rules:
            _print_rule(console, one)
    if allowed:
        console.print(Text("\nAllowed for this person", style="bold"), *allowed, sep="\n")


def allowed_by(path: Path | None, name: Policy) -> tuple[Accommodation, ...]:
    """What the file allows under the policy; a wrong file is bad usage."""
    if path is None:
        return ()
    found, errors = examine_accommodations(path, name)
    for error in errors:
        raise click.BadParameter(_all_of(errors), param_hint="'--allow'") from error
    return found


def _all_of(errors: Sequence[InputError]) -> str:
    return "\n".join(str(error) for error in errors)


def _print_rule(console: Console, words: RuleWords) -> None:
    console.print(Text.assemble("\n", (words.title, "bold"), f" ({words.name})"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for about, sentences in words.parts:
        grid.add_row(Text(f"  {about}", style="dim"), sentences)
    console.print(grid)


def _console() -> Console:
    """Standard output; names and sentences of a policy are text, never markup."""
    return Console(markup=False, highlight=False, emoji=False)
