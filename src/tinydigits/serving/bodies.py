"""The body of a request, of a bounded size and arrived in bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from tinydigits.serving.limits import Limits

__all__ = ["body_of", "media_type", "picture_of"]


def media_type(request: Request) -> str:
    """Without parameters, in small letters; empty where the request names none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def body_of(request: Request, limits: Limits) -> bytes:
    """All of it.

    Raises:
        HTTPException: it is empty (400), too large (413), or came too slowly (408).
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limits.body_bytes:
        raise _too_large(limits)
    try:
        body = await asyncio.wait_for(_received(request, limits), limits.upload_seconds)
    except (TimeoutError, asyncio.TimeoutError):
        raise HTTPException(
            408, f"the request did not arrive within {limits.upload_seconds:g} seconds", {"Connection": "close"}
        ) from None
    except ClientDisconnect:
        raise HTTPException(400, "the request ended before all of it had arrived") from None
    if not body:
        raise HTTPException(400, "the request has no body; send an image")
    return body


async def picture_of(request: Request, limits: Limits) -> bytes:
    """An image file: the body, or of a form the part with a file.

    Raises:
        HTTPException: as of `body_of`; or the form has no file, or several (400).
    """
    body = await body_of(request, limits)
    if media_type(request) != "multipart/form-data":
        return body
    try:
        form = await MultiPartParser(request.headers, _once(body), max_files=1, max_fields=1).parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise HTTPException(400, f"this is no form with one file: {getattr(error, 'message', error)}") from None
    file = form.get("image")
    if not isinstance(file, UploadFile):
        await form.close()
        raise HTTPException(400, "the form has no file of the name image")
    content = await file.read()
    await form.close()
    return content


async def _received(request: Request, limits: Limits) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limits.body_bytes:
            raise _too_large(limits)
    return bytes(body)


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _too_large(limits: Limits) -> HTTPException:
    # The rest is not read, so that the connection is of no more use.
    detail = f"the request has more than {limits.body_bytes:,} bytes; send a smaller picture, or fewer"
    return HTTPException(413, detail, {"Connection": "close"})
