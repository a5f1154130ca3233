"""The contract of the ClickHouse endpoint, asked through clickhouse-connect as the sinks and the reports ask it."""

import asyncio
import os
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import clickhouse_connect
import pandas as pd
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from deploy.stack.diagnosis import diagnose
from deploy.stack.local import LocalStack
from deploy.stack.ports import choose
from deploy.stack.processes import wait_until

UNKNOWN_TABLE, UNKNOWN_IDENTIFIER, SYNTAX_ERROR, UNKNOWN_SETTING, CUSTOM = 60, 47, 62, 115, 395
NOW = datetime(2024, 5, 1, 12, 30, 15, 250_000, tzinfo=UTC)


def client_of(url: str, **options: object) -> Client:
    there = urlsplit(url)
    return clickhouse_connect.get_client(host=there.hostname, port=there.port or 0, **options)  # type: ignore[arg-type]


@pytest.fixture
def client(stack: LocalStack) -> Iterator[Client]:
    """A client in a database of the test's own."""
    database = f"test_{uuid.uuid4().hex}"
    with client_of(stack.clickhouse) as root:
        root.command(f"CREATE DATABASE {database}")
        with client_of(stack.clickhouse, database=database) as own:
            yield own
        root.command(f"DROP DATABASE {database}")


@pytest.fixture
async def async_client(stack: LocalStack, client: Client) -> AsyncIterator[AsyncClient]:
    there = urlsplit(stack.clickhouse)
    async with await clickhouse_connect.get_async_client(
        host=there.hostname, port=there.port or 0, database=client.database
    ) as own:
        yield own


def make_table(client: Client, engine: str = "MergeTree ORDER BY id") -> None:
    client.command(
        "CREATE TABLE t (id UInt64, name LowCardinality(String), at DateTime64(3, 'UTC'), score Nullable(Float64),"
        f" tags Array(String), details Map(String, String)) ENGINE = {engine}"
    )


def row(number: int) -> list[object]:
    return [
        number,
        f"rule {number % 3}",
        NOW,
        None if number % 2 else number / 4,
        ["a", f"ü{number}"],
        {"k": str(number)},
    ]


COLUMNS = ["id", "name", "at", "score", "tags", "details"]


def count(client: Client, table: str = "t") -> int:
    return int(client.query(f"SELECT count() FROM {table}").result_rows[0][0])


def test_rows_of_every_kind_come_back_as_they_went_in(client: Client) -> None:
    make_table(client)
    summary = client.insert("t", [row(n) for n in range(10)], column_names=COLUMNS)
    assert summary.written_rows == 10
    found = client.query("SELECT * FROM t ORDER BY id")
    told_utc = [[NOW.replace(tzinfo=None) if value is NOW else value for value in row(n)] for n in range(10)]
    assert [list(found_row) for found_row in found.result_rows] == told_utc
    assert found.column_names == tuple(COLUMNS)


def test_a_query_without_rows_still_names_its_columns(client: Client) -> None:
    make_table(client)
    found = client.query("SELECT id, name AS rule FROM t WHERE id = {id:UInt64}", parameters={"id": 5})
    assert (found.column_names, found.result_rows) == (("id", "rule"), [])


def test_parameters_are_values_and_never_sql(client: Client) -> None:
    nasty = "it's \\ a\ttest'; DROP TABLE t --"
    sql = "SELECT {s:String} AS s, {n:Int64} + 1 AS n, {xs:Array(String)} AS xs"
    found = client.query(sql, parameters={"s": nasty, "n": -5, "xs": ["a", "b'"]})
    assert found.result_rows == [(nasty, -4, ["a", "b'"])]


def test_a_long_query_goes_as_a_form(client: Client) -> None:
    wanted = [str(n) * 5 for n in range(5000)]
    found = client.query("SELECT length({xs:Array(String)}) AS n", parameters={"xs": wanted})
    assert found.result_rows == [(5000,)]


def test_commands_answer_with_a_value_a_list_or_nothing(client: Client) -> None:
    make_table(client)
    assert client.command("SELECT 5") == 5
    assert client.command("SELECT 'a', 'b'") == ["a", "b"]
    assert client.command("EXISTS TABLE t") == 1
    assert client.command("SELECT name FROM t") == ""
    assert client.command("TRUNCATE TABLE t").written_rows == 0  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT * FROM nowhere", UNKNOWN_TABLE),
        ("SELECT nothing", UNKNOWN_IDENTIFIER),
        ("SELEKT 1", SYNTAX_ERROR),
        ("SELECT throwIf(number = 2) FROM numbers(5)", CUSTOM),
    ],
)
def test_errors_carry_clickhouses_code_and_leave_the_connection_well(client: Client, sql: str, code: int) -> None:
    for _ in range(6):  # more often than there are connections: none is lost
        with pytest.raises(DatabaseError) as caught:
            client.query(sql)
        assert caught.value.code == code
    assert client.command("SELECT 1") == 1


