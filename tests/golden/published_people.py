"""Examples of the messages about who was recognised, kept apart so that older bundles stay."""

import msgspec

from ingest.messages import Notice
from tests.golden.exam_names import SESSION, START_MS

NOTICES: dict[str, msgspec.Struct] = {
    "notice-1": Notice(session=SESSION, notice="AUTHORIZED", at_ms=START_MS + 4_000, ingested_ms=START_MS + 4_012),
}
