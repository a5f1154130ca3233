"""Which frames a person labels next: unsure, flickering, disputed, dismissed ones; no two alike; with a draft."""

import csv
import json
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.errors import InputError
from triton_models.__main__ import exit_status
from triton_models.boxes import Detections
from triton_models.dataset.likeness import look_of
from triton_models.dataset.yolo import read_yolo
from triton_models.labelling.choosing import Candidate, choose
from triton_models.labelling.doubts import Doubt, Reason, Sighting, disagreements, flickers, near_threshold, worth
from triton_models.labelling.frames import from_pictures, kept_frame
from triton_models.labelling.gathered import Wish
from triton_models.labelling.observations import read_dismissed, read_sightings
from triton_models.labelling.uncertain import uncertain

SHIPPED = Path(__file__).parents[2] / "triton_models/repository/objects/1/model.onnx"
FLOORS = {"phone": 0.5}


def scene(seed: int) -> NDArray[np.uint8]:
    """Rectangles, unlike those of any other seed."""
    rng = Random(seed)
    canvas = np.full((96, 128, 3), rng.randint(40, 200), np.uint8)
    for _ in range(7):
        corner = (rng.randint(0, 110), rng.randint(0, 80))
        shade = [float(rng.randint(0, 255)) for _ in range(3)]
        cv2.rectangle(canvas, corner, (corner[0] + rng.randint(15, 50), corner[1] + rng.randint(15, 40)), shade, -1)
    return canvas


def sighting(seq: int, phone: float, group: str = "s") -> Sighting:
    return Sighting(group, seq, seq * 500, {"phone": phone})


@pytest.mark.parametrize(("confidence", "strength"), [(0.5, 1.0), (0.4, 0.5), (0.6, 0.5), (0.29, None), (0.8, None)])
def test_doubt_is_strongest_at_the_threshold(confidence: float, strength: float | None) -> None:
    doubts = near_threshold(sighting(1, confidence), FLOORS, 0.5)
    assert [doubt.strength for doubt in doubts] == ([] if strength is None else [pytest.approx(strength)])


@pytest.mark.parametrize(
    ("phones", "flickering"),
    [
        ([0.9, 0.1, 0.9], [1]),
        ([0.1, 0.9, 0.1], [1]),
        ([0.1, 0.9, 0.9, 0.1], []),
        ([0.9, 0.9, 0.9], []),
        ([0.1, 0.9, 0.1, 0.9], [1, 2]),
    ],
)
def test_a_frame_unlike_both_its_neighbours_flickers(phones: list[float], flickering: list[int]) -> None:
    frames = [sighting(seq, phone) for seq, phone in enumerate(phones)]
    assert sorted(seq for _, seq in flickers(frames[::-1], FLOORS, 0.5)) == flickering


def test_frames_of_another_session_or_another_minute_are_no_neighbours() -> None:
    others = [sighting(0, 0.1, "a"), sighting(1, 0.9, "b"), sighting(2, 0.1, "c")]
    apart = [Sighting("s", seq, seq * 60_000, {"phone": phone}) for seq, phone in enumerate((0.1, 0.9, 0.1))]
    assert flickers(others, FLOORS, 0.5) == flickers(apart, FLOORS, 0.5) == {}


def boxes(*rows: tuple[float, float, float, float, float, int]) -> Detections:
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Detections(table[:, :4], table[:, 4], table[:, 5].astype(np.int64))


def test_two_models_disagree_about_what_only_one_sees_and_only_where_the_teacher_is_asked() -> None:
    labels, about = ["phone", "person", "cup"], frozenset({"person", "cup"})
    own = boxes((0, 0, 50, 50, 0.9, 1), (60, 60, 90, 90, 0.9, 0))
    teacher = boxes((2, 2, 50, 50, 0.3, 1), (0, 60, 30, 90, 0.8, 2), (60, 0, 90, 30, 0.4, 2))
    doubts = disagreements(own, teacher, labels, 0.5, about)
    assert [(doubt.label, doubt.why) for doubt in doubts] == [("cup", "cup 0.80, the model sees none there")]


