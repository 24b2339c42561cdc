"""A new account, and the invitations to make one."""

import hashlib
import secrets
from datetime import datetime

from seriatim.core import names
from seriatim.core.buckets import network
from seriatim.core.errors import Conflict, Forbidden, Gone
from seriatim.core.ids import UserId, random_id
from seriatim.features.accounts import rules, store
from seriatim.features.accounts.accounts import Accounts
from seriatim.features.accounts.passwords import common_passwords
from seriatim.features.accounts.rules import SignUpPolicy
from seriatim.features.accounts.session import open_session
from seriatim.log.moderation.audit import Act, audited
from seriatim.protocol.resources import Credentials, Invitation, SignUp
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection


async def sign_up(command: SignUp, address: str, accounts: Accounts) -> Credentials:
    """Make the account and sign its first device in; the first account of a server is its admin.

    Where sign-up is by invitation the first account needs none, for nobody could have given it. An invitation that is
    named where none is needed is used all the same: it may make a guest.

    Raises:
        BadRequest: the name or the password is against a rule (`path`).
        Conflict: `name_taken`.
        Forbidden, Gone: the server's policy (`closed`, `invitation`); an invitation that was used or is too old.
        RateLimited: 20 tries a minute, 5 accounts an hour from one network.
        Unavailable: the outcome is unknown; log in with the same name and password to see.
    """
    settings, now = accounts.settings, accounts.clock.monotonic()
    if settings.sign_up is SignUpPolicy.CLOSED:
        raise Forbidden("this server takes no new accounts", reason="closed")
    name = names.clean_name(command.name)
    key = names.name_key(name)
    rules.check_password(command.password, name, common_passwords())
    rules.check_device(command.device)
    # Tries are cheap and may be many (names are taken, passwords too common); what they lead to is not.
    accounts.attempts_by_address.require(network(address), settings.rates.log_in_address, now)
    async with accounts.database.read() as connection:
        if await store.name_taken(connection, key):
            raise _taken()
    accounts.sign_ups_by_address.require(network(address), settings.rates.sign_up_address, now)
    password_hash = await accounts.passwords.hash(command.password)
    async with accounts.database.transaction() as connection:
        user_id, at = UserId(random_id()), accounts.clock.now()
        first = not await store.any_admin(connection)
        invited = not first and (command.invitation is not None or settings.sign_up is SignUpPolicy.INVITATION)
        guest = invited and await _makes_a_guest(connection, command.invitation, at)
        if not await store.add_user(connection, store.NewUser(user_id, name, key, password_hash, first, guest, at)):
            raise _taken()
        if invited and command.invitation is not None:
            await store.use_invitation(connection, _hash(command.invitation), user_id, at)
        return await open_session(connection, accounts, user_id, name, command.device)


async def invite(sender: Sender, accounts: Accounts, *, guest: bool) -> Invitation:
    """Make an invitation with which one person may sign up; its secret (128 bits) is told only here.

    A guest sees only the conversations that he is invited to, and who is in them.

    Raises:
        Forbidden: the sender is not an admin of this server.
    """
    secret, now = secrets.token_urlsafe(16), accounts.clock.now()
    expires_at = now + accounts.settings.invitation_life
    async with accounts.database.transaction() as connection:
        me = await store.me(connection, sender.user_id)
        if me is None or not me.server_admin:
            raise Forbidden("only an admin of this server invites people to it")
        await store.add_invitation(
            connection, _hash(secret), sender.user_id, now=now, expires_at=expires_at, guest=guest
        )
        await audited(connection, sender.user_id, Act.INVITE_TO_SERVER, details={"guest": guest})
    return Invitation(invitation=secret, expires_at=expires_at)


async def _makes_a_guest(connection: Connection, secret: str | None, now: datetime) -> bool:
    """Lock an invitation that is good and return whether it makes a guest."""
    if secret is None:
        raise Forbidden("this server takes new accounts by invitation", path="$.invitation", reason="invitation")
    row = await store.lock_invitation(connection, _hash(secret))
    if row is None:
        raise Forbidden("there is no such invitation", path="$.invitation", reason="invitation")
    used_at, expires_at, guest = row
    if used_at is not None or expires_at <= now:
        raise Gone("this invitation was used or is too old", path="$.invitation", reason="invitation")
    return guest


def _taken() -> Conflict:
    return Conflict("somebody has this name already", path="$.name", reason="name_taken")


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
