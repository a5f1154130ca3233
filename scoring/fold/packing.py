"""How the parts of the fold are kept: what stays is packed as arrays, what passes is quick to make."""

import msgspec


class Private(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A part of the state."""


class Passing(msgspec.Struct, frozen=True, gc=False):
    """What passes from one function of the fold to the next; made many times a look, so a Struct: quick to make."""
