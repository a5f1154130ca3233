"""`python -m triton_models uncertain OUT --videos CLIPS`."""

from pathlib import Path
from typing import Any

import click
import cv2

SHIPPED = Path(__file__).parents[1] / "repository" / "objects" / "1" / "model.onnx"


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--pictures", type=click.Path(path_type=Path), help="A folder of pictures.")
@click.option("--videos", type=click.Path(path_type=Path), help="A video, or a folder of them.")
@click.option("--observations", type=click.Path(path_type=Path), help="Stored observations: JSON lines or CSV.")
@click.option("--frames", type=click.Path(path_type=Path), help="Frames kept of those sessions: <session>/<seq>.jpg.")
@click.option("--reviews", type=click.Path(path_type=Path), help="CSV with session, seq (or onset_seq), decision.")
@click.option(
    "--model", type=click.Path(path_type=Path), default=SHIPPED, help="The model that looks; the shipped one."
)
@click.option("--labels", type=click.Path(path_type=Path), help="TOML file from the model's class names to labels.")
@click.option(
    "--thresholds", type=click.Path(path_type=Path), help="thresholds.json of evaluate; else the model's card."
)
@click.option("--teacher", type=click.Path(path_type=Path), help="A COCO YOLOv5 (ONNX) to disagree with.")
@click.option("--step-ms", default=500, show_default=True, type=click.IntRange(1), help="Between frames of a video.")
@click.option("--most", default=200, show_default=True, type=click.IntRange(1), help="Pictures at most.")
@click.option("--bits", default=6, show_default=True, type=click.IntRange(0, 32), help="Alike up to so many bits.")
def uncertain(out: Path, **wish: Any) -> None:
    """Choose the frames that a person should label next, and write them to OUT with the model's boxes as a draft."""
    from triton_models.labelling.gathered import Wish
    from triton_models.labelling.uncertain import uncertain as choose

    cv2.setNumThreads(1)
    chosen, left_out = choose(Wish(**wish), out)
    click.echo(f"{len(chosen)} pictures in {out}; manifest.csv says why each")
    for reason, count in left_out.items():
        if count:
            click.echo(f"{count:6d}  {reason}")
