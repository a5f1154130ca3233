"""What ingest publishes, as bytes. Without these, garbage in a topic would end a process instead of one record."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dead_letters import origin, send_dead_letter
from ingest.errors import InputError, PoisonError
from ingest.log import Record, TopicPartition
from ingest.memory_log import MemoryLog, MemoryWriter
from ingest.messages import (
    HEADER_NAME,
    DeadLetter,
    FrameHeader,
    SessionEnded,
    SessionStarted,
    encode_bundle,
    frame_headers,
    read_frame_header,
)
from ingest.topics import DEAD_LETTERS

HEADER = FrameHeader(session="s", seq=3, capture_ms=1, ingested_ms=2, width=640, height=480, max_age_ms=10)


def test_header_comes_back() -> None:
    assert read_frame_header(frame_headers(HEADER)) == HEADER
    assert read_frame_header([("trace", b"x"), *frame_headers(HEADER)]) == HEADER


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("frame/2", b"later")],
        [(HEADER_NAME, b"")],
        [(HEADER_NAME, b"\xc1")],
        [(HEADER_NAME, msgspec.msgpack.encode({"session": "s"}))],
        [(HEADER_NAME, msgspec.msgpack.encode({**msgspec.to_builtins(HEADER), "seq": "three"}))],
        [(HEADER_NAME, msgspec.msgpack.encode([1, 2]))],
    ],
    ids=["none", "other schema", "empty", "no msgpack", "fields missing", "wrong type", "no map"],
)
def test_bad_headers_are_poison(headers: list[tuple[str, bytes]]) -> None:
    with pytest.raises(PoisonError):
        read_frame_header(headers)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_garbage_is_poison_and_nothing_else(garbage: bytes) -> None:
    try:
        read_frame_header([(HEADER_NAME, garbage)])
    except PoisonError:
        return
    pytest.fail("garbage was read as a header")


@pytest.mark.parametrize("garbage", [b"\x91" * 100_000, b"\xa1\xff", b"\x81\xa7session\xa1\xff"])
def test_deep_and_undecodable_headers_are_poison(garbage: bytes) -> None:
    with pytest.raises(PoisonError):
        read_frame_header([(HEADER_NAME, garbage)])


def test_header_with_a_field_of_the_future_is_read() -> None:
    packed = msgspec.msgpack.encode({**msgspec.to_builtins(HEADER), "colour": "warm"})
    assert read_frame_header([(HEADER_NAME, packed)]) == HEADER


def test_bundle_is_an_array_of_tagged_maps() -> None:
    bundle = encode_bundle(
        [SessionStarted(session="s", capture_ms=5), SessionEnded(session="s", capture_ms=9, frames_sent=2)]
    )
    first, second = msgspec.msgpack.decode(bundle)
    assert (first["type"], first["session"], first["capture_ms"]) == ("session-started/1", "s", 5)
    assert (second["type"], second["frames_sent"], second["reason"]) == ("session-ended/1", 2, "completed")


async def test_dead_letter_tells_where_and_why_and_nothing_of_the_content() -> None:
    log = MemoryLog()
    bad = Record("frames", 5, 77, b"s", b"secret pixels", (("h", b"secret"),), 0)
    assert await (await send_dead_letter(MemoryWriter(log), "detectors", bad, "no header")) == 0
    (letter,) = log.records(TopicPartition(DEAD_LETTERS, 5))
    assert letter.key == origin("detectors", "frames", 5, 77) == b"detectors/frames/5/77"
    assert b"secret" not in letter.value
    read = msgspec.msgpack.decode(letter.value, type=DeadLetter)
    assert read == DeadLetter(
        topic="frames", partition=5, offset=77, stage="detectors", reason="no header", size_bytes=13
    )


def test_input_error_names_what_why_and_the_way_out() -> None:
    error = InputError("a.mp4", "is empty", "Record it again")
    assert str(error) == "a.mp4: is empty. Record it again"
    assert (error.what, error.why, error.mend) == ("a.mp4", "is empty", "Record it again")
