"""`python -m detectors`: one worker of this stage, until SIGTERM. Settings: `detectors.settings`.

Exit status: 0 told to stop, 1 cannot go on, 2 wrong settings.
"""

import asyncio
import logging
import signal
import sys
from typing import Any

from pydantic import ValidationError

from detectors.service import Service
from detectors.settings import DetectorsSettings
from ingest.errors import InputError, ProctorError
from ingest.telemetry import configure_logging

log = logging.getLogger("detectors")


def main() -> int:
    """Run until told to stop."""
    try:
        settings = DetectorsSettings()
    except ValidationError as error:
        wrong = "; ".join(f"PROCTOR_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        print(f"python -m detectors: wrong settings: {wrong}", file=sys.stderr)
        return 2
    configure_logging("detectors", settings.log_level)
    failures: tuple[BaseException, ...] = ()
    try:
        asyncio.run(serve(settings))
    except* ProctorError as group:
        failures = leaves(group)
    for failure in failures:
        log.error("cannot go on", extra={"reason": str(failure)})
    return 2 if any(isinstance(failure, InputError) for failure in failures) else bool(failures)


def leaves(group: BaseExceptionGroup[Any]) -> tuple[BaseException, ...]:
    """The errors of a group, whatever groups they lie in."""
    inner = (leaves(e) if isinstance(e, BaseExceptionGroup) else (e,) for e in group.exceptions)
    return tuple(error for errors in inner for error in errors)


async def serve(settings: DetectorsSettings) -> None:
    """Work until a signal comes."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await Service(settings).run(stop)


if __name__ == "__main__":
    sys.exit(main())
