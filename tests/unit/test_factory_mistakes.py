"""Pictures chosen by a model's mistakes: what is made, how wrong a model is about it, which are kept."""

import json
from collections.abc import Mapping
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.errors import InputError
from triton_models.__main__ import exit_status
from triton_models.annotations import LabelledBox
from triton_models.boxes import Detections
from triton_models.dataset.files import read_rows
from triton_models.dataset.recipe import read_recipe
from triton_models.exporting.blend import part_of
from triton_models.exporting.shift import halves_of, logit
from triton_models.making.candidates import IN_HANDS, MAKERS, OTHERS, cropped, other_thing
from triton_models.making.composites import plate
from triton_models.making.examples import OTHER, Example
from triton_models.making.lookalikes import DRAWN
from triton_models.making.mistakes import WITH_PHONE, Choice, Scored, candidate, chosen, wrongly_seen, wrongness
from triton_models.making.pasting import Pool
from triton_models.making.placing import SMALL, USUAL, Place, lit, place_in, put
from triton_models.making.stages import check_donors
from triton_models.taxonomy import TRAINED

SHIPPED = Path(__file__).parents[2] / "triton_models/repository/objects/1/model.onnx"
PERSON_ID, REMOTE_ID, SCREEN_ID = (TRAINED.index(label) for label in ("person", "remote", "screen"))
NOISE = np.random.default_rng(0).integers(60, 255, (240, 320, 3)).astype(np.uint8)
PERSON = Example("person", NOISE, [LabelledBox(PERSON_ID, 0.5, 0.6, 0.5, 0.8)])
PHONE = Example(
    "phone", NOISE >> np.uint8(2), [LabelledBox(0, 0.5, 0.5, 0.25, 0.6), LabelledBox(PERSON_ID, 0.5, 0.5, 0.9, 0.9)]
)
THING = Example("thing", NOISE >> np.uint8(1), [LabelledBox(OTHER, 0.5, 0.5, 0.5, 0.5)])
POOL = Pool([PERSON], [PHONE], [THING], SCREEN_ID, REMOTE_ID, PERSON_ID)


def nothing(_: NDArray[np.uint8]) -> Detections:
    """A model that sees nothing."""
    return phones()