def test_settings_hold_for_one_statement(client: Client) -> None:
    ask = "SELECT value FROM system.settings WHERE name = 'max_block_size'"
    usual = client.command(ask)
    assert client.command(ask, settings={"max_block_size": 777}) == 777
    assert [client.command(ask) for _ in range(6)] == [usual] * 6
    with pytest.raises(DatabaseError, match="no_such_setting"):
        client.command("SELECT 1", settings={"no_such_setting": 1})


def test_a_slow_query_ends_at_its_own_limit_and_the_next_works(client: Client) -> None:
    with pytest.raises(DatabaseError, match="TIMEOUT_EXCEEDED"):
        client.query(
            "SELECT sleepEachRow(0.2) FROM numbers(100)", settings={"max_execution_time": 1, "max_block_size": 1}
        )
    assert client.command("SELECT 1") == 1


def test_a_repeated_token_inserts_once(client: Client) -> None:
    make_table(client, "MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100")
    for token in ("batch-0", "batch-0", "batch-1", "batch-0"):
        client.insert("t", [row(1)], column_names=COLUMNS, settings={"insert_deduplication_token": token})
    assert count(client) == 2


def test_replacing_rows_are_one_when_read_final(client: Client) -> None:
    make_table(client, "ReplacingMergeTree ORDER BY id")
    for _ in range(3):
        client.insert("t", [row(n) for n in range(5)], column_names=COLUMNS)
    assert count(client, "t FINAL") == 5


@pytest.mark.parametrize("compression", ["lz4", "zstd", "gzip", "br", False])
def test_large_bodies_in_every_encoding_both_ways(stack: LocalStack, client: Client, compression: str | bool) -> None:
    make_table(client)
    with client_of(stack.clickhouse, database=client.database, compress=compression) as own:
        own.insert("t", [row(n) for n in range(5_000)], column_names=COLUMNS)
        found = own.query("SELECT id, name, tags FROM t ORDER BY id")
    assert len(found.result_rows) == 5_000
    assert found.result_rows[-1] == (4_999, "rule 1", ["a", "ü4999"])


def test_many_megabytes_in_one_insert(client: Client) -> None:
    client.command("CREATE TABLE big (id UInt64, body String) ENGINE = MergeTree ORDER BY id")
    rows = [[n, os.urandom(1 << 20).hex()] for n in range(8)]  # 16 MB
    client.insert("big", rows, column_names=["id", "body"])
    assert client.query("SELECT count(), sum(length(body)) FROM big").result_rows == [(8, 8 << 21)]


def test_raw_inserts_in_other_formats(client: Client) -> None:
    client.command("CREATE TABLE raw (a UInt64, b String) ENGINE = MergeTree ORDER BY a")
    client.raw_insert("raw", ["a", "b"], b'1,"x"\n2,"y"\n', fmt="CSV")
    client.raw_insert("raw", ["a", "b"], '{"a": 3, "b": "z"}\n', fmt="JSONEachRow")
    assert client.raw_query("SELECT * FROM raw ORDER BY a", fmt="CSV") == b'1,"x"\n2,"y"\n3,"z"\n'


def test_a_broken_insert_leaves_no_row(client: Client) -> None:
    client.command("CREATE TABLE raw (a UInt64) ENGINE = MergeTree ORDER BY a")
    with pytest.raises(DatabaseError):
        client.raw_insert("raw", ["a"], b"1\n2\nthree\n", fmt="CSV")
    assert count(client, "raw") == 0


def test_data_frames_go_in_and_come_out(client: Client) -> None:
    client.command("CREATE TABLE frame (id UInt64, score Float64, rule String) ENGINE = MergeTree ORDER BY id")
    frame = pd.DataFrame({"id": [1, 2], "score": [0.5, 1.5], "rule": ["a", "b"]})
    client.insert_df("frame", frame)
    found = client.query_df("SELECT * FROM frame ORDER BY id")
    assert found.to_dict("list") == frame.to_dict("list")


