"""The sample exam's report, put together without a store."""

from collections.abc import Sequence

import msgspec

from ingest.messages import SessionEnded, SessionStarted
from sinks.queries import RiskEvent, SessionLife
from sinks.report.assembly import Stored
from sinks.report.policy_text import PolicyText, read_policy_text
from tests.sample_exam import SampleExam
from tests.sample_script import DOCUMENT, EPISODES, SECONDS, SUPPRESSED

START_MS = 1_795_000_000_000
EXAM = SampleExam(start_ms=START_MS)


def stored(exam: SampleExam = EXAM, events: Sequence[RiskEvent] | None = None) -> Stored:
    """What the tables would hold of `exam`."""
    started = next(o for o in exam.observations() if isinstance(o, SessionStarted))
    ended = next(o for o in exam.observations() if isinstance(o, SessionEnded))
    return Stored(
        life=SessionLife(started, ended),
        verdict=exam.verdict(),
        events=[exam.closed(e) for e in (*EPISODES, SUPPRESSED)] if events is None else events,
        samples=[exam.sample(second) for second in range(1, SECONDS + 1)],
        calibration=exam.calibration(),
        dropped=[exam.dropped()],
        frames_observed=178,
        policy=read_policy_text(DOCUMENT),
    )


def bare() -> Stored:
    """A session of which next to nothing is stored but its verdict."""
    verdict = msgspec.structs.replace(EXAM.verdict(), risk_class="INCONCLUSIVE", rules=(), reasons=(), end_ms=START_MS)
    return Stored(SessionLife(None, None), verdict, [], [], None, [], 0, PolicyText())
