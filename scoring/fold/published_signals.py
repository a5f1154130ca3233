"""Signals that are published as numbers, hands, sound and likeness: taken as they are, unknown where they are not
finite."""

from math import isfinite

from detectors.messages import HandsObserved, IdentityObserved, SpeechObserved


def hand_values(seen: HandsObserved, phone_in_view: bool) -> list[float | None]:
    """In the order of the slots. A hand beside a phone holds it and does not sign, however its fingers stand."""
    signalling = 0.0 if phone_in_view else _finite(seen.signalling)
    return [_finite(seen.at_face), signalling, _finite(seen.holding)]


def speech_values(seen: SpeechObserved) -> tuple[float | None, float | None, float | None]:
    """Speech, somebody else's as the detector says, loudness: the order of the slots."""
    return _finite(seen.speech), _finite(seen.other), _finite(seen.level_dbfs)


def identity_values(seen: IdentityObserved) -> list[float | None]:
    """In the order of the slots."""
    return [_finite(seen.similarity)]


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
