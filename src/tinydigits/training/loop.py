"""From a recipe to a run: epochs, what is held out, what is chosen, and the one look at the test set."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from tinydigits.data import Dataset, Split, load
from tinydigits.errors import DataError, UsageError
from tinydigits.recipes import Recipe, get_recipe
from tinydigits.training.callback import TrainingCallback
from tinydigits.training.device import choose_device
from tinydigits.training.engine import Engine
from tinydigits.training.evaluation import evaluate
from tinydigits.training.folder import RunFolder, State
from tinydigits.training.interrupt import Interruption
from tinydigits.training.report import write_report
from tinydigits.training.run import EpochMetrics, Run, Selection, Settings

__all__ = ["Interrupted", "resume", "train"]

_HELD_OUT = 5_000


class Interrupted(KeyboardInterrupt):
    """Ctrl-C came; the current batch was finished, and the run folder, if any, holds the last complete epoch."""


def train(
    recipe: str | Recipe,
    dataset: Dataset | None = None,
    *,
    seed: int = 0,
    full: bool = False,
    select: Selection = "validation",
    device: str = "auto",
    out: str | Path | None = None,
    progress: TrainingCallback | None = None,
) -> Run:
    """Train a recipe.

    By default the last 5,000 training images (a tenth of them, where that is fewer) are held out, the weights
    of the epoch that does best on them are taken, and the test set is looked at once, at the end.

    Args:
        recipe: a recipe or its name.
        dataset: what to train and test on; None is `load("auto")`.
        seed: of all random numbers, in 0…2⁶³ − 1.
        full: train on all training images and take the last weights; nothing is held out or chosen.
        select: what the best epoch is chosen on. With `"test"` the network trains on all training images and
            every figure is one *chosen on the test set*.
        device: `cpu`, `cuda`, `mps`, or `auto` for the best there is.
        out: a new or empty folder for the run's files; None writes nothing.
        progress: is told of every batch and epoch.

    Raises:
        UsageError: an unknown recipe or device, a seed out of range, a folder that holds something already.
        DataError: data or folder are missing or broken.
        TinydigitsError: the training has diverged.
        Interrupted: Ctrl-C; a second Ctrl-C does not wait for the batch.
    """
    recipe = get_recipe(recipe) if isinstance(recipe, str) else recipe
    dataset = load("auto") if dataset is None else dataset
    if not 0 <= seed < 2**63:
        raise UsageError(f"the seed must be from 0 to 2⁶³ − 1, not {seed}")
    settings = Settings(
        recipe=recipe,
        seed=seed,
        dataset=dataset.source,
        fingerprint=dataset.fingerprint,
        select="nothing" if full else select,
        device=choose_device(device).type,
        threads=torch.get_num_threads(),
    )
    folder = None if out is None else RunFolder(Path(out))
    engine = _engine(settings, dataset)
    if folder is not None:
        folder.create(settings)
    return _run(settings, dataset, engine, State(engine.state_dict(), [], {}), folder, progress or TrainingCallback())


def resume(
    out: str | Path,
    *,
    load_dataset: Callable[[str], Dataset] = load,
    progress: TrainingCallback | None = None,
) -> Run:
    """Go on with a run that was stopped, after its last complete epoch; a run that is done is only tested again.

    On the CPU of the same machine the result is, bit for bit, that of a run that was never stopped.

    Args:
        out: the run's folder.
        load_dataset: finds the run's data by its name.
        progress: is told of every batch and epoch.

    Raises:
        DataError: the folder holds no run or a broken one, or the data are not those it was trained on.
        Interrupted: as for `train`.
    """
    folder = RunFolder(Path(out))
    settings = folder.settings()
    dataset = load_dataset(settings.dataset)
    if dataset.fingerprint != settings.fingerprint:
        raise DataError(f"{settings.dataset} no longer holds the images and labels that {out} was trained on")
    state = folder.load_progress()
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        engine = _engine(settings, dataset)
        if state is None:
            state = State(engine.state_dict(), [], {})
        try:
            engine.load_state_dict(state.engine)
        except (KeyError, RuntimeError, ValueError, TypeError, AttributeError) as error:
            raise DataError(f"{folder.checkpoint} is not a checkpoint of {settings.recipe.name}") from error
        return _run(settings, dataset, engine, state, folder, progress or TrainingCallback())
    finally:
        torch.set_num_threads(threads)


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
    progress: TrainingCallback,
) -> Run:
    held_out = _divide(settings, dataset)[1]
    if folder is not None:
        folder.save_progress(state)
    progress.start(settings, state.history, engine.batches)
    with Interruption() as interruption, _told_of_the_end(progress):

        def after_batch(number: int) -> None:
            progress.batch(number)
            if interruption.requested:
                raise Interrupted

        while len(state.history) < settings.recipe.epochs:
            metrics = _epoch(engine, held_out, state.history, after_batch)
            best = _on_cpu(engine.network) if metrics.best else state.best
            state = State(engine.state_dict(), [*state.history, metrics], best)
            if folder is not None:
                folder.save_progress(state)
            progress.epoch(metrics)

        network = copy.deepcopy(engine.network).cpu().eval()
        network.load_state_dict(state.best)
        run = Run(settings, state.history, network, evaluate(network, dataset.test))
        if folder is not None:
            run.folder = folder.path
            folder.save_final_model(_on_cpu(engine.network))
            write_report(run, dataset, folder)
        progress.finish(run)
    return run


@contextmanager
def _told_of_the_end(progress: TrainingCallback) -> Iterator[None]:
    try:
        yield
    except BaseException:
        progress.stop()
        raise


def _epoch(
    engine: Engine, held_out: Split | None, history: list[EpochMetrics], after_batch: Callable[[int], None]
) -> EpochMetrics:
    start = time.perf_counter()
    learning_rate = engine.learning_rate
    loss, accuracy = engine.epoch(after_batch)
    evaluation = None if held_out is None else evaluate(engine.network, held_out)
    engine.end_epoch(loss if evaluation is None else evaluation.loss)
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
