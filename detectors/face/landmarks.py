"""MediaPipe's face mesh, one instance a process, and a second look at what it doubts or misses.

Static mode, since tracking carries one picture's face region into the next and so from one session into another: every
result is a function of its picture alone. One thread for OpenCV and OpenMP: the pool has a process a core.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.boxes import BoxXYXY
from detectors.face.geometry import LANDMARKS
from detectors.face.pose import Points
from detectors.face.second_look import FarFaces, bounds, box_of, closer, same_place
from detectors.mediapipe import digest_of, load

METHOD = "face-3"
"""Part of the digest: a new name whenever the same landmarks give other numbers, or the same picture other faces."""
MOST_FACES = 3
"""The candidate, a helper and one more: who is the fourth changes no verdict, and each face costs 3 ms."""
MOST_FAR = 2
"""Of the places that the full-range detector suspects, so many are looked at: each costs up to 5 ms."""
SURE, CONFIRMED, DOUBTFUL = 0.65, 0.55, 0.3
"""The detector's confidence from which on a face is one at the first look, at a closer one, and worth a closer one.

Measured: faces of people at a webcam 0.65 and more (at the first percentile 0.76 to 0.94), hands 0.3 to 0.45, a face
printed on a shirt 0.3 to 0.64. Closer views of doubtful faces that are cut off by half or 0.1 of the picture wide
reach 0.54 to 0.95, of hands 0.48 at most. Where the full-range detector suspects a face, the mean of both must be sure:
real ones have 0.60 to 0.95 in the mean, hair, a neck and a table's foot 0.46 to 0.63."""
BARE = 0.5
"""The same for a place where no mesh fits: faces at the edge, which the mesh is shown with black beyond it."""
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
class Place:
    """Where a detector sees a face, in shares of the picture: the box (x1, y1, x2, y2) and how sure it is.

    `mesh`: landmarks float32 [478, 3] there, depth as a share of the width; None where no mesh fits.
    """

    box: BoxXYXY
    sureness: float
    mesh: Points | None


