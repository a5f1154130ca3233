"""The detectors, in this process: a JPEG in, the observations that the pipeline would publish of it out.

The only module here that knows the detectors. What looks is loaded once for each process.
"""

import hashlib
import os
from pathlib import Path

import detectors
import triton_models
from deploy.stack.triton import model_repository
from detectors.frame import Frame, objects_observed, observations_of
from detectors.looking.eyes import Eyes
from detectors.looking.reading import Asked
from detectors.objects import ObjectsReading, read_boxes
from detectors.ordering import Slot
from detectors.settings import DetectorsSettings
from ingest.log import Record
from ingest.messages import FrameHeader
from ingest.topics import FRAMES
from scoring.messages import Seen
from triton_models.contract import MODEL_NAME
from triton_models.object_detector import ObjectDetector, read_card

OBJECTS_EVERY = int(DetectorsSettings.model_fields["objects_every"].default)
"""Of the frames, as the detectors' worker does unless it is told otherwise."""
LOOKING_CODE = ("boxes.py", "frame.py", "liveness.py", "mediapipe.py", "messages.py", "objects.py", "*/**/*.py")
OBJECT_CODE = ("boxes.py", "contract.py", "object_detector.py", "pictures.py", "taxonomy.py")


class Looker:
    """Every detector of pictures; for one thread."""

    def __init__(self) -> None:
        folder = _object_model()
        self._eyes = Eyes()
        self._objects = ObjectDetector(folder / "1" / "model.onnx", read_card(folder / "model.json"))

    def look(self, session: str, seq: int, capture_ms: int, jpeg: bytes) -> tuple[Seen, ...]:
        """What is published of frame number `seq`.

        Raises: PoisonError when the picture cannot be looked at.
        """
        frame = _frame(session, seq, capture_ms, jpeg)
        seen: tuple[Seen, ...] = observations_of(frame, self._eyes.look(Asked(jpeg=jpeg)), self._eyes.models)
        return seen if seq % OBJECTS_EVERY else (*seen, objects_observed(frame, self._look_for_objects(jpeg)))

    def _look_for_objects(self, jpeg: bytes) -> ObjectsReading:
        boxes = self._objects.look(jpeg)[None]
        return ObjectsReading(read_boxes(boxes), self._objects.digest, self._objects.knows)


def digest() -> str:
    """Names whatever decides what is seen in a picture: the detectors' code, their files, the object model."""
    named = hashlib.sha256()
    for folder, patterns in (
        (Path(detectors.__file__).parent, LOOKING_CODE),
        (Path(triton_models.__file__).parent, OBJECT_CODE),
        (_object_model(), ("model.json",)),
    ):
        for path in sorted({path for pattern in patterns for path in folder.glob(pattern)}):
            named.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return named.hexdigest()


def _object_model() -> Path:
    return model_repository(os.environ) / MODEL_NAME


def _frame(session: str, seq: int, capture_ms: int, jpeg: bytes) -> Frame:
    header = FrameHeader(session=session, seq=seq, capture_ms=capture_ms, ingested_ms=capture_ms, width=0, height=0)
    return Frame(Record(FRAMES, 0, seq, None, jpeg, (), capture_ms), header, Slot(seq))
