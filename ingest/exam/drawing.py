"""Small strokes of the brush that every painter here uses: smooth steps, soft masks, strands, layers over each other.

A layer is premultiplied bgra, uint8 [h, w, 4].
"""

import cv2
import numpy as np
import numpy.typing as npt

from ingest.exam.landmarks import Bools, Floats, Image

Single = npt.NDArray[np.float32]


def smooth(low: float | Floats, high: float | Floats, value: npt.ArrayLike) -> Floats:
    """0 below `low`, 1 above `high`, smooth between, element by element."""
    share = np.clip((np.asarray(value, float) - low) / (np.asarray(high, float) - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def bell(value: npt.ArrayLike, centre: float | Floats, width: float) -> Floats:
    """1 at the centre, falling as a Gaussian of that width."""
    return np.asarray(np.exp(-(((np.asarray(value, float) - centre) / width) ** 2)))


def blur(image: Floats, sigma: float) -> Floats:
    """Gaussian blur in floats."""
    return np.asarray(cv2.GaussianBlur(np.asarray(image, np.float32), (0, 0), sigma), float)


def grid(height: int, width: int) -> tuple[Floats, Floats]:
    """The x and the y of each pixel, [height, width] each."""
    ys, xs = np.mgrid[0:height, 0:width].astype(float)
    return xs, ys


def filled(outline: Floats, height: int, width: int) -> Floats:
    """1 inside the outline [n, 2], 0 outside, edge smoothed."""
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
    return mask.astype(float) / 255


def signed_distance(mask: Bools) -> Floats:
    """Pixels to the mask's edge, positive inside."""
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(inside - outside, float)


def broad_strands(rng: np.random.Generator, flow_x: Floats, flow_y: Floats, grain: float, steps: int) -> Floats:
    """As `strands` for a coarse grain, worked out at a quarter of the size."""
    height, width = flow_x.shape
    small = (-(-width // 4), -(-height // 4))
    flow = [np.asarray(cv2.resize(f, small, interpolation=cv2.INTER_AREA), float) for f in (flow_x, flow_y)]
    combed = strands(rng, flow[0], flow[1], grain / 4, steps // 4)
    return np.asarray(cv2.resize(combed, (width, height), interpolation=cv2.INTER_CUBIC), float)


def strands(rng: np.random.Generator, flow_x: Floats, flow_y: Floats, grain: float, steps: int) -> Floats:
    """Noise combed along a flow (line integral convolution): mean 0, deviation 1, [h, w]."""
    noise = blur(rng.normal(size=flow_x.shape), grain).astype(np.float32)
    length = np.hypot(flow_x, flow_y) + 1e-6
    step_x, step_y = (flow_x / length).astype(np.float32), (flow_y / length).astype(np.float32)
    total = noise.copy()
    xs, ys = (a.astype(np.float32) for a in grid(*flow_x.shape))
    for sign in (1, -1):
        at_x, at_y = xs.copy(), ys.copy()
        for _ in range(steps):
            at_x, at_y = (
                at_x + sign * cv2.remap(step_x, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
                at_y + sign * cv2.remap(step_y, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
            )
            total += cv2.remap(noise, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    combed = np.asarray(total, float)
    return np.asarray((combed - combed.mean()) / (combed.std() + 1e-9))


def layer(colour: Floats, alpha: Floats) -> Image:
    """A premultiplied layer from bgr [h, w, 3] in 0..255 and alpha [h, w] in 0..1."""
    alpha = np.clip(alpha, 0, 1)
    return np.dstack([np.clip(colour, 0, 255) * alpha[..., None], alpha * 255]).astype(np.uint8)


def put(under: Floats, colour: npt.ArrayLike, alpha: Floats) -> Floats:
    """Paint a colour over a float picture where alpha [h, w] says."""
    share = np.clip(alpha, 0, 1)[..., None]
    return np.asarray(under * (1 - share) + np.asarray(colour, float) * share)


def over(canvas: Image, top: Image) -> None:
    """Put a premultiplied layer over a bgr canvas of the same size, in place."""
    rest = cv2.bitwise_not(np.ascontiguousarray(top[..., 3]))
    under = cv2.multiply(np.ascontiguousarray(canvas), cv2.merge([rest, rest, rest]), scale=1 / 255.0)
    canvas[...] = cv2.add(under, np.ascontiguousarray(top[..., :3]))
