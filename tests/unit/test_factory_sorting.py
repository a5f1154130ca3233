"""Split, duplicates, balance, names: without them an original stands on both sides, or a rare label on none."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ingest.errors import InputError
from triton_models.annotations import LabelledBox
from triton_models.dataset.balance import class_weights, repeat_factors, times_seen
from triton_models.dataset.findings import Kind
from triton_models.dataset.gather import Prepared
from triton_models.dataset.likeness import Look
from triton_models.dataset.naming import naming_of, nearest
from triton_models.dataset.recipe import Recipe, Source
from triton_models.dataset.sorting import scenes_of, sides_of
from triton_models.dataset.split import Scene, drawn, held_back, original_of
from triton_models.dataset.twins import without_twins

EVERYTHING = Source(name="all", format="yolo", licence="CC0", credit="me", path=".", complete_for=("*",))
RECIPE = Recipe(source=(EVERYTHING,), labels=("phone", "cup"))


def prepared(path: Path, number: int, labels: int = 1, original: str = "", source: Source = EVERYTHING) -> Prepared:
    """A picture whose look is its own: bits far from those of every other number."""
    path.write_bytes(f"{number}".encode())
    bits = int.from_bytes(np.random.default_rng(number).bytes(8), "big")
    look = Look(bits, np.random.default_rng(number).uniform(0, 255, (16, 16)).astype(np.float32))
    boxes = tuple(LabelledBox(0, 0.5, 0.5, 0.1, 0.1) for _ in range(labels))
    return Prepared(source, path, original or path.stem, boxes, (), frozenset(RECIPE.labels), look)


def test_augmentations_share_their_original_and_other_files_are_their_own() -> None:
    assert original_of("cat_jpg.rf.0aa1.jpg") == original_of("cat_jpg.rf.9bb2.jpg") == "cat_jpg"
    assert original_of("cat.jpg") == "cat"
    assert original_of("cat.1.jpg") != original_of("cat.2.jpg")


def scenes(**counts: int) -> list[Scene]:
    return [Scene(f"{label}{n}", frozenset({label})) for label, count in counts.items() for n in range(count)]


def test_every_label_gets_its_share_held_back() -> None:
    back = held_back(scenes(phone=100, cup=50, pen=4, watch=2), 0.12, 0)
    held = Counter(key.rstrip("0123456789") for key in back)
    assert held == {"phone": 12, "cup": 6, "pen": 1}


def test_a_rare_label_is_split_by_itself_even_among_many_others() -> None:
    both = [Scene(f"both{n}", frozenset({"phone", "pen"})) for n in range(10)]
    back = held_back([*scenes(phone=200), *both], 0.12, 0)
    assert sum(key.startswith("both") for key in back) == 1


def test_the_split_depends_on_the_seed_alone_and_hardly_moves_when_a_set_grows() -> None:
    few, many = scenes(phone=200), scenes(phone=220)
    assert held_back(few, 0.12, 0) == held_back(few[::-1], 0.12, 0)
    assert held_back(few, 0.12, 0) != held_back(few, 0.12, 1)
    assert len(held_back(few, 0.12, 0) - held_back(many, 0.12, 0)) <= 4


def test_nothing_is_held_back_when_nothing_is_asked() -> None:
    assert held_back(scenes(phone=50), 0, 0) == frozenset()


def test_what_is_drawn_is_spread_evenly() -> None:
    values = [drawn(f"picture{n}", 0) for n in range(2000)]
    assert 0 <= min(values) < 0.01 < 0.99 < max(values) < 1
    assert sum(values) / 2000 == pytest.approx(0.5, abs=0.03)


def test_of_two_equal_pictures_the_one_with_more_boxes_stays(tmp_path: Path) -> None:
    first, second = prepared(tmp_path / "a.jpg", 1, labels=1), prepared(tmp_path / "b.jpg", 1, labels=3)
    other = prepared(tmp_path / "c.jpg", 2)
    kept, findings = without_twins([first, second, other], RECIPE.labels, 3)
    assert kept == [second, other]
    assert [(one.kind, one.file, one.reason) for one in findings] == [(Kind.DUPLICATE, "a.jpg", "all/b.jpg")]


def test_a_near_duplicate_is_told_from_the_same_file(tmp_path: Path) -> None:
    first, second = prepared(tmp_path / "a.jpg", 1), prepared(tmp_path / "b.jpg", 1)
    second.path.write_bytes(b"another file")
    kept, findings = without_twins([first, second], RECIPE.labels, 3)
    assert kept == [first]
    assert findings[0].kind == Kind.NEAR_DUPLICATE


def test_a_hand_with_a_phone_and_the_same_hand_without_are_both_kept_on_one_side(tmp_path: Path) -> None:
    pictures = []
    for number in range(20):
        bare = prepared(tmp_path / f"bare{number}.jpg", number, labels=0)
        held = prepared(tmp_path / f"held{number}.jpg", number, labels=1)
        held.path.write_bytes(b"another file")
        pictures += [bare, held]
    kept, findings = without_twins(pictures, RECIPE.labels, 3)
    assert (len(kept), findings) == (40, [])
    sides, _ = sides_of(kept, RECIPE)
    assert not {p.look.bits for p in sides.train} & {p.look.bits for p in sides.val}


def test_one_picture_in_two_sources_keeps_the_labels_of_both(tmp_path: Path) -> None:
    cup = LabelledBox(1, 0.2, 0.2, 0.1, 0.1)
    phones = replace(prepared(tmp_path / "a.jpg", 1, labels=2), complete_for=frozenset({"phone"}))
    cups = replace(prepared(tmp_path / "b.jpg", 1, labels=0), boxes=(cup,), complete_for=frozenset({"cup"}))
    (one,), _ = without_twins([cups, phones], RECIPE.labels, 3)
    assert one.path == phones.path
    assert one.boxes == (*phones.boxes, cup)
    assert one.complete_for == {"phone", "cup"}


def test_scenes_join_originals_and_likenesses(tmp_path: Path) -> None:
    pictures = [
        prepared(tmp_path / "a.jpg", 1, original="one"),
        prepared(tmp_path / "b.jpg", 2, original="one"),
        prepared(tmp_path / "c.jpg", 2, original="two"),
        prepared(tmp_path / "d.jpg", 3, original="three"),
    ]
    assert scenes_of(pictures, 0) == [0, 0, 0, 3]


def test_no_original_and_no_likeness_is_on_both_sides(tmp_path: Path) -> None:
    pictures = [prepared(tmp_path / f"{n}_{a}.jpg", n // 2, original=f"o{n}") for n in range(80) for a in "ab"]
    sides, _ = sides_of(pictures, RECIPE)
    train, val = ({picture.original for picture in side} for side in (sides.train, sides.val))
    assert not train & val
    assert not {p.look.bits for p in sides.train} & {p.look.bits for p in sides.val}
    assert len(sides.val) == round(40 * 0.12) * 4
    assert len(sides.train) + len(sides.val) == 160


def test_a_source_of_one_side_stays_there_and_takes_its_likeness_out_of_training(tmp_path: Path) -> None:
    only_train = Source(name="t", format="yolo", licence="x", credit="x", path=".", complete_for=("*",), side="train")
    only_val = Source(name="v", format="yolo", licence="x", credit="x", path=".", complete_for=("*",), side="val")
    pictures = [prepared(tmp_path / f"t{n}.jpg", n, source=only_train) for n in range(20)]
    pictures += [prepared(tmp_path / f"v{n}.jpg", n, source=only_val) for n in (3, 30)]
    sides, findings = sides_of(pictures, RECIPE)
    assert {picture.path.name for picture in sides.val} == {"v3.jpg", "v30.jpg"}
    assert len(sides.train) == 19
    assert [finding.file for finding in findings] == ["t3.jpg"]


def test_a_label_below_its_share_is_repeated_by_the_square_root() -> None:
    pictures = [frozenset({"phone"})] * 96 + [frozenset({"pen", "phone"})] * 4
    factors = repeat_factors(pictures, 0.16, 4)
    assert factors == pytest.approx({"phone": 1.0, "pen": 2.0})
    assert repeat_factors(pictures, 0.9, 3)["pen"] == 3


def test_a_fraction_is_drawn_and_a_weight_multiplies() -> None:
    factors = {"phone": 1.0, "pen": 2.5}
    times = [times_seen(frozenset({"pen"}), factors, 1.0, str(n), 0) for n in range(1000)]
    assert set(times) == {2, 3}
    assert sum(times) / 1000 == pytest.approx(2.5, abs=0.06)
    assert times_seen(frozenset({"phone", "pen"}), factors, 2.0, "x", 0) == 5
    assert times_seen(frozenset(), factors, 1.0, "x", 0) == 1


def test_class_weights_have_a_mean_of_one_and_fall_with_the_count() -> None:
    weights = class_weights({"phone": 400, "cup": 100}, ("phone", "cup", "pen"), 0.5)
    assert sum(weights.values()) / 3 == pytest.approx(1, abs=1e-3)
    assert weights["cup"] == pytest.approx(2 * weights["phone"], rel=1e-3)
    assert weights["pen"] == pytest.approx((weights["cup"] + weights["phone"]) / 2, rel=1e-3)
    assert set(class_weights({"phone": 400, "cup": 100}, ("phone", "cup"), 0).values()) == {1.0}
    assert class_weights({}, ("phone", "cup"), 1) == {"phone": 1.0, "cup": 1.0}


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("celphone", "phone"),
        ("Mobile", "phone"),
        ("cell phone", "phone"),
        ("AirPods", "earbuds"),
        ("smart_watch", "smartwatch"),
        ("tv", "screen"),
        ("books", "book"),
        ("calculater", "calculator"),
        ("zebra", "none"),
    ],
)
def test_the_nearest_label_is_suggested(word: str, label: str) -> None:
    assert nearest(word) == label


def source(**changes: object) -> Source:
    return msgspec.structs.replace(EVERYTHING, **changes)


def test_an_unknown_class_is_named_with_its_number_and_the_nearest_label() -> None:
    with pytest.raises(InputError, match=r"'celphone' \(2 boxes; nearest: phone\)"):
        naming_of(source(), ["celphone", "celphone", "cup"], Path())


def test_names_are_mapped_ignored_or_labels_already(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text('[labels]\n"cell phone" = "phone"\n"tv" = "screen"\n')
    naming = naming_of(
        source(label_map="map.toml", labels={"tv": "laptop"}, ignore=("dog",)),
        ["cell phone", "tv", "cup", "dog"],
        tmp_path,
    )
    assert naming.labels == {"cell phone": "phone", "tv": "laptop", "cup": "cup"}
    assert naming.ignored == {"dog"}
    assert naming_of(source(ignore=("*",)), ["cat", "cup"], Path()).ignored == {"cat"}


def test_a_map_to_what_is_no_label_is_refused() -> None:
    with pytest.raises(InputError, match="nearest in the taxonomy: phone"):
        naming_of(source(labels={"x": "mobile"}), ["x"], Path())
