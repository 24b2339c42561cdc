"""`GET /health` and `GET /metrics`: whether this process can serve, and what it counts; for machines and people."""

import hmac
from collections.abc import Awaitable, Callable
from ipaddress import IPv6Address, ip_address
from typing import Any, Literal, NamedTuple

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from seriatim.core.errors import Forbidden

TEXT = "text/plain; version=1.0.0; charset=utf-8"
"""What Prometheus calls its text format."""


class Health(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """200 with `ok`, or 503 with the reason."""

    status: Literal["ok", "unavailable"]
    reason: str | None = None
    broker: Literal["away"] | None = None
    """The others' news comes late, from the log: this process serves all the same."""


class Standing(NamedTuple):
    """What a process knows of itself."""

    why_unavailable: Callable[[], str | None]
    """Why it cannot serve, in words; None: it can."""
    why_broker_away: Callable[[], str | None] = lambda: None
    """Why it does not hear the other servers; None: it does, or is alone."""
    metrics: Callable[[], Awaitable[bytes]] | None = None
    """Tells what it counts, as Prometheus reads it; None: nothing."""


def health_route(standing: Standing) -> HTTPRouteHandler:
    """Return the route that says whether this process can serve."""

    @get("/health", operation_id="health", summary="Can this process serve?", tags=["server"], exclude_from_auth=True)
    async def health() -> Response[Health]:
        why_not = standing.why_unavailable()
        broker = "away" if standing.why_broker_away() else None
        if why_not is None:
            return Response(Health(status="ok", broker=broker))
        unavailable = Health(status="unavailable", reason=why_not, broker=broker)
        return Response(unavailable, status_code=503, headers={"Retry-After": "1"})

    return health


def metrics_route(standing: Standing, token: str | None) -> HTTPRouteHandler:
    """Return the route that tells the metrics: to who brings the token, and to this machine itself."""

    @get("/metrics", exclude_from_auth=True, include_in_schema=False)
    async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token is not None:
            may = hmac.compare_digest(given.strip().encode(), token.encode())
        else:
            may = _is_of_this_machine(request)
        if not may:
            raise Forbidden("metrics are for this machine, or with `Authorization: Bearer <metrics_token>`")
        return Response(await standing.metrics() if standing.metrics else b"", media_type=TEXT)

    return metrics


def _is_of_this_machine(request: Request[Any, Any, Any]) -> bool:
    """Say whether a program here asks; what was passed on by a proxy here may come from anywhere."""
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers or request.client is None:
        return False
    try:
        address = ip_address(request.client.host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
