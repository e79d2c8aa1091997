"""Data: a name, a folder or a file → images uint8 [N, 1, 28, 28] and labels int64 [N]."""

from tinydigits.data.ambiguous_labels import AMBIGUOUS_LABELS
from tinydigits.data.cache import fetch
from tinydigits.data.idx import inspect
from tinydigits.data.loading import load
from tinydigits.data.places import cache_folder, find_folder
from tinydigits.data.sources import SOURCES
from tinydigits.data.split import CLASSES, SIDE, Dataset, Split

__all__ = [
    "AMBIGUOUS_LABELS",
    "CLASSES",
    "SIDE",
    "SOURCES",
    "Dataset",
    "Split",
    "cache_folder",
    "fetch",
    "find_folder",
    "inspect",
    "load",
]
