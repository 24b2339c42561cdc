"""Links that are good once and for a quarter of an hour: 32 random bytes, of which the database keeps a hash."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, LiteralString, NamedTuple

from psycopg.rows import class_row

from seriatim.core.ids import UserId
from seriatim.storage.postgres.database import Connection

LIFE: Final = timedelta(minutes=15)
SECRET_BYTES: Final = 32

ADD: LiteralString = """-- add one-time link
insert into one_time_links (secret_hash, purpose, user_id, address, expires_at)
values (%(secret_hash)s, %(purpose)s, %(user_id)s, %(address)s, %(expires_at)s)"""
FORGET: LiteralString = "delete from one_time_links where expires_at <= %(now)s"
FIND: LiteralString = """-- one-time link
select user_id, address from one_time_links
where secret_hash = %(secret_hash)s and purpose = %(purpose)s and expires_at > %(now)s"""
# Of two who use it at once one finds no row any more; with it go all other links of this purpose of the same user.
TAKE: LiteralString = """-- take one-time link
delete from one_time_links
where secret_hash = %(secret_hash)s and purpose = %(purpose)s and expires_at > %(now)s returning user_id, address"""
END: LiteralString = "delete from one_time_links where user_id = %(user_id)s and purpose = %(purpose)s"


class Purpose(StrEnum):
    """What a link is good for."""

    RESET = "reset"
    """A new password."""
    CONFIRM = "confirm"
    """An address is its user's."""


class Link(NamedTuple):
    """Whom a link is about, and the address that it was sent to, where it confirms one."""

    user_id: UserId
    address: str | None


async def make(
    connection: Connection, purpose: Purpose, user_id: UserId, now: datetime, *, address: str | None = None
) -> tuple[str, datetime]:
    """Make a link; return its secret, which is told only here, and when it expires. Expired ones are forgotten."""
    secret, expires_at = secrets.token_urlsafe(SECRET_BYTES), now + LIFE
    named = {"purpose": purpose.value, "user_id": user_id, "address": address, "expires_at": expires_at}
    await connection.execute(FORGET, {"now": now})
    await connection.execute(ADD, named | {"secret_hash": _hash(secret)})
    return secret, expires_at


async def find(connection: Connection, purpose: Purpose, secret: str, now: datetime) -> Link | None:
    """Return what a link is worth and leave it; None: it was used, is too old, or never was."""
    async with connection.cursor(row_factory=class_row(Link)) as cursor:
        await cursor.execute(FIND, {"secret_hash": _hash(secret), "purpose": purpose.value, "now": now})
        return await cursor.fetchone()


async def take(connection: Connection, purpose: Purpose, secret: str, now: datetime) -> Link | None:
    """Use a link up, and all others of its user for this purpose; None: it was used, is too old, or never was."""
    async with connection.cursor(row_factory=class_row(Link)) as cursor:
        await cursor.execute(TAKE, {"secret_hash": _hash(secret), "purpose": purpose.value, "now": now})
        link = await cursor.fetchone()
    if link is not None:
        await end(connection, purpose, link.user_id)
    return link


async def end(connection: Connection, purpose: Purpose, user_id: UserId) -> None:
    """End all links of this purpose of one user."""
    await connection.execute(END, {"user_id": user_id, "purpose": purpose.value})


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
