"""The model factory's command line: `python -m triton_models dataset|train|evaluate|export|uncertain`.

Exit status: 0 when the command did what it says, 2 for bad usage, 1 otherwise. An error is one line that names what,
why and what to do; progress goes to standard error, results to standard output.
"""

import sys

import click

from ingest.command_line import exit_status_of
from triton_models.dataset.command import dataset
from triton_models.evaluation.command import evaluate
from triton_models.exporting.command import export
from triton_models.labelling.command import uncertain
from triton_models.training.command import train


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def factory() -> None:
    """Make an object model: a training set, training, measuring, exporting, what to label next."""


for command in (dataset, train, evaluate, export, uncertain):
    factory.add_command(command)


def exit_status(arguments: list[str]) -> int:
    """Run one command; errors raised on purpose become a line on standard error."""
    try:
        return exit_status_of(factory, arguments, called="python -m triton_models", said_by="triton_models")
    except OSError as error:
        place = error.filename or "the disk"
        click.echo(f"triton_models: {place}: {error.strerror}. Make room, or check who may write there", err=True)
        return 1


if __name__ == "__main__":
    sys.exit(exit_status(sys.argv[1:]))
