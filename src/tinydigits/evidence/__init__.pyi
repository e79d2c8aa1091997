from .callback import CertificationCallback as CertificationCallback
from .certification import certify as certify
from .claim import (
    TARGET as TARGET,
    Claim as Claim,
    make_claim as make_claim,
)
from .code import code_fingerprint as code_fingerprint
from .comparison import (
    Comparison as Comparison,
    compare as compare,
)
from .ledger import (
    TestSetUse as TestSetUse,
    read_ledger as read_ledger,
    record_use as record_use,
)
from .measure import (
    Training as Training,
    train_and_evaluate as train_and_evaluate,
)
from .mistakes import (
    Mistake as Mistake,
    Mistakes as Mistakes,
    find_mistakes as find_mistakes,
)
from .pages import (
    claims_of as claims_of,
    publish as publish,
)
from .published import published_results as published_results
from .record import Record as Record
from .reproduction import (
    Reproduction as Reproduction,
    reproduce as reproduce,
)
from .retraining import (
    Retraining as Retraining,
    retrain as retrain,
)
from .search import (
    Sweep as Sweep,
    SweepTrial as SweepTrial,
    sweep as sweep,
)
from .series import (
    Series as Series,
    find_series as find_series,
    load_series as load_series,
    standing as standing,
)
