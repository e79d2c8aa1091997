"""From a recipe to a run: epochs, what is held out, what is chosen, and the evaluation on the test set."""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import BeforeValidator
from torch import Tensor, nn

from tinydigits.data import Dataset, Split, load
from tinydigits.errors import DataError, UsageError
from tinydigits.interrupt import Interruption
from tinydigits.recipes import Recipe, recipe_for
from tinydigits.recipes.examination import reporting_crashes
from tinydigits.schema import checked_arguments
from tinydigits.training.callback import TrainingCallback
from tinydigits.training.device import DeviceName, choose_device
from tinydigits.training.engine import Engine
from tinydigits.training.evaluation import evaluate
from tinydigits.training.folder import RunFolder, State
from tinydigits.training.report import write_report
from tinydigits.training.run import EpochMetrics, Run, Seed, Settings
from tinydigits.user_networks import demand_trust

__all__ = ["Interrupted", "resume", "train"]

_HELD_OUT = 5_000


class Interrupted(KeyboardInterrupt):
    """Ctrl-C: the current batch was finished, and the run folder, if any, holds the last complete epoch."""


def _dataset(given: object) -> object:
    if isinstance(given, str | Path):
        raise UsageError(
            f"dataset must be a loaded one, not {str(given)!r}; load it first with td.load({str(given)!r})"
        )
    return given


@checked_arguments
def train(
    recipe: str | Recipe | Callable[..., Any],
    dataset: Annotated[Dataset | None, BeforeValidator(_dataset)] = None,
    *,
    seed: Seed = 0,
    full: bool = False,
    select: Literal["validation", "test"] = "validation",
    device: DeviceName = "auto",
    out: str | Path | None = None,
    progress: TrainingCallback | Literal["auto"] | None = "auto",
) -> Run:
    """Train a recipe.

    By default the last 5,000 training images (a tenth of them, where that is fewer) are held out, the weights
    of the epoch that does best on them are taken, and the test set is used once, at the end.

    Args:
        recipe: a recipe or its name, a recipe file, or a network of your own: see `recipe_for`.
        dataset: what to train and test on; None is `load("auto")`.
        seed: of all random numbers, in 0…2⁶³ − 1.
        full: train on all training images and take the last weights; nothing is held out or chosen.
        select: what the best epoch is chosen on. With `"test"` the network trains on all training images and
            every figure is one *chosen on the test set*.
        device: `cpu`, `cuda`, `mps`, or `auto` for the best there is.
        out: a new or empty folder for the run's files; None writes nothing.
        progress: called after every batch and epoch. `"auto"` shows bars on a terminal and in a notebook, and
            nothing elsewhere; None is silent.

    Raises:
        UsageError: an argument is not as above, a network cannot be trained, `full` with `select="test"`, or a folder
            that is not empty.
        DataError: data or folder are missing or broken.
        TinydigitsError: the training has diverged.
        Interrupted: Ctrl-C; a second Ctrl-C does not wait for the batch.
    """
    if full and select == "test":
        raise UsageError("full takes the last epoch and select=test the best on the test set; leave one of them out")
    recipe = recipe_for(recipe)
    if dataset is None:
        dataset = load("auto")
        if dataset.notice:
            warnings.warn(dataset.notice, stacklevel=3)
    settings = Settings(
        recipe=recipe,
        seed=seed,
        dataset=dataset.source,
        classes=dataset.classes,
        fingerprint=dataset.fingerprint,
        select="nothing" if full else select,
        device=choose_device(device).type,  # type: ignore[arg-type]
        threads=torch.get_num_threads(),
    )
    folder = None if out is None else RunFolder(Path(out))
    engine = _engine(settings, dataset)
    if folder is not None:
        folder.create(settings)
    return _run(settings, dataset, engine, State(engine.state_dict(), [], {}), folder, _callback(progress))