def test_what_a_person_said_is_worth_more_than_what_a_model_doubts() -> None:
    order = [Reason.DISMISSED, Reason.DISAGREES, Reason.FLICKERS, Reason.NEAR]
    values = [worth([Doubt(reason, "phone", 1.0, "")]) for reason in order]
    assert values == sorted(values, reverse=True)
    assert worth([]) == 0
    assert worth([Doubt(Reason.NEAR, "phone", 1.0, "")] * 3) == pytest.approx(1.2)


def candidate(seed: int, strength: float, label: str = "phone", key: str = "") -> Candidate:
    return Candidate(key or f"k{seed}", (Doubt(Reason.NEAR, label, strength, ""),), look_of(scene(seed)))


def test_the_most_doubtful_come_first_no_two_alike_in_any_order() -> None:
    candidates = [candidate(1, 0.9), candidate(2, 0.8), candidate(1, 0.7, key="twin"), candidate(3, 0.2)]
    assert [one.key for one in choose(candidates, 2, 4)] == ["k1", "k2"]
    assert [one.key for one in choose(candidates, 9, 4)] == ["k1", "k2", "k3"]
    assert choose(candidates[::-1], 9, 4) == choose(candidates, 9, 4)


def test_one_label_does_not_take_all_the_room() -> None:
    phones = [candidate(seed, 1.0) for seed in range(40)]
    cups = [candidate(100 + seed, 0.6, "cup") for seed in range(5)]
    chosen = choose([*phones, *cups], 30, 2)
    assert sum(one.key in {cup.key for cup in cups} for one in chosen) == 5


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_observations_are_read_as_clickhouse_writes_them(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"observations.{suffix}"
    if suffix == "csv":
        path.write_text('session,seq,capture_ms,labels,confidences\n"s1",4,2000,"[\'phone\',\'phone\']","[0.3,0.6]"\n')
    else:
        row = {"session": "s1", "seq": 4, "capture_ms": 2000, "labels": ["phone", "phone"], "confidences": [0.3, 0.6]}
        path.write_text(json.dumps(row) + "\n\n")
    assert read_sightings(path) == [Sighting("s1", 4, 2000, {"phone": 0.6})]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        '{"session": "s"}',
        '{"session": "s", "seq": "x", "labels": [], "confidences": []}',
        '{"session": "s", "seq": 1, "labels": ["phone"], "confidences": []}',
        '{"session": "s", "seq": 1, "labels": {}, "confidences": []}',
    ],
)
def test_a_line_that_is_no_observation_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "o.jsonl").write_text(f'{{"session": "s", "seq": 1, "labels": [], "confidences": []}}\n{line}\n')
    with pytest.raises(InputError, match="line 2"):
        read_sightings(tmp_path / "o.jsonl")


def test_only_dismissed_events_are_taken_from_reviews(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text("session,seq,decision\ns1,4,dismiss\ns1,9,confirm\ns2,1,Dismissed\n")
    assert read_dismissed(path) == {("s1", 4): "dismiss", ("s2", 1): "Dismissed"}
    path.write_text("session,onset_seq,decision\ns1,4,dismiss\n")
    assert read_dismissed(path) == {("s1", 4): "dismiss"}
    path.write_text("session,decision\ns1,dismiss\n")
    with pytest.raises(InputError, match="line 2"):
        read_dismissed(path)


def test_frames_are_found_by_session_and_number_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "s1").mkdir()
    cv2.imwrite(str(tmp_path / "s1/4.jpg"), scene(1))
    cv2.imwrite(str(tmp_path / "s2_7.jpg"), scene(1))
    assert kept_frame(tmp_path, "s1", 4) == tmp_path / "s1/4.jpg"
    assert kept_frame(tmp_path, "s2", 7) == tmp_path / "s2_7.jpg"
    assert kept_frame(tmp_path, "s1", 5) is None
    assert kept_frame(tmp_path / "s1", "../s1", 4) is None


