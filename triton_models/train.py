"""Trains our object model with Ultralytics (extra `factory`; AGPL-3.0) on a dataset of `triton_models.dataset`.

    python -m triton_models.train DATASET COCO_SAFETENSORS OUT [--epochs 12]

Backbone and neck come from the COCO weights of YOLOv5n. The head is new and slimmer than Ultralytics' own for this
network (8 distance bins for 16, depthwise class branch), which takes a third off the inference time at this size.
OUT gets `best.pt` and `last.pt` after every epoch, so an interrupted run still has the best so far.
"""

import argparse
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file
from ultralytics import YOLO
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.nn.modules.head import Detect
from ultralytics.nn.tasks import DetectionModel, yaml_model_load

from triton_models.taxonomy import TRAINED

INPUT_PX = 256
DISTANCE_BINS = 8
"""Half a box is at most 7 cells of 32 px: enough for an object as large as the 256 px input."""
FROZEN_LAYERS = 5
"""The first convolutions keep their COCO weights: they are general, and their gradients cost the most time."""


def new_model(coco_weights: Path) -> DetectionModel:
    """YOLOv5n with our head; every tensor that fits by name and shape comes from the COCO weights."""
    config = yaml_model_load("yolov5n.yaml") | {"reg_max": DISTANCE_BINS, "nc": len(TRAINED)}
    model = DetectionModel(config, ch=3, verbose=False)
    use_depthwise_head(model)
    own = model.state_dict()
    fitting = {name: t.float() for name, t in load_file(coco_weights).items() if name in own and t.shape == own[name].shape}
    model.load_state_dict(fitting, strict=False)
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


class Trainer(DetectionTrainer):  # type: ignore[misc]
    """Ultralytics' trainer on our own network instead of one built from a yaml file."""

    coco_weights: Path

    def get_model(self, cfg: object = None, weights: object = None, verbose: bool = True) -> DetectionModel:
        """The network to train."""
        return new_model(self.coco_weights)


def train(dataset: Path, coco_weights: Path, out: Path, epochs: int, threads: int) -> Path:
    """Train on the CPU with the settings that gave the published figures; gives the path of the best weights."""
    torch.set_num_threads(threads)
    Trainer.coco_weights = coco_weights
    settings = {
        "model": "yolov5n.yaml", "data": str(dataset / "data.yaml"), "imgsz": INPUT_PX, "epochs": epochs, "batch": 16,
        "workers": 0, "device": "cpu", "optimizer": "AdamW", "lr0": 0.0012, "cos_lr": True, "warmup_epochs": 0.5,
        "freeze": FROZEN_LAYERS, "mosaic": 0.6, "close_mosaic": 3, "degrees": 8, "scale": 0.5, "mixup": 0.05,
        "hsv_h": 0.02, "hsv_v": 0.5, "plots": False, "cache": "ram", "save_period": 1, "seed": 0,
        "project": str(out.parent.resolve()), "name": out.name, "exist_ok": True,
    }  # fmt: skip
    trainer = Trainer(overrides=settings)
    trainer.train()
    best = Path(trainer.best)
    for name in ("best.pt", "last.pt"):
        shutil.copy(best.with_name(name), out / name)
    YOLO(best).info()
    return out / "best.pt"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("coco_weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    print(train(args.dataset, args.coco_weights, args.out, args.epochs, args.threads))


if __name__ == "__main__":
    main()
