"""A scoring worker with a defect, for negative controls: each checkpoint leaves out one changed session."""

from collections.abc import Iterator

from scoring.__main__ import main
from scoring.fold.holdings import Changes
from scoring.worker import ownership
from scoring.worker.checkpoint import SESSION, Entry, entries


def forgetful_entries(changes: Changes, next_offset: int) -> Iterator[Entry]:
    """All but the first session."""
    forgotten = False
    for entry in entries(changes, next_offset):
        if entry[0].startswith(SESSION) and not forgotten:
            forgotten = True
        else:
            yield entry


if __name__ == "__main__":
    vars(ownership)["entries"] = forgetful_entries
    main()
