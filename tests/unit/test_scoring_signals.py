"""From observations to signals and conditions: what is true, what is false, and what cannot be known."""

from math import inf, nan

import pytest
from msgspec import structs

from detectors.messages import DetectedObject, FaceObserved, PictureQuality
from scoring.fold.calibration import own_widths
from scoring.fold.conditions import Judgement, judge
from scoring.fold.course import Looks
from scoring.fold.coverage import bridge_ms, look, step_to
from scoring.fold.face_signals import count_faces, face_values, measure
from scoring.fold.object_signals import object_values
from scoring.rulebook.plan import PlannedRule
from scoring.rulebook.policy_document import QualityFloor
from scoring.rulebook.signals import SLOTS, Source, source_of
from tests.staged_exam import FOUR_RULES, GOOD, REST, START_MS, face_like, face_observed, objects_observed

POLICY = FOUR_RULES
FLOOR, EVIDENCE = POLICY.spec.quality, POLICY.spec.evidence
BASELINE = (1.0, -9.0, 0.5, 0.01, -0.05, 0.3, 0.05, 0.0)
DARK = PictureQuality(brightness=10.0, sharpness=200.0)
BLURRED = PictureQuality(brightness=120.0, sharpness=2.0)
BROKEN = PictureQuality(brightness=nan, sharpness=nan)


def rule(name: str) -> PlannedRule:
    return next(planned for planned in POLICY.rules if planned.name == name)


def signals(seen: FaceObserved, baseline: tuple[float, ...] | None = BASELINE) -> dict[str, float | None]:
    """The signals of one look by name."""
    return dict(zip(SLOTS["faces"], face_values(FLOOR, baseline, measure(FLOOR, seen, 1, None)), strict=True))


def judged(planned: PlannedRule, values: dict[str, float | None], latched: int = 0) -> Judgement:
    """The rule's judgement of these signals; those that are not given are unknown."""
    stream = planned.streams[0]
    slots = POLICY.object_slots if stream == "objects" else SLOTS[stream]
    return judge(planned, planned.tests, (), latched, [values.get(slot) for slot in slots])


@pytest.mark.parametrize(
    ("widths", "quality", "is_far", "count"),
    [
        ([], GOOD, False, 0),
        ([], DARK, False, -1),
        ([], BLURRED, False, -1),
        ([], BROKEN, False, -1),
        ([], GOOD, True, -1),
        ([0.25], GOOD, False, 1),
        ([0.25], DARK, False, 1),
        ([0.25, 0.2], GOOD, False, 2),
        ([0.25, 0.04], GOOD, False, 1),
        ([0.04], GOOD, False, -1),
        ([nan], GOOD, False, -1),
    ],
)
def test_a_miss_counts_only_where_a_face_would_have_been_found(
    widths: list[float], quality: PictureQuality, is_far: bool, count: int
) -> None:
    faces = tuple(face_like(width_share=width) for width in widths)
    assert count_faces(FLOOR, face_observed("s", 0, 0, faces, quality), is_far) == count


def test_the_pose_is_the_distance_from_the_persons_own() -> None:
    seen = face_observed("s", 0, 0, (face_like(yaw_deg=-20.0, pitch_deg=-30.0, gaze_x=0.09),))
    values = signals(seen)
    assert (values["head_yaw"], values["head_pitch"]) == (-21.0, -21.0)
    assert values["gaze_x"] == pytest.approx(0.08)
    assert values["eye_openness"] == 1.0


@pytest.mark.parametrize("spoiled", [{"yaw_deg": nan}, {"gaze_x": inf}, {"mouth_openness": -inf}])
def test_numbers_that_are_none_make_the_pose_unknown(spoiled: dict[str, float]) -> None:
    values = signals(face_observed("s", 0, 0, (face_like(**spoiled),)))
    assert values["face_count"] == 1.0
    known = ("face_count", "brightness", "sharpness", "frozen", "looped", "framed", "covered", "absent", "turned_away")
    assert all((value is not None) is (name in known) for name, value in values.items())


@pytest.mark.parametrize(
    ("person", "count", "absent", "turned_away"),
    [
        (0.0, 0, 1.0, 0.0),
        (0.9, 0, pytest.approx(0.1), 0.9),
        (None, 0, 1.0, None),
        (None, 1, 0.0, 0.0),
        (0.9, -1, None, None),
    ],
)
def test_a_person_without_a_face_is_turned_away_and_not_absent(
    person: float | None, count: int, absent: float | None, turned_away: float | None
) -> None:
    """Who was not asked about persons says nothing of a turned head; a picture that cannot be judged, of neither."""
    seen = structs.replace(face_observed("s", 0, 0, (REST,) * max(count, 0)), person=person)
    values = dict(zip(SLOTS["faces"], face_values(FLOOR, BASELINE, measure(FLOOR, seen, count, None)), strict=True))
    assert (values["absent"], values["turned_away"]) == (absent, turned_away)


