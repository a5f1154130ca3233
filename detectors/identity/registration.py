"""When a session's face is registered, and what later faces are compared with. Pure: time and pictures come in.

A session waits for `samples` fit faces in a row that agree with each other; their mean is its reference. It waits only
for the first `within_ms` of capture time, so that nobody who comes later is taken for the candidate.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from detectors.identity.embedder import Embedding, unit
from detectors.identity.sealing import Fault, Reference

Reason = Literal["no_fit_face"] | Fault
"""Why an identity is unknown: no fit face in time; a reference that cannot be opened."""


@dataclass(frozen=True, slots=True)
class RegistrationRule:
    """Numbers of a registration.

    `samples` 5, `apart_ms` 400: two seconds of somebody who looks at the screen; one odd picture cannot become the
    reference. `within_ms`: calibration (8 s, tried twice) and time to sit down. `agree`: each sample's cosine to the
    mean of the others, at least.
    """

    samples: int = 5
    apart_ms: int = 400
    within_ms: int = 60_000
    agree: float = 0.5


@dataclass(frozen=True, slots=True, repr=False)
class Waiting:
    """Not registered yet; `samples` are the latest fit faces. Its text form shows nothing."""

    began_ms: int
    samples: tuple[Embedding, ...] = ()
    last_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """Compared from now on. `doubted`: the last face compared was not alike."""

    reference: Reference
    doubted: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is said of this session's identity any more."""

    reason: Reason


Identity = Waiting | Registered | Unknown


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """One frame's largest face: `embedding` None where no face was fit to be compared. Its text form shows nothing."""

    session: str
    seq: int
    capture_ms: int
    embedding: Embedding | None
    registrable: bool = False


def register(rule: RegistrationRule, model: str, waiting: Waiting, seen: Seen) -> Identity:
    """The state after one more frame; Registered with the frame that completes the samples."""
    if seen.capture_ms - waiting.began_ms > rule.within_ms:
        return Unknown("no_fit_face")
    if seen.embedding is None or not seen.registrable or _too_soon(rule, waiting, seen):
        return waiting
    samples = (*waiting.samples, seen.embedding)[-rule.samples :]
    if len(samples) == rule.samples and _agree(rule, samples):
        return Registered(Reference(seen.session, model, seen.seq, _mean(samples)))
    return Waiting(waiting.began_ms, samples, seen.capture_ms)


def similarity(reference: Reference, seen: Seen) -> float | None:
    """Cosine to three digits, -1 to 1; None without a fit face, and for the frames that registered it."""
    if seen.embedding is None or seen.seq <= reference.seq or seen.embedding.shape != reference.embedding.shape:
        return None
    cosine = float(reference.embedding.astype(np.float64) @ seen.embedding.astype(np.float64))
    return round(min(1.0, max(-1.0, cosine)), 3) + 0.0


def _too_soon(rule: RegistrationRule, waiting: Waiting, seen: Seen) -> bool:
    return waiting.last_ms is not None and seen.capture_ms - waiting.last_ms < rule.apart_ms


def _agree(rule: RegistrationRule, samples: tuple[Embedding, ...]) -> bool:
    """Whether each is like the mean of the others."""
    others = (_mean((*samples[:place], *samples[place + 1 :])) for place in range(len(samples)))
    return all(float(one @ mean) >= rule.agree for one, mean in zip(samples, others, strict=True))


def _mean(samples: tuple[Embedding, ...]) -> Embedding:
    return unit(np.mean(np.stack(samples), axis=0, dtype=np.float64))
