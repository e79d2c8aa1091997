from .ambiguous_labels import AMBIGUOUS_LABELS as AMBIGUOUS_LABELS
from .cache import fetch as fetch
from .idx import inspect as inspect
from .layout import CLASSES as CLASSES, SIDE as SIDE
from .loading import load as load
from .places import cache_folder as cache_folder, find_folder as find_folder
from .sources import SOURCES as SOURCES
from .split import Dataset as Dataset, Split as Split
