"""Access tokens: who speaks and on which device, signed, good for minutes, verified without the database."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import jwt
import msgspec
from jwt.api_jws import PyJWS

from seriatim.core.clock import Clock
from seriatim.core.errors import TokenExpired, Unauthenticated
from seriatim.core.ids import DeviceId, UserId
from seriatim.protocol.limits import TOKEN_LIFE_S

ISSUER: Final = "seriatim"
AUDIENCE: Final = "seriatim.v1"
ALGORITHM: Final = "HS256"
"""Fixed, whatever a token says: a signature by a public key would cost each `hello` 160 us and more."""


class Claims(NamedTuple):
    """What a good token proves, until `expires_at`."""

    user_id: UserId
    device_id: DeviceId
    expires_at: datetime


class _Payload(msgspec.Struct, frozen=True, kw_only=True):
    iss: str
    aud: str
    sub: str
    device: int
    exp: int


class Tokens:
    """Issue and verify tokens with the keys of this server, by key id; the first one signs.

    A token's head is looked up whole among those of our own keys, so nothing in it is believed or even parsed before
    the signature is found good: neither `alg` nor `kid` can be chosen by its bearer.
    """

    def __init__(self, keys: Mapping[str, bytes], clock: Clock, *, life_s: float = TOKEN_LIFE_S) -> None:
        self._clock = clock
        self._life = timedelta(seconds=life_s)
        self._signing_kid, self._signing_key = next(iter(keys.items()))
        self._keys = {_head(kid, key): key for kid, key in keys.items()}
        self._jws = PyJWS(algorithms=[ALGORITHM])
        self._payloads: msgspec.json.Decoder[_Payload] = msgspec.json.Decoder(_Payload)

    def issue(self, user_id: UserId, device_id: DeviceId) -> tuple[str, datetime]:
        """Return a token for this device and the instant, in whole seconds, at which it expires."""
        expires_at = (self._clock.now() + self._life).replace(microsecond=0)
        payload = _Payload(
            iss=ISSUER, aud=AUDIENCE, sub=str(user_id), device=device_id, exp=int(expires_at.timestamp())
        )
        text = msgspec.json.encode(payload)
        token = self._jws.encode(text, self._signing_key, algorithm=ALGORITHM, headers={"kid": self._signing_kid})
        return token, expires_at

    def verify(self, token: str) -> Claims:
        """Return what the token proves.

        Raises:
            TokenExpired: it was good, and is too old.
            Unauthenticated: it is not a token of this server.
        """
        key = self._keys.get(token.partition(".")[0])
        if key is None:
            raise Unauthenticated("this is no access token of this server")
        try:
            payload = self._payloads.decode(self._jws.decode(token, key, algorithms=[ALGORITHM]))
            claims = Claims(
                UserId(int(payload.sub)), DeviceId(payload.device), datetime.fromtimestamp(payload.exp, tz=UTC)
            )
        except (jwt.InvalidTokenError, msgspec.DecodeError, ValueError, OverflowError, OSError):
            raise Unauthenticated("this access token was not made by this server") from None
        if payload.iss != ISSUER or payload.aud != AUDIENCE:
            raise Unauthenticated("this access token is meant for another server")
        if claims.expires_at <= self._clock.now():
            raise TokenExpired("this access token is too old; refresh it")
        return claims


def _head(kid: str, key: bytes) -> str:
    return PyJWS(algorithms=[ALGORITHM]).encode(b"", key, algorithm=ALGORITHM, headers={"kid": kid}).partition(".")[0]
