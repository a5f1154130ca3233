"""Whether a hand may be in a picture at all: the palm detector on a smaller picture, in 4 of 11 ms.

Most pictures of somebody at a desk show no hand, and that is seen from afar. Where there may be one, the detector looks
again at its own size; so what is found is found as without a glimpse, and the smaller picture decides nothing else.
"""

import os
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import mediapipe

PALMS = "palm_detection/palm_detection_lite.tflite"
OWN_SIDE_PX = 192
LONG_PX, SHORT_PX = 128, 96
"""Multiples of 32, the network's coarsest step; the shape of most cameras' pictures, so that nothing is padded."""
SUSPECTED = 0.15
"""The score from which on a hand may be there. Measured: of 163 pictures in which hands are found, 6 say less (0 of 50
of two clips, 6 of 113 of phones and of COCO); of 143 of clips that show no hand, 1 says more, of 413 of the others 102.
A plant of the rendered room, taken for a hand in most pictures without a glimpse, says less. Of 96 x 64 px, 2.5 ms,
more than a third of the hands are missed."""
# The nodes and options of the library's own graph of the palm detector, but for the sizes and the score.
GRAPH = """
num_threads: 1
input_stream: "image"
output_stream: "palms"
node {{
  calculator: "ImageToTensorCalculator"
  input_stream: "IMAGE:image"
  output_stream: "TENSORS:tensor"
  options {{ [mediapipe.ImageToTensorCalculatorOptions.ext] {{
    output_tensor_width: {width} output_tensor_height: {height} keep_aspect_ratio: true
    output_tensor_float_range {{ min: 0 max: 1 }} border_mode: BORDER_ZERO
  }} }}
}}
node {{
  calculator: "SsdAnchorsCalculator"
  output_side_packet: "anchors"
  options {{ [mediapipe.SsdAnchorsCalculatorOptions.ext] {{
    input_size_width: {width} input_size_height: {height} min_scale: 0.1484375 max_scale: 0.75
    anchor_offset_x: 0.5 anchor_offset_y: 0.5 num_layers: 4 strides: 8 strides: 16 strides: 16 strides: 16
    aspect_ratios: 1 fixed_anchor_size: true
  }} }}
}}
node {{
  calculator: "InferenceCalculator"
  input_stream: "TENSORS:tensor"
  output_stream: "TENSORS:answers"
  options {{ [mediapipe.InferenceCalculatorOptions.ext] {{ model_path: "{model}" delegate {{ xnnpack {{ }} }} }} }}
}}
node {{
  calculator: "TensorsToDetectionsCalculator"
  input_stream: "TENSORS:answers"
  input_side_packet: "ANCHORS:anchors"
  output_stream: "DETECTIONS:palms"
  options {{ [mediapipe.TensorsToDetectionsCalculatorOptions.ext] {{
    num_classes: 1 num_boxes: {boxes} num_coords: 18 x_scale: {width} y_scale: {height} w_scale: {width}
    h_scale: {height} keypoint_coord_offset: 4 num_keypoints: 7 num_values_per_keypoint: 2 box_coord_offset: 0
    reverse_output_order: true sigmoid_score: true score_clipping_thresh: 100 min_score_thresh: {score}
  }} }}
}}
"""


class Glimpse:
    """Says whether a picture is worth a look at hands. For one thread; each of the two shapes is loaded when needed."""

    def suspects(self, rgb: NDArray[np.uint8]) -> bool:
        """Whether a hand may be in an RGB uint8 [h, w, 3]."""
        graph = self._wide if rgb.shape[1] >= rgb.shape[0] else self._tall
        return bool(graph.process({"image": rgb}).palms)

    @cached_property
    def _wide(self) -> Any:
        return _graph(LONG_PX, SHORT_PX)

    @cached_property
    def _tall(self) -> Any:
        return _graph(SHORT_PX, LONG_PX)


def _graph(width: int, height: int) -> Any:
    """The network is read from a file that lives in memory alone, when the first picture, a grey one, comes."""
    file = os.memfd_create("palms")
    try:
        Path(f"/proc/self/fd/{file}").write_bytes(resized(mediapipe.model_file(PALMS).read_bytes(), width, height))
        boxes = 2 * (width // 8) * (height // 8) + 6 * (width // 16) * (height // 16)
        model = f"/proc/self/fd/{file}"
        config = GRAPH.format(width=width, height=height, boxes=boxes, model=model, score=SUSPECTED)
        graph = mediapipe.start_graph(config, ("palms",))
        graph.process({"image": np.full((height, width, 3), 128, np.uint8)})
    finally:
        os.close(file)
    return graph


def resized(model: bytes, width: int, height: int) -> bytes:
    """The same TFLite network for pictures of another size: its input's shape, and the sizes that it scales layers to.

    All its layers are convolutions, so that nothing else depends on the size.
    """
    mediapipe.load()
    from mediapipe.tasks.metadata import schema_py_generated as schema

    file = bytearray(model)
    network = schema.Model.GetRootAsModel(file, 0)
    layers = network.Subgraphs(0)
    layers.Tensors(layers.Inputs(0)).ShapeAsNumpy()[1:3] = height, width  # a view on the file
    for operator in (layers.Operators(number) for number in range(layers.OperatorsLength())):
        if network.OperatorCodes(operator.OpcodeIndex()).BuiltinCode() == schema.BuiltinOperator.RESIZE_BILINEAR:
            size = network.Buffers(layers.Tensors(operator.Inputs(1)).Buffer()).DataAsNumpy().view(np.int32)
            size[:] = size * (height, width) // OWN_SIDE_PX
    return bytes(file)
