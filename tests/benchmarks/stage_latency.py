"""Latencies of a running stack out of its own histograms: what was observed between two looks."""

import urllib.request
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

from prometheus_client.parser import text_string_to_metric_families

METRIC = "proctor_stage_latency_seconds"


@dataclass(frozen=True, slots=True)
class Histogram:
    """Upper bounds in seconds, and how many were at or below each."""

    bounds_s: tuple[float, ...]
    counts: tuple[float, ...]

    def since(self, before: "Histogram") -> "Histogram":
        """What was added after `before`."""
        return Histogram(self.bounds_s, tuple(a - b for a, b in zip(self.counts, before.counts, strict=True)))

    def quantile_s(self, share: float) -> float:
        """Seconds within which `share` of the observations lie, straight between two bounds; nan without any."""
        total = self.counts[-1]
        if not total:
            return float("nan")
        at = bisect_left(self.counts, share * total)
        lower = self.bounds_s[at - 1] if at else 0.0
        below = self.counts[at - 1] if at else 0.0
        upper = self.bounds_s[at] if self.bounds_s[at] != float("inf") else lower
        return lower + (upper - lower) * (share * total - below) / max(self.counts[at] - below, 1e-9)


def read_histogram(telemetry: str, stage: str) -> Histogram:
    """The latency histogram of `stage` at a stage's telemetry address, http://host:port."""
    with urllib.request.urlopen(f"{telemetry}/metrics", timeout=5) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    samples = [s for f in families if f.name == METRIC for s in f.samples]
    buckets = sorted(
        (float(s.labels["le"]), s.value)
        for s in samples
        if s.name == f"{METRIC}_bucket" and s.labels.get("stage") == stage
    )
    assert all(a[1] <= b[1] for a, b in pairwise(buckets)), "cumulative"
    if not buckets:
        return Histogram((float("inf"),), (0.0,))
    return Histogram(tuple(b for b, _ in buckets), tuple(n for _, n in buckets))
