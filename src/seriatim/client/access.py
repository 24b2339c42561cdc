"""The keys of one device: an access token that is always fresh enough, and the refresh token that pays for it."""

import asyncio

import msgspec

from seriatim.client.http import Http
from seriatim.client.store import Account, Store
from seriatim.core.clock import Clock
from seriatim.protocol.limits import TOKEN_LIFE_S
from seriatim.protocol.resources import Credentials

LEAST_WAIT_S = 5.0
SPARE_S = 60.0
"""A token with less life than this (or less than half of its life) is renewed before it is used."""


class Access:
    """The account of a store, and its tokens."""

    def __init__(self, store: Store, account: Account, http: Http, clock: Clock) -> None:
        self.account = account
        self._store = store
        self._http = http
        self._clock = clock
        self._token: str | None = None
        self._renew_at = 0.0
        self._renewing = asyncio.Lock()
        http.token = self.token

    @classmethod
    def of(cls, credentials: Credentials, url: str, store: Store, http: Http, clock: Clock) -> "Access":
        """Begin with what signing in has given, and keep it."""
        if credentials.refresh_token is None:
            raise ValueError("the server keeps the refresh token in a cookie: this client is no browser")
        account = Account(
            url=url,
            user_id=credentials.user_id,
            device_id=credentials.device_id,
            name=credentials.name,
            refresh_token=credentials.refresh_token,
        )
        store.save_account(account)
        access = cls(store, account, http, clock)
        access._take(credentials)
        return access

    async def token(self) -> str:
        """Return an access token that lives for at least a minute.

        Raises:
            Unauthenticated: this device is signed out.
            Unavailable: the server cannot be reached.
        """
        async with self._renewing:
            if self._token is None or self._clock.monotonic() >= self._renew_at:
                return await self._renew()
            return self._token

    def forget(self) -> None:
        """Take the next token from the server: the present one was refused."""
        self._token = None

    async def _renew(self) -> str:
        credentials = await self._http.refresh(self.account.device_id, self.account.refresh_token)
        if credentials.refresh_token is not None:
            self.account = msgspec.structs.replace(self.account, refresh_token=credentials.refresh_token)
            self._store.save_account(self.account)
        return self._take(credentials)

    def renew_in_s(self) -> float | None:
        """Return the seconds until the token should be renewed in the open session; None: never."""
        return max(LEAST_WAIT_S, self._renew_at - self._clock.monotonic())

    def _take(self, credentials: Credentials) -> str:
        """Keep the token; its life is measured by our own steady clock, and a wrong wall clock shortens it at most."""
        life_s = (credentials.expires_at - self._clock.now()).total_seconds()
        if not 0 < life_s <= TOKEN_LIFE_S * 2:
            life_s = TOKEN_LIFE_S
        self._renew_at = self._clock.monotonic() + life_s - min(SPARE_S, life_s / 2)
        self._token = credentials.access_token
        return credentials.access_token
