"""Kafka's jars: resolved once from Maven Central by jgo, then known by a file of their paths."""

import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.stack.errors import StackError

KAFKA_VERSION = "4.1.0"
COORDINATES = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.apache.kafka:kafka-tools:{KAFKA_VERSION}"
# The broker logs through slf4j 1.7; without this binding it says nothing at all, not even why it ends. Resolved on its
# own: together with Kafka the dependency management of log4j's parent would take kafka-clients down to 3.8.
LOG_BINDING = "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3"
EXPECTED_JARS = 93


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where jars are kept for all stacks of this user."""
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "proctorstream"


def known_jars(cache: Path) -> list[Path] | None:
    """The recorded jars if all are still there; no network, about a millisecond."""
    try:
        jars = [Path(line) for line in _record(cache).read_text().splitlines()]
    except FileNotFoundError:
        return None
    return jars if jars and all(jar.is_file() for jar in jars) else None


def resolve_jars(cache: Path, report: Callable[[str], None]) -> list[Path]:
    """The jars of the broker; downloads about 55 MB the first time. Raises StackError without a network."""
    jars = known_jars(cache)
    if jars is not None:
        return jars
    report(f"resolving Kafka {KAFKA_VERSION}: about {EXPECTED_JARS} jars, 55 MB, once (a minute or two)")
    jars = _resolve(cache)
    report(f"{len(jars)} jars in {cache}")
    _record(cache).write_text("\n".join(map(str, jars)))
    return jars


def _resolve(cache: Path) -> list[Path]:
    import jgo  # half a second to import, needed once

    cache.mkdir(parents=True, exist_ok=True)
    try:
        jars = sorted(jgo.build(COORDINATES, cache_dir=cache / "jgo").all_jars)
        binding = jgo.build(LOG_BINDING, cache_dir=cache / "jgo").all_jars
    except Exception as error:  # jgo lets its HTTP library's and its parser's errors through
        raise StackError(
            "kafka",
            f"its jars cannot be fetched from Maven Central: {_first_line(error)}",
            "Check the network, or set PROCTOR_KAFKA to a broker of yours",
        ) from error
    jars += [jar for jar in binding if jar.name.startswith("log4j-slf4j-impl")]
    broken = [jar.name for jar in jars if not zipfile.is_zipfile(jar)]
    if broken or f"kafka-clients-{KAFKA_VERSION}.jar" not in {jar.name for jar in jars}:
        raise StackError(
            "kafka", f"its jars are not what they should be (broken: {broken})", f"Remove {cache} and try again"
        )
    return jars


def _record(cache: Path) -> Path:
    return cache / f"kafka-{KAFKA_VERSION}.jars"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def classpath(jars: list[Path]) -> str:
    return os.pathsep.join(map(str, jars))
