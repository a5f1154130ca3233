"""When bad messages are so many that the fault is more likely ours: then stop, instead of burying everything."""

from collections import deque

from ingest.errors import ProctorError

WINDOW = 200
MOST_SHARE = 0.5


class TooManyBadMessagesError(ProctorError):
    """More than half of the last messages could not be processed."""


class BadMessages:
    """Counts good and bad among the last `window` messages."""

    def __init__(self, window: int = WINDOW, most_share: float = MOST_SHARE) -> None:
        self._last: deque[bool] = deque(maxlen=window)
        self._most = int(window * most_share)
        self._bad = 0

    def count(self, *, bad: bool) -> None:
        """Note one message.

        Raises: TooManyBadMessagesError when more than the allowed share of a whole window is bad.
        """
        if len(self._last) == self._last.maxlen:
            self._bad -= self._last[0]
        self._last.append(bad)
        self._bad += bad
        if self._bad > self._most:
            raise TooManyBadMessagesError(
                f"{self._bad} of the last {len(self._last)} frames are unreadable; see dead-letters for the reasons"
            )
