"""The usual way, as a baseline: one process a session, capture, tracked face mesh, onnxruntime and rules in one loop.

Run as a program (`python -m`) it plays one video in real time (over and over, for SECONDS) and prints one JSON line:
frames due, frames done, how late the last one was, its own resident memory. Written as such programs are published:
library defaults for threads, MediaPipe in tracking mode, no queue, a frame is worked on where it is read.
"""

import json
import sys
import time
from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import mediapipe as mp
import numpy as np
import onnxruntime
import psutil
from numpy.typing import NDArray

from detectors.identity.recogniser import open_recogniser

Picture = NDArray[np.uint8]
PHONE_CONFIDENCE, ALIKE = 0.5, 0.3


@dataclass(frozen=True, slots=True)
class Setting:
    """What one loop looks at: `rate_fps` frames a second (0: every one), and what in every n-th of them (0: never).

    `company`: small faces beside the candidate's; `likeness`: the face compared with the one at the start.
    """

    video: str
    model: str
    input_px: int
    rate_fps: float
    objects_every: int
    hands_every: int
    company_every: int
    likeness_every: int
    seconds: float


def letterboxed(picture: Picture, side: int) -> NDArray[np.float32]:
    """float32 [1, 3, side, side], RGB 0-1, grey bars."""
    scale = side / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale)
    canvas = np.full((side, side, 3), 114, np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    return np.ascontiguousarray(canvas[..., ::-1].transpose(2, 0, 1), np.float32)[None] / 255


class Likeness:
    """Compares a face with the first one seen, by the product's network."""

    def __init__(self) -> None:
        self._recogniser = open_recogniser(None)
        self._first: NDArray[np.float32] | None = None

    def alike(self, rgb: Picture, face: Any) -> float:
        """Cosine; 1.0 where the face cannot be compared."""
        height, width = rgb.shape[:2]
        points = np.array([(p.x * width, p.y * height, p.z * width) for p in face.landmark], np.float32)
        seen = self._recogniser.embed(rgb, points, width, height)
        if seen is None:
            return 1.0
        self._first = seen if self._first is None else self._first
        return float(self._first @ seen)


class Rules:
    """Timers in a loop: away, nobody, several, phone."""

    HOLD_S: ClassVar = {"no_face": 2.0, "multiple_faces": 2.0, "looking_away": 3.0, "phone": 5.0, "stranger": 5.0}

    def __init__(self) -> None:
        self.since: dict[str, float] = {}
        self.alerts = 0

    def update(self, t: float, **seen: bool) -> None:
        for rule, true in seen.items():
            if not true:
                self.since.pop(rule, None)
            elif t - self.since.setdefault(rule, t) > self.HOLD_S[rule]:
                self.alerts += 1
                self.since[rule] = t


def yaw_of(face: Any) -> float:
    """A rough head turn from nose and cheeks, as such programs do it."""
    nose, left, right = (face.landmark[i] for i in (1, 234, 454))
    return float(90 * ((nose.x - left.x) - (right.x - nose.x)) / max(right.x - left.x, 1e-6))


class Networks:
    """Everything that one loop asks of a frame, in turn."""

    def __init__(self, setting: Setting) -> None:
        self._setting, self._looked = setting, 0
        self._mesh = mp.solutions.face_mesh.FaceMesh(refine_landmarks=True, max_num_faces=3)
        self._hands = mp.solutions.hands.Hands(model_complexity=0, max_num_hands=4) if setting.hands_every else None
        self._far = mp.solutions.face_detection.FaceDetection(model_selection=1) if setting.company_every else None
        self._objects = onnxruntime.InferenceSession(setting.model, providers=["CPUExecutionProvider"])
        self._likeness = Likeness() if setting.likeness_every else None
        self._phone = self._company = self._stranger = False

    def look(self, picture: Picture) -> dict[str, bool]:
        """What is the case in a BGR uint8 [h, w, 3], or was when it was last asked."""
        rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
        faces = self._mesh.process(rgb).multi_face_landmarks or []
        if self._hands and self._is_due(self._setting.hands_every):
            self._hands.process(rgb)
        if self._far and self._is_due(self._setting.company_every):
            self._company = len(self._far.process(rgb).detections or ()) > 1
        if self._likeness and faces and self._is_due(self._setting.likeness_every):
            self._stranger = self._likeness.alike(rgb, faces[0]) < ALIKE
        if self._is_due(self._setting.objects_every):
            found = self._objects.run(None, {"images": letterboxed(picture, self._setting.input_px)})[0]
            self._phone = bool(found[0].max() > PHONE_CONFIDENCE)
        self._looked += 1
        return {
            "no_face": not faces,
            "multiple_faces": len(faces) > 1 or self._company,
            "looking_away": bool(faces) and abs(yaw_of(faces[0])) > 25,
            "phone": self._phone,
            "stranger": self._stranger,
        }

    def _is_due(self, every: int) -> bool:
        return bool(every) and self._looked % every == 0


def play(setting: Setting) -> dict[str, float]:
    """One session in real time."""
    networks, rules = Networks(setting), Rules()
    capture = cv2.VideoCapture(setting.video)
    fps = capture.get(cv2.CAP_PROP_FPS)
    step = max(1, round(fps / setting.rate_fps)) if setting.rate_fps else 1
    done, index, start = 0, 0, time.monotonic()
    while (due := index / fps) < setting.seconds:
        if not capture.grab():
            capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            continue
        if index % step == 0:
            time.sleep(max(0.0, start + due - time.monotonic()))
            rules.update(due, **networks.look(np.asarray(capture.retrieve()[1], np.uint8)))
            done += 1
        index += 1
        if time.monotonic() - start > setting.seconds * 1.5:
            break
    late = time.monotonic() - start - (index - 1) / fps
    return {
        "done": done,
        "due": setting.seconds * fps / step,
        "late_s": late,
        "rss": psutil.Process().memory_info().rss,
    }


def main(arguments: list[str]) -> None:
    """The fields of a Setting, in their order; started by a line on standard input."""
    video, model, side, rate, *every, seconds = arguments
    objects, hands, company, likeness = map(int, every)
    setting = Setting(video, model, int(side), float(rate), objects, hands, company, likeness, float(seconds))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(play(setting)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
