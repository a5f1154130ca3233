"""Real webcam clips against what is known to happen in them: found or missed, and every false event.

Run: `proctor bench videos`, with PROCTOR_DATASETS naming the folder that holds `videos/` (left out when there is none).
Two kinds of lines: what a rule must say (an event of the default policy), and what is too short for any rule and must
show in the signals: found when at least half of the looks inside its seconds show it.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from deploy.borrowed import borrowed_stack
from deploy.run import Job, Options, run_sources
from detectors.messages import Face, FaceObserved, ObjectsObserved
from scoring.messages import decode_bundle
from scoring.rulebook.policy import load_policy
from sinks.queries import packed_observations
from sinks.report.model import ReportEvent
from sinks.store import Store, over_http

RATE_FPS = 10.0
CALIBRATION_MS = 5_000  # the clips are short; one of them looks aside after 5.7 s
SHARE = 0.5
PHONE_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """One look for faces against the clip's own middle: offsets in ms, angles in degrees, shares of the picture."""

    at_ms: int
    faces: int
    yaw: float = 0.0
    gaze: float = 0.0
    mouth: float = 0.0
    size: float = 0.0
    x: float = 0.0


Shows = Callable[[Seen], bool]


@dataclass(frozen=True, slots=True)
class Known:
    """Something that happens from second to second: a rule's event, or signals that must show it."""

    start_s: float
    end_s: float
    what: str
    shows: Shows | None = None
    rule: str = ""


def turned(s: Seen) -> bool:
    """Head well away from its middle."""
    return s.faces == 0 or abs(s.yaw) > 15


def wide(s: Seen) -> bool:
    """Mouth wide open."""
    return s.mouth > 0.4


def at_left(s: Seen) -> bool:
    """Face left of its usual place."""
    return s.x < -0.05


def at_right(s: Seen) -> bool:
    """Face right of its usual place."""
    return s.x > 0.05


KNOWN: dict[str, tuple[Known, ...]] = {
    "head-moves-a.mp4": (
        Known(1.8, 3.0, "leans to the left", at_left),
        Known(3.5, 4.3, "at the right edge", at_right),
        Known(4.5, 6.0, "left", at_left),
    ),
    "head-moves-b.mp4": (
        Known(7.0, 8.5, "very close", lambda s: s.size > 0.05),
        Known(10.0, 13.0, "far back, small face", lambda s: s.size < -0.03),
        Known(15.7, 16.5, "close again", lambda s: s.size > 0.03),
    ),
    "talk-yawn-hand.mp4": (
        Known(11.4, 12.1, "mouth wide open", wide),
        Known(13.5, 14.6, "mouth wide open", wide),
        Known(19.4, 20.5, "head turned", turned),
        Known(26.6, 27.0, "head turned", turned),
        Known(29.4, 30.2, "head turned", turned),
        Known(31.0, 33.0, "close", lambda s: s.size > 0.03),
        Known(37.0, 40.0, "far", lambda s: s.size < -0.02),
    ),
    "eyes-centre-left-centre.mp4": (Known(5.7, 10.2, "eyes aside, head still", rule="looking_away"),),
    "eyes-centre.mp4": (),
    "people-come-and-go.mp4": (
        Known(0.0, 139.0, "nobody's face", rule="no_face"),
        Known(0.0, 10.0, "no face while calibrating", rule="calibration_absent"),
    ),
    "two-people.gif": (
        Known(0.0, 4.7, "two faces", rule="multiple_faces"),
        Known(0.0, 4.7, "two persons", rule="another_person"),
        Known(0.0, 4.7, "two faces while calibrating", rule="calibration_company"),
    ),
    "head-turns.gif": (
        Known(0.0, 0.4, "head far left", turned),
        Known(0.8, 1.5, "head to the right", turned),
        Known(0.0, 1.9, "turned away while calibrating", rule="calibration_aside"),
    ),
    "hands-sign-a.mkv": (),
}


