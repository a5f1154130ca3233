"""How the worker speaks with a process of the pool: over pipes, each message its length and its bytes."""

import struct

import msgspec

from detectors.looking.reading import Asked, Models, PictureReading

LENGTH = struct.Struct("<I")


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """A seat's first words: it can look; `models` are the digests of its networks."""

    models: Models


class Unreadable(msgspec.Struct, frozen=True, kw_only=True, tag="unreadable"):
    """The picture can never be looked at."""

    reason: str


Reply = Ready | PictureReading | Unreadable
_encode = msgspec.msgpack.Encoder().encode
_decode: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)
_decode_asked = msgspec.msgpack.Decoder(Asked)


def encode_asked(asked: Asked) -> bytes:
    """What is asked, with its length before it."""
    return with_length(_encode(asked))


def decode_asked(message: bytes) -> Asked:
    """What the worker asked."""
    return _decode_asked.decode(message)


def decode_reply(message: bytes) -> Reply:
    """What a process of the pool said."""
    return _decode.decode(message)


def encode_reply(reply: Reply) -> bytes:
    """A reply with its length before it."""
    return with_length(_encode(reply))


def with_length(message: bytes) -> bytes:
    """Any message with its length before it."""
    return LENGTH.pack(len(message)) + message
