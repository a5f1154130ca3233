"""Videos with pictures and a sound of one's own, written with PyAV: H.264, and AAC at 16 kHz."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from ingest.sound.record import RATE_HZ

Bgr = NDArray[np.uint8]
Samples = NDArray[np.float64]
CRF = "20"
AAC_SAMPLES = 1024


def write_voiced(path: Path, pictures: Iterable[Bgr], fps: int, sound: Samples | None = None) -> Path:
    """`pictures`: uint8 [h, w, 3], all of one even size. `sound`: mono in -1 to 1; None: no track."""
    with av.open(str(path), "w") as file:
        track: Any = file.add_stream("aac", rate=RATE_HZ, layout="mono") if sound is not None else None
        video: Any = None
        for number, bgr in enumerate(pictures):
            if video is None:
                video = _video(file, bgr, fps)
                for packet in _sound_packets(track, sound) if sound is not None else ():
                    file.mux(packet)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(bgr), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
    return path


def _video(file: Any, bgr: Bgr, fps: int) -> Any:
    video = file.add_stream("libx264", rate=fps, options={"crf": CRF, "preset": "veryfast", "threads": "1"})
    video.height, video.width = bgr.shape[:2]
    video.pix_fmt = "yuv420p"
    return video


def _sound_packets(track: Any, sound: Samples) -> list[Any]:
    packets: list[Any] = []
    for start in range(0, len(sound), AAC_SAMPLES):
        part = sound[None, start : start + AAC_SAMPLES].astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), format="fltp", layout="mono")
        frame.rate, frame.pts, frame.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
        packets += track.encode(frame)
    return [*packets, *track.encode(None)]
