"""What a dataset is made of: panels and pasted things with their labels, files that Ultralytics reads."""

from collections import Counter
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest

from triton_models.annotations import LabelledBox, read_labels
from triton_models.dataset import LONGEST_SIDE_PX, Gathered, Writer, shrink, write_manifest
from triton_models.panels import board, screen, stand_at_side
from triton_models.pasting import COUNTS, Pool, pasted, thing_of, with_panels
from triton_models.sources import NEGATIVE_VIDEOS, OTHER, Example, Parts
from triton_models.taxonomy import TRAINED

PICTURE = np.random.default_rng(0).integers(0, 255, (120, 160, 3)).astype(np.uint8)
PERSON = Example("person", PICTURE, [LabelledBox(TRAINED.index("person"), 0.5, 0.6, 0.4, 0.8)])
PHONE = Example("phone", PICTURE, [LabelledBox(0, 0.5, 0.5, 0.4, 0.6)])
ODD = Example("odd", PICTURE, [LabelledBox(OTHER, 0.5, 0.5, 0.5, 0.5)])
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
    made = [with_panels("x", PERSON, ODD, Random(seed)) for seed in range(40)]
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
    examples = list(pasted(Pool([PERSON], [PHONE], [CUP]), dict.fromkeys(COUNTS, 8), Random(0)))
    kinds = Counter(example.name.split("_")[1] for example in examples)
    assert kinds == {"phone": 8, "plate": 8, "piece": 8, "hand": 8, "panel": 8}
    assert {example.name.split("_")[1] for example in examples if example.has_phone()} == {"phone"}
    assert len({example.name for example in examples}) == len(examples)


def test_nothing_is_pasted_over_a_picture_that_shows_a_phone() -> None:
    parts, none = Parts([PHONE, PERSON], []), Parts([], [])
    pool = Gathered(parts, none, Parts([CUP, PHONE], []), [PERSON], [PHONE], [ODD]).pool()
    assert not any(example.has_phone() for example in pool.hosts)
    assert pool.phones == [PHONE]
    assert pool.things == [ODD]


@pytest.mark.parametrize(("width", "height", "expected"), [(640, 480, (240, 320)), (100, 50, (50, 100))])
def test_pictures_shrink_but_never_grow(width: int, height: int, expected: tuple[int, int]) -> None:
    assert shrink(np.zeros((height, width, 3), np.uint8)).shape[:2] == expected
    assert max(expected) <= LONGEST_SIDE_PX


def test_an_example_is_written_where_ultralytics_looks(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.put("train", CUP)
    assert cv2.imread(str(tmp_path / "train/images/cup.jpg")).shape == PICTURE.shape
    assert read_labels(tmp_path / "train/labels/cup.txt", {TRAINED.index("cup"): 0})[0].w == 0.5
    assert writer.counts == {"train pictures": 1, "train cup": 1}


def test_videos_that_training_never_sees_are_listed(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    for name in (*NEGATIVE_VIDEOS, "unseen.mp4"):
        (tmp_path / "videos" / name).touch()
    write_manifest(tmp_path, tmp_path)
    assert (tmp_path / "held-back.txt").read_text().split() == ["unseen.mp4"]
    assert str(list(TRAINED)).replace("'", "") in (tmp_path / "data.yaml").read_text()
