"""The doctor's single checks, well and ill."""

import sys
from pathlib import Path

import pytest

from deploy.stack import checks, triton
from deploy.stack.doctor import doctor, library_checks, preflight
from deploy.stack.errors import StackError
from deploy.stack.folder import StateFolder

LDD = """\
\tlinux-vdso.so.1 (0x00007f)
\tlibGL.so.1 => not found
\tlibz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f)
\tlibpython3.12.so.1.0 => not found
"""


def test_missing_libraries_are_read_from_the_loaders_answer() -> None:
    assert checks.missing_in(LDD) == ["libGL.so.1", "libpython3.12.so.1.0"]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert not checks.check_libraries("cv2", tmp_path / "cv2.so").ok


def test_every_binary_of_this_environment_is_looked_at_and_loads() -> None:
    found = library_checks(("kafka", "clickhouse", "triton", "detectors"))
    assert {c.name for c in found} == {
        "kafka", "clickhouse", "triton", "triton python backend", "cv2", "onnxruntime", "mediapipe",
    }  # fmt: skip
    assert [c for c in found if not c.ok] == []


def test_no_disk_space_stops_before_anything_starts(tmp_path: Path) -> None:
    environment = {"PROCTOR_FREE_DISK_MB": str(1 << 40)}
    with pytest.raises(StackError, match=r"disk: no disk space: \d+ MB free in .* PROCTOR_HOME"):
        preflight(("kafka",), StateFolder(tmp_path / "state"), environment)


def test_free_space_is_asked_of_the_nearest_folder_that_exists(tmp_path: Path) -> None:
    assert checks.check_disk(StateFolder(tmp_path / "not" / "yet"), {"PROCTOR_FREE_DISK_MB": "1"}).ok


def test_a_state_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = checks.check_folder(StateFolder(tmp_path / "file" / "state"))
    assert not found.ok
    assert "cannot be written" in found.why


def test_an_empty_model_repository_is_told(tmp_path: Path) -> None:
    found = checks.check_models({"PROCTOR_MODELS": str(tmp_path)})
    assert (found.ok, found.why) == (False, f"no model in {tmp_path}")


def test_jars_that_are_not_there_come_with_the_command(tmp_path: Path) -> None:
    found = checks.check_jars({"XDG_CACHE_HOME": str(tmp_path)})
    assert not found.ok
    assert "python -m deploy.stack prepare" in found.mend


def test_a_wheel_without_a_stub_for_this_python_is_told(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=f"no python backend for Python 3.{sys.version_info.minor}"):
        triton.stub_of(tmp_path)


def test_tritons_python_finds_this_environment_first() -> None:
    told = triton.environment(triton.server_folder())
    assert told["PATH"].startswith(f"{Path(sys.executable).parent}:")
    assert "nvidia_pytriton.libs" in told["LD_LIBRARY_PATH"].split(":")[0]


def test_shared_memory_of_a_killed_server_is_removed(tmp_path: Path) -> None:
    for name in ("proctor_abc_1", "proctor_abd_1"):
        (tmp_path / name).touch()
    triton.remove_shared_memory("proctor_abc_", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["proctor_abd_1"]


def test_the_doctor_names_every_trouble_at_once(tmp_path: Path) -> None:
    environment = {
        "PROCTOR_MODELS": str(tmp_path),
        "PROCTOR_KAFKA_PORT": "x",
        "PROCTOR_TRITON": "nowhere",
        "PROCTOR_FREE_DISK_MB": str(1 << 40),
        "XDG_CACHE_HOME": str(tmp_path),
    }
    ill = {check.name for check in doctor(environment, tmp_path / "state") if not check.ok}
    assert {"models", "ports", "triton", "disk", "kafka jars"} <= ill
    assert all(check.mend for check in doctor(environment, tmp_path / "state") if not check.ok)
