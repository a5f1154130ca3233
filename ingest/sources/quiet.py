"""OpenCV and FFmpeg print to standard error what we say ourselves, in one line and in our words: silence them."""

import os

import av.logging
import cv2

AV_LOG_QUIET = "-8"


def quiet() -> None:
    """Silence both, unless the environment asks for their words; one thread a call, since sessions run side by side.

    FFmpeg takes its setting at its first use: call this before anything else opens or writes a video.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", AV_LOG_QUIET)
    if "OPENCV_LOG_LEVEL" not in os.environ:
        cv2.setLogLevel(0)
    av.logging.set_level(av.logging.PANIC)  # PyAV brings an FFmpeg of its own
    cv2.setNumThreads(1)
