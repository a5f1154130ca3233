"""The detectors without a log: one session's pictures in, the observations that a worker would publish of them out."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

from detectors.frame import Frame, Glance, objects_observed
from detectors.identity.desk import Desk
from detectors.looking.eyes import Eyes
from detectors.messages import Look
from detectors.objects import ObjectsReading, read_boxes
from detectors.plan import LookPlan
from detectors.recollection import Recollection
from triton_models.object_detector import ObjectDetector


@dataclass(slots=True)
class Alone:
    """Every detector of pictures, in this process; frames of a session come in their order.

    Nothing is said of identity without a `desk`. With one, do not use it where an event loop runs.
    """

    objects: ObjectDetector
    plan: LookPlan = field(default_factory=LookPlan)
    eyes: Eyes = field(default_factory=Eyes)
    desk: Desk | None = None
    _past: Recollection = field(init=False)
    _loop: asyncio.Runner = field(init=False, default_factory=asyncio.Runner)

    def __post_init__(self) -> None:
        self._past = Recollection(self.desk)

    def look(self, frame: Frame) -> list[Look]:
        """What is published of one frame.

        Raises: PoisonError when the picture cannot be looked at.
        """
        header, jpeg = frame.header, frame.record.value
        seen: list[Look] = []
        if self.plan.takes_face(header):
            reading = self.eyes.look(self.plan.asked(header, jpeg, self._past.wants_likeness(frame)))
            seen += self._recalled(Glance(frame, reading, self.eyes.models))
        if self.plan.takes_objects(header):
            boxes = read_boxes(self.objects.look(jpeg)[None])
            seen.append(objects_observed(frame, ObjectsReading(boxes, self.objects.digest, self.objects.knows)))
        return seen

    def _recalled(self, glance: Glance) -> list[Look]:
        """With what the session's past tells; without a desk nothing has to be waited for."""
        if self.desk is None:
            return list(self._past.recalled(glance))
        return cast(list[Look], self._loop.run(self._past.complete(glance.frame.record.partition, [glance])))
