"""What ingest publishes: frames, sound, session life, what was dropped, dead letters; how observations are bundled.

Times are capture times in integer milliseconds since the epoch, except `*_ms` of a duration. A published message never
changes meaning: fields may be added with defaults, anything else needs a new tag.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from ingest.errors import PoisonError

FRAME_SCHEMA = 1
AUDIO_SCHEMA = 1
Headers = Sequence[tuple[str, bytes]]


class SessionStarted(msgspec.Struct, frozen=True, kw_only=True, tag="session-started/1"):
    """A session entered; `capture_ms` is the zero of all its reports.

    `policy` is the canonical document of the policy (JSON text; empty: the scoring stage's default), so that the log
    alone decides the verdict. `source` is its kind, never a name. `frame_interval_ms` is the time between two frames
    that the source means to send. `calibration_ms` overrides the policy's calibration time; 0 skips calibration.
    `accommodations` is the canonical document of what this person is allowed (JSON text; empty: nothing special).
    `sound`: the source has a sound track, so that mouths are worth watching from the first frame on.
    """

    session: str
    capture_ms: int
    source: str = ""
    policy: str = ""
    calibration_ms: int | None = None
    frame_interval_ms: int = 0
    accommodations: str = ""
    sound: bool = False


class SessionEnded(msgspec.Struct, frozen=True, kw_only=True, tag="session-ended/1"):
    """The source sends no more; `frames_sent` frames reached the log, dropped ones are not among them.

    `audio_records`: records of sound that reached the log, 0 for a source without sound.
    """

    session: str
    capture_ms: int
    frames_sent: int
    reason: Literal["completed", "source_failed", "cancelled"] = "completed"
    audio_records: int = 0


class FramesDropped(msgspec.Struct, frozen=True, kw_only=True, tag="frames-dropped/1"):
    """`count` frames of [`from_ms`, `to_ms`] were given up by the named stage: missing evidence, never conduct."""

    session: str
    seq: int
    from_ms: int
    to_ms: int
    count: int
    stage: Literal["ingest", "detectors"]
    reason: str


class SoundDropped(msgspec.Struct, frozen=True, kw_only=True, tag="sound-dropped/1"):
    """`count` records of sound, the last of them ending at `to_ms`, were given up: missing evidence, never conduct.

    `seq` is that of the last of them.
    """

    session: str
    seq: int
    from_ms: int
    to_ms: int
    count: int
    reason: str


BrowserSign = Literal[
    "alive",
    "tab_hidden",
    "window_blurred",
    "fullscreen_left",
    "second_display",
    "network_lost",
    "copied",
    "pasted",
]


class BrowserReported(msgspec.Struct, frozen=True, kw_only=True, tag="browser/1"):
    """What the candidate's page says of itself; `seq` counts its reports from 0.

    `on` False: the state has ended. "copied" and "pasted" are moments, "alive" only says that nothing has changed.
    """

    session: str
    seq: int
    capture_ms: int
    ingested_ms: int
    sign: BrowserSign
    on: bool = True


NoticeKind = Literal["AUTHORIZED"]


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag="notice/1"):
    """Something that a candidate may be told, of capture time `at_ms`. The same one may come twice.

    "AUTHORIZED": the face in the picture is the one that was registered at the start.
    """

    session: str
    notice: NoticeKind
    at_ms: int
    ingested_ms: int


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, tag="dead-letter/1"):
    """Where a message that could not be processed stands, and why; never its content."""

    topic: str
    partition: int
    offset: int
    stage: str
    reason: str
    size_bytes: int


class FrameHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata of one frame, carried in the record's headers.

    `seq` counts the session's frames from 0. `ingested_ms` is the wall clock when the frame entered the log (latency is
    measured from there; for a live source it is the capture time within milliseconds). A frame older than `max_age_ms`
    may be given up; 0 means never (recorded sources). `end` marks the record behind a session's last frame, whose value
    is empty and whose `seq` is the number of frames sent. `spacing_ms` is the time between two frames as known when
    this one was sent, see `ingest.sampling.spacing_ms`; 0: not known.
    """

    session: str
    seq: int
    capture_ms: int
    ingested_ms: int
    width: int
    height: int
    max_age_ms: int = 0
    end: bool = False
    spacing_ms: int = 0


class SoundHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata of one record of `audio`, carried in its headers; its value is PCM: 16 kHz, mono, int16, little-endian.

    A record holds a second; the last one, and the last before a gap, may be shorter. `capture_ms` is its END. `seq`
    counts the session's records from 0; the other fields are as in FrameHeader.
    """

    session: str
    seq: int
    capture_ms: int
    ingested_ms: int
    max_age_ms: int = 0
    end: bool = False


Frame = tuple[FrameHeader, bytes]
_encode = msgspec.msgpack.Encoder().encode
_decode_header = msgspec.msgpack.Decoder(FrameHeader).decode
_decode_notice = msgspec.msgpack.Decoder(Notice).decode
_decode_sound_header = msgspec.msgpack.Decoder(SoundHeader).decode
HEADER_NAME = f"frame/{FRAME_SCHEMA}"
SOUND_HEADER_NAME = f"audio/{AUDIO_SCHEMA}"


def frame_headers(header: FrameHeader) -> list[tuple[str, bytes]]:
    """The record headers that carry `header`."""
    return [(HEADER_NAME, _encode(header))]


def read_frame_header(headers: Headers) -> FrameHeader:
    """The metadata of a record of `frames`.

    Raises: PoisonError when the header is missing, of another schema or malformed.
    """
    packed = dict(headers).get(HEADER_NAME)
    if packed is None:
        raise PoisonError(f"no header {HEADER_NAME!r} on a record of frames")
    try:
        return _decode_header(packed)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PoisonError(f"unreadable frame header: {error}") from error


def sound_headers(header: SoundHeader) -> list[tuple[str, bytes]]:
    """The record headers that carry `header`."""
    return [(SOUND_HEADER_NAME, _encode(header))]


def read_sound_header(headers: Headers) -> SoundHeader:
    """The metadata of a record of `audio`.

    Raises: PoisonError when the header is missing, of another schema or malformed.
    """
    packed = dict(headers).get(SOUND_HEADER_NAME)
    if packed is None:
        raise PoisonError(f"no header {SOUND_HEADER_NAME!r} on a record of audio")
    try:
        return _decode_sound_header(packed)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PoisonError(f"unreadable sound header: {error}") from error


def encode_bundle(observations: Iterable[msgspec.Struct]) -> bytes:
    """One value of `observations`: a msgpack array of tagged maps, all of sessions of one partition."""
    return _encode(list(observations))


def decode_notice(value: bytes) -> Notice:
    """One record of `notices`.

    Raises: PoisonError when the bytes are none.
    """
    try:
        return _decode_notice(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PoisonError(f"unreadable notice: {error}") from error


def encode_message(message: msgspec.Struct) -> bytes:
    """One tagged message as msgpack."""
    return _encode(message)
