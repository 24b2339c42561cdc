"""The SQL of addresses, and of the mail that waits."""

from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from seriatim.core.ids import UserId
from seriatim.log.own.counts import MENTIONED, UNREAD
from seriatim.storage.postgres.database import Connection

WAITING = 10_000
"""Most mails that wait; beyond it whoever asks for another is told to come back."""
DIGESTS = 500
"""Most digests queued at once."""
LINES = 20
"""Most conversations that a digest names."""

ADDRESS: LiteralString = "select address, digest from mail_addresses where user_id = %(user_id)s"
SET_ADDRESS: LiteralString = """-- set address
insert into mail_addresses (user_id, address, address_key) values (%(user_id)s, %(address)s, %(address_key)s)
on conflict (user_id) do update set address = excluded.address, address_key = excluded.address_key"""
SET_DIGEST: LiteralString = "update mail_addresses set digest = %(digest)s where user_id = %(user_id)s"
REMOVE: LiteralString = "delete from mail_addresses where user_id = %(user_id)s"

QUEUE: LiteralString = """-- queue mail
insert into mails (kind, user_id, asked, guest)
select %(kind)s, %(user_id)s, %(asked)s, %(guest)s
where (select count(*) from (select from mails limit %(most)s) waiting) < %(most)s"""
# Leased for longer than a sending can take: whoever dies with it is followed by another.
LEASE: LiteralString = """-- lease mails
update mails m set due_at = clock_timestamp() + make_interval(secs => %(lease_s)s)
where m.id in (select id from mails where due_at <= clock_timestamp() order by due_at limit %(limit)s
    for update skip locked)
returning m.id as mail_id, m.kind, m.user_id, m.asked, m.guest, m.failure_count"""
DONE: LiteralString = "delete from mails where id = %(mail_id)s"
FAILED: LiteralString = """-- mail failed
update mails set failure_count = failure_count + 1, due_at = clock_timestamp() + make_interval(secs => %(pause_s)s)
where id = %(mail_id)s"""

# Who has confirmed an address has it, even if somebody else took it for his name. Bots have no password.
FORGETFUL: LiteralString = """-- whose password is forgotten
select u.id as user_id, u.name, a.address from mail_addresses a join users u on u.id = a.user_id
where (a.address_key = %(address_key)s or u.name_key = %(name_key)s)
    and exists (select from credentials c where c.user_id = u.id)
order by a.address_key = %(address_key)s desc limit 1"""
PERSON: LiteralString = """-- person with address
select u.id as user_id, u.name, coalesce(a.address, '') as address
from users u left join mail_addresses a on a.user_id = u.id where u.id = %(user_id)s"""
INVITE: LiteralString = """-- add invitation by mail
insert into invitations (secret_hash, invited_by, created_at, expires_at, guest)
values (%(secret_hash)s, %(user_id)s, %(now)s, %(expires_at)s, %(guest)s)"""

_COUNTS: LiteralString = f"""m.user_id = a.user_id and m.left_seq is null and {UNREAD} > 0
    and coalesce(m.level, '') <> 'nothing' and coalesce(m.muted_until < %(now)s, true)
    and coalesce(m.hidden_ordinal < c.last_ordinal, true)"""
# Only who has been away for an hour, and only if something came since the last digest.
QUEUE_DIGESTS: LiteralString = f"""-- queue digests
with due as (
    select a.user_id from mail_addresses a
    where a.digest and coalesce(a.digest_at <= %(now)s::timestamptz - interval '1 day', true)
        and not exists (select from presence p
            where p.user_id = a.user_id and p.last_seen_at > %(now)s::timestamptz - interval '1 hour')
        and exists (select from members m join conversations c on c.id = m.conversation_id
            where {_COUNTS} and c.last_message_at > coalesce(a.digest_at, '-infinity'))
    order by a.digest_at nulls first limit %(limit)s for update of a skip locked
), queued as (
    insert into mails (kind, user_id) select 'digest', user_id from due
)
update mail_addresses a set digest_at = %(now)s from due where due.user_id = a.user_id"""
MISSED: LiteralString = f"""-- missed messages
select coalesce(c.title, (
        select u.name from members o join users u on u.id = o.user_id
        where c.kind = 'direct' and o.conversation_id = c.id and o.user_id <> m.user_id limit 1
    ), '') as title, {UNREAD} as unread, {MENTIONED} as mentions
from mail_addresses a join members m on m.user_id = a.user_id join conversations c on c.id = m.conversation_id
where a.user_id = %(user_id)s and a.digest and {_COUNTS}
order by c.last_message_at desc nulls last limit %(limit)s"""


