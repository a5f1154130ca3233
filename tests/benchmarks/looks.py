"""What each look costs on one core, without anything between: milliseconds over the frames of an exam."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from detectors.body.finder import BodyFinder
from detectors.face.geometry import distinct, read_face
from detectors.face.landmarks import FaceMesh
from detectors.face.quality import picture_quality
from detectors.hands.finder import HandFinder
from detectors.identity.desk import Cadence
from detectors.identity.recogniser import open_recogniser
from detectors.liveness.thumbnail import thumbnail
from detectors.liveness.watch import Watched, watch
from detectors.looking.eyes import decoded
from detectors.plan import LookPlan
from detectors.sound.voice import VoiceFinder
from ingest.sound.record import RATE_HZ
from tests.benchmarks.bench_sessions import OBJECTS
from tests.sound_made import pcm, voice
from triton_models.model_card import read_card
from triton_models.object_detector import ObjectDetector

Item = TypeVar("Item")
MOST_FRAMES = 120
WARM = 3
STEP_MS = 200


@dataclass(frozen=True, slots=True)
class Cost:
    """One part: median milliseconds a look, and what it is asked of."""

    part: str
    ms: float
    asked_of: str = "every frame"


def costs(frames: Sequence[bytes]) -> Iterator[Cost]:
    """Every part by itself, one after the other."""
    plan, chosen = LookPlan(), frames[:: max(1, len(frames) // MOST_FRAMES)]
    pictures = [decoded(jpeg) for jpeg in chosen]
    mesh, hands, body, recogniser = FaceMesh(), HandFinder(), BodyFinder(), open_recogniser(None)
    height, width = pictures[0].shape[:2]
    found = [mesh.find(picture, width, height) for picture in pictures]
    shown = [(picture, points) for picture, points in zip(pictures, found, strict=True) if points]
    bare = [picture for picture, points in zip(pictures, found, strict=True) if not points]
    held = [(picture, len(hands.find(picture))) for picture in pictures]
    objects = ObjectDetector(OBJECTS / "1" / "model.onnx", read_card(OBJECTS / "model.json"))
    yield Cost("decode", _ms(decoded, chosen))
    people, apart = [picture for picture, _ in shown], f"frames {plan.company_ms} ms apart"
    yield Cost("face mesh, a face found", _ms(lambda one: mesh.find(one, width, height), people))
    yield Cost(
        "... and small faces beside", _ms(lambda one: mesh.find(one, width, height, company=True), people), apart
    )
    yield Cost("face mesh, none found", _ms(lambda one: mesh.find(one, width, height), bare), "frames without a face")
    yield Cost("face numbers", _ms(lambda faces: distinct([read_face(p, width, height) for p in faces]), found))
    yield Cost("picture quality", _ms(picture_quality, pictures))
    yield Cost("thumbnail", _ms(thumbnail, pictures))
    yield Cost("liveness, in the worker", _watching([thumbnail(picture) for picture in pictures]))
    yield Cost("body", _ms(body.presence, pictures), "frames without a face")
    apart = f"frames {plan.hands_ms} ms apart"
    yield Cost("hands, none suspected", _ms(lambda one: hands.look(one, []), [one for one, n in held if not n]), apart)
    yield Cost("hands, one or more found", _ms(lambda one: hands.look(one, []), [one for one, n in held if n]), apart)
    likeness = _ms(lambda one: recogniser.look(one[0], one[1], width, height), shown[:12])
    yield Cost("likeness", likeness, f"a frame in {Cadence().verifying_ms // 1000} s")
    yield Cost("objects, decoding included", _ms(objects.look, chosen), f"frames {plan.objects_ms} ms apart")
    speech = voice(20.0)
    records = [pcm(speech[at : at + RATE_HZ]) for at in range(0, len(speech) - RATE_HZ + 1, RATE_HZ)]
    yield Cost("a second of sound", _ms(VoiceFinder().look, records), "every second")


def _watching(thumbnails: Sequence[bytes]) -> float:
    """Milliseconds a frame of a session in its fifth minute."""
    state, at_ms = Watched(), 0
    for number in range(1500):
        at_ms += STEP_MS
        state, _ = watch(state, at_ms, thumbnails[number % len(thumbnails)])
    began = time.perf_counter()
    for number in range(300):
        at_ms += STEP_MS
        state, _ = watch(state, at_ms, thumbnails[number % len(thumbnails)])
    return 1000 * (time.perf_counter() - began) / 300


def _ms(look: Callable[[Item], object], items: Sequence[Item]) -> float:
    for item in items[:WARM]:
        look(item)
    return 1000 * median(_seconds(look, item) for item in items)


def _seconds(look: Callable[[Item], object], item: Item) -> float:
    began = time.perf_counter()
    look(item)
    return time.perf_counter() - began
