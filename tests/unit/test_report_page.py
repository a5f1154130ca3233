"""The page stands alone, escapes everything, and says in words whatever it shows in colour."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import get_args

import msgspec
import pytest

from scoring.messages import RiskClass
from sinks.report.assembly import assemble
from sinks.report.model import Report
from sinks.report.page import picture_of, report_html
from sinks.report.wording import HEADLINES
from tests.sample_exam import SampleExam
from tests.sample_report import EXAM, START_MS, bare, stored
from tests.sample_script import EPISODES

VOID = {"meta", "br", "path", "circle"}
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=y>{{ 7 * 7 }}"


@dataclass(frozen=True)
class Known:
    kind: str
    start_ms: int
    end_ms: int


TRUTH = (
    Known("looking_away", 18_000, 24_000),
    Known("second_face", 41_000, 45_000),
    Known("looking_away", 70_000, 71_000),
)


class Page(HTMLParser):
    """Reads a page strictly: every element is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == [], f"never closed: {self._open}"

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)

    def spoken(self) -> list[str]:
        return [value or "" for name, value in self.attributes if name == "aria-label"]


def report(*, risk_class: str = "SUSPICIOUS") -> Report:
    whole = stored()
    return assemble(replace(whole, verdict=msgspec.structs.replace(whole.verdict, risk_class=risk_class)))


def page(shown: Report, truth: Sequence[Known] = ()) -> Page:
    return Page(report_html(shown, "exam.mp4", truth))


def test_nothing_is_fetched_and_nothing_runs() -> None:
    html = report_html(report(), "exam.mp4", TRUTH)
    read = Page(html)
    assert not {"script", "img", "link", "iframe", "object", "a", "form"} & set(read.tags)
    assert not [name for name, _ in read.attributes if name in ("src", "href") or name.startswith("on")]
    assert "default-src 'none'" in html
    assert "url(" not in html
    assert "@import" not in html
    assert "http" not in html.replace("http-equiv", "")


@pytest.mark.parametrize("risk_class", get_args(RiskClass))
def test_each_class_has_its_words_and_the_recommendation(risk_class: str) -> None:
    text = page(report(risk_class=risk_class)).text
    assert HEADLINES[risk_class] in text
    assert "This is a recommendation" in text
    assert "a person decides" in text


def test_every_event_stands_in_the_table_with_its_reasons() -> None:
    text = page(report()).text
    for shown in (
        "0:18.0 – 0:24.5", "6.5 s", "41.3° against 25°", "36, 42, 49", "1:01.5 – 1:09.0", "0.87 against 0.5", "+15",
        "A phone was visible for 7.5 s", EXAM.verdict().policy, EXAM.verdict().observations,
        "180 sent, 178 looked at, 2 given up", "86 %", "1 rejected (unstable)", "±1.1°",
    ):  # fmt: skip
        assert shown in text.replace("\u00a0", " "), shown


def test_the_picture_is_spoken_too() -> None:
    spoken = page(report(), TRUTH).spoken()
    assert any(s.startswith("Risk over 1:30.0. Highest sum of temporary and permanent risk: 15 points") for s in spoken)
    assert "Phone: 1:01.5 to 1:09.0, 15 points, permanent" in spoken
    assert "Looking away: 0:18.0 to 0:24.0; 1:10.0 to 1:11.0" in spoken
    assert any("Face not seen 0:51.0 to 0:56.0" in s and "2 frames given up by detectors" in s for s in spoken)


def test_only_an_exam_with_known_truth_is_called_synthetic() -> None:
    assert "Synthetic exam." in page(report(), TRUTH).text
    assert "ynthetic" not in page(report()).text


def test_rules_without_events_are_shown_with_their_coverage() -> None:
    quiet = assemble(stored(events=[]))
    assert [track.name for track in picture_of(quiet).rules] == ["Looking away", "No face", "Multiple faces", "Phone"]
    assert "No rule fired." in page(quiet).text


def test_bars_stand_where_the_events_are() -> None:
    picture = picture_of(report(), TRUTH)
    assert [(bar.left, bar.width, bar.kind) for track in picture.rules for bar in track.bars] == [
        (20.0, 7.222, "temporary"), (33.333, 4.445, "temporary"), (45.556, 4.444, "temporary"),
        (68.333, 8.334, "permanent"),
    ]  # fmt: skip


def test_whatever_a_message_says_is_text() -> None:
    exam = SampleExam(session=EVIL, start_ms=START_MS, source=EVIL)
    evil = msgspec.structs.replace(exam.closed(EPISODES[0]), rule=EVIL, signal=EVIL)
    verdict = msgspec.structs.replace(exam.verdict(), reasons=(EVIL,), policy=EVIL, observations=EVIL)
    baseline = msgspec.structs.replace(exam.calibration(), baseline={EVIL: 1.0}, rejected={EVIL: 2})
    shown = assemble(replace(stored(exam, [evil]), verdict=verdict, calibration=baseline))
    read = Page(report_html(shown, EVIL, [Known(EVIL, 0, 1)]))
    assert not {"script", "img"} & set(read.tags)
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert "{{ 7 * 7 }}" in read.text


def test_a_session_of_which_only_the_verdict_is_stored() -> None:
    read = page(assemble(bare()))
    assert HEADLINES["INCONCLUSIVE"] in read.text
    assert "No calibration is stored" in read.text


def test_an_event_that_never_closed() -> None:
    assert "never closed" in page(assemble(stored(events=[EXAM.opened(EPISODES[3])]))).text


def test_the_same_report_gives_the_same_page() -> None:
    assert report_html(report(), "exam.mp4", TRUTH) == report_html(report(), "exam.mp4", TRUTH)


def test_an_exam_of_twelve_hours_stays_a_small_page() -> None:
    whole = stored()
    samples = [msgspec.structs.replace(whole.samples[0], at_ms=START_MS + 1_000 * s) for s in range(12 * 3600)]
    verdict = msgspec.structs.replace(whole.verdict, end_ms=START_MS + 12 * 3_600_000)
    assert len(report_html(assemble(replace(whole, samples=samples, verdict=verdict)), "")) < 250_000
