"""The operations of the HTTP interface."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.responses import FileResponse

from tinydigits import __version__
from tinydigits.errors import did_you_mean
from tinydigits.serving.bodies import body_of, media_type, picture_of
from tinydigits.serving.networks import PAGE, Network
from tinydigits.serving.problems import answers
from tinydigits.serving.work import Images, classified, is_small, pixels_of, read_bytes

__all__ = ["router"]

_PICTURES = ("image/png", "image/jpeg", "image/webp", "image/bmp", "image/gif", "image/tiff")
_FILE = {"type": "string", "format": "binary"}
_FORM = {"type": "object", "required": ["image"], "properties": {"image": _FILE}}
_READ_BODY = {
    "multipart/form-data": {"schema": _FORM},
    **{kind: {"schema": _FILE} for kind in (*_PICTURES, "application/octet-stream")},
}
_CLASSIFY_BODY = {
    "application/json": {"schema": Images.model_json_schema()},
    "application/x-npy": {"schema": _FILE},
    "image/png": {"schema": _FILE},
}
# Larger pictures are photos.
_DRAWING_PIXELS = 500_000

router = APIRouter()


class Digit(BaseModel):
    """A digit that was read; docs/reading.md says what the figures mean."""

    digit: int
    probability: float
    box: tuple[int, int, int, int]
    line: int
    runner_up: int
    runner_up_probability: float
    in_distribution_percentile: float
    accepted: bool
    glyph: str = ""
    """Of `glyphs=true`: uint8 [28, 28], what is in and around the box, ink high, row after row in base64."""


class Reading(BaseModel):
    """What is written in a picture, as `tinydigits read --json` has it."""

    lines: list[str]
    digits: list[Digit]


class Classes(BaseModel):
    """What a network says of images."""

    network: str
    digits: list[int]
    probabilities: list[list[float]]


class Health(BaseModel):
    """That the server takes calls."""

    status: str
    version: str


@router.post(
    "/v1/read",
    response_model_exclude_unset=True,
    responses=answers(400, 408, 413, 422, 500, 503, 504),
    openapi_extra={"requestBody": {"required": True, "content": _READ_BODY}},
)
async def read(
    request: Request, glyphs: Annotated[bool, Query(description="Give each digit's 28×28 pixels too.")] = False
) -> Reading:
    """The numbers in a photo, a scan or a drawing: an image file as the body, or as `image` in a form."""
    state = request.app.state
    content = await picture_of(request, state.limits)
    lane = state.drawings if pixels_of(content) <= _DRAWING_PIXELS else state.photos
    return Reading.model_validate(await lane.run(read_bytes, content, glyphs))


@router.post(
    "/v1/classify",
    responses=answers(400, 404, 408, 413, 415, 422, 500, 503, 504),
    openapi_extra={"requestBody": {"required": True, "content": _CLASSIFY_BODY}},
)
async def classify(
    request: Request, network: Annotated[str, Query(description="One of /v1/networks.", max_length=100)] = "swift"
) -> Classes:
    """The probabilities of the ten digits for images of 28×28 pixels, ink high (255) on a low ground (0)."""
    kind, state = media_type(request), request.app.state
    if network not in state.networks:
        raise HTTPException(404, f"there is no network {network!r}{did_you_mean(network, state.networks)}")
    if kind not in _CLASSIFY_BODY:
        raise HTTPException(415, f"send {', '.join(_CLASSIFY_BODY)}, not {kind!r:.60}")
    content = await body_of(request, state.limits)
    arguments = (network, kind, content, state.limits.images)
    found = classified(*arguments) if is_small(kind, content) else await state.drawings.run(classified, *arguments)
    return Classes.model_validate(found)


@router.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """The page to draw on."""
    return FileResponse(PAGE / "index.html")


@router.get("/v1/networks")
async def networks(request: Request) -> list[Network]:
    """The networks that can be called, with their size and what is claimed of each."""
    return list(request.app.state.networks.values())


@router.get("/healthz")
async def health() -> Health:
    """That the server is up; it takes calls from the first answer on."""
    return Health(status="ok", version=__version__)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)
