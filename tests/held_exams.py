"""Generated exams and held rules: runs of behaviour at uneven frame rates, with everything that a log does to them."""

from collections.abc import Iterator, Sequence
from random import Random
from zlib import crc32

import msgspec

from detectors.messages import DetectedObject, Face, FaceObserved, FramesEnded, ObjectsObserved, PictureQuality
from ingest.messages import SessionEnded, SessionStarted
from scoring.fold.session import SessionState, fold
from scoring.messages import RiskClosed, RiskMessage, RiskOpened, SessionObservation
from scoring.rulebook.policy import Policy, load_policy, plan
from scoring.rulebook.rule_document import Comparison, HeldRule
from tests.staged_exam import REST, START_MS
from triton_models.taxonomy import known_labels

Pose = dict[str, float]
Seen = tuple[tuple[Face, ...], PictureQuality, dict[str, tuple[float, ...]], float | None]

FACE_TESTS: dict[str, tuple[tuple[float, ...], bool]] = {
    "face_count": ((2.0,), True),
    "head_yaw": ((8.0, 20.0), True),
    "head_left": ((10.0,), True),
    "head_pitch": ((12.0,), True),
    "head_down": ((12.0,), True),
    "head_roll": ((9.0,), True),
    "head_turn": ((6.0, 11.0), True),
    "gaze_x": ((0.03, 0.07), True),
    "gaze_right": ((0.05,), True),
    "gaze_y": ((0.05, 0.09), True),
    "gaze_up": ((0.04,), True),
    "eye_openness": ((0.55,), False),
    "mouth_openness": ((1.8,), True),
    "sight": ((8.0, 15.0), True),
    "sight_left": ((12.0,), True),
    "absent": ((0.5, 0.7), True),
    "turned_away": ((0.5,), True),
    "looped": ((1.0,), True),
    "framed": ((1.0,), True),
    "covered": ((1.0,), True),
    "face_width": ((0.12,), False),
    "brightness": ((40.0,), False),
    "sharpness": ((60.0,), False),
    "frozen": ((1.0,), True),
}
OBJECT_TESTS: dict[str, tuple[tuple[float, ...], bool]] = {
    "object:phone": ((0.4, 0.6), True),
    "object:book": ((0.5,), True),
    "second:person": ((0.45,), True),
    "object:person": ((0.2,), False),
    "object:pen": ((0.3,), True),
}
GAPS = (0, 200, 500, 1500)


def exam_policy(draw: Random) -> Policy:
    """The policy that some exams are calibrated under."""
    spec = load_policy("default").spec
    calibration = msgspec.structs.replace(
        spec.calibration,
        duration_ms=draw.choice((2000, 4000, 8000)),
        min_frames=draw.choice((1, 4)),
        spreads=draw.choice((0.0, 2.5, 4.0, 7.3)),
        widest=draw.choice((1.0, 1.3, 1.5)),
        extensions=draw.choice((0, 1)),
    )
    evidence = msgspec.structs.replace(spec.evidence, longest_step_ms=draw.choice((300, 1000, 2000)))
    return plan(msgspec.structs.replace(spec, calibration=calibration, evidence=evidence))


def held_rule(draw: Random) -> HeldRule:
    """A rule over signals of faces or of objects."""
    tests = FACE_TESTS if draw.random() < 0.75 else OBJECT_TESTS
    when = [comparison(draw, tests) for _ in range(draw.choice((1, 1, 2, 4)))]
    return HeldRule(
        says="A generated rule",
        points=5.0,
        cap=50.0,
        hold_ms=draw.choice((0, 300, 1000, 2500)),
        gap_ms=draw.choice(GAPS),
        clear_ms=draw.choice((0, 500, 1000, 3000)),
        cooldown_ms=draw.choice((0, 1000, 3000)),
        when=tuple(when),
        only_if=tuple(comparison(draw, tests, False) for _ in range(draw.choice((0, 0, 1, 2)))),
        trust=tuple(comparison(draw, tests, False) for _ in range(draw.choice((0, 0, 0, 1)))),
    )


def comparison(draw: Random, tests: dict[str, tuple[tuple[float, ...], bool]], ends: bool = True) -> Comparison:
    """One test; a third of them end only at `until`, some look the other way."""
    signal = draw.choice(sorted(tests))
    thresholds, upward = tests[signal]
    limit = draw.choice(thresholds)
    until = round(limit * (0.7 if upward else 1.4), 4) if ends and draw.random() < 0.35 else None
    if not ends and draw.random() < 0.5:
        upward = not upward
    return (
        Comparison(signal=signal, at_least=limit, until=until)
        if upward
        else Comparison(signal=signal, at_most=limit, until=until)
    )


