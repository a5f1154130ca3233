"""How many bad records in a row of records are too many: then something is wrong with us, not with them."""

from collections import deque

WINDOW = 200  # records


class PoisonShare:
    """The share of bad records among the last WINDOW; few records never suffice."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._bad = 0

    def add(self, is_bad: bool) -> bool:
        """Count one record; true when the limit is passed."""
        if len(self._recent) == WINDOW:
            self._bad -= self._recent[0]
        self._recent.append(is_bad)
        self._bad += is_bad
        return self._bad > self._limit * WINDOW
