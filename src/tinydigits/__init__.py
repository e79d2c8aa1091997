"""Handwritten digits, read by networks so small that every claim about them can be checked.

    import tinydigits as td

    mnist = td.load("mnist")
    run = td.train("swift", mnist, seed=0)
    td.evaluate(run.network, mnist.test).accuracy

Names are imported when they are first used, so that `import tinydigits` waits for nothing and reading needs no PyTorch.
"""

from __future__ import annotations

import lazy_loader

from tinydigits.extras import reporting_missing_packages

__version__ = "0.1.0"

_lazily, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ = [name for name in __all__ if name != "recipes"]  # a package, there for `td.recipes.register`


def __getattr__(name: str) -> object:
    with reporting_missing_packages():
        return _lazily(name)
