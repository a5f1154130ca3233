"""Pictures that are there twice: one stays, and takes over what only the other's source has labelled.

Two pictures that look alike and show another number of things are no twins: a hand with a phone and the same hand
without are what a detector learns most from. They stay both, on one side of the split.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from triton_models.dataset.findings import Finding, Kind
from triton_models.dataset.gather import Prepared
from triton_models.dataset.likeness import alike_pairs


def without_twins(
    pictures: Sequence[Prepared], labels: Sequence[str], bits: int
) -> tuple[list[Prepared], list[Finding]]:
    """One of every picture that is there twice: the one with most boxes, of equals the first."""
    order = sorted(range(len(pictures)), key=lambda index: (-len(pictures[index].boxes), index))
    ranked = [pictures[index] for index in order]
    earlier: dict[int, list[int]] = {}
    for one, other in alike_pairs([picture.look for picture in ranked], bits):
        earlier.setdefault(other, []).append(one)
    kept: dict[int, Prepared] = {}
    findings = []
    for place, picture in enumerate(ranked):
        twin = next((o for o in earlier.get(place, ()) if o in kept and same(kept[o], picture, labels)), None)
        if twin is None:
            kept[place] = picture
        else:
            findings.append(twin_found(picture, kept[twin]))
            kept[twin] = merged(kept[twin], picture, labels)
    return [kept[place] for place in sorted(kept, key=lambda place: order[place])], findings


def same(one: Prepared, other: Prepared, labels: Sequence[str]) -> bool:
    """Whether two pictures that look alike are one: the same file, or as many boxes of all labels that both count."""
    if same_file(one, other):
        return True
    both = one.complete_for & other.complete_for
    counts = [
        Counter(labels[b.class_id] for b in picture.boxes if labels[b.class_id] in both) for picture in (one, other)
    ]
    return counts[0] == counts[1]


def same_file(one: Prepared, other: Prepared) -> bool:
    """Whether two files hold the same bytes."""
    return one.path.stat().st_size == other.path.stat().st_size and one.path.read_bytes() == other.path.read_bytes()


def merged(one: Prepared, other: Prepared, labels: Sequence[str]) -> Prepared:
    """The first with the boxes of the second for labels that only the second's source is complete for."""
    gained = other.complete_for - one.complete_for
    own = tuple(box for box in one.boxes if labels[box.class_id] not in gained)
    taken = tuple(box for box in other.boxes if labels[box.class_id] in gained)
    return replace(one, boxes=own + taken, complete_for=one.complete_for | other.complete_for)


def twin_found(picture: Prepared, other: Prepared) -> Finding:
    """A picture that another one already shows."""
    kind = Kind.DUPLICATE if same_file(picture, other) else Kind.NEAR_DUPLICATE
    return Finding(kind, picture.source.name, picture.path.name, f"{other.source.name}/{other.path.name}")
