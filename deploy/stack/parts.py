"""From a plan to parts."""

import os
from pathlib import Path

from deploy.stack.clickhouse import clickhouse_part
from deploy.stack.errors import StackError
from deploy.stack.folder import StateFolder
from deploy.stack.jars import cache_folder
from deploy.stack.java import Java, known_java
from deploy.stack.kafka import kafka_part
from deploy.stack.part import Part
from deploy.stack.records import Plan
from deploy.stack.stages import stage_part
from deploy.stack.triton import triton_part


def build_part(name: str, plan: Plan, folder: StateFolder) -> Part:
    """The part of that name. Raises StackError when something that `up` should have prepared is gone."""
    if name == "kafka":
        return kafka_part(folder, plan.ports, _java())
    if name == "clickhouse":
        return clickhouse_part(folder, plan.ports)
    if name == "triton":
        return triton_part(folder, plan.ports, Path(plan.models), plan.stack_id)
    return stage_part(name, folder, plan.addresses, plan.ports[name])


def _java() -> Java:
    java = known_java(cache_folder(os.environ))
    if java is None:
        raise StackError("kafka", "its jars are gone from the cache", "Run `proctor up` again, it fetches them")
    return java
