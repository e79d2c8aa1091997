from .blocks import Network as Network
from .classification import (
    classify as classify,
    log_probabilities as log_probabilities,
)
from .loading import pretrained as pretrained
from .parameters import count_parameters as count_parameters
from .registry import NETWORKS as NETWORKS
from .scores import (
    log_softmax as log_softmax,
    softmax as softmax,
)
from .shipped import (
    open_session as open_session,
    shipped_logits as shipped_logits,
    shipped_names as shipped_names,
    shipped_notes as shipped_notes,
    shipped_session as shipped_session,
)
from .summaries import summary as summary
from .weights import (
    load_tensors as load_tensors,
    load_weights as load_weights,
    save_tensors as save_tensors,
    save_weights as save_weights,
    weights_file as weights_file,
)
