"""What one HTTP request asks of the engine: pure parsing of SQL text, URL parameters and data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# Parameters of the transport, which the engine would refuse as unknown settings. From ClickHouse's HTTPHandler and the
# list that clickhouse-connect keeps for its own chDB backend.
TRANSPORT = frozenset(
    {
        "query", "database", "default_format", "buffer_size", "session_id", "session_timeout", "session_check",
        "query_id", "quota_key", "compress", "decompress", "wait_end_of_query", "client_protocol_version",
        "role", "send_progress_in_http_headers", "http_headers_progress_interval_ms", "enable_http_compression",
        "http_zlib_compression_level", "cancel_http_readonly_queries_on_client_close", "user", "password",
        "http_write_exception_in_output_format",
    }
)  # fmt: skip
PARAMETER = "param_"
_NAME = rb"(?:`(?:\\.|``|[^`\\])*`|\"(?:\\.|\"\"|[^\"\\])*\"|\w+)"
_QUOTED = rb"`(?:\\.|``|[^`\\])*`|\"(?:\\.|\"\"|[^\"\\])*\""
# Data follows only when nothing but a table, its columns and settings stand before FORMAT: a VALUES or SELECT insert
# that mentions the word FORMAT in a string stays one statement.
_INSERT = re.compile(
    rb"\s*(INSERT\s+INTO\s+(?:TABLE\s+)?" + _NAME + rb"(?:\s*\.\s*" + _NAME + rb")?"
    rb"(?:\s*\((?:"
    + _QUOTED
    + rb"|[^()`\"'])*\))?(?:\s+SETTINGS\s+[\w\s=,.'-]+?)?)\s+FORMAT\s+(?!Values\b)(\w+)[ \t]*(?:\r?\n|;|$)",
    re.IGNORECASE,
)
_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_FORMAT = re.compile(r"\s+FORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_ANSWERS = ("SELECT", "WITH", "SHOW", "DESC", "EXISTS", "EXPLAIN", "CHECK", "VALUES", "FROM", "(")
_SETTING = re.compile(r"[A-Za-z_]\w*")


class BadRequestError(Exception):
    """The request cannot be understood; the text says why."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `data` is None unless an insert carries rows in `format`; else `format` is that of the answer."""

    sql: str
    format: str
    data: bytes | None
    database: str
    settings: Mapping[str, str]
    parameters: Mapping[str, str]

    @property
    def answers(self) -> bool:
        """True when the statement has a result set, even an empty one."""
        return self.data is None and self.sql[skip_comments(self.sql) :].upper().startswith(_ANSWERS)

    @property
    def bare_sql(self) -> str:
        """The statement without a trailing FORMAT clause."""
        return _FORMAT.sub("", self.sql)


def parse(fields: Mapping[str, str], body: bytes, default_format: str) -> Statement:
    """A statement from the request's URL (or form) fields and its decoded body.

    A `query` field stands before the body, as ClickHouse has it. Raises BadRequestError.
    """
    text = b"\n".join(part for part in (fields.get("query", "").encode(), body) if part)
    settings, parameters = split_fields(fields)
    database = fields.get("database") or "default"
    insert = _INSERT.match(text)
    if insert:
        sql, data = insert[1].decode(), text[insert.end() :]
        return Statement(sql, insert[2].decode(), data, database, settings, parameters)
    sql = _text(text)
    return Statement(sql, answer_format(sql, default_format), None, database, settings, parameters)


def split_fields(fields: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """(engine settings, bound parameters without their prefix) of a request's fields. Raises BadRequestError."""
    parameters = {name[len(PARAMETER) :]: value for name, value in fields.items() if name.startswith(PARAMETER)}
    settings = {n: v for n, v in fields.items() if n not in TRANSPORT and not n.startswith(PARAMETER)}
    wrong = [name for name in settings if not _SETTING.fullmatch(name)]
    if wrong:
        raise BadRequestError(f"Not the name of a setting: {wrong[0]!r}")
    return settings, parameters


def answer_format(sql: str, default: str) -> str:
    """The format of a statement's trailing FORMAT clause, or the default."""
    named = _FORMAT.search(sql)
    return named[1] if named else default


def skip_comments(sql: str) -> int:
    """The index of the first character that is neither white space nor a comment."""
    found = _COMMENTS.match(sql)
    return found.end() if found else 0


def quoted(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _text(raw: bytes) -> str:
    if not raw.strip():
        raise BadRequestError("Empty query")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise BadRequestError(f"The query is not UTF-8 text: {error}") from error
