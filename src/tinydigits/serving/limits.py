"""How much a caller may ask of the server."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tinydigits.schema import checked

__all__ = ["Limits"]


@checked
class Limits:
    """Bounds of a call, and of all calls together."""

    body_bytes: Annotated[int, Field(ge=1_000, le=200_000_000)] = 10_000_000
    """Of a request; a photo of twelve megapixels has about four million."""
    images: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    """Of a call to classify."""
    upload_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """In which a request must have arrived."""
    work_seconds: Annotated[float, Field(gt=0, le=3600)] = 10.0
    """Of work on a request; then its worker is stopped and replaced."""
    calls: Annotated[int, Field(ge=1, le=10_000)] = 256
    """At work or waiting, of drawings and of photos each; one more is answered with 503."""
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    """Processes for drawings, and as many for photos."""
