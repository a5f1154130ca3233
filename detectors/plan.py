"""Which frames each kind of look takes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LookPlan:
    """Which frames each kind of look takes, by number, and how many calls of Triton may be under way.

    `hands_every`: of the frames that are looked at for faces.
    """

    face_every: int = 1
    objects_every: int = 2
    hands_every: int = 2
    objects_in_flight: int = 8
