"""Stores what a replay gave: rows beside the live ones, which are nowhere in the log."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from ingest.messages import encode_message
from scoring.messages import RiskMessage
from sinks.risk_rows import RiskRow, message_row
from sinks.rows import TABLE_OF
from sinks.store import Store
from sinks.tables import TABLES, Origin


def store_messages(store: Store, messages: Iterable[RiskMessage], origin: Origin, log_ms: int) -> int:
    """Store messages of one replay, verdicts last; `log_ms`: when it was done. Returns how many rows that made.

    Under the same session, policy and engine a later replay takes the place of an earlier one.
    Raises: PoisonError for a number that no column can hold; TransientError; InputError.
    """
    place = {"log_partition": -1, "log_offset": -1, "log_ms": log_ms}
    rows = sorted((message_row(m, encode_message(m), origin, place) for m in messages), key=_order)
    for _, same in groupby(rows, key=_order):
        some: Sequence[RiskRow] = list(same)
        store.insert(some)
    return len(rows)


def _order(row: RiskRow) -> int:
    return TABLES.index(TABLE_OF[type(row)])
