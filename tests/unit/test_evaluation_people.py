"""Who sits there and who speaks, through the evaluation: a clip that is really watched and heard, and staged looks."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from msgspec.structs import replace
from numpy.typing import NDArray

from deploy.evaluation import looking
from deploy.evaluation.annotations import Truth
from deploy.evaluation.clips import Evaluated, Terms, evaluate
from deploy.evaluation.observing import START_MS, ClipJob, Observed, Shelf, observe
from deploy.evaluation.timeline import curves_of
from detectors.identity.desk import Cadence
from detectors.messages import FaceObserved, IdentityObserved, SpeechObserved
from ingest.errors import InputError
from ingest.sound.record import RATE_HZ
from scoring.rulebook.policy import load_policy
from tests.evaluated_clips import FPS, seen_of, write_clip
from tests.sound_made import noise, voice
from tests.staged_exam import Run
from tests.voiced_clips import write_voiced
from tests.webcam_frames import webcam

Picture = NDArray[np.uint8]
CLIP_FPS = 5
HERS_S, BOTH_S = 5.0, 11.0
TERMS = Terms(load_policy("default"), FPS, calibrate_ms=5_000)


def faces() -> Iterator[Picture]:
    """The portrait for 5 s, then a stranger (of scikit-image's subset of LFW), both moving a little."""
    face = skimage.data.lfw_subset()[16]  # type: ignore[no-untyped-call]
    grey = cv2.resize((face * 255).astype(np.uint8), (200, 200), interpolation=cv2.INTER_CUBIC)
    for number in range(round(BOTH_S * CLIP_FPS)):
        x, y = 200 + number % 5, 120 + number % 3
        picture = webcam((x, y))
        if number >= HERS_S * CLIP_FPS:
            picture = webcam()
            picture[y : y + 200, x : x + 200] = grey[:, :, None]
        yield picture


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice speaks from 1 to 5 s and no mouth moves; then somebody takes the place of who was registered."""
    sound = noise(BOTH_S, "white", -60.0)
    sound[1 * RATE_HZ : 5 * RATE_HZ] += voice(4.0)
    return write_voiced(tmp_path_factory.mktemp("people") / "swap.mp4", faces(), CLIP_FPS, sound)


def test_a_clip_is_watched_for_its_person_and_listened_to(clip: Path, tmp_path: Path) -> None:
    """Catches an evaluation that leaves out what the worker does: registration, its cadence, records of a second."""
    observed = observe(ClipJob(clip, float(CLIP_FPS)), Shelf(tmp_path, looking.digest()))
    heard = [look for look in observed.looks if isinstance(look, SpeechObserved)]
    assert observed.records == len(heard) == 11
    assert [look.seq for look in heard if look.speech > 0.8] == [1, 2, 3, 4]
    compared = [look for look in observed.looks if isinstance(look, IdentityObserved)]
    before = [look.similarity for look in compared if look.capture_ms < START_MS + 5_000]
    strange = [look for look in compared if look.capture_ms >= START_MS + 5_000]
    assert all(value > 0.8 for value in before)
    assert all(look.similarity < 0.35 for look in strange)
    steps = {after.capture_ms - one.capture_ms for one, after in pairwise(strange)}
    assert steps == {Cadence().doubting_ms}
    assert [look.capture_ms for look in observed.looks] == sorted(look.capture_ms for look in observed.looks)
    assert {"speech", "likeness"} <= curves_of(observed).keys()
    known = (("another_face", 5_000, 11_000), ("speech", 1_000, 5_000), ("other_voice", 1_000, 5_000))
    done = judged(observed, *known)
    found = {(one.level, one.truth.label): one for one in done.judged.findings}
    assert found.keys() == {(level, label) for level in ("signals", "event") for label, *_ in known} - {
        ("event", "speech")
    }
    assert {one.outcome for one in found.values()} == {"found"}
    assert all(abs(one.late_ms or 0) <= 2_000 for one in found.values())


def judged(observed: Observed, *known: tuple[str, int, int]) -> Evaluated:
    truths = [Truth(line, "clip", *one) for line, one in enumerate(known, start=1)]
    return evaluate("clip", truths, observed, TERMS, sorted({one[0] for one in known}))


def quiet_with(*, records: int | None, speech: dict[int, float], likeness: dict[int, float]) -> Observed:
    """20 calm seconds; `speech` by the second that ends a record, `likeness` by second."""
    calm = seen_of([Run("normal", 20)])
    about = {"session": "s", "ingested_ms": 0, "partition": 0, "offset": 0, "model": "m"}
    heard = [
        SpeechObserved(seq=n, capture_ms=START_MS + n * 1000 + 1000, speech=share, other=0.0, level_dbfs=-30.0, **about)  # type: ignore[arg-type]
        for n, share in speech.items()
    ]
    alike = [
        IdentityObserved(seq=n * 10, capture_ms=START_MS + n * 1000, similarity=value, **about)  # type: ignore[arg-type]
        for n, value in likeness.items()
    ]
    looks = sorted((*calm.looks, *heard, *alike), key=lambda look: look.capture_ms)
    return replace(calm, looks=tuple(looks), records=records)


def test_a_record_of_sound_speaks_for_the_second_before_it() -> None:
    spoken = {n: 1.0 if 8 <= n < 14 else 0.0 for n in range(20)}
    done = judged(quiet_with(records=20, speech=spoken, likeness={}), ("speech", 8_000, 14_000))
    (finding,) = done.judged.findings
    assert (finding.outcome, finding.late_ms, finding.share) == ("found", 0, 1.0)
    assert done.judged.elsewhere_ms["speech"][0] == 0


def test_a_voice_beside_a_still_mouth_that_nobody_annotated_is_false() -> None:
    spoken = {n: 1.0 if 8 <= n < 14 else 0.0 for n in range(20)}
    done = judged(quiet_with(records=20, speech=spoken, likeness={}))
    assert [event.rule for event, false in done.judged.events if false] == ["other_voice"]


def test_a_stranger_that_nobody_annotated_is_false_and_the_person_is_not() -> None:
    strange = judged(quiet_with(records=None, speech={}, likeness=dict.fromkeys(range(6, 20), 0.1)))
    assert [event.rule for event, false in strange.judged.events if false] == ["identity_mismatch"]
    same = judged(quiet_with(records=None, speech={}, likeness=dict.fromkeys(range(6, 20), 0.8)))
    assert same.judged.events == ()


def test_a_cut_is_found_where_it_is_and_named_where_it_is_not() -> None:
    calm = seen_of([Run("normal", 20)])
    looks = [
        replace(look, quality=replace(look.quality, cut=True))
        if isinstance(look, FaceObserved) and look.capture_ms - START_MS in (8_000, 15_000)
        else look
        for look in calm.looks
    ]
    done = judged(replace(calm, looks=tuple(looks)), ("picture_cut", 8_000, 8_100))
    (finding,) = done.judged.findings
    assert (finding.outcome, finding.late_ms) == ("found", 0)
    assert done.judged.elsewhere_ms["picture_cut"][0] == 100


def test_without_sound_or_a_registered_face_no_detector_looked() -> None:
    nothing = judged(
        quiet_with(records=None, speech={}, likeness={}), ("speech", 0, 4_000), ("another_face", 4_000, 8_000)
    )
    assert {one.outcome for one in nothing.judged.findings} == {"no detector"}


def test_a_silent_clip_has_no_records(tmp_path: Path) -> None:
    assert ClipJob(write_clip(tmp_path / "silent.mp4"), FPS).sound() is None
    with pytest.raises(InputError):
        ClipJob(tmp_path / "missing.mp4", FPS).sound()
