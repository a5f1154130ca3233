"""Sessions whose truth is known, put together from clips of one person each and from recorded speech.

People: the first half of a session is one clip, the second another: of the same person, of somebody else, or a stranger
of scikit-image's subset of LFW (25 x 25 px, enlarged). Half of the changes are cuts, half lead through an empty room.
Voices: somebody else speaks while the person in the picture is silent, alone or over noise; the person speaks; nobody.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from ingest.sampling import Sampler
from ingest.sound.record import RATE_HZ
from ingest.sound.track import open_sound
from ingest.sources.opening import open_source
from tests.sound_made import Samples, at_level, noise
from tests.voiced_clips import write_voiced

Bgr = NDArray[np.uint8]
FPS, WIDTH, HEIGHT = 5, 480, 360
HALF_S, EMPTY_S, STRANGER_S = 10.0, 2.0, 9.0
STRANGERS, FACE_PX = 20, 180
VOICE_DBFS = -26.0
RUN_S, PAUSE_S = 6.0, 4.0
"""So long somebody speaks, and then nobody does."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip of one person. `half`: -1 left, 1 right of the picture, 0 all. `talks_s`: when the person talks."""

    file: str
    person: str
    half: int = 0
    talks_s: tuple[float, float] | None = None


PEOPLE = (
    Clip("head-moves-a.mp4", "A"),
    Clip("head-moves-b.mp4", "A"),
    Clip("talk-yawn-hand.mp4", "A", talks_s=(4.0, 10.0)),
    Clip("eyes-centre.mp4", "B"),
    Clip("eyes-centre-left-centre.mp4", "B"),
    Clip("two-people.gif", "C", -1),
    Clip("two-people.gif", "D", 1),
)
EMPTY_ROOM = Clip("people-come-and-go.mp4", "")
Row = tuple[str, str, str, str]


def write_people(clips: Path, out: Path) -> Path:
    """The sessions of people; returns the annotation file."""
    rows: list[Row] = []
    pairs = [(one, other) for one in PEOPLE if not one.half for other in PEOPLE if other is not one]
    for number, (one, other) in enumerate(pairs):
        rows += _joined(clips, out, f"{number:02d}-{one.person}-{other.person}.mp4", one, other, number % 2 == 1)
    for number, stranger in enumerate(_strangers()):
        rows += _with_stranger(clips, out, f"stranger-{number:02d}.mp4", PEOPLE[number % 5], stranger)
    return _annotated(out / "people.csv", rows)


def write_voices(clips: Path, speech: Path, out: Path) -> Path:
    """The sessions with sound; returns the annotation file. `speech`: a folder of WAV files."""
    spoken = _speech(speech)
    rows: list[Row] = []
    for clip in PEOPLE[:5]:
        for over, kind, dbfs in (("quiet", "silence", 0.0), ("20dB", "white", -46.0), ("10dB", "tones", -36.0)):
            rows += _voiced(clips, out, f"{Path(clip.file).stem}-{over}.mp4", clip, spoken, (kind, dbfs))
        rows += _voiced(clips, out, f"{Path(clip.file).stem}-nobody.mp4", clip, None, ("clicks", -36.0))
    return _annotated(out / "voices.csv", rows)


def _joined(clips: Path, out: Path, name: str, one: Clip, other: Clip, through_room: bool) -> Iterator[Row]:
    first, second = list(pictures(clips, one, HALF_S)), list(pictures(clips, other, HALF_S))
    room = list(pictures(clips, EMPTY_ROOM, EMPTY_S)) if through_room else []
    write_voiced(out / name, [*first, *room, *second], FPS)
    begins, ends = len(first) + len(room), len(first) + len(room) + len(second)
    for cut in {len(first), begins}:
        yield _row(name, "picture_cut", cut, cut + 1)
    if one.person != other.person:
        yield _row(name, "another_face", begins, ends)


def _with_stranger(clips: Path, out: Path, name: str, one: Clip, stranger: Bgr) -> Iterator[Row]:
    first = list(pictures(clips, one, STRANGER_S))
    write_voiced(out / name, [*first, *_moving(stranger)], FPS)
    yield _row(name, "picture_cut", len(first), len(first) + 1)
    yield _row(name, "another_face", len(first), len(first) + round(STRANGER_S * FPS))


