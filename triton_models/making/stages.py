"""Making as a recipe asks for it: worn copies, phones painted over, pasted things; all for training alone."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from random import Random

from ingest.errors import InputError
from triton_models.making.composites import worn
from triton_models.making.erasing import can_erase, without_phones
from triton_models.making.examples import Example
from triton_models.making.pasting import Pool, pasted


def made(
    pool: Pool, paste: Mapping[str, int], erase: bool, wear: Sequence[Example], rng: Random
) -> Iterator[tuple[str, Example]]:
    """Everything made, each with the name of its kind."""
    for example in wear:
        yield "worn", Example(f"worn_{example.name}", worn(example.picture, rng), example.boxes)
    for example in pool.phones if erase else ():
        if can_erase(example.boxes):
            others = [box for box in example.boxes if box.class_id != 0]
            yield (
                "erased",
                Example(f"erased_{example.name}", without_phones(example.picture, example.boxes, rng), others),
            )
    for example in pasted(pool, paste, rng):
        yield "pasted", example


def check_pool(pool: Pool, paste: Mapping[str, int], erase: bool) -> None:
    """Raise InputError when something is asked for that no source is there for."""
    lacking = {pool.lacks(kind) for kind, count in paste.items() if count}
    lacking |= {"phone"} if erase and not pool.phones else set()
    if missing := sorted(lacking - {""}):
        mend = f'Write pool = ["{missing[0]}"] at a source that has such pictures, or leave the stage out'
        raise InputError("[make]", f"no source has pictures for {', '.join(missing)}", mend)


def check_donors(pool: Pool, mistakes: Collection[str]) -> None:
    """Raise InputError when mistakes are to be made out of pictures that no source has."""
    parts = {"host": pool.hosts, "phone": pool.phones, "piece": pool.things}
    if missing := [name for name, pictures in parts.items() if mistakes and not pictures]:
        mend = f'Write pool = ["{missing[0]}"] at a source that has such pictures, or leave make.mistakes out'
        raise InputError("[make.mistakes]", f"no source has pictures for {', '.join(missing)}", mend)
