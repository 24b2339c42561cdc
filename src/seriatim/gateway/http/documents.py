"""The documents a server gives of itself: OpenAPI at `/v1/openapi.json`, AsyncAPI at `/v1/asyncapi.json`."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Litestar, Response, get
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

from seriatim.protocol.documents.asyncapi import asyncapi
from seriatim.protocol.resources import Problem

DESCRIPTION = (
    "Everything but live delivery, for bots and scripts. Sign up or log in, then send "
    "`Authorization: Bearer <access_token>`. A refusal is a problem (RFC 9457) whose `code` is that of the "
    "WebSocket's `error` frame."
)
REFUSED = {
    "description": "Refused; nothing changed",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def openapi_document(routes: Sequence[ControllerRouterHandler], dependencies: Mapping[str, Provide]) -> dict[str, Any]:
    """Return the document of these routes; `dependencies` are what their handlers get from us, not from the caller."""
    config = OpenAPIConfig(
        title="Seriatim",
        version=version("seriatim"),
        description=DESCRIPTION,
        components=Components(
            security_schemes={"token": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
        security=[{"token": []}],
    )
    # Of an application of its own: Litestar would serve the document with handlers that know neither our refusals
    # nor that it is public.
    described = Litestar(route_handlers=routes, dependencies=dependencies, openapi_config=config, logging_config=None)
    document = described.openapi_schema.to_schema()
    _, problem = msgspec.json.schema_components([Problem], ref_template="#/components/schemas/{name}")
    document["components"]["schemas"] |= problem
    public = _public(described)
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("400", None)  # Litestar's own shape, which is never sent
            operation["responses"].get("204", {}).pop("content", None)  # an answer without a body has no type
            operation["responses"]["default"] = REFUSED
            if operation["operationId"] in public:
                operation["security"] = []
    return document


def document_routes(
    routes: Sequence[ControllerRouterHandler], dependencies: Mapping[str, Provide]
) -> tuple[HTTPRouteHandler, HTTPRouteHandler]:
    """Return the routes of both documents; each is made when it is first asked for. `/v1/docs` shows the first."""
    return (
        _document("/v1/openapi.json", lambda: openapi_document(routes, dependencies)),
        _document("/v1/asyncapi.json", lambda: asyncapi(version("seriatim"))),
    )


def _document(path: str, make: Callable[[], dict[str, Any]]) -> HTTPRouteHandler:
    made = cache(lambda: msgspec.json.encode(make()))

    @get(path, exclude_from_auth=True, include_in_schema=False, sync_to_thread=False)
    def document() -> Response[bytes]:
        return Response(made(), media_type="application/json", headers={"Cache-Control": "no-cache"})

    return document


def _public(described: Litestar) -> set[str]:
    return {
        str(handler.operation_id)
        for route in described.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.opt.get("exclude_from_auth")
    }
