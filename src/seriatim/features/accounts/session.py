"""A device's session: how it begins with a password, goes on by refresh tokens, and ends."""

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, NamedTuple

from seriatim.core.buckets import network
from seriatim.core.errors import Conflict, Unauthenticated
from seriatim.core.ids import DeviceId, UserId, random_id
from seriatim.core.names import name_key
from seriatim.features.accounts import rules, store
from seriatim.features.accounts.accounts import Accounts
from seriatim.protocol.limits import DEVICES_PER_USER
from seriatim.protocol.resources import Credentials, LogIn, NewDevice
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection

FAMILY_BYTES: Final = 16
SECRET_BYTES: Final = 32
UNUSED_SUCCESSORS: Final = 4
"""As many answers to one refresh token may be lost, or race, before the oldest of them counts as superseded."""


async def log_in(command: LogIn, address: str, accounts: Accounts) -> Credentials:
    """Sign in a new device; a name nobody has is answered as a wrong password is, after the same work.

    A user has at most 20 devices. One more is refused, never an old one dropped: what is only there (drafts, keys)
    would be lost unasked. Devices that stayed away past the life of their refresh token do not count.

    Raises:
        Unauthenticated: reason `password`.
        Conflict: `devices`: sign out one of the others first.
        RateLimited: 5 tries a minute per name, 20 per network.
    """
    rules.check_device(command.device)
    rates, now = accounts.settings.rates, accounts.clock.monotonic()
    key = name_key(command.name)
    accounts.attempts_by_address.require(network(address), rates.log_in_address, now)
    accounts.log_ins_by_name.require(key, rates.log_in_account, now)
    async with accounts.database.read() as connection:
        known = await store.known(connection, key)
    good = await accounts.passwords.verify(known.password_hash if known else None, command.password)
    if known is None or not good:
        raise _wrong()
    async with accounts.database.transaction() as connection:
        since = accounts.clock.now() - accounts.settings.refresh_life
        count, still_good = await store.count_devices(connection, known, since)
        if not still_good:
            raise _wrong()
        if count >= DEVICES_PER_USER:
            raise Conflict(f"a user has at most {DEVICES_PER_USER} devices; sign out another first", reason="devices")
        credentials = await open_session(connection, accounts, known.user_id, known.name, command.device)
    accounts.devices_changed(known.user_id)
    return credentials


async def open_session(
    connection: Connection, accounts: Accounts, user_id: UserId, name: str, device: NewDevice
) -> Credentials:
    """Add the device and give it its first tokens, within the caller's transaction."""
    device_id = DeviceId(random_id())
    await store.add_device(connection, user_id, device_id, device, accounts.clock.now())
    return await _grant(connection, accounts, user_id, name, _Refresh.fresh(device_id))


async def refresh(device_id: DeviceId, token: str, address: str, accounts: Accounts) -> Credentials:
    """Give the device a new access token and a new refresh token.

    The old refresh token stays good until its successor is first used, so a lost answer logs nobody out: ask again
    with the old one. Whoever uses a token that was superseded holds a copy, or somebody else does: the device is
    signed out, and its sockets are closed.

    Raises:
        Unauthenticated: unknown, expired or (reason `replayed`) superseded; sign in again.
        RateLimited: 10 a minute; or too many false ones, which count as log-ins tried of this network.
        Unavailable: too many renew at this moment.
    """
    key, rate = network(address), accounts.settings.rates.log_in_address
    # Whose tokens are good shares his network with whoever tries others: only what fails is charged.
    accounts.attempts_by_address.check(key, rate, accounts.clock.monotonic())
    try:
        async with accounts.renewals.turn():
            return await _renewed(device_id, token, accounts)
    except Unauthenticated:
        accounts.attempts_by_address.take(key, rate, accounts.clock.monotonic())
        raise


