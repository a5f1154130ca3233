"""An Ultralytics `.pt` measured like any other model (needs the factory extra)."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from triton_models.boxes import NMS_IOU, Detections
from triton_models.evaluation.model_under_test import LOWEST, name_of
from triton_models.taxonomy import LabelMap, map_names
from triton_models.training.extra import extra, load_checkpoint

MOST = 300


class UltralyticsModel:
    """A checkpoint, asked through Ultralytics' own prediction."""

    def __init__(self, path: Path, label_map: LabelMap, threads: int = 1) -> None:
        self._torch = extra("torch", str(path))
        self._torch.set_num_threads(threads)
        self._model = load_checkpoint(path)
        size = self._model.overrides.get("imgsz", 640)
        self.name = name_of(path)
        self.labels = map_names(tuple(self._model.names.values()), label_map.labels)
        self.input_px = int(size if isinstance(size, int) else max(size))
        self._network = self._model.model.float().eval()
        self._noise = self._torch.rand(1, 3, self.input_px, self.input_px)

    def look(self, picture: NDArray[np.uint8]) -> Detections:
        """Boxes of a BGR picture in source pixels."""
        settings = {"imgsz": self.input_px, "conf": LOWEST, "iou": NMS_IOU, "max_det": MOST, "rect": False}
        boxes = self._model.predict(picture, verbose=False, device="cpu", **settings)[0].boxes
        xyxy = np.asarray(boxes.xyxy.numpy(), np.float32).reshape(-1, 4)
        return Detections(xyxy, np.asarray(boxes.conf.numpy(), np.float32), np.asarray(boxes.cls.numpy(), np.int64))

    def infer(self) -> None:
        """One inference of the network on noise."""
        with self._torch.inference_mode():
            self._network(self._noise)
