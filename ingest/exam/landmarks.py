"""Which of face mesh's 468 points lie where (MediaPipe's published topology, Apache-2.0), and the mesh's point type."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Image = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

FACE_POINTS = 468

OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
INNER_LIP_LOWER = (95, 88, 178, 87, 14, 317, 402, 318, 324)
INNER_LIP_UPPER = (191, 80, 81, 82, 13, 312, 311, 310, 415)
INNER_LIP_CORNERS = (78, 308)
MOUTH_CORNERS = (61, 291)
OUTER_LIP_LOWER = (146, 91, 181, 84, 17, 314, 405, 321, 375)
OUTER_LIP_UPPER = (185, 40, 39, 37, 0, 267, 269, 270, 409)
LOWER_LIP = (
    *OUTER_LIP_LOWER,
    *(77, 90, 180, 85, 16, 315, 404, 320, 307, 96, 89, 179, 86, 15, 316, 403, 319, 325),
    *INNER_LIP_LOWER,
)
BROWS = ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46), (300, 293, 334, 296, 336, 285, 295, 282, 283, 276))
CHIN = 152


@dataclass(frozen=True, slots=True)
class EyePoints:
    """One eye: lids and the crease above from the outer to the inner corner, both corners, the iris' centre."""

    upper: tuple[int, ...]
    lower: tuple[int, ...]
    crease: tuple[int, ...]
    corners: tuple[int, int]
    iris: int

    @property
    def ring(self) -> tuple[int, ...]:
        """The outline of the eye's opening, in order."""
        return (self.corners[0], *self.upper, self.corners[1], *reversed(self.lower))


EYES = (
    EyePoints(
        upper=(246, 161, 160, 159, 158, 157, 173),
        lower=(7, 163, 144, 145, 153, 154, 155),
        crease=(247, 30, 29, 27, 28, 56, 190),
        corners=(33, 133),
        iris=468,
    ),
    EyePoints(
        upper=(466, 388, 387, 386, 385, 384, 398),
        lower=(249, 390, 373, 374, 380, 381, 382),
        crease=(467, 260, 259, 257, 258, 286, 414),
        corners=(263, 362),
        iris=473,
    ),
)
