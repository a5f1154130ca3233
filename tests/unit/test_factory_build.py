"""A training set from a recipe to the files on disk, from sound sources and from a corpus of broken ones."""

import csv
import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ingest.errors import InputError
from triton_models.__main__ import exit_status
from triton_models.annotations import read_labels
from triton_models.dataset.build import build
from triton_models.dataset.files import read_manifest, read_rows
from triton_models.dataset.recipe import Recipe, read_recipe

SHIPPED = Path(__file__).parents[2] / "triton_models/recipes/shipped-dataset.toml"
SOURCE = '[[source]]\nname = "a"\nformat = "yolo"\npath = "a"\nnames = ["phone", "cup"]\n'
SAID = 'complete_for = ["*"]\nlicence = "CC0"\ncredit = "me"\n'


def drawn(seed: int, width: int = 96, height: int = 72) -> NDArray[np.uint8]:
    """Rectangles, unlike those of any other seed."""
    rng = Random(seed)
    canvas = np.full((height, width, 3), rng.randint(40, 200), np.uint8)
    for _ in range(7):
        corner = (rng.randint(0, width - 10), rng.randint(0, height - 10))
        shade = [float(rng.randint(0, 255)) for _ in range(3)]
        cv2.rectangle(canvas, corner, (corner[0] + rng.randint(10, 40), corner[1] + rng.randint(10, 30)), shade, -1)
    return canvas


