"""What was found wrong with a source's files, one by one: the report prints it, nothing is left out unsaid."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What happened to a picture, a box or a label file."""

    PICTURE_BROKEN = "picture left out: broken"
    LABELS_BROKEN = "picture left out: its labels cannot be trusted"
    UNLABELLED = "picture left out: no labels"
    DUPLICATE = "picture left out: the same picture twice"
    NEAR_DUPLICATE = "picture left out: nearly the same as another"
    SURPLUS = "picture left out: more than asked for"
    NO_PICTURE = "labels without a picture"
    BACKGROUND = "picture without labels, taken as showing nothing"
    BOX_CLIPPED = "box reached out of its picture, clipped"
    BOX_DROPPED = "box without an area, dropped"
    BOX_IGNORED = "box of a label that the recipe ignores"
    POLYGON = "polygon turned into its upright box"
    CONVERTED = "picture converted (turned by EXIF, CMYK, 16 bit, transparent)"
    RESCALED = "boxes rescaled: the labels speak of another size"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: in which source, in which file, why; `count` boxes or pictures."""

    kind: Kind
    source: str
    file: str
    reason: str = ""
    count: int = 1


def counted(findings: Sequence[Finding]) -> Counter[tuple[str, Kind]]:
    """How often each kind was found, by source."""
    totals: Counter[tuple[str, Kind]] = Counter()
    for finding in findings:
        totals[finding.source, finding.kind] += finding.count
    return totals
