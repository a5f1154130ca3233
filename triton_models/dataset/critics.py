"""Models whose mistakes choose what a set makes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import InputError
from triton_models.dataset.recipe import Recipe
from triton_models.evaluation.model_under_test import Model, check_labels, open_model, relabelled
from triton_models.making.examples import Example
from triton_models.making.mistakes import Choice, wrongly_seen
from triton_models.making.pasting import Pool
from triton_models.use import digest_of

DIGEST_LETTERS = 8
"""Of a model's SHA-256: enough to tell the models of one set apart."""


@dataclass(frozen=True, slots=True)
class Critic:
    """One model, by name and digest."""

    name: str
    sha256: str
    model: Model

    def chosen(self, pool: Pool, recipe: Recipe) -> Iterator[tuple[str, Example]]:
        """The pictures of the recipe's `make.mistakes` that it gets wrong; others for every model and seed."""
        choices = {kind: Choice(one.made, one.hardest, one.others) for kind, one in recipe.make.mistakes.items()}
        seed = f"{recipe.seed}-{self.sha256[:DIGEST_LETTERS]}"
        return wrongly_seen(pool, choices, lambda bgr: relabelled(self.model, self.model.look(bgr), ("phone",)), seed)


def critics_of(paths: Sequence[Path], recipe: Recipe, recipe_path: Path) -> list[Critic]:
    """The models of these files; raises InputError when one is none, or the recipe says nothing of mistakes."""
    if paths and not recipe.make.mistakes:
        raise InputError(
            str(recipe_path), "has no make.mistakes", "Say how many of each kind, or leave --mistakes-of out"
        )
    critics = []
    for path in paths:
        model = open_model(path)
        check_labels(model, ["phone"])
        critics.append(Critic(model.name, digest_of(path), model))
    return critics
