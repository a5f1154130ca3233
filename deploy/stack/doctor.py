"""`proctor doctor`: everything that keeps the stack from running, before it is tried."""

from collections.abc import Collection, Mapping
from pathlib import Path

from deploy.stack import checks
from deploy.stack.checks import Check, ill, well
from deploy.stack.errors import StackError
from deploy.stack.folder import StateFolder, is_locked, read_record, state_folder
from deploy.stack.reachable import check_reachable, given_addresses
from deploy.stack.records import PARTS, READY, Plan, StackRecord

# The files whose libraries are looked at for each part.
LIBRARIES = {
    "kafka": ("kafka",),
    "clickhouse": ("clickhouse",),
    "triton": ("triton", "triton python backend", "cv2", "onnxruntime"),
    "detectors": ("cv2", "mediapipe"),
}
GIVEN_DEADLINE_S = 5.0


def doctor(environment: Mapping[str, str], chosen: Path | None = None) -> list[Check]:
    """All checks, in the order in which they would be met. Starts nothing."""
    folder = state_folder(environment, chosen)
    plan = read_record(folder.plan, Plan)
    ports = plan.ports if plan else {}
    return [
        checks.check_python(),
        checks.check_platform(),
        checks.check_folder(folder),
        checks.check_disk(folder, environment),
        checks.check_memory(),
        checks.check_shared_memory(),
        checks.check_jars(environment),
        checks.check_models(environment),
        *library_checks(PARTS),
        *checks.check_fixed_ports(environment, ports),
        *_given_checks(environment, plan.addresses if plan else {}),
        check_stack(folder),
    ]


def preflight(parts: Collection[str], folder: StateFolder, environment: Mapping[str, str]) -> None:
    """What would make these parts fail for sure. Raises StackError for the first."""
    found = [
        checks.check_python(),
        checks.check_folder(folder),
        checks.check_disk(folder, environment),
        *([checks.check_platform(), checks.check_shared_memory()] if "triton" in parts else []),
        *library_checks(parts),
    ]
    for check in found:
        if not check.ok:
            raise StackError(check.name, check.why, check.mend)


def library_checks(parts: Collection[str]) -> list[Check]:
    """System libraries of the files that these parts load."""
    names = frozenset(name for part in parts for name in LIBRARIES.get(part, ()))
    try:
        found = checks.binaries(names)
    except StackError as error:
        return [ill(error.part, error.why, error.mend)]
    absent = [
        ill(name, "not installed in this environment", "Run `make clean` and `make demo`")
        for name in names - set(found)
    ]
    return absent + [checks.check_libraries(name, path) for name, path in found.items()]


def check_stack(folder: StateFolder) -> Check:
    """Whether a stack runs in this folder, and how its parts are."""
    record = read_record(folder.stack, StackRecord)
    if not is_locked(folder.supervisor_lock) or record is None:
        return well("stack", "not running; `proctor up` starts it")
    bad = {name: part for name, part in record.parts.items() if part.state != READY}
    if not bad:
        return well("stack", "running, every part ready")
    told = "; ".join(f"{name} {part.state}" + (f" ({part.why})" if part.why else "") for name, part in bad.items())
    return ill("stack", told, f"Read the logs in {folder.logs}")


def _given_checks(environment: Mapping[str, str], own: Mapping[str, str]) -> list[Check]:
    try:
        given = given_addresses(environment, own)
    except StackError as error:
        return [ill(error.part, error.why, error.mend)]
    return [_given_check(part, address) for part, address in given.items()]


def _given_check(part: str, address: str) -> Check:
    try:
        check_reachable({part: address}, GIVEN_DEADLINE_S)
    except StackError as error:
        return ill(f"given {part}", error.why, error.mend)
    return well(f"given {part}", f"{address} answers")
