"""How the worker speaks with a process of the face pool: over pipes, each message its length and its bytes."""

import struct

import msgspec

from detectors.face.reading import FaceReading

LENGTH = struct.Struct("<I")


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """A seat's first words: the networks are loaded; `model` is their digest."""

    model: str


class Unreadable(msgspec.Struct, frozen=True, kw_only=True, tag="unreadable"):
    """The picture can never be looked at."""

    reason: str


Reply = Ready | FaceReading | Unreadable
_encode = msgspec.msgpack.Encoder().encode
_decode: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


def decode_reply(message: bytes) -> Reply:
    """What a process of the pool said."""
    return _decode.decode(message)


def encode_reply(reply: Reply) -> bytes:
    """A reply with its length before it."""
    return with_length(_encode(reply))


def with_length(message: bytes) -> bytes:
    """Any message with its length before it."""
    return LENGTH.pack(len(message)) + message
