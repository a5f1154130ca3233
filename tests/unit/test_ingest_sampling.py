"""Which pictures become frames. Without these, odd rates and broken clocks would change what the detectors see."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sampling import CaptureClock, Sampler, frame_interval_ms, stated_interval_ms


def chosen(rate_fps: float, offsets_ms: list[int]) -> list[int]:
    sampler = Sampler(rate_fps)
    return [offset for offset in offsets_ms if sampler.wants(offset)]


def times(interval_ms: float, stamps: list[float]) -> list[int | None]:
    clock = CaptureClock(interval_ms)
    return [clock.offset_ms(stamp) for stamp in stamps]


@pytest.mark.parametrize(
    ("rate_fps", "offsets_ms", "expected"),
    [
        (2, list(range(0, 2000, 100)), [0, 500, 1000, 1500]),
        (2, list(range(0, 2000, 40)), [0, 480, 960, 1480, 1960]),
        (10, [0, 98, 203, 297, 405], [0, 98, 203, 297, 405]),
        (2, [0, 3000, 3010, 3500], [0, 3000, 3500]),
        (30, [0, 500, 1000], [0, 500, 1000]),
        (0.5, list(range(0, 6000, 500)), [0, 2000, 4000]),
        (2, list(range(1000)), [0, 450, 950]),
    ],
    ids=["10 fps", "25 fps", "jittering camera", "a gap is not made up for", "slower source", "slow rate", "1000 fps"],
)
def test_rate(rate_fps: float, offsets_ms: list[int], expected: list[int]) -> None:
    assert chosen(rate_fps, offsets_ms) == expected


@settings(deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=300), st.sampled_from([0.5, 1.0, 2.0, 5.0, 10.0]))
def test_never_more_than_the_rate_and_never_a_hole_that_the_source_does_not_have(steps: list[int], rate: float) -> None:
    offsets = [sum(steps[:i]) for i in range(len(steps))]
    kept = chosen(rate, offsets)
    assert kept[0] == 0
    assert len(kept) <= offsets[-1] * rate / 1000 + 2
    longest_gap = max(kept[i + 1] - kept[i] for i in range(len(kept) - 1)) if len(kept) > 1 else 0
    assert longest_gap <= 1000 / rate + max(steps)


def test_impossible_rate() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Sampler(0)


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([0, 40, 80], [0, 40, 80]),
        ([5000, 5040, 5080], [0, 40, 80]),
        ([0, 0, 0, 0], [0, 40, 80, 120]),
        ([-1, -1, -1], [0, 40, 80]),
        ([0, 40, 120, 80, 160], [0, 40, 120, None, 160]),
        ([0, 40, 40, 80], [0, 40, None, 80]),
        ([9000, 9040, 0, 40, 80], [0, 40, 80, 120, 160]),
        ([0, 40, 9e9, 9e9 + 40], [0, 40, 80, 120]),
        ([0, 40, 600_000], [0, 40, 600_000]),
    ],
    ids=[
        "plain", "late start", "no stamps", "negative stamps", "out of order", "doubled", "jumps back",
        "jumps by months", "true pause",
    ],
)  # fmt: skip
def test_clock(stamps: list[float], expected: list[int | None]) -> None:
    assert times(40, stamps) == expected


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e12), min_size=1, max_size=100))
def test_clock_never_goes_back(stamps: list[float]) -> None:
    offsets = [offset for offset in times(40, stamps) if offset is not None]
    assert offsets == sorted(offsets)
    assert offsets[0] == 0


def test_end_of_the_last_picture() -> None:
    clock = CaptureClock(40)
    assert clock.end_ms == 0
    for stamp in (0, 1, 2):
        clock.offset_ms(stamp)
    assert clock.end_ms == 3


@pytest.mark.parametrize(("fps", "expected"), [(10, 100), (0, 40), (1000, 40), (-5, 40), (240, 1000 / 240)])
def test_nonsense_rates_of_containers(fps: float, expected: float) -> None:
    assert stated_interval_ms(fps) == expected


def test_interval() -> None:
    assert [frame_interval_ms(rate) for rate in (2, 3, 60, 5000)] == [500, 333, 17, 1]
