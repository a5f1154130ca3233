"""MediaPipe's pose detector and selfie segmentation, one graph a process, nothing carried between pictures."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from detectors import mediapipe
from detectors.body.confidence import presence

METHOD = "body-1"
"""Part of the digest: a new name whenever the same networks' answers give other numbers."""
MODEL_FILES = ("pose_detection/pose_detection.tflite", "selfie_segmentation/selfie_segmentation_landscape.tflite")
LOWEST_SCORE = 0.05
"""Of a pose: below, it says as much as none."""
FOREGROUND = 0.5
LANDSCAPE_MODEL = 1
"""The segmentation for wide pictures; the general one sees a person in 36 % of an empty room's close views."""
GRAPH = """
num_threads: 1
input_stream: "image"
output_stream: "poses"
output_stream: "mask"
node { calculator: "PoseDetectionCpu" input_stream: "IMAGE:image" output_stream: "DETECTIONS:poses" }
node {
  calculator: "SelfieSegmentationCpu"
  input_stream: "IMAGE:image"
  input_side_packet: "MODEL_SELECTION:model_selection"
  output_stream: "SEGMENTATION_MASK:mask"
}
"""
SCORE_FLOOR = "posedetectioncpu__TensorsToDetectionsCalculator.min_score_thresh"


def body_digest() -> str:
    """SHA-256 of the method, the library's version and the two networks."""
    return hashlib.sha256(f"{METHOD} {mediapipe.digest_of(MODEL_FILES)}".encode()).hexdigest()


class BodyFinder:
    """Says whether somebody is in a picture. For one thread at a time; 18 ms a picture on one core."""

    def __init__(self) -> None:
        self._graph = mediapipe.start_graph(
            GRAPH,
            ("poses", "mask"),
            calculator_params={SCORE_FLOOR: LOWEST_SCORE},
            side_inputs={"model_selection": LANDSCAPE_MODEL},
        )

    @property
    def digest(self) -> str:
        """Of what looks: `body_digest`."""
        return body_digest()

    def presence(self, rgb: NDArray[np.uint8]) -> float:
        """Confidence 0-1 that a person is in an RGB uint8 [h, w, 3], whatever way they face; somebody from 0.5 on.

        Raises: ValueError when it is not such a picture.
        """
        mediapipe.check_rgb(rgb)
        seen = self._graph.process({"image": rgb})
        score = max((pose.score[0] for pose in seen.poses or ()), default=0.0)
        return presence(float(score), float(np.mean(seen.mask > FOREGROUND)))
