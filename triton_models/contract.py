"""The tensor contract of object models: what goes into Triton and what comes out, on a CPU as on a GPU.

In: `jpeg` uint8 [1, bytes], one JPEG file a request.
Out: `boxes` float32 [1, n, 6], each x1, y1, x2, y2 in source pixels, confidence 0-1, the label's index in TAXONOMY, by
falling confidence, 0 <= n <= 100; `digest` bytes [1, 1], the SHA-256 of the model's weights;
`knows` int64 [1, 1], bit n set where the model knows the label TAXONOMY[n]: what it does not know it cannot miss.
The first dimension is Triton's batch, always 1 here: it lets the server put pictures of different lengths into one
execution. A picture that cannot be decoded fails its own request with INVALID_ARGUMENT.
The label is an index into the product's TAXONOMY, so that clients need no file of the model: TAXONOMY only ever grows.
"""

from dataclasses import dataclass

MODEL_NAME = "objects"
BOX_COLUMNS = 6
MOST_BOXES = 100
"""The most confident ones count; a bundle of 64 such frames still fits a record of 1 MB."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor as config.pbtxt declares it, without the batch dimension; -1 is any length."""

    name: str
    data_type: str
    dims: tuple[int, ...]


JPEG = Tensor("jpeg", "TYPE_UINT8", (-1,))
BOXES = Tensor("boxes", "TYPE_FP32", (-1, BOX_COLUMNS))
DIGEST = Tensor("digest", "TYPE_STRING", (1,))
KNOWS = Tensor("knows", "TYPE_INT64", (1,))
