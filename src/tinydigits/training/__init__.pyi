from .callback import TrainingCallback as TrainingCallback
from .device import choose_device as choose_device
from .evaluation import (
    Evaluation as Evaluation,
    evaluate as evaluate,
)
from .loop import (
    Interrupted as Interrupted,
    resume as resume,
    train as train,
)
from .malloc import retain_freed_memory as retain_freed_memory
from .run import (
    EpochMetrics as EpochMetrics,
    Run as Run,
    Settings as Settings,
)
from .targets import (
    Target as Target,
    resolve as resolve,
)
