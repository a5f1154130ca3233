"""What the supervisor knows of one part, whatever it is."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

HealthCheck = Callable[[], Awaitable[str | None]]


def _nothing() -> None:
    """Most parts need no preparation."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the stack and how it is started, asked for its health and stopped.

    `environment` comes on top of the supervisor's own. `health` returns None when well, else why not; it raises OSError
    (TimeoutError is one) when the part does not answer at all. `prepare` runs before every start. Times in seconds.
    """

    name: str
    command: tuple[str, ...]
    health: HealthCheck
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    prepare: Callable[[], None] = _nothing
    start_deadline_s: float = 60.0
    stop_deadline_s: float = 15.0

    @property
    def digest(self) -> str:
        """Changes when the part would be started differently: then a process that still runs is not adopted."""
        told = json.dumps([self.command, sorted(self.environment.items())])
        return hashlib.sha256(told.encode()).hexdigest()[:16]
