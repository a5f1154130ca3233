"""The usual way, as a baseline: one process a session, capture, tracked face mesh, onnxruntime and rules in one loop.

Run as a program it plays one video in real time (over and over, for SECONDS) and prints one JSON line: frames due,
frames done, how late the last one was, its own resident memory. Written as such programs are published: library
defaults for threads, MediaPipe in tracking mode, no queue, a frame is worked on where it is read.
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

PHONE_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True)
class Setting:
    """What one loop looks at: `rate_fps` frames a second (0: every one), objects and hands in every n-th (0: none)."""

    video: str
    model: str
    input_px: int
    rate_fps: float
    objects_every: int
    hands_every: int
    seconds: float


def letterboxed(picture: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """float32 [1, 3, side, side], RGB 0-1, grey bars."""
    scale = side / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale)
    canvas = np.full((side, side, 3), 114, np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    return np.ascontiguousarray(canvas[..., ::-1].transpose(2, 0, 1), np.float32)[None] / 255


class Rules:
    """Timers in a loop: away, nobody, several, phone."""

    HOLD_S: ClassVar = {"no_face": 2.0, "multiple_faces": 2.0, "looking_away": 3.0, "phone": 5.0}

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


def play(setting: Setting) -> dict[str, float]:
    """One session in real time."""
    mesh = mp.solutions.face_mesh.FaceMesh(refine_landmarks=True, max_num_faces=3)
    hands = mp.solutions.hands.Hands(model_complexity=0, max_num_hands=4) if setting.hands_every else None
    session = onnxruntime.InferenceSession(setting.model, providers=["CPUExecutionProvider"])
    capture, rules = cv2.VideoCapture(setting.video), Rules()
    fps = capture.get(cv2.CAP_PROP_FPS)
    step = max(1, round(fps / setting.rate_fps)) if setting.rate_fps else 1
    done, index, start, phone = 0, 0, time.monotonic(), False
    while (due := index / fps) < setting.seconds:
        if not capture.grab():
            capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            continue
        if index % step == 0:
            time.sleep(max(0.0, start + due - time.monotonic()))
            picture = np.asarray(capture.retrieve()[1], np.uint8)
            faces = mesh.process(picture[..., ::-1]).multi_face_landmarks or []
            if hands is not None and done % setting.hands_every == 0:
                hands.process(picture[..., ::-1])
            if done % setting.objects_every == 0:
                found = session.run(None, {"images": letterboxed(picture, setting.input_px)})[0]
                phone = bool(found[0].max() > PHONE_CONFIDENCE)
            rules.update(
                due,
                no_face=not faces,
                multiple_faces=len(faces) > 1,
                looking_away=bool(faces) and abs(yaw_of(faces[0])) > 25,
                phone=phone,
            )
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
    """VIDEO MODEL INPUT_PX RATE_FPS OBJECTS_EVERY HANDS_EVERY SECONDS; started by a line on standard input."""
    video, model, side, rate, objects, hands, seconds = arguments
    setting = Setting(video, model, int(side), float(rate), int(objects), int(hands), float(seconds))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(play(setting)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
