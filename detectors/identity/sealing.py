"""References under lock: AES-256-GCM, with a key of each session's own.

The session's key is HKDF-SHA256 of the master secret with a random salt that stands beside the sealed reference. The
session, the model and the frame of registration are authenticated with it: a reference that was moved to another
session, or made by another network, does not open. Once the record is gone so is the salt, and with it the key.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from detectors.identity.embedder import Embedding, unit
from ingest.errors import InputError

KEY_BYTES, SALT_BYTES, NONCE_BYTES = 32, 32, 12
PURPOSE = b"proctorstream identity reference/1"
MEND = "PROCTOR_IDENTITY_KEY takes 32 random bytes in base64, as `openssl rand -base64 32` makes them"


@dataclass(frozen=True, slots=True, repr=False)
class Reference:
    """The registered face of one session: frames up to `seq` registered it. Its text form shows nothing."""

    session: str
    model: str
    seq: int
    embedding: Embedding


class SealedHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside a sealed reference, in the open: its salt, the network that made it, the frame."""

    salt: bytes
    model: str
    seq: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """A reference as it is kept: `value` is nonce and ciphertext."""

    header: SealedHeader
    value: bytes


Fault = Literal["other_model", "other_key", "malformed"]
"""Why a reference cannot be used."""


class NotOpenedError(Exception):
    """A reference that cannot be used."""

    def __init__(self, reason: Fault) -> None:
        super().__init__(reason)
        self.reason = reason


def master_key(text: str) -> bytes:
    """The master secret of its base64. Raises: InputError when it is not 32 bytes; the text is not repeated."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("PROCTOR_IDENTITY_KEY", "not base64", MEND) from error
    if len(key) != KEY_BYTES:
        raise InputError("PROCTOR_IDENTITY_KEY", f"{len(key)} bytes", MEND)
    return key


def seal(master: bytes, reference: Reference, salt: bytes, nonce: bytes) -> Sealed:
    """Encrypt; `salt` (32 bytes) and `nonce` (12) must be random and new."""
    header = SealedHeader(salt=salt, model=reference.model, seq=reference.seq)
    plain = reference.embedding.astype("<f4").tobytes()
    sealed = AESGCM(_session_key(master, salt)).encrypt(nonce, plain, _bound_to(reference.session, header))
    return Sealed(header, nonce + sealed)


def unseal(master: bytes, session: str, model: str, sealed: Sealed) -> Reference:
    """Decrypt the reference of `session`, made by `model`. Raises: NotOpenedError."""
    header = sealed.header
    if header.model != model:
        raise NotOpenedError("other_model")
    nonce, ciphertext = sealed.value[:NONCE_BYTES], sealed.value[NONCE_BYTES:]
    try:
        key = AESGCM(_session_key(master, header.salt))
        plain = key.decrypt(nonce, ciphertext, _bound_to(session, header))
        embedding = unit(np.frombuffer(plain, "<f4").astype(np.float64))
    except InvalidTag:
        raise NotOpenedError("other_key") from None
    except ValueError:
        raise NotOpenedError("malformed") from None
    return Reference(session, model, header.seq, embedding)


def _session_key(master: bytes, salt: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=PURPOSE).derive(master)


def _bound_to(session: str, header: SealedHeader) -> bytes:
    """What is authenticated with the reference; an array keeps its parts apart."""
    return msgspec.msgpack.encode([session, header.model, header.seq])