def _voiced(
    clips: Path, out: Path, name: str, clip: Clip, spoken: Samples | None, over: tuple[str, float]
) -> Iterator[Row]:
    shown = list(pictures(clips, clip, 60.0))
    seconds = len(shown) / FPS
    sound = noise(seconds, *over)
    runs = list(_runs(clip, seconds)) if spoken is not None else []
    for number, (from_s, to_s, _) in enumerate(runs):
        assert spoken is not None
        at, length = round(from_s * RATE_HZ), round((to_s - from_s) * RATE_HZ)
        sound[at : at + length] += np.take(spoken, range(number * length, (number + 1) * length), mode="wrap")
    write_voiced(out / name, shown, FPS, sound)
    for from_s, to_s, is_other in runs:
        for label in ("speech", "other_voice") if is_other else ("speech",):
            yield name, label, f"{from_s:g}", f"{to_s:g}"
    if not runs:
        yield name, "none", "", ""


def _runs(clip: Clip, seconds: float) -> Iterator[tuple[float, float, bool]]:
    """(from, to, whether it is somebody else's) of what is spoken, in seconds."""
    at_s = 1.5
    if clip.talks_s is not None:
        yield (*clip.talks_s, False)
        at_s = clip.talks_s[1] + 10.0  # he yawns, and opens his mouth again
    while at_s + RUN_S < seconds - 1.0:
        yield at_s, at_s + RUN_S, True
        at_s += RUN_S + PAUSE_S


def pictures(folder: Path, clip: Clip, seconds: float) -> Iterator[Bgr]:
    """FPS pictures a second of a clip, WIDTH x HEIGHT; one too short for it is played back and forth."""
    source, sampler = open_source(str(folder / clip.file)), Sampler(FPS)
    try:
        shown = [_shown(picture.bgr, clip.half) for picture in source.sampled(sampler.wants)]
    finally:
        source.close()
    if clip.half:
        shown += shown[::-1]
    yield from islice(shown, round(seconds * FPS))


def _shown(bgr: Bgr, half: int) -> Bgr:
    """In the middle of a blurred copy of itself, as players show a picture of another shape."""
    middle = bgr.shape[1] // 2
    bgr = bgr[:, :middle] if half < 0 else bgr[:, middle:] if half > 0 else bgr
    scale = min(WIDTH / bgr.shape[1], HEIGHT / bgr.shape[0])
    whole = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    shown = cv2.resize(cv2.resize(bgr, (12, 9), interpolation=cv2.INTER_AREA), (WIDTH, HEIGHT))
    top, left = (HEIGHT - whole.shape[0]) // 2, (WIDTH - whole.shape[1]) // 2
    shown[top : top + whole.shape[0], left : left + whole.shape[1]] = whole
    return np.asarray(shown, np.uint8)


def _strangers() -> Iterator[Bgr]:
    faces = skimage.data.lfw_subset()[:100]  # type: ignore[no-untyped-call]
    for face in faces[:: len(faces) // STRANGERS][:STRANGERS]:
        grey = cv2.resize((face * 255).astype(np.uint8), (FACE_PX, FACE_PX), interpolation=cv2.INTER_CUBIC)
        yield np.repeat(grey[:, :, None], 3, axis=2)


def _moving(face: Bgr) -> Iterator[Bgr]:
    """Before a grey wall, a few pixels to and fro, with a sensor's noise."""
    rng = np.random.default_rng(1)
    for number in range(round(STRANGER_S * FPS)):
        picture = np.full((HEIGHT, WIDTH, 3), 140.0)
        x, y = (round(c + 6 * np.sin(number / r)) for c, r in ((150, 7.0), (90, 11.0)))
        picture[y : y + FACE_PX, x : x + FACE_PX] = face
        yield np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


def _speech(folder: Path) -> Samples:
    """All of the folder's recordings one after the other, as loud as each other, their pauses cut short."""
    voices = [_cut_short(_samples(path)) for path in sorted(folder.glob("*.wav"))]
    return np.concatenate([at_level(one, VOICE_DBFS) for one in voices if len(one) >= RATE_HZ])


def _samples(path: Path) -> Samples:
    sound = open_sound(path, path.name)
    if sound is None:
        return np.zeros(0)
    try:
        return np.frombuffer(b"".join(record.pcm for record in sound.records()), "<i2") / 32768
    finally:
        sound.close()


def _cut_short(samples: Samples) -> Samples:
    """Without what is 35 dB below the loudest for longer than a quarter of a second."""
    parts = samples[: len(samples) // 4000 * 4000].reshape(-1, 4000)
    loud = (parts**2).mean(axis=1)
    heard: Samples = parts[loud > loud.max(initial=0.0) * 10**-3.5].reshape(-1)
    return heard


def _row(name: str, label: str, begins: int, ends: int) -> Row:
    return name, label, f"{begins / FPS:g}", f"{ends / FPS:g}"


def _annotated(path: Path, rows: Iterable[Row]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("clip", "label", "start_s", "end_s"))
        writer.writerows(rows)
    return path
