"""model.json, which stands beside an object model: how to read its output, where it comes from, how good it is."""

from pathlib import Path
from typing import Any

import msgspec

from ingest.errors import InputError
from triton_models.boxes import Layout
from triton_models.taxonomy import TAXONOMY

MEND = "Install a model again with `proctor model use`"
SMALLEST_INPUT_PX, STRIDE_PX = 32, 32
DIGEST_LENGTH = 64


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """One object model.

    `labels` has a label of the taxonomy or null (ignored) for every class, in the order of the network's output;
    `input_px` is the side of its square input; `layout` says how to read its output (see `triton_models.boxes`);
    `sha256` is that of model.onnx; `thresholds` gives the lowest confidence that counts, by label; `trained` and
    `measured` hold what the model's card prints.
    """

    name: str
    labels: tuple[str | None, ...]
    input_px: int
    layout: Layout
    sha256: str
    license: str = "unknown"
    credits: tuple[str, ...] = ()
    thresholds: dict[str, float] = {}
    trained: dict[str, Any] = {}
    measured: dict[str, Any] = {}


def decode_card(data: bytes, source: str) -> ModelCard:
    """A checked card from JSON; `source` names it in errors.

    Raises: InputError when it is malformed or contradicts itself.
    """
    try:
        card = msgspec.json.decode(data, type=ModelCard)
    except msgspec.MsgspecError as error:
        raise InputError(source, f"not a model card: {error}", MEND) from error
    if problems := problems_of(card):
        raise InputError(source, "; ".join(problems), MEND)
    return card


def read_card(path: Path) -> ModelCard:
    """Read and check a model.json.

    Raises: InputError when it is missing or unusable.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", MEND) from error
    return decode_card(data, str(path))


def encode_card(card: ModelCard) -> bytes:
    """The card as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n"


def problems_of(card: ModelCard) -> list[str]:
    """Everything that is wrong with a card, one phrase each; empty when it can be used."""
    used = {label for label in card.labels if label is not None}
    problems = [f"unknown label {label!r}" for label in sorted((used | set(card.thresholds)) - set(TAXONOMY))]
    if not used:
        problems.append("no class has a label")
    if card.input_px < SMALLEST_INPUT_PX or card.input_px % STRIDE_PX:
        problems.append(f"input_px is {card.input_px} px, not a multiple of {STRIDE_PX}")
    if len(card.sha256) != DIGEST_LENGTH or not set(card.sha256) <= set("0123456789abcdef"):
        problems.append("sha256 is no SHA-256 in lower-case hexadecimal")
    problems += [f"threshold of {k} is {v}, not within 0 to 1" for k, v in card.thresholds.items() if not 0 <= v <= 1]
    return problems