@checked_arguments
def resume(
    out: str | Path,
    *,
    load_dataset: Callable[[str], Dataset] = load,
    progress: TrainingCallback | Literal["auto"] | None = "auto",
    trust: bool = False,
) -> Run:
    """Continue a run that was stopped, after its last complete epoch; a run that is done is only evaluated again.

    On the CPU of the same machine the result is, bit for bit, that of a run that was never stopped.

    Args:
        out: the run's folder.
        load_dataset: finds the run's data by its name.
        progress: as for `train`.
        trust: run the code of a user's network in the folder even if it has not run on this machine before.

    Raises:
        UsageError: an argument is not as above, or the folder holds code that is not trusted.
        DataError: the folder holds no run, a file in it was changed or damaged, or the data are not those it was
            trained on.
        Interrupted: as for `train`.
    """
    folder = RunFolder(Path(out))
    settings = folder.settings()
    demand_trust(settings.recipe.network, folder.path, trust=trust)
    state = folder.state()
    dataset = load_dataset(settings.dataset)
    if dataset.fingerprint != settings.fingerprint:
        raise DataError(
            f"{settings.dataset} no longer holds the images and labels that {out} was trained on; "
            "restore them, or train again into a new folder"
        )
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        engine = _engine(settings, dataset)
        if state is None:
            state = State(engine.state_dict(), [], {})
        try:
            engine.load_state_dict(state.engine)
        except (KeyError, RuntimeError, ValueError) as error:
            raise DataError(
                f"{folder.checkpoint} is of another version of tinydigits or PyTorch; train it again into a new folder"
            ) from error
        return _run(settings, dataset, engine, state, folder, _callback(progress))
    finally:
        torch.set_num_threads(threads)


def _callback(progress: TrainingCallback | Literal["auto"] | None) -> TrainingCallback:
    if progress == "auto":
        from tinydigits.training.view import interactive_view

        return interactive_view()
    return progress or TrainingCallback()


def _engine(settings: Settings, dataset: Dataset) -> Engine:
    return Engine(
        settings.recipe,
        _divide(settings, dataset)[0],
        device=choose_device(settings.device),
        seed=settings.seed,
    )


def _divide(settings: Settings, dataset: Dataset) -> tuple[Split, Split | None]:
    """What is trained on, and what is held out."""
    if settings.select == "nothing":
        return dataset.train, None
    if settings.select == "test":
        return dataset.train, dataset.test
    held_out = min(_HELD_OUT, len(dataset.train) // 10)
    if held_out == 0:
        raise UsageError(f"{dataset.name} has too few training images to hold any out; train with --full")
    return dataset.train[:-held_out], dataset.train[-held_out:]


def _run(
    settings: Settings,
    dataset: Dataset,
    engine: Engine,
    state: State,
    folder: RunFolder | None,
    callback: TrainingCallback,
) -> Run:
    trained_on, held_out = _divide(settings, dataset)
    if folder is not None:
        folder.save_state(settings, state)
    callback.start(settings, state.history, engine.batches)
    try:
        with Interruption() as interruption:

            def after_batch(number: int) -> None:
                callback.batch(number)
                if interruption.requested:
                    raise Interrupted

            while len(state.history) < settings.recipe.epochs:
                with reporting_crashes(settings.recipe):
                    metrics = _epoch(engine, held_out, state.history, after_batch)
                best = _on_cpu(engine.network) if metrics.best else state.best
                state = State(engine.state_dict(), [*state.history, metrics], best)
                if folder is not None:
                    folder.save_state(settings, state)
                callback.epoch(metrics)

            network = copy.deepcopy(engine.network).cpu().eval()
            network.load_state_dict(state.best)
            run = Run(settings, state.history, network, evaluate(network, dataset.test))
            if folder is not None:
                run.folder = folder.path
                write_report(run, dataset, folder, trained_on, held_out)
                folder.save_result(run, dataset.name, _on_cpu(engine.network))
            callback.finish(run)
    except BaseException:
        callback.stop()
        raise
    return run


def _epoch(
    engine: Engine, held_out: Split | None, history: list[EpochMetrics], after_batch: Callable[[int], None]
) -> EpochMetrics:
    start = time.perf_counter()
    learning_rate = engine.learning_rate
    loss, accuracy = engine.epoch(after_batch)
    evaluation = None if held_out is None else evaluate(engine.network, held_out)
    if evaluation is None:
        engine.end_epoch(loss, accuracy)
    else:
        engine.end_epoch(evaluation.loss, evaluation.accuracy)
    earlier = [metrics.held_out_accuracy or 0.0 for metrics in history]
    return EpochMetrics(
        epoch=len(history) + 1,
        train_loss=loss,
        train_accuracy=accuracy,
        held_out_loss=None if evaluation is None else evaluation.loss,
        held_out_accuracy=None if evaluation is None else evaluation.accuracy,
        learning_rate=learning_rate,
        seconds=time.perf_counter() - start,
        best=evaluation is None or evaluation.accuracy > max(earlier, default=-1.0),
    )


def _on_cpu(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}
