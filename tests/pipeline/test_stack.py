"""The local stack on the real parts: found again, extended, refused with a reason, left without a trace."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from tritonclient.grpc import aio as triton_client

from deploy.stack.doctor import doctor
from deploy.stack.errors import StackError
from deploy.stack.folder import StateFolder, read_record
from deploy.stack.lifecycle import up
from deploy.stack.local import LocalStack, without_proctor
from deploy.stack.processes import Identity, is_alive, marked, wait_until
from deploy.stack.records import BACKENDS, Plan

ROOT = Path(__file__).parents[2]
ECHO_CONFIG = """
name: "echo"
backend: "python"
max_batch_size: 0
input [ { name: "said", data_type: TYPE_UINT8, dims: [ -1 ] } ]
output [ { name: "heard", data_type: TYPE_UINT8, dims: [ -1 ] } ]
instance_group [ { count: 1, kind: KIND_CPU } ]
"""
ECHO_MODEL = """
import triton_python_backend_utils as pb
class TritonPythonModel:
    def execute(self, requests):
        said = [pb.get_input_tensor_by_name(request, "said").as_numpy() for request in requests]
        return [pb.InferenceResponse([pb.Tensor("heard", one)]) for one in said]
"""
BROKEN_MODEL = "raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')\n"


async def test_every_backend_answers_at_its_address(stack: LocalStack) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    try:
        assert isinstance(await admin.list_topics(), list)
    finally:
        await admin.close()
    client = triton_client.InferenceServerClient(stack.triton)
    try:
        assert await client.is_model_ready("objects")
    finally:
        await client.close()
    assert await asyncio.to_thread(fetched, f"{stack.clickhouse}/ping") == b"Ok.\n"
    assert b"nv_inference_request_success" in await asyncio.to_thread(fetched, stack.triton_metrics)


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return bytes(answer.read())


def processes(stack: LocalStack) -> dict[str, Identity]:
    return {part: stack.process(part) for part in BACKENDS}


def test_a_second_up_finds_the_first(stack: LocalStack) -> None:
    before, addresses = processes(stack), stack.addresses
    began = time.monotonic()
    assert stack.start() == addresses
    assert time.monotonic() - began < 5.0
    assert processes(stack) == before


def test_status_tells_every_part(stack: LocalStack) -> None:
    found = stack.status()
    assert found.ready
    assert {(part.name, part.state, part.address) for part in found.parts} == {
        (part, "ready", stack.addresses[part]) for part in BACKENDS
    }
    assert {part.pid for part in found.parts} == {process.pid for process in processes(stack).values()}


def test_the_doctor_finds_this_machine_and_this_stack_well(stack: LocalStack) -> None:
    found = doctor(without_proctor(os.environ), stack.folder)
    assert [check for check in found if not check.ok] == []
    assert found[-1].why == "running, every part ready"


def test_a_given_address_is_not_started_only_asked(stack: LocalStack, tmp_path: Path) -> None:
    given = {"PROCTOR_KAFKA": stack.kafka, "PROCTOR_TRITON": stack.triton, "PROCTOR_CLICKHOUSE": stack.clickhouse}
    with LocalStack(tmp_path, environment=given) as borrower:
        assert borrower.addresses == stack.addresses
        assert borrower.status().ready
        assert not (tmp_path / "kafka").exists()
    assert stack.status().ready


def test_an_address_that_does_not_answer_stops_up_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"http://127.0.0.1:{mute.getsockname()[1]}"
        given = {"PROCTOR_CLICKHOUSE": address, "PROCTOR_REACH_DEADLINE_S": "1"}
        with pytest.raises(
            StackError, match=rf"clickhouse: {address} \(PROCTOR_CLICKHOUSE\) is not reachable within 1 s"
        ):
            LocalStack(tmp_path, environment=given).start()
    assert not (tmp_path / "plan.json").exists()


def test_a_taken_port_stops_up_with_its_owner(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StackError, match=rf"clickhouse: port {port} is taken by .*pid {os.getpid()}"):
            LocalStack(tmp_path, {"clickhouse"}, {"PROCTOR_CLICKHOUSE_PORT": str(port)}).start()


def test_no_disk_space_stops_up_with_the_need(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"disk: no disk space: \d+ MB free .* MB are needed"):
        LocalStack(tmp_path, environment={"PROCTOR_FREE_DISK_MB": str(1 << 40)}).start()


def test_an_unknown_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"zookeeper: no such part\. Choose from kafka"):
        up(tmp_path, {"zookeeper"})


def repository(folder: Path, code: str) -> dict[str, str]:
    """A model repository with one small model, as the setting that names it."""
    (folder / "echo" / "1").mkdir(parents=True)
    (folder / "echo" / "config.pbtxt").write_text(ECHO_CONFIG)
    (folder / "echo" / "1" / "model.py").write_text(code)
    return {"PROCTOR_MODELS": str(folder)}


def test_a_part_that_cannot_start_ends_up_with_the_reason_from_its_log_and_no_process(tmp_path: Path) -> None:
    """A model that needs a library which is not there: Triton refuses to start, three times."""
    stack = LocalStack(tmp_path / "state", {"triton"}, repository(tmp_path / "models", BROKEN_MODEL))
    with pytest.raises(StackError, match=r"triton: .*libGL.so.1 is missing\. .*apt-get install -y libgl1"):
        stack.start()
    assert not stack.status().running
    assert marked(id_of(tmp_path / "state")) == []


def test_parts_are_added_tried_again_and_all_gone_after_down(tmp_path: Path) -> None:
    """A part added to a running stack cannot start; it is mended, then `up` again without a long pause; then `down`."""
    state, models = tmp_path / "state", tmp_path / "models"
    stack = LocalStack(state, {"clickhouse"}, repository(models, BROKEN_MODEL))
    stack.start()
    first, stack_id = stack.process("clickhouse"), id_of(state)
    with pytest.raises(StackError, match=r"libGL.so.1 is missing"):
        stack.start({"triton"})
    (models / "echo" / "1" / "model.py").write_text(ECHO_MODEL)
    stack.start({"triton"})
    assert stack.process("clickhouse") == first
    running = marked(stack_id)
    assert {first, stack.process("triton")} < set(running)
    stack.stop()
    assert [process for process in running if is_alive(process)] == []
    assert marked(stack_id) == []
    assert not stack.status().running


def test_a_stack_ends_with_its_owner(tmp_path: Path) -> None:
    """Whoever started it with itself as the owner is killed with -9 and never says `down`."""
    code = (
        "import sys; from pathlib import Path; from deploy.stack.local import LocalStack;"
        f"LocalStack(Path({str(tmp_path)!r}), {{'clickhouse'}}).start(); print('up', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"up\n"
        stack_id = id_of(tmp_path)
        assert len(marked(stack_id)) >= 2  # the supervisor and the endpoint
        owner.kill()
        assert wait_until(lambda: marked(stack_id) == [], 30.0)


def test_a_stack_ends_when_its_folder_is_removed(tmp_path: Path) -> None:
    state = tmp_path / "state"
    LocalStack(state, ()).start()
    stack_id = id_of(state)
    assert len(marked(stack_id)) == 1  # a supervisor that has nothing to supervise yet
    shutil.rmtree(state)
    assert wait_until(lambda: marked(stack_id) == [], 30.0)


def id_of(state: Path) -> str:
    plan = read_record(StateFolder(state).plan, Plan)
    assert plan is not None
    return plan.stack_id
