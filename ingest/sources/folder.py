"""A folder of pictures in the order of their names, as if taken at an even pace."""

import re
from collections.abc import Iterator
from pathlib import Path

from ingest.errors import InputError
from ingest.image_header import flaw, image_size, is_plain_jpeg, kind_of
from ingest.picture import decode, unusable
from ingest.sources.container import unreadable_path
from ingest.sources.quiet import quiet
from ingest.sources.source import Kind, Picture, Unreadable, Wanted
from ingest.sources.video import everything

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
READABLE = (b"\xff\xd8", b"\x89PNG", b"BM", b"RIFF")
PICTURES_PER_S = 2  # the pipeline's usual rate, so that each picture becomes one frame
LARGEST_FILE_BYTES = 256 << 20


class PictureFolder:
    """Pictures that cannot be used are left out, counted in `unreadable`, and keep their place in time."""

    kind: Kind = "folder"
    live = False

    def __init__(self, folder: Path) -> None:
        """Raises: InputError when there is no picture in the folder that can be used."""
        quiet()
        self.name = folder.resolve().name
        self.failure: str | None = None
        self._stopped = False
        self.unreadable: Unreadable | None = None
        self._files = _pictures(folder)
        self._elapsed_ms = 0
        reasons = {file: _why_not(file) for file in self._files[:1]} if self._files else {}
        if all(reasons.values()) and all(map(_why_not, self._files)):
            why = next(iter(reasons.values()), None)
            first = f"; {self._files[0].name}: {why}" if why else ""
            raise InputError(str(folder), f"holds no picture that can be used{first}", f"Give {_kinds()} files")

    @property
    def expected_frames(self) -> int | None:
        return len(self._files)

    @property
    def duration_ms(self) -> int | None:
        return len(self._files) * 1000 // PICTURES_PER_S

    @property
    def elapsed_ms(self) -> int:
        return self._elapsed_ms

    def __iter__(self) -> Iterator[Picture]:
        return self.sampled(everything)

    def sampled(self, wanted: Wanted) -> Iterator[Picture]:
        for index, file in enumerate(self._files):
            if self._stopped:
                return
            offset_ms = index * 1000 // PICTURES_PER_S
            self._elapsed_ms = offset_ms + 1000 // PICTURES_PER_S
            if not wanted(offset_ms):
                continue
            picture = _read(file, offset_ms)
            if picture is None:
                self._leave_out(offset_ms)
            else:
                yield picture

    def _leave_out(self, offset_ms: int) -> None:
        before = self.unreadable or Unreadable(0, offset_ms, offset_ms)
        self.unreadable = Unreadable(before.count + 1, before.from_offset_ms, offset_ms)

    def stop(self) -> None:
        self._stopped = True

    def close(self) -> None:
        self._files = []


def _pictures(folder: Path) -> list[Path]:
    try:
        files = [f for f in folder.iterdir() if f.suffix.lower() in SUFFIXES and f.is_file()]
    except OSError as error:
        raise unreadable_path(folder, error) from error
    return sorted(files, key=_natural)


def _natural(file: Path) -> list[tuple[int, str]]:
    """Numbers in names count as numbers: frame9 before frame10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", file.name)]


def _why_not(file: Path) -> str | None:
    """Why a file cannot be used, from its head and its end alone; None when it looks as if it could."""
    found = _usable(file)
    return found if isinstance(found, str) else None


def _usable(file: Path) -> bytes | str:
    """A file's bytes, read once (it may change or go meanwhile), or why it cannot be used."""
    try:
        if file.stat().st_size > LARGEST_FILE_BYTES:
            return "the file is too large"
        data = file.read_bytes()
    except OSError as error:
        return error.strerror or str(error)
    size = image_size(data)
    if size is None:
        return "has no readable header" if data.startswith(READABLE) else f"is {kind_of(data)}"
    return unusable(*size) or flaw(data) or data


def _read(file: Path, offset_ms: int) -> Picture | None:
    data = _usable(file)
    if isinstance(data, str):
        return None
    bgr = decode(data)
    return None if bgr is None else Picture(offset_ms, bgr, data if is_plain_jpeg(data) else None)


def _kinds() -> str:
    return ", ".join(sorted(suffix.removeprefix(".") for suffix in SUFFIXES))
