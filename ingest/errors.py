"""Errors, named by what whoever meets them should do.

ProctorError
├── TransientError    try again with backoff; nothing was committed
├── PoisonError       this one message is bad: dead-letter it, count it, go on
└── InputError        a person asked for something impossible: say so and stop
Anything else is a defect: the process ends, its supervisor starts it again, nothing was committed.
"""


class ProctorError(Exception):
    """Base of all errors raised on purpose; its text can be shown to a person as it is."""


class TransientError(ProctorError):
    """An outside system did not answer in time or refused for now."""


class PoisonError(ProctorError):
    """A message that can never be processed."""


class InputError(ProctorError):
    """What a person gave cannot be used: names the input, the reason and the way out."""

    def __init__(self, what: str, why: str, mend: str) -> None:
        super().__init__(f"{what}: {why}. {mend}")
        self.what, self.why, self.mend = what, why, mend
