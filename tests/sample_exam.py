"""One exam as the stages would publish it, written by hand: 90 s with four risk events and one that does not count.

There are a blind spell and lost frames, too. For tests of the sinks alone: what is in it is known, nothing is computed
by the product.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.log import Record
from ingest.messages import encode_bundle, encode_message
from ingest.telemetry import now_ms
from scoring.messages import (
    Activity,
    CalibrationFinished,
    FrameRef,
    RiskClosed,
    RiskMessage,
    RiskOpened,
    RuleTotal,
    ScoreSample,
    Tick,
    Unaccommodated,
    Verdict,
    event_id,
)
from tests.sample_observations import FilmedExam
from tests.sample_script import ALLOWED, BLIND, EPISODES, FRAME_MS, PARTITION, POLICY, SECONDS, SUPPRESSED, Episode


@dataclass(frozen=True, slots=True)
class SampleExam(FilmedExam):
    """The messages of one session in the order of the log."""

    def risk_messages(self) -> Iterator[RiskMessage]:
        """Calibration, events with their openings, the one that does not count, a sample each second, the verdict."""
        yield self.calibration()
        for second in range(1, SECONDS + 1):
            yield from self._events_at(second)
            yield self.sample(second)
        yield self.verdict()

    def calibration(self) -> CalibrationFinished:
        return CalibrationFinished(
            session=self.session,
            policy=POLICY,
            status="SUCCESS",
            start_ms=self.start_ms,
            end_ms=self.at(8.0),
            frames=15,
            rejected={"unstable": 1},
            baseline={"yaw_deg": 2.5, "pitch_deg": -4.0, "eye_openness": 0.31},
            spread={"yaw_deg": 1.1, "pitch_deg": 0.9, "eye_openness": 0.02},
            ingested_ms=self.at(8.0) + 4,
            needed=13,
        )

    def opened(self, episode: Episode) -> RiskOpened:
        return RiskOpened(
            event_id=self.id_of(episode),
            session=self.session,
            policy=POLICY,
            rule=episode.rule,
            start_ms=self.at(episode.start_s),
            fired_ms=self.at(episode.start_s) + episode.hold_ms,
            points=episode.points,
            permanent=episode.permanent,
            onset=self._frame(episode.start_s),
            ingested_ms=self.at(episode.start_s) + episode.hold_ms + 4,
            label=episode.label,
        )

    def closed(self, episode: Episode) -> RiskClosed:
        return RiskClosed(
            event_id=self.id_of(episode),
            session=self.session,
            policy=POLICY,
            rule=episode.rule,
            start_ms=self.at(episode.start_s),
            fired_ms=self.at(episode.start_s) + episode.hold_ms,
            end_ms=self.at(episode.end_s),
            points=episode.points,
            permanent=episode.permanent,
            signal=episode.signal,
            threshold=episode.threshold,
            peak=episode.peak,
            hold_ms=episode.hold_ms,
            onset=self._frame(episode.start_s),
            peak_frame=self._frame((episode.start_s + episode.end_s) / 2),
            end_frame=self._frame(episode.end_s),
            ingested_ms=self.at(episode.end_s) + 4,
            label=episode.label,
            direction=episode.direction,
            held_ms=episode.held_ms,
            confidence=episode.confidence,
            suppressed=episode.suppressed,
            unless=episode.unless,
        )

    def sample(self, second: int) -> ScoreSample:
        """The risk after `second` seconds: points enter when a rule fires; temporary risk decays 1 a second."""
        seen = second not in BLIND
        count = {"no_face": 0, "multiple_faces": 2}.get(self.rule_at(second), 1)
        return ScoreSample(
            session=self.session,
            policy=POLICY,
            at_ms=self.at(second),
            temporary=_temporary(second),
            permanent=sum(e.points for e in EPISODES if e.permanent and _fired_s(e) <= second),
            active=tuple(e.rule for e in EPISODES if _fired_s(e) <= second < e.end_s),
            frames=second * 1000 // FRAME_MS,
            faces=count if seen else -1,
            seen=seen,
            ingested_ms=self.at(second) + 4,
            attention=_attention(count, self.rule_at(second)) if seen else None,
            state=("Absent" if count == 0 else "Focused") if seen else "",
        )

    def verdict(self) -> Verdict:
        totals = tuple(RuleTotal(
            rule=e.rule, events=1, duration_ms=int((e.end_s - e.start_s) * 1000), points=e.points,
            coverage=0.91 if e.rule == "phone" else 0.855, label=e.label,
        ) for e in EPISODES)  # fmt: skip
        talking = RuleTotal(
            rule="talking", events=0, duration_ms=0, points=0.0, coverage=0.62, label="talking", suppressed=1
        )
        return Verdict(
            session=self.session,
            policy=POLICY,
            revision=1,
            start_ms=self.start_ms,
            end_ms=self.at(SECONDS),
            closed_by="end",
            risk_class="SUSPICIOUS",
            confidence=0.52,
            integrity=64.0,
            temporary_peak=11.0,
            permanent=15.0,
            frames_observed=self.frames - 2,
            frames_dropped=2,
            coverage=0.93,
            calibration="SUCCESS",
            rules=(*totals, talking),
            reasons=(
                "A phone was visible for 7.5 s (held rule: 5 s).",
                "More than one face was visible for 4.0 s.",
                "The head was turned away for 6.5 s.",
            ),
            observations="9c1185a5c5e9fc54612808977ee8f548",
            ingested_ms=self.at(SECONDS) + 4,
            engine="2",
            policy_name="default",
            models=("facemesh-1", "objects-1"),
            attention=86.4,
            alerts={"absent": 1, "another_person": 1, "looking_away": 1, "phone": 1},
            high_activity=(Activity(start_ms=self.at(18), end_ms=self.at(41), alerts=3, per_minute=3.0),),
            anomalies={"clock_jumps": 1},
            accommodations=(ALLOWED,),
            without=Unaccommodated(risk_class="SUSPICIOUS", confidence=0.58, integrity=60.0),
            proof="5d7f2c0a9b1e4f3388aa01c2d3e4f506",
        )

    def id_of(self, episode: Episode) -> str:
        return event_id(self.session, POLICY, episode.rule, str(self._frame(episode.start_s).seq))

    def _events_at(self, second: int) -> Iterator[RiskMessage]:
        for episode in (*EPISODES, SUPPRESSED):
            if not episode.suppressed and second - 1 < _fired_s(episode) <= second:
                yield self.opened(episode)
            if second - 1 < episode.end_s <= second:
                yield self.closed(episode)

    def _frame(self, second: float) -> FrameRef:
        seq = int(second * 1000) // FRAME_MS
        return FrameRef(seq=seq, capture_ms=self.at(seq * FRAME_MS / 1000), partition=PARTITION, offset=1000 + seq)


def _attention(faces: int, rule: str) -> float:
    return 0.0 if faces == 0 else 35.5 if rule == "looking_away" else 96.0


def _fired_s(episode: Episode) -> float:
    return episode.start_s + episode.hold_ms / 1000


def _temporary(second: int) -> float:
    risk = 0.0
    for now in range(1, second + 1):
        risk += sum(e.points for e in EPISODES if not e.permanent and now - 1 < _fired_s(e) <= now)
        if not any(_fired_s(e) <= now < e.end_s for e in EPISODES):
            risk = max(0.0, risk - 1.0)
    return risk


def as_records(exam: SampleExam, first_offset: int = 0, bundle: int = 8) -> list[Record]:
    """The exam as its part of the log: bundles with a tick between, then the risk messages one by one."""
    observed, at_ms = list(exam.observations()), now_ms()
    bundles = [[*observed[i : i + bundle], Tick(at_ms=at_ms)] for i in range(0, len(observed), bundle)]
    return [
        *records("observations", (encode_bundle(b) for b in bundles), first_offset),
        *records("risk-events", (encode_message(m) for m in exam.risk_messages()), first_offset),
    ]


def records(topic: str, values: Iterable[bytes], first_offset: int = 0) -> list[Record]:
    """Values as consecutive records of one partition, taken by the log just now."""
    at_ms = now_ms()
    return [Record(topic, PARTITION, first_offset + i, None, value, (), at_ms) for i, value in enumerate(values)]