def test_many_at_once_are_all_answered(stack: LocalStack, client: Client) -> None:
    make_table(client)

    def write(worker: int) -> int:
        with client_of(stack.clickhouse, database=client.database) as own:
            own.insert("t", [row(worker * 100 + n) for n in range(100)], column_names=COLUMNS)
            return count(own)

    with ThreadPoolExecutor(12) as pool:
        seen = list(pool.map(write, range(24)))
    assert count(client) == 2400
    assert all(number % 100 == 0 for number in seen)  # nobody saw half an insert


async def test_the_asynchronous_client(async_client: AsyncClient) -> None:
    await async_client.command("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id")
    await asyncio.gather(*(async_client.insert("t", [[n]], column_names=["id"]) for n in range(20)))
    found = await async_client.query("SELECT count(), sum(id) FROM t WHERE id < {n:UInt64}", parameters={"n": 10})
    assert found.result_rows == [(10, 45)]
    with pytest.raises(DatabaseError) as caught:
        await async_client.query("SELECT * FROM nowhere")
    assert caught.value.code == UNKNOWN_TABLE


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Origin": "http://127.0.0.1"}, 403), ({"Host": "evil.example"}, 403), ({"Content-Encoding": "lz4"}, 400)],
)
def test_web_pages_and_broken_bodies_are_refused(stack: LocalStack, headers: dict[str, str], status: int) -> None:
    request = urllib.request.Request(stack.clickhouse, b"SELECT 1", headers)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    with caught.value as answer:
        assert answer.code == status


@contextmanager
def endpoint(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """An endpoint of the test's own, ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.clickhouse", str(folder), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert wait_until(lambda: process.poll() is not None or answers(port), 30.0)
        yield process
    finally:
        process.kill()
        process.communicate()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5) as answer:
            return bool(answer.read() == b"Ok.\n")
    except OSError:
        return False


def insert_until_killed(client: Client, process: subprocess.Popen[bytes]) -> int:
    """How many batches of 500 rows were acknowledged; the process is killed while one is under way."""
    with ThreadPoolExecutor(1) as killer:
        for batch in range(10_000):
            if batch == 20:
                killer.submit(process.kill)
            try:
                client.insert("t", [[batch, n] for n in range(500)], column_names=["batch", "n"])
            except ClickHouseError:
                return batch
    return 10_000


def test_kill_9_loses_no_acknowledged_row(tmp_path: Path) -> None:
    """The process is killed in the midst of inserts; every acknowledged batch is there afterwards, and whole."""
    port = choose(["x"], {}, {}, [], seed=str(tmp_path))["x"]
    url = f"http://127.0.0.1:{port}"
    with endpoint(tmp_path / "data", port) as process, client_of(url, query_retries=0) as client:
        client.command("CREATE TABLE t (batch UInt32, n UInt32) ENGINE = MergeTree ORDER BY (batch, n)")
        acknowledged = insert_until_killed(client, process)
    assert 20 <= acknowledged < 10_000
    with endpoint(tmp_path / "data", port), client_of(url) as client:
        found = client.query("SELECT batch, count() FROM t GROUP BY batch")
        sizes: dict[int, int] = dict(map(tuple, found.result_rows))
    assert [sizes.get(batch) for batch in range(acknowledged)] == [500] * acknowledged
    assert set(sizes.values()) == {500}


def test_a_clean_stop_answers_what_is_at_work(tmp_path: Path) -> None:
    port = choose(["x"], {}, {}, [], seed=str(tmp_path))["x"]
    with endpoint(tmp_path / "data", port) as process, client_of(f"http://127.0.0.1:{port}") as client:
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(client.command, "SELECT sleep(1) + 7")
            assert wait_until(lambda: running_queries(port) > 1, 10.0)
            process.terminate()
            assert slow.result(timeout=10) == 7
        assert process.wait(timeout=20) == 0


def running_queries(port: int) -> int:
    with urllib.request.urlopen(
        f"http://127.0.0.1:{port}/?query=SELECT+count()+FROM+system.processes", timeout=5
    ) as answer:
        return int(answer.read())


def test_a_second_process_on_the_same_data_ends_with_the_reason(stack: LocalStack, tmp_path: Path) -> None:
    data, port = stack.folder / "clickhouse", choose(["x"], {}, {}, [], seed=str(tmp_path))["x"]
    second = subprocess.run(
        [sys.executable, "-m", "deploy.clickhouse", str(data), str(port)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode != 0
    assert "another process uses its data folder" in diagnose(second.stderr.splitlines(), "the log").why
    with client_of(stack.clickhouse) as client:
        assert client.command("SELECT 1") == 1
