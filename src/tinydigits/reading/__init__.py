"""Reading: a photo, a scan or a drawing → digits with boxes → the numbers written there.

Names are imported when they are first used: who reads does not wait for what draws.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
