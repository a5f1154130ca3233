"""The detectors without a log: one session's pictures in, the observations that a worker would publish of them out."""

from dataclasses import dataclass, field

from detectors.frame import Frame, Glance, objects_observed
from detectors.looking.eyes import Eyes
from detectors.looking.reading import Asked
from detectors.messages import Look
from detectors.objects import ObjectsReading, read_boxes
from detectors.plan import LookPlan
from detectors.recollection import Recollection
from triton_models.object_detector import ObjectDetector


@dataclass(slots=True)
class Alone:
    """Every detector of pictures but identity, in this process; frames of a session come in their order."""

    objects: ObjectDetector
    plan: LookPlan = field(default_factory=LookPlan)
    eyes: Eyes = field(default_factory=Eyes)
    _past: Recollection = field(default_factory=Recollection)

    def look(self, frame: Frame) -> list[Look]:
        """What is published of one frame.

        Raises: PoisonError when the picture cannot be looked at.
        """
        header, jpeg = frame.header, frame.record.value
        seen: list[Look] = []
        if self.plan.takes_face(header):
            hands = self.plan.takes_hands(header)
            seen += self._past.recalled(Glance(frame, self.eyes.look(Asked(jpeg=jpeg, hands=hands)), self.eyes.models))
        if self.plan.takes_objects(header):
            boxes = read_boxes(self.objects.look(jpeg)[None])
            seen.append(objects_observed(frame, ObjectsReading(boxes, self.objects.digest, self.objects.knows)))
        return seen
