"""Walking a JPEG's markers. Without its bounds one small file could fill the memory or keep a process for minutes."""

import time

import pytest

from ingest.image_header import flaw, image_size, is_plain_jpeg, is_whole
from ingest.jpeg_markers import MOST_PASSES, MOST_SEGMENTS, read_markers
from tests.broken_pictures import SCENE_PX, plain, thumbnailed, turned_late, two_headers
from tests.jpeg_pieces import ARITHMETIC, END, scan_at, scan_bomb, segment, with_segments


def test_a_camera_s_picture() -> None:
    found = read_markers(plain())
    assert (found.size, found.passes, found.exif, found.end) == (SCENE_PX, 1, False, len(plain()))
    assert is_plain_jpeg(plain())


def test_every_cut_is_seen() -> None:
    assert not any(is_whole(plain()[:length]) for length in range(2, len(plain()), 7))
    assert not is_whole(plain()[:-1])


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_picture() -> None:
    whole = thumbnailed()
    assert read_markers(whole).end == len(whole)
    inner = whole.index(END) + 2
    assert whole[:inner].endswith(END)
    assert not is_whole(whole[:inner])


@pytest.mark.parametrize("behind", [b"\0", b"firmware 1.2", plain()], ids=["zero", "text", "another picture"])
def test_what_stands_behind_the_end_is_none_of_the_picture(behind: bytes) -> None:
    assert read_markers(plain() + behind) == read_markers(plain())
    assert not is_plain_jpeg(plain() + behind)


def test_no_small_header_hides_a_large_one() -> None:
    """libjpeg passes over FF 00 between segments, and finds 6,000 x 6,000 there."""
    assert image_size(two_headers()) is None


def test_exif_is_found_however_far_behind() -> None:
    assert turned_late().index(b"Exif") > 65_536
    assert not is_plain_jpeg(turned_late())


def test_rare_codings_and_inks_are_not_plain() -> None:
    assert not is_plain_jpeg(ARITHMETIC)
    assert is_whole(ARITHMETIC)


@pytest.mark.parametrize(("passes", "why"), [(MOST_PASSES - 1, None), (MOST_PASSES, "passes")])
def test_passes_are_bounded(passes: int, why: str | None) -> None:
    said = flaw(scan_bomb(64, 48, passes))  # and the first, of the brightness
    assert said is None if why is None else why in (said or "")


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff" * (4 << 20),
        b"\xff\xd8" + b"\xff" * (4 << 20) + b"\0",
        b"\xff\xd8" + b"\xff\xd0" * (2 << 20),
        with_segments(plain(), [segment(0xE5, b"")] * 1_000_000),
        plain()[: scan_at(plain())] + b"\xff" * (4 << 20),
        plain()[: scan_at(plain())] + b"\xff\0" * (2 << 20),
        scan_bomb(1_000, 1_000, 20_000),
    ],
    ids=["filling", "filling and no marker", "restarts", "segments", "filled scan", "stuffed scan", "passes"],
)
def test_no_four_megabytes_keep_the_walk_for_long(data: bytes) -> None:
    before_s = time.process_time()
    assert read_markers(data).end is None
    assert time.process_time() - before_s < 0.5  # 0.6 to 1.2 s for the first four when every byte took a step


def test_a_large_colour_profile_is_within_the_bound_of_segments() -> None:
    profile = [segment(0xE2, bytes(65_000))] * (16_000_000 // 65_000)
    assert len(profile) < MOST_SEGMENTS
    assert is_whole(with_segments(plain(), profile))
