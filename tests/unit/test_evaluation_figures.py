"""Intervals and spans: against published values and against counting."""

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.evaluation.certainty import Estimate, pooled_share, rate, share
from deploy.evaluation.spans import Span, common_ms, merged, total_ms

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda one: Span(one[0], one[0] + one[1])))


@pytest.mark.parametrize(
    ("hits", "tries", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe (1998), table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_a_share_has_wilson_s_interval(hits: int, tries: int, low: float, high: float) -> None:
    found = share(hits, tries)
    assert found is not None
    assert found.value == pytest.approx(hits / tries)
    assert [found.low, found.high] == pytest.approx([low, high], abs=1e-4)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (5, 1.6235, 11.6683), (10, 4.7954, 18.3904)],  # Garwood (1936)
)
def test_a_rate_has_the_exact_interval(count: int, low: float, high: float) -> None:
    found = rate(count, 0.5)
    assert found.value == 2 * count
    assert [found.low, found.high] == pytest.approx([2 * low, 2 * high], abs=2e-4)


def test_of_nothing_nothing_is_known() -> None:
    assert share(0, 0) is None
    assert pooled_share([], []) is None
    assert pooled_share([0, 0], [0, 0]) is None
    assert rate(0, 0.0) == Estimate(0.0, 0.0, inf)


@pytest.mark.parametrize("wrong", [(2, 1), (-1, 1)])
def test_more_hits_than_tries_are_a_defect(wrong: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="hits of"):
        share(*wrong)
    with pytest.raises(ValueError, match="for 2 exams"):
        pooled_share([1], [1, 2])


def test_one_bad_exam_of_many_is_not_hundreds_of_misses() -> None:
    """Over frames the interval would be 2 to 3 %; over exams it says that a tenth of the people may be concerned."""
    found = pooled_share([100] + [0] * 39, [100] * 40)
    assert found is not None
    assert found.value == pytest.approx(0.025)
    assert found.low == 0.0
    assert found.high > 0.05
    assert found == pooled_share([100] + [0] * 39, [100] * 40)


def test_no_miss_in_three_exams_proves_little() -> None:
    """Catches draws that all say nothing and look like certainty."""
    assert pooled_share([0, 0, 0], [200, 200, 0]) == share(0, 2)
    assert pooled_share([200, 200], [200, 200]) == share(2, 2)


@given(SPANS, SPANS)
def test_spans_are_what_counting_milliseconds_says(some: list[Span], others: list[Span]) -> None:
    """Catches touching, nested and empty spans that are counted twice or lost."""
    one, other = ({ms for span in spans for ms in range(*span)} for spans in (some, others))
    assert common_ms(some, others) == len(one & other)
    assert total_ms(some) == len(one)
    joined = merged(some)
    assert {ms for span in joined for ms in range(*span)} == one
    assert all(before.end_ms < after.start_ms for before, after in pairwise(joined))
