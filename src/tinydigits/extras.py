"""What `pip install tinydigits` leaves out, and the line that installs it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tinydigits.errors import UsageError

__all__ = ["reporting_missing_packages"]

_PACKAGES = {
    "train": {"matplotlib", "safetensors", "sklearn", "torch"},
    "export": {"onnx"},
    "serve": {"fastapi", "fastapi_offline", "prometheus_client", "pythonjsonlogger", "python_multipart", "uvicorn"},
    "ray": {"ray"},
    "sweep": {"optuna"},
}


@contextlib.contextmanager
def reporting_missing_packages() -> Iterator[None]:
    """Inside, an import of a package of one of the extras that is not installed becomes a UsageError that says so."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        for extra, packages in _PACKAGES.items():
            if package in packages:
                raise UsageError(
                    f"this needs the package {package}, which is not installed; "
                    f"install it by: pip install 'tinydigits[{extra}]'"
                ) from error
        raise
