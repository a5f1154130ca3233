"""Ports: fixed ones are kept or refused, recorded ones are kept while free, new ones never collide."""

import os
import socket
from collections.abc import Callable

import pytest

from deploy.stack.errors import StackError
from deploy.stack.ports import HIGHEST, LOWEST, choose, fixed_ports, is_free, owner_of

EVERY = range(LOWEST, HIGHEST + 1)


def free_but(*taken: int) -> Callable[[int], bool]:
    return lambda port: port not in taken


def test_new_ports_are_free_distinct_and_below_the_ephemeral_range() -> None:
    chosen = choose(["a", "b", "c"], {}, {}, [], seed="x", free=lambda _: True)
    assert len(set(chosen.values())) == 3
    assert set(chosen.values()) <= set(EVERY)


def test_the_same_folder_gets_the_same_ports_and_another_folder_others() -> None:
    first, again, other = (choose(["a"], {}, {}, [], seed=seed, free=lambda _: True) for seed in ("x", "x", "y"))
    assert first == again != other


@pytest.mark.parametrize(
    ("recorded", "fixed", "ours", "taken", "expected"),
    [
        ({"kafka": 21000}, {}, [], (), 21000),  # recorded and free: kept
        ({"kafka": 21000}, {}, ["kafka"], (21000,), 21000),  # taken by our own process: kept
        ({"kafka": 21000}, {"kafka": 9092}, [], (), 9092),  # demanded: stronger than the record
        ({"kafka": 9092}, {"kafka": 9092}, ["kafka"], (9092,), 9092),  # demanded, and ours already
    ],
)
def test_which_port_is_kept(
    recorded: dict[str, int], fixed: dict[str, int], ours: list[str], taken: tuple[int, ...], expected: int
) -> None:
    assert choose(["kafka"], recorded, fixed, ours, seed="x", free=free_but(*taken)) == {"kafka": expected}


def test_a_recorded_port_that_somebody_took_is_replaced() -> None:
    chosen = choose(["kafka"], {"kafka": 21000}, {}, [], seed="x", free=free_but(21000))
    assert chosen["kafka"] in EVERY
    assert chosen["kafka"] != 21000


def test_a_new_port_is_not_one_that_is_recorded_for_another_part() -> None:
    first = choose(["a"], {}, {}, [], seed="x", free=lambda _: True)["a"]
    chosen = choose(["b"], {"a": first}, {}, [], seed="x", free=lambda _: True)
    assert chosen["b"] != first


def test_a_demanded_port_that_is_taken_names_its_owner_and_the_variable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        assert f"(pid {os.getpid()})" in owner_of(port)
        with pytest.raises(StackError, match=rf"kafka: port {port} is taken by .*PROCTOR_KAFKA_PORT"):
            choose(["kafka"], {}, {"kafka": port}, [], seed="x")
    assert is_free(port)


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "9092.5"])
def test_a_demanded_port_must_be_one(text: str) -> None:
    with pytest.raises(StackError, match=r"PROCTOR_CLICKHOUSE_PORT=.* is not a port"):
        fixed_ports({"PROCTOR_CLICKHOUSE_PORT": text})


def test_demanded_ports_are_read_by_part() -> None:
    assert fixed_ports({"PROCTOR_KAFKA_PORT": "9092", "PROCTOR_TRITON_PORT": ""}) == {"kafka": 9092}
