"""What can be annotated: happenings, how each shows in the signals, and which rules tell of it when it lasts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from detectors.messages import Face, FaceObserved
from scoring.rulebook.plan import PlannedRule
from scoring.rulebook.policy import Policy
from scoring.rulebook.rule_document import Comparison, HeldRule, ImmediateRule, ShareRule, tests_of

NOTHING = "none"

# A head is away from 15 degrees on and eyes from 0.07 (pitch 0.09) of the eye's width on: where the default policy ends
# its events; people who read and talk stay within.
_HEAD_DEG, _GAZE_X, _GAZE_Y = 15.0, 0.07, 0.09
# A turn or tilt shows from here on. Measured: who sits still stays below 2 degrees, 23 min of rendered exams with far
# faces and bad light below 6 but for single looks; a man's small turns with the eyes on the camera reach 6 to 15.
_TURN_DEG = 6.0
SOMEBODY = 0.5
"""Confidence from which somebody is there although no face is seen."""
_AWAY = ("looking_away",)
_AWAY_TOO = ("peeking", "calibration_aside")


@dataclass(frozen=True, slots=True)
class Usual:
    """The middle of all faces of a clip: place and size as shares of the picture's width."""

    x: float
    width: float


Measure = Callable[[FaceObserved, Usual], bool]
"""Whether one look shows it."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that can be seen.

    `when`: it shows in the signals while one of these is true; gaps up to `gap_ms` are part of it. `measure`: the same
    for what is no signal of the policy, asked of the largest face. `told_by`: rules, or labels of rules, that must tell
    of it when it lasts long enough. `explains`: rules that may speak of it as well.
    """

    label: str
    says: str
    when: tuple[Comparison, ...] = ()
    told_by: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    gap_ms: int = 0
    measure: Measure | None = None


def _over(signal: str, limit: float) -> Comparison:
    return Comparison(signal=signal, at_least=limit)


def _under(signal: str, limit: float) -> Comparison:
    return Comparison(signal=signal, at_most=limit)


def _away(label: str, says: str, *when: Comparison) -> Happening:
    return Happening(label, says, when, _AWAY, _AWAY_TOO)


def _of_face(shows: Callable[[Face, Usual], bool]) -> Measure:
    """Asked of the largest face, if there is one."""
    return lambda look, usual: bool(look.faces) and shows(look.faces[0], usual)


def is_empty(look: FaceObserved) -> bool:
    """Whether neither a face nor a body was seen."""
    return not look.faces and (look.person is None or look.person < SOMEBODY)


