"""What the detectors tell about themselves."""

from dataclasses import dataclass

from prometheus_client import Counter, Gauge, Histogram

from ingest.telemetry import STAGE_LATENCY

FRAMES_READ = Counter("proctor_detectors_frames_read_total", "Frames read from the log.")
OBSERVATIONS = Counter("proctor_detectors_observations_total", "Observations acknowledged, by kind.", ["kind"])
FRAMES_DROPPED = Counter("proctor_detectors_frames_dropped_total", "Frames given up, by reason.", ["reason"])
BUNDLE = Histogram(
    "proctor_detectors_bundle_observations", "Observations in a bundle.", buckets=(1, 2, 4, 8, 16, 32, 64)
)
LOOK_SECONDS = Histogram(
    "proctor_detectors_look_seconds",
    "One look at one frame, retries included, by kind.",
    ["kind"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0),
)
IN_FLIGHT = Gauge("proctor_detectors_looks_in_flight", "Looks under way, by kind.", ["kind"])
OPEN_FRAMES = Gauge("proctor_detectors_open_frames", "Frames read and not yet published, by partition.", ["partition"])
LAG = Gauge("proctor_detectors_lag_records", "Frames in the log not yet read, by partition.", ["partition"])
OLDEST_SECONDS = Gauge(
    "proctor_detectors_oldest_unpublished_seconds", "Age of the oldest frame read and not published.", ["partition"]
)
TRITON_RETRIES = Counter(
    "proctor_detectors_triton_retries_total", "Requests to Triton tried again, by status.", ["status"]
)
LATENCY = STAGE_LATENCY.labels("detectors")
SOUND_READ = Counter("proctor_detectors_sound_read_total", "Records of sound read from the log.")
SOUND_DROPPED = Counter("proctor_detectors_sound_dropped_total", "Records of sound given up, by reason.", ["reason"])
SOUND_OPEN = Gauge(
    "proctor_detectors_sound_open_records", "Records of sound read and not yet published, by partition.", ["partition"]
)
SOUND_LAG = Gauge(
    "proctor_detectors_sound_lag_records", "Records of sound in the log not yet read, by partition.", ["partition"]
)
SOUND_OLDEST_SECONDS = Gauge(
    "proctor_detectors_sound_oldest_unpublished_seconds",
    "Age of the oldest record of sound read and not published.",
    ["partition"],
)


@dataclass(frozen=True, slots=True)
class Meters:
    """What lanes of one topic move: records read; by partition those not read, those open and the oldest one's age."""

    read: Counter
    lag: Gauge
    open: Gauge
    oldest_seconds: Gauge
    latency: Histogram


FRAME_METERS = Meters(FRAMES_READ, LAG, OPEN_FRAMES, OLDEST_SECONDS, LATENCY)
SOUND_METERS = Meters(SOUND_READ, SOUND_LAG, SOUND_OPEN, SOUND_OLDEST_SECONDS, STAGE_LATENCY.labels("detectors_sound"))
