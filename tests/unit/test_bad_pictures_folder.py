"""The corpus of odd pictures in ingest's folders and as recordings: a frame that the detectors take, or left out."""

import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import InputError
from ingest.picture import PicturePolicy, decode, pack
from ingest.sources.folder import PictureFolder
from ingest.sources.opening import open_source
from ingest.sources.source import Picture
from tests.broken_pictures import CORPUS, OddPicture, bmp_of_os2, filled, plain, recoded, scene, sixteen_bit, turned
from triton_models.pictures import check_picture, decode_picture

ALIKE_LEVELS = 5.0
RIGHT_ANGLES = {1: 0, 6: 3, 3: 2, 8: 1}
"""EXIF's number, and quarter turns to the left from how a picture is stored to how it stands."""


def by_name(odd: OddPicture) -> str:
    return odd.name


def before_and_after(folder: Path, odd: OddPicture) -> list[Picture]:
    """What a folder gives that holds one odd picture between two sound ones."""
    (folder / "1.jpg").write_bytes(plain())
    (folder / "2.jpg").write_bytes(odd.make())
    (folder / "3.jpg").write_bytes(plain())
    with closing(PictureFolder(folder)) as source:
        pictures = list(source)
        left_out = 0 if source.unreadable is None else source.unreadable.count
        assert (left_out, source.failure) == (int(odd.folder is None), None)
    return pictures


@pytest.mark.parametrize("odd", CORPUS, ids=by_name)
def test_a_frame_of_the_right_size_or_left_out(tmp_path: Path, odd: OddPicture) -> None:
    pictures = before_and_after(tmp_path, odd)
    between = [picture for picture in pictures if picture.capture_offset_ms == 500]
    assert [picture.bgr.shape[1::-1] for picture in between] == ([odd.folder] if odd.folder else [])
    assert pictures[0].bgr.tobytes() == pictures[-1].bgr.tobytes()
    for picture in between:
        if odd.alike:
            stored = np.asarray(scene())[..., ::-1]
            assert picture.bgr.mean((0, 1)) == pytest.approx(stored.mean((0, 1)), abs=ALIKE_LEVELS)
        frame = pack(picture, PicturePolicy())
        assert check_picture(frame.data) == (frame.width, frame.height)
        assert max(frame.width, frame.height) == min(640, max(picture.bgr.shape[:2]))
        seen = decode_picture(frame.data)
        assert seen.mean((0, 1)) == pytest.approx(picture.bgr.mean((0, 1)), abs=ALIKE_LEVELS)


@pytest.mark.parametrize("orientation", RIGHT_ANGLES)
def test_what_exif_turns_stands_upright_in_its_frame(tmp_path: Path, orientation: int) -> None:
    """The frame itself carries no EXIF: whoever looks at it sees what this person's own viewer shows."""
    (tmp_path / "a.jpg").write_bytes(turned(orientation))
    (picture,) = PictureFolder(tmp_path)
    frame = pack(picture, PicturePolicy()).data
    assert b"Exif" not in frame
    upright = np.rot90(np.asarray(scene())[..., ::-1], RIGHT_ANGLES[orientation])
    assert cv2.absdiff(decode_picture(frame), np.ascontiguousarray(upright)).mean() < ALIKE_LEVELS


@pytest.mark.parametrize("make", [sixteen_bit, bmp_of_os2, lambda: recoded("PNG", "LA")], ids=["16 bit", "OS/2", "LA"])
def test_rare_pixels_are_the_scene_s(make: Callable[[], bytes]) -> None:
    bgr = decode(make())
    assert bgr is not None
    grey = np.asarray(scene().convert("L"), np.uint8)
    assert cv2.absdiff(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), grey).mean() < 2


WHY = {
    "empty": "is empty",
    "html-error-page": "is a web page",
    "avif": "is an AVIF or HEIC picture",
    "gif": "is a GIF picture",
    "random": "is no picture",
    "cut-within-the-header": "has no readable header",
    "cut-at-50-percent": "is cut off",
    "20000-passes": "passes",
    "claims-30000x30000": "30000x30000 px are too many",
}