def put(folder: Path, name: str, seed: int, *lines: str) -> None:
    """A picture and its YOLO labels."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / "images" / f"{name}.jpg"), drawn(seed))
    (folder / "labels" / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))


def recipe(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    return path


def usual(tmp_path: Path, extra: str = "", head: str = "", pictures: int = 60) -> Path:
    """A recipe over one folder: every picture a phone, one in ten a cup as well."""
    for number in range(pictures):
        cup = ["1 0.3 0.3 0.2 0.2"] if number % 10 == 0 else []
        put(tmp_path / "a", f"p{number}", number, "0 0.5 0.5 0.4 0.4", *cup)
    return recipe(tmp_path, f'labels = ["phone", "cup"]\nsize_px = 64\n{head}\n{SOURCE}{SAID}{extra}')


def test_a_set_is_what_ultralytics_reads_with_everything_beside_it(tmp_path: Path) -> None:
    manifest = build(usual(tmp_path), tmp_path / "set")
    out = tmp_path / "set"
    rows = read_rows(out)
    assert manifest == read_manifest(out)
    assert manifest["counts"]["train pictures"] + manifest["counts"]["val pictures"] == 60
    assert manifest["counts"]["val pictures"] == 7  # 12 % of the phones alone (54), and one of the six cups
    for row in rows:
        picture = cv2.imread(str(out / row["file"]))
        assert picture.shape == (64, 64, 3)
        boxes = read_labels(Path(str(out / row["file"]).replace("images", "labels")).with_suffix(".txt"))
        assert {manifest["labels"][box.class_id] for box in boxes} == set(row["labels"].split())
        assert (boxes[0].w, boxes[0].h) == pytest.approx((0.4, 0.3), abs=0.01)  # letterboxed: 4:3 in a square
    listed = Counter((out / "train.txt").read_text().split())
    assert listed == {f"./{row['file']}": int(row["times"]) for row in rows if row["part"] == "train"}
    assert "0: phone" in (out / "data.yaml").read_text()
    assert manifest["sources"][0]["credit"] == "me"


def test_the_report_shows_counts_sheets_and_what_was_found(tmp_path: Path) -> None:
    path = usual(tmp_path)
    put(tmp_path / "a", "again", 3, "0 0.5 0.5 0.4 0.4")
    build(path, tmp_path / "set")
    page = (tmp_path / "set/report/index.html").read_text()
    assert "the same picture twice: 1" in page
    assert "<td>cup</td>" in page
    assert cv2.imread(str(tmp_path / "set/report/cup.jpg")).shape == (160, 960, 3)
    with (tmp_path / "set/report/findings.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [(row["file"], row["why"]) for row in found] == [("p3.jpg", "a/again.jpg")]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def originals(dataset: Path, part: str) -> set[str]:
    return {row["original"] for row in read_rows(dataset) if row["part"] == part}


def test_the_same_recipe_gives_the_same_bytes_and_another_seed_another_split(tmp_path: Path) -> None:
    path = usual(tmp_path)
    build(path, tmp_path / "one")
    build(path, tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    path.write_text(f"seed = 1\n{path.read_text()}")
    build(path, tmp_path / "three")
    assert originals(tmp_path / "one", "val") != originals(tmp_path / "three", "val")


def test_rare_labels_are_listed_more_often(tmp_path: Path) -> None:
    build(usual(tmp_path, head="rare_share = 0.4\n"), tmp_path / "set")
    times = {row["labels"]: int(row["times"]) for row in read_rows(tmp_path / "set") if row["part"] == "train"}
    assert times == {"phone": 1, "cup phone": 2}


def test_augmentations_of_one_original_stay_together_or_only_one_is_taken(tmp_path: Path) -> None:
    for number in range(40):
        for copy in "abc":
            put(tmp_path / "a", f"o{number}_jpg.rf.{copy}", number * 7 + ord(copy), "0 0.5 0.5 0.4 0.4")
    path = recipe(tmp_path, f'labels = ["phone", "cup"]\nsize_px = 64\n{SOURCE}{SAID}')
    build(path, tmp_path / "all")
    assert not originals(tmp_path / "all", "train") & originals(tmp_path / "all", "val")
    assert len(originals(tmp_path / "all", "val")) >= 4
    path.write_text(f"{path.read_text()}one_per_original = true\n")
    assert sum(n for key, n in build(path, tmp_path / "one")["counts"].items() if key.endswith("pictures")) <= 40


def test_two_formats_and_what_each_is_complete_for_meet_in_one_set(tmp_path: Path) -> None:
    path = usual(tmp_path)
    folder = tmp_path / "c"
    folder.mkdir()
    images, annotations = [], []
    for number in range(30):
        cv2.imwrite(str(folder / f"c{number}.png"), drawn(1000 + number))
        images.append({"id": number, "file_name": f"c{number}.png", "width": 96, "height": 72})
        annotations.append({"id": number, "image_id": number, "category_id": 1, "bbox": [10, 10, 40, 30]})
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "mug"}]}
    (folder / "_annotations.coco.json").write_text(json.dumps(document))
    coco = '[[source]]\nname = "c"\nformat = "coco"\npath = "c"\ncomplete_for = ["cup"]\nlicence = "x"\ncredit = "y"\n'
    path.write_text(f'{path.read_text()}{coco}labels = {{ mug = "cup" }}\n')
    build(path, tmp_path / "set")
    rows = read_rows(tmp_path / "set")
    assert {(row["source"], row["complete_for"]) for row in rows} == {("a", "phone cup"), ("c", "cup")}
    assert sum(row["source"] == "c" and row["labels"] == "cup" for row in rows) == 30


def corpus(folder: Path) -> None:
    """Everything that goes wrong in a YOLO folder, beside sound pictures."""
    for number in range(30):
        put(folder, f"good{number}", number, "0 0.5 0.5 0.4 0.4")
    put(folder, "wrong_id", 101, "7 0.5 0.5 0.4 0.4")
    put(folder, "negative", 102, "0 0.5 0.5 -0.4 0.4")
    put(folder, "nan", 103, "0 nan 0.5 0.4 0.4")
    put(folder, "words", 104, "phone left of the cup")
    put(folder, "zero", 105, "0 0.5 0.5 0.4 0.4", "1 0.5 0.5 0 0.1")
    put(folder, "beyond", 106, "0 0.0 0.5 0.4 0.4")
    put(folder, "polygon", 107, "0 0.1 0.1 0.6 0.1 0.6 0.7")
    put(folder, "empty", 108)
    put(folder, "silent", 109)
    (folder / "labels/silent.txt").unlink()
    put(folder, "orphan", 110, "0 0.5 0.5 0.4 0.4")
    (folder / "images/orphan.jpg").unlink()
    put(folder, "text", 111, "0 0.5 0.5 0.4 0.4")
    (folder / "images/text.jpg").write_text("not an image")
    put(folder, "half", 112, "0 0.5 0.5 0.4 0.4")
    data = (folder / "images/half.jpg").read_bytes()
    (folder / "images/half.jpg").write_bytes(data[: len(data) // 2])
    put(folder / "more", "good1", 113, "1 0.5 0.5 0.4 0.4")  # the same name in another folder


def test_a_corpus_of_broken_labels_and_pictures(tmp_path: Path) -> None:
    corpus(tmp_path / "a")
    path = recipe(tmp_path, f'labels = ["phone", "cup"]\nsize_px = 64\n{SOURCE}{SAID}')
    manifest = build(path, tmp_path / "set")
    with (tmp_path / "set/report/findings.csv").open(newline="") as file:
        found = {row["file"].split("/")[-1].split(".")[0]: row for row in csv.DictReader(file)}
    expected = {
        "wrong_id": "class 7 is none of the 2",
        "negative": "negative size",
        "nan": "not a number",
        "words": "not a class number",
        "zero": "cup",
        "beyond": "phone",
        "polygon": "phone",
        "silent": "",
        "orphan": "",
        "text": "not a picture",
        "half": "cut off",
    }
    assert set(found) == set(expected)
    assert all(reason in found[name]["why"] for name, reason in expected.items())
    names = " ".join(row["file"] for row in read_rows(tmp_path / "set"))
    assert not any(f"a_{name}_" in names for name in ("wrong_id", "negative", "nan", "words", "text", "half", "orphan"))
    assert all(f"a_{name}_" in names for name in ("zero", "beyond", "polygon", "empty", "silent"))
    assert names.count("a_good1_") == 2
    assert manifest["counts"]["train cup"] + manifest["counts"].get("val cup", 0) == 1


def test_voc_files_and_odd_pictures_go_through_the_same_checks(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    folder.mkdir()
    corners = "<xmin>10</xmin><ymin>10</ymin><xmax>50</xmax><ymax>50</ymax>"
    for number in range(24):
        size = {5: (72, 96), 6: (192, 144)}.get(number, (96, 72))
        image = Image.fromarray(drawn(number)[..., ::-1].copy()).convert("CMYK" if number == 7 else "RGB")
        image.save(folder / f"v{number}.jpg", quality=95)
        shape = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>"
        thing = f"<object><name>phone</name><bndbox>{corners}</bndbox></object>"
        (folder / f"v{number}.xml").write_text(f"<annotation>{shape}{thing}</annotation>")
    text = SOURCE.replace('"yolo"', '"voc"').replace('path = "a"\nnames = ["phone", "cup"]', 'path = "v"')
    manifest = build(recipe(tmp_path, f'labels = ["phone"]\nsize_px = 64\n{text}{SAID}'), tmp_path / "set")
    assert {found["what"].split(":")[0]: found["count"] for found in manifest["found"]} == {
        "picture left out": 1,
        "boxes rescaled": 1,
        "picture converted (turned by EXIF, CMYK, 16 bit, transparent)": 1,
    }
    assert manifest["counts"]["train pictures"] + manifest["counts"]["val pictures"] == 23


def test_a_source_that_is_mostly_broken_is_a_mistake_of_the_recipe(tmp_path: Path) -> None:
    for number in range(6):
        put(tmp_path / "a", f"p{number}", number, f"{9 if number else 0} 0.5 0.5 0.4 0.4")
    with pytest.raises(InputError, match=r"5 of 6 pictures cannot be used, such as p1.jpg: line 1: class 9"):
        build(recipe(tmp_path, SOURCE + SAID), tmp_path / "set")
    assert not (tmp_path / "set").exists()
    assert not (tmp_path / "set.unfinished").exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not toml", "not a TOML file"),
        ("seed = 1\n", "source"),
        (SOURCE + 'licence = "x"\ncredit = "y"\n', "complete_for"),
        (SOURCE + 'complete_for = ["*"]\ncredit = "y"\n', "licence"),
        (SOURCE + SAID + "colour = 3\n", "colour"),
        (SOURCE + SAID + 'side = "left"\n', "side"),
        (SOURCE + SAID + "weight = 0\n", "weight"),
        (SOURCE + SAID + SOURCE + SAID, "two sources are named"),
        ('labels = ["phone", "telephone"]\n' + SOURCE + SAID, "'telephone' is no label"),
        (SOURCE + SAID + 'teacher_for = ["person"]\n', r"no \[teacher\]"),
        (SOURCE + SAID.replace('"*"', '"smartwatch"'), "'smartwatch' is not among the labels"),
        ('labels = ["cup"]\n' + SOURCE + SAID + "[make]\nerase = true\n", "first of `labels`"),
        (SOURCE + SAID + "[make.paste]\nphones = 3\n", "no kind 'phones'"),
        (SOURCE + SAID + '[make]\nwear = ["b"]\n', "no source 'b'"),
        (SOURCE.replace('"yolo"', '"csv"') + SAID, "format"),
        (SOURCE.replace('name = "a"', 'name = "a/b"') + SAID, "letters, digits"),
        ("held_back_share = 1.5\n" + SOURCE + SAID, "held_back_share"),
    ],
)
def test_a_recipe_that_cannot_be_used_is_refused_at_once(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_recipe(recipe(tmp_path, text))


@pytest.mark.parametrize("path", ["missing", "file.txt"])
def test_a_source_that_is_not_there_is_named(tmp_path: Path, path: str) -> None:
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(InputError, match=r"source a: .*(does not exist|no folder)"):
        build(recipe(tmp_path, SOURCE.replace('path = "a"', f'path = "{path}"') + SAID), tmp_path / "set")


def test_what_is_no_training_set_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/thesis.txt").write_text("x")
    with pytest.raises(InputError, match="no training set"):
        build(usual(tmp_path), tmp_path / "precious")
    assert (tmp_path / "precious/thesis.txt").read_text() == "x"


def test_an_older_set_stays_when_the_new_one_fails(tmp_path: Path) -> None:
    path = usual(tmp_path)
    build(path, tmp_path / "set")
    before = contents(tmp_path / "set")
    path.write_text(path.read_text().replace('names = ["phone", "cup"]', 'names = ["phone", "zebra"]'))
    with pytest.raises(InputError, match="zebra"):
        build(path, tmp_path / "set")
    assert contents(tmp_path / "set") == before


def test_stages_of_making_are_in_the_same_recipe(tmp_path: Path) -> None:
    make = 'pool = ["phone", "host", "piece"]\n[make]\nerase = true\npaste = { plate = 3, hand = 2 }\nwear = ["a"]\n'
    path = usual(tmp_path, extra=make)
    for number in range(8):
        put(tmp_path / "a", f"host{number}", 500 + number)
    build(path, tmp_path / "set")
    rows = read_rows(tmp_path / "set")
    learned = [row for row in rows if row["part"] == "train" and row["source"] == "a"]
    showing = [row for row in learned if "phone" in row["labels"]]
    made = Counter(row["source"] for row in rows if row["source"] != "a")
    assert made == {"made:pasted": 5, "made:worn": len(learned), "made:erased": len(showing)}
    assert {row["part"] for row in rows if row["source"] != "a"} == {"train"}


def test_the_shipped_recipe_is_sound() -> None:
    shipped = read_recipe(SHIPPED)
    assert isinstance(shipped, Recipe)
    assert (shipped.held_back_share, len(shipped.source[2].names)) == (0.12, 80)
    assert sum(shipped.make.paste.values()) == 1680


def test_the_command_prints_counts_and_one_line_for_an_error(tmp_path: Path, capsys: Any) -> None:
    path = usual(tmp_path)
    assert exit_status(["dataset", str(path), str(tmp_path / "set")]) == 0
    assert "train phone" in capsys.readouterr().out
    assert exit_status(["dataset", str(tmp_path / "none.toml"), str(tmp_path / "set")]) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert said[0].startswith("triton_models: ")
    (tmp_path / "file").write_text("x")
    assert exit_status(["dataset", str(path), str(tmp_path / "file" / "set")]) == 1
    assert str(tmp_path / "file") in capsys.readouterr().err
    assert exit_status(["dataset"]) == 2
    assert exit_status(["--help"]) == 0
