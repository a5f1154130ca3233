"""The person's own baseline: median and spread of pose, gaze and openings over the first seconds of event time.

At most one frame in each of 96 slots is taken (12 a second over 8 s), so that any frame rate weighs the same and the
state stays small. Pitch is judged at the end, against the median of everything taken: resting pitch differs by person
and camera, and a running median that begins with a bowed head would refuse all good frames after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from struct import Struct

from msgspec.structs import replace

from detectors.messages import Face, FaceObserved
from scoring.fold.evidence import Moment
from scoring.fold.face_signals import is_clear, measures_of
from scoring.fold.person import Baseline, Calibrating
from scoring.fold.state import SessionState
from scoring.messages import CalibrationFinished
from scoring.rulebook.policy_document import CalibrationRules, QualityFloor
from scoring.rulebook.refusals import REFUSALS
from scoring.rulebook.signals import MEASURES

SLOTS = 96
_NONE_REJECTED = (0,) * len(REFUSALS)
_SAMPLE = Struct("<8h")
_SCALES = (
    100.0,
    100.0,
    100.0,
    10_000.0,
    10_000.0,
    10_000.0,
    10_000.0,
    100.0,
)  # 0.01 degrees, 0.0001 of a share
_MAD_TO_SPREAD = 1.4826  # of a normal distribution
_LOWEST, _HIGHEST = -32_768, 32_767
_EYES = MEASURES.index("eye_openness")
_LEAST_AWAKE = 0.75
_NO_SPREAD = (0.0,) * len(MEASURES)


def collect(
    calibrating: Calibrating, rules: CalibrationRules, floor: QualityFloor, seen: FaceObserved, here: Moment
) -> Calibrating:
    """Calibration after one more look; frames beyond one a slot are left out and not counted."""
    start_ms = calibrating.start_ms if calibrating.start_ms >= 0 else here.capture_ms
    # Half a slot on: 12 frames a second fall into the middle of slots, not now before and now behind a border.
    slot = ((here.capture_ms - start_ms) * 2 * SLOTS + calibrating.duration_ms) // (2 * calibrating.duration_ms)
    if slot <= calibrating.slot or slot >= SLOTS:
        return calibrating
    samples, rejected = calibrating.samples, calibrating.rejected or _NONE_REJECTED
    measures = measures_of(seen.faces[0]) if len(seen.faces) == 1 else None
    reason = _refuse(rules, floor, seen, measures, calibrating.pose)
    if reason is None:
        samples += _pack(measures or ())
    else:
        rejected = _count(rejected, reason, 1)
    return replace(
        calibrating,
        start_ms=start_ms,
        slot=slot,
        samples=samples,
        rejected=rejected,
        first=calibrating.first or here,
        last=here,
        pose=measures[:2] if measures else (),
    )


def again(calibrating: Calibrating) -> Calibrating:
    """A second try, as long as the first."""
    return Calibrating(calibrating.duration_ms, first=calibrating.first, extended=True, unjudged=calibrating.unjudged)


def is_due(calibrating: Calibrating, at_ms: int) -> bool:
    """Whether the time of calibration is over at `at_ms`; it begins with the first look."""
    return calibrating.start_ms >= 0 and at_ms - calibrating.start_ms >= calibrating.duration_ms


def _refuse(
    rules: CalibrationRules,
    floor: QualityFloor,
    seen: FaceObserved,
    measures: tuple[float, ...] | None,
    before: tuple[float, ...],
) -> str | None:
    """Why a frame tells nothing of how this person sits and looks; None: it does."""
    if seen.quality.frozen:
        return "frozen"
    if not is_clear(floor, seen.quality):
        return "dark_or_blurred"
    if len(seen.faces) != 1:
        return "several_faces" if seen.faces else "no_face"
    if measures is None or seen.faces[0].width_share < floor.min_face_share:
        return "small_face"
    if _sureness(seen.faces[0]) < floor.min_confidence:
        return "doubtful"
    if abs(measures[0]) > rules.max_yaw_deg or abs(measures[2]) > rules.max_roll_deg:
        return "turned_away"
    is_open = measures[_EYES] >= rules.fallback.eye_openness * floor.eyes_closed_below  # closed eyes look nowhere
    if is_open and abs(measures[3] - rules.fallback.gaze_x) > rules.max_gaze:
        return "looking_aside"
    moved = any(abs(now - then) > rules.max_move_deg for now, then in zip(measures, before, strict=False))
    return "moving" if moved else None


def _sureness(face: Face) -> float:
    return min(face.pose_confidence, face.gaze_confidence, face.openness_confidence)


def _count(rejected: tuple[int, ...], reason: str, frames: int) -> tuple[int, ...]:
    place = REFUSALS.index(reason)
    return (*rejected[:place], rejected[place] + frames, *rejected[place + 1 :])


def _pack(measures: Sequence[float]) -> bytes:
    scaled = (round(value * scale) for value, scale in zip(measures, _SCALES, strict=True))
    return _SAMPLE.pack(*(min(max(value, _LOWEST), _HIGHEST) for value in scaled))


def own_widths(spread: Sequence[float], spreads: float) -> tuple[float, ...]:
    """What a restless person's thresholds are widened to, by measure; empty for somebody without a spread."""
    return tuple(round(one * spreads, 4) for one in spread) if any(spread) else ()


