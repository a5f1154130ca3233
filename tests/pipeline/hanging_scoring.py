"""A scoring worker with a defect: it takes its first record and never comes back from it."""

import asyncio

from ingest.log import Record
from scoring.__main__ import main
from scoring.worker.ownership import OwnedPartition


async def hang(_: OwnedPartition, __: Record) -> bool:
    """Wait for what never comes."""
    return await asyncio.Future[bool]()


if __name__ == "__main__":
    setattr(OwnedPartition, "take", hang)  # noqa: B010
    main()