def under(policy: Policy, rule: HeldRule, bridged_steps: float) -> Policy:
    """The policy with this rule alone."""
    evidence = msgspec.structs.replace(policy.spec.evidence, bridged_steps=bridged_steps)
    return plan(msgspec.structs.replace(policy.spec, rules={"generated": rule}, evidence=evidence))


def exam(draw: Random, session: str, policy: Policy) -> list[SessionObservation]:
    """One session's observations in the order of the log."""
    observations = list(_shuffled(draw, list(_looks(draw, session))))
    start = SessionStarted(
        session=session,
        capture_ms=START_MS - draw.choice((0, 40)),
        policy=policy.document,
        calibration_ms=draw.choice((None, None, None, 0, 3000)),
        frame_interval_ms=draw.choice((0, 100, 500)),
    )
    return [start, *observations, *_end(draw, session)]


def _end(draw: Random, session: str) -> Sequence[SessionObservation]:
    """Most exams end, the last words in either order; some get late frames after that."""
    if draw.random() < 0.15:
        return ()
    at_ms = START_MS + 3_600_000
    passed = FramesEnded(session=session, seq=100_000, capture_ms=at_ms, ingested_ms=at_ms)
    words = [passed, SessionEnded(session=session, capture_ms=START_MS, frames_sent=draw.choice((0, 100_000)))]
    draw.shuffle(words)
    late = [_face(session, 200_000 + n, at_ms + n * 500, _seen(draw, {"yaw_deg": 40.0})) for n in range(9)]
    return [*words, *(late if draw.random() < 0.3 else ())]


def _looks(draw: Random, session: str) -> Iterator[FaceObserved | ObjectsObserved]:
    at_ms, seq = float(START_MS), 0
    step_ms, jitter = draw.choice((100, 200, 250, 500, 1000)), draw.choice((0.0, 0.3, 0.6))
    objects_every, restless = draw.choice((1, 2, 3)), draw.choice((0.2, 1.0, 4.0))
    for pose, seconds in _runs(draw):
        until_ms = at_ms + seconds * 1000
        while at_ms < until_ms:
            at_ms += step_ms * (1 + draw.uniform(-jitter, jitter))
            seq += draw.choice((1, 1, 1, 1, 2))
            if "missing" in pose:
                continue
            seen = _seen(draw, pose, restless)
            stamp = round(at_ms) - (draw.choice((0, 150)) if draw.random() < 0.05 else 0)
            yield _face(session, seq, stamp, seen)
            if seq % objects_every == 0:
                yield _objects(session, seq, stamp, seen)


def _runs(draw: Random) -> list[tuple[Pose, float]]:
    """Calm for calibration, most of the time, then one behaviour after the other."""
    calm: tuple[Pose, float] = ({"absent": 1.0} if draw.random() < 0.2 else {}, 9.0)
    return [calm, *((_pose(draw), draw.choice((0.2, 0.6, 1.5, 3.0, 5.0))) for _ in range(draw.randint(6, 14)))]


def _pose(draw: Random) -> Pose:
    """One behaviour: what differs from rest."""
    side = draw.choice((-1, 1))
    return draw.choice(
        (
            {},
            {"yaw_deg": side * draw.choice((9.0, 18.0, 21.0, 35.0))},
            {"pitch_deg": side * draw.choice((10.0, 16.0, 30.0)), "roll_deg": side * 10.0},
            {"gaze_x": side * draw.choice((0.04, 0.06, 0.1)), "gaze_y": side * draw.choice((0.0, 0.06, 0.1))},
            {"eye_openness": -draw.choice((0.07, 0.2)), "gaze_x": 0.1},
            {"mouth_openness": draw.choice((0.05, 0.15))},
            {"absent": 1.0},
            {"faces": 2.0, "second_share": draw.choice((0.05, 0.14))},
            {"width_share": draw.choice((-0.15, -0.2))},
            {"dark": draw.choice((8.0, 35.0))},
            {"blurred": draw.choice((1.0, 50.0)), "absent": draw.choice((0.0, 1.0))},
            {"frozen": 1.0},
            {"looped": 1.0, "framed": 1.0},
            {"covered": 1.0, "absent": 1.0},
            {"sight_yaw_deg": side * draw.choice((6.0, 13.0, 20.0))},
            {"absent": 1.0, "person": draw.choice((0.3, 0.5, 0.9))},
            {"gaze_confidence": -0.7, "pose_confidence": -0.7, "yaw_deg": side * 35.0},
            {"openness_confidence": -0.7, "eye_openness": -0.2},
            {"sightless": 1.0, "yaw_deg": side * 21.0},
            {"missing": 1.0},
            {"broken": 1.0},
            {"phone": draw.choice((0.35, 0.5, 0.7)), "book": draw.choice((0.0, 0.6))},
            {"persons": draw.choice((1.0, 2.0))},
        )
    )