@pytest.mark.parametrize("odd", [odd for odd in CORPUS if odd.name in WHY], ids=by_name)
def test_a_folder_of_nothing_else_is_refused_with_the_cause(tmp_path: Path, odd: OddPicture) -> None:
    (tmp_path / "a.jpg").write_bytes(odd.make())
    with pytest.raises(InputError, match=WHY[odd.name]):
        PictureFolder(tmp_path)


def test_a_picture_that_goes_meanwhile_is_left_out(tmp_path: Path) -> None:
    for name in ("1.jpg", "2.jpg", "3.jpg"):
        (tmp_path / name).write_bytes(plain())
    source = PictureFolder(tmp_path)
    pictures = iter(source)
    next(pictures)
    (tmp_path / "2.jpg").unlink()
    assert [picture.capture_offset_ms for picture in pictures] == [1000]
    assert source.unreadable is not None


@pytest.mark.parametrize("odd", CORPUS, ids=by_name)
def test_no_picture_is_a_recording(tmp_path: Path, odd: OddPicture) -> None:
    """But for a GIF, which may move."""
    (tmp_path / "a.mp4").write_bytes(odd.make())
    if odd.name == "gif":
        with closing(open_source(str(tmp_path / "a.mp4"))) as source:
            assert [picture.bgr.shape for picture in source] == [(240, 320, 3)]
        return
    with pytest.raises(InputError) as caught:
        open_source(str(tmp_path / "a.mp4"))
    assert caught.value.mend
    assert "\n" not in str(caught.value)


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def motion_jpeg(frames: list[bytes]) -> bytes:
    """An AVI of 10 pictures a second that says 320 x 240, whatever its pictures say."""
    head = chunk(b"avih", struct.pack("<14I", 100_000, 0, 0, 0, len(frames), 0, 1, 0, 320, 240, 0, 0, 0, 0))
    rate = struct.pack("<IHHIIIIIIIIHHHH", 0, 0, 0, 0, 1, 10, 0, len(frames), 0, 0, 0, 0, 0, 320, 240)
    shape = struct.pack("<IiiHH4sIiiII", 40, 320, 240, 1, 24, b"MJPG", 320 * 240 * 3, 0, 0, 0, 0)
    stream = chunk(b"LIST", b"strl" + chunk(b"strh", b"vidsMJPG" + rate) + chunk(b"strf", shape))
    pictures = chunk(b"LIST", b"movi" + b"".join(chunk(b"00dc", frame) for frame in frames))
    return chunk(b"RIFF", b"AVI " + chunk(b"LIST", b"hdrl" + head + stream) + pictures)


@pytest.mark.parametrize(
    ("odd", "read"),
    [(recoded("JPEG", progressive=True), 9), (filled((64, 48)), 9), (plain()[:3000], 9), (b"", 8)],
    ids=["progressive", "another size", "cut off", "nothing"],
)
def test_an_odd_picture_in_a_recording_ends_nothing(tmp_path: Path, odd: bytes, read: int) -> None:
    """Every picture comes out in the size that the recording says."""
    (tmp_path / "a.avi").write_bytes(motion_jpeg([plain()] * 4 + [odd] + [plain()] * 4))
    with closing(open_source(str(tmp_path / "a.avi"))) as source:
        assert [picture.bgr.shape for picture in source] == [(240, 320, 3)] * read
        assert source.failure is None


STORED = [turned(6), recoded("PNG"), recoded("WEBP"), recoded("BMP"), sixteen_bit()]
edits = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(STORED), edits)
def test_changed_bytes_make_a_frame_or_are_left_out(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, changes: list[tuple[float, int]]
) -> None:
    changed = bytearray(data)
    for share, value in changes:
        changed[int(share**4 * len(data))] = value  # most of them in its head
    folder = tmp_path_factory.getbasetemp()
    (folder / "1.jpg").write_bytes(plain())
    (folder / "2.jpg").write_bytes(changed)
    first, *second = PictureFolder(folder)
    assert first.bgr.shape == (240, 320, 3)
    for picture in second:
        frame = pack(picture, PicturePolicy())
        assert check_picture(frame.data) == (frame.width, frame.height)
