"""From the schedule to how everybody holds themselves at one moment: pure functions of time.

Angles in degrees, seen from the camera: yaw > 0 turns the nose to the picture's right, pitch > 0 lifts it, roll > 0
tilts the head clockwise. Shifts in pixels of the picture. Gaze is the iris' shift as a share of the eye's width.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.exam.schedule import Episode, Kind, Schedule

AWAY_YAW_DEG = 38.0  # face mesh reads the yaw to 45 degrees, and the far cheek looks right to about 42
GAZE_ASIDE = 0.20  # more and the iris leaves the visible eye
EXIT_S = 2.0  # from the chair to outside the picture
EXIT_SHIFT_PX = 640.0
EXIT_FACE_GONE = 0.47  # share of the exit after which the detector loses the face at the picture's edge
RISE_PX = 85.0
LEAN_IN_S = 0.9  # a second person leaning into the picture
RAISE_S = 0.7  # a phone brought up
RAISED_ENOUGH = 0.9  # share of the way after which the whole phone is in the picture and no longer blurred


@dataclass(frozen=True, slots=True)
class Pose:
    """How one person holds head, eyes and mouth, and how far they have moved from their chair."""

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    eyes_closed: float = 0.0
    mouth_open: float = 0.0
    shift_x_px: float = 0.0
    shift_y_px: float = 0.0
    lean_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What the picture at one time needs; `second_in` and `phone_up` run from 0 (outside) to 1 (in place)."""

    t_s: float
    candidate: Pose
    second: Pose
    second_in: float
    second_side: int
    phone_up: float
    phone_side: int
    phone_speed: float


@dataclass(frozen=True, slots=True)
class Habits:
    """What differs between people at rest: phases of sway and the times of blinks in seconds, shape [n]."""

    phases: npt.NDArray[np.float64]
    blinks_s: npt.NDArray[np.float64]
    away_yaw_deg: float


def habits_of(schedule: Schedule) -> Habits:
    """Draw the habits of the schedule's seed; people blink every 2.5 to 5 s."""
    rng = np.random.default_rng([schedule.seed, 2])
    count = 2 + schedule.duration_ms // 2_500
    blinks_s = np.cumsum(rng.uniform(2.5, 5.0, count))
    return Habits(rng.uniform(0, 2 * np.pi, 8), blinks_s, AWAY_YAW_DEG + float(rng.uniform(-2.5, 3.5)))


def smooth_step(low: float, high: float, value: float) -> float:
    """0 below `low`, 1 above `high`, smooth between."""
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    return share * share * (3 - 2 * share)


def _during(episodes: tuple[Episode, ...], kind: Kind, t_s: float, ramp_s: float) -> tuple[float, int]:
    """How far an episode of the kind holds at the time (half way at its borders) and its side."""
    for episode in episodes:
        start_s, end_s = episode.start_ms / 1000, episode.end_ms / 1000
        if episode.kind == kind and start_s - 3 < t_s < end_s + 3:
            rising = smooth_step(start_s - ramp_s / 2, start_s + ramp_s / 2, t_s)
            falling = smooth_step(end_s - ramp_s / 2, end_s + ramp_s / 2, t_s)
            return rising * (1 - falling), episode.side
    return 0.0, 1


def _inside(episodes: tuple[Episode, ...], kind: Kind, t_s: float, ramp_s: float, lead: float) -> tuple[float, int]:
    """As `_during`, but the share `lead` of each movement lies outside of the episode."""
    for episode in episodes:
        start_s, end_s = episode.start_ms / 1000, episode.end_ms / 1000
        if episode.kind == kind and start_s - 3 < t_s < end_s + 3:
            rising = (t_s - start_s) / ramp_s + lead
            falling = (end_s - t_s) / ramp_s + lead
            return min(1.0, max(0.0, min(rising, falling))), episode.side
    return 0.0, 1


def _closed(t_s: float, blinks_s: npt.NDArray[np.float64]) -> float:
    return float(max(0.0, 1 - np.abs(blinks_s - t_s).min() / 0.16))


