"""Settings of this stage from the environment, prefix PROCTOR_; read by `__main__`, never at import."""

import os
from pathlib import Path

from pydantic import Field, SecretStr

from detectors.plan import APART_MS
from ingest.settings import LogSettings


class DetectorsSettings(LogSettings):
    """How one detector worker works.

    `face_every`: look at every n-th frame of a session, by its number. `objects_ms`, `hands_ms`: look for objects, and
    at hands, in frames that lie so far apart at least (see `detectors.plan`), 1 in every one, 0 never.
    `looking_processes`: 0 is one a core. `member` names this worker within its group and must stay the same over
    restarts (static membership); no two workers may share one. `patience_s`: how long to wait at the start for the
    broker and Triton. `identity_key`: 32 random bytes in base64, from which the keys of registered faces are derived;
    without it nobody is registered. `identity_model`: an ArcFace ONNX file in the place of the network that ships.
    `sound`: whether this worker listens to `audio`; where none does, sessions with sound end by silence.
    """

    triton: str = Field(default="127.0.0.1:8001", min_length=1)
    member: str | None = Field(default=None, min_length=1, max_length=200)
    session_timeout_s: float = Field(default=30.0, ge=6.0, le=1800.0)
    face_every: int = Field(default=1, ge=1, le=1000)
    objects_ms: int = Field(default=APART_MS, ge=0, le=60_000)
    hands_ms: int = Field(default=APART_MS, ge=0, le=60_000)
    looking_processes: int = Field(default=0, ge=0, le=256)
    triton_in_flight: int = Field(default=8, ge=1, le=1024)
    identity_key: SecretStr | None = None
    identity_model: Path | None = None
    sound: bool = True
    patience_s: float = Field(default=60.0, gt=0)
    metrics_port: int = Field(default=0, ge=0, le=65_535)
    metrics_host: str = "127.0.0.1"
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @property
    def pool_size(self) -> int:
        """How many processes look at pictures."""
        return self.looking_processes or len(os.sched_getaffinity(0))
