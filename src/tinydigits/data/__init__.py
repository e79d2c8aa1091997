"""Data: a name, a folder or a file → images uint8 [N, 1, 28, 28] and labels int64 [N]."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
