"""`python -m scoring`: one worker of the scoring stage, until SIGTERM."""

import asyncio
import sys

from pydantic import ValidationError

from ingest.errors import ProctorError
from ingest.telemetry import configure_logging
from scoring.settings import ScoringSettings
from scoring.worker import prepare, run_worker


def main() -> None:
    """Run a worker and exit: 0 when told to stop, 1 when it cannot start, 2 for wrong settings, else see `Exit`."""
    settings = _settings()
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
