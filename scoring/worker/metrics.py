"""What the scoring stage counts."""

from prometheus_client import Counter, Gauge, Histogram

from scoring.messages import CalibrationFinished, RiskMessage, RiskOpened, ScoreSample, Verdict

OBSERVATIONS = Counter("proctor_scoring_observations_total", "Observations folded.")
BUNDLE_SIZE = Histogram(
    "proctor_scoring_bundle_observations", "Observations in one record.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
EVENTS = Counter("proctor_risk_events_total", "Risk events opened, by rule.", ["rule"])
SAMPLES = Counter("proctor_score_samples_total", "Score samples published.")
CALIBRATIONS = Counter("proctor_calibrations_total", "Calibrations finished, by status.", ["status"])
VERDICTS = Counter("proctor_verdicts_total", "Verdicts published, by risk class.", ["risk_class"])
NOTICES_SENT = Counter("proctor_notices_total", "What candidates were told, by notice.", ["notice"])
CHECKPOINT_SECONDS = Histogram("proctor_scoring_checkpoint_seconds", "From a checkpoint's snapshot to its commit.")
CHECKPOINT_RECORDS = Counter("proctor_scoring_checkpoint_records_total", "Records written by checkpoints.")
RECOVERY_SECONDS = Histogram(
    "proctor_scoring_recovery_seconds", "Taking a partition over: fencing, reading its checkpoint."
)
REFOLDED = Counter("proctor_scoring_refolded_sessions_total", "Sessions of another version that are folded again.")
LIVE_SESSIONS = Gauge("proctor_scoring_sessions", "Sessions that have started and not ended.")
LAG = Gauge("proctor_scoring_lag_records", "Records of `observations` not yet folded.", ["partition"])
OLDEST_UNREAD_SECONDS = Gauge(
    "proctor_scoring_oldest_unread_seconds",
    "At most how old the oldest record is that is not yet folded.",
    ["partition"],
)


def count_message(message: RiskMessage) -> None:
    """Count one message that was published (again after a crash: counters are no accounts)."""
    if isinstance(message, ScoreSample):
        SAMPLES.inc()
    elif isinstance(message, RiskOpened):
        EVENTS.labels(message.rule).inc()
    elif isinstance(message, Verdict):
        VERDICTS.labels(message.risk_class).inc()
    elif isinstance(message, CalibrationFinished):
        CALIBRATIONS.labels(message.status).inc()
