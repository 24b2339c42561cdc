"""A forgotten password: a link that an admin makes, or that was mailed, sets another one and ends every session."""

from seriatim.core.buckets import network
from seriatim.core.errors import Gone, NotFound
from seriatim.core.ids import UserId
from seriatim.features.accounts import rules, store
from seriatim.features.accounts.accounts import Accounts
from seriatim.features.accounts.passwords import common_passwords
from seriatim.log.moderation.admins import require_server_admin
from seriatim.log.moderation.audit import Act, audited
from seriatim.protocol.resources import OneTimeLink, ResetPassword
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres import one_time
from seriatim.storage.postgres.one_time import Purpose


async def make_link(user_id: UserId, sender: Sender, base_url: str, accounts: Accounts) -> OneTimeLink:
    """Make a link with which this person sets a new password; it is told only here.

    Raises:
        Forbidden: the sender is not an admin of this server.
        NotFound: nobody with a password has this id.
    """
    async with accounts.database.transaction() as connection:
        await require_server_admin(connection, sender.user_id)
        name = await store.name_with_password(connection, user_id)
        if name is None:
            raise NotFound("nobody who logs in with a password has this id", path="$.user_id")
        secret, expires_at = await one_time.make(connection, Purpose.RESET, user_id, accounts.clock.now())
        await audited(connection, sender.user_id, Act.MAKE_RESET_LINK, user_id=user_id)
    return OneTimeLink(name=name, url=link(accounts.settings.public_url or base_url, secret), expires_at=expires_at)


def link(base_url: str, secret: str) -> str:
    """Return the address of the page that asks for the new password; what follows `#` no server and no log sees."""
    return f"{base_url.rstrip('/')}/reset#{secret}"


async def reset_password(command: ResetPassword, address: str, accounts: Accounts) -> None:
    """Set a new password by a one-time link; every device of its user is signed out, and his other links end.

    Raises:
        Gone: reason `link`: it was used, is older than 15 minutes, or never was.
        BadRequest: the password is against a rule (`path`); the link stays good.
        RateLimited: 20 links an hour tried from one network.
        Unavailable: the outcome is unknown; log in with the new password to see.
    """
    accounts.resets_by_address.require(
        network(address), accounts.settings.rates.reset_address, accounts.clock.monotonic()
    )
    async with accounts.database.read() as connection:
        found = await one_time.find(connection, Purpose.RESET, command.secret, accounts.clock.now())
        name = None if found is None else await store.name_with_password(connection, found.user_id)
    if name is None:
        raise _gone()
    rules.check_password(command.password, name, common_passwords())
    password_hash = await accounts.passwords.hash(command.password)
    now = accounts.clock.now()
    async with accounts.database.transaction() as connection:
        taken = await one_time.take(connection, Purpose.RESET, command.secret, now)
        if taken is None:
            raise _gone()
        await store.set_password(connection, taken.user_id, password_hash, now)
        device_ids = await store.devices_of(connection, taken.user_id)
        await store.end_devices(connection, taken.user_id, device_ids, now)
    accounts.devices_changed(taken.user_id)


def _gone() -> Gone:
    return Gone("this link was used or is too old; ask for another", path="$.secret", reason="link")
