"""The networks: float [B, 1, 28, 28] of standardised pixels → logits [B, 10]."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
