"""`GET /health`: whether this process can serve, for balancers, service managers and people."""

from collections.abc import Callable
from typing import Literal

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler


class Health(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """200 with `ok`, or 503 with the reason."""

    status: Literal["ok", "unavailable"]
    reason: str | None = None


def health_route(reason: Callable[[], str | None]) -> HTTPRouteHandler:
    """Return the route; `reason` says why this process cannot serve, or None when it can."""

    @get("/health", operation_id="health", summary="Can this process serve?", tags=["server"], exclude_from_auth=True)
    async def health() -> Response[Health]:
        why_not = reason()
        if why_not is None:
            return Response(Health(status="ok"))
        return Response(Health(status="unavailable", reason=why_not), status_code=503, headers={"Retry-After": "1"})

    return health
