"""What the scoring stage can be told by the environment, prefix PROCTOR_."""

import tempfile
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from ingest.settings import LogSettings
from ingest.topics import CHECKPOINTS, RISK_EVENTS, SHADOW_EVENTS, Topic, kept_by_key, topic_name
from scoring.rulebook.policy import Policy, load_policy


class ScoringSettings(LogSettings):
    """How one scoring worker works.

    `member` names the worker within its group and must stay the same over restarts (static membership): then only its
    own partitions stop when it is killed, for about 11 s, instead of all partitions until the session has timed out.
    `lost_position` is what to do when the log no longer holds the saved position: `stop`, or `earliest` to go on with
    what the log still has. `shadow_policy`: a preset's name or a TOML file; then this worker tries that policy on every
    session, beside those that count: a group and checkpoints of its own, no ticks, and it speaks into `shadow-events`.
    """

    member: str = Field(default="", max_length=200)
    session_timeout_s: float = Field(default=30.0, ge=6.0, le=1800.0)
    checkpoint_s: float = Field(default=2.0, ge=0.1, le=60.0)
    finished_s: float = Field(default=900.0, ge=1.0)
    silence_s: float = Field(default=86_400.0, ge=10.0)
    stalled_s: float = Field(default=90.0, ge=5.0)
    poison_share: float = Field(default=0.5, gt=0, le=1)
    lost_position: Literal["stop", "earliest"] = "stop"
    shadow_policy: str = Field(default="", max_length=4096)
    data: Path = Path(tempfile.gettempdir()) / "proctorstream"
    metrics_port: int = Field(default=0, ge=0, le=65_535)
    metrics_host: str = "127.0.0.1"
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @property
    def group(self) -> str:
        """Consumer group, application id of Faust and prefix of the transactional ids."""
        return f"{self.topic_prefix}{self.stage}"

    @property
    def changelog(self) -> str:
        """The topic of the checkpoints, as the broker knows it."""
        return topic_name(self.shadow_checkpoints.name if self.shadow else CHECKPOINTS, self.topic_prefix)

    @cached_property
    def shadow(self) -> Policy | None:
        """The policy on trial.

        Raises: InputError when it cannot be used.
        """
        return load_policy(self.shadow_policy) if self.shadow_policy else None

    @property
    def stage(self) -> str:
        """What this worker is called: every policy on trial has a place of its own."""
        return f"shadow-{self.shadow.digest}" if self.shadow else "scoring"

    @property
    def shadow_checkpoints(self) -> Topic:
        """The topic that such a worker saves itself in; one for each policy, since states of two do not mix."""
        return kept_by_key(f"{self.stage}-checkpoints", "scoring")

    @property
    def events(self) -> str:
        """The topic that it speaks into."""
        return SHADOW_EVENTS if self.shadow else RISK_EVENTS
