"""The command's arguments and settings. Without these, a typing mistake would become a session."""

import pytest

from ingest.__main__ import main, parse
from ingest.errors import InputError
from ingest.settings import IngestSettings, LogSettings, from_environment


def test_arguments_default_to_the_settings() -> None:
    options = parse(["exam.mp4"], IngestSettings(rate_fps=3))
    assert (options.source, options.rate, options.speed, options.session) == ("exam.mp4", 3.0, "1x", None)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "source"),
        (["a.mp4", "--rate", "0"], "--rate must be above 0"),
        (["a.mp4", "--rate", "61"], "60 at most"),
        (["a.mp4", "--rate", "fast"], "invalid float"),
        (["a.mp4", "--speed", "2x"], "invalid choice"),
        (["a.mp4", "b.mp4"], "unrecognized arguments"),
    ],
)
def test_bad_usage_is_status_2(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments, IngestSettings())
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROCTOR_RATE_FPS", "0"),
        ("PROCTOR_JPEG_QUALITY", "best"),
        ("PROCTOR_TOPIC_PREFIX", "a/b"),
        ("PROCTOR_METRICS_PORT", "70000"),
        ("PROCTOR_KAFKA", ""),
    ],
)
def test_unusable_settings_name_their_variable(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as caught:
        from_environment(IngestSettings)
    assert caught.value.what == name
    assert "\n" not in str(caught.value)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCTOR_KAFKA", "broker:9092")
    monkeypatch.setenv("PROCTOR_TOPIC_PREFIX", "blue-")
    settings = from_environment(LogSettings)
    assert (settings.kafka, settings.topic_prefix, settings.topic_replicas) == ("broker:9092", "blue-", 1)


def test_bad_setting_ends_the_command_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROCTOR_JPEG_QUALITY", "900")
    assert main(["exam.mp4"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("ingest: PROCTOR_JPEG_QUALITY: has an unusable value")