def test_numbered_pictures_follow_each_other_and_others_stand_alone(tmp_path: Path) -> None:
    for name in ("clip_01", "clip_02", "other", "x_jpg.rf.ab7115720"):
        cv2.imwrite(str(tmp_path / f"{name}.jpg"), scene(1))
    groups = [frame.group for frame in from_pictures(tmp_path)]
    assert groups[0] == groups[1]
    assert len(set(groups)) == 3
    with pytest.raises(InputError, match="no pictures"):
        from_pictures(tmp_path / "none")


def stored(tmp_path: Path) -> Wish:
    """A session of ten frames: a phone that flickers in the fifth, an unsure one, a dismissed one, a frame not kept."""
    rows = []
    for seq in range(10):
        confidence = {4: 0.9, 7: 0.42}.get(seq, 0.05)
        row = {"session": "s", "seq": seq, "capture_ms": seq * 500, "labels": ["phone"], "confidences": [confidence]}
        rows.append(json.dumps(row))
        if seq != 9:
            (tmp_path / "frames/s").mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(tmp_path / f"frames/s/{seq}.jpg"), scene(seq))
    (tmp_path / "o.jsonl").write_text("\n".join(rows))
    (tmp_path / "reviews.csv").write_text("session,seq,decision\ns,2,dismiss\ns,4,confirm\ns,99,dismiss\n")
    return Wish(
        SHIPPED, observations=tmp_path / "o.jsonl", frames=tmp_path / "frames", reviews=tmp_path / "reviews.csv", most=3
    )


def test_a_labelling_set_says_why_and_is_a_source_again(tmp_path: Path) -> None:
    chosen, left_out = uncertain(stored(tmp_path), tmp_path / "out")
    with (tmp_path / "out/manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["seq"], row["reasons"]) for row in rows] == [
        ("2", "dismissed"),
        ("4", "flicker"),
        ("7", "near_threshold flicker"),
    ]
    assert len(chosen) == 3
    assert left_out["observed, its frame not kept"] == 1
    assert left_out["dismissed, its frame not there"] == 1
    read = read_yolo(tmp_path / "out", "new", ())
    assert len(read.pictures) == 3
    assert all(one.labelled and not one.faults for one in read.pictures)
    assert read.findings == ()


def test_corrected_labels_are_never_written_over(tmp_path: Path) -> None:
    wish = stored(tmp_path)
    uncertain(wish, tmp_path / "out")
    with pytest.raises(InputError, match="not empty"):
        uncertain(wish, tmp_path / "out")


def test_pictures_are_looked_at_by_the_shipped_model_and_broken_ones_are_counted(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    cv2.imwrite(str(tmp_path / "p/a_1.jpg"), scene(1))
    (tmp_path / "p/a_2.jpg").write_bytes(b"no picture")
    (tmp_path / "reviews.csv").write_text("session,seq,decision\n._a_,1,dismiss\n")
    wish = Wish(SHIPPED, pictures=tmp_path / "p", reviews=tmp_path / "reviews.csv")
    chosen, left_out = uncertain(wish, tmp_path / "out")
    assert [one.frame.seq for one in chosen] == [1]
    assert left_out["picture not a picture"] == 1


def test_what_cannot_be_chosen_from_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out")
    blank = tmp_path / "blank"
    blank.mkdir()
    cv2.imwrite(str(blank / "a.jpg"), np.full((64, 64, 3), 128, np.uint8))
    (tmp_path / "o.jsonl").write_text("")
    for given, said in (
        ([], "0 origins"),
        (["--pictures", str(tmp_path), "--videos", str(tmp_path)], "2 origins"),
        (["--pictures", str(tmp_path / "none")], "holds no pictures"),
        (["--videos", str(tmp_path / "none.mp4")], "does not exist"),
        (["--observations", str(tmp_path / "o.jsonl")], "--frames"),
        (["--pictures", str(blank)], "nothing doubtful"),
        (["--pictures", str(blank), "--model", str(tmp_path / "o.jsonl")], "unknown kind"),
    ):
        assert exit_status(["uncertain", out, *given]) == 1
        assert said in capsys.readouterr().err
    assert not Path(out).exists()
