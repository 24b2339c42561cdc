"""The HTTP side of a gateway, assembled: routes, who calls, refusals, documents, the web client's files."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.types import ControllerRouterHandler

from seriatim.core.ids import DeviceId
from seriatim.features.accounts.tokens import Tokens
from seriatim.gateway.http.addresses import CallerAddress, TrustedProxies
from seriatim.gateway.http.auth import Authentication, provide_sender
from seriatim.gateway.http.bodies import check_body
from seriatim.gateway.http.documents import document_routes
from seriatim.gateway.http.headers import complete_headers
from seriatim.gateway.http.health import Standing, health_route, metrics_route
from seriatim.gateway.http.origins import OriginCheck
from seriatim.gateway.http.problems import HANDLERS
from seriatim.gateway.http.routes import ROUTES
from seriatim.gateway.http.static import BUILT, static_routes
from seriatim.protocol.sender import Sender

BODY_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class HttpSettings:
    """What the operator decides."""

    origins: frozenset[str] | None = None
    """Pages that may sign people in (`https://chat.example`); None: those of the host that is called."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks whose `X-Forwarded-*` are believed."""
    static_folder: Path = BUILT
    metrics_token: str | None = None
    """What opens `/metrics` to other machines; None: nothing does."""


def create_http_app(
    settings: HttpSettings,
    *,
    tokens: Tokens,
    revoked: Callable[[DeviceId], bool],
    bot: Callable[[str], Awaitable[Sender]],
    standing: Standing,
    dependencies: Mapping[str, object],
    routes: Sequence[ControllerRouterHandler] = ROUTES,
) -> Litestar:
    """Return the application; whoever serves it opens and closes the parts.

    `dependencies`: what the handlers of `routes` ask for by the names of their parameters (`accounts`, `devices`,
    `database`, ...), besides `sender`, who is the authenticated caller. `standing` is told under `/health`
    and `/metrics`.

    Every answer that refuses is a problem (RFC 9457). Bounds: bodies of at most 256 KiB.
    """
    described = [health_route(standing), *routes]
    told = metrics_route(standing, settings.metrics_token)
    provided = {"sender": Provide(provide_sender)} | {name: _provide(part) for name, part in dependencies.items()}
    return Litestar(
        route_handlers=[
            *described,
            told,
            *document_routes(described, provided),
            *static_routes(settings.static_folder),
        ],
        dependencies=provided,
        middleware=[
            DefineMiddleware(CallerAddress, proxies=TrustedProxies(settings.trusted_proxies)),
            DefineMiddleware(OriginCheck, allowed=settings.origins),
            DefineMiddleware(Authentication, tokens=tokens, revoked=revoked, bot=bot),
        ],
        exception_handlers=HANDLERS,
        before_request=check_body,
        before_send=[complete_headers],
        request_max_body_size=BODY_BYTES,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )


def _provide(part: object) -> Provide:
    def given() -> Any:  # each has its own type, named where it is asked for
        return part

    return Provide(given, sync_to_thread=False, use_cache=True)
