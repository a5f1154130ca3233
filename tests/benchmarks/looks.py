"""What each look costs on one core, without anything between: milliseconds over the frames of an exam."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from detectors.face.geometry import distinct, read_face
from detectors.face.landmarks import FaceMesh
from detectors.face.quality import picture_quality
from detectors.looking.eyes import decoded
from detectors.settings import DetectorsSettings
from tests.benchmarks.bench_sessions import OBJECTS
from triton_models.object_detector import ObjectDetector, read_card

Item = TypeVar("Item")
MOST_FRAMES = 120
WARM = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """One part: median milliseconds a look, and of which frames it is asked."""

    part: str
    ms: float
    every: int


def costs(frames: Sequence[bytes]) -> Iterator[Cost]:
    """Every part by itself, one after the other."""
    chosen = frames[:MOST_FRAMES]
    pictures = [decoded(jpeg) for jpeg in chosen]
    settings, mesh = DetectorsSettings(), FaceMesh()
    objects = ObjectDetector(OBJECTS / "1" / "model.onnx", read_card(OBJECTS / "model.json"))
    found = [mesh.find(picture, 640, 480) for picture in pictures]
    yield Cost("decode", _ms(decoded, chosen), settings.face_every)
    yield Cost("face mesh", _ms(lambda picture: mesh.find(picture, 640, 480), pictures), settings.face_every)
    yield Cost("face numbers", _ms(lambda faces: distinct([read_face(p, 640, 480) for p in faces]), found), 1)
    yield Cost("picture quality", _ms(picture_quality, pictures), settings.face_every)
    yield Cost("objects, decoding included", _ms(objects.look, chosen), settings.objects_every)


def _ms(look: Callable[[Item], object], items: Sequence[Item]) -> float:
    for item in items[:WARM]:
        look(item)
    return 1000 * median(_seconds(look, item) for item in items)


def _seconds(look: Callable[[Item], object], item: Item) -> float:
    began = time.perf_counter()
    look(item)
    return time.perf_counter() - began
