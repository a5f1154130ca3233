"""What if a held rule had other thresholds? Asked of the stored observations, answered by ClickHouse alone.

The queries are whatif.sql (events by session) and whatif_flagged.sql (how many sessions each try would flag); the first
one says at its top what it covers. Any client may run them; `Question` and `Try` make their parameters.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from sinks.store import Store
from triton_models.taxonomy import TAXONOMY

SESSIONS_A_QUERY = 100  # parameters travel in the URL, which servers bound at some KB
ROWS_A_QUERY = 300_000  # stored observations times tries: about 6 s on a core and a half
EVENTS_SQL = (Path(__file__).parent / "whatif.sql").read_text()
FLAGGED_SQL = (Path(__file__).parent / "whatif_flagged.sql").read_text().replace("{whatif.sql}", EVENTS_SQL)

_SIZES = """SELECT session, count() FROM observations
WHERE empty({sessions:Array(String)}) OR session IN {sessions:Array(String)} GROUP BY session ORDER BY session"""

Parameters = dict[str, object]


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of a signal with its threshold; `upward`: at least, else at most."""

    signal: str
    upward: bool
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a policy says beside its rules: [quality], [calibration] and [evidence]."""

    min_brightness: float
    min_sharpness: float
    min_face_share: float
    eyes_closed_below: float
    min_confidence: float
    spreads: float
    widest: float
    bridged_steps: float
    longest_step_ms: int


@dataclass(frozen=True, slots=True)
class Try:
    """Numbers to try: by test of the rule its threshold and where it ends (the threshold itself when there is none)."""

    thresholds: tuple[float, ...]
    untils: tuple[float, ...]
    hold_ms: int
    gap_ms: int
    clear_ms: int
    cooldown_ms: int


@dataclass(frozen=True, slots=True)
class Question:
    """A held rule: its tests (their thresholds are those of a `Try`), what must be true beside them, what to trust."""

    tests: tuple[Test, ...]
    only_if: tuple[Test, ...]
    trust: tuple[Test, ...]
    ground: Ground

    def parameters(self, tries: Sequence[Try], sessions: Sequence[str] = ()) -> Parameters:
        """Those of both queries; no sessions: all that are stored."""
        shapes = _tests("", self.tests) | _tests("beside_", self.only_if) | _tests("trust_", self.trust)
        numbers = [
            (list(one.thresholds), list(one.untils), one.hold_ms, one.gap_ms, one.clear_ms, one.cooldown_ms)
            for one in tries
        ]
        asked = {"tries": numbers, "sessions": list(sessions), "taxonomy": list(TAXONOMY)}
        return shapes | asdict(self.ground) | asked


class WhatIfEvent(msgspec.Struct, frozen=True):
    """An event that the rule would have had; `signal` was furthest beyond its `threshold` at frame `peak_seq`."""

    onset_seq: int
    start_ms: int
    fired_ms: int
    end_seq: int
    end_ms: int
    peak_seq: int
    peak_ms: int
    signal: str
    threshold: float
    peak: float


class WhatIf(msgspec.Struct, frozen=True):
    """One session under one try, counted from 1.

    `covered`: the events are surely the fold's. `closed`: the session has ended; else its last event may be `open`.
    """

    session: str
    number: int
    covered: bool
    closed: bool
    open: bool
    events: tuple[WhatIfEvent, ...]


class Flagged(msgspec.Struct, frozen=True):
    """One try over many sessions: how many are covered; of these how many have an event, and how many events."""

    number: int
    sessions: int
    covered: int
    flagged: int
    events: int


def what_if(store: Store, question: Question, tries: Sequence[Try], sessions: Sequence[str] = ()) -> list[WhatIf]:
    """Every session's events under every try; no sessions: all that are stored."""
    rows = [
        msgspec.convert(dict(zip(WhatIf.__struct_fields__, row, strict=True)), WhatIf)
        for some in _batches(store, tries, sessions)
        for row in store.rows(EVENTS_SQL, **question.parameters(tries, some))
    ]
    return sorted(rows, key=lambda one: (one.session, one.number))


def flagged(store: Store, question: Question, tries: Sequence[Try], sessions: Sequence[str] = ()) -> list[Flagged]:
    """How many sessions each try would flag; no sessions: of all that are stored."""
    totals = {number: Flagged(number, 0, 0, 0, 0) for number in range(1, len(tries) + 1)}
    for some in _batches(store, tries, sessions):
        for row in store.rows(FLAGGED_SQL, **question.parameters(tries, some)):
            number, *counts = row
            before = msgspec.structs.astuple(totals[number])[1:]
            totals[number] = Flagged(number, *(old + new for old, new in zip(before, counts, strict=True)))
    return list(totals.values())


def _batches(store: Store, tries: Sequence[Try], sessions: Sequence[str]) -> Iterator[list[str]]:
    """The sessions in as many queries as it takes for each to answer in time."""
    batch: list[str] = []
    weight = 0
    for session, rows in store.rows(_SIZES, sessions=list(sessions)):
        weight += rows * len(tries)
        if batch and (weight > ROWS_A_QUERY or len(batch) >= SESSIONS_A_QUERY):
            yield batch
            batch, weight = [], rows * len(tries)
        batch.append(session)
    if batch:
        yield batch


def _tests(prefix: str, tests: Sequence[Test]) -> Parameters:
    return {
        f"{prefix}signals": [one.signal for one in tests],
        f"{prefix}upward": [int(one.upward) for one in tests],
        f"{prefix}thresholds": [one.threshold for one in tests],
    }
