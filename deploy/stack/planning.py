"""What is to run, worked out from what is wanted, what is given and what runs already."""

import uuid
from collections.abc import Mapping

from deploy.stack.doctor import preflight
from deploy.stack.errors import StackError
from deploy.stack.folder import StateFolder, is_locked, read_record
from deploy.stack.ports import choose, fixed_ports
from deploy.stack.processes import Identity, is_alive
from deploy.stack.reachable import DEADLINE_S, DEADLINE_VARIABLE, check_reachable, given_addresses
from deploy.stack.records import PARTS, Plan, StackRecord, ports_of
from deploy.stack.triton import model_repository


def make_plan(
    folder: StateFolder, wanted: frozenset[str], environment: Mapping[str, str], owner: Identity | None
) -> Plan:
    """What is to run, with everything checked that can be checked before. Raises StackError."""
    unknown = wanted - set(PARTS)
    if unknown:
        raise StackError(min(unknown), "no such part", f"Choose from {', '.join(PARTS)}")
    old = read_record(folder.plan, Plan)
    supervised = is_locked(folder.supervisor_lock)
    given = given_addresses(environment, old.addresses if old else {})
    kept = frozenset(old.parts) if old and supervised else frozenset()
    parts = tuple(part for part in PARTS if part in wanted | kept and part not in given)
    preflight(parts, folder, environment)
    check_reachable(given, float(environment.get(DEADLINE_VARIABLE) or DEADLINE_S))
    return Plan(
        stack_id=old.stack_id if old else uuid.uuid4().hex,
        parts=parts,
        ports=_ports(folder, parts, old, environment),
        given=given,
        models=str(model_repository(environment)),
        attempt=old.attempt + 1 if old else 1,
        owner=owner if not (old and supervised) else old.owner,
    )


def _ports(
    folder: StateFolder, parts: tuple[str, ...], old: Plan | None, environment: Mapping[str, str]
) -> dict[str, int]:
    """Ports for these parts; what still runs keeps its own, whoever supervises it."""
    recorded = old.ports if old else {}
    record = read_record(folder.stack, StackRecord)
    alive = [name for name, part in record.parts.items() if part.process and is_alive(part.process)] if record else []
    ours = [name for name in ports_of(alive) if name in recorded]
    return choose(ports_of(parts), recorded, fixed_ports(environment), ours, seed=str(folder.path))