def seen_of(looks: Sequence[FaceObserved], start_ms: int) -> list[Seen]:
    """Each look against the clip's median."""
    alone = [look.faces[0] for look in looks if look.faces]
    if not alone:
        return [Seen(look.capture_ms - start_ms, 0) for look in looks]
    middle = {name: median(getattr(face, name) for face in alone) for name in ("yaw_deg", "gaze_x", "width_share")}
    width_px = median((f.box_xyxy[2] - f.box_xyxy[0]) / f.width_share for f in alone)
    middle_x = median(_x(face, width_px) for face in alone)

    def seen(look: FaceObserved) -> Seen:
        at_ms = look.capture_ms - start_ms
        if not look.faces:
            return Seen(at_ms, 0)
        face = look.faces[0]
        return Seen(
            at_ms,
            len(look.faces),
            face.yaw_deg - middle["yaw_deg"],
            face.gaze_x - middle["gaze_x"],
            face.mouth_openness,
            face.width_share - middle["width_share"],
            _x(face, width_px) - middle_x,
        )

    return [seen(look) for look in looks]


def _x(face: Face, width_px: float) -> float:
    return (face.box_xyxy[0] + face.box_xyxy[2]) / 2 / width_px


def outcome(known: Known, seen: Sequence[Seen], events: Sequence[ReportEvent]) -> str:
    """found or MISSED, with the interval or the share that says so."""
    start_ms, end_ms = round(known.start_s * 1000), round(known.end_s * 1000)
    if known.shows is None:
        told = [e for e in events if e.rule == known.rule and e.start_ms < end_ms and e.end_ms > start_ms]
        return " ".join(f"found {e.start_ms / 1000:.1f}-{e.end_ms / 1000:.1f} s" for e in told) or "MISSED"
    inside = [s for s in seen if start_ms <= s.at_ms < end_ms]
    share = sum(map(known.shows, inside)) / max(1, len(inside))
    return f"{'found' if share >= SHARE else 'MISSED'} in {share:.0%} of its looks"


def false_events(known: Sequence[Known], events: Sequence[ReportEvent]) -> list[ReportEvent]:
    """Events that nothing known explains."""
    explained = [(k.rule, k.start_s * 1000, k.end_s * 1000) for k in known if k.rule]
    return [
        e
        for e in events
        if not any(e.rule == r and e.start_ms < end and e.end_ms > start for r, start, end in explained)
    ]


async def run_clips(folder: Path, console: Console) -> None:
    """Proctor every clip and print the table."""
    table = Table("clip", "seconds", "what happens", "outcome")
    async with borrowed_stack(lambda step: console.print(f"[dim]{step}[/dim]")) as addresses:
        options = Options(load_policy("default"), "max", RATE_FPS, CALIBRATION_MS)
        jobs = await run_sources([str(folder / name) for name in KNOWN], options, addresses, _nothing)
        store, phones, hours = Store(over_http(addresses.clickhouse), addresses.database), 0, 0.0
        for name, job in zip(KNOWN, jobs, strict=True):
            assert job.report is not None, job.failure
            looks = [o for packed in packed_observations(store, job.session) for o in decode_bundle(b"\x91" + packed)]
            seen = seen_of([o for o in looks if isinstance(o, FaceObserved)], job.progress.start_ms)
            for known in KNOWN[name]:
                span = f"{known.start_s:g}-{known.end_s:g}"
                table.add_row(name, span, known.what, outcome(known, seen, job.report.events))
            false = false_events(KNOWN[name], job.report.events)
            told = ", ".join(f"{e.rule} {e.start_ms / 1000:.1f}-{e.end_ms / 1000:.1f}" for e in false)
            table.add_row(name, f"0-{job.report.duration_ms / 1000:.0f}", "false events", told or "none")
            phones += sum(_has_phone(o) for o in looks if isinstance(o, ObjectsObserved))
            hours += job.report.duration_ms / 3_600_000
        store.close()
    console.print(table)
    console.print(
        f"frames with a phone at {PHONE_CONFIDENCE} where there is none: {phones} in {hours * 60:.1f} minutes"
    )


def _has_phone(look: ObjectsObserved) -> bool:
    return any(o.label == "phone" and o.confidence >= PHONE_CONFIDENCE for o in look.objects)


async def _nothing(_: Sequence[Job]) -> None:
    """Shows nothing on the way."""


def main() -> int:
    """Run it where the clips are."""
    folder = Path(os.environ.get("PROCTOR_DATASETS", "../shared/data")) / "videos"
    if not folder.is_dir():
        print(f"videos: left out, there is no {folder}; set PROCTOR_DATASETS")
        return 0
    asyncio.run(run_clips(folder, Console()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