def phones(*rows: tuple[float, float, float, float, float]) -> Detections:
    """Phones: corners in pixels and confidences."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(table[:, :4], table[:, 4], np.zeros(len(table), np.int64))


@pytest.mark.parametrize("kind", MAKERS)
def test_a_candidate_has_a_phone_labelled_only_where_its_kind_has_one(kind: str) -> None:
    examples = [one for n in range(30) if (one := candidate(POOL, kind, "s", n))]
    assert len(examples) >= 15
    for example in examples:
        phones_in = [place for place, box in enumerate(example.boxes) if box.class_id == 0]
        assert phones_in == ([len(example.boxes) - 1] if kind in WITH_PHONE else [])
        assert all(0 <= edge <= 1 for box in example.boxes for edge in box.xyxy())
        assert example.picture.std() > 5


@pytest.mark.parametrize("kind", MAKERS)
def test_a_candidate_is_made_of_its_number_alone(kind: str) -> None:
    numbers = [n for n in range(20) if candidate(POOL, kind, "s", n)]
    first, again = (candidate(POOL, kind, "s", numbers[0]) for _ in range(2))
    other = candidate(POOL, kind, "s", numbers[1])
    assert first
    assert again
    assert other
    assert (first.picture == again.picture).all()
    assert first.boxes == again.boxes
    assert first.picture.shape != other.picture.shape or (first.picture != other.picture).any()


def test_small_phones_are_small() -> None:
    heights = [one.boxes[-1].h for n in range(60) if (one := candidate(POOL, "small_phone", "s", n))]
    usual = [one.boxes[-1].h for n in range(60) if (one := candidate(POOL, "phone", "s", n))]
    assert max(heights) < 0.4
    assert np.median(heights) < 0.85 * np.median(usual)
    assert min(heights) * 240 >= 9


@pytest.mark.parametrize("heights", [SMALL, USUAL])
def test_places_are_within_the_heights_and_near_the_picture(heights: tuple[float, float]) -> None:
    places = [place_in(PERSON, PERSON_ID, heights, Random(n)) for n in range(200)]
    assert all(heights[0] <= place.height <= heights[1] for place in places)
    assert sum(0.1 < place.x < 0.9 for place in places) > 120
    empty = [place_in(PERSON, None, heights, Random(n)) for n in range(50)]
    assert all(heights[0] <= place.height <= heights[1] for place in empty)


def test_what_lies_mostly_outside_is_not_put() -> None:
    thing = plate(Random(0))
    assert put(NOISE, thing, Place(0.5, 0.5, 0.3, 0)) is not None
    for x, y in ((-0.2, 0.5), (1.2, 0.5), (0.5, -0.3), (0.5, 1.4), (0.0, 0.0)):
        assert put(NOISE, thing, Place(x, y, 0.3, 0)) is None


@pytest.mark.parametrize("kind", [*DRAWN, "piece", "thing", "hand"])
def test_every_lookalike_can_be_seen_and_only_a_remote_has_a_class(kind: str) -> None:
    for seed in range(6):
        thing, label = other_thing(kind, POOL, Random(seed))
        assert thing is not None
        assert label == (REMOTE_ID if kind == "remote" else None)
        assert thing.picture.shape[:2] == thing.alpha.shape
        assert 0.5 < thing.alpha.max() < 1.001
        assert thing.alpha.min() >= 0
        assert lit(thing, Random(seed)).alpha.shape[1] <= thing.alpha.shape[1]
    assert set(OTHERS) | set(IN_HANDS) >= set(DRAWN)


def test_a_crop_keeps_what_is_left_of_a_box() -> None:
    for seed in range(30):
        crop = cropped(PERSON, Random(seed))
        assert crop.picture.shape[0] < 240
        for box in crop.boxes:
            assert box.class_id == PERSON_ID
            assert 0 < box.w <= 1
    small = Example("s", NOISE, [LabelledBox(1, 0.02, 0.02, 0.03, 0.03)])
    assert any(not cropped(small, Random(seed)).boxes for seed in range(20))


def test_wrong_is_a_phone_not_seen_or_seen_where_none_is() -> None:
    example = Example("", NOISE, [LabelledBox(0, 0.5, 0.5, 0.5, 0.5)])
    there, elsewhere = (80, 60, 240, 180), (0, 0, 40, 30)
    assert wrongness("phone", example, nothing(NOISE)) == 1
    assert wrongness("phone", example, phones((*elsewhere, 0.9))) == 1
    assert wrongness("phone", example, phones((*there, 0.7), (*elsewhere, 0.9))) == pytest.approx(0.3)
    assert wrongness("lookalike", example, nothing(NOISE)) == 0
    assert wrongness("lookalike", example, phones((*there, 0.7), (*elsewhere, 0.9))) == pytest.approx(0.9)


def test_the_hardest_are_kept_and_some_others_by_chance() -> None:
    scored = [Scored(number, wrong) for number, wrong in enumerate((0.1, 0.9, 0.4, 0.9, 0.2, 0.3))]
    kept = chosen(scored, Choice(6, 3, 2), Random(0))
    assert [one.number for one in kept[:3]] == [1, 3, 2]
    assert len({one.number for one in kept}) == 5
    assert {tuple(chosen(scored, Choice(6, 3, 1), Random(seed))[3:]) for seed in range(20)} == {
        (scored[place],) for place in (0, 4, 5)
    }
    assert len(chosen(scored[:2], Choice(6, 3, 2), Random(0))) == 2


def test_pictures_that_a_model_gets_wrong_are_chosen() -> None:
    """A model that takes everything dark for a phone is taught dark things, and nothing else."""

    def dark(picture: NDArray[np.uint8]) -> Detections:
        return phones((0, 0, 50, 50, float(picture.mean() < 120)))

    made = [one.picture.mean() < 120 for n in range(24) if (one := candidate(POOL, "lookalike", "s", n))]
    assert 0 < sum(made) < len(made)
    count = min(3, sum(made))
    choices = {"lookalike": Choice(24, count), "phone": Choice(6, 2, 1)}
    examples = list(wrongly_seen(POOL, choices, dark, "s"))
    assert [kind for kind, _ in examples] == ["lookalike"] * count + ["phone"] * 3
    assert all(example.picture.mean() < 120 for kind, example in examples if kind == "lookalike")
    assert len({example.name for _, example in examples}) == len(examples)


@pytest.mark.parametrize(
    ("pool", "missing"),
    [
        (Pool([], [PHONE], [THING]), "host"),
        (Pool([PERSON], [], [THING]), "phone"),
        (Pool([PERSON], [PHONE], []), "piece"),
    ],
)
def test_a_pool_without_what_mistakes_need_is_named(pool: Pool, missing: str) -> None:
    check_donors(pool, ())
    with pytest.raises(InputError, match=rf'pool = \["{missing}"\]'):
        check_donors(pool, {"phone"})


SOURCE = """
labels = ["phone", "cup"]
size_px = 160
held_back_share = 0.3
[[source]]
name = "a"
format = "yolo"
path = "a"
names = ["phone", "cup"]
complete_for = ["*"]
licence = "x"
credit = "y"
pool = ["host", "phone", "piece"]
"""


def sources(root: Path, make: str) -> Path:
    """A recipe over twelve pictures: a phone, a cup or nothing."""
    rng = np.random.default_rng(1)
    for folder in ("images", "labels"):
        (root / "a" / folder).mkdir(parents=True)
    for number in range(12):
        picture = cv2.resize(rng.integers(0, 255, (6, 8, 3)).astype(np.uint8), (160, 120))
        cv2.imwrite(str(root / f"a/images/p{number}.png"), picture)
        lines: Mapping[int, str] = {0: "0 0.5 0.5 0.3 0.6\n", 1: "1 0.5 0.5 0.4 0.4\n", 2: ""}
        (root / f"a/labels/p{number}.txt").write_text(lines[number % 3])
    (root / "recipe.toml").write_text(SOURCE + make)
    return root / "recipe.toml"


def test_a_set_holds_a_model_s_mistakes_when_asked(tmp_path: Path) -> None:
    make = "[make.mistakes]\nphone = { made = 6, hardest = 2, others = 1 }\nlookalike = { made = 8, hardest = 3 }\n"
    path = sources(tmp_path, make)
    assert exit_status(["dataset", str(path), str(tmp_path / "plain")]) == 0
    assert not [row for row in read_rows(tmp_path / "plain") if row["source"].startswith("made")]
    for name in ("one", "two"):
        assert exit_status(["dataset", str(path), str(tmp_path / name), "--mistakes-of", str(SHIPPED)]) == 0
    rows = [row for row in read_rows(tmp_path / "one") if row["source"].startswith("made")]
    assert [row["source"] for row in rows] == ["made:lookalike"] * 3 + ["made:phone"] * 3
    assert {row["part"] for row in rows} == {"train"}
    assert all("phone" in row["labels"] for row in rows[3:])
    for row in rows:
        assert (tmp_path / "one" / row["file"]).read_bytes() == (tmp_path / "two" / row["file"]).read_bytes()
    told = json.loads((tmp_path / "one/manifest.json").read_text())
    assert [critic["model"] for critic in told["mistakes_of"]] == ["objects"]
    assert told["made"]["mistakes"]["phone"] == {"made": 6, "hardest": 2, "others": 1}


def test_mistakes_are_asked_of_a_model_and_a_recipe_that_speak_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = sources(tmp_path, "")
    given = ["dataset", str(path), str(tmp_path / "set"), "--mistakes-of"]
    assert exit_status([*given, str(SHIPPED)]) == 1
    assert "has no make.mistakes" in capsys.readouterr().err
    path.write_text(SOURCE + "[make.mistakes]\nphone = { made = 2, hardest = 1 }\n")
    assert exit_status([*given, str(tmp_path / "none.onnx")]) == 1
    assert "no such file" in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("phones = { made = 3, hardest = 1 }", "no kind 'phones'"),
        ("phone = { made = 3, hardest = 2, others = 2 }", "keeps more than it makes"),
        ("phone = { made = 0, hardest = 0 }", "made"),
        ("phone = { hardest = 1 }", "made"),
    ],
)
def test_mistakes_that_cannot_be_made_are_refused(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_recipe(sources(tmp_path, f"[make.mistakes]\n{line}\n"))


def test_a_label_s_half_is_read_and_moved_by_its_logit() -> None:
    assert halves_of(["phone=0.4", "cup=0.25"]) == {"phone": 0.4, "cup": 0.25}
    assert logit(0.5) == 0
    moved = 1 / (1 + np.exp(-(logit(0.4) - logit(0.4))))
    assert moved == 0.5
    assert logit(0.4) == pytest.approx(-0.4055, abs=1e-4)


@pytest.mark.parametrize("text", ["phone", "phone=", "=0.4", "phone=1", "phone=0", "phone=nan", "phone=x"])
def test_what_is_no_half_is_named(text: str) -> None:
    with pytest.raises(InputError, match="no label and confidence"):
        halves_of([text])


def test_the_model_to_average_with_is_a_file_and_a_share() -> None:
    assert part_of("a=b/best.pt=0.3") == (Path("a=b/best.pt"), 0.3)
    for text in ("best.pt", "best.pt=", "=0.3", "best.pt=0", "best.pt=1", "best.pt=nan"):
        with pytest.raises(InputError, match="no file and share"):
            part_of(text)
