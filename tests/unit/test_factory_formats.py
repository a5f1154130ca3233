"""Labels in YOLO, COCO and VOC form, sound and broken: what is read, what condemns its picture, what is only noted."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ingest.errors import InputError
from triton_models.dataset.box_checks import Checked, check_box, check_picture
from triton_models.dataset.coco import read_coco
from triton_models.dataset.findings import Kind
from triton_models.dataset.source_labels import SourceBox, SourcePicture
from triton_models.dataset.voc import read_voc
from triton_models.dataset.yolo import names_of_yaml, read_line, read_yolo

NAMES = ("phone", "cup")


def picture(path: Path, width: int = 64, height: int = 48) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((height, width, 3), 120, np.uint8))
    return path


def text(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("0 0.5 0.5 0.2 0.4", (0.4, 0.3, 0.6, 0.7)),
        ("0 0.1 0.2 0.3 0.2 0.3 0.8 0.1 0.8", (0.1, 0.2, 0.3, 0.8)),  # a rectangle as a polygon
        ("0 0.5 0.1 0.9 0.9 0.2 0.4", (0.2, 0.1, 0.9, 0.9)),  # a triangle: the smallest upright box
    ],
)
def test_a_yolo_line_is_the_box_around_what_it_draws(line: str, expected: tuple[float, ...]) -> None:
    box = read_line(line, NAMES)
    assert isinstance(box, SourceBox)
    assert box.name == "phone"
    assert box.xyxy == pytest.approx(expected)
    assert box.polygon == (len(line.split()) > 5)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("phone 0.5 0.5 0.1 0.1", "not a class number"),
        ("0 a b c d", "not a class number"),
        ("0 0.5 0.5 0.1", "neither a box nor a polygon"),
        ("0 0.1 0.2 0.3 0.2 0.3", "neither a box nor a polygon"),
        ("2 0.5 0.5 0.1 0.1", "class 2 is none of the 2"),
        ("-1 0.5 0.5 0.1 0.1", "class -1"),
    ],
)
def test_a_broken_yolo_line_is_a_sentence(line: str, reason: str) -> None:
    assert reason in str(read_line(line, NAMES))


@pytest.mark.parametrize(
    "yaml",
    [
        "nc: 2\nnames: ['phone', 'a cup']\n",
        'names: [phone, "a cup"]\nroboflow:\n  license: CC BY 4.0\n',
        "names:\n- phone\n- a cup\ntrain: x\n",
        "names:\n  0: phone\n  1: a cup\n\nval: y\n",
        "names: {0: phone, 1: 'a cup'}",
    ],
)
def test_class_names_are_read_however_yaml_writes_them(yaml: str) -> None:
    assert names_of_yaml(yaml, Path("data.yaml")) == ("phone", "a cup")


def test_yaml_without_names_has_none_and_an_open_bracket_is_named() -> None:
    assert names_of_yaml("train: x\n", Path("d.yaml")) == ()
    with pytest.raises(InputError, match="names"):
        names_of_yaml("names: [a, b\n", Path("d.yaml"))


@pytest.mark.parametrize("layout", ["{part}/images/{name}.jpg", "images/{part}/{name}.jpg", "{part}/{name}.jpg"])
def test_the_layouts_of_roboflow_ultralytics_and_flat_folders_are_read(tmp_path: Path, layout: str) -> None:
    for part in ("train", "valid"):
        picture(tmp_path / layout.format(part=part, name="same"))
        label = layout.replace("images", "labels").replace(".jpg", ".txt")
        text(tmp_path / label.format(part=part, name="same"), "1 0.5 0.5 0.5 0.5\n")
    text(tmp_path / "data.yaml", "names: [phone, cup]\n")
    read = read_yolo(tmp_path, "s", ())
    assert [[box.name for box in one.boxes] for one in read.pictures] == [["cup"], ["cup"]]
    assert read.findings == ()


def test_labels_without_pictures_pictures_without_labels_and_empty_labels_are_told_apart(tmp_path: Path) -> None:
    for name in ("empty", "silent", "bad", "binary"):
        picture(tmp_path / f"images/{name}.jpg")
    text(tmp_path / "labels/empty.txt", "")
    text(tmp_path / "labels/bad.txt", "0 0.5 0.5 0.1 0.1\n9 0.5 0.5 0.1 0.1\n")
    text(tmp_path / "labels/orphan.txt", "0 0.5 0.5 0.1 0.1\n")
    (tmp_path / "labels/binary.txt").write_bytes(b"\xff\xfe\x00\x01")
    read = read_yolo(tmp_path, "s", NAMES)
    by_name = {one.path.stem: one for one in read.pictures}
    assert by_name["empty"].labelled
    assert by_name["empty"].boxes == ()
    assert not by_name["silent"].labelled
    assert by_name["bad"].faults == ("line 2: class 9 is none of the 2 named",)
    assert "no text file" in by_name["binary"].faults[0]
    assert [(one.kind, one.file) for one in read.findings] == [(Kind.NO_PICTURE, "labels/orphan.txt")]


def coco(path: Path, **changes: Any) -> Path:
    document: dict[str, Any] = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}],
        "categories": [{"id": 7, "name": "phone"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 7, "bbox": [16, 12, 32, 24]}],
    } | changes
    return text(path, json.dumps(document))


@pytest.mark.parametrize(
    ("json_at", "picture_at"),
    [
        ("train/_annotations.coco.json", "train/a.jpg"),  # Roboflow
        ("annotations/instances_train2017.json", "train2017/a.jpg"),  # COCO
        ("annotations.json", "images/a.jpg"),
    ],
)
def test_the_layouts_of_coco_exports_are_read(tmp_path: Path, json_at: str, picture_at: str) -> None:
    coco(tmp_path / json_at)
    picture(tmp_path / picture_at)
    (one,) = read_coco(tmp_path, "s").pictures
    assert one.path == tmp_path / picture_at
    assert one.boxes == (SourceBox("phone", (16, 12, 48, 36)),)
    assert one.size_px == (64, 48)


@pytest.mark.parametrize(
    ("annotation", "fault"),
    [
        ({"image_id": 1, "category_id": 9, "bbox": [1, 1, 2, 2]}, "category 9"),
        ({"image_id": 1, "category_id": 7, "bbox": [1, 1, 2]}, "neither a bbox nor a polygon"),
        ({"image_id": 1, "category_id": 7, "bbox": "no"}, "neither a bbox nor a polygon"),
        ({"image_id": 1, "category_id": 7, "segmentation": {"counts": "x"}}, "neither a bbox nor a polygon"),
    ],
)
def test_a_broken_coco_annotation_condemns_its_picture(tmp_path: Path, annotation: dict[str, Any], fault: str) -> None:
    coco(tmp_path / "a.json", annotations=[annotation])
    picture(tmp_path / "a.jpg")
    (one,) = read_coco(tmp_path, "s").pictures
    assert fault in one.faults[0]


def test_coco_polygons_crowds_missing_ids_and_missing_files(tmp_path: Path) -> None:
    polygon = {"id": 2, "image_id": 1, "category_id": 7, "segmentation": [[4, 4, 20, 4, 20, 30]]}
    crowd = {"id": 3, "image_id": 1, "category_id": 7, "bbox": [0, 0, 64, 48], "iscrowd": 1}
    lost = {"id": 4, "image_id": 99, "category_id": 7, "bbox": [0, 0, 5, 5]}
    images = [
        {"id": 1, "file_name": "a.jpg", "width": 64, "height": 48},
        {"id": 2, "file_name": "gone.jpg", "width": 64, "height": 48},
    ]
    coco(tmp_path / "a.json", annotations=[polygon, crowd, lost], images=images)
    picture(tmp_path / "a.jpg")
    picture(tmp_path / "unnamed.jpg")
    read = read_coco(tmp_path, "s")
    named, unnamed = read.pictures
    assert named.boxes == (SourceBox("phone", (4, 4, 20, 30), polygon=True),)
    assert named.faults == ()
    assert not unnamed.labelled
    assert {(one.file, one.reason) for one in read.findings} == {
        ("a.json", "image id 99"),
        ("gone.jpg", "named in a.json"),
    }


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"images": [], "annotations": []}', '{"images": 3, "annotations": [], "categories": []}']
)
def test_what_is_no_coco_is_refused(tmp_path: Path, content: str) -> None:
    text(tmp_path / "a.json", content)
    with pytest.raises(InputError, match=r"COCO|JSON|lists"):
        read_coco(tmp_path, "s")


def test_coco_without_a_size_cannot_be_trusted(tmp_path: Path) -> None:
    coco(tmp_path / "a.json", images=[{"id": 1, "file_name": "a.jpg"}])
    picture(tmp_path / "a.jpg")
    assert "size is given as" in read_coco(tmp_path, "s").pictures[0].faults[0]


def voc(path: Path, size: tuple[int, int] = (64, 48), inside: str = "", name: str = "a.jpg") -> Path:
    corners = "<xmin>17</xmin><ymin>13</ymin><xmax>48</xmax><ymax>36</ymax>"
    box = inside or f"<object><name>phone</name><bndbox>{corners}</bndbox></object>"
    shape = f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>"
    return text(path, f"<annotation><filename>{name}</filename>{shape}{box}</annotation>")


@pytest.mark.parametrize(
    ("xml_at", "picture_at"), [("Annotations/a.xml", "JPEGImages/a.jpg"), ("train/a.xml", "train/a.jpg")]
)
def test_the_layouts_of_voc_exports_are_read(tmp_path: Path, xml_at: str, picture_at: str) -> None:
    voc(tmp_path / xml_at)
    picture(tmp_path / picture_at)
    (one,) = read_voc(tmp_path, "s").pictures
    assert one.path == tmp_path / picture_at
    assert one.boxes == (SourceBox("phone", (16, 12, 48, 36)),)


def test_voc_files_of_the_same_name_keep_to_their_folder(tmp_path: Path) -> None:
    for part in ("train", "valid"):
        voc(tmp_path / part / "a.xml")
        picture(tmp_path / part / "a.jpg")
    assert [one.path.parent.name for one in read_voc(tmp_path, "s").pictures] == ["train", "valid"]


@pytest.mark.parametrize(
    ("inside", "fault"),
    [
        ("<object><name>phone</name></object>", "no readable bndbox"),
        ("<object><name>phone</name><bndbox><xmin>x</xmin></bndbox></object>", "no readable bndbox"),
        (
            "<object><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object>",
            "without a name",
        ),
    ],
)
def test_a_broken_voc_object_condemns_its_picture(tmp_path: Path, inside: str, fault: str) -> None:
    voc(tmp_path / "a.xml", inside=inside)
    picture(tmp_path / "a.jpg")
    assert fault in read_voc(tmp_path, "s").pictures[0].faults[0]


def test_voc_that_is_no_xml_without_a_picture_and_a_folder_without_xml(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no XML files"):
        read_voc(tmp_path, "s")
    text(tmp_path / "a.xml", "<annotation>")
    voc(tmp_path / "lost.xml", name="lost.jpg")
    picture(tmp_path / "a.jpg")
    read = read_voc(tmp_path, "s")
    assert "no XML" in read.pictures[0].faults[0]
    assert [(one.kind, one.file) for one in read.findings] == [(Kind.NO_PICTURE, "lost.xml")]


def checked(*boxes: tuple[float, ...], size: tuple[int, int] | None = None, outside: str = "clip") -> Checked:
    named = tuple(SourceBox("phone", (a, b, c, d)) for a, b, c, d in boxes)
    way: Any = outside
    return check_picture(SourcePicture(Path("a.jpg"), named, size), (64, 48), (64, 48), way)


@pytest.mark.parametrize(
    ("box", "fault"),
    [
        ((float("nan"), 0, 1, 1), "not a number"),
        ((0, 0, float("inf"), 1), "not a number"),
        ((0.6, 0.2, 0.4, 0.8), "negative size"),
        ((1.2, 0.2, 1.4, 0.8), "wholly outside"),
        ((-0.4, 0.2, -0.1, 0.8), "wholly outside"),
    ],
)
def test_a_box_that_makes_no_sense_condemns_its_picture(box: tuple[float, ...], fault: str) -> None:
    one = checked((0.1, 0.1, 0.5, 0.5), box)
    assert fault in one.fault
    assert one.boxes == ()


def test_a_box_without_an_area_is_dropped_alone() -> None:
    one = checked((0.1, 0.1, 0.5, 0.5), (0.5, 0.5, 0.5, 0.9))
    assert len(one.boxes) == 1
    assert one.notes == ((Kind.BOX_DROPPED, "phone"),)


def test_a_box_beyond_the_edge_is_clipped_or_refused_as_asked() -> None:
    assert checked((-0.2, 0.1, 0.5, 0.5)).boxes[0][1] == (0.0, 0.1, 0.5, 0.5)
    assert checked((-0.2, 0.1, 0.5, 0.5)).notes == ((Kind.BOX_CLIPPED, "phone"),)
    assert "20.0% of a side" in checked((-0.2, 0.1, 0.5, 0.5), outside="refuse").fault
    assert checked((-0.001, 0.1, 0.5, 0.5), outside="refuse").notes == ()


def test_pixels_of_another_size_are_rescaled_and_of_another_shape_refused() -> None:
    twice = checked((32, 24, 64, 48), size=(128, 96))
    assert twice.boxes[0][1] == pytest.approx((0.25, 0.25, 0.5, 0.5))
    assert twice.notes[0][0] == Kind.RESCALED
    assert "labels speak of 48x64" in checked((1, 1, 5, 5), size=(48, 64)).fault
    assert checked((16, 12, 32, 24), size=(0, 0)).boxes[0][1] == pytest.approx((0.25, 0.25, 0.5, 0.5))


def test_labels_drawn_on_a_picture_that_exif_turns_are_refused() -> None:
    one = SourcePicture(Path("a.jpg"), (SourceBox("phone", (1, 1, 5, 5)),), (64, 48))
    assert "EXIF" in check_picture(one, (64, 48), (48, 64), "clip").fault


def test_shares_need_no_size() -> None:
    assert check_box((0.2, 0.2, 0.4, 0.4), (64, 48), "clip") == ((0.2, 0.2, 0.4, 0.4), [])
