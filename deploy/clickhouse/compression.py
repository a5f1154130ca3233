"""Bodies as HTTP carries them: the encodings that ClickHouse's clients send and accept."""

import gzip
import io
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import lz4.frame  # type: ignore[import-untyped]
from backports import zstd

Codec = Callable[[bytes], bytes]

DECODERS: dict[str, Codec] = {
    # A client sends a frame for each block of rows, and lz4.frame.decompress() ends silently after the first.
    "lz4": lambda body: bytes(lz4.frame.open(io.BytesIO(body)).read()),
    "zstd": zstd.decompress,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "br": brotli.decompress,
}
ENCODERS: dict[str, Codec] = {
    "lz4": lz4.frame.compress,
    "zstd": zstd.compress,
    "gzip": lambda data: gzip.compress(data, compresslevel=1),
    "deflate": lambda data: zlib.compress(data, 1),
}
# Below a packet or so an encoder's frame costs more than it saves.
SMALLEST_WORTH_BYTES = 1400


class BadEncodingError(Exception):
    """The body is not in the encoding that its header names, or the encoding is unknown."""


def decode(body: bytes, encoding: str) -> bytes:
    """The plain body. An empty encoding or "identity" leaves it as it is. Raises BadEncodingError."""
    if encoding in ("", "identity"):
        return body
    if encoding not in DECODERS:
        raise BadEncodingError(f"Unknown Content-Encoding {encoding!r}, not one of {', '.join(DECODERS)}")
    try:
        return DECODERS[encoding](body)
    except Exception as error:  # each codec has its own error classes, all of which mean the same here
        raise BadEncodingError(f"The body is not valid {encoding}: {error}") from error


def accepted(header: str) -> str:
    """The first encoding of an Accept-Encoding header that can be written here, or ""."""
    names = (entry.split(";")[0].strip() for entry in header.split(","))
    return next((name for name in names if name in ENCODERS), "")


def encode(body: bytes, encoding: str) -> tuple[bytes, str]:
    """The body and the encoding it now has: small ones are left plain."""
    if not encoding or len(body) < SMALLEST_WORTH_BYTES:
        return body, ""
    return ENCODERS[encoding](body), encoding
