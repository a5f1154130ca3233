"""Made pictures: panels and pasted things with their labels; what a phone must never be pasted over."""

from collections import Counter
from random import Random

import numpy as np
import pytest

from ingest.errors import InputError
from triton_models.annotations import LabelledBox
from triton_models.making.examples import OTHER, Example
from triton_models.making.panels import board, screen, stand_at_side
from triton_models.making.pasting import KINDS, Pool, pasted, thing_of, with_panels
from triton_models.making.stages import check_pool, made
from triton_models.taxonomy import TRAINED

PICTURE = np.random.default_rng(0).integers(0, 255, (120, 160, 3)).astype(np.uint8)
PERSON = Example("person", PICTURE, [LabelledBox(TRAINED.index("person"), 0.5, 0.6, 0.4, 0.8)])
PHONE = Example("phone", PICTURE, [LabelledBox(0, 0.5, 0.5, 0.4, 0.6)])
SMALL_PHONE = Example("small", PICTURE, [LabelledBox(0, 0.5, 0.5, 0.2, 0.3)])
ODD = Example("odd", PICTURE, [LabelledBox(OTHER, 0.5, 0.5, 0.5, 0.5)])
SCREEN = TRAINED.index("screen")
CUP = Example("cup", PICTURE, [LabelledBox(TRAINED.index("cup"), 0.5, 0.5, 0.5, 0.5)])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("side", [-1, 1])
def test_a_panel_stands_at_its_side(seed: int, side: int) -> None:
    rng = Random(seed)
    _, box = stand_at_side(PICTURE, screen(rng) if seed % 2 else board(rng), side, rng)
    x1, y1, x2, y2 = box.xyxy()
    assert 0 <= x1 < x2 <= 1
    assert 0 <= y1 < y2 <= 1
    assert x2 <= 0.5 if side < 0 else x1 >= 0.5


def test_only_screens_among_the_panels_are_labelled() -> None:
    made = [with_panels("x", PERSON, ODD, SCREEN, Random(seed)) for seed in range(40)]
    labels = Counter(TRAINED[box.class_id] for example in made for box in example.boxes)
    assert set(labels) == {"person", "screen"}
    assert labels["person"] == 40
    assert 0 < labels["screen"] < 80


@pytest.mark.parametrize(
    ("kind", "donor", "label"),
    [("phone", PHONE, 0), ("piece", CUP, 7), ("piece", ODD, None), ("plate", CUP, None), ("hand", CUP, None)],
)
def test_only_what_has_a_class_keeps_one(kind: str, donor: Example, label: int | None) -> None:
    thing, found = thing_of(kind, donor, Random(1))
    assert thing is not None
    assert found == label


def test_pasting_draws_every_kind_and_labels_phones_alone_as_phones() -> None:
    examples = list(pasted(Pool([PERSON], [PHONE], [CUP], SCREEN), dict.fromkeys(KINDS, 8), Random(0)))
    kinds = Counter(example.name.split("_")[1] for example in examples)
    assert kinds == {"phone": 8, "plate": 8, "piece": 8, "hand": 8, "panel": 8}
    assert {example.name.split("_")[1] for example in examples if example.has_phone()} == {"phone"}
    assert len({example.name for example in examples}) == len(examples)


def test_every_stage_makes_its_kind_and_erasing_takes_the_phone_away() -> None:
    pool = Pool([PERSON], [SMALL_PHONE], [CUP], SCREEN)
    kinds = [(kind, example) for kind, example in made(pool, {"plate": 3}, True, [CUP], Random(0))]
    assert Counter(kind for kind, _ in kinds) == {"worn": 1, "erased": 1, "pasted": 3}
    assert not any(example.has_phone() for _, example in kinds)


def test_making_the_same_twice_gives_the_same_pictures() -> None:
    pool = Pool([PERSON], [PHONE], [CUP], SCREEN)
    first, second = (list(made(pool, {"phone": 2, "panel": 2}, False, [], Random(5))) for _ in range(2))
    assert all(
        (a.picture == b.picture).all() and a.boxes == b.boxes for (_, a), (_, b) in zip(first, second, strict=True)
    )


@pytest.mark.parametrize(
    ("pool", "paste", "erase", "missing"),
    [
        (Pool([], [PHONE], [CUP]), {"plate": 1}, False, "host"),
        (Pool([PERSON], [], [CUP]), {"phone": 1}, False, "phone"),
        (Pool([PERSON], [PHONE], []), {"piece": 1}, False, "piece"),
        (Pool([PERSON], [], [CUP]), {}, True, "phone"),
    ],
)
def test_what_no_source_is_there_for_is_named(pool: Pool, paste: dict[str, int], erase: bool, missing: str) -> None:
    with pytest.raises(InputError, match=rf'pool = \["{missing}"\]'):
        check_pool(pool, paste, erase)


def test_nothing_missing_is_no_complaint() -> None:
    check_pool(Pool([PERSON], [], []), {"plate": 2, "phone": 0}, False)
