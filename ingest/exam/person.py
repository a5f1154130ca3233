"""One person of the exam: painted once from their looks, then drawn in any pose."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ingest.exam.behaviour import Pose
from ingest.exam.clothing import TORSO_LEFT, TORSO_TOP, paint_torso
from ingest.exam.conditions import USUAL, Condition, dressed
from ingest.exam.drawing import over
from ingest.exam.expression import at_rest, expressed, jaw_weights, turned
from ingest.exam.face import paint_head, skin_colour
from ingest.exam.gaze import Eye, find_eyes, looking
from ingest.exam.glasses import paint_glasses
from ingest.exam.hair import outline_of, paint_back
from ingest.exam.landmarks import Floats, Image
from ingest.exam.lighting import lit_colour, lit_layer
from ingest.exam.looks import Looks
from ingest.exam.mesh import HeadMesh, Sheet, build_back, build_head
from ingest.exam.mouth import paint_cavity
from ingest.exam.portrait import Portrait
from ingest.exam.proportions import reshaped
from ingest.exam.raster import draw_mesh

CHIN_SHADOW = 0.42
LIPS_PART = 0.03  # a mouth open by less shows nothing of its inside


@dataclass(frozen=True, slots=True)
class Person:
    """Everything painted and built once; `mirrored` shows them the other way round, as some webcams do."""

    head: Image
    back: Image
    torso: Image
    mesh: HeadMesh
    lips_closed: Sheet
    backs: dict[int, Sheet]
    rest: Floats
    smiling: Floats
    jaw: Floats
    eyes: tuple[Eye, ...]
    skin: Floats
    looks: Looks
    mirrored: bool
    glasses: Image | None = None


def paint_person(
    portrait: Portrait, looks: Looks, mirrored: bool, rng: np.random.Generator, condition: Condition = USUAL
) -> Person:
    """Paint a person of these looks as the condition has them: about a second of work."""
    looks, light = dressed(looks, condition), condition.lighting
    outline = outline_of(looks)
    skin = skin_colour(portrait, looks)
    painted = paint_head(portrait, looks, rng)
    head = lit_layer(painted, light)
    mesh = build_head(portrait.points, outline, head)
    paint_cavity(head)
    smiling = reshaped(mesh.sheet.vertices, portrait.points, looks.proportions)
    backs = {}
    for side in (-1, 1):
        sheet = build_back(outline, side)
        backs[side] = replace(sheet, vertices=reshaped(sheet.vertices, portrait.points, looks.proportions))
    return Person(
        head=head,
        back=lit_layer(paint_back(looks, rng), light),
        torso=lit_layer(paint_torso(looks, skin, rng), light, TORSO_LEFT),
        mesh=mesh,
        lips_closed=replace(mesh.sheet, triangles=mesh.sheet.triangles[: -mesh.inside]),
        backs=backs,
        rest=at_rest(mesh, smiling),
        smiling=smiling,
        jaw=jaw_weights(mesh, portrait.points),
        eyes=find_eyes(head, portrait.points),
        skin=lit_colour(skin, light),
        looks=looks,
        mirrored=mirrored,
        glasses=lit_layer(paint_glasses(painted, portrait.points), light) if condition.glasses else None,
    )


def draw_person(canvas: Image, person: Person, pose: Pose, to_picture: Floats) -> None:
    """Draw on the canvas; `to_picture` [2, 3] maps head pixels to the picture's and carries the mirroring."""
    sign = -1 if person.mirrored else 1
    angles = (pose.yaw_deg * sign, pose.pitch_deg, pose.roll_deg * sign)
    back = person.backs[1 if angles[0] >= 0 else -1]
    _draw_sheet(canvas, person.back, back, back.vertices, angles, to_picture)
    _draw_torso(canvas, person, to_picture, angles)
    texture = looking(person.head, person.eyes, pose.gaze_x * sign, pose.gaze_y)
    vertices = expressed(person.mesh, person.rest, person.smiling, person.jaw, pose.eyes_closed, pose.mouth_open)
    sheet = person.mesh.sheet if pose.mouth_open > LIPS_PART else person.lips_closed
    _draw_sheet(canvas, texture, sheet, vertices, angles, to_picture)
    if person.glasses is not None:
        _draw_sheet(canvas, person.glasses, person.lips_closed, person.rest, angles, to_picture)


def _draw_sheet(
    canvas: Image,
    texture: Image,
    sheet: Sheet,
    vertices: Floats,
    angles: tuple[float, float, float],
    to_picture: Floats,
) -> None:
    seen, depth = turned(vertices, sheet.follows, angles)
    draw_mesh(canvas, texture, sheet.uv, sheet.triangles, seen @ to_picture[:, :2].T + to_picture[:, 2], depth)


def _draw_torso(canvas: Image, person: Person, to_picture: Floats, angles: tuple[float, float, float]) -> None:
    """The torso with the head's shadow, which moves along with the chin."""
    corner = np.array([[1.0, 0, TORSO_LEFT], [0, 1.0, TORSO_TOP], [0, 0, 1]])
    shaded = person.torso.copy()
    columns, rows = np.arange(280, 640), np.arange(0, 190)
    x = 190 - TORSO_LEFT + 70 * np.sin(np.radians(angles[0]))
    wide = np.exp(-(((columns[None] - x) / 92) ** 4))
    lowest = 372 - 60 * np.sin(np.radians(angles[1]))
    tall = 1 / (1 + np.exp((rows[:, None] + TORSO_TOP - lowest) / 7.0))
    near = shaded[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, :3]
    near[...] = near * (1 - CHIN_SHADOW * wide * tall).astype(np.float32)[..., None]
    size = (canvas.shape[1], canvas.shape[0])
    placed = cv2.warpAffine(shaded, (to_picture @ corner).astype(np.float64), size, flags=cv2.INTER_LINEAR)
    over(canvas, np.asarray(placed, np.uint8))
