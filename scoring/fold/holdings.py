"""What a partition remembers: of each session, for how long, what has changed since; and what is to be folded again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.messages import Notice
from scoring.fold.packing import Passing
from scoring.fold.session import SessionState
from scoring.messages import RiskMessage
from scoring.rulebook.policy import Policy


class Held(Passing, frozen=True, gc=False):
    """What a partition remembers of one session.

    `offset` is the last record folded into `state` (the fence: a record at or below it is skipped); `log_ms` that
    record's timestamp; `policy` the key of the policy, with accommodations, that the session started with; `first` the
    record that it began with.
    """

    offset: int
    log_ms: int
    policy: str
    state: SessionState
    first: int


@dataclass(frozen=True, slots=True)
class Foreign:
    """A session as another version of the fold left it: all but its state, which only that version can go on with.

    `first` is -1 where it is not known. `ended`: by its source's word, so that nothing follows.
    """

    offset: int
    log_ms: int
    policy: str
    first: int
    ended: bool
    engine: str


@dataclass(frozen=True, slots=True)
class Again:
    """Sessions of another version, under way, that are folded again from their first record on.

    Below `until` everything else has been folded before. `cut`: those whose first record has left the log, with the
    policy that they were folded under, where this version can read it.
    """

    until: int = 0
    sessions: Mapping[str, Foreign] = field(default_factory=dict)
    cut: Mapping[str, Policy | None] = field(default_factory=dict)


NOTHING_AGAIN = Again()


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a partition remembers, in log time.

    A finished session is fenced for `finished_ms` against late repetitions, then forgotten. A session is closed after
    `silence_ms` without a sign of life even when its policy would wait longer: by then its observations leave the log.
    """

    finished_ms: int = 15 * 60_000
    silence_ms: int = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Folded:
    """What one record gave: messages in order, and how many observations went into them.

    `given_up`: sessions that were to be folded again and of which the log no longer holds anything. `notices`: what
    candidates may be told; a policy on trial tells nothing.
    """

    messages: tuple[RiskMessage, ...]
    observations: int
    given_up: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(slots=True)
class Changes:
    """What one record changes, or what changed since a checkpoint; None: forgotten."""

    sessions: dict[str, Held | None] = field(default_factory=dict)
    policies: dict[str, Policy | None] = field(default_factory=dict)

    def add(self, later: "Changes") -> None:
        self.sessions |= later.sessions
        self.policies |= later.policies
