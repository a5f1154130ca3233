"""Class names of a source to labels of the taxonomy; what is unknown is named, with the nearest label."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from ingest.errors import InputError
from triton_models.dataset.recipe import EVERY, Source
from triton_models.taxonomy import COCO_MAP, TAXONOMY, load_label_map

SYNONYMS = {
    "mobile": "phone", "smartphone": "phone", "cellphone": "phone", "telephone": "phone", "handphone": "phone",
    "airpods": "earbuds", "earphone": "earbuds", "headset": "headphones", "watch": "smartwatch", "paper": "notes",
    "note": "notes", "notebook": "notes", "cheat sheet": "notes", "monitor": "screen", "television": "screen",
    "human": "person", "people": "person", "face": "person", "another_person": "person", "pencil": "pen",
    "second_screen": "screen", "tablet": "screen", "mug": "cup", "bottle": "cup",
}  # fmt: skip
"""Words that public sets use for what the taxonomy calls otherwise: only ever suggested, never taken by themselves."""


@dataclass(frozen=True, slots=True)
class Naming:
    """What a source's class names mean: labels by name, and which names carry nothing here."""

    labels: Mapping[str, str]
    ignored: frozenset[str]


def naming_of(source: Source, used: Iterable[str], folder: Path) -> Naming:
    """Every name used in a source resolved; raises InputError for one that is neither mapped nor ignored."""
    given = dict(source.labels)
    if source.label_map:
        given = dict(load_label_map(folder / source.label_map).labels) | given
    counts = Counter(used)
    meant = {name: given.get(name, name if name in TAXONOMY else "") for name in counts}
    ignored = {name for name, label in meant.items() if not label and (EVERY in source.ignore or name in source.ignore)}
    unknown = [name for name, label in meant.items() if not label and name not in ignored]
    if unknown:
        raise unknown_names(source, {name: counts[name] for name in unknown})
    wrong = sorted(set(given.values()) - set(TAXONOMY))
    if wrong:
        reason = f"maps to {', '.join(map(repr, wrong))}; nearest in the taxonomy: {nearest(wrong[0])}"
        raise InputError(f"source {source.name}", reason, f"Choose among: {', '.join(TAXONOMY)}")
    return Naming({name: label for name, label in meant.items() if label}, frozenset(ignored))


def unknown_names(source: Source, counts: Mapping[str, int]) -> InputError:
    """The error that names every unknown class with its number of boxes and the nearest label."""
    listed = ", ".join(
        f"{name!r} ({count} boxes; nearest: {nearest(name)})" for name, count in sorted(counts.items())[:8]
    )
    more = f" and {len(counts) - 8} more" if len(counts) > 8 else ""
    mend = f"Map them under [source.labels], or name them in `ignore` of source {source.name}"
    return InputError(f"source {source.name}", f"classes that the taxonomy has not: {listed}{more}", mend)


def nearest(name: str, among: Sequence[str] = TAXONOMY) -> str:
    """The label most like a name: by a known synonym, by COCO's map, by spelling; `none` where nothing is."""
    plain = name.lower().replace("_", " ").strip()
    words = SYNONYMS | dict(load_label_map(COCO_MAP).labels) | {label: label for label in among}
    found = get_close_matches(plain, words, n=1, cutoff=0.6)
    inside = [label for word, label in words.items() if word in plain.split() or plain.rstrip("s") == word.rstrip("s")]
    return words[found[0]] if found else (inside or ["none"])[0]
