"""Sound for tests, made by rule: a voice of vowels and hisses that passes for speech, and other noises."""

import numpy as np
from numpy.typing import NDArray

from ingest.sound.record import RATE_HZ

Samples = NDArray[np.float64]
_VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))
"""First three formants in Hz (Peterson and Barney, 1952)."""
_WIDTHS_HZ = (80, 100, 140)


def voice(seconds: float, seed: int = 1, dbfs: float = -26.0) -> Samples:
    """Somebody who says vowels: pulses of 120 Hz that glide, through formants that move, four syllables a second."""
    rng = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    pitch_hz = 118 + 14 * np.sin(2 * np.pi * 0.6 * at) + 6 * np.sin(2 * np.pi * 2.7 * at)
    phase = np.cumsum(pitch_hz) / RATE_HZ
    pulses = np.diff(np.floor(phase), prepend=0.0)
    syllables = [_VOWELS[n] for n in rng.integers(0, len(_VOWELS), round(seconds * 4) + 2)]
    spoken = np.zeros(len(at))
    for formant in range(3):
        knots = [one[formant] for one in syllables]
        spoken += _resonance(pulses, np.interp(at * 4, np.arange(len(knots)), knots), _WIDTHS_HZ[formant])
    swell = 0.25 + 0.75 * np.clip(np.sin(2 * np.pi * 4 * at - 1.2) + 0.45, 0, 1)
    hiss = np.diff(rng.normal(0, 1, len(at) + 1)) * np.clip(np.sin(2 * np.pi * 4 * at + 2.0) - 0.7, 0, 1)
    return at_level(spoken * swell / np.abs(spoken).max() + 0.05 * hiss, dbfs)


def _resonance(pulses: Samples, centre_hz: Samples, width_hz: float) -> Samples:
    """A two-pole filter whose centre moves."""
    radius = np.exp(-np.pi * width_hz / RATE_HZ)
    turn = 2 * radius * np.cos(2 * np.pi * centre_hz / RATE_HZ)
    out, before, last = np.zeros(len(pulses)), 0.0, 0.0
    for n, pulse in enumerate(pulses):
        now = pulse + turn[n] * last - radius * radius * before
        out[n], before, last = now, last, now
    return out


def at_level(samples: Samples, dbfs: float) -> Samples:
    """Scaled to this RMS level."""
    power = np.sqrt(np.mean(samples**2))
    return samples * (10 ** (dbfs / 20) / power) if power else samples


def noise(seconds: float, kind: str, dbfs: float = -35.0) -> Samples:
    """ "white", "hum" of the mains, "tones" like music, "clicks" like typing, or "silence"."""
    rng = np.random.default_rng(7)
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    match kind:
        case "white":
            made = rng.normal(0, 1, len(at))
        case "hum":
            made = sum((np.sin(2 * np.pi * 50 * n * at) / n for n in (1, 2, 3, 5)), np.zeros(len(at)))
        case "tones":
            pitch = 220 * 2 ** (rng.integers(0, 24, len(at) // 5000 + 1).repeat(5000)[: len(at)] / 12)
            made = np.sin(2 * np.pi * np.cumsum(pitch) / RATE_HZ) * np.exp(-(np.arange(len(at)) % 5000) / 3000)
        case "clicks":
            made = rng.normal(0, 1, len(at)) * np.exp(-(np.arange(len(at)) % 3100) / 60)
        case _:
            made = np.zeros(len(at))
    return at_level(made, dbfs)


def pcm(samples: Samples) -> bytes:
    """As a record holds it; what is too loud is clipped."""
    return bytes(np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
