"""MediaPipe's palm detector and hand network, one graph a process, nothing carried between pictures."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import mediapipe
from detectors.boxes import BoxXYXY
from detectors.hands.geometry import Points
from detectors.hands.glimpse import PALMS, Glimpse
from detectors.hands.reading import HandsReading, read_hands

MOST_HANDS = 4
"""Two persons' hands; each costs 5 ms."""
LITE = 0
"""The smaller networks: of the hands at a face they find all where the full ones miss an eighth, in two thirds of
the time (12 ms without a hand, 18 with one, 24 with two, against 14, 26 and 37; before each a glimpse of 4 ms)."""
METHOD = "hands-3"
"""Part of the digest: a new name whenever the same networks' answers give other numbers."""
MODEL_FILES = (PALMS, "hand_landmark/hand_landmark_lite.tflite")
PALM_SCORE = 0.4
"""Of the palm detector. At 0.3 a collar passes for a hand in one clip that shows none, at 0.4 nothing does."""
HAND_SCORE = 0.5
"""Of the hand network, which sees every palm closer up: of 44 palms in 609 pictures without a hand none passed."""
GRAPH = """
num_threads: 1
input_stream: "image"
input_side_packet: "num_hands"
input_side_packet: "model_complexity"
input_side_packet: "use_prev_landmarks"
output_stream: "hands"
node {
  calculator: "HandLandmarkTrackingCpu"
  input_stream: "IMAGE:image"
  input_side_packet: "NUM_HANDS:num_hands"
  input_side_packet: "MODEL_COMPLEXITY:model_complexity"
  input_side_packet: "USE_PREV_LANDMARKS:use_prev_landmarks"
  output_stream: "LANDMARKS:hands"
}
"""
FLOORS = {
    "handlandmarktrackingcpu__palmdetectioncpu__TensorsToDetectionsCalculator.min_score_thresh": PALM_SCORE,
    "handlandmarktrackingcpu__handlandmarkcpu__ThresholdingCalculator.threshold": HAND_SCORE,
}


def hands_digest() -> str:
    """SHA-256 of the method, the library's version and the two networks."""
    return hashlib.sha256(f"{METHOD} {mediapipe.digest_of(MODEL_FILES)}".encode()).hexdigest()


class HandFinder:
    """Finds up to MOST_HANDS hands in one picture at a time, and says what they do. For one thread."""

    def __init__(self) -> None:
        self._glimpse = Glimpse()
        self._graph = mediapipe.start_graph(
            GRAPH,
            ("hands",),
            calculator_params=FLOORS,
            side_inputs={"num_hands": MOST_HANDS, "model_complexity": LITE, "use_prev_landmarks": False},
        )

    @property
    def digest(self) -> str:
        """Of what looks: `hands_digest`."""
        return hands_digest()

    def find(self, rgb: NDArray[np.uint8]) -> list[Points]:
        """Landmarks float32 [21, 3] of each hand in an RGB uint8 [h, w, 3], in its pixels.

        None where a glimpse suspects none. Raises: ValueError when it is not such a picture.
        """
        mediapipe.check_rgb(rgb)
        if not self._glimpse.suspects(rgb):
            return []
        height, width = rgb.shape[:2]
        found = self._graph.process({"image": rgb}).hands or ()
        return [_points(hand) * np.array((width, height, width), np.float32) for hand in found]

    def look(self, rgb: NDArray[np.uint8], faces: Sequence[BoxXYXY]) -> HandsReading:
        """What the hands in an RGB uint8 [h, w, 3] do; `faces`: boxes in its pixels, largest first.

        Raises: ValueError when it is not such a picture.
        """
        return read_hands(rgb, self.find(rgb), faces)


def _points(hand: Any) -> Points:
    return np.array([(point.x, point.y, point.z) for point in hand.landmark], np.float32)