def frames_needed(rules: CalibrationRules, duration_ms: int, usual_ms: int) -> int:
    """How many good frames make a baseline: the policy's share of the slots that this frame rate can fill."""
    possible = min(SLOTS, duration_ms // usual_ms) if usual_ms else SLOTS
    return max(rules.min_frames, ceil(rules.min_share * possible))


@dataclass(frozen=True, slots=True)
class Finished:
    """A baseline, its spreads in the order of MEASURES, and the counts of refused frames in the order of REFUSALS."""

    baseline: Baseline
    spread: tuple[float, ...]
    rejected: tuple[int, ...]
    extended: bool = False


def finish(calibrating: Calibrating, rules: CalibrationRules, floor: QualityFloor, usual_ms: int) -> Finished:
    """What the time of calibration gave: too few good frames fail and give the policy's fallback.

    Blinks are left out of the baseline but may be a quarter of the frames: at 2 frames/s refusing them like the others
    would fail one person in twelve. Eyes that are closed longer teach nothing about where somebody looks.
    """
    taken = list(_SAMPLE.iter_unpack(calibrating.samples))
    level = _level(taken, rules.max_pitch_deg)
    good = _awake(level, floor.eyes_closed_below, rules.fallback.eye_openness)
    rejected = calibrating.rejected or _NONE_REJECTED
    rejected = _count(rejected, "pitched_away", len(taken) - len(level))
    rejected = _count(rejected, "eyes_closed", len(level) - len(good))
    needed = frames_needed(rules, calibrating.duration_ms, usual_ms)
    if len(level) < needed or len(good) < _LEAST_AWAKE * len(level):
        failed = Baseline("FAILED", len(good), needed, rules.fallback.measures)
        return Finished(failed, _NO_SPREAD, rejected, calibrating.extended)
    columns = tuple(zip(zip(*good, strict=True), _SCALES, strict=True))
    middle = tuple(round(median(column) / scale, 4) for column, scale in columns)
    spread = tuple(round(_spread(column) / scale, 4) for column, scale in columns)
    return Finished(Baseline("SUCCESS", len(good), needed, middle), spread, rejected, calibrating.extended)


def skip(rules: CalibrationRules) -> Finished:
    """What a session has that is not to be calibrated."""
    return Finished(Baseline("SKIPPED", 0, 0, rules.fallback.measures), _NO_SPREAD, _NONE_REJECTED)


def _level(taken: list[tuple[int, ...]], max_pitch_deg: float) -> list[tuple[int, ...]]:
    """The samples near their own median pitch."""
    pitch = median(sample[1] for sample in taken) if taken else 0.0
    return [sample for sample in taken if abs(sample[1] - pitch) <= max_pitch_deg * _SCALES[1]]


def _awake(level: list[tuple[int, ...]], closed_below: float, usual: float) -> list[tuple[int, ...]]:
    """The samples with open eyes: near the upper quartile of this person's openings, if that is an open eye at all."""
    if not level:
        return []
    opened = sorted(sample[_EYES] for sample in level)[3 * (len(level) - 1) // 4]
    if (
        opened < usual * _SCALES[_EYES] / 2
    ):  # measured: 0.28-0.37 open, 0.10-0.19 closed; half of the usual eye is closed
        return []
    return [sample for sample in level if sample[_EYES] >= opened * closed_below]


def _spread(column: Sequence[int]) -> float:
    middle = median(column)
    return _MAD_TO_SPREAD * median(abs(value - middle) for value in column)


def announce(state: SessionState, finished: Finished, start_ms: int, end_ms: int) -> CalibrationFinished:
    """What the end of calibration publishes."""
    return CalibrationFinished(
        session=state.session,
        policy=state.policy,
        status=finished.baseline.status,
        start_ms=start_ms,
        end_ms=end_ms,
        frames=finished.baseline.frames,
        rejected={reason: count for reason, count in zip(REFUSALS, finished.rejected, strict=True) if count},
        baseline=dict(zip(MEASURES, finished.baseline.middle, strict=True)),
        spread=dict(zip(MEASURES, finished.spread, strict=True)),
        ingested_ms=state.ingested_ms,
        needed=finished.baseline.needed,
        extended=finished.extended,
    )