@pytest.mark.parametrize(
    ("doubted", "unknown"),
    [
        ("pose_confidence", {"head_yaw", "head_pitch", "head_roll", "head_turn"}),
        ("gaze_confidence", {"gaze_x", "gaze_y", "sight"}),
        ("openness_confidence", {"eye_openness"}),
    ],
)
def test_what_a_detector_doubts_is_unknown(doubted: str, unknown: set[str]) -> None:
    """Below the policy's floor, each number by itself; a floor of 0 doubts nothing."""
    strict = structs.replace(FLOOR, min_confidence=0.5)
    faces = (structs.replace(face_like(**{doubted: value}), sight_yaw_deg=0.0) for value in (0.5, 0.49))
    sure, unsure = (face_observed("s", 0, 0, (face,)) for face in faces)

    def missing(floor: QualityFloor, seen: FaceObserved) -> set[str]:
        values = face_values(floor, BASELINE, measure(floor, seen, 1, 0.05))
        return {name for name, value in zip(SLOTS["faces"], values, strict=True) if value is None}

    assert missing(strict, sure) == missing(FLOOR, unsure) == set()
    assert missing(strict, unsure) == unknown


def test_a_turn_and_a_tilt_count_together() -> None:
    """A head that turns a little while the eyes stay at the camera tilts and leans along."""
    values = signals(face_observed("s", 0, 0, (face_like(yaw_deg=-3.0, roll_deg=3.5, pitch_deg=-9.0),)))
    assert values["head_turn"] == pytest.approx(5.0)


def test_the_pose_is_unknown_before_calibration() -> None:
    values = signals(face_observed("s", 0, 0, (REST,)), None)
    assert (values["face_count"], values["head_yaw"], values["gaze_x"]) == (1.0, None, None)


def test_closed_eyes_look_nowhere_but_a_bowed_head_is_bowed() -> None:
    face = face_like(eye_openness=0.1, gaze_x=0.3, gaze_y=0.3, pitch_deg=-40.0)
    values = signals(face_observed("s", 0, 0, (face,)))
    assert (values["gaze_x"], values["gaze_y"], values["head_pitch"]) == (0.0, 0.0, -31.0)


@pytest.mark.parametrize(("openness", "known"), [(0.18, True), (0.19, False), (0.2, False), (0.21, True), (0.3, True)])
def test_lids_that_are_neither_open_nor_shut_are_not_known(openness: float, known: bool) -> None:
    """Catches shut eyes that the mesh misreads behind glasses and that pass for open ones. Of an open eye of 0.3."""
    assert FLOOR.eyes_closed_below == 0.62
    values = signals(face_observed("s", 0, 0, (face_like(eye_openness=openness),)))
    assert (values["eye_openness"] is not None) is known


def test_an_eye_that_was_never_open_has_no_ratio() -> None:
    baseline = (*BASELINE[:5], 0.0, 0.05)
    values = signals(face_observed("s", 0, 0, (REST,)), baseline)
    assert values["eye_openness"] is None


@pytest.mark.parametrize(
    ("found", "clear", "value"),
    [
        ({"phone": 0.7}, True, 0.7),
        ({"phone": 0.7}, False, 0.7),
        ({"laptop": 0.9}, True, 0.0),
        ({"laptop": 0.9}, False, None),
        ({}, False, None),
        ({"phone": nan}, True, 0.0),
        ({"phone": inf}, True, 0.0),
        ({"phone": -1.0}, False, None),
    ],
)
def test_an_object_is_as_sure_as_its_best_box(found: dict[str, float], clear: bool, value: float | None) -> None:
    assert object_values(objects_observed("s", 0, 0, found), {"object:phone": 0}, clear) == [value]


def test_of_several_boxes_the_surest_counts_and_the_second_is_a_signal_of_its_own() -> None:
    box = (0.0, 0.0, 1.0, 1.0)
    seen = objects_observed("s", 0, 0, {})
    objects = tuple(DetectedObject(label="phone", confidence=value, box_xyxy=box) for value in (0.6, 0.9, 0.3))
    seen = type(seen)(**{name: getattr(seen, name) for name in seen.__struct_fields__} | {"objects": objects})
    assert object_values(seen, {"object:phone": 0, "second:phone": 1}, True) == [0.9, 0.6]


@pytest.mark.parametrize(
    ("values", "truth"),
    [
        ({"head_yaw": 20.0, "head_pitch": 0.0, "gaze_x": 0.0, "gaze_y": 0.0}, True),
        ({"head_yaw": 19.9, "head_pitch": 0.0, "gaze_x": 0.0, "gaze_y": 0.0}, False),
        ({"head_yaw": 0.0, "head_pitch": 0.0, "gaze_x": 0.08, "gaze_y": 0.0}, True),
        ({"head_yaw": 25.0, "head_pitch": None, "gaze_x": None, "gaze_y": None}, True),
        ({"head_yaw": 0.0, "head_pitch": None, "gaze_x": 0.0, "gaze_y": 0.0}, None),
        ({}, None),
        ({"head_yaw": nan, "head_pitch": nan, "gaze_x": nan, "gaze_y": nan}, False),
    ],
)
def test_one_true_test_is_enough_and_one_unknown_spoils_a_no(
    values: dict[str, float | None], truth: bool | None
) -> None:
    assert judged(rule("looking_away"), values).truth is truth


