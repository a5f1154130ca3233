"""Confidences moved before export: what a label's network calls 0.4 becomes the 0.5 that a policy asks for.

The order of confidences stays: no curve changes but its axis. It is done in the checkpoint, so that every form has it.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ingest.errors import InputError
from triton_models.exporting.named_share import named_share
from triton_models.training.extra import extra, load_checkpoint


def halves_of(texts: Iterable[str]) -> dict[str, float]:
    """`phone=0.4` as a label and the confidence that becomes 0.5; raises InputError for anything else."""
    halves = {}
    for text in texts:
        named = named_share(text)
        if named is None or "=" in named[0]:
            raise InputError(f"--half {text}", "is no label and confidence", "Write it like phone=0.4")
        label, confidence = named
        halves[label] = confidence
    return halves


def logit(confidence: float) -> float:
    """What a sigmoid makes this confidence of."""
    return math.log(confidence / (1 - confidence))


def shifted(weights: Path, halves: Mapping[str, float], out: Path) -> Path:
    """A copy of the weights at `out` whose confidences are moved; raises InputError where they have no such label."""
    torch = extra("torch", "--half")
    model = load_checkpoint(weights)
    names = [str(name) for name in model.names.values()]
    if unknown := sorted(set(halves) - set(names)):
        raise InputError(f"--half {unknown[0]}", f"the weights know {', '.join(names)}", "Name one of their classes")
    with torch.no_grad():
        for bias in class_biases(model.model, str(weights)):
            for label, confidence in halves.items():
                bias[names.index(label)] -= logit(confidence)
    out.parent.mkdir(parents=True, exist_ok=True)
    model.save(out)
    return out


def class_biases(network: Any, source: str) -> list[Any]:
    """The bias of every branch that says how sure a class is; raises InputError where the head has none."""
    branches = getattr(network.model[-1], "cv3", None)
    if branches is None:
        raise InputError(source, "its head has no class branches", "Leave --half out, or give weights of a YOLO")
    return [branch[-1].bias for branch in branches]
