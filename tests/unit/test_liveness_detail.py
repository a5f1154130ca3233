"""The detail of a picture is numpy's percentile of how blocks differ, found in a tenth of its time."""

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.liveness.detail import SHARE, detail


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0), st.booleans())
def test_detail_is_the_percentile_bit_for_bit(seed: int, contrast: float, whole: bool) -> None:
    """Catches a neighbour's place, and arithmetic of another width."""
    luma = (np.random.default_rng(seed).uniform(0, 255, (24, 32)) * contrast).astype(np.float32)
    luma = np.rint(luma) if whole else luma
    differences = np.abs(cv2.Laplacian(luma, cv2.CV_32F))[1:-1, 1:-1]
    assert detail(luma) == float(np.percentile(differences, SHARE))
