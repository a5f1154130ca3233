"""References in one process's memory: for whoever looks without a log, such as a measurement."""

from detectors.identity.references import Entry, Kept, ReferenceLog


class MemoryReferences(ReferenceLog):
    """Behaves as the topic does; gone with the process."""

    def __init__(self) -> None:
        self.kept: dict[int, dict[str, Kept]] = {}

    async def read(self, partition: int) -> dict[str, Kept]:
        return dict(self.kept.get(partition, {}))

    async def write(self, partition: int, session: str, entry: Entry) -> None:
        self.kept.setdefault(partition, {})[session] = entry

    async def delete(self, partition: int, session: str) -> None:
        self.kept.get(partition, {}).pop(session, None)
