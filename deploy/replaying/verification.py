"""A stored session recomputed and compared with what was said of it, byte for byte."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from deploy.replaying.reading import StoredSession, read_session
from deploy.replaying.suspects import Suspect, suspects
from ingest.errors import PoisonError
from scoring.fold.difference import Difference, differences
from scoring.fold.engine import ENGINE
from scoring.fold.replay import Replayed, replay, silences_of
from scoring.messages import Verdict
from sinks.store import Store

MOST_NAMED = 3  # of one sort in one line
FIRST_ENGINE = "1"  # whose verdicts did not name it
Outcome = Literal["equal", "different", "not comparable"]


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of one session, in words for a person."""

    session: str
    outcome: Outcome
    says: str

    def __str__(self) -> str:
        return f"{self.session}: {self.outcome}: {self.says}"


def verify(store: Store, session: str) -> Verification:
    """Recompute everything that was said of the session.

    Raises: InputError when there is nothing to compare: see `read_session`. TransientError.
    """
    try:
        stored = read_session(store, session)
    except PoisonError as error:
        return Verification(session, "different", str(error))
    return judge(stored, suspects(store, session, stored.observations))


def judge(stored: StoredSession, suspected: Sequence[Suspect]) -> Verification:
    """What a replay of the stored session shows; `suspected`: rows that contradict themselves."""
    again = replay(stored.logged, silences_of(stored.verdicts))
    last = stored.verdicts[-1]
    chain = [*_about_chain(again, stored.verdicts), *_about_rows(suspected, again)]
    other = _incomparable(again, last)
    if other:
        whether = "; ".join(chain) or f"its {len(stored.observations)} observations are those that it was given for"
        return Verification(stored.session, "different" if suspected else "not comparable", f"{other}; {whether}")
    found = [*chain, *_about_messages(differences(again.messages, stored.said))]
    if found:
        return Verification(stored.session, "different", "; ".join(found))
    return Verification(stored.session, "equal", _intact(stored, again, last))


def _intact(stored: StoredSession, again: Replayed, last: Verdict) -> str:
    beside = f", {again.ignored} more were repetitions or came too late" if again.ignored else ""
    folded = len(stored.observations) - again.ignored
    return f"{last.risk_class} from {folded} observations{beside}; {len(stored.said)} messages, proof {last.proof}"


def _incomparable(again: Replayed, last: Verdict) -> str:
    """Why other code or another policy than at the time would speak; empty: the same."""
    engine = last.engine or FIRST_ENGINE
    if engine != ENGINE:
        return f"made by engine {engine}, this is {ENGINE}: cannot be compared byte for byte"
    if again.policy is not None and not again.refused and again.policy.digest != last.policy:
        named = last.policy_name or last.policy
        if again.state is not None and again.state.observations.hex() == last.observations:
            return f"made under policy {named} ({last.policy}), which the log does not hold"
    return ""


def _about_chain(again: Replayed, verdicts: Sequence[Verdict]) -> Iterator[str]:
    if again.digest != verdicts[-1].observations:
        yield f"the observations are not those of the verdict (digest {again.digest}, not {verdicts[-1].observations})"


def _about_rows(suspected: Sequence[Suspect], again: Replayed) -> Iterator[str]:
    if suspected:
        yield f"suspect: {_some([str(one) for one in suspected])}"
    elif again.refused:
        yield f"cannot be folded: {_some([one.reason for one in again.refused])}"


def _about_messages(found: Sequence[Difference]) -> Iterator[str]:
    """How many of each kind; of the verdict the fields."""
    for one in found:
        if one.identity.kind == "verdict" and one.how == "differs":
            yield f"verdict {one.identity.number} differs in {', '.join(one.fields)}"
    rest = Counter((one.identity.kind, one.how) for one in found if (one.identity.kind, one.how) != _VERDICT)
    for (kind, how), count in rest.items():
        yield f"{count} {kind}{'s' if count > 1 else ''} {_HOW[how]}"


_VERDICT = ("verdict", "differs")
_HOW = {"missing": "missing", "surplus": "that nothing explains", "differs": "stored otherwise"}


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
