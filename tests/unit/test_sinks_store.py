"""Addresses and settings: what is understood, and the one clear line when it is not."""

import pytest

from ingest.errors import InputError, TransientError
from sinks.__main__ import main
from sinks.schema import SCHEMA_VERSION, check_version
from sinks.settings import SinksSettings
from sinks.store import Store, over_http
from sinks.tables import OBSERVATIONS, TABLES

NOBODY = "127.0.0.1:9"  # the discard port: nothing listens there on any machine of ours


@pytest.mark.parametrize("address", ["ftp://host:1", "http://:8123", "host:notaport", "http://host:99999", "//"])
def test_a_wrong_address_is_named(address: str) -> None:
    with pytest.raises(InputError, match="PROCTOR_CLICKHOUSE"):
        over_http(address)


@pytest.mark.parametrize("address", ["127.0.0.1:8123", "http://u:p%40ss@db", "https://db.example:443", "[::1]:8123"])
def test_right_addresses(address: str) -> None:
    assert callable(over_http(address))


def test_nobody_there_is_transient() -> None:
    store = Store(over_http(NOBODY), "proctor")
    with pytest.raises(TransientError, match="does not answer"):
        store.ping()
    with pytest.raises(TransientError, match="does not answer"):
        store.migrate()


def test_a_schema_of_another_version_is_refused() -> None:
    check_version(0, "proctor")
    check_version(SCHEMA_VERSION, "proctor")
    with pytest.raises(InputError, match="PROCTOR_DATABASE"):
        check_version(SCHEMA_VERSION + 1, "proctor")


def test_observations_live_for_days_and_verdicts_for_months() -> None:
    days = {table.name: table.keep_days for table in TABLES}
    assert days.pop(OBSERVATIONS.name) == 30
    assert set(days.values()) == {180}
    assert all(f"INTERVAL {table.keep_days} DAY" in table.create for table in TABLES)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCTOR_CLICKHOUSE", "db:1")
    monkeypatch.setenv("PROCTOR_DATABASE", "other")
    monkeypatch.setenv("PROCTOR_MEMBER", "sinks-3")
    settings = SinksSettings()
    assert (settings.clickhouse, settings.database, settings.member) == ("db:1", "other", "sinks-3")


WRONG = (("PROCTOR_DATABASE", "a; DROP"), ("PROCTOR_CLICKHOUSE", "ftp://x"), ("PROCTOR_METRICS_PORT", "x"))


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_setting_is_one_clear_line(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    assert main() == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert name in said
