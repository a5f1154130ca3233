"""One picture a clip: what is known above, what the signals were in between, what was said below."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from deploy.evaluation.clips import Evaluated
from deploy.evaluation.observing import START_MS, Observed
from deploy.evaluation.telling import false_events
from detectors.messages import Face, FaceObserved, HandsObserved, IdentityObserved, ObjectsObserved, SpeechObserved

WIDTH_IN, ROW_IN, CURVE_IN = 13.0, 0.26, 1.05
TRUTH, SHOWN, TOLD, FALSE, CALIBRATION = "#4c72b0", "#9fb8dd", "#55a868", "#c44e52", "#eeeeee"
Curve = list[tuple[float, float]]


def draw_timeline(path: Path, clip: Evaluated) -> None:
    """Write the picture (png)."""
    figure_class, canvas_class = _library()
    rows = (_row_count(clip.truths), _row_count(clip.folded.events))
    curves = curves_of(clip.observed)
    heights = [rows[0] * ROW_IN + 0.3, *[CURVE_IN] * len(curves), rows[1] * ROW_IN + 0.3]
    figure = figure_class(figsize=(WIDTH_IN, sum(heights) + 0.9), layout="constrained")
    canvas_class(figure)
    axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    axes[0].set_title(f"{clip.clip}: known (dark: annotated, pale: shown by the signals), signals, events", loc="left")
    _draw_truths(axes[0], clip)
    for axis, (name, curve) in zip(axes[1:-1], curves.items(), strict=True):
        _draw_curve(axis, name, curve)
    _draw_events(axes[-1], clip)
    for axis in axes:
        axis.axvspan(0, clip.folded.calibrated_ms / 1000, color=CALIBRATION, zorder=-5)
    axes[-1].set_xlim(0, max(clip.observed.duration_ms / 1000, 0.1))
    axes[-1].set_xlabel(f"seconds; grey: calibration ({clip.folded.status})")
    figure.savefig(path, dpi=90)


def curves_of(observed: Observed) -> dict[str, Curve]:
    """The signals as curves over seconds: angles and gaze against the clip's median, confidences as they are."""
    looks = [look for look in observed.looks if isinstance(look, FaceObserved)]
    faces = [(look.capture_ms, look.faces[0]) for look in looks if look.faces]
    return {
        "yaw deg": _against_median(faces, lambda face: face.yaw_deg),
        "pitch deg": _against_median(faces, lambda face: face.pitch_deg),
        "gaze x": _against_median(faces, lambda face: face.gaze_x),
        "mouth": [(_second(at_ms), face.mouth_openness) for at_ms, face in faces],
        "faces": [(_second(look.capture_ms), float(len(look.faces))) for look in looks],
        "body": [(_second(look.capture_ms), look.person) for look in looks if look.person is not None],
        "phone": _confidence(observed, "phone"),
        "person": _confidence(observed, "person"),
    } | _where_watched(observed)


def _against_median(faces: Sequence[tuple[int, Face]], value: Callable[[Face], float]) -> Curve:
    values = [value(face) for _, face in faces]
    middle = median(values) if values else 0.0
    return [(_second(at_ms), one - middle) for (at_ms, _), one in zip(faces, values, strict=True)]


def _confidence(observed: Observed, label: str) -> Curve:
    looks = [look for look in observed.looks if isinstance(look, ObjectsObserved)]
    return [
        (_second(look.capture_ms), max((o.confidence for o in look.objects if o.label == label), default=0.0))
        for look in looks
    ]


def _where_watched(observed: Observed) -> dict[str, Curve]:
    """What not every clip has: hands that were looked for, sound, a registered face."""
    curves: dict[str, Curve] = {"hand at face": [], "speech": [], "likeness": []}
    for look in observed.looks:
        match look:
            case HandsObserved():
                curves["hand at face"].append((_second(look.capture_ms), look.at_face))
            case SpeechObserved():
                curves["speech"].append((_second(look.capture_ms), look.speech))
            case IdentityObserved():
                curves["likeness"].append((_second(look.capture_ms), look.similarity))
    return {name: curve for name, curve in curves.items() if curve}


def _second(at_ms: int) -> float:
    return (at_ms - START_MS) / 1000


def _row_count(spans: Sequence[object]) -> int:
    return max(1, len(spans))


def _draw_truths(axis: Any, clip: Evaluated) -> None:
    names = list(dict.fromkeys(truth.label for truth in clip.truths)) or ["nothing"]
    for row, name in enumerate(names):
        shows = [(s.start_ms / 1000, s.length_ms / 1000) for s in clip.shows.get(name, ())]
        known = [(t.start_ms / 1000, (t.end_ms - t.start_ms) / 1000) for t in clip.truths if t.label == name]
        axis.broken_barh(known, (row - 0.42, 0.5), color=TRUTH)
        axis.broken_barh(shows, (row + 0.1, 0.3), color=SHOWN)
    _name_rows(axis, names)


def _draw_events(axis: Any, clip: Evaluated) -> None:
    events, false = clip.folded.events, false_events(clip.judged)
    names = list(dict.fromkeys(event.rule for event in events)) or ["no event"]
    for event in events:
        bar = (event.span.start_ms / 1000, max(event.span.length_ms / 1000, 0.05))
        axis.broken_barh([bar], (names.index(event.rule) - 0.35, 0.7), color=FALSE if event in false else TOLD)
    _name_rows(axis, names)


def _name_rows(axis: Any, names: Sequence[str]) -> None:
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)


def _draw_curve(axis: Any, name: str, curve: Curve) -> None:
    axis.plot(
        [at for at, _ in curve], [value for _, value in curve], ".-", linewidth=0.8, markersize=2.5, color="#333333"
    )
    axis.set_ylabel(name, rotation=0, ha="right", va="center")
    axis.grid(visible=True, alpha=0.3)
    axis.margins(y=0.15)


def _library() -> tuple[Any, Any]:
    """Matplotlib without a window: 1 s to import, for whoever wants pictures."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    return Figure, FigureCanvasAgg
