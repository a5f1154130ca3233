"""The signals of one look at objects: how surely each label that the policy speaks of is in the picture."""

from collections.abc import Mapping
from functools import lru_cache

from detectors.messages import ObjectsObserved
from scoring.rulebook.signals import OBJECT, SECOND, label_of
from triton_models.taxonomy import TAXONOMY

_MAYBE = 0.4  # of the certainty that a phone is in view


def object_values(seen: ObjectsObserved, slots: Mapping[str, int], clear: bool) -> list[float | None]:
    """The confidences that `slots` ask for; what was not found is unknown in a bad picture, and what the model does not
    know is unknown always."""
    values = list(_nothing_found(tuple(slots), seen.knows, clear))
    best: dict[str, float] = {}
    for one in sorted(seen.objects, key=lambda found: -found.confidence) if len(seen.objects) > 1 else seen.objects:
        if not 0.0 < one.confidence <= 1.0:
            continue
        signal = (SECOND if one.label in best else OBJECT) + one.label
        if signal in slots and not (best.get(signal)):
            values[slots[signal]] = best[signal] = one.confidence
        best[one.label] = one.confidence
    return values


@lru_cache(maxsize=64)
def _nothing_found(signals: tuple[str, ...], knows: int, clear: bool) -> tuple[float | None, ...]:
    """The values of a look that found none of the labels that its model knows, in the order of the slots."""
    return tuple(0.0 if clear and is_known(signal, knows) else None for signal in signals)


def is_known(signal: str, knows: int) -> bool:
    """Whether a model that knows the labels `knows` (bits; -1: not asked) can see an object signal."""
    label = label_of(signal)
    return knows < 0 or (label in TAXONOMY and bool(knows >> TAXONOMY.index(label) & 1))


def shows_phone(seen: ObjectsObserved) -> bool:
    """Whether a phone may be in view."""
    return any(one.label == "phone" and one.confidence >= _MAYBE for one in seen.objects)
