"""`python -m scoring`: one worker of the scoring stage, until SIGTERM. `python -m scoring position`: lost positions."""

import argparse
import asyncio
import sys

from pydantic import ValidationError

from ingest.errors import ProctorError
from ingest.telemetry import configure_logging
from ingest.topics import PARTITIONS, TOPICS, create_topics
from scoring.settings import ScoringSettings
from scoring.worker.loop import run_worker
from scoring.worker.pauses import Exit
from scoring.worker.position import chosen, decide, standings


def main() -> None:
    """Do what was asked and exit: 0 when all is well, 1 when it cannot be done, 2 for wrong settings, else see `Exit`.

    `position` exits with `Exit.POSITION_LOST` while a position is lost.
    """
    asked = _arguments()
    settings = _settings()
    configure_logging("scoring", settings.log_level)
    try:
        if asked.command == "position":
            sys.exit(asyncio.run(_position(settings, asked)))
        settings.data.mkdir(parents=True, exist_ok=True)
        asyncio.run(_create_topics(settings))
    except (ProctorError, OSError) as error:
        print(f"scoring: {error}", file=sys.stderr)
        sys.exit(1)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    run_worker(settings, loop)


async def _create_topics(settings: ScoringSettings) -> None:
    """Those of every stage, and the one that a policy on trial saves itself in."""
    topics = (*TOPICS, settings.shadow_checkpoints) if settings.shadow else TOPICS
    await create_topics(settings.kafka, settings.topic_prefix, settings.topic_replicas, topics)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scoring", description="The scoring stage.")
    commands = parser.add_subparsers(dest="command", metavar="position")
    position = commands.add_parser("position", help="what is saved, what is lost, and where to go on")
    position.add_argument("--go-on", choices=("earliest", "latest"), help="decide about the positions that are lost")
    position.add_argument("--partition", type=int, choices=range(PARTITIONS), metavar="N", help="only about this one")
    return parser.parse_args()


async def _position(settings: ScoringSettings, asked: argparse.Namespace) -> int:
    """Say how each partition stands; write the decision if there is one."""
    found = await standings(settings)
    print("\n".join(standing.line() for standing in found))
    if asked.go_on:
        for standing in chosen(found, asked.partition):
            print(await decide(settings, standing, asked.go_on))
        found = await standings(settings)
    return Exit.POSITION_LOST if any(standing.is_lost for standing in found) else 0


def _settings() -> ScoringSettings:
    try:
        return ScoringSettings()
    except ValidationError as error:
        for wrong in error.errors():
            name = "_".join(str(part) for part in wrong["loc"]).upper()
            print(f"scoring: PROCTOR_{name}: {wrong['msg']}, not {wrong['input']!r}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
