"""Our own small network: YOLOv5n's body with a slimmer head (needs the factory extra; AGPL-3.0).

The head has 8 distance bins for Ultralytics' 16 and a depthwise class branch, which takes a third off the inference
time. It starts from the COCO weights of YOLOv5n (`.safetensors`: backbone and neck, the head is new) or from a `.pt`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.errors import InputError
from triton_models.training.extra import extra, load_checkpoint

DISTANCE_BINS = 8
"""Half a box is at most 7 cells of 32 px: enough for an object as large as the 256 px input."""
BODY = "yolov5n.yaml"
MEND = "Give the float16 safetensors of YOLOv5n, or a .pt of an earlier run"


def read_safetensors(path: Path) -> Iterator[tuple[str, Any]]:
    """Named float16 tensors of a safetensors file, as float32: a JSON index behind its length, then raw numbers.

    Raises: InputError when the file is none.
    """
    torch = extra("torch", str(path))
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    try:
        index = json.loads(data[8:start])
        for name, entry in index.items():
            if name == "__metadata__" or entry["dtype"] != "F16":
                continue
            first, last = entry["data_offsets"]
            raw = bytearray(data[start + first : start + last])
            yield name, torch.frombuffer(raw, dtype=torch.float16).reshape(entry["shape"]).float()
    except (ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
        raise InputError(str(path), f"no safetensors file: {type(error).__name__}", MEND) from error


def new_model(labels: Sequence[str]) -> Any:
    """YOLOv5n with our head, untrained."""
    tasks = extra("ultralytics.nn.tasks", BODY)
    config = tasks.yaml_model_load(BODY) | {"reg_max": DISTANCE_BINS, "nc": len(labels)}
    model = tasks.DetectionModel(config, ch=3, verbose=False)
    use_depthwise_head(model, len(labels))
    model.names = dict(enumerate(labels))
    return model


def use_depthwise_head(model: Any, classes: int) -> None:
    """Replace the last layer by the same kind of head with the depthwise class branch of later YOLO versions."""
    detect = extra("ultralytics.nn.modules.head", BODY).Detect
    old = model.model[-1]
    channels = [branch[0].conv.in_channels for branch in old.cv2]
    previous, detect.legacy = detect.legacy, False
    try:
        head = detect(classes, DISTANCE_BINS, False, channels)
    finally:
        detect.legacy = previous
    head.i, head.f, head.type, head.np = old.i, old.f, old.type, sum(p.numel() for p in head.parameters())
    head.legacy, head.stride, head.inplace = False, old.stride, old.inplace
    model.model[-1] = head
    head.bias_init()


def tensors_of(start: Path) -> Mapping[str, Any]:
    """Named tensors of a start; raises InputError when it has none."""
    if start.suffix == ".safetensors" and start.is_file():
        return dict(read_safetensors(start))
    return dict(load_checkpoint(start).model.float().state_dict())


def started(model: Any, given: Mapping[str, Any]) -> int:
    """Load every tensor that fits by name and shape; gives how many did."""
    own = model.state_dict()
    fitting = {name: tensor for name, tensor in given.items() if name in own and tensor.shape == own[name].shape}
    model.load_state_dict(fitting, strict=False)
    return len(fitting)