HAPPENINGS = (
    _away(
        "look_away",
        "Head or eyes away from the screen, whatever the side, or the face out of sight",
        _over("head_yaw", _HEAD_DEG),
        _over("head_pitch", _HEAD_DEG),
        _over("gaze_x", _GAZE_X),
        _over("gaze_y", _GAZE_Y),
        _over("turned_away", SOMEBODY),
    ),
    _away(
        "look_away_left",
        "Head or eyes to the picture's left",
        _over("head_left", _HEAD_DEG),
        _over("gaze_left", _GAZE_X),
    ),
    _away(
        "look_away_right",
        "Head or eyes to the picture's right",
        _over("head_right", _HEAD_DEG),
        _over("gaze_right", _GAZE_X),
    ),
    _away("look_up", "Head or eyes up", _over("head_up", _HEAD_DEG), _over("gaze_up", _GAZE_Y)),
    _away("look_down", "Head or eyes down", _over("head_down", _HEAD_DEG), _over("gaze_down", _GAZE_Y)),
    _away("eyes_left", "Eyes to the picture's left, head still", _over("gaze_left", _GAZE_X)),
    _away("eyes_right", "Eyes to the picture's right, head still", _over("gaze_right", _GAZE_X)),
    Happening(
        "head_turn",
        "The head turns or tilts, whatever the eyes do",
        (_over("head_turn", _TURN_DEG), _over("head_pitch", 10.0)),
        explains=(*_AWAY, *_AWAY_TOO),
    ),
    Happening("eyes_closed", "Both eyes closed", (_under("eye_openness", 0.7),), ("eyes_closed",), ("drowsy",)),
    Happening(
        "mouth_open", "Mouth wide open", explains=("talking",), measure=_of_face(lambda f, _: f.mouth_openness > 0.4)
    ),
    Happening("talking", "The mouth talks", (_over("mouth_change", 0.08),), ("talking",), gap_ms=1000),
    Happening(
        "absent",
        "Nobody in the picture",
        (),
        ("absent",),
        ("calibration_absent",),
        measure=lambda look, _: is_empty(look),
    ),
    Happening(
        "second_face",
        "A second face in the picture",
        (_over("face_count", 2.0),),
        ("multiple_faces", "another_person"),
        ("calibration_company",),
    ),
    Happening(
        "person_turned",
        "Somebody is there, the face turned away from the camera",
        told_by=_AWAY,
        explains=("calibration_absent",),
        measure=lambda look, _: not look.faces and not is_empty(look),
    ),
    Happening("phone", "A phone in view", (_over("object:phone", 0.5),), ("phone",), ("device",)),
    Happening("hand_at_face", "A hand at the face or ear", (_over("hand_at_face", 0.5),), ("hand_at_face",)),
    Happening("hand_signal", "A hand held up as a sign", (_over("hand_signal", 0.6),), ("hand_signal",)),
    Happening("speech", "A voice is heard, the candidate's or not", (_over("speech", 0.5),), gap_ms=1000),
    Happening("other_voice", "Somebody else speaks", (_over("other_voice", 0.6),), ("other_voice",)),
    # Between a stranger's looks lies a second, and each may find no fit face.
    Happening(
        "another_face",
        "Not the face of the session's first minute",
        (_under("identity", 0.35),),
        ("identity_mismatch",),
        gap_ms=2500,
    ),
    Happening(
        "picture_cut", "The picture becomes another one at once", measure=lambda look, _: look.quality.cut is True
    ),
    Happening("face_left", "Leans to the picture's left", measure=_of_face(lambda f, u: place_of(f).x < u.x - 0.05)),
    Happening("face_right", "Leans to the picture's right", measure=_of_face(lambda f, u: place_of(f).x > u.x + 0.05)),
    Happening(
        "face_near", "Closer to the camera than usual", measure=_of_face(lambda f, u: f.width_share > u.width + 0.03)
    ),
    Happening(
        "face_far", "Further from the camera than usual", measure=_of_face(lambda f, u: f.width_share < u.width - 0.02)
    ),
)


def place_of(face: Face) -> Usual:
    """Where one face is, and how large."""
    left, _, right, _ = face.box_xyxy
    picture_px = (right - left) / max(face.width_share, 1e-6)
    return Usual((left + right) / 2 / max(picture_px, 1e-6), face.width_share)


def usual_place(faces: Sequence[Face]) -> Usual:
    """The median of all faces; the picture's middle without any."""
    if not faces:
        return Usual(0.5, 0.0)
    places = [place_of(face) for face in faces]
    return Usual(median(place.x for place in places), median(place.width for place in places))


def vocabulary(policy: Policy) -> dict[str, Happening]:
    """Every label that can be annotated under a policy: the happenings, and each of its rules and their labels."""
    words = {word for rule in policy.rules for word in (rule.name, rule.label)}
    of_policy = {word: _of_rules(word, rules_called(policy, (word,))) for word in sorted(words)}
    return of_policy | {one.label: one for one in HAPPENINGS}


def _of_rules(word: str, rules: Sequence[PlannedRule]) -> Happening:
    tests = tuple(dict.fromkeys(test for rule in rules for test in tests_of(rule.rule)))
    return Happening(word, " / ".join(rule.rule.says for rule in rules), tests, (word,))


def rules_called(policy: Policy, words: Iterable[str]) -> tuple[PlannedRule, ...]:
    """The policy's rules that have one of these names or labels."""
    wanted = set(words)
    return tuple(rule for rule in policy.rules if rule.name in wanted or rule.label in wanted)


def hold_ms(rule: PlannedRule) -> int | None:
    """How long a happening must last before the rule speaks; None when that does not follow from the rule."""
    match rule.rule:
        case HeldRule(hold_ms=held_ms):
            return held_ms
        case ShareRule(window_ms=window_ms, share=share):
            return round(window_ms * share)
        case ImmediateRule():
            return 0
        case _:
            return None
