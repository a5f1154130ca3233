"""What stops the local stack, told so that a person can mend it."""

from ingest.errors import ProctorError


class StackError(ProctorError):
    """One part cannot be had: names it, the reason and the way out. Its text is one line for a person."""

    def __init__(self, part: str, why: str, mend: str) -> None:
        super().__init__(f"{part}: {why}. {mend}")
        self.part, self.why, self.mend = part, why, mend
