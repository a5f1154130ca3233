"""The command `proctor`.

Exit status: 0 when every session got its verdict (or the command did what it says), 2 for bad usage, 1 otherwise.
Results go to standard output, everything said on the way to standard error. No traceback reaches a user: an error is
one line that names what, why and what to do.
"""

import sys

import click

from deploy.commands.dead_letters import dlq
from deploy.commands.evaluate import evaluate
from deploy.commands.models import model
from deploy.commands.policy import policy
from deploy.commands.replay import replay, verify
from deploy.commands.running import bench, demo, run
from deploy.commands.shadow import shadow
from deploy.commands.stack import doctor, down, status, up
from deploy.commands.whatif import whatif
from ingest.command_line import exit_status_of


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="proctorstream")
def proctor() -> None:
    """Proctor recorded or live exams: webcam frames in, explained risk events and a verdict out."""


for command in (run, demo, up, down, status, doctor, model, policy, replay, verify, whatif, shadow, dlq, bench):
    proctor.add_command(command)
proctor.add_command(evaluate)


def main() -> None:
    """Run the command line and end the process with its exit status."""
    sys.exit(exit_status(sys.argv[1:]))


def exit_status(arguments: list[str]) -> int:
    """Run one command; errors raised on purpose become a line on standard error."""
    return exit_status_of(proctor, arguments, called="proctor", said_by="proctor")
