"""Picture files of every broken kind; how alike two pictures are. Without it a grey half is trained on."""

import io
import re
import zlib
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from triton_models.annotations import LabelledBox
from triton_models.boxes import PAD_VALUE
from triton_models.dataset.fitting import letterboxed, shrunk
from triton_models.dataset.likeness import alike, alike_pairs, differing_bits, groups, look_of
from triton_models.dataset.picture_files import PictureFile, read_file, write_jpeg

WIDTH, HEIGHT = 64, 48


def scene(seed: int) -> NDArray[np.uint8]:
    """A picture of a few large shapes, unlike that of any other seed."""
    rng = Random(seed)
    canvas = np.full((120, 160, 3), rng.randint(40, 200), np.uint8)
    for _ in range(6):
        corner = (rng.randint(0, 120), rng.randint(0, 90))
        cv2.rectangle(canvas, corner, (corner[0] + 50, corner[1] + 40), [float(rng.randint(0, 255))] * 3, -1)
    return canvas


def encoded(image: Image.Image, kind: str, **settings: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **settings)
    return out.getvalue()


def halves(mode: str = "RGB") -> Image.Image:
    """Left half dark, right half light."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:, WIDTH // 2 :] = 220
    return Image.fromarray(pixels).convert(mode)


def turned_jpeg() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying, to be shown a quarter turn clockwise
    return encoded(halves(), "JPEG", exif=exif)


def sixteen_bit() -> bytes:
    grey = np.zeros((HEIGHT, WIDTH), np.uint16)
    grey[:, WIDTH // 2 :] = 220 * 256
    return encoded(Image.fromarray(grey), "PNG")


GOOD = {
    "plain.jpg": encoded(halves(), "JPEG"),
    "progressive.jpg": encoded(halves(), "JPEG", progressive=True),
    "cmyk.jpg": encoded(halves("CMYK"), "JPEG"),
    "grey.png": encoded(halves("L"), "PNG"),
    "palette.png": encoded(halves("P"), "PNG"),
    "sixteen.png": sixteen_bit(),
    "alpha.png": encoded(halves("RGBA"), "PNG"),
    "bitmap.bmp": encoded(halves(), "BMP"),
    "web.webp": encoded(halves(), "WEBP", lossless=True),
    "tagged.tiff": encoded(halves(), "TIFF"),
}


@pytest.mark.parametrize("name", GOOD)
def test_every_kind_of_sound_picture_is_read_as_a_viewer_shows_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(GOOD[name])
    file = read_file(tmp_path / name)
    assert isinstance(file, PictureFile)
    assert file.pixels.shape == (HEIGHT, WIDTH, 3)
    assert file.pixels[:, : WIDTH // 2 - 8].mean() < 10
    assert abs(float(file.pixels[:, WIDTH // 2 + 8 :].mean()) - 220) < 6
    assert bool(file.converted) == (name in ("cmyk.jpg", "palette.png", "sixteen.png", "alpha.png"))


def test_a_picture_that_exif_turns_is_turned(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(turned_jpeg())
    file = read_file(tmp_path / "a.jpg")
    assert isinstance(file, PictureFile)
    assert file.pixels.shape == (WIDTH, HEIGHT, 3)
    assert file.stored_px == (WIDTH, HEIGHT)
    assert file.pixels[: WIDTH // 2 - 8].mean() < 10 < file.pixels[WIDTH // 2 + 8 :].mean()
    assert file.converted == "turned by EXIF"


def test_what_is_transparent_lies_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (WIDTH, HEIGHT), (0, 0, 0, 0)).save(tmp_path / "a.png")
    file = read_file(tmp_path / "a.png")
    assert isinstance(file, PictureFile)
    assert (file.pixels == 255).all()


def huge_png() -> bytes:
    """30,000 x 30,000 pixels in a few bytes."""
    data = bytearray(encoded(Image.new("1", (8, 8)), "PNG"))
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


BROKEN = {
    "empty.jpg": (b"", "empty"),
    "text.jpg": (b"this is no picture", "not a picture"),
    "half.jpg": (GOOD["plain.jpg"][: len(GOOD["plain.jpg"]) // 2], "cut off"),
    "half.png": (GOOD["grey.png"][:60], "cut off"),
    "damaged.png": (GOOD["alpha.png"][:60] + bytes(30) + GOOD["alpha.png"][90:], "broken"),
    "pixel.png": (encoded(Image.new("RGB", (1, 1)), "PNG"), "show nothing"),
    "huge.png": (huge_png(), "at most|exceeds limit"),
    "header.jpg": (b"\xff\xd8\xff\xd9", "not a picture"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_every_kind_of_broken_picture_is_a_sentence(tmp_path: Path, name: str) -> None:
    data, reason = BROKEN[name]
    (tmp_path / name).write_bytes(data)
    said = read_file(tmp_path / name)
    assert isinstance(said, str)
    assert re.search(reason, said)


def test_a_full_disk_is_no_silence(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "a.jpg", scene(1), 90)
    assert isinstance(read_file(tmp_path / "a.jpg"), PictureFile)
    with pytest.raises(OSError, match="No space left"):
        write_jpeg(Path("/dev/full"), scene(1), 90)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    assert "cannot be read" in str(read_file(tmp_path / "none.jpg"))


def test_recompressed_resized_and_brightened_pictures_are_alike() -> None:
    original = scene(1)
    _, data = cv2.imencode(".jpg", original, [cv2.IMWRITE_JPEG_QUALITY, 40])
    copies = [
        cv2.imdecode(data, cv2.IMREAD_COLOR),
        cv2.resize(original, (240, 180)),
        np.clip(original.astype(int) + 8, 0, 255).astype(np.uint8),
    ]
    assert all(alike(look_of(original), look_of(np.asarray(copy, np.uint8)), 4) for copy in copies)


def test_different_scenes_and_flat_pictures_are_not_alike() -> None:
    looks = [look_of(scene(seed)) for seed in range(12)]
    flat = [look_of(np.full((60, 80, 3), level, np.uint8)) for level in (10, 120, 240)]
    assert list(alike_pairs([*looks, *flat], 6)) == []
    assert flat[0].bits == flat[1].bits  # the hash alone would call them one


def test_pairs_are_found_and_joined_into_groups() -> None:
    looks = [look_of(scene(seed)) for seed in (1, 2, 1, 3, 2, 1)]
    assert list(alike_pairs(looks, 0)) == [(0, 2), (0, 5), (1, 4), (2, 5)]
    assert groups(6, list(alike_pairs(looks, 0))) == [0, 1, 0, 3, 1, 0]
    assert groups(3, [(1, 2), (0, 1)]) == [0, 0, 0]


def test_bits_are_counted() -> None:
    numbers = np.array([0, 1, 2**64 - 1, 0xF0F0], np.uint64)
    assert differing_bits(numbers).tolist() == [0, 1, 64, 8]


@pytest.mark.parametrize(("width", "height"), [(64, 48), (48, 64), (300, 100), (640, 640), (9, 200)])
def test_a_letterboxed_box_covers_the_same_pixels(width: int, height: int) -> None:
    picture = np.full((height, width, 3), 10, np.uint8)
    picture[height // 4 : height // 2, width // 3 : width * 2 // 3] = 250
    share = LabelledBox(0, 0.5, 0.375, 1 / 3, 0.25)
    square, (box,) = letterboxed(picture, [share], 320)
    assert square.shape == (320, 320, 3)
    ys, xs = np.nonzero(square[..., 0] > 200)
    seen = (xs.min() / 320, ys.min() / 320, (xs.max() + 1) / 320, (ys.max() + 1) / 320)
    assert box.xyxy() == pytest.approx(seen, abs=0.02)
    assert (square == PAD_VALUE).any() == (width != height)


@pytest.mark.parametrize(("width", "height", "expected"), [(640, 480, (240, 320)), (100, 50, (50, 100))])
def test_shrinking_never_enlarges(width: int, height: int, expected: tuple[int, int]) -> None:
    assert shrunk(np.zeros((height, width, 3), np.uint8), 320).shape[:2] == expected
