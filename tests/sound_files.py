"""Videos with sound for tests, written with PyAV: grey pictures, and tones whose times are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

PICTURES_PER_S = 10
Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Recording:
    """A video to be written. `bursts`: (from_s, to_s) of a 440 Hz tone at half scale, else silence.

    `sound_at_s`: when the sound track begins, after the pictures. `holes`: (from_s, to_s) for which the track has no
    packets at all.
    """

    seconds: float = 4.0
    codec: str = "aac"
    rate_hz: int = 48_000
    layout: str = "stereo"
    sample_format: str = "fltp"
    bursts: Sequence[tuple[float, float]] = ((1.0, 2.0),)
    sound_at_s: float = 0.0
    sound_s: float | None = None
    holes: Sequence[tuple[float, float]] = ()
    picture_codec: str = "mpeg4"
    has_sound: bool = True


def tone(rate_hz: int, seconds: float, bursts: Sequence[tuple[float, float]]) -> Samples:
    """Mono samples in -1..1."""
    at = np.arange(round(rate_hz * seconds)) / rate_hz
    heard = np.zeros(len(at), bool)
    for from_s, to_s in bursts:
        heard |= (at >= from_s) & (at < to_s)
    return np.where(heard, 0.5 * np.sin(2 * np.pi * 440 * at), 0.0)


def write(path: Path, recording: Recording, mono: Samples | None = None) -> Path:
    """Write it; `mono`: this sound, at the recording's rate, in place of bursts."""
    with av.open(str(path), "w") as file:
        pictures: Any = file.add_stream(recording.picture_codec, rate=PICTURES_PER_S)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        if recording.has_sound:
            sound: Any = file.add_stream(
                recording.codec, rate=recording.rate_hz, layout=recording.layout, format=recording.sample_format
            )
            for packet in _sound_packets(sound, recording, mono):
                file.mux(packet)
        for number in range(round(recording.seconds * PICTURES_PER_S)):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number % 200, np.uint8), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, PICTURES_PER_S)
            file.mux(pictures.encode(picture))
        file.mux(pictures.encode(None))
    return path


def _sound_packets(sound: Any, recording: Recording, mono: Samples | None) -> list[Any]:
    """Encoded in frames of 20 ms; packets of a hole are left out."""
    rate_hz, planar = recording.rate_hz, recording.sample_format.endswith("p")
    seconds = recording.seconds - recording.sound_at_s if recording.sound_s is None else recording.sound_s
    bursts = [(a - recording.sound_at_s, b - recording.sound_at_s) for a, b in recording.bursts]
    mono = tone(rate_hz, seconds, bursts) if mono is None else mono
    channels = sound.codec_context.layout.nb_channels
    step = sound.codec_context.frame_size or rate_hz // 50
    packets: list[Any] = []
    for start in range(0, len(mono), step):
        part = np.tile(mono[start : start + step], (channels, 1))
        whole = _scaled(part if planar else part.T.reshape(1, -1), recording.sample_format)
        frame = av.AudioFrame.from_ndarray(whole, format=recording.sample_format, layout=recording.layout)
        frame.rate, frame.time_base = rate_hz, Fraction(1, rate_hz)
        frame.pts = start + round(recording.sound_at_s * rate_hz)
        packets += sound.encode(frame)
    packets += sound.encode(None)
    return [p for p in packets if not _is_in_hole(p, recording)]


def _is_in_hole(packet: Any, recording: Recording) -> bool:
    at_s = float((packet.pts or 0) * packet.time_base)
    return any(from_s <= at_s < to_s for from_s, to_s in recording.holes)


def _scaled(samples: Samples, sample_format: str) -> Any:
    whole = np.ascontiguousarray(samples)
    match sample_format.removesuffix("p"):
        case "s16":
            return (whole * 32767).astype(np.int16)
        case "s32":
            return (whole * 2147483647).astype(np.int32)
        case "u8":
            return (whole * 127 + 128).astype(np.uint8)
        case "dbl":
            return whole
        case _:
            return whole.astype(np.float32)
