"""What the ClickHouse endpoint understands of a request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.clickhouse.compression import DECODERS, ENCODERS, BadEncodingError, accepted, decode, encode
from deploy.clickhouse.native import empty_block, varuint
from deploy.clickhouse.statement import BadRequestError, parse, quoted, split_fields

ROWS = b"\x02\x03\x01a FORMAT CSV\n\x00"


@pytest.mark.parametrize(
    "head",
    [
        b"INSERT INTO t FORMAT Native",
        b"insert into t format Native",
        b'\n  INSERT INTO `a b`.`t``x` (`id`, `FORMAT CSV`, "q)") FORMAT Native',
        b"INSERT INTO proctor.events (`event_id`, `at`) FORMAT Native",
        b"INSERT INTO TABLE t (a) SETTINGS async_insert=0, insert_deduplication_token='a-1' FORMAT Native",
    ],
)
def test_an_insert_is_parted_from_its_rows(head: bytes) -> None:
    found = parse({}, head + b"\n" + ROWS, "TabSeparated")
    assert (found.data, found.format, found.answers) == (ROWS, "Native", False)
    assert found.sql == head.decode().strip().rsplit(" ", 2)[0]


def test_an_insert_named_in_the_url_has_the_body_as_its_rows() -> None:
    found = parse({"query": "INSERT INTO t (a) FORMAT CSV"}, b"1\n2\n", "TabSeparated")
    assert (found.sql, found.format, found.data) == ("INSERT INTO t (a)", "CSV", b"1\n2\n")


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES ('a FORMAT CSV\n')",
        "INSERT INTO t (a) VALUES (1)",
        "INSERT INTO t FORMAT Values (1)",
        "INSERT INTO t SELECT 'x' AS a FROM s WHERE a != ' FORMAT CSV\n'",
        "CREATE TABLE t (a String DEFAULT 'INSERT INTO t FORMAT CSV\n') ENGINE = Memory",
    ],
)
def test_what_only_looks_like_an_insert_with_rows_stays_one_statement(sql: str) -> None:
    found = parse({}, sql.encode(), "TabSeparated")
    assert (found.sql, found.data) == (sql, None)


@pytest.mark.parametrize(
    ("sql", "answers"),
    [
        ("SELECT 1", True),
        ("-- a comment\n /* and\n another */ with x as (select 1) select * from x", True),
        ("SHOW TABLES", True),
        ("DESCRIBE t", True),
        ("EXISTS TABLE t", True),
        ("(SELECT 1) UNION ALL (SELECT 2)", True),
        ("CREATE TABLE t (a Int8) ENGINE = Memory", False),
        ("INSERT INTO t SELECT 1", False),
        ("-- SELECT\nDROP TABLE t", False),
    ],
)
def test_which_statements_have_an_answer(sql: str, answers: bool) -> None:
    assert parse({}, sql.encode(), "TabSeparated").answers is answers


def test_the_format_is_the_statements_own_or_the_default() -> None:
    assert parse({}, b"SELECT 1\n FORMAT Native", "CSV").format == "Native"
    assert parse({}, b"SELECT 1 format JSONCompact ;", "CSV").bare_sql == "SELECT 1"
    assert parse({}, b"SELECT 1", "CSV").format == "CSV"


def test_fields_are_settings_parameters_or_the_transports() -> None:
    fields = {"param_n": "5", "max_threads": "1", "query_id": "q", "session_id": "s", "database": "proctor"}
    assert split_fields(fields) == ({"max_threads": "1"}, {"n": "5"})
    assert parse(fields, b"SELECT 1", "CSV").database == "proctor"


@pytest.mark.parametrize("name", ["a = 1, b", "x;y", "1a", ""])
def test_a_settings_name_cannot_carry_sql(name: str) -> None:
    with pytest.raises(BadRequestError, match="Not the name of a setting"):
        split_fields({name: "1"})


@pytest.mark.parametrize("body", [b"", b"  \n", b"SELECT '\xff'"])
def test_an_empty_or_unreadable_query_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError):
        parse({}, body, "CSV")


def test_a_literal_cannot_be_left() -> None:
    assert quoted("a'b\\") == "'a\\'b\\\\'"


@given(st.sampled_from(sorted(ENCODERS)), st.binary(max_size=10_000))
def test_what_is_encoded_is_decoded(encoding: str, body: bytes) -> None:
    packed, used = encode(body * 2, encoding)
    assert decode(packed, used) == body * 2


def test_small_answers_stay_plain() -> None:
    assert encode(b"1\n", "lz4") == (b"1\n", "")


@pytest.mark.parametrize("encoding", [*DECODERS, "snappy"])
def test_a_body_that_is_not_what_its_header_says_is_refused(encoding: str) -> None:
    with pytest.raises(BadEncodingError):
        decode(b"plain text", encoding)


@pytest.mark.parametrize(
    ("header", "expected"), [("lz4,zstd,gzip", "lz4"), ("snappy, gzip;q=0.9", "gzip"), ("*", ""), ("", "")]
)
def test_the_first_encoding_that_can_be_written_is_taken(header: str, expected: str) -> None:
    assert accepted(header) == expected


def test_an_empty_block_names_its_columns() -> None:
    assert empty_block([("id", "UInt64"), ("s", "String")]) == b"\x02\x00\x02id\x06UInt64\x01s\x06String"


@pytest.mark.parametrize(("number", "expected"), [(0, b"\x00"), (127, b"\x7f"), (128, b"\x80\x01"), (300, b"\xac\x02")])
def test_lengths_are_leb128(number: int, expected: bytes) -> None:
    assert varuint(number) == expected
