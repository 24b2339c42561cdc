"""Refusals over HTTP: every one is `application/problem+json` (RFC 9457) with the code of the `error` frame."""

import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, SerializationException, ValidationException

from seriatim.core.errors import (
    BadQuery,
    BadRequest,
    ChatError,
    Internal,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from seriatim.protocol.resources import Problem

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
UNAVAILABLE_RETRY_MS = 1_000


def problem(error: ChatError) -> Response[Problem]:
    """Return the answer to a refused request."""
    retry_after_ms = error.retry_after_ms
    if retry_after_ms is None and isinstance(error, Unavailable):
        retry_after_ms = UNAVAILABLE_RETRY_MS
    headers: dict[str, str] = {}
    if retry_after_ms is not None:
        headers["Retry-After"] = str(math.ceil(retry_after_ms / 1000))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return _answer(
        Problem(
            type=f"urn:seriatim:code:{error.code}",
            title=error.code.replace("_", " ").capitalize(),
            status=error.status,
            code=error.code,
            detail=error.message,
            path=error.path,
            reason=error.reason,
            position=error.position if isinstance(error, BadQuery) else None,
            retry_after_ms=retry_after_ms,
        ),
        headers,
    )


def _refused(_request: Request[Any, Any, Any], error: ChatError) -> Response[Problem]:
    return problem(error)


def _invalid(_request: Request[Any, Any, Any], error: ValidationException) -> Response[Problem]:
    faults = error.extra if isinstance(error.extra, list) else []
    if not faults:
        return problem(BadRequest(error.detail))
    return problem(BadRequest(faults[0]["message"], path=f"$.{faults[0]['key']}" if "key" in faults[0] else "$"))


def _undecodable(_request: Request[Any, Any, Any], _error: SerializationException) -> Response[Problem]:
    return problem(BadRequest("the body is not JSON", path="$"))


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.NOT_FOUND:
        return problem(NotFound("there is nothing at this address"))
    if status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problem(TooLarge("the body is too large", reason="body_bytes"))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _bug(request, error)
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    found = Problem(
        type=f"urn:seriatim:code:{code}", title=status.phrase, status=status, code=code, detail=status.description
    )
    return _answer(found, error.headers or {})


def _bug(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    log.error("request_failed", method=request.method, path=request.scope["path_template"], exc_info=error)
    return problem(Internal("a bug of ours; it is logged"))


def _answer(found: Problem, headers: dict[str, str]) -> Response[Problem]:
    return Response(found, status_code=found.status, media_type=MEDIA_TYPE, headers=headers)


HANDLERS: dict[int | type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Problem]]] = {
    ChatError: _refused,
    ValidationException: _invalid,
    SerializationException: _undecodable,
    HTTPException: _http,
    Exception: _bug,
}
