"""How the pose detector's score and the segmentation's share become one confidence, and from what measurement.

Share of the pictures with somebody seen, by each network alone, by both as below at 0.5, and by our object model's
class `person` (trained on most of this material; MediaPipe's networks were not). Of the clip of persons in a room each
second frame for both together, each fifth for one alone:

| material                                        | pictures | pose >= 0.5 | share >= 0.03 | both | objects >= 0.4 |
|-------------------------------------------------|----------|-------------|---------------|------|----------------|
| persons from behind, framed as by a webcam      | 180      | 0.94        | 1.00          | 1.00 | 1.00           |
| persons from behind, whole, in a room           | 491      | 1.00        | 0.99          | 1.00 | 1.00           |
| heads from the side in which no face was found  | 57       | 0.75        | 1.00          | 0.98 | 1.00           |
| faces at a webcam, all clips                    | 212      | 1.00        | 1.00          | 1.00 | 1.00           |
| COCO pictures with a person of a tenth or more  | 32       | 0.84        | 0.97          | 0.88 | 0.91           |
| the same rooms empty (two framings)             | 190      | 0.13        | 0.00          | 0.00 | 0.00           |
| rendered rooms, empty                           | 60       | 0.00        | 0.00          | 0.00 | 0.00           |
| COCO pictures without a person: indoors         | 19       | 0.05        | 0.26          | 0.05 | 0.00           |
| ... and all of them (animals, meals close up)   | 65       | 0.11        | 0.62          | 0.22 | 0.05           |

The empty rooms reach 0.36 at most, the persons from behind 0.75 at the first percentile.
"""

ALONE_SCORE, SUPPORTED_SCORE = 0.75, 0.2
"""The pose scores that mean 0.5 without and with a segmented person. A round table on a pole scored 0.55 and segmented
nobody; a quarter of the heads seen from the side scored under 0.5, and a face behind a sheet of paper 0.28."""
SHARE_NONE, SHARE_SURE = 0.01, 0.05
"""Segmented share of the picture: none up to the first, in empty rooms; persons at a webcam cover 0.06 and more."""


def presence(pose_score: float, person_share: float) -> float:
    """Confidence 0-1 that a person is in the picture, to 0.001: 0.5 is the threshold.

    `pose_score`: of the best pose, 0-1. `person_share`: segmented as person, of the picture's area, 0-1. A segmentation
    without a pose is nobody: it finds animals and meals, too.
    """
    support = min(max((person_share - SHARE_NONE) / (SHARE_SURE - SHARE_NONE), 0.0), 1.0)
    needed = ALONE_SCORE + (SUPPORTED_SCORE - ALONE_SCORE) * support
    return round(min(0.5 * pose_score / needed, 1.0), 3)
