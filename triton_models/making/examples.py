"""Pictures in memory with their labels, as pasting and painting over need them."""

from collections.abc import Sequence
from dataclasses import dataclass

from triton_models.annotations import LabelledBox
from triton_models.making.composites import Picture

OTHER = -1
"""The class of a thing that is none of ours: it can be pasted, and then carries no label."""


@dataclass(frozen=True, slots=True)
class Example:
    """A picture BGR uint8 [h, w, 3], what it shows (class 0 is a phone), and a name for its file."""

    name: str
    picture: Picture
    boxes: Sequence[LabelledBox]

    def has_phone(self) -> bool:
        """Whether a phone is labelled in it."""
        return any(box.class_id == 0 for box in self.boxes)
