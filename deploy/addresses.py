"""Where the parts that a command talks to are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Addresses:
    """`kafka` host:port, `triton` host:port (gRPC), `clickhouse` an http:// address, and the database in it."""

    kafka: str
    triton: str
    clickhouse: str
    database: str = "proctor"
