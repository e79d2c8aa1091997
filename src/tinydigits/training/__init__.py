"""Training: a recipe and a split become a run."""

from __future__ import annotations

from tinydigits.training.callback import TrainingCallback
from tinydigits.training.device import choose_device
from tinydigits.training.evaluation import Evaluation, evaluate
from tinydigits.training.loop import Interrupted, resume, train
from tinydigits.training.malloc import retain_freed_memory
from tinydigits.training.run import EpochMetrics, Run, Settings
from tinydigits.training.targets import Target, resolve

__all__ = [
    "EpochMetrics",
    "Evaluation",
    "Interrupted",
    "Run",
    "Settings",
    "Target",
    "TrainingCallback",
    "choose_device",
    "evaluate",
    "resolve",
    "resume",
    "retain_freed_memory",
    "train",
]
