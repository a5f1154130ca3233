"""Settings of this stage from the environment, prefix PROCTOR_; read by `__main__`, never at import."""

from pydantic import Field

from ingest.settings import LogSettings


class SinksSettings(LogSettings):
    """Where rows go: PROCTOR_CLICKHOUSE (host:port or URL) and PROCTOR_DATABASE, which sets several pipelines apart.

    `member` names this process within its group (PROCTOR_MEMBER): a killed writer that comes back under the same name
    has its partitions at once; no two processes may share one.
    """

    clickhouse: str = Field(default="http://127.0.0.1:8123", min_length=1)
    database: str = Field(default="proctor", pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=100)
    member: str | None = Field(default=None, min_length=1, max_length=200)
    metrics_port: int = Field(default=0, ge=0, le=65_535)
    metrics_host: str = "127.0.0.1"
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
