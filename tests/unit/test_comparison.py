"""The comparison that the demo prints: what a wrong pipeline would show."""

from dataclasses import replace

import pytest

from deploy.comparison import compare, is_exact
from ingest.exam.truth import TrueEpisode
from sinks.report.model import Evidence, ReportEvent

AWAY = ReportEvent(
    event_id="a",
    rule="looking_away",
    start_ms=14_200,
    fired_ms=17_200,
    end_ms=20_000,
    closed=True,
    points=6,
    permanent=False,
    signal="yaw_deg",
    threshold=15,
    peak=40,
    hold_ms=3_000,
    onset=Evidence(71, 14_200),
    peak_frame=None,
    end_frame=None,
)
EPISODE = TrueEpisode("looking_away", 14_000, 20_000)


@pytest.mark.parametrize(
    ("episodes", "events", "outcomes"),
    [
        ([EPISODE], [AWAY], ["found"]),
        ([EPISODE], [], ["MISSED"]),
        ([EPISODE], [replace(AWAY, rule="no_face")], ["MISSED", "FALSE"]),
        ([EPISODE], [replace(AWAY, end_ms=16_000)], ["MISSED", "FALSE"]),  # covers too little of it to tell of it
        ([TrueEpisode("eyes_aside", 14_000, 20_000)], [AWAY], ["found"]),
        ([TrueEpisode("reading", 14_000, 20_000)], [], ["quiet"]),
        ([TrueEpisode("reading", 14_000, 20_000)], [AWAY], ["quiet", "FALSE"]),
        ([TrueEpisode("talking", 14_000, 20_000)], [AWAY], ["MISSED", "FALSE"]),
        (
            [TrueEpisode("second_face", 14_000, 20_000)],
            [replace(AWAY, rule="multiple_faces"), replace(AWAY, event_id="b", rule="another_person")],
            ["found"],
        ),
        ([EPISODE], [AWAY, replace(AWAY, event_id="b", start_ms=30_000, end_ms=34_000)], ["found", "FALSE"]),
    ],
)
def test_each_episode_and_each_event_is_accounted_for(
    episodes: list[TrueEpisode], events: list[ReportEvent], outcomes: list[str]
) -> None:
    """Catches an event that explains two things, or nothing, and goes unnoticed."""
    findings = compare(episodes, events)
    assert [f.outcome for f in findings] == outcomes
    assert is_exact(findings) == (not {"MISSED", "FALSE"} & set(outcomes))
