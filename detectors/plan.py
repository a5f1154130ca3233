"""Which frames each kind of look takes."""

import math
from dataclasses import dataclass

from detectors.admission import is_due
from detectors.looking.reading import Asked
from ingest.messages import FrameHeader

APART_MS = 600
"""Between two looks at hands, or for objects, at least. At 2 frames/s that is every second frame, at 5 and 10 every
600 ms: three to four looks within the shortest hold (2 s), nine within that of objects (5 s). Both cost several times a
look at faces, and what they look for stays. On 40 rendered exams at 5 frames/s looks 800 ms apart found the same 93
happenings as looks 400 ms apart; on the real clips at 10 frames/s 600 ms the same 17 of 18 as 200 ms."""
UNKNOWN_SPACING_MS = 500
"""Of frames whose source did not say how far apart they are."""


@dataclass(frozen=True, slots=True)
class LookPlan:
    """Which frames each kind of look takes, and how many calls of Triton may be under way.

    A function of a frame's header alone, so that a frame that is read again is looked at as before. `face_every`: by
    number. `objects_ms`, `hands_ms`, `company_ms`: so far apart at least, by number and spacing, hands and small faces
    beside the candidate's among the frames looked at for faces. 0 of any: never.
    """

    face_every: int = 1
    objects_ms: int = APART_MS
    hands_ms: int = APART_MS
    objects_in_flight: int = 8
    company_ms: int = APART_MS

    def takes_face(self, header: FrameHeader) -> bool:
        """Whether the frame is looked at for faces."""
        return is_due(header.seq, self.face_every)

    def takes_objects(self, header: FrameHeader) -> bool:
        """Whether the frame is looked at for objects."""
        return is_due(header.seq, frames_apart(self.objects_ms, header.spacing_ms))

    def takes_hands(self, header: FrameHeader) -> bool:
        """Whether the frame is looked at for hands, too, once it is for faces."""
        return self._takes_face_and(self.hands_ms, header)

    def takes_company(self, header: FrameHeader) -> bool:
        """Whether the frame is looked at for small faces beside the candidate's, too, once it is for faces."""
        return self._takes_face_and(self.company_ms, header)

    def asked(self, header: FrameHeader, jpeg: bytes, likeness: bool = False) -> Asked:
        """All that is asked of a frame that is looked at for faces."""
        company, hands = self.takes_company(header), self.takes_hands(header)
        return Asked(jpeg=jpeg, company=company, hands=hands, likeness=likeness)

    def _takes_face_and(self, apart_ms: int, header: FrameHeader) -> bool:
        return is_due(header.seq, self.face_every * frames_apart(apart_ms, header.spacing_ms, self.face_every))


def frames_apart(apart_ms: int, spacing_ms: int, of_every: int = 1) -> int:
    """Every how manyth of every `of_every`th frame is taken so that they lie `apart_ms` apart at least; 0: none.

    `spacing_ms` 0: not known.
    """
    known_ms = spacing_ms if spacing_ms > 0 else UNKNOWN_SPACING_MS
    return math.ceil(apart_ms / (known_ms * max(of_every, 1)))
