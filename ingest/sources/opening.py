"""From what a person typed to a source of pictures."""

from pathlib import Path

from ingest.errors import InputError
from ingest.sources.camera import Camera, RtspStream
from ingest.sources.folder import PictureFolder
from ingest.sources.quiet import quiet
from ingest.sources.source import Source
from ingest.sources.synthetic import open_exam
from ingest.sources.video import VideoFile


def open_source(spec: str) -> Source:
    """Open `spec`: the path of a video or GIF, a folder of pictures, "camera:0", "rtsp://...", or "exam:SEED".

    Raises: InputError when there is nothing to read, telling why and what to do.
    """
    quiet()
    scheme, _, rest = spec.partition(":")
    if scheme == "camera":
        return Camera(_number(spec, rest, "camera:0"))
    if scheme == "exam":
        return open_exam(_number(spec, rest, "exam:2"))
    if scheme in ("rtsp", "rtsps") and rest.startswith("//"):
        return RtspStream(spec)
    path = Path(spec)
    return PictureFolder(path) if path.is_dir() else VideoFile(path)


def _number(spec: str, text: str, example: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise InputError(spec, "needs a whole number after the colon", f"Write it like {example}")
    return int(text)
