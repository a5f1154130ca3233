"""The fit, known from a picture's size alone, is what decoding and letterboxing really do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triton_models.boxes import PAD_VALUE, letterbox
from triton_models.gpu.fit import fit_of, read_fit
from triton_models.gpu.pictures import jpeg
from triton_models.pictures import decode_picture, reduction

SIDE = 64


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 700), st.integers(1, 700))
def test_a_picture_lies_where_its_fit_says(width: int, height: int) -> None:
    """Catches a fit that forgets the reduced decoding (odd sizes), or rounds otherwise than the letterbox."""
    fit = fit_of(width, height, SIDE)
    picture = decode_picture(jpeg(np.zeros((height, width, 3), np.uint8)), reduction(width, height, SIDE))
    assert picture.shape == (fit.reduced_height, fit.reduced_width, 3)
    fitted = letterbox(picture, SIDE)
    rows, columns = np.nonzero(fitted.tensor[0, 0] < PAD_VALUE / 255 / 2)
    assert (rows.min(), rows.max() + 1) == (fit.top, fit.top + fit.fitted_height)
    assert (columns.min(), columns.max() + 1) == (fit.left, fit.left + fit.fitted_width)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5000), st.integers(1, 5000))
def test_boxes_come_back_to_the_source(width: int, height: int) -> None:
    """The fitted picture's own corners are the source's, to what one rounded pixel of the shorter side may be off."""
    fit = fit_of(width, height, SIDE)
    ends = [[fit.left, fit.top, fit.left + fit.fitted_width, fit.top + fit.fitted_height]]
    back = fit.to_source(np.array(ends, np.float32))[0]
    pixel = max(width, height) / SIDE
    assert np.abs(back - [0, 0, width, height]).max() <= pixel + 1e-2
    assert abs(max(back[2] / width, back[3] / height) - 1) <= 1 or min(width, height) * SIDE < max(width, height)


@pytest.mark.parametrize("size", [(640, 480), (333, 517), (1, 2000)])
def test_a_fit_survives_its_tensor(size: tuple[int, int]) -> None:
    fit = fit_of(*size, SIDE)
    assert fit.tensor().dtype == np.int32
    assert read_fit(fit.tensor()) == fit
