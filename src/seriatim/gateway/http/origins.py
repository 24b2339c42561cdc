"""Which pages may speak for a signed-in browser: those of this host, or of the list that the operator gives."""

from urllib.parse import urlsplit

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from seriatim.core.errors import Forbidden

GUARDED_PATH = "/v1/auth/"
COOKIE_PREFIX = b"seriatim_"
DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_allowed(origin: str, host: str, allowed: frozenset[str] | None) -> bool:
    """Say whether a page of `origin` may call `host` (the Host header); `allowed` None: only the host's own pages."""
    if allowed is not None:
        return origin in allowed
    try:
        page = urlsplit(origin)
        called = urlsplit(f"{page.scheme}://{host}")
        return (
            page.scheme in DEFAULT_PORTS
            and page.hostname is not None
            and (page.hostname, page.port or DEFAULT_PORTS[page.scheme])
            == (called.hostname, called.port or DEFAULT_PORTS[page.scheme])
        )
    except ValueError:
        return False


class OriginCheck:
    """ASGI middleware that refuses what another site's page makes a browser send to `/v1/auth/*`.

    Programs send no Origin and no cookie, and pass. A browser's POST always has an Origin: cookie without one is
    refused.
    """

    def __init__(self, app: ASGIApp, allowed: frozenset[str] | None) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise Forbidden (reason `origin`)."""
        if scope["type"] == ScopeType.HTTP and scope["path"].startswith(GUARDED_PATH):
            headers = {key.lower(): value for key, value in scope["headers"]}
            origin, host = headers.get(b"origin"), headers.get(b"host", b"")
            if origin is None:
                refused = COOKIE_PREFIX in headers.get(b"cookie", b"") or b"sec-fetch-site" in headers
            else:
                refused = not origin_allowed(origin.decode("latin-1"), host.decode("latin-1"), self._allowed)
            if refused:
                raise Forbidden("pages of this origin may not sign people in here", reason="origin")
        await self._app(scope, receive, send)