class Taken(Exception):
    """Somebody else has confirmed this address; the transaction has failed."""


class Address(NamedTuple):
    """A confirmed address, and whether digests go there."""

    address: str
    digest: bool


class Mail(NamedTuple):
    """A mail that is to be written and sent now; `asked` is an address, or what somebody typed as his name."""

    mail_id: int
    kind: str
    user_id: UserId | None
    asked: str | None
    guest: bool
    failure_count: int


class Person(NamedTuple):
    """Who is written to; `address` is empty where he has confirmed none."""

    user_id: UserId
    name: str
    address: str


class Missed(NamedTuple):
    """A conversation in which somebody missed something; only its name and numbers."""

    title: str
    unread: int
    mentions: int


async def address(connection: Connection, user_id: UserId) -> Address | None:
    """Return the confirmed address of somebody."""
    async with connection.cursor(row_factory=class_row(Address)) as cursor:
        return await (await cursor.execute(ADDRESS, {"user_id": user_id})).fetchone()


async def set_address(connection: Connection, user_id: UserId, address: str, address_key: str) -> None:
    """Make a confirmed address his, in the place of any other.

    Raises:
        Taken.
    """
    named = {"user_id": user_id, "address": address, "address_key": address_key}
    try:
        await connection.execute(SET_ADDRESS, named)
    except UniqueViolation:
        raise Taken from None


async def set_digest(connection: Connection, user_id: UserId, *, digest: bool) -> bool:
    """Say whether digests go to his address; False: he has none."""
    return (await connection.execute(SET_DIGEST, {"user_id": user_id, "digest": digest})).rowcount == 1


async def remove(connection: Connection, user_id: UserId) -> None:
    """Forget his address."""
    await connection.execute(REMOVE, {"user_id": user_id})


async def queue(
    connection: Connection, kind: str, *, user_id: UserId | None = None, asked: str | None = None, guest: bool = False
) -> bool:
    """Have a mail written; False: too many wait."""
    named: dict[str, Any] = {"kind": kind, "user_id": user_id, "asked": asked, "guest": guest, "most": WAITING}
    return (await connection.execute(QUEUE, named)).rowcount == 1


async def lease(connection: Connection, limit: int, lease_s: float) -> list[Mail]:
    """Take those that are due; nobody else gets them before the lease has run out."""
    async with connection.cursor(row_factory=class_row(Mail)) as cursor:
        await cursor.execute(LEASE, {"limit": limit, "lease_s": lease_s})
        return await cursor.fetchall()


async def done(connection: Connection, mail_id: int) -> None:
    """Forget a mail that was sent, or never will be."""
    await connection.execute(DONE, {"mail_id": mail_id})


async def failed(connection: Connection, mail_id: int, pause_s: float) -> None:
    """Try again after a pause."""
    await connection.execute(FAILED, {"mail_id": mail_id, "pause_s": pause_s})


async def forgetful(connection: Connection, address_key: str, name_key: str) -> Person | None:
    """Return who has confirmed this address, else who has this name and any address."""
    async with connection.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(FORGETFUL, {"address_key": address_key, "name_key": name_key})
        return await cursor.fetchone()


async def person(connection: Connection, user_id: UserId) -> Person | None:
    """Return somebody with his confirmed address."""
    async with connection.cursor(row_factory=class_row(Person)) as cursor:
        return await (await cursor.execute(PERSON, {"user_id": user_id})).fetchone()


async def add_invitation(
    connection: Connection, secret_hash: bytes, user_id: UserId, *, now: datetime, expires_at: datetime, guest: bool
) -> None:
    """Add an invitation to sign up."""
    named = {"secret_hash": secret_hash, "user_id": user_id, "now": now, "expires_at": expires_at, "guest": guest}
    await connection.execute(INVITE, named)


async def queue_digests(connection: Connection, now: datetime) -> int:
    """Queue a digest for those whose day has passed, who are away and missed something; return their number."""
    return (await connection.execute(QUEUE_DIGESTS, {"now": now, "limit": DIGESTS})).rowcount


async def missed(connection: Connection, user_id: UserId, now: datetime) -> list[Missed]:
    """Return what somebody who wants digests has not read, the newest first, at most 20 conversations."""
    async with connection.cursor(row_factory=class_row(Missed)) as cursor:
        await cursor.execute(MISSED, {"user_id": user_id, "now": now, "limit": LINES})
        return await cursor.fetchall()
