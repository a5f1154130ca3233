"""Settings from the environment, prefix PROCTOR_; read by whoever builds a process, never at import."""

from typing import TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingest.errors import InputError

S = TypeVar("S", bound=BaseSettings)


class LogSettings(BaseSettings):
    """Where the log is: PROCTOR_KAFKA, PROCTOR_TOPIC_PREFIX, PROCTOR_TOPIC_REPLICAS."""

    model_config = SettingsConfigDict(env_prefix="PROCTOR_", extra="ignore")

    kafka: str = Field(default="127.0.0.1:9092", min_length=1)
    topic_prefix: str = Field(default="", pattern=r"^[a-zA-Z0-9._-]*$", max_length=100)
    topic_replicas: int = Field(default=1, ge=1, le=15)


class IngestSettings(LogSettings):
    """How pictures become frames.

    640 px and quality 85 give about 30 KB a frame and lose nothing that the detectors could use: the object models
    look at 320 to 640 px, the face models at less. `max_age_ms` is after what time a live frame may be given up.
    """

    rate_fps: float = Field(default=2.0, gt=0, le=60)
    longest_side_px: int = Field(default=640, ge=64, le=4096)
    jpeg_quality: int = Field(default=85, ge=30, le=100)
    max_age_ms: int = Field(default=10_000, ge=0)
    most_in_flight: int = Field(default=64, ge=1, le=10_000)
    broker_patience_s: float = Field(default=600.0, gt=0)
    metrics_port: int = Field(default=0, ge=0, le=65_535)
    metrics_host: str = "127.0.0.1"
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")


def from_environment(kind: type[S]) -> S:
    """Settings of one kind.

    Raises: InputError naming the first variable that cannot be used.
    """
    try:
        return kind()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{kind.model_config.get('env_prefix', '')}{first['loc'][0]}".upper()
        raise InputError(name, f"has an unusable value: {first['msg']}", "Correct it in the environment") from error
