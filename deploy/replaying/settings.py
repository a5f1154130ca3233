"""Where stored sessions are: what the environment says, else the local stack that runs."""

import os

from pydantic import Field

from deploy.borrowed import running_stack
from ingest.settings import LogSettings, from_environment
from sinks.store import Store, over_http


class StoredSettings(LogSettings):
    """PROCTOR_CLICKHOUSE and PROCTOR_DATABASE as the sinks have them, PROCTOR_KAFKA for the log itself."""

    clickhouse: str = Field(default="", max_length=1000)
    database: str = Field(default="proctor", pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=100)

    def open_store(self) -> Store:
        """The tables."""
        return Store(over_http(self.clickhouse), self.database)


def stored_settings() -> StoredSettings:
    """Of the environment when it names the tables, else of the running local stack.

    Raises: InputError when neither does.
    """
    settings = from_environment(StoredSettings)
    if settings.clickhouse:
        return settings
    addresses = running_stack()
    own = {"clickhouse": addresses.clickhouse}
    return settings.model_copy(update=own if "PROCTOR_KAFKA" in os.environ else own | {"kafka": addresses.kafka})
