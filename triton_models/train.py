"""Trains our object model with Ultralytics (extra `factory`; AGPL-3.0) on a dataset of `triton_models.dataset`.

    python -m triton_models.train DATASET START OUT [--epochs 12] [--rate 0.0012]

START is the COCO weights of YOLOv5n (`.safetensors`: backbone and neck, the head is new) or a `best.pt` of an earlier
run, to go on from. The head is slimmer than Ultralytics' own for this network (8 distance bins for 16, a depthwise
class branch), which takes a third off the inference time. OUT/weights gets `best.pt` and `last.pt` after every epoch,
so an interrupted run still has the best so far.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from ultralytics import YOLO
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.nn.modules.head import Detect
from ultralytics.nn.tasks import DetectionModel, yaml_model_load

from triton_models.taxonomy import TRAINED

INPUT_PX = 256
"""At 320 px one picture takes 1.6 times as long; the detectors' share of the machine matters more."""
DISTANCE_BINS = 8
"""Half a box is at most 7 cells of 32 px: enough for an object as large as the 256 px input."""
FROZEN_LAYERS = 5
"""The first convolutions keep their COCO weights: they are general, and their gradients cost the most time."""
SETTINGS: dict[str, Any] = {
    "imgsz": INPUT_PX,
    "batch": 16,
    "workers": 0,
    "device": "cpu",
    "optimizer": "AdamW",
    "cos_lr": True,
    "warmup_epochs": 0.5,
    "freeze": FROZEN_LAYERS,
    "mosaic": 0.6,
    "degrees": 8,
    "scale": 0.5,
    "mixup": 0.05,
    "hsv_h": 0.02,
    "hsv_v": 0.5,
    "plots": False,
    "cache": "ram",
    "save_period": 1,
    "seed": 0,
    "exist_ok": True,
}


def read_safetensors(path: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """Named float16 tensors of a safetensors file, as float32: a JSON index behind its length, then raw numbers."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    for name, entry in json.loads(data[8:start]).items():
        if name == "__metadata__" or entry["dtype"] != "F16":
            continue
        first, last = entry["data_offsets"]
        raw = bytearray(data[start + first : start + last])
        yield name, torch.frombuffer(raw, dtype=torch.float16).reshape(entry["shape"]).float()


def new_model() -> DetectionModel:
    """YOLOv5n with our head, untrained."""
    config = yaml_model_load("yolov5n.yaml") | {"reg_max": DISTANCE_BINS, "nc": len(TRAINED)}
    model = DetectionModel(config, ch=3, verbose=False)
    use_depthwise_head(model)
    model.names = dict(enumerate(TRAINED))
    return model


def use_depthwise_head(model: DetectionModel) -> None:
    """Replace the last layer by the same kind of head with the depthwise class branch of later YOLO versions."""
    old = model.model[-1]
    channels = [branch[0].conv.in_channels for branch in old.cv2]
    previous, Detect.legacy = Detect.legacy, False
    try:
        head = Detect(len(TRAINED), DISTANCE_BINS, False, channels)
    finally:
        Detect.legacy = previous
    head.i, head.f, head.type, head.np = old.i, old.f, old.type, sum(p.numel() for p in head.parameters())
    head.legacy, head.stride, head.inplace = False, old.stride, old.inplace
    model.model[-1] = head
    head.bias_init()


def started_from(start: Path) -> DetectionModel:
    """Our network with every tensor of `start` that fits by name and shape."""
    model = new_model()
    given: Mapping[str, torch.Tensor] = (
        dict(read_safetensors(start)) if start.suffix == ".safetensors" else YOLO(start).model.float().state_dict()
    )
    own = model.state_dict()
    fitting = {name: tensor for name, tensor in given.items() if name in own and tensor.shape == own[name].shape}
    model.load_state_dict(fitting, strict=False)
    return model


class Trainer(DetectionTrainer):  # type: ignore[misc]
    """Ultralytics' trainer on our own network instead of one built from a yaml file."""

    start: Path

    def get_model(self, *_: object, **__: object) -> DetectionModel:
        """The network to train."""
        return started_from(self.start)


def train(dataset: Path, start: Path, out: Path, epochs: int, rate: float, threads: int = 2) -> Path:
    """Train on the CPU; gives the path of the best weights."""
    torch.set_num_threads(threads)
    Trainer.start = start
    places = {"data": str(dataset / "data.yaml"), "project": str(out.parent.resolve()), "name": out.name}
    course = {"model": "yolov5n.yaml", "epochs": epochs, "lr0": rate, "close_mosaic": epochs // 4}
    trainer = Trainer(overrides=SETTINGS | places | course)
    trainer.train()
    return Path(trainer.best)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("start", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--rate", type=float, default=0.0012)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    print(train(args.dataset, args.start, args.out, args.epochs, args.rate, args.threads))


if __name__ == "__main__":
    main()
