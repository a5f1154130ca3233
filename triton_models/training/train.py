"""One training run (needs the factory extra): from a training set and a recipe to OUT/weights/best.pt, resumable."""

import contextlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingest.errors import InputError
from triton_models.dataset.files import read_manifest
from triton_models.progress import Progress, in_words
from triton_models.training.checkpoints import BEST, keep, to_resume
from triton_models.training.extra import UNREADABLE, extra, first_line, load_checkpoint
from triton_models.training.recipe import SLIM, TrainingRecipe, overrides
from triton_models.training.slim import BODY, new_model, started, tensors_of

RUN = "run.json"
"""What a run was started with, so that it can go on."""
FINISHED = -1
"""The epoch that Ultralytics writes into a checkpoint when it strips it at the end."""


def train(dataset: Path, out: Path, recipe: TrainingRecipe, start: Path | None, threads: int) -> Path:
    """Train anew; gives the best weights. Raises InputError when set, start or settings cannot be used."""
    if (out / "weights").exists():
        raise InputError(str(out), "holds a run already", "Go on with --resume, or name another folder")
    manifest = read_manifest(dataset)
    extra("torch", "training").set_num_threads(threads)
    network = BODY if recipe.network == SLIM else f"{recipe.network}.yaml"
    model = network_of(recipe, manifest["labels"], start)
    given = overrides(recipe, dataset.resolve(), out, network)
    weights = manifest["class_weights"] if recipe.class_weights else {}
    out.mkdir(parents=True, exist_ok=True)
    run = {
        "dataset": str(dataset.resolve()),
        "class_weights": weights,
        "threads": threads,
        "labels": manifest["labels"],
    }
    (out / RUN).write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")
    return run_trainer(given, model, run)


def resume(out: Path) -> Path:
    """Go on where a run was cut off; gives the best weights."""
    try:
        run = json.loads((out / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(str(out), f"is no run: {error}", "Name the folder given to --out") from error
    checkpoint = to_resume(out)
    model = load_checkpoint(checkpoint)
    if model.ckpt.get("epoch") == FINISHED:
        raise InputError(str(out), "is finished", f"Its best weights are {out / 'weights' / BEST}")
    labels = list(model.names.values())
    if labels != run["labels"] or labels != read_manifest(Path(run["dataset"]))["labels"]:
        mend = "Train anew on the changed set, with --start"
        raise InputError(str(out), "its checkpoint has other labels than its training set has now", mend)
    extra("torch", "training").set_num_threads(run["threads"])
    given = {"model": str(checkpoint), "resume": str(checkpoint), "data": str(Path(run["dataset"]) / "data.yaml")}
    return run_trainer(given | {"save_dir": str(out.resolve())}, None, run)


def network_of(recipe: TrainingRecipe, labels: list[str], start: Path | None) -> Any:
    """The network to train, with whatever of the start fits it."""
    if recipe.network == SLIM:
        model = new_model(labels)
    else:
        tasks = extra("ultralytics.nn.tasks", "training")
        try:
            model = tasks.DetectionModel(f"{recipe.network}.yaml", ch=3, nc=len(labels), verbose=False)
        except (*UNREADABLE, SystemExit) as error:
            mend = "Name an architecture such as yolo11n, yolov8s, or slim"
            raise InputError(f"network {recipe.network}", f"is unknown: {first_line(error)}", mend) from error  # type: ignore[arg-type]
    if start is not None:
        given = tensors_of(start)
        fitting = started(model, given)
        if not fitting:
            mend = f"Give weights of {recipe.network}, or another recipe"
            raise InputError(str(start), f"none of its {len(given)} tensors fits the network {recipe.network}", mend)
        Progress("start").line(
            f"start: {fitting} of {len(model.state_dict())} tensors from {start.name}; the rest is new", True
        )
    return model


def trainer_class(model: Any, class_weights: Mapping[str, float]) -> Any:
    """Ultralytics' trainer on a network of our own, with the manifest's class weights."""
    parent = extra("ultralytics.models.yolo.detect", "training").DetectionTrainer
    torch = extra("torch", "training")

    class Trainer(parent):  # type: ignore[misc, valid-type]
        """Takes the network as it is given; a resumed run takes it from its checkpoint."""

        def get_model(self, cfg: object = None, weights: Any = None, verbose: bool = True) -> Any:  # noqa: ARG002
            """The network to train."""
            return weights.float() if model is None else model

        def set_class_weights(self) -> None:
            """The weights of the training set's manifest, in the order of its labels."""
            if class_weights:
                ordered = [class_weights[name] for name in self.data["names"].values()]
                self.model.class_weights = torch.tensor(ordered, device=self.device)

    return Trainer


def run_trainer(given: Mapping[str, Any], model: Any, run: Mapping[str, Any]) -> Path:
    """Train to the end; gives the best weights."""
    trainer_type = trainer_class(model, run["class_weights"])
    try:
        trainer = trainer_type(overrides=dict(given))
        for event, callback in callbacks().items():
            trainer.add_callback(event, callback)
        with contextlib.redirect_stdout(io.StringIO()):  # Ultralytics' bars; progress is said on standard error
            trainer.train()
    except (AssertionError, *UNREADABLE) as error:
        mend = "Correct the recipe or the set; with too little memory, a smaller --batch"
        raise InputError("training", f"Ultralytics stopped: {first_line(error)}", mend) from error
    return Path(trainer.save_dir) / "weights" / BEST


def callbacks() -> dict[str, Any]:
    """What is said and kept while a run goes on."""
    progress = Progress("training: batches")

    def batch_done(trainer: Any) -> None:
        trainer.factory_batches = getattr(trainer, "factory_batches", 0) + 1
        total = len(trainer.train_loader) * (trainer.epochs - trainer.start_epoch)
        loss = float(sum(trainer.tloss.values())) if isinstance(trainer.tloss, dict) else float(trainer.tloss.sum())
        progress.at(
            min(trainer.factory_batches, total), total, f"epoch {trainer.epoch + 1}/{trainer.epochs}, loss {loss:.2f}"
        )

    def epoch_done(trainer: Any) -> None:
        if getattr(trainer, "factory_saved", -1) != trainer.epoch:
            return  # the best weights are measured once more at the end, which is no epoch
        found = trainer.metrics.get("metrics/mAP50(B)")
        score = f"mAP50 {found:.3f}" if found is not None else "not measured"
        text = f"epoch {trainer.epoch + 1}/{trainer.epochs}: {score}, {in_words(trainer.epoch_time)}"
        progress.line(text, last=True)

    def saved(trainer: Any) -> None:
        keep(Path(trainer.wdir))
        trainer.factory_saved = trainer.epoch

    return {"on_train_batch_end": batch_done, "on_fit_epoch_end": epoch_done, "on_model_save": saved}
