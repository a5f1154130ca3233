"""What a verification says of a stored session: equal, different and where, or made by other code than this."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest

from deploy.replaying.reading import StoredSession
from deploy.replaying.suspects import Suspect
from deploy.replaying.verification import judge
from ingest.messages import encode_message
from scoring.fold.difference import last_words
from scoring.fold.engine import ENGINE
from scoring.messages import RiskClosed, RiskMessage, Verdict
from scoring.rulebook.policy import load_policy
from sinks.queries import StoredObservation
from tests.staged_exam import Run, StagedExam, fold_all

EXAM = StagedExam([Run("normal", 10), Run("away", 5), Run("normal", 5)], fps=4.0)
POLICY = load_policy("default")


def stored(exam: StagedExam = EXAM) -> StoredSession:
    """A session as the tables hold it when all is well."""
    observations = list(exam.observations())
    _, told = fold_all(POLICY, observations)
    packed = [StoredObservation(encode_message(one), offset, 0, 0) for offset, one in enumerate(observations)]
    verdicts = [message for message in told if isinstance(message, Verdict)]
    return StoredSession(exam.session, tuple(packed), tuple(verdicts), as_said(told))


def as_said(told: Sequence[RiskMessage]) -> tuple[tuple[RiskMessage, bytes], ...]:
    return tuple((message, encode_message(message)) for message in last_words(told).values())


def with_verdict(session: StoredSession, **changes: object) -> StoredSession:
    """The same with another last verdict."""
    verdict = msgspec.structs.replace(session.verdicts[-1], **changes)
    others = [message for message, _ in session.said if not isinstance(message, Verdict)]
    return replace(session, verdicts=(*session.verdicts[:-1], verdict), said=as_said([*others, verdict]))


def test_an_untouched_session_is_equal() -> None:
    found = judge(stored(), [])
    assert found.outcome == "equal"
    assert f"proof {stored().verdicts[-1].proof}" in str(found)


def test_a_verdict_that_was_made_milder_is_named_with_its_fields() -> None:
    found = judge(with_verdict(stored(), risk_class="CLEAN", confidence=0.0), [])
    assert found.outcome == "different"
    assert "verdict 1 differs in confidence" in found.says


def test_an_event_that_was_taken_away_is_missing() -> None:
    session = stored()
    kept = tuple(one for one in session.said if not isinstance(one[0], RiskClosed))
    found = judge(replace(session, said=kept), [])
    assert (found.outcome, found.says) == ("different", "1 event missing")


def test_an_altered_observation_breaks_the_chain_even_where_no_row_is_suspect() -> None:
    session = stored()
    one = session.observations[9]
    altered = replace(one, packed=one.packed.replace(b"face-test", b"face-tesu"))
    found = judge(replace(session, observations=(*session.observations[:9], altered, *session.observations[10:])), [])
    assert found.outcome == "different"
    assert "the observations are not those of the verdict" in found.says


def test_a_suspect_is_named_where_it_can_be_known() -> None:
    found = judge(stored(), [Suspect(120, 3, "face 31", "its bytes and its columns disagree about yaw_deg")])
    assert found.outcome == "different"
    assert "suspect: face 31 at 120.3: its bytes and its columns disagree about yaw_deg" in found.says


@pytest.mark.parametrize(("engine", "named"), [("1", "1"), ("", "1"), ("7", "7")])
def test_another_engine_is_named_and_not_called_tampering(engine: str, named: str) -> None:
    found = judge(with_verdict(stored(), engine=engine), [])
    assert found.outcome == "not comparable"
    assert f"made by engine {named}, this is {ENGINE}: cannot be compared byte for byte" in found.says
    assert "observations are those that it was given for" in found.says


def test_a_default_policy_of_another_version_is_named_and_not_called_tampering() -> None:
    found = judge(with_verdict(stored(), policy="0123456789abcdef", policy_name="default"), [])
    assert found.outcome == "not comparable"
    assert "made under policy default (0123456789abcdef), which the log does not hold" in found.says


def test_a_policy_that_was_altered_in_the_log_is_no_other_version() -> None:
    session = stored(replace(EXAM, policy=POLICY.document))
    first = session.observations[0]
    altered = replace(first, packed=first.packed.replace(b'"hold_ms":3000', b'"hold_ms":9000'))
    assert altered != first
    found = judge(replace(session, observations=(altered, *session.observations[1:])), [])
    assert found.outcome == "different"
    assert "the observations are not those of the verdict" in found.says
