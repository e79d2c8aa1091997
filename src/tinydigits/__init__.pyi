from . import recipes as recipes
from .budget import (
    Budget as Budget,
    Report as Report,
    check as check,
)
from .data import (
    Dataset as Dataset,
    Split as Split,
    load as load,
)
from .errors import (
    DataError as DataError,
    TinydigitsError as TinydigitsError,
    UsageError as UsageError,
)
from .estimator import DigitClassifier as DigitClassifier
from .evidence import (
    Claim as Claim,
    certify as certify,
)
from .networks import (
    classify as classify,
    pretrained as pretrained,
)
from .reading import (
    Digit as Digit,
    Reading as Reading,
    normalize_glyph as normalize_glyph,
    read as read,
)
from .recipes import Recipe as Recipe
from .training import (
    Evaluation as Evaluation,
    Run as Run,
    evaluate as evaluate,
    resume as resume,
    train as train,
)

__version__: str
