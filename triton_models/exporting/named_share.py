"""What options of an export say: a name and a number, `phone=0.4`."""


def named_share(text: str) -> tuple[str, float] | None:
    """The name, which may hold further `=`, and the number between 0 and 1 behind it; None for anything else."""
    name, _, number = text.rpartition("=")
    try:
        share = float(number)
    except ValueError:
        return None
    return (name, share) if name and 0 < share < 1 else None
