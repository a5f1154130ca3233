"""What the stack's two files say: plan.json is what is wanted, stack.json what is."""

from collections.abc import Iterable

import msgspec

from deploy.stack.processes import Identity

BACKENDS = ("kafka", "clickhouse", "triton")
STAGES = ("detectors", "scoring", "sinks")
PARTS = (*BACKENDS, *STAGES)
NEEDS = {"detectors": ("kafka", "triton"), "scoring": ("kafka",), "sinks": ("kafka", "clickhouse")}
PORTS_OF = {"kafka": ("kafka", "kafka_controller"), "triton": ("triton", "triton_http", "triton_metrics")}

# States of a part.
WAITING, STARTING, READY, UNWELL = "waiting", "starting", "ready", "unwell"
FAILED, HELD, STOPPED, GIVEN = "failed", "held", "stopped", "given"


class Plan(msgspec.Struct, frozen=True):
    """What `up` wants. `given` are addresses of parts run by somebody else; the stack ends with its `owner` process.

    `attempt` counts the calls of `up`: what had given up is tried again with each.
    """

    stack_id: str
    parts: tuple[str, ...]
    ports: dict[str, int]
    given: dict[str, str]
    models: str
    owner: Identity | None = None
    attempt: int = 0

    @property
    def addresses(self) -> dict[str, str]:
        """The address of every part planned or given, as its clients want it."""
        own = {part: own_address(part, self.ports) for part in self.parts}
        return own | self.given


class PartRecord(msgspec.Struct, frozen=True):
    """One part as the supervisor sees it: `failures` in a row, `restarts` since the supervisor began, wall-clock ms."""

    state: str
    since_ms: int
    process: Identity | None = None
    digest: str = ""
    restarts: int = 0
    failures: int = 0
    why: str | None = None


class StackRecord(msgspec.Struct, frozen=True):
    """The whole stack as its supervisor sees it."""

    stack_id: str
    supervisor: Identity
    addresses: dict[str, str]
    parts: dict[str, PartRecord]
    attempt: int = 0


def ports_of(parts: Iterable[str]) -> list[str]:
    """The names of the ports that these parts listen on."""
    return [port for part in parts for port in PORTS_OF.get(part, (part,))]


def own_address(part: str, ports: dict[str, int]) -> str:
    """host:port for Kafka and Triton (gRPC), a URL for ClickHouse and for a stage's telemetry."""
    address = f"127.0.0.1:{ports[part]}"
    return address if part in ("kafka", "triton") else f"http://{address}"
