"""How sure a measured figure is: 95 % intervals for shares, rates, and means over exams."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from scipy.stats import chi2

Z = 1.959964  # of a normal distribution, 95 % within
LEVEL = 0.95
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the bounds that hold it in 95 of 100 cases."""

    value: float
    low: float
    high: float


def share(hits: int, tries: int) -> Estimate | None:
    """Wilson's interval of a share; None when there was nothing to hit.

    Wilson (1927): sound for few tries and for shares of 0 and 1, where the plain interval collapses.
    """
    if not 0 <= hits <= tries:
        raise ValueError(f"{hits} hits of {tries} tries")
    if tries == 0:
        return None
    seen, width = hits / tries, Z * Z / tries
    middle = (seen + width / 2) / (1 + width)
    half = Z * sqrt(seen * (1 - seen) / tries + width / (4 * tries)) / (1 + width)
    return Estimate(seen, max(0.0, middle - half), min(1.0, middle + half))


def rate(count: int, hours: float) -> Estimate:
    """The exact interval of a Poisson rate per hour (Garwood 1936); without any time nothing is known."""
    if count < 0 or hours < 0:
        raise ValueError(f"{count} events in {hours} hours")
    if hours == 0:
        return Estimate(0.0, 0.0, inf)
    tail = (1 - LEVEL) / 2
    low = float(chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    return Estimate(count / hours, low / hours, float(chi2.ppf(1 - tail, 2 * count + 2)) / 2 / hours)


def pooled_share(hits: Sequence[int], tries: Sequence[int]) -> Estimate | None:
    """A share over exams whose frames hang together: bootstrap over the exams, always the same draws.

    None when there was nothing to hit. An interval over frames would take one bad exam for hundreds of misses. Where no
    exam has a hit, or all have nothing else, draws tell nothing: then Wilson's interval over exams.
    """
    if len(hits) != len(tries):
        raise ValueError(f"{len(hits)} hits for {len(tries)} exams")
    if sum(tries) == 0:
        return None
    if sum(hits) in (0, sum(tries)):
        asked = sum(one > 0 for one in tries)
        return share(asked if sum(hits) else 0, asked)
    hit, tried = np.array(hits, float), np.array(tries, float)
    drawn = np.random.default_rng(0).integers(0, len(hit), (DRAWS, len(hit)))
    of = np.maximum(tried[drawn].sum(axis=1), 1.0)
    low, high = np.quantile(hit[drawn].sum(axis=1) / of, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(hit.sum() / tried.sum()), float(low), float(high))
