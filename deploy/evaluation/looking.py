"""The detectors, in this process: a JPEG in, the observations that the pipeline would publish of it out.

The only module here that knows the detectors. What looks is loaded once for each process.
"""

import hashlib
import os
from pathlib import Path
from typing import cast

import detectors
import triton_models
from deploy.stack.triton import model_repository
from detectors.alone import Alone
from detectors.frame import Frame
from detectors.ordering import Slot
from detectors.plan import LookPlan
from ingest.log import Record
from ingest.messages import FrameHeader
from ingest.topics import FRAMES
from scoring.messages import Seen
from triton_models.contract import MODEL_NAME
from triton_models.model_card import read_card
from triton_models.object_detector import ObjectDetector

PLAN = LookPlan()
OBJECTS_ALONE = LookPlan(face_every=0)
"""Nothing but the object model looks: whoever measures one wants its events, and those in a fifth of the time."""
LOOKING_CODE = ("alone.py", "boxes.py", "frame.py", "mediapipe.py", "messages.py", "objects.py", "plan.py", "*/**/*.py")
OBJECT_CODE = ("boxes.py", "contract.py", "object_detector.py", "pictures.py", "taxonomy.py")


class Looker:
    """The detectors of pictures that a plan asks; for one thread. The frames of a session come in their order."""

    def __init__(self, plan: LookPlan = PLAN) -> None:
        folder = _object_model()
        self._alone = Alone(ObjectDetector(folder / "1" / "model.onnx", read_card(folder / "model.json")), plan)

    def look(self, session: str, seq: int, capture_ms: int, jpeg: bytes) -> tuple[Seen, ...]:
        """What is published of frame number `seq`.

        Raises: PoisonError when the picture cannot be looked at.
        """
        header = FrameHeader(session=session, seq=seq, capture_ms=capture_ms, ingested_ms=capture_ms, width=0, height=0)
        record = Record(FRAMES, 0, seq, None, jpeg, (), capture_ms)
        return cast(tuple[Seen, ...], tuple(self._alone.look(Frame(record, header, Slot(seq)))))


def digest(plan: LookPlan = PLAN) -> str:
    """Names whatever decides what is seen in a picture: which detectors, their code and files, the object model."""
    named = hashlib.sha256(b"" if plan == PLAN else repr(plan).encode())
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
