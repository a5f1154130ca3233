"""Live sources: a camera of this machine and a stream by RTSP. Time is the moment when a picture arrives."""

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from ingest.errors import InputError
from ingest.picture import unusable
from ingest.sources.device import CLASS, device_of
from ingest.sources.quiet import quiet
from ingest.sources.source import Kind, Picture, Unreadable, Wanted
from ingest.sources.video import everything

ANSWER_MS = 10_000  # a stream that is silent for longer is taken for lost
RETURN_S = 30.0  # how long a lost source is tried again
RETRY_S = 0.5

Open = Callable[[], cv2.VideoCapture]


class LiveCapture:
    """Pictures as they come. A source that is lost is opened again for RETURN_S; then `failure` says so."""

    live = True
    expected_frames: int | None = None
    duration_ms: int | None = None
    unreadable: Unreadable | None = None

    def __init__(self, kind: Kind, name: str, open_capture: Open, mend: str, return_s: float = RETURN_S) -> None:
        """Raises: InputError when no picture comes."""
        self.kind: Kind = kind
        self.name = name
        self.failure: str | None = None
        self._stopped = False
        self._open_capture, self._return_s = open_capture, return_s
        quiet()
        self._capture = open_capture()
        why = _why_not(self._capture)
        if why is not None:
            self._capture.release()
            raise InputError(name, why, mend)
        self._first_s = self._last_s = time.monotonic()

    @property
    def elapsed_ms(self) -> int:
        return round((self._last_s - self._first_s) * 1000)

    def __iter__(self) -> Iterator[Picture]:
        return self.sampled(everything)

    def sampled(self, wanted: Wanted) -> Iterator[Picture]:
        self._first_s = time.monotonic()
        while self._grab():
            self._last_s = time.monotonic()
            offset_ms = self.elapsed_ms
            if wanted(offset_ms):
                decoded, bgr = self._capture.retrieve()
                if decoded:
                    yield Picture(offset_ms, np.asarray(bgr, np.uint8))
        if not self._stopped:
            self.failure = f"{self.name} gave no picture for {self._return_s:.0f} s"

    def _grab(self) -> bool:
        """Wait for the next picture, opening the source again when it is lost; False when it does not come back."""
        deadline = time.monotonic() + self._return_s
        while not self._stopped and not self._capture.grab():
            if time.monotonic() >= deadline:
                return False
            time.sleep(RETRY_S)
            self._capture.release()
            self._capture = self._open_capture()
        return not self._stopped

    def stop(self) -> None:
        self._stopped = True

    def close(self) -> None:
        self._capture.release()


class Camera(LiveCapture):
    """A camera of this machine by its index, or a program that passes for one."""

    def __init__(self, index: int, return_s: float = RETURN_S, devices: Path = CLASS) -> None:
        mend = "Plug it in, choose another index, or close the program that uses it"
        kind, name = camera_kind(index, devices), f"camera:{index}"
        super().__init__(kind, name, lambda: cv2.VideoCapture(index), mend, return_s)


def camera_kind(index: int, devices: Path = CLASS) -> Kind:
    """A camera is a device unless the system says otherwise."""
    device = device_of(index, devices)
    return "virtual_camera" if device is not None and device.is_program else "camera"


class RtspStream(LiveCapture):
    """A stream by RTSP over TCP. The password in an address is never shown."""

    def __init__(self, address: str, answer_ms: int = ANSWER_MS, return_s: float = RETURN_S) -> None:
        os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, answer_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, answer_ms]
        mend = "Check the address, the password and that the camera is on"
        name = re.sub(r"//[^/@]*@", "//", address)
        super().__init__("rtsp", name, lambda: cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits), mend, return_s)


def _why_not(capture: cv2.VideoCapture) -> str | None:
    if not capture.isOpened():
        return "does not answer"
    if not capture.grab():
        return "gives no picture"
    return unusable(int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