class FaceMesh:
    """Finds up to MOST_FACES faces in one picture at a time."""

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        self._mesh = _graph()
        self._far = FarFaces()

    def find(self, picture: NDArray[np.uint8], width: int, height: int, company: bool = False) -> list[Points]:
        """Landmarks float32 [478, 3] of each face in an RGB uint8 [h, w, 3], in pixels of the source's size.

        A face that the detector doubts, or that no mesh fits, counts if a closer view shows it. Where there is none,
        the full-range detector says where one may be, also beyond the edge, and a closer view of that decides. With
        `company` it is asked for small faces beside the one that was found as well: 6 ms more, 12 in upright pictures.

        Found, of 23 pictures each of a real clip (by the mesh alone / so): a face of 0.11 of the width 0.87 / 1.00, of
        0.09 0.22 / 1.00, of 0.06 0.00 / 0.83; cut off by 45 % at the left 0.74 / 1.00, at the right 0.04 / 1.00, by
        60 % 0.00 / 0.96 and 0.65; a second face beside the first of 0.10 0.00 / 1.00, of 0.18 cut off by 40 % 0.17 /
        1.00, of 0.22 cut off by half 0.17 / 0.87, of 0.10 cut off by 30 % never. With `company` (a person cut out of
        another picture behind the candidate; 18 wide pictures): of 0.08 0.28 / 1.00, of 0.07 0.00 / 0.89, of 0.06 0.00
        / 0.83, of 0.05 0.00 / 0.50; of 5 upright pictures of 0.12 0 / 5, of 0.08 0 / 2; in 58 real pictures with a face
        2 / 7 with a second one, all real; in 246 of clips of one person 0 / 0. False faces: 0.3 / 0.0 % of
        the pictures of people from behind, of 65 pictures without people 2 / 3 (animals), a face printed on a shirt
        1.3 / 1.3 %. Milliseconds on one core: one face 5.9 / 6.1, two 9.4 / 9.5, one and a doubtful one 6 / 16, none
        2.8 / 13 to 15.
        """
        places = self._look(picture)
        faces = [place.mesh for place in places if place.mesh is not None and place.sureness >= SURE]
        faces = self._with(picture, [(place.box, CONFIRMED) for place in places if _is_doubtful(place)], faces)
        if not faces or company:
            faces = self._with(picture, self._far_off(picture, faces), faces)
        return [points * np.array((width, height, width), np.float32) for points in faces[:MOST_FACES]]

    def _far_off(self, picture: NDArray[np.uint8], faces: list[Points]) -> list[tuple[BoxXYXY, float]]:
        """Where the full-range detector suspects faces besides those found, and how sure a closer view must be."""
        found = [bounds(face) for face in faces]
        others: list[tuple[BoxXYXY, float]] = []
        for one in self._far.small(picture) if faces else self._far.suspects(picture):
            if not any(same_place(one[0], box) for box in found):
                found, others = [*found, one[0]], [*others, one]
        return [(box, max(CONFIRMED, 2 * SURE - sureness)) for box, sureness in others[:MOST_FAR]]

    def _with(
        self, picture: NDArray[np.uint8], suspects: Iterable[tuple[BoxXYXY, float]], faces: list[Points]
    ) -> list[Points]:
        """`faces` and those that closer views of `suspects` show: boxes, each with how sure the view must be."""
        for box, needed in suspects:
            shown = self._shown(picture, box, needed)
            if shown is not None and not any(same_place(bounds(shown), bounds(face)) for face in faces):
                faces = [*faces, shown]
        return faces

    def _shown(self, picture: NDArray[np.uint8], box: BoxXYXY, needed: float) -> Points | None:
        """The mesh that a closer view of a box shows there, as sure as needed."""
        height, width = picture.shape[:2]
        view = closer(picture, box)
        sure = [one.mesh for one in self._look(view.rgb) if one.mesh is not None and one.sureness >= needed]
        meshes = (view.in_picture(mesh, width, height) for mesh in sure)
        return next((mesh for mesh in meshes if same_place(bounds(mesh), box)), None)

    def _look(self, picture: NDArray[np.uint8]) -> list[Place]:
        result = self._mesh.process(input_data={"image": picture})
        meshes = [_points(face.SerializeToString()) for face in result.multi_face_landmarks or ()]
        return _places(meshes, result.face_detections or ())


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


def _places(meshes: list[Points], detections: Sequence[Any]) -> list[Place]:
    """Each mesh with the detection that it came from (whose eyes are nearest), and the detections that no mesh fits."""
    eyes = [[(eye.x, eye.y) for eye in one.location_data.relative_keypoints[:2]] for one in detections]
    middles = np.array(eyes, np.float32).reshape(-1, 2, 2).mean(axis=1)
    owners = [int(np.abs(middles - mesh[list(EYE_CORNERS), :2].mean(axis=0)).sum(axis=1).argmin()) for mesh in meshes]
    fitted = [
        Place(bounds(mesh), float(detections[owner].score[0]), mesh) for mesh, owner in zip(meshes, owners, strict=True)
    ]
    bare = [one for number, one in enumerate(detections) if number not in owners]
    return fitted + [Place(box_of(one), float(one.score[0]), None) for one in bare]


def _is_doubtful(place: Place) -> bool:
    return place.sureness >= BARE if place.mesh is None else place.sureness < SURE


def _points(wire: bytes) -> Points:
    fields = np.frombuffer(wire, _WIRE)
    if len(fields) != LANDMARKS:
        raise RuntimeError(
            f"MediaPipe gave {len(fields)} landmarks, not {LANDMARKS}: another version than the pinned one?"
        )
    return np.stack([fields["x"], fields["y"], fields["z"]], axis=1)
