"""What a file is, by its first bytes: only real video containers are handed to the decoder.

FFmpeg guesses, and would follow a text file that is a playlist to other files and addresses.
"""

from pathlib import Path

from ingest.errors import InputError

HEAD_BYTES = 1 << 20
MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
VIDEO_STARTS = (b"\x1a\x45\xdf\xa3", b"GIF8", b"FLV\x01", b"OggS", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3")
SOUND_STARTS = (
    b"ID3",
    b"fLaC",
    b"\xff\xfb",
    b"\xff\xf3",
    b"\xff\xf2",
    b"\xff\xf1",
    b"\xff\xf9",
    b"FORM",
    b"MThd",
    b"#!AMR",
)
TRANSPORT_STREAM = (b"\x47", 188)
KINDS = "mp4, mov, mkv, webm, gif, avi, ogg, flv or mpeg"
NO_PICTURES = "Give a recording with a camera's pictures in it"


def check_container(path: Path) -> None:
    """Raises: InputError when `path` cannot be read or does not begin like a video."""
    head = _head(path)
    if not head:
        raise InputError(str(path), "is empty", "Check that the recording was finished")
    if head.startswith(SOUND_STARTS) or (head[:4] == b"RIFF" and head[8:12] == b"WAVE"):
        raise InputError(str(path), "holds sound only", NO_PICTURES)
    if not _begins_like_video(head):
        raise InputError(str(path), "is not a video", f"Give one of {KINDS}")


def sound_only(path: Path) -> InputError | None:
    """The error for a container that names sound tracks and no picture track, if `path` is one."""
    data = _head(path) + _tail(path)
    mp4 = b"soun" in data and b"vide" not in data
    matroska = data.startswith(b"\x1a\x45\xdf\xa3") and b"A_" in data and b"V_" not in data
    ogg = data.startswith(b"OggS") and b"theora" not in data
    return InputError(str(path), "holds sound only", NO_PICTURES) if mp4 or matroska or ogg else None


def _begins_like_video(head: bytes) -> bool:
    sync, step = TRANSPORT_STREAM
    return (
        head[4:8] in MP4_BOXES
        or head.startswith(VIDEO_STARTS)
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or (head[:1] == sync and head[step : step + 1] == sync)
    )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise unreadable_path(path, error) from error


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - HEAD_BYTES))
        return file.read(HEAD_BYTES)


def unreadable_path(path: Path, error: OSError) -> InputError:
    """What to tell a person whose path cannot be opened."""
    if isinstance(error, FileNotFoundError):
        return InputError(str(path), "does not exist", "Check the path")
    if isinstance(error, PermissionError):
        return InputError(str(path), "may not be read by this user", "Allow it, for example with chmod +r")
    return InputError(str(path), f"cannot be read: {error.strerror or error}", "Check the path and the disk")
