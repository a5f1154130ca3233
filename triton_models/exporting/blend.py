"""Weights of two models of one line averaged, tensor by tensor, before export.

A model that goes on from another learns what it is shown and forgets something else; between the two lie models that
know nearly all of both (Wortsman and others, "Robust fine-tuning of zero-shot models", 2022). Of models that share no
beginning the average is worth nothing.
"""

from pathlib import Path
from typing import Any

from ingest.errors import InputError
from triton_models.exporting.named_share import named_share
from triton_models.training.extra import load_checkpoint

MEND = "Write it like run1/weights/best.pt=0.3: three tenths of that model, the rest of WEIGHTS"


def part_of(text: str) -> tuple[Path, float]:
    """`other.pt=0.3` as a file and its share; raises InputError for anything else."""
    named = named_share(text)
    if named is None:
        raise InputError(f"--blend {text}", "is no file and share", MEND)
    name, share = named
    return Path(name), share


def blended(weights: Path, other: Path, share: float, out: Path) -> Path:
    """A copy of the weights at `out` with so large a share of the other's; raises InputError where they differ."""
    model, second = load_checkpoint(weights), load_checkpoint(other)
    if dict(model.names) != dict(second.names):
        raise InputError(str(other), f"has other classes than {weights.name}", MEND)
    network, mixed = model.model.float(), second.model.float().state_dict()
    own = network.state_dict()
    if {name: value.shape for name, value in own.items()} != {name: value.shape for name, value in mixed.items()}:
        raise InputError(str(other), f"is another network than {weights.name}", MEND)
    network.load_state_dict({name: between(value, mixed[name], share) for name, value in own.items()})
    out.parent.mkdir(parents=True, exist_ok=True)
    model.save(out)
    return out


def between(own: Any, other: Any, share: float) -> Any:
    """One tensor; counts of whole numbers stay as they are."""
    return own * (1 - share) + other * share if own.is_floating_point() else own
