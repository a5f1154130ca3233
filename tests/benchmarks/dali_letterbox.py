"""DALI's pipeline, run by its CPU operators, lays pictures where the CPU model's own code lays them.

Run by hand, where DALI is (1.2 GB and no dependency): `pip install nvidia-dali-cuda120`, then
`pytest tests/benchmarks/dali_letterbox.py`.
"""

from pathlib import Path

import numpy as np

from triton_models.boxes import letterbox
from triton_models.gpu.batched import Device
from triton_models.gpu.fit import fit_of
from triton_models.gpu.letterbox import letterbox_pipeline, write_pipeline
from triton_models.gpu.pictures import good_pictures
from triton_models.pictures import check_picture, decode_picture, reduction

SIDE = 256
MEAN_LEVELS = 2.5
"""Of 255, measured: 0.0 to 0.6, and 2.1 where a side is odd and libjpeg's reduced picture ends in half a pixel."""


def test_pictures_of_a_batch_lie_as_the_cpu_lays_them() -> None:
    pictures = [jpeg for name, jpeg in good_pictures() if name not in ("one pixel", "a line")]
    fits = [fit_of(*check_picture(jpeg), SIDE) for jpeg in pictures]
    pipeline = letterbox_pipeline(SIDE, len(pictures), Device.CPU)
    pipeline.feed_input("jpeg", [np.frombuffer(jpeg, np.uint8) for jpeg in pictures])
    pipeline.feed_input("fit", [fit.tensor() for fit in fits])
    (squares,) = pipeline.run()
    for place, jpeg in enumerate(pictures):
        expected = letterbox(decode_picture(jpeg, reduction(*check_picture(jpeg), SIDE)), SIDE).tensor[0]
        found = np.asarray(squares.at(place))
        assert found.shape == expected.shape
        assert np.abs(found - expected).mean() * 255 <= MEAN_LEVELS


def test_the_pipeline_can_be_written(tmp_path: Path) -> None:
    write_pipeline(tmp_path / "model.dali", SIDE, 4, Device.CPU)
    assert (tmp_path / "model.dali").stat().st_size > 1000
