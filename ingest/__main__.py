"""`python -m ingest SOURCE [--rate 2] [--speed 1x|max] [--session ID]`: one source as one session."""

import argparse
import asyncio
import logging
import signal
import sys
import uuid
from collections.abc import Sequence

from ingest.errors import ProctorError
from ingest.kafka_log import KafkaWriter
from ingest.pacing import InFlight
from ingest.picture import PicturePolicy
from ingest.progress import Progress, SessionSummary
from ingest.session import run_session
from ingest.settings import IngestSettings, from_environment
from ingest.sources.opening import open_source
from ingest.telemetry import Check, TelemetryServer, configure_logging

OK, FAILED, STOPPED = 0, 1, 130

log = logging.getLogger(__name__)


def parse(arguments: Sequence[str], settings: IngestSettings) -> argparse.Namespace:
    """What the command line says; ends the process with status 2 when it says nothing sensible."""
    parser = argparse.ArgumentParser(prog="python -m ingest", description="Send one source as one session.")
    parser.add_argument("source", help="a video, a folder of pictures, camera:0, rtsp://... or exam:SEED")
    parser.add_argument("--rate", type=float, default=settings.rate_fps, help="frames a second (%(default)s)")
    parser.add_argument("--speed", choices=("1x", "max"), default="1x", help="of a recorded source (%(default)s)")
    parser.add_argument("--session", default=None, help="the session's id (a random one)")
    parser.add_argument("--calibration-ms", type=int, default=None, help="instead of the policy's calibration time")
    options = parser.parse_args(arguments)
    if not 0 < options.rate <= 60:
        parser.error("--rate must be above 0 and 60 at most")
    return options


async def send(options: argparse.Namespace, settings: IngestSettings) -> SessionSummary:
    """Run the source into Kafka, telling about it on the metrics port.

    Raises: InputError for an unusable source, TransientError when the broker is or stays away.
    """
    source = await asyncio.to_thread(open_source, options.source)
    frames = KafkaWriter(settings.kafka, perishable=True, prefix=settings.topic_prefix)
    observations = KafkaWriter(settings.kafka, prefix=settings.topic_prefix)
    progress = Progress()
    checks: dict[str, Check] = {"broker": lambda: progress.waiting or None}
    telemetry = TelemetryServer(settings.metrics_port, checks, settings.metrics_host)
    await telemetry.start()
    try:
        async with frames, observations:
            return await run_session(
                source,
                frames,
                observations,
                session=options.session or uuid.uuid4().hex,
                policy_document="",
                rate_fps=options.rate,
                speed=options.speed,
                calibration_ms=options.calibration_ms,
                in_flight=InFlight(settings.most_in_flight, watched=False),
                progress=progress,
                pictures=PicturePolicy(settings.longest_side_px, settings.jpeg_quality),
                max_age_ms=settings.max_age_ms,
                patience_s=settings.broker_patience_s,
            )
    finally:
        source.close()
        await telemetry.stop()


async def send_until_stopped(options: argparse.Namespace, settings: IngestSettings) -> SessionSummary:
    """As `send`; SIGINT and SIGTERM cancel it, so that the log learns of the end."""
    sending = asyncio.ensure_future(send(options, settings))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, sending.cancel)
    return await sending


def main(arguments: Sequence[str]) -> int:
    """0 when the source was sent to its end, 1 when not, 2 for bad usage."""
    try:
        settings = from_environment(IngestSettings)
        options = parse(arguments, settings)
        configure_logging("ingest", settings.log_level)
        summary = asyncio.run(send_until_stopped(options, settings))
    except ProctorError as error:
        print(f"ingest: {error}", file=sys.stderr)
        return FAILED
    except asyncio.CancelledError:
        return STOPPED
    log.info(
        "session sent",
        extra={
            "session": summary.session,
            "reason": summary.reason,
            "frames_sent": summary.frames_sent,
            "frames_dropped": summary.frames_dropped,
            "sound_sent": summary.sound_sent,
            "duration_ms": summary.duration_ms,
        },
    )
    return OK if summary.reason == "completed" else FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
