"""Picture files of any origin as BGR arrays, or why not; turned and converted where needed."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ingest.image_header import is_whole
from triton_models.pictures import MAX_PICTURE_PX

EXIF_ORIENTATION = 0x0112
SMALLEST_SIDE_PX = 8
"""Less shows nothing that a person could label."""
SIXTEEN_BIT = frozenset({"I;16", "I;16B", "I;16L", "I"})


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture BGR uint8 [h, w, 3] as a viewer shows it, its size as stored, and what was done to it."""

    pixels: NDArray[np.uint8]
    stored_px: tuple[int, int]
    converted: str = ""


def read_file(path: Path) -> PictureFile | str:
    """A picture file, decoded whole; a sentence where that cannot be done. Nothing large is allocated unasked."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if not data:
        return "an empty file"
    if not is_whole(data):
        return "cut off: its end is missing"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's word on odd EXIF and large pictures; sizes are checked here
            return decoded(Image.open(io.BytesIO(data)))
    except UnidentifiedImageError:
        return "not a picture"
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        return f"broken: {str(error).splitlines()[0] if str(error) else type(error).__name__}"


def write_jpeg(path: Path, picture: NDArray[np.uint8], quality: int) -> None:
    """Write a BGR picture as JPEG. Raises OSError when the disk is full, which OpenCV's own writing only returns."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    path.write_bytes(data.tobytes())


def decoded(image: Image.Image) -> PictureFile | str:
    """An opened picture decoded, turned as EXIF says and made BGR."""
    width, height = image.size
    if width * height > MAX_PICTURE_PX:
        return f"{width}x{height} pixels; at most {MAX_PICTURE_PX} are decoded"
    if min(width, height) < SMALLEST_SIDE_PX:
        return f"{width}x{height} pixels show nothing"
    image.load()
    turned = image.getexif().get(EXIF_ORIENTATION, 1) not in (0, 1)
    done = ["turned by EXIF"] if turned else []
    done += [] if image.mode in ("RGB", "L") else [f"from {image.mode}"]
    plain = as_rgb(ImageOps.exif_transpose(image) if turned else image)
    return PictureFile(np.ascontiguousarray(np.asarray(plain, np.uint8)[..., ::-1]), (width, height), ", ".join(done))


def as_rgb(image: Image.Image) -> Image.Image:
    """8 bits a colour: 16-bit grey keeps its high byte, what is transparent lies on white."""
    if image.mode in SIXTEEN_BIT:
        return Image.fromarray((np.asarray(image, np.int64) // 256).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")
