"""Who calls over HTTP: every route asks for an access token unless it says `exclude_from_auth`."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp

from seriatim.core.buckets import Buckets, network
from seriatim.core.errors import Unauthenticated
from seriatim.core.ids import DeviceId
from seriatim.features.accounts.tokens import Tokens
from seriatim.gateway.scopes import require_route
from seriatim.protocol.http.bots import BOT_TOKEN_PREFIX
from seriatim.protocol.limits import RATES
from seriatim.protocol.sender import Sender


class Authentication(AbstractAuthenticationMiddleware):
    """Puts the Sender in `request.user`; `revoked` says which devices have ended while their tokens still look good.

    `bot` looks up who speaks with a bot's token: false ones are paid for by their network, as false log-ins are.
    """

    def __init__(
        self, app: ASGIApp, tokens: Tokens, revoked: Callable[[DeviceId], bool], bot: Callable[[str], Awaitable[Sender]]
    ) -> None:
        super().__init__(app)
        self._tokens = tokens
        self._revoked = revoked
        self._bot = bot
        self._false_tokens = Buckets()

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        """Verify `Authorization: Bearer <access token, or token of a bot>`.

        Raises:
            Unauthenticated: none, a false one, or its device has ended.
            TokenExpired: too old.
            Forbidden: a bot, and its token is not for this.
        """
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("this needs `Authorization: Bearer <access token>`")
        token = token.strip()
        if token.startswith(BOT_TOKEN_PREFIX):
            sender = await self._bot_of(token, network(connection.client.host if connection.client else ""))
            require_route(str(getattr(connection.route_handler, "operation_id", "")), sender)
            return AuthenticationResult(user=sender, auth=None)
        claims = self._tokens.verify(token)
        if self._revoked(claims.device_id):
            raise Unauthenticated("this device was signed out", reason="revoked")
        return AuthenticationResult(user=Sender(claims.user_id, claims.device_id), auth=claims)

    async def _bot_of(self, token: str, address: str) -> Sender:
        now = time.monotonic()
        self._false_tokens.check(address, RATES.log_in_address, now)
        try:
            return await self._bot(token)
        except Unauthenticated:
            self._false_tokens.take(address, RATES.log_in_address, now)
            raise


async def provide_sender(request: Request[Sender, Any, State]) -> Sender:
    """Return who calls, for handlers that ask for `sender`."""
    return request.user
