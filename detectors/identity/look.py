"""What a process of the pool says of a picture's largest face; read by its worker, which needs no network for it."""

import msgspec


class FaceLook(msgspec.Struct, frozen=True, kw_only=True, tag="face-look"):
    """The largest face of one picture: its embedding (float32, little endian), and whether it may be registered.

    Stays between a process of the pool and its worker. Its text form does not show the embedding.
    """

    embedding: bytes
    registrable: bool

    def __repr__(self) -> str:
        return f"FaceLook(registrable={self.registrable})"