def test_a_true_test_stays_true_down_to_its_lower_threshold() -> None:
    phone = rule("phone")
    assert judged(phone, {"object:phone": 0.4}).truth is False
    latched = judged(phone, {"object:phone": 0.5}).latched
    assert judged(phone, {"object:phone": 0.4}, latched).truth is True
    assert judged(phone, {"object:phone": 0.39}, latched).truth is False


def test_the_extreme_is_the_one_furthest_beyond_its_own_threshold() -> None:
    planned = rule("looking_away")
    beyond = judged(planned, {"head_yaw": 22.0, "head_pitch": 0.0, "gaze_x": 0.21, "gaze_y": 0.0}).beyond
    assert beyond is not None
    assert (planned.tests[beyond.test].signal, beyond.value) == ("gaze_x", 0.21)
    assert beyond.excess == pytest.approx(2.0)


@pytest.mark.parametrize(("spread", "threshold"), [(0.0, 20.0), (4.9, 20.0), (6.0, 24.0), (50.0, 30.0)])
def test_a_restless_person_gets_wider_thresholds_within_bounds(spread: float, threshold: float) -> None:
    own = own_widths((spread,) * 7, 4.0)
    away, phone = rule("looking_away"), rule("phone")
    turned = judge(away, away.tests, own, 0, [1.0, threshold, *[0.0] * 11]).beyond
    assert turned is not None
    assert turned.threshold == threshold
    assert judge(away, away.tests, own, 0, [1.0, threshold - 0.01, *[0.0] * 11]).truth is False
    assert judge(phone, phone.tests, own, 0, [0.5]).truth is True


@pytest.mark.parametrize(
    ("signal", "source"),
    [
        ("face_count", Source("faces", "face_count", 0, "count")),
        ("gaze_y", Source("faces", "gaze_y", 0, "face")),
        ("gaze_left", Source("faces", "gaze_x", -1, "face")),
        ("head_up", Source("faces", "head_pitch", 1, "face")),
        ("frozen", Source("faces", "frozen", 0, "anything")),
        ("object:second_screen", Source("objects", "object:second_screen", 0, "clear")),
        ("second:person", Source("objects", "second:person", 0, "clear")),
        ("hand_at_face", Source("hands", "hand_at_face", 0, "anything")),
        ("other_voice", Source("speech", "other_voice", 0, "voice")),
        ("identity", Source("identity", "identity", 0, "anything")),
        ("tab_hidden", Source("browser", "tab_hidden", 0, "anything")),
        ("alive", None),
        ("object:", None),
        ("object:Phone", None),
        ("phone", None),
    ],
)
def test_every_signal_has_its_source(signal: str, source: Source | None) -> None:
    assert source_of(signal) == source


@pytest.mark.parametrize(
    ("step_ms", "usual_ms", "seen"),
    [
        (100, 100, 100),
        (150, 100, 150),
        (151, 100, 100),
        (9000, 100, 100),
        (500, 0, 500),
        (9000, 0, 2000),
        (9000, 9000, 2000),
    ],
)
def test_of_a_long_step_only_the_usual_part_was_seen(step_ms: int, usual_ms: int, seen: int) -> None:
    looks = Looks(7, START_MS, 8, usual_ms)
    step = step_to(EVIDENCE, "faces", looks, 0, START_MS + step_ms)
    assert (step.step_ms, step.seen_ms) == (step_ms, seen)


@pytest.mark.parametrize(
    ("usual_ms", "expected_ms", "bridged"),
    [
        (33, 0, 82),
        (200, 0, 500),
        (500, 0, 1250),
        (1000, 0, 2500),
        (60_000, 0, 5000),
        (0, 0, 0),
        (0, 100, 250),
        (200, 100, 500),
    ],
)
def test_what_is_bridged_grows_with_the_detectors_own_step(usual_ms: int, expected_ms: int, bridged: int) -> None:
    looks = Looks(7, 0, 8, usual_ms)
    assert bridge_ms(EVIDENCE, "faces", looks, expected_ms) == bridged
    assert bridge_ms(EVIDENCE, "browser", looks, expected_ms) == 30_000


@pytest.mark.parametrize(
    ("steps", "usual_ms"),
    [
        ([100] * 10, 100),
        ([100, 200] * 5, 200),
        ([100] * 8 + [30_000], 100),
        ([100] * 6 + [30_000, 30_000], 100),
        ([100] * 8 + [500] * 4, 500),
        ([100] * 8 + [500] * 20, 500),
        ([], 0),
    ],
)
def test_the_usual_step_follows_the_rate_and_not_an_outage(steps: list[int], usual_ms: int) -> None:
    looks, at_ms = look(Looks(), 0, 0, EVIDENCE), 0
    for seq, step_ms in enumerate(steps, 1):
        at_ms += step_ms
        looks = look(looks, seq, at_ms, EVIDENCE)
    assert looks.usual_ms == usual_ms
    assert looks.frames == len(steps) + 1
