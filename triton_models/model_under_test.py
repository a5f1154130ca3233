"""An object model as the measurements see it: boxes by label, and the time one inference takes."""

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from triton_models.boxes import Detections, Layout, decode, letterbox
from triton_models.network import inspect, open_session
from triton_models.taxonomy import COCO_MAP, load_label_map, map_names

LOWEST = 0.01
"""Boxes below are not looked at: they hardly move an average precision and cost most of the suppression's time."""


class Model:
    """A model to be measured; boxes by label."""

    def __init__(self, path: Path) -> None:
        label_map = load_label_map(COCO_MAP)
        known = inspect(path, label_map)
        self.name = path.stem if path.stem != "model" else path.parent.parent.name
        self.labels = map_names(known.names, label_map.labels)
        self.input_px = known.input_px
        self._layout: Layout = known.layout
        self._session = open_session(path)

    def look(self, picture: NDArray[np.uint8]) -> Detections:
        """Boxes of a BGR picture in source pixels."""
        fitted = letterbox(picture, self.input_px)
        output = self._session.run(None, {"images": fitted.tensor})[0][0]
        return decode(output, self._layout, fitted, LOWEST)

    def best(self, found: Detections, label: str) -> float:
        """Highest confidence of a label, 0 when there is none."""
        ids = [index for index, own in enumerate(self.labels) if own == label]
        return float(max(found.confidence[np.isin(found.class_id, ids)], default=0.0))

    def latency_ms(self, rounds: int = 60) -> float:
        """Median CPU time of one inference (network alone)."""
        picture = np.random.default_rng(0).random((1, 3, self.input_px, self.input_px), np.float32)
        spent = []
        for _ in range(rounds):
            start = time.process_time()
            self._session.run(None, {"images": picture})
            spent.append((time.process_time() - start) * 1000)
        return float(np.median(spent))
