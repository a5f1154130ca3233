"""Addresses given from outside: nothing is started for them, they only have to answer."""

import asyncio
import time
from collections.abc import Mapping

from deploy.stack.errors import StackError
from deploy.stack.health import http_ok, kafka_answers, triton_ready
from deploy.stack.part import HealthCheck
from deploy.stack.records import BACKENDS

DEADLINE_S = 10.0
DEADLINE_VARIABLE = "PROCTOR_REACH_DEADLINE_S"
PAUSE_S = 0.3
FORMS = {
    "kafka": "host:port of a broker",
    "triton": "host:port of Triton's gRPC service",
    "clickhouse": "http://host:port",
}


def given_addresses(environment: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Addresses set in the environment, but for those of this very stack: who exports them means the stack itself.

    Raises StackError for an address that cannot be one.
    """
    told = {part: environment.get(f"PROCTOR_{part.upper()}", "").strip().rstrip("/") for part in BACKENDS}
    given = {part: address for part, address in told.items() if address and address != own.get(part)}
    for part, address in given.items():
        _check_form(part, address)
    return given


def _check_form(part: str, address: str) -> None:
    is_url = address.startswith(("http://", "https://"))
    has_port = address.rpartition(":")[2].isdigit()
    if is_url != (part == "clickhouse") or not (has_port or is_url):
        raise StackError(
            part, f"PROCTOR_{part.upper()}={address} is not an address", f"Give {FORMS[part]}, or unset it"
        )


def check_reachable(given: Mapping[str, str], deadline_s: float = DEADLINE_S) -> None:
    """Raises StackError for the first given address that does not answer well before the deadline."""
    for part, address in given.items():
        why = asyncio.run(_last_reason(health_of(part, address), deadline_s))
        if why is not None:
            raise StackError(
                part,
                f"{address} (PROCTOR_{part.upper()}) is not reachable within {deadline_s:.0f} s: {why}",
                f"Start it, correct PROCTOR_{part.upper()}, or unset it to have one started here",
            )


def health_of(part: str, address: str) -> HealthCheck:
    """How a given part is asked for its health."""
    if part == "kafka":
        return kafka_answers(address)
    return triton_ready(address) if part == "triton" else http_ok(f"{address}/ping")


async def _last_reason(ask: HealthCheck, deadline_s: float) -> str | None:
    """None as soon as the part is well; at the deadline the last reason why it is not."""
    end_at = time.monotonic() + deadline_s
    why: str | None = "no answer"
    while time.monotonic() < end_at:
        try:
            async with asyncio.timeout(max(0.01, end_at - time.monotonic())):
                why = await ask()
        except OSError as error:
            why = str(error) or why
        if why is None:
            return None
        await asyncio.sleep(min(PAUSE_S, max(0.0, end_at - time.monotonic())))
    return why
