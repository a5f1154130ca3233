"""Ports of localhost: found once, recorded, kept as long as nobody else takes them."""

import random
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence

import psutil

from deploy.stack.errors import StackError

# Below Linux's ephemeral range (32768-60999): a client that retries a dead port of that range can connect to itself and
# keep the port from its owner.
LOWEST, HIGHEST = 20_000, 31_999
FIXED_VARIABLES = {
    "kafka": "PROCTOR_KAFKA_PORT",
    "triton": "PROCTOR_TRITON_PORT",
    "triton_http": "PROCTOR_TRITON_HTTP_PORT",
    "clickhouse": "PROCTOR_CLICKHOUSE_PORT",
}


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that linger in TIME_WAIT do not count
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(
    names: Iterable[str],
    recorded: Mapping[str, int],
    fixed: Mapping[str, int],
    in_use_by_us: Iterable[str],
    seed: str,
    free: Callable[[int], bool] = is_free,
) -> dict[str, int]:
    """A port for every name: the fixed one, else the recorded one if still free or our own, else a new one.

    Raises StackError when a fixed port is taken by somebody else.
    """
    ours, chosen = frozenset(in_use_by_us), dict[str, int]()
    candidates = random.Random(seed).sample(range(LOWEST, HIGHEST + 1), HIGHEST - LOWEST + 1)
    for name in names:
        if name in ours and fixed.get(name, recorded[name]) == recorded[name]:
            chosen[name] = recorded[name]
        elif name in fixed:
            chosen[name] = _fixed(name, fixed[name], free)
        elif name in recorded and recorded[name] not in chosen.values() and free(recorded[name]):
            chosen[name] = recorded[name]
        else:
            taken = {*chosen.values(), *recorded.values(), *fixed.values()}
            chosen[name] = next(port for port in candidates if port not in taken and free(port))
    return chosen


def fixed_ports(environment: Mapping[str, str]) -> dict[str, int]:
    """Ports that the environment demands. Raises StackError for what is no port."""
    wanted: dict[str, int] = {}
    for name, variable in FIXED_VARIABLES.items():
        text = environment.get(variable, "")
        if text:
            wanted[name] = _number(name, variable, text)
    return wanted


def _number(name: str, variable: str, text: str) -> int:
    if text.isdigit() and 0 < int(text) < 65_536:
        return int(text)
    raise StackError(name, f"{variable}={text} is not a port", "Give a number from 1 to 65535, or unset it")


def _fixed(name: str, port: int, free: Callable[[int], bool]) -> int:
    if free(port):
        return port
    variable = FIXED_VARIABLES.get(name, "the port")
    raise StackError(
        name, f"port {port} is taken by {owner_of(port)}", f"End it, set {variable} to another port, or unset it"
    )


def owner_of(port: int) -> str:
    """Who listens on a port, in words; as much as the system tells."""
    try:
        pid = next((c.pid for c in psutil.net_connections("tcp") if c.pid and _listens(c.status, c.laddr, port)), None)
        return f"{psutil.Process(pid).name()} (pid {pid})" if pid else "another program"
    except psutil.Error:
        return "another program"


def _listens(status: str, address: Sequence[object], port: int) -> bool:
    return status == psutil.CONN_LISTEN and len(address) > 1 and address[1] == port