async def _renewed(device_id: DeviceId, token: str, accounts: Accounts) -> Credentials:
    known = _Refresh.read(device_id, token)
    accounts.refreshes_by_family.require(known.family, accounts.settings.rates.refresh, accounts.clock.monotonic())
    now = accounts.clock.now()
    async with accounts.database.transaction() as connection:
        device = await store.lock_device(connection, device_id)
        if device is None:
            raise _false()
        user_id, name = device
        good = await store.token(connection, device_id, known.token_hash)
        if good is not None:
            if good.expires_at <= now:
                raise _false()
            if good.used_at is None:
                await store.token_used(connection, device_id, known.token_hash, now)
            await store.forget_unused(connection, device_id, UNUSED_SUCCESSORS - 1)
            await store.device_seen(connection, device_id, now)
            return await _grant(connection, accounts, user_id, name, known.successor())
        if not await store.family_known(connection, device_id, known.family):
            raise _false()
        await store.end_devices(connection, user_id, [device_id], now)
    accounts.devices_changed(user_id)
    raise Unauthenticated("this refresh token was superseded; the device is signed out", reason="replayed")


async def log_out(sender: Sender, accounts: Accounts) -> None:
    """End the sender's device: its refresh tokens are gone, its sockets close, its access token soon counts no more."""
    async with accounts.database.transaction() as connection:
        await store.end_devices(connection, sender.user_id, [sender.device_id], accounts.clock.now())
    accounts.devices_changed(sender.user_id)


async def log_out_everywhere(sender: Sender, accounts: Accounts) -> None:
    """End every device of the sender's, this one too."""
    async with accounts.database.transaction() as connection:
        device_ids = await store.devices_of(connection, sender.user_id)
        await store.end_devices(connection, sender.user_id, device_ids, accounts.clock.now())
    accounts.devices_changed(sender.user_id)


class _Refresh(NamedTuple):
    """A refresh token: 16 bytes that all tokens of one device's session share, and 32 of its own; stored hashed."""

    device_id: DeviceId
    prefix: bytes
    secret: bytes

    @classmethod
    def fresh(cls, device_id: DeviceId) -> "_Refresh":
        return cls(device_id, secrets.token_bytes(FAMILY_BYTES), secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def read(cls, device_id: DeviceId, token: str) -> "_Refresh":
        try:
            data = urlsafe_b64decode(token.encode("ascii"))
        except ValueError:
            raise _false() from None
        if len(data) != FAMILY_BYTES + SECRET_BYTES:
            raise _false()
        return cls(device_id, data[:FAMILY_BYTES], data[FAMILY_BYTES:])

    def successor(self) -> "_Refresh":
        return self._replace(secret=secrets.token_bytes(SECRET_BYTES))

    @property
    def token(self) -> str:
        return urlsafe_b64encode(self.prefix + self.secret).decode("ascii")

    @property
    def token_hash(self) -> bytes:
        return hashlib.sha256(self.prefix + self.secret).digest()

    @property
    def family(self) -> bytes:
        return hashlib.sha256(self.prefix).digest()


async def _grant(
    connection: Connection, accounts: Accounts, user_id: UserId, name: str, refresh_token: _Refresh
) -> Credentials:
    now = accounts.clock.now()
    device_id, hashes = refresh_token.device_id, (refresh_token.token_hash, refresh_token.family)
    await store.add_token(connection, device_id, hashes, now=now, expires_at=now + accounts.settings.refresh_life)
    access_token, expires_at = accounts.tokens.issue(user_id, device_id)
    return Credentials(
        user_id=user_id,
        device_id=device_id,
        name=name,
        access_token=access_token,
        expires_at=expires_at,
        refresh_token=refresh_token.token,
    )


def _wrong() -> Unauthenticated:
    return Unauthenticated("the name or the password is wrong", reason="password")


def _false() -> Unauthenticated:
    return Unauthenticated("this refresh token is not good, or no longer; sign in again", reason="refresh_token")