def _exit_pose(share: float, side: int) -> Pose:
    """Leaving the chair: first the head turns and the body leans, then it rises and walks out with a step's bob."""
    walk = smooth_step(0.1, 1.0, share)
    rise = smooth_step(0.05, 0.6, share)
    bob = 9 * np.sin(share * 11) * rise
    return Pose(
        yaw_deg=24 * side * smooth_step(0.0, 0.35, share),
        roll_deg=5 * side * smooth_step(0.0, 0.4, share),
        shift_x_px=EXIT_SHIFT_PX * side * walk,
        shift_y_px=float(-RISE_PX * rise + bob),
        lean_deg=7 * side * smooth_step(0.05, 0.45, share),
    )


def _speech(t_s: float) -> float:
    """How far the mouth opens while speaking: syllables of about 5 a second, swelling and fading over words."""
    return float(abs(np.sin(t_s * 8.3) * np.sin(t_s * 1.9 + 0.4)) ** 0.9)


def _candidate(schedule: Schedule, habits: Habits, t_s: float) -> Pose:
    episodes, phase = schedule.episodes, habits.phases
    away, away_side = _during(episodes, Kind.LOOKING_AWAY, t_s, 0.6)
    aside, aside_side = _during(episodes, Kind.EYES_ASIDE, t_s, 0.3)
    closed, _ = _during(episodes, Kind.EYES_CLOSED, t_s, 0.3)
    talking, _ = _during(episodes, Kind.TALKING, t_s, 0.4)
    phone, phone_side = _during(episodes, Kind.PHONE, t_s, RAISE_S)
    beside, beside_side = _inside(episodes, Kind.SECOND_FACE, t_s, LEAN_IN_S, 1.0)
    leaving = _exit_pose(*_inside(episodes, Kind.ABSENT, t_s, EXIT_S, EXIT_FACE_GONE))
    sway_x = 1.8 * np.sin(t_s * 0.7 + phase[0]) + 0.8 * np.sin(t_s * 1.9 + phase[1])
    nod = talking * 1.2 * np.sin(t_s * 4.1)
    idle_yaw = 2.0 * np.sin(t_s * 0.8 + phase[2]) + 1.0 * np.sin(t_s * 2.1 + phase[3])
    return Pose(
        yaw_deg=float(idle_yaw + habits.away_yaw_deg * away * away_side + 5 * phone * phone_side + leaving.yaw_deg),
        pitch_deg=float(1.4 * np.sin(t_s * 0.6 + phase[4]) - 2.5 * phone + nod),
        roll_deg=float(1.2 * np.sin(t_s * 0.5 + phase[5]) + 2 * away * away_side + leaving.roll_deg),
        gaze_x=float(GAZE_ASIDE * aside * aside_side + 0.02 * np.sin(t_s * 2.3) + 0.03 * phone * phone_side),
        eyes_closed=max(closed, _closed(t_s, habits.blinks_s)),
        mouth_open=0.95 * talking * _speech(t_s),
        shift_x_px=float(sway_x - 34 * beside * beside_side + leaving.shift_x_px),
        shift_y_px=float(1.2 * np.sin(t_s * 1.1 + phase[6]) + leaving.shift_y_px),
        lean_deg=float(0.4 * np.sin(t_s * 0.45 + phase[7]) - 1.5 * beside * beside_side + leaving.lean_deg),
    )


def _phone(schedule: Schedule, t_s: float) -> tuple[float, int]:
    up, side = _inside(schedule.episodes, Kind.PHONE, t_s, RAISE_S, RAISED_ENOUGH)
    return smooth_step(0, 1, up), side


def moment(schedule: Schedule, habits: Habits, t_s: float) -> Moment:
    """Everything about the picture at `t_s` seconds."""
    second_in, second_side = _inside(schedule.episodes, Kind.SECOND_FACE, t_s, LEAN_IN_S, 1.0)
    eased = smooth_step(0, 1, second_in)
    phone_up, phone_side = _phone(schedule, t_s)
    phone_before, _ = _phone(schedule, t_s - 0.1)
    second = Pose(
        yaw_deg=float(-8 * second_side + 3 * np.sin(t_s * 0.9)),
        pitch_deg=float(2 * np.sin(t_s * 1.3)),
        roll_deg=-6.0 * second_side * (1 - 0.5 * eased),
        eyes_closed=_closed(t_s + 1.7, habits.blinks_s),
        lean_deg=-7.0 * second_side,
    )
    return Moment(
        t_s=t_s,
        candidate=_candidate(schedule, habits, t_s),
        second=second,
        second_in=eased,
        second_side=second_side,
        phone_up=phone_up,
        phone_side=phone_side,
        phone_speed=phone_up - phone_before,
    )
