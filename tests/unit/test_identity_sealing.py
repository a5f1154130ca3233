"""References under lock. Without these, a face could be read from the log, or moved to another session."""

import base64
from dataclasses import replace

import numpy as np
import pytest

from detectors.identity.embedder import unit
from detectors.identity.sealing import NotOpenedError, Reference, Sealed, SealedHeader, master_key, seal, unseal
from ingest.errors import InputError

MASTER, SALT, NONCE = bytes(range(32)), b"s" * 32, b"n" * 12
FACE = Reference("s-1", "model-a", 40, unit(np.arange(1.0, 129.0)))
SEALED = seal(MASTER, FACE, SALT, NONCE)


def test_what_was_sealed_opens_bit_for_bit() -> None:
    opened = unseal(MASTER, "s-1", "model-a", SEALED)
    assert (opened.session, opened.model, opened.seq) == ("s-1", "model-a", 40)
    assert opened.embedding == pytest.approx(FACE.embedding, abs=1e-7)


def test_the_sealed_form_holds_nothing_of_the_face() -> None:
    plain = FACE.embedding.astype("<f4").tobytes()
    assert len(SEALED.value) == 12 + len(plain) + 16
    assert not any(plain[at : at + 8] in SEALED.value for at in range(0, len(plain), 4))
    assert "0." not in repr(FACE)


@pytest.mark.parametrize(
    ("master", "session", "model", "sealed", "reason"),
    [
        (b"k" * 32, "s-1", "model-a", SEALED, "other_key"),
        (MASTER, "s-2", "model-a", SEALED, "other_key"),
        (MASTER, "s-1", "model-b", SEALED, "other_model"),
        (MASTER, "s-1", "model-a", replace(SEALED, value=SEALED.value[:-1] + b"x"), "other_key"),
        (MASTER, "s-1", "model-a", Sealed(SealedHeader(salt=SALT, model="model-a", seq=41), SEALED.value), "other_key"),
        (MASTER, "s-1", "model-a", Sealed(SealedHeader(salt=b"", model="model-a", seq=40), SEALED.value), "other_key"),
        (MASTER, "s-1", "model-a", replace(SEALED, value=b""), "malformed"),
    ],
    ids=["another key", "another session", "another model", "touched", "another frame", "without salt", "empty"],
)
def test_anything_else_does_not_open(master: bytes, session: str, model: str, sealed: Sealed, reason: str) -> None:
    with pytest.raises(NotOpenedError) as caught:
        unseal(master, session, model, sealed)
    assert caught.value.reason == reason


def test_each_salt_makes_a_key_of_its_own() -> None:
    assert seal(MASTER, FACE, b"t" * 32, NONCE).value[12:] != SEALED.value[12:]


def test_the_master_secret_is_32_bytes_in_base64_and_never_repeated() -> None:
    assert master_key(base64.b64encode(MASTER).decode()) == MASTER
    for wrong in ("geheim!", base64.b64encode(b"short secret").decode(), ""):
        with pytest.raises(InputError, match="PROCTOR_IDENTITY_KEY") as caught:
            master_key(wrong)
        assert not wrong or wrong not in str(caught.value)
