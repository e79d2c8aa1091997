"""Errors as problem details (RFC 9457), all in one form."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from tinydigits.errors import DataError
from tinydigits.serving.lanes import BusyError, LostError

__all__ = ["Problem", "answers", "handle_problems"]


class Problem(BaseModel):
    """What went wrong, as `application/problem+json`."""

    type: str = "about:blank"
    """No more than the status says."""
    title: str
    """The status in words."""
    status: int
    """The HTTP status."""
    detail: str
    """What was given, what was expected, what to do."""


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI document: the problems that an operation may answer with."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {"application/problem+json": {"schema": schema}}}
        for status in statuses
    }


def handle_problems(app: FastAPI) -> None:
    """Have the app answer every error as a problem."""

    @app.exception_handler(HTTPException)
    async def of_http(_request: Request, error: HTTPException) -> JSONResponse:
        return _problem(error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def of_validation(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return _problem(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")

    @app.exception_handler(DataError)
    async def of_data(_request: Request, error: DataError) -> JSONResponse:
        return _problem(422, str(error))

    @app.exception_handler(BusyError)
    async def of_busy(_request: Request, _error: BusyError) -> JSONResponse:
        return _problem(503, "as many calls as the server takes are waiting; try again soon", {"Retry-After": "1"})

    @app.exception_handler(TimeoutError)
    async def of_timeout(_request: Request, _error: TimeoutError) -> JSONResponse:
        return _problem(504, "the work took too long and was stopped; send a smaller picture, or fewer")

    @app.exception_handler(LostError)
    async def of_lost(_request: Request, _error: LostError) -> JSONResponse:
        return _problem(500, "the process that worked on this call died, another takes its place; try again")

    @app.exception_handler(Exception)
    async def of_any(_request: Request, _error: Exception) -> JSONResponse:
        return _problem(500, "this is a defect of the server; its log says more")


def _problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    return JSONResponse(problem.model_dump(), status, headers, media_type="application/problem+json")
