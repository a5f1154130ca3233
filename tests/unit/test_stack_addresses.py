"""Addresses given from outside."""

import socket
import time

import pytest

from deploy.stack.errors import StackError
from deploy.stack.ports import choose
from deploy.stack.reachable import check_reachable, given_addresses


def test_given_addresses_are_taken_as_they_are() -> None:
    environment = {"PROCTOR_KAFKA": " broker:9092 ", "PROCTOR_CLICKHOUSE": "http://db:8123/", "PROCTOR_TRITON": ""}
    assert given_addresses(environment, {}) == {"kafka": "broker:9092", "clickhouse": "http://db:8123"}


def test_who_exports_the_stacks_own_address_means_the_stack() -> None:
    assert given_addresses({"PROCTOR_KAFKA": "127.0.0.1:21000"}, {"kafka": "127.0.0.1:21000"}) == {}


@pytest.mark.parametrize(
    ("variable", "address"),
    [
        ("PROCTOR_KAFKA", "http://broker:9092"),
        ("PROCTOR_KAFKA", "broker"),
        ("PROCTOR_TRITON", "gpu:grpc"),
        ("PROCTOR_CLICKHOUSE", "db:8123"),
    ],
)
def test_what_is_no_address_is_refused_with_its_form(variable: str, address: str) -> None:
    with pytest.raises(StackError, match=f"{variable}={address} is not an address. Give "):
        given_addresses({variable: address}, {})


@pytest.mark.parametrize(("part", "form"), [("kafka", "{}"), ("triton", "{}"), ("clickhouse", "http://{}")])
def test_an_address_where_nobody_answers_is_named_before_the_deadline(part: str, form: str) -> None:
    port = choose(["x"], {}, {}, [], seed=part)["x"]
    address = form.format(f"127.0.0.1:{port}")
    began = time.monotonic()
    with pytest.raises(StackError, match=rf"{part}: {address} \(PROCTOR_{part.upper()}\) is not reachable within 1 s"):
        check_reachable({part: address}, deadline_s=1.0)
    assert time.monotonic() - began < 5.0


@pytest.mark.parametrize(("part", "form"), [("kafka", "{}"), ("triton", "{}"), ("clickhouse", "http://{}")])
def test_an_address_that_accepts_and_never_answers_is_given_up_at_the_deadline(part: str, form: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = form.format(f"127.0.0.1:{mute.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(StackError, match="is not reachable within 1 s"):
            check_reachable({part: address}, deadline_s=1.0)
        assert time.monotonic() - began < 5.0
