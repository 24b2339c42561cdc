"""What people ask for: an address of their own, a new password, digests, an invitation. Mail itself is sent later."""

from seriatim.core.buckets import network
from seriatim.core.errors import Conflict, Gone, Unavailable
from seriatim.core.names import name_key
from seriatim.features.mail import rules, store
from seriatim.features.mail.mail import MailKeeping
from seriatim.log.moderation.admins import require_server_admin
from seriatim.log.moderation.audit import Act, audited
from seriatim.protocol.resources import AskReset, MailInvitation, MailSettings, NewMailAddress, SetDigest, UseLink
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres import one_time
from seriatim.storage.postgres.database import Connection
from seriatim.storage.postgres.one_time import Purpose

FULL_FOR_MS = 60_000


async def ask_reset(wish: AskReset, address: str, mail: MailKeeping) -> None:
    """Have a link mailed to whoever this is, if he confirmed an address.

    Whether there is such a person is neither looked up here nor told: one statement is run for every name.

    Raises:
        Conflict: `no_mail`: this server sends none.
        RateLimited: 20 an hour from one network, 3 an hour per name or address.
        Unavailable: too many mails wait.
    """
    _require_mail(mail)
    now = mail.clock.monotonic()
    mail.by_address.require(network(address), mail.rates.reset_address, now)
    mail.by_account.require(name_key(wish.who), mail.rates.reset_account, now)
    async with mail.database.transaction() as connection:
        await _queue(connection, "reset", asked=wish.who)


async def mine(sender: Sender, mail: MailKeeping) -> MailSettings:
    """Return the caller's address and whether digests go there."""
    async with mail.database.read() as connection:
        found = await store.address(connection, sender.user_id)
    if found is None:
        return MailSettings(sends=mail.sends)
    return MailSettings(sends=mail.sends, address=found.address, digest=found.digest)


async def set_address(wish: NewMailAddress, sender: Sender, mail: MailKeeping) -> None:
    """Have a link mailed to an address, which makes it the caller's; until then nothing changes.

    Raises:
        Conflict: `no_mail`: this server sends none.
        BadRequest: it is no address.
        RateLimited: 20 an hour, per user.
        Unavailable: too many mails wait.
    """
    _require_mail(mail)
    rules.check_address(wish.address)
    mail.by_user.require(sender.user_id, mail.rates.mail, mail.clock.monotonic())
    async with mail.database.transaction() as connection:
        await _queue(connection, "confirm", user_id=sender.user_id, asked=wish.address)


async def confirm(wish: UseLink, address: str, mail: MailKeeping) -> None:
    """Make an address that of who asked for it; the one that was his before is told.

    Raises:
        Gone: reason `link`: it was used, is older than 15 minutes, or never was.
        Conflict: `address_taken`: another account has confirmed it.
        RateLimited: 20 links an hour tried from one network.
    """
    mail.by_address.require(network(address), mail.rates.reset_address, mail.clock.monotonic())
    try:
        async with mail.database.transaction() as connection:
            link = await one_time.take(connection, Purpose.CONFIRM, wish.secret, mail.clock.now())
            if link is None or link.address is None:
                raise Gone("this link was used or is too old; ask for another", path="$.secret", reason="link")
            before = await store.address(connection, link.user_id)
            key = rules.address_key(link.address)
            await store.set_address(connection, link.user_id, link.address, key)
            # Links that were mailed to the former address are worth nothing any more.
            await one_time.end(connection, Purpose.RESET, link.user_id)
            if mail.sends and before is not None and rules.address_key(before.address) != key:
                await _queue(connection, "moved", user_id=link.user_id, asked=before.address)
    except store.Taken:
        raise Conflict("another account has this address", reason="address_taken") from None


async def set_digest(wish: SetDigest, sender: Sender, mail: MailKeeping) -> MailSettings:
    """Say whether the caller is told at most once a day what he missed.

    Raises:
        Conflict: `no_address`: he has confirmed none.
        RateLimited.
    """
    mail.by_user.require(sender.user_id, mail.rates.mail, mail.clock.monotonic())
    async with mail.database.transaction() as connection:
        if not await store.set_digest(connection, sender.user_id, digest=wish.digest):
            raise Conflict("confirm an address first", reason="no_address")
    return await mine(sender, mail)


async def remove(sender: Sender, mail: MailKeeping) -> None:
    """Forget the caller's address, and what links to it were worth.

    Raises:
        RateLimited.
    """
    mail.by_user.require(sender.user_id, mail.rates.mail, mail.clock.monotonic())
    async with mail.database.transaction() as connection:
        await store.remove(connection, sender.user_id)
        for purpose in Purpose:
            await one_time.end(connection, purpose, sender.user_id)


async def unsubscribe(token: str, address: str, mail: MailKeeping) -> None:
    """End digests by a link that stood in one; what is no such link does nothing, and looks the same.

    Raises:
        RateLimited: 20 links an hour tried from one network.
    """
    mail.by_address.require(network(address), mail.rates.reset_address, mail.clock.monotonic())
    user_id = rules.subscriber(token)
    if user_id is None:
        return
    async with mail.database.transaction() as connection:
        found = await store.address(connection, user_id)
        if found is not None and rules.proves(token, mail.unsubscribe_key, user_id, found.address):
            await store.set_digest(connection, user_id, digest=False)


async def invite(wish: MailInvitation, sender: Sender, mail: MailKeeping) -> None:
    """Have an invitation to sign up mailed to an address.

    Raises:
        Conflict: `no_mail`: this server sends none.
        BadRequest: it is no address.
        Forbidden: the sender is not an admin of this server.
        RateLimited: 20 an hour, per user.
        Unavailable: too many mails wait.
    """
    async with mail.database.transaction() as connection:
        await require_server_admin(connection, sender.user_id)
        _require_mail(mail)
        rules.check_address(wish.address)
        mail.by_user.require(sender.user_id, mail.rates.mail, mail.clock.monotonic())
        await _queue(connection, "invitation", user_id=sender.user_id, asked=wish.address, guest=wish.guest)
        await audited(connection, sender.user_id, Act.INVITE_TO_SERVER, details={"guest": wish.guest, "by": "mail"})


async def _queue(connection: Connection, kind: str, **fields: object) -> None:
    if not await store.queue(connection, kind, **fields):  # pyright: ignore[reportArgumentType]
        raise Unavailable("too many mails wait to be sent", retry_after_ms=FULL_FOR_MS)


def _require_mail(mail: MailKeeping) -> None:
    if not mail.sends:
        raise Conflict("this server sends no mail; an admin can make a link", reason="no_mail")
