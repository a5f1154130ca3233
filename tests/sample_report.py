"""The sample exam's report, put together without a store."""

from collections.abc import Sequence

import msgspec

from ingest.messages import SessionEnded, SessionStarted
from sinks.queries import RiskEvent, SessionLife
from sinks.report.assembly import Stored
from tests.sample_exam import SampleExam
from tests.sample_script import EPISODES, SECONDS

START_MS = 1_795_000_000_000
EXAM = SampleExam(start_ms=START_MS)


def stored(exam: SampleExam = EXAM, events: Sequence[RiskEvent] | None = None) -> Stored:
    """What the tables would hold of `exam`."""
    started = next(o for o in exam.observations() if isinstance(o, SessionStarted))
    ended = next(o for o in exam.observations() if isinstance(o, SessionEnded))
    return Stored(
        life=SessionLife(started, ended),
        verdict=exam.verdict(),
        events=[exam.closed(e) for e in EPISODES] if events is None else events,
        samples=[exam.sample(second) for second in range(1, SECONDS + 1)],
        calibration=exam.calibration(),
        dropped=[exam.dropped()],
        frames_observed=178,
    )


def bare() -> Stored:
    """A session of which next to nothing is stored but its verdict."""
    verdict = msgspec.structs.replace(EXAM.verdict(), risk_class="INCONCLUSIVE", rules=(), reasons=(), end_ms=START_MS)
    return Stored(SessionLife(None, None), verdict, [], [], None, [], 0)
