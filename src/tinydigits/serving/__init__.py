"""Serving: the reader and the networks over HTTP."""

from __future__ import annotations

from tinydigits.serving.app import create_app
from tinydigits.serving.limits import Limits
from tinydigits.serving.server import serve

__all__ = ["Limits", "create_app", "serve"]
