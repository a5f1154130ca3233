"""The page stands alone, escapes everything, and says in words whatever it shows in colour."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import get_args

import msgspec
import pytest

from scoring.messages import RiskClass, RuleTotal
from sinks.report.assembly import assemble
from sinks.report.model import Report
from sinks.report.page import alerts_of, picture_of, report_html, rules_of
from sinks.report.policy_text import ComparisonText, PolicyText, RuleText
from sinks.report.wording import HEADLINES
from tests.sample_exam import SampleExam
from tests.sample_report import EXAM, START_MS, bare, stored
from tests.sample_script import ALLOWED, EPISODES, POLICY, SUPPRESSED

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
        "0:18.0 – 0:24.5", "6.5 s", "41.3° against 25°", "1:01.5 – 1:09.0", "0.87 against 0.5", "+15",
        "A phone was visible for 7.5 s", EXAM.verdict().policy, EXAM.verdict().observations,
        "180 sent, 178 looked at, 2 given up", "86 %", "1 rejected (unstable)", "±1.1°", "15 frames used, 13 needed",
    ):  # fmt: skip
        assert shown in text.replace("\u00a0", " "), shown


def test_every_event_tells_why_when_it_is_asked() -> None:
    text = page(report()).text.replace("\u00a0", " ")
    for shown in (
        "Why, 96 % sure", "Looked away: head sideways at least 25° or eyes sideways at least 0.07, for 3.0 s.",
        "Head sideways 41.3° against 25°, to the right in the picture, seen for 6.2 s of 6.5 s, confidence 96 %.",
        "With a threshold of 41.31° instead of 25° it would not have fired.",
        "With a hold of 7.3 s instead of 5.0 s it would not have fired.",
        "onset 36 at 0:18.0, partition 3 offset 1036", "peak 42 at 0:21.0", "end 49 at 0:24.5",
    ):  # fmt: skip
        assert shown in text, shown


def test_counts_stand_beside_what_could_be_seen() -> None:
    text = page(report()).text.replace("\u00a0", " ")
    assert "1 absent 86 % seen" in text
    assert "1 phone 91 % seen" in text
    assert "High activity: 0:18.0 – 0:41.0, 3 alerts began (3 a minute)." in text


def test_of_several_rules_with_one_label_the_least_coverage_is_told() -> None:
    verdict = msgspec.structs.replace(stored().verdict, alerts={"phone": 2}, rules=(
        *(msgspec.structs.replace(stored().verdict.rules[3], coverage=share) for share in (0.9, 0.3)),
    ))  # fmt: skip
    (alert,) = alerts_of(assemble(replace(stored(), verdict=verdict)))
    assert (alert.name, alert.events, alert.coverage) == ("Phone", 2, 0.3)


def test_accommodations_show_the_score_with_and_without_and_the_ledger() -> None:
    text = page(report()).text.replace("\u00a0", " ")
    assert f"Allowed to this person: {ALLOWED}." in text
    assert "With them (counts) Suspicious 0.52 64" in text
    assert "Without them Suspicious 0.58 60" in text
    assert "1 event that does not count" in text
    assert "0 instead of 4" in text
    assert "80 % of the time against 60 % Speech" in text
    assert "With a share of 81 % instead of 60 % it would not have fired." in text


def test_many_reasons_and_rules_that_say_nothing_fold_away() -> None:
    whole = stored()
    quiet = [RuleTotal(rule=f"rule_{i}", events=0, duration_ms=0, points=0.0, coverage=0.95) for i in range(3)]
    blind = RuleTotal(rule="blind", events=0, duration_ms=0, points=0.0, coverage=0.2)
    verdict = msgspec.structs.replace(
        whole.verdict, reasons=tuple(f"reason {i}" for i in range(11)), rules=(*whole.verdict.rules, *quiet, blind)
    )
    shown = assemble(replace(whole, verdict=verdict))
    assert [r.rule for r in rules_of(shown).quiet] == ["rule_0", "rule_1", "rule_2"]
    assert rules_of(shown).telling == (*whole.verdict.rules, blind)
    text = page(shown).text
    assert "reason 7 3 more reason 8" in text
    assert "3 more rules found nothing and could see well" in text


def test_nobody_with_accommodations_no_section() -> None:
    verdict = msgspec.structs.replace(stored().verdict, accommodations=(), without=None)
    assert "Accommodations" not in page(assemble(replace(stored(), verdict=verdict))).text


def test_accommodations_that_nothing_needed() -> None:
    whole = stored(events=[EXAM.closed(e) for e in EPISODES])
    assert "Nothing that was found is covered by them." in page(assemble(whole)).text


def test_the_foot_says_how_to_verify_and_what() -> None:
    text = page(report()).text
    verdict = EXAM.verdict()
    for shown in ("proctor verify exam-7f3a", verdict.proof, f"default {POLICY}", "facemesh-1", "objects-1",
                  "clock jumps 1"):  # fmt: skip
        assert shown in text, shown


def test_what_is_long_is_folded() -> None:
    read = page(report())
    assert read.tags.count("details") == 4 + 1 + 1 + 1  # events, the ledger with its event, the foot
    assert ("open", None) not in read.attributes


def test_a_second_try_of_calibration_is_told() -> None:
    again = msgspec.structs.replace(EXAM.calibration(), extended=True)
    assert "The first try failed" in page(assemble(replace(stored(), calibration=again))).text
    assert "The first try failed" not in page(report()).text


def test_attention_is_drawn_when_it_is_known() -> None:
    assert any(s.startswith("Attention over time, 0 to 100. Mean: 86.4.") for s in page(report()).spoken())
    unknown = [msgspec.structs.replace(s, attention=None) for s in stored().samples]
    assert not any("Attention" in s for s in page(assemble(replace(stored(), samples=unknown))).spoken())


def test_the_picture_is_spoken_too() -> None:
    spoken = page(report(), TRUTH).spoken()
    assert any(s.startswith("Risk over 1:30.0. Highest sum of temporary and permanent risk: 15 points") for s in spoken)
    assert "Phone: 1:01.5 to 1:09.0, 15 points, permanent" in spoken
    assert "Looking away: 0:18.0 to 0:24.0; 1:10.0 to 1:11.0" in spoken
    assert f"Talking: 1:11.0 to 1:24.0, 4 points, does not count: {ALLOWED}" in spoken
    assert any("Face not seen 0:51.0 to 0:56.0" in s and "2 frames given up by detectors" in s for s in spoken)


def test_only_an_exam_with_known_truth_is_called_synthetic() -> None:
    assert "Synthetic exam." in page(report(), TRUTH).text
    assert "ynthetic" not in page(report()).text


def test_rules_without_events_are_shown_with_their_coverage() -> None:
    quiet = assemble(stored(events=[]))
    assert picture_of(quiet).rules == ()
    text = page(quiet).text
    assert "No rule fired." in text
    assert all(name in text for name in ("Looking away 1", "No face 1", "Multiple faces 1", "Talking 0"))


def test_bars_stand_where_the_events_are() -> None:
    picture = picture_of(report(), TRUTH)
    assert [(bar.left, bar.width, bar.kind) for track in picture.rules for bar in track.bars] == [
        (20.0, 7.222, "temporary"), (33.333, 4.445, "temporary"), (45.556, 4.444, "temporary"),
        (68.333, 8.334, "permanent"), (78.889, 14.444, "suppressed"),
    ]  # fmt: skip


def test_whatever_a_message_says_is_text() -> None:
    exam = SampleExam(session=EVIL, start_ms=START_MS, source=EVIL)
    evil = msgspec.structs.replace(exam.closed(EPISODES[0]), rule=EVIL, signal=EVIL, label=EVIL, direction=EVIL)
    ledger = msgspec.structs.replace(exam.closed(SUPPRESSED), rule=EVIL, suppressed=EVIL)
    verdict = msgspec.structs.replace(
        exam.verdict(), reasons=(EVIL,), policy=EVIL, observations=EVIL, engine=EVIL, policy_name=EVIL, models=(EVIL,),
        alerts={EVIL: 1}, anomalies={EVIL: 1}, accommodations=(EVIL,), proof=EVIL,
    )  # fmt: skip
    written = PolicyText(
        rules={EVIL: RuleText(says=EVIL, kind=EVIL, when=(ComparisonText(signal=EVIL, at_least=1.0),))}
    )
    baseline = msgspec.structs.replace(exam.calibration(), baseline={EVIL: 1.0}, rejected={EVIL: 2})
    shown = assemble(replace(stored(exam, [evil, ledger]), verdict=verdict, calibration=baseline, policy=written))
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
