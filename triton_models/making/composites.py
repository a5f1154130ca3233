"""Pictures made by pasting: real phones cut out and put elsewhere, and things in a hand that are no phone.

A detector trained on pictures that all show a phone calls everything held up a phone. So the same pasting, with the
same edges, scales, tilts and drawn fingers, is done with wallet-like plates, bare hands and pieces of other pictures,
which carry no label; what is left to tell them apart is the phone itself.
"""

from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_models.annotations import LabelledBox, box_of_corners

Picture = NDArray[np.uint8]
SKINS = ((150, 180, 228), (120, 155, 205), (90, 125, 180), (60, 90, 140), (40, 60, 100))
"""BGR skin tones of the drawn fingers, light to dark."""
LEATHERS = ((30, 28, 28), (18, 18, 20), (35, 50, 85), (45, 70, 120), (60, 40, 35), (40, 35, 110), (200, 205, 210))
"""BGR colours of wallets and cases; mostly dark, since black ones are taken for phones."""


@dataclass(frozen=True, slots=True)
class Cutout:
    """A thing to paste: BGR uint8 [h, w, 3] and its opacity float32 [h, w], 0 to 1."""

    picture: Picture
    alpha: NDArray[np.float32]


def rounded(height: int, width: int, corner: float) -> NDArray[np.float32]:
    """Opacity of a rectangle with round corners (radius as a share of the shorter side) and a soft edge."""
    radius = max(1, round(corner * min(height, width)))
    mask = np.zeros((height, width), np.uint8)
    cv2.rectangle(mask, (radius, 0), (width - 1 - radius, height - 1), [255], -1)
    cv2.rectangle(mask, (0, radius), (width - 1, height - 1 - radius), [255], -1)
    for x in (radius, width - 1 - radius):
        for y in (radius, height - 1 - radius):
            cv2.circle(mask, (x, y), radius, [255], -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(0.6, 0.008 * width)), np.float32) / 255


def cut(picture: Picture, box: LabelledBox, rng: Random) -> Cutout | None:
    """The inside of a box as a cutout; None where it is too small to be worth pasting."""
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = box.xyxy()
    piece = picture[round(y1 * height) : round(y2 * height), round(x1 * width) : round(x2 * width)]
    if min(piece.shape[:2]) < 24:
        return None
    return Cutout(piece.copy(), rounded(piece.shape[0], piece.shape[1], rng.uniform(0.03, 0.16)))


