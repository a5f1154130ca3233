"""The whole picture of one moment: room, second person, candidate, phone, camera."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from ingest.exam.behaviour import EXIT_SHIFT_PX, Moment, Pose, habits_of, moment
from ingest.exam.camera import draw_camera, photograph
from ingest.exam.conditions import USUAL, Condition
from ingest.exam.drawing import over
from ingest.exam.landmarks import Floats, Image
from ingest.exam.lighting import exposed, lit_colour, lit_room
from ingest.exam.looks import draw_two
from ingest.exam.person import draw_person, paint_person
from ingest.exam.phone import paint_phone, place_phone
from ingest.exam.portrait import load_portrait
from ingest.exam.room import paint_room
from ingest.exam.schedule import FRAME_MS, Kind, Schedule
from ingest.exam.truth import HEIGHT_PX, WIDTH_PX

RENDERER = "exam-4"  # a new name whenever the same schedule gives other pictures
USUAL_SCALE = 0.75  # picture pixels to a head pixel: the face is 135 px wide
SECOND_SCALE = 0.66  # of the candidate's
SMALLEST_SCALE = 0.47  # a face of 95 px; below 86 px it is not always found
SECOND_FROM_EDGE_PX = 118.0
FACE_X, FACE_Y = 192.0, 245.0
HIP = (190.0, 900.0)  # the point the body leans about


class Scene:
    """Everything of one exam that is painted once; pictures depend on nothing but the schedule and the condition."""

    def __init__(self, schedule: Schedule, cache_dir: Path, condition: Condition = USUAL) -> None:
        """Paint people, room and phone: about 4 s, of which the cached portrait saves 3."""
        self._schedule = schedule
        self._habits = habits_of(schedule)
        portrait = load_portrait(cache_dir)
        self._room = lit_room(paint_room(_stream(schedule, 4)), condition.lighting)
        self._camera = exposed(draw_camera(_stream(schedule, 5)), condition.lighting)
        rng = _stream(schedule, 3)
        self._scale = float(rng.uniform(0.66, 0.84)) * condition.scale
        self._offset_x = float(rng.uniform(-22, 22))
        mirrored = rng.random(2) < 0.5
        candidate, second = draw_two(rng)
        self._candidate = paint_person(portrait, candidate, bool(mirrored[0]), _stream(schedule, 6), condition)
        kinds = {e.kind for e in schedule.episodes}
        if Kind.SECOND_FACE in kinds:
            other = replace(condition, skin=None, glasses=False)
            self._second = paint_person(portrait, second, bool(mirrored[1]), _stream(schedule, 7), other)
        if Kind.PHONE in kinds:
            sleeve = lit_colour(np.array(candidate.clothes), condition.lighting)
            self._phone = paint_phone(self._candidate.skin, sleeve, _stream(schedule, 8))

    def picture(self, index: int) -> Image:
        """Picture number `index` as bgr [480, 640, 3]."""
        t_s = index * FRAME_MS / 1000
        now = moment(self._schedule, self._habits, t_s)
        canvas = self._room.copy()
        if now.second_in > 0:
            draw_person(canvas, self._second, now.second, self._second_place(now))
        if abs(now.candidate.shift_x_px) < EXIT_SHIFT_PX * 0.97:
            draw_person(canvas, self._candidate, now.candidate, self._candidate_place(now.candidate, t_s))
        if now.phone_up > 0:
            size = 0.70 * self._scale / USUAL_SCALE
            args = (now.phone_up, now.phone_speed, now.phone_side, t_s, size, (WIDTH_PX, HEIGHT_PX))
            over(canvas, place_phone(self._phone, *args))
        return photograph(self._camera, canvas, index, t_s)

    def _candidate_place(self, pose: Pose, t_s: float) -> Floats:
        scale = self._scale * (1 + 0.004 * np.sin(t_s * 0.9))
        x = WIDTH_PX / 2 + self._offset_x + pose.shift_x_px
        y = 205 + 12 * (self._scale / USUAL_SCALE - 1) + pose.shift_y_px
        return _placed(scale, (x, y), pose.lean_deg, self._candidate.mirrored)

    def _second_place(self, now: Moment) -> Floats:
        """Leaning in from the edge, a little behind the candidate."""
        outside, inside = -130.0, SECOND_FROM_EDGE_PX
        from_edge = outside + (inside - outside) * now.second_in
        x = WIDTH_PX - from_edge if now.second_side > 0 else from_edge
        lean = now.second.lean_deg + now.second_side * 6 * (1 - now.second_in)
        return _placed(max(self._scale * SECOND_SCALE, SMALLEST_SCALE), (x, 190.0), lean, self._second.mirrored)


def _stream(schedule: Schedule, number: int) -> np.random.Generator:
    """Random numbers of their own for each thing painted, so that one does not depend on another."""
    return np.random.default_rng([schedule.seed, number])


def _placed(scale: float, face_at: tuple[float, float], lean_deg: float, mirrored: bool) -> Floats:
    """Head pixels to picture pixels [2, 3]: the face's middle comes to `face_at`, the body leans about its hip."""
    lean = cv2.getRotationMatrix2D(HIP, -lean_deg * (-1 if mirrored else 1), 1.0)
    sign = -1 if mirrored else 1
    zoom = np.array([[sign * scale, 0, 0], [0, scale, 0]])
    moved = zoom @ np.vstack([lean, [0, 0, 1]])
    face = zoom @ np.array([FACE_X, FACE_Y, 1.0])
    moved[:, 2] += np.array(face_at) - face
    return np.asarray(moved)
