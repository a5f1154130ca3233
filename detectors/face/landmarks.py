"""MediaPipe's face mesh, one instance a process, and a second look at what it doubts or misses.

Static mode, since tracking carries one picture's face region into the next and so from one session into another: every
result is a function of its picture alone. One thread for OpenCV and OpenMP: the pool has a process a core.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.boxes import BoxXYXY
from detectors.face.geometry import LANDMARKS
from detectors.face.pose import Points
from detectors.face.second_look import FarFaces, bounds, closer, same_place
from detectors.mediapipe import digest_of, load

METHOD = "face-2"
"""Part of the digest: a new name whenever the same landmarks give other numbers, or the same picture other faces."""
MOST_FACES = 3
"""The candidate, a helper and one more: who is the fourth changes no verdict, and each face costs 3 ms."""
SURE, CONFIRMED, DOUBTFUL = 0.65, 0.55, 0.3
"""The detector's confidence from which on a face is one at the first look, at a closer one, and worth a closer one.

Measured: faces of people at a webcam 0.65 and more (at the first percentile 0.76 to 0.94), hands 0.3 to 0.45, a face
printed on a shirt 0.3 to 0.64. Closer views of doubtful faces that are cut off by half or 0.1 of the picture wide
reach 0.54 to 0.95, of hands 0.48 at most."""
PRESENT = 0.5
"""The mesh's own confidence that it lies on a face: the library's usual one."""
MODEL_FILES = (
    "face_detection/face_detection_short_range.tflite",
    "face_detection/face_detection_full_range_sparse.tflite",
    "face_landmark/face_landmark_with_attention.tflite",
)
GRAPH = "mediapipe/modules/face_landmark/face_landmark_front_cpu.binarypb"
DETECTOR = "facedetectionshortrangecpu__facedetectionshortrange__facedetection__TensorsToDetectionsCalculator"
PRESENCE = "facelandmarkcpu__ThresholdingCalculator"
EYE_CORNERS = (33, 133, 362, 263)

# NormalizedLandmarkList on the wire: every landmark is tag and length, then tag and float32 for x, y, z. Reading it so
# takes 0.02 ms a face where 3 x 478 attribute reads take 0.27 ms.
_WIRE = np.dtype([("_0", "V3"), ("x", "<f4"), ("_1", "V1"), ("y", "<f4"), ("_2", "V1"), ("z", "<f4")])


@dataclass(frozen=True, slots=True)
class Seen:
    """One mesh, landmarks float32 [478, 3] in shares of the picture (depth: of its width), and how sure it is."""

    points: Points
    sureness: float


class FaceMesh:
    """Finds up to MOST_FACES faces in one picture at a time."""

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        self._mesh = _graph()
        self._far = FarFaces()

    def find(self, picture: NDArray[np.uint8], width: int, height: int) -> list[Points]:
        """Landmarks float32 [478, 3] of each face in an RGB uint8 [h, w, 3], in pixels of the source's size.

        A face that the detector doubts counts if it is found in a closer view, too. Where there is none, the
        full-range detector says where one may be, also beyond the edge, and a closer view of that decides.
        """
        seen = self._look(picture)
        faces = [one.points for one in seen if one.sureness >= SURE]
        size = picture.shape[1::-1]
        doubtful = [bounds(one.points * np.array((*size, 1), np.float32)) for one in seen if one.sureness < SURE]
        faces = self._with(picture, doubtful, faces)
        if not faces:
            faces = self._with(picture, self._far.boxes(picture)[:MOST_FACES], faces)
        return [points * np.array((width, height, width), np.float32) for points in faces]

    def _with(self, picture: NDArray[np.uint8], places: Iterable[BoxXYXY], faces: list[Points]) -> list[Points]:
        """`faces` and those that closer views of `places` show."""
        height, width = picture.shape[:2]
        px = np.array((width, height, 1), np.float32)
        for place in places:
            view = closer(picture, place)
            sure = (one.points for one in self._look(view.rgb) if one.sureness >= CONFIRMED)
            known = [bounds(face * px) for face in faces]
            for face in (view.in_picture(points, width, height) for points in sure):
                box = bounds(face * px)
                if same_place(box, place) and not any(same_place(box, other) for other in known):
                    faces = [*faces, face]
                    break
        return faces

    def _look(self, picture: NDArray[np.uint8]) -> list[Seen]:
        result = self._mesh.process(input_data={"image": picture})
        meshes = [_points(face.SerializeToString()) for face in result.multi_face_landmarks or ()]
        return [Seen(points, _sureness(points, result.face_detections)) for points in meshes]


def mesh_digest() -> str:
    """The SHA-256 of the library's version, the networks that it carries, and what is made of them here."""
    return hashlib.sha256(f"{METHOD} {digest_of(MODEL_FILES)}".encode()).hexdigest()


def _graph() -> Any:
    """The library's face mesh, as its own class builds it, that tells the detector's confidences as well."""
    load()
    from mediapipe.python.solution_base import SolutionBase

    return SolutionBase(
        binary_graph_path=GRAPH,
        side_inputs={"num_faces": MOST_FACES, "with_attention": True, "use_prev_landmarks": False},
        calculator_params={f"{DETECTOR}.min_score_thresh": DOUBTFUL, f"{PRESENCE}.threshold": PRESENT},
        outputs=["multi_face_landmarks", "face_detections"],
    )


def _sureness(points: Points, detections: Any) -> float:
    """The confidence of the detection that a mesh came from: the one whose eyes are nearest to the mesh's."""
    middle = points[list(EYE_CORNERS), :2].mean(axis=0)
    eyes = [[(eye.x, eye.y) for eye in one.location_data.relative_keypoints[:2]] for one in detections]
    away = [float(np.abs(np.mean(pair, axis=0) - middle).sum()) for pair in eyes]
    return float(detections[int(np.argmin(away))].score[0])


def _points(wire: bytes) -> Points:
    fields = np.frombuffer(wire, _WIRE)
    if len(fields) != LANDMARKS:
        raise RuntimeError(
            f"MediaPipe gave {len(fields)} landmarks, not {LANDMARKS}: another version than the pinned one?"
        )
    return np.stack([fields["x"], fields["y"], fields["z"]], axis=1)
