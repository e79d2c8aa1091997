"""Where the files of a published data set are looked for."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from tinydigits.data.idx import find_file
from tinydigits.data.sources import Source
from tinydigits.schema import checked_arguments

__all__ = ["cache_folder", "find_folder"]


@checked_arguments
def cache_folder(source: Source) -> Path:
    """The folder of the user's cache into which a data set is fetched; it need not exist."""
    return platformdirs.user_cache_path("tinydigits", appauthor=False) / source.name


@checked_arguments
def find_folder(source: Source, data_dir: str | Path | None = None) -> Path | None:
    """The folder that holds the files of a data set; what they hold is not looked at.

    Looks for a folder of the data set's name in `data_dir`, then in `$TINYDIGITS_DATA`, then in the user's
    cache.

    Returns:
        The first of them in the user's own folders that holds any of the four files (so that a file which is
        missing there is noticed, not had from elsewhere), or the cache where it holds all four, or None.
    """
    for parent in (data_dir, os.environ.get("TINYDIGITS_DATA")):
        if parent:
            folder = Path(parent) / source.name
            if any(find_file(folder, file) for file in source.files):
                return folder
    cache = cache_folder(source)
    return cache if all(find_file(cache, file) for file in source.files) else None
