"""Bytes that were once published must be readable for ever, and mean the same."""

import types
from typing import get_args

import msgspec
import pytest

from ingest.messages import (
    HEADER_NAME,
    SOUND_HEADER_NAME,
    DeadLetter,
    FrameHeader,
    Notice,
    SoundHeader,
    decode_notice,
    encode_bundle,
    encode_message,
    read_frame_header,
    read_sound_header,
)
from scoring.messages import Observation, RiskMessage, decode_bundle, decode_risk_message
from tests.golden.published import BUNDLES, EXAMPLES, FOLDER, HEADERS, LETTERS, OBSERVATIONS, RISK, golden
from tests.golden.published_people import NOTICES
from tests.golden.published_sound import SOUND_HEADERS

UNREADABLE = "published bytes mean something else now: a changed message needs a new tag"


def test_no_published_bytes_are_forgotten() -> None:
    assert {path.stem for path in FOLDER.glob("*.msgpack")} == {*EXAMPLES, *BUNDLES}


def test_every_message_has_an_example() -> None:
    assert isinstance(Observation, types.UnionType)
    published = {*get_args(Observation), *get_args(RiskMessage), DeadLetter, FrameHeader, SoundHeader, Notice}
    assert {type(example) for example in EXAMPLES.values()} == published


@pytest.mark.parametrize("name", EXAMPLES)
def test_today_still_writes_every_published_field(name: str) -> None:
    """Fields may have been added since; none may be missing, renamed or written in another way."""
    today = msgspec.msgpack.decode(encode_message(EXAMPLES[name]))
    published = msgspec.msgpack.decode(golden(name))
    assert kept(today, published) == published


def kept(today: object, published: object) -> object:
    """Of today's fields those that were published, also within parts."""
    if isinstance(published, dict) and isinstance(today, dict):
        return {field: kept(today.get(field), value) for field, value in published.items()}
    if isinstance(published, list) and isinstance(today, list) and len(today) == len(published):
        return [kept(*both) for both in zip(today, published, strict=True)]
    return today


@pytest.mark.parametrize("name", OBSERVATIONS)
def test_published_observations_read_back(name: str) -> None:
    assert decode_bundle(b"\x91" + golden(name)) == [OBSERVATIONS[name]], UNREADABLE


@pytest.mark.parametrize("name", BUNDLES)
def test_a_published_bundle_reads_back(name: str) -> None:
    assert decode_bundle(golden(name)) == list(BUNDLES[name]), UNREADABLE
    assert decode_bundle(encode_bundle(BUNDLES[name])) == list(BUNDLES[name])


@pytest.mark.parametrize("name", RISK)
def test_published_risk_messages_read_back(name: str) -> None:
    assert decode_risk_message(golden(name)) == RISK[name], UNREADABLE


@pytest.mark.parametrize("name", LETTERS)
def test_published_dead_letters_read_back(name: str) -> None:
    assert msgspec.msgpack.decode(golden(name), type=DeadLetter) == LETTERS[name], UNREADABLE


@pytest.mark.parametrize("name", NOTICES)
def test_published_notices_read_back(name: str) -> None:
    assert decode_notice(golden(name)) == NOTICES[name], UNREADABLE


@pytest.mark.parametrize("name", HEADERS)
def test_published_frame_headers_read_back(name: str) -> None:
    assert read_frame_header([(HEADER_NAME, golden(name))]) == HEADERS[name], UNREADABLE


@pytest.mark.parametrize("name", SOUND_HEADERS)
def test_published_sound_headers_read_back(name: str) -> None:
    assert read_sound_header([(SOUND_HEADER_NAME, golden(name))]) == SOUND_HEADERS[name], UNREADABLE


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_field_of_tomorrow_is_ignored_today(name: str) -> None:
    """A newer writer may add fields: what it writes must be readable by what runs today."""
    fields = msgspec.msgpack.decode(golden(name))
    later = msgspec.msgpack.encode(fields | {"added_later": 1})
    assert msgspec.msgpack.decode(later, type=type(EXAMPLES[name])) == EXAMPLES[name]