def plate(rng: Random) -> Cutout:
    """A wallet, card case or notebook: one colour with grain, a seam, sometimes a fold or a clasp; never a lens."""
    height = rng.randint(90, 200)
    width = int(height * rng.choice((0.55, 0.65, 0.8, 1.0, 1.3, 1.5)))
    colour = np.array(rng.choice(LEATHERS), np.float32) * rng.uniform(0.7, 1.4)
    grain = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(2, 9), (height, width, 1))
    light = np.linspace(rng.uniform(0.7, 1.2), rng.uniform(0.7, 1.3), height)[:, None, None]
    body = np.clip((colour + grain) * light, 0, 255).astype(np.uint8)
    seam = tuple(int(min(255, c * rng.uniform(1.2, 2.0) + 12)) for c in colour)
    if rng.random() < 0.7:
        cv2.rectangle(body, (5, 5), (width - 6, height - 6), seam, 1)
    if rng.random() < 0.5:
        cv2.line(body, (0, height // 2), (width - 1, height // 2), tuple(int(c * 0.5) for c in colour), 2)
    if rng.random() < 0.3:
        cv2.circle(body, (width // 2, int(height * 0.75)), max(3, width // 18), seam, -1)
    return Cutout(body, rounded(height, width, rng.uniform(0.02, 0.2)))


def bare_hand(rng: Random) -> Cutout:
    """A palm-coloured shape with fingers, nothing in it."""
    height, width = rng.randint(110, 180), rng.randint(80, 120)
    canvas = Cutout(np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.float32))
    skin = rng.choice(SKINS)
    cv2.ellipse(canvas.picture, (width // 2, int(height * 0.65)), (width // 3, height // 3), 0, 0, 360, skin, -1)
    for x in np.linspace(width * 0.22, width * 0.78, 4):
        tip = (int(x + rng.uniform(-6, 6)), int(height * rng.uniform(0.05, 0.25)))
        cv2.line(canvas.picture, (int(x), int(height * 0.6)), tip, skin, max(8, width // 7))
    alpha = cv2.GaussianBlur((canvas.picture.max(axis=2) > 0).astype(np.float32), (0, 0), 1.2)
    shade = np.linspace(1.1, 0.75, width)[None, :, None]
    return Cutout(np.clip(canvas.picture * shade, 0, 255).astype(np.uint8), np.asarray(alpha, np.float32))


def with_fingers(thing: Cutout, rng: Random) -> Cutout:
    """Three or four fingers laid over one long edge of the thing, as a hand holds it."""
    height, width = thing.alpha.shape
    pad = max(6, width // 6)
    picture = cv2.copyMakeBorder(thing.picture, 0, 0, pad, pad, cv2.BORDER_CONSTANT)
    alpha = cv2.copyMakeBorder(thing.alpha, 0, 0, pad, pad, cv2.BORDER_CONSTANT)
    left, skin = rng.random() < 0.5, np.array(rng.choice(SKINS), np.float32)
    thickness = max(4, height // rng.randint(9, 14))
    for index in range(rng.randint(3, 4)):
        y = int(height * (0.4 + 0.13 * index)) + rng.randint(-3, 3)
        reach = int(width * rng.uniform(0.15, 0.42))
        start, end = (pad // 2, pad + reach) if left else (width + pad * 3 // 2, width + pad - reach)
        tone = [float(c) for c in skin * rng.uniform(0.82, 1.08)]
        cv2.line(picture, (start, y), (end, y - 3), tone, thickness)
        cv2.line(alpha, (start, y), (end, y - 3), [1.0], thickness)
    return Cutout(np.asarray(picture, np.uint8), np.asarray(alpha, np.float32))


def turned(thing: Cutout, height_px: int, angle_deg: float) -> Cutout:
    """The thing at a new height and tilt, in a canvas that holds it all."""
    height, width = thing.alpha.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, height_px / height)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    new_w, new_h = int(width * cos + height * sin) + 2, int(width * sin + height * cos) + 2
    matrix[0, 2] += new_w / 2 - width / 2
    matrix[1, 2] += new_h / 2 - height / 2
    warped = cv2.warpAffine(thing.picture, matrix, (new_w, new_h), borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(thing.alpha, matrix, (new_w, new_h))
    return Cutout(np.asarray(warped, np.uint8), np.asarray(alpha, np.float32))


def paste(host: Picture, thing: Cutout, left_px: int, top_px: int) -> tuple[Picture, LabelledBox]:
    """Lay a cutout over a host; gives the new picture and the box of what is visible of it (class 0)."""
    height, width = host.shape[:2]
    x1, y1 = max(0, left_px), max(0, top_px)
    x2, y2 = min(width, left_px + thing.alpha.shape[1]), min(height, top_px + thing.alpha.shape[0])
    alpha = thing.alpha[y1 - top_px : y2 - top_px, x1 - left_px : x2 - left_px, None]
    piece = thing.picture[y1 - top_px : y2 - top_px, x1 - left_px : x2 - left_px]
    result = host.copy()
    result[y1:y2, x1:x2] = (piece * alpha + host[y1:y2, x1:x2] * (1 - alpha)).astype(np.uint8)
    ys, xs = np.nonzero(alpha[..., 0] >= 0.5 * alpha.max())
    corners = (x1 + xs.min(), y1 + ys.min(), x1 + xs.max() + 1, y1 + ys.max() + 1)
    return result, box_of_corners(0, corners[0] / width, corners[1] / height, corners[2] / width, corners[3] / height)


def paste_somewhere(host: Picture, thing: Cutout, rng: Random) -> tuple[Picture, LabelledBox]:
    """Paste at the scale, tilt and place that something held up before a webcam has."""
    height, width = host.shape[:2]
    lit = np.clip(thing.picture * rng.uniform(0.6, 1.25), 0, 255).astype(np.uint8)
    share = rng.uniform(0.16, 0.62)
    ready = turned(Cutout(lit, thing.alpha), max(12, int(height * share)), rng.gauss(0, 18))
    h, w = ready.alpha.shape
    left = rng.randint(-w // 5, max(1, width - w * 4 // 5))
    top = rng.randint(0, max(1, height - h * 3 // 4))
    return paste(host, ready, left, top)


def worn(picture: Picture, rng: Random) -> Picture:
    """As a cheap webcam sees it: at times blown up from few pixels, blurred, noisy, dark."""
    height, width = picture.shape[:2]
    result: Picture = picture
    if rng.random() < 0.35:
        small = rng.uniform(0.3, 0.7)
        shrunk = cv2.resize(result, None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
        result = np.asarray(cv2.resize(shrunk, (width, height)), np.uint8)
    if rng.random() < 0.3:
        result = np.asarray(cv2.GaussianBlur(result, (0, 0), rng.uniform(0.5, 1.6)), np.uint8)
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(0, 6), result.shape)
    return np.clip(result * rng.uniform(0.7, 1.15) + noise, 0, 255).astype(np.uint8)
