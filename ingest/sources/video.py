"""Video files: mp4, mov, mkv, webm, gif, avi, ogg, flv, mpeg, decoded by OpenCV's own FFmpeg."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from ingest.errors import InputError
from ingest.picture import unusable
from ingest.sampling import CaptureClock, stated_interval_ms
from ingest.sound.record import Sound
from ingest.sound.track import open_sound
from ingest.sources.container import check_container, sound_only
from ingest.sources.quiet import quiet
from ingest.sources.source import Kind, Picture, Unreadable, Wanted

SHARE_MISSING = (
    0.1  # a container's own length is an estimate (sound may outlast the pictures): below this is no failure
)
LEAST_MISSING_MS = 1_000
MOST_BROKEN = 30
"""Pictures in a row that cannot be decoded are passed over, up to a second of them."""


def everything(_: int) -> bool:
    """Wants every picture."""
    return True


class VideoFile:
    """A recorded video. One that breaks off midway gives what can be read and then says so in `failure`."""

    live = False
    unreadable: Unreadable | None = None

    def __init__(self, path: Path, kind: Kind = "file", name: str = "") -> None:
        """Raises: InputError when no picture can be read from `path`."""
        self.kind: Kind = kind
        self.name = name or path.name
        self.failure: str | None = None
        self._stopped = False
        self._path = path
        self._capture = self._open()
        self._clock = CaptureClock(stated_interval_ms(self._capture.get(cv2.CAP_PROP_FPS)))

    def _open(self) -> cv2.VideoCapture:
        check_container(self._path)
        quiet()
        # One decoding thread: sessions run side by side, each in a thread of its own.
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        try:
            self._check(capture)
        except InputError:
            capture.release()
            raise
        return capture

    def _check(self, capture: cv2.VideoCapture) -> None:
        what = str(self._path)
        if not capture.isOpened():
            raise sound_only(self._path) or InputError(
                what,
                "is no video, or one that was cut off before its index",
                "Record it again, or repair it with FFmpeg",
            )
        width, height = (int(capture.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        why = unusable(width, height)
        if why is not None:
            raise InputError(what, f"has the wrong size: {why}", "Scale it to something between 320 and 1920 px wide")
        if not capture.grab():
            raise InputError(
                what, "holds no picture that can be decoded", "Check that it plays, and record it again if not"
            )

    @property
    def expected_frames(self) -> int | None:
        stated = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        return int(stated) if 0 < stated < 1e9 else None

    @property
    def duration_ms(self) -> int | None:
        """OpenCV's count, where the container has none, is length times rate: this gives the length back."""
        frames, fps = self.expected_frames, self._capture.get(cv2.CAP_PROP_FPS)
        return round(frames * 1000 / fps) if frames and fps > 0 else None

    @property
    def elapsed_ms(self) -> int:
        return self._clock.end_ms

    def sound(self) -> Sound | None:
        """The file's sound track, on the clock of its pictures; None: it has none."""
        return open_sound(self._path, self.name)

    def __iter__(self) -> Iterator[Picture]:
        return self.sampled(everything)

    def sampled(self, wanted: Wanted) -> Iterator[Picture]:
        read = 0
        grabbed = True  # the first picture was grabbed when the file was opened
        while grabbed and not self._stopped:
            read += 1
            picture = self._picture(wanted)
            if picture is not None:
                yield picture
            grabbed = self._grabbed()
        self.failure = None if self._stopped else self._broken_off(read)

    def _grabbed(self) -> bool:
        """Go on to the next picture, past some that cannot be decoded; False at the end."""
        return any(self._capture.grab() for _ in range(MOST_BROKEN))

    def _picture(self, wanted: Wanted) -> Picture | None:
        offset_ms = self._clock.offset_ms(self._capture.get(cv2.CAP_PROP_POS_MSEC))
        if offset_ms is None or not wanted(offset_ms):
            return None
        decoded, bgr = self._capture.retrieve()
        return Picture(offset_ms, np.asarray(bgr, np.uint8)) if decoded else None

    def _broken_off(self, read: int) -> str | None:
        """A container that states more pictures and a longer time than could be read was cut off or is damaged."""
        frames, duration_ms = self.expected_frames, self.duration_ms
        if frames is None or duration_ms is None or read >= frames * (1 - SHARE_MISSING):
            return None
        missing_ms = duration_ms - self.elapsed_ms
        if missing_ms < max(LEAST_MISSING_MS, duration_ms * SHARE_MISSING):
            return None
        return f"{self.name} breaks off after {self.elapsed_ms / 1000:.1f} of {duration_ms / 1000:.1f} s"

    def stop(self) -> None:
        self._stopped = True

    def close(self) -> None:
        self._capture.release()
