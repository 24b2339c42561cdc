"""Who calls over HTTP: every route asks for an access token unless it says `exclude_from_auth`."""

from collections.abc import Callable
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp

from seriatim.core.errors import Unauthenticated
from seriatim.core.ids import DeviceId
from seriatim.features.accounts.tokens import Tokens
from seriatim.protocol.sender import Sender


class Authentication(AbstractAuthenticationMiddleware):
    """Puts the Sender in `request.user`; `revoked` says which devices have ended while their tokens still look good."""

    def __init__(self, app: ASGIApp, tokens: Tokens, revoked: Callable[[DeviceId], bool]) -> None:
        super().__init__(app)
        self._tokens = tokens
        self._revoked = revoked

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        """Verify `Authorization: Bearer <access token>`.

        Raises:
            Unauthenticated: none, a false one, or its device has ended.
            TokenExpired: too old.
        """
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("this needs `Authorization: Bearer <access token>`")
        claims = self._tokens.verify(token.strip())
        if self._revoked(claims.device_id):
            raise Unauthenticated("this device was signed out", reason="revoked")
        return AuthenticationResult(user=Sender(claims.user_id, claims.device_id), auth=claims)


async def provide_sender(request: Request[Sender, Any, State]) -> Sender:
    """Return who calls, for handlers that ask for `sender`."""
    return request.user
