"""The corpus of odd pictures before the detectors: looked at with the right size, or refused with its cause.

Without these a damaged picture could end a process of the pool, fill its memory, or be looked at as another one.
"""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.looking.eyes import Eyes
from detectors.looking.reading import Asked
from ingest.errors import PoisonError
from tests.broken_pictures import CORPUS, SHAPES, OddPicture, filled, plain, recoded, scene
from tests.detector_pipeline import object_detector
from tests.jpeg_pieces import ARITHMETIC, restarting
from triton_models.pictures import check_picture, decode_picture, reduction

LOOKED_AT = [odd for odd in CORPUS if odd.size]
REFUSED = [odd for odd in CORPUS if odd.refused]
ODD_SHAPES = [odd for odd in SHAPES if odd.size]
ALIKE_LEVELS = 5.0
"""The largest mean difference of a colour (0-255) between two codings of one scene; grey alone makes 3.5."""
GROWTH_KB = 40_000
"""Above what the scene takes. Of the sound pictures the largest takes 6 MB decoded, the largest file has 8 MB; of the
others 108 MB and more would be taken by those that hide their size or claim a large one."""


def by_name(odd: OddPicture) -> str:
    return odd.name


def colours(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(picture.mean((0, 1)))


def assert_size(jpeg: bytes) -> NDArray[np.uint8]:
    """The picture, which has the size that was promised, shrunk or not."""
    width, height = check_picture(jpeg)
    picture = decode_picture(jpeg)
    assert picture.shape == (height, width, 3)
    factor = reduction(width, height, 128)
    assert decode_picture(jpeg, factor).shape == (-(-height // factor), -(-width // factor), 3)
    return picture


@pytest.mark.parametrize("odd", LOOKED_AT, ids=by_name)
def test_looked_at_as_it_is_stored(odd: OddPicture) -> None:
    picture = assert_size(odd.make())
    assert (picture.shape[1], picture.shape[0]) == odd.size
    if odd.alike:
        stored = np.asarray(scene())[..., ::-1]
        assert colours(picture) == pytest.approx(colours(stored), abs=ALIKE_LEVELS)


@pytest.mark.parametrize("odd", REFUSED, ids=by_name)
def test_refused_with_its_cause_in_a_line(odd: OddPicture) -> None:
    with pytest.raises(PoisonError, match=odd.refused) as caught:
        decode_picture(odd.make(), reduction(*check_picture(odd.make()), 640))
    assert "\n" not in str(caught.value)
    assert "OpenCV" not in str(caught.value)
    assert len(str(caught.value)) < 120


def test_names_are_names() -> None:
    assert len({odd.name for odd in CORPUS}) == len(CORPUS)


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    return Eyes()


@pytest.mark.parametrize("odd", ODD_SHAPES, ids=by_name)
def test_every_network_looks_at_every_shape(eyes: Eyes, odd: OddPicture) -> None:
    jpeg = odd.make()
    reading = eyes.look(Asked(jpeg=jpeg, hands=True))
    assert reading.faces == ()
    assert reading.person is not None
    assert len(reading.thumbnail) == 768
    width, height = check_picture(jpeg)
    assert (object_detector().look(jpeg)[:, :4] <= (width, height, width, height)).all()


def test_the_next_picture_is_looked_at_as_if_nothing_had_been(eyes: Eyes) -> None:
    asked = Asked(jpeg=plain(), hands=True)
    before = eyes.look(asked)
    assert len(before.faces) == 1
    for odd in REFUSED[::4]:
        with pytest.raises(PoisonError):
            eyes.look(Asked(jpeg=odd.make()))
    assert eyes.look(asked) == before


STORED = [
    filled((48, 32)),
    recoded("JPEG", progressive=True),
    recoded("JPEG", "CMYK", quality=20),
    restarting(scene().resize((64, 48))),
    ARITHMETIC,
]
Edit = tuple[float, int]
edits = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6)


def mutated(data: bytes, changes: list[Edit], cut: tuple[float, float] | None) -> bytes:
    """`data` with bytes changed at shares of its length, most of them in its head, and perhaps a piece left out."""
    changed = bytearray(data)
    for share, value in changes:
        changed[int(share**2 * len(data))] = value
    if cut is not None:
        first, last = sorted(int(share * len(data)) for share in cut)
        del changed[first:last]
    return bytes(changed)


shares = st.floats(0, 1)


@settings(deadline=None, max_examples=250)
@given(st.sampled_from(STORED), edits, st.none() | st.tuples(shares, shares))
def test_changed_bytes_end_in_one_of_two_ways(
    data: bytes, changes: list[Edit], cut: tuple[float, float] | None
) -> None:
    jpeg = mutated(data, changes, cut)
    with suppress(PoisonError):
        assert_size(jpeg)


ONE_BY_ONE = """
import sys
from contextlib import suppress
from pathlib import Path
from ingest.errors import PoisonError
from triton_models.pictures import check_picture, decode_picture

def highest_kb():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])

plain, *files = sorted(Path(sys.argv[1]).iterdir())
for file in (plain, *files, *files):
    try:
        check_picture(file.read_bytes())
        decode_picture(file.read_bytes())
    except PoisonError:
        continue
    before = highest_kb() if file is plain else before
print(highest_kb() - before)
"""


def test_memory_stays_bounded_over_the_corpus(tmp_path: Path) -> None:
    """In a process of its own, whose highest mark is this corpus's alone."""
    (tmp_path / "0").write_bytes(plain())
    for odd in CORPUS:
        (tmp_path / odd.name).write_bytes(odd.make())
    command = [sys.executable, "-c", ONE_BY_ONE, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert 1_000 < int(ran.stdout) < GROWTH_KB
