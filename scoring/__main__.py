"""`python -m scoring`: one worker of the scoring stage, until SIGTERM."""

import asyncio
import sys

from ingest.errors import ProctorError
from ingest.telemetry import configure_logging
from scoring.settings import ScoringSettings
from scoring.worker import prepare, run_worker


def main() -> None:
    """Run a worker and exit: 0 when told to stop, 1 when it cannot start, else as `scoring.pauses.Exit` says."""
    settings = ScoringSettings()
    configure_logging("scoring", settings.log_level)
    settings.data.mkdir(parents=True, exist_ok=True)
    try:
        asyncio.run(prepare(settings))
    except ProctorError as error:
        print(f"scoring: {error}", file=sys.stderr)
        sys.exit(1)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    run_worker(settings, loop)


if __name__ == "__main__":
    main()
