"""Frames to choose from: a folder of pictures, a video, or frames kept of observed sessions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import InputError
from triton_models.dataset.picture_files import write_jpeg
from triton_models.dataset.source_labels import pictures_in
from triton_models.dataset.split import AUGMENTATION_MARK
from triton_models.making.frames import video_files, video_frames

QUALITY = 95
NUMBER = re.compile(r"(?:^|(?<=[_-]))(\d{1,9})$")
"""A frame's number at the end of a name; the digest that ends an augmented copy's name is none."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture on disk: which session, video or folder it belongs to, its number and time there."""

    group: str
    seq: int
    time_ms: int
    path: Path

    @property
    def key(self) -> str:
        """A name for files, unlike that of any other frame."""
        plain = re.sub(r"[^A-Za-z0-9_-]", "_", self.group)
        return f"{plain}_{self.seq:06d}"


def from_pictures(folder: Path) -> list[Frame]:
    """Every picture of a folder, each a moment of its own unless its name ends in a number (then a frame a second)."""
    found = pictures_in(folder) if folder.is_dir() else []
    if not found:
        raise InputError(str(folder), "holds no pictures", "Name a folder of pictures")
    frames = []
    for index, path in enumerate(found):
        number = None if AUGMENTATION_MARK in path.name else NUMBER.search(path.stem)
        group = (
            str(path.relative_to(folder).with_suffix("")) if number is None else str(path.relative_to(folder).parent)
        )
        stem = path.stem if number is None else path.stem[: number.start()]
        seq = index if number is None else int(number.group())
        frames.append(Frame(f"{group}_{stem}" if number else group, seq, seq * 1000, path))
    return frames


def from_videos(path: Path, step_ms: int, scratch: Path) -> Iterator[Frame]:
    """Frames of a video, or of every video of a folder, about every step_ms, written into a scratch folder."""
    if not path.exists():
        raise InputError(str(path), "does not exist", "Name a video, or a folder of videos")
    for video in video_files(path):
        for index, picture in enumerate(video_frames(video, step_ms)):
            place = scratch / f"{video.stem}_{index:06d}.jpg"
            write_jpeg(place, picture, QUALITY)
            yield Frame(video.stem, index, index * step_ms, place)


def kept_frame(folder: Path, session: str, seq: int) -> Path | None:
    """The picture of an observed frame: `<session>/<seq>.jpg` or `<session>_<seq>.jpg`; None where it was not kept."""
    if "/" in session or session in ("", ".", ".."):
        return None
    names = (folder / session / f"{seq}.jpg", folder / f"{session}_{seq}.jpg", folder / session / f"{seq:06d}.jpg")
    return next((name for name in names if name.is_file()), None)
