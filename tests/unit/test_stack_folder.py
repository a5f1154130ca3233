"""The state folder: where it is, and files that a crash cannot half-write."""

from pathlib import Path

import pytest

from deploy.stack.folder import Lock, is_locked, read_record, state_folder, write_record
from deploy.stack.processes import Identity
from deploy.stack.records import Plan
from detectors.identity.sealing import master_key

PLAN = Plan("id", ("kafka", "sinks"), {"kafka": 1, "sinks": 2}, {"triton": "gpu:8001"}, "/models", Identity(1, 2, "b"))


@pytest.mark.parametrize(
    ("environment", "chosen", "expected"),
    [({}, None, ".state"), ({"PROCTOR_HOME": "/a/b"}, None, "/a/b"), ({"PROCTOR_HOME": "/a"}, Path("/c"), "/c")],
)
def test_which_folder(environment: dict[str, str], chosen: Path | None, expected: str) -> None:
    assert state_folder(environment, chosen).path == Path(expected).resolve()


def test_a_record_comes_back_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_record(tmp_path / "plan.json", PLAN)
    assert read_record(tmp_path / "plan.json", Plan) == PLAN
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_the_identity_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    folder = state_folder({}, tmp_path)
    key = folder.identity_key()
    assert len(master_key(key)) == 32
    assert folder.identity_key() == key
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"stack_id": 1}', b"\xff\xfe"])
def test_a_broken_record_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "plan.json").write_bytes(content)
    assert read_record(tmp_path / "plan.json", Plan) is None


def test_a_plan_knows_every_address() -> None:
    assert PLAN.addresses == {"kafka": "127.0.0.1:1", "sinks": "http://127.0.0.1:2", "triton": "gpu:8001"}


def test_a_lock_has_one_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first, second = Lock(path), Lock(path)
    assert not is_locked(path)
    assert (first.take(), second.take(), is_locked(path)) == (True, False, True)
    first.release()
    assert (is_locked(path), second.take()) == (False, True)
    second.release()
