"""How a head is turned: MediaPipe's canonical face seen through a camera, by one solvePnP of 15 points.

Angles are degrees of the face normal: yaw > 0 towards image-right, pitch > 0 up, roll > 0 clockwise in the picture.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
Matrix = NDArray[np.float64]

# MediaPipe's canonical face model (Apache-2.0), cm, x right, y up, z to the camera. These 15 hardly move with the
# face's expression: they follow a rendered head within 2 degrees up to 50, where the popular six (eye corners, nose,
# mouth, chin) read 0.8 of the turn and move 5 degrees while talking.
RIGID: dict[int, tuple[float, float, float]] = {
    33: (-4.446, 2.664, 3.173),
    133: (-1.856, 2.585, 3.758),
    362: (1.856, 2.585, 3.758),
    263: (4.446, 2.664, 3.173),
    168: (0.0, 3.271, 5.236),
    6: (0.0, 2.473, 5.789),
    197: (0.0, 1.728, 6.317),
    5: (0.0, 0.366, 7.243),
    4: (0.0, -0.463, 7.587),
    1: (0.0, -1.127, 7.476),
    10: (0.0, 8.262, 4.482),
    234: (-7.664, 0.673, -2.436),
    454: (7.664, 0.673, -2.436),
    127: (-7.743, 2.365, -2.005),
    356: (7.743, 2.365, -2.005),
}
RIGID_IDS = list(RIGID)
RIGID_CM = np.array(list(RIGID.values())) * (1.0, -1.0, -1.0)
"""The same in image axes: x right, y down, z into the scene. With y up, a frontal face reads pitch -158."""
NO_DISTORTION = np.zeros(4)


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees against the camera's axis; `yaw_to_camera_deg`: against the line from the head to the camera instead."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    yaw_to_camera_deg: float


def head_pose(points: Points, width: int, height: int) -> Pose:
    """Pose of the head by the canonical face through a camera whose focal length is the picture's longer side.

    Compared on 570 rendered pictures of known pose (root mean square error of yaw and pitch in degrees, against each
    person's own middle; the depth of the rendered heads was once chosen by this way, so its scale proves little), on a
    clip of a man who leans about before his screen (`false`: share of the frames that read more than 15 degrees of yaw)
    and on the same clip cut to 9:16 (`upright`: mean change of the yaw by the cut):

    | way | yaw | pitch | false | upright |
    |---|---|---|---|---|
    | SQPNP of 15 points, focal length the longer side (this one) | 2.0 | 3.1 | 0.00 | 1.9 |
    | the same, focal length the width | 2.0 | 3.1 | 0.00 | 6.7 |
    | the same, focal length 1.4 / 4 longer sides | 1.7 / 2.0 | 3.0 / 2.8 | 0.00 / 0.07 | 1.4 / 0.6 |
    | the same, then refined by Levenberg-Marquardt | 2.0 | 3.1 | 0.00 | 1.9 |
    | SQPNP of 151 points of the upper face / of all 468 | 2.5 / 2.9 | 3.1 / 2.4 | 0.00 | 1.8 / 1.9 |
    | this one against the line to the camera instead of its axis | 1.5 | 2.7 | 0.10 | 0.1 |
    | similarity in 3-D to MediaPipe's own depth, 15 points | 1.5 | 2.3 | 0.10 | 0.0 |
    | the same, 151 points / all 468 (of which a yawn moves the pitch) | 1.9 / 2.0 | 2.2 / 2.7 | 0.10 | 0.0 |
    | the same, 15 points, turned back by the line to the camera | 2.9 | 2.7 | 0.00 | 2.0 |
    | scaled orthographic, 15 points | 2.5 | 2.8 | 0.13 | 0.0 |

    People who lean to the side keep their head along the camera's axis, so a pose against the line to the camera says
    "turned" of them; where they look is told by that line and the eyes together (see `sight_yaw`).
    """
    focal = float(max(width, height))
    camera = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]], np.float64)
    seen = points[RIGID_IDS, :2].astype(np.float64)
    _, turned, placed = cv2.solvePnP(RIGID_CM, seen, camera, NO_DISTORTION, flags=cv2.SOLVEPNP_SQPNP)
    rotation = np.asarray(cv2.Rodrigues(turned)[0], np.float64)
    normal = -rotation[:, 2]  # the face looks along its -z
    across, _, ahead = (float(part) for part in placed[:, 0])
    yaw, pitch = _yaw_and_pitch(normal)
    roll = np.degrees(np.arctan2(rotation[1, 0], rotation[1, 1]))
    return Pose(yaw, pitch, float(roll), yaw + float(np.degrees(np.arctan2(across, ahead))))


def _yaw_and_pitch(normal: Matrix) -> tuple[float, float]:
    x, y, z = normal
    return float(np.degrees(np.arctan2(x, -z))), float(np.degrees(np.arctan2(-y, np.hypot(x, z))))
