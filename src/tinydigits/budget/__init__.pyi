from .brief import (
    find_brief as find_brief,
    read_brief as read_brief,
)
from .checking import check as check
from .findings import Operation as Operation
from .layers import (
    name_of as name_of,
    trace_operations as trace_operations,
    trace_outputs as trace_outputs,
)
from .limits import (
    LAYERS as LAYERS,
    Budget as Budget,
)
from .report import (
    Check as Check,
    Report as Report,
)
