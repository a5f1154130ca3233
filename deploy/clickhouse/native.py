"""ClickHouse's Native format, as much as an empty answer needs."""

from collections.abc import Sequence


def empty_block(columns: Sequence[tuple[str, str]]) -> bytes:
    """A block of no rows that names its columns, given as (name, type).

    chDB answers a query without rows with no bytes at all; a server sends this block, which clients take names from.
    """
    parts = [varuint(len(columns)), varuint(0)]
    for name, kind in columns:
        parts += [_string(name), _string(kind)]
    return b"".join(parts)


def varuint(number: int) -> bytes:
    """LEB128, as ClickHouse writes lengths."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _string(text: str) -> bytes:
    data = text.encode()
    return varuint(len(data)) + data