def _seen(draw: Random, pose: Pose, restless: float = 0.2) -> Seen:
    quality = PictureQuality(
        brightness=pose.get("dark", 130.0),
        sharpness=pose.get("blurred", 210.0),
        frozen="frozen" in pose,
        looped="looped" in pose,
        framed="framed" in pose,
        covered="covered" in pose,
    )
    face = Face(
        box_xyxy=REST.box_xyxy,
        **{name: _number(draw, name, pose, restless) for name in Face.__struct_fields__ if name != "box_xyxy"},  # type: ignore[arg-type]
    )
    second = msgspec.structs.replace(REST, width_share=pose.get("second_share", 0.1))
    faces = () if pose.get("absent") else (face, second)[: int(pose.get("faces", 1))]
    return faces, quality, _confidences(draw, pose), pose.get("person")


def _number(draw: Random, name: str, pose: Pose, restless: float) -> float | None:
    """At rest, moved by the pose and by the person's own noise."""
    if name == "yaw_deg" and "broken" in pose:
        return float("nan")
    if name == "sight_yaw_deg" and "sightless" in pose:
        return None
    noise = restless * (1.0 if name.endswith("_deg") else 0.004)
    if name == "width_share":
        noise = 0.0
    return round((getattr(REST, name) or 0.0) + pose.get(name, 0.0) + draw.gauss(0.0, noise), 4)


def _confidences(draw: Random, pose: Pose) -> dict[str, tuple[float, ...]]:
    """Of every label's boxes; a small model misses one frame in five."""
    found = {label: (pose[label],) for label in ("phone", "book") if pose.get(label) and draw.random() < 0.8}
    persons = tuple(round(draw.uniform(0.1, 0.9), 4) for _ in range(int(pose.get("persons", 0))))
    return found | ({"person": persons} if persons else {})


def _face(session: str, seq: int, at_ms: int, seen: Seen) -> FaceObserved:
    return FaceObserved(
        session=session, seq=seq, capture_ms=at_ms, ingested_ms=at_ms + 7, partition=0, offset=seq, model="face-test",
        faces=seen[0], quality=seen[1], person=seen[3],
    )  # fmt: skip


def _objects(session: str, seq: int, at_ms: int, seen: Seen) -> ObjectsObserved:
    boxes = [(label, value) for label, values in seen[2].items() for value in values]
    objects = (DetectedObject(label=label, confidence=value, box_xyxy=REST.box_xyxy) for label, value in boxes)
    return ObjectsObserved(
        session=session, seq=seq, capture_ms=at_ms, ingested_ms=at_ms + 9, partition=0, offset=seq, model="objects",
        objects=tuple(objects), knows=-1 if crc32(session.encode()) % 3 else known_labels(("phone", "person", "book")),
    )  # fmt: skip


def _shuffled(draw: Random, looks: list[FaceObserved | ObjectsObserved]) -> Iterator[FaceObserved | ObjectsObserved]:
    """Some neighbours come in the wrong order, some come twice, the objects' detector lags behind."""
    for at in range(len(looks) - 1):
        if draw.random() < 0.03:
            looks[at], looks[at + 1] = looks[at + 1], looks[at]
    for at, look in enumerate(looks):
        yield look
        if draw.random() < 0.03:
            yield looks[max(0, at - draw.randint(0, 4))]


def fold_exam(policy: Policy, observations: Sequence[SessionObservation]) -> list[RiskMessage]:
    """Everything that the fold says."""
    state: SessionState | None = None
    told: list[RiskMessage] = []
    for observation in observations:
        state, messages = fold(policy, state, observation)
        told += messages
    return told


FoundEvent = tuple[object, ...]


def events_of(told: Sequence[RiskMessage]) -> list[FoundEvent]:
    """Every event by onset: frames and times, the furthest signal; one that has not ended has only its beginning."""
    ended = {message.event_id: message for message in told if isinstance(message, RiskClosed)}
    begun = [message for message in told if isinstance(message, RiskOpened)]
    return [_found(ended[one.event_id]) if one.event_id in ended else _begun(one) for one in begun]


def _found(event: RiskClosed) -> FoundEvent:
    frames = (event.onset.seq, event.end_frame.seq, event.peak_frame.seq)
    times = (event.start_ms, event.fired_ms, event.end_ms)
    return (*frames, *times, event.signal, event.threshold, event.peak)


def _begun(event: RiskOpened) -> FoundEvent:
    return event.onset.seq, event.start_ms, event.fired_ms
