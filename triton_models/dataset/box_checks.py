"""Which boxes of a picture can be believed.

A box that cannot be read condemns its picture: the object would be there unlabelled.
"""

import math
from dataclasses import dataclass
from typing import Literal

from triton_models.dataset.findings import Kind
from triton_models.dataset.source_labels import SourcePicture

Outside = Literal["clip", "refuse"]
SLACK = 0.005
"""Share of a side by which a box may reach out unmentioned: tools round to whole pixels."""
SMALLEST_PX = 1.0
"""A side shorter than a pixel is a slip of the mouse, not an object."""
SAME_SHAPE = 0.02
"""Labels of another size are rescaled when the proportions agree to this."""

Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Checked:
    """Boxes in shares with their class names, notes about them, and why the picture cannot be used (empty: it can)."""

    boxes: tuple[tuple[str, Corners], ...]
    notes: tuple[tuple[Kind, str], ...]
    fault: str = ""


def check_picture(
    picture: SourcePicture, stored_px: tuple[int, int], shown_px: tuple[int, int], outside: Outside
) -> Checked:
    """The believable boxes of a picture of a stored and a shown (EXIF-turned) size; both (width, height)."""
    notes: list[tuple[Kind, str]] = []
    if picture.faults:
        return Checked((), (), "; ".join(picture.faults))
    scale = shares_of(picture.size_px, stored_px, shown_px)
    if isinstance(scale, str):
        return Checked((), (), scale)
    if picture.boxes and picture.size_px and min(picture.size_px) > 0 and picture.size_px not in (stored_px, shown_px):
        notes.append((Kind.RESCALED, f"{picture.size_px} against {shown_px}"))
    kept: list[tuple[str, Corners]] = []
    for box in picture.boxes:
        x1, y1, x2, y2 = (side * by for side, by in zip(box.xyxy, scale * 2, strict=True))
        judged = check_box((x1, y1, x2, y2), shown_px, outside)
        if isinstance(judged, str):
            return Checked((), (), f"{box.name}: {judged}")
        notes += [(Kind.POLYGON, box.name)] if box.polygon else []
        notes += [(kind, box.name) for kind in judged[1]]
        kept += [(box.name, judged[0])] if Kind.BOX_DROPPED not in judged[1] else []
    return Checked(tuple(kept), tuple(notes))


def shares_of(
    size_px: tuple[int, int] | None, stored_px: tuple[int, int], shown_px: tuple[int, int]
) -> tuple[float, float] | str:
    """What to multiply x and y by to get shares; a sentence where the labels speak of a picture of another shape."""
    if size_px is None:
        return 1.0, 1.0
    if min(size_px) <= 0:
        return 1 / shown_px[0], 1 / shown_px[1]
    same = abs(math.log(size_px[0] / size_px[1]) - math.log(shown_px[0] / shown_px[1])) <= SAME_SHAPE
    if size_px == stored_px != shown_px and not same:
        return "labels were drawn on the picture as stored, EXIF turns it"
    if not same:
        return f"labels speak of {size_px[0]}x{size_px[1]}, the picture has {shown_px[0]}x{shown_px[1]}"
    return 1 / size_px[0], 1 / size_px[1]


def check_box(xyxy: Corners, shown_px: tuple[int, int], outside: Outside) -> tuple[Corners, list[Kind]] | str:
    """One box in shares, clipped, with what was done to it; a sentence where it makes no sense."""
    if not all(map(math.isfinite, xyxy)):
        return "a coordinate is not a number"
    x1, y1, x2, y2 = xyxy
    if x2 < x1 or y2 < y1:
        return f"a negative size ({x2 - x1:.3f} x {y2 - y1:.3f})"
    left, top, right, bottom = (min(max(side, 0.0), 1.0) for side in xyxy)
    if (right - left) * shown_px[0] < SMALLEST_PX or (bottom - top) * shown_px[1] < SMALLEST_PX:
        beyond = x1 >= 1 or y1 >= 1 or x2 <= 0 or y2 <= 0
        return "a box wholly outside the picture" if beyond else (xyxy, [Kind.BOX_DROPPED])
    reach = max(-x1, -y1, x2 - 1, y2 - 1)
    if reach > SLACK and outside == "refuse":
        return f"a box reaches out of the picture by {reach:.1%} of a side"
    return (left, top, right, bottom), [Kind.BOX_CLIPPED] if reach > SLACK else []
