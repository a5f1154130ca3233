"""What was found in a synthetic exam against what is known to be in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.exam.truth import TrueEpisode
from sinks.report.model import ReportEvent

# The rules that may tell of each behaviour under the default policy; what is not listed must set off none.
EXPECTED_RULES = {
    "looking_away": ("looking_away",),
    "eyes_aside": ("looking_away",),
    "absent": ("no_face",),
    "second_face": ("multiple_faces", "another_person"),
    "phone": ("phone",),
    "talking": ("talking",),
    "eyes_closed": ("eyes_closed",),
}
OVERLAP_FLOOR = 0.5  # an event tells of an episode when it covers at least this share of it


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the comparison: an episode with the event that tells of it, or an event that nothing explains."""

    episode: TrueEpisode | None
    event: ReportEvent | None

    @property
    def outcome(self) -> str:
        """found, quiet (rightly no event), MISSED or FALSE."""
        if self.episode is None:
            return "FALSE"
        if self.episode.kind not in EXPECTED_RULES:
            return "quiet"
        return "found" if self.event else "MISSED"

    @property
    def start_ms(self) -> int:
        """Where the line belongs on the timeline."""
        shown = self.episode or self.event
        assert shown is not None, "a finding has an episode or an event"
        return shown.start_ms


def compare(episodes: Sequence[TrueEpisode], events: Sequence[ReportEvent]) -> tuple[Finding, ...]:
    """Every episode and every unexplained event, by time."""
    told = [Finding(episode, _event_of(episode, events)) for episode in episodes]
    false = [Finding(None, event) for event in events if not any(_explains(one, event) for one in told)]
    return tuple(sorted([*told, *false], key=lambda f: f.start_ms))


def is_exact(findings: Sequence[Finding]) -> bool:
    """Whether everything was found and nothing else."""
    return all(f.outcome in ("found", "quiet") for f in findings)


def _explains(told: Finding, event: ReportEvent) -> bool:
    """Whether this event is of an episode that was found: several rules may tell of one."""
    episode = told.episode
    if episode is None or told.event is None:
        return False
    return event is told.event or (_may_tell(episode, event) and event.rule != told.event.rule)


def _may_tell(episode: TrueEpisode, event: ReportEvent) -> bool:
    return event.rule in EXPECTED_RULES.get(episode.kind, ()) and _overlap_ms(episode, event) > 0


def _event_of(episode: TrueEpisode, events: Sequence[ReportEvent]) -> ReportEvent | None:
    told = [event for event in events if _may_tell(episode, event)]
    best = max(told, key=lambda e: _overlap_ms(episode, e), default=None)
    if best is None or _overlap_ms(episode, best) < OVERLAP_FLOOR * (episode.end_ms - episode.start_ms):
        return None
    return best


def _overlap_ms(episode: TrueEpisode, event: ReportEvent) -> int:
    return min(episode.end_ms, event.end_ms) - max(episode.start_ms, event.start_ms)
