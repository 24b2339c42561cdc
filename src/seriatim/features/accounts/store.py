"""The SQL of accounts: one named statement per question."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple

from psycopg.rows import class_row, scalar_row

from seriatim.core.ids import DeviceId, UserId
from seriatim.log.moderation.guests import SEES
from seriatim.log.moderation.names import hold_name
from seriatim.protocol.resources import NewDevice, User
from seriatim.storage.postgres.database import Connection

FIRST_ACCOUNT_LOCK = 0x5E21A70A
"""Advisory lock under which it is decided who is first; its number means nothing."""

ANY_ADMIN: LiteralString = "select exists (select from users where server_admin)"
NAME_TAKEN: LiteralString = """
select exists (select from users where name_key = %(name_key)s or display_key = %(name_key)s)"""
ADD_USER: LiteralString = """
with added as (
    insert into users (id, name, name_key, server_admin, guest, created_at)
    select %(user_id)s, %(name)s, %(name_key)s, %(server_admin)s, %(guest)s, %(now)s
    where not exists (select from users where display_key = %(name_key)s)
    on conflict (name_key) do nothing returning id
)
insert into credentials (user_id, password_hash, changed_at) select id, %(password_hash)s, %(now)s from added
returning true"""
CREDENTIALS: LiteralString = """
select users.id as user_id, name, password_hash from users join credentials on user_id = users.id
where name_key = %(name_key)s"""
ME: LiteralString = """
select name, coalesce(sign_in_name, name) as sign_in_name, server_admin, guest from users where id = %(user_id)s"""
# Whoever is called by his own name is found by both: by the first of them in the order of names.
USERS_BY_PREFIX: LiteralString = f"""
with found as (
    (select u.id, u.name_key as key from users u
    where u.name_key >= %(low)s and u.name_key < %(high)s and {SEES} order by u.name_key limit %(limit)s)
    union all
    (select u.id, u.display_key from users u
    where u.display_key >= %(low)s and u.display_key < %(high)s and {SEES} order by u.display_key limit %(limit)s)
)
select u.id as user_id, u.name, u.guest, u.bot from found f join users u on u.id = f.id
group by u.id order by min(f.key) limit %(limit)s"""
# The name he logs in with is kept as he wrote it; nobody else may be called so, whatever he is called himself.
SET_DISPLAY_NAME: LiteralString = """
update users u
set name = %(name)s, sign_in_name = coalesce(u.sign_in_name, u.name), display_key = nullif(%(key)s, u.name_key)
where u.id = %(user_id)s and not exists (
    select from users o where (o.name_key = %(key)s or o.display_key = %(key)s) and o.id <> u.id
)
returning true"""
USERS_BY_ID: LiteralString = f"""
select u.id as user_id, u.name, u.guest, u.bot from users u
where u.id = any (%(user_ids)s) and {SEES} order by u.name_key"""

LOCK_USER: LiteralString = "select from users where id = %(user_id)s for no key update"
# A device counts while it can still refresh; what was forgotten for that long neither counts nor is listed.
COUNT_DEVICES: LiteralString = """
select count(*), exists (
    select from credentials where user_id = %(user_id)s and password_hash = %(password_hash)s
)
from devices where user_id = %(user_id)s and revoked_at is null and last_seen_at > %(since)s"""
SET_HASH: LiteralString = """-- set password
update credentials set password_hash = %(password_hash)s, changed_at = %(now)s where user_id = %(user_id)s"""
NAME_IF_LOGS_IN: LiteralString = """-- name with password
select coalesce(sign_in_name, name) from users join credentials on user_id = users.id where users.id = %(user_id)s"""
ADD_DEVICE: LiteralString = """
insert into devices (id, user_id, name, kind, created_at, last_seen_at)
values (%(device_id)s, %(user_id)s, %(name)s, %(kind)s, %(now)s, %(now)s)"""
LOCK_DEVICE: LiteralString = """
select user_id, (select name from users where users.id = user_id) as name from devices
where id = %(device_id)s and revoked_at is null for no key update"""
DEVICES_OF: LiteralString = "select id from devices where user_id = %(user_id)s and revoked_at is null"
DEVICE_SEEN: LiteralString = "update devices set last_seen_at = %(now)s where id = %(device_id)s"
END_DEVICES: LiteralString = "select end_devices_1(%(user_id)s, %(device_ids)s, %(now)s)"

ADD_REFRESH: LiteralString = """
insert into refresh_tokens (token_hash, family, device_id, issued_at, expires_at)
values (%(token_hash)s, %(family)s, %(device_id)s, %(now)s, %(expires_at)s)"""
GOOD: LiteralString = """
select used_at, expires_at from refresh_tokens where token_hash = %(token_hash)s and device_id = %(device_id)s"""
FAMILY_KNOWN: LiteralString = """
select exists (select from refresh_tokens where family = %(family)s and device_id = %(device_id)s)"""
FIRST_USE: LiteralString = """
with superseded as (
    delete from refresh_tokens where device_id = %(device_id)s and token_hash <> %(token_hash)s
)
update refresh_tokens set used_at = %(now)s where token_hash = %(token_hash)s"""
# Successors whose answer was lost: the newest few stay good until one of them is used.
FORGET_UNUSED: LiteralString = """
delete from refresh_tokens where token_hash in (
    select token_hash from refresh_tokens where device_id = %(device_id)s and used_at is null
    order by issued_at desc offset %(keep)s
)"""

ADD_INVITATION: LiteralString = """
insert into invitations (secret_hash, invited_by, created_at, expires_at, guest)
values (%(secret_hash)s, %(user_id)s, %(now)s, %(expires_at)s, %(guest)s)"""
INVITATION: LiteralString = """
select used_at, expires_at, guest from invitations where secret_hash = %(secret_hash)s for update"""
USE_INVITATION: LiteralString = """
update invitations set used_by = %(user_id)s, used_at = %(now)s where secret_hash = %(secret_hash)s"""

LOCK_KEYS: LiteralString = "lock table server_keys in share row exclusive mode"
KEYS: LiteralString = "select kid, sealed from server_keys where kind = %(kind)s order by created_at desc, kid"
ADD_KEY: LiteralString = """
insert into server_keys (kind, kid, sealed, created_at) values (%(kind)s, %(kid)s, %(sealed)s, %(now)s)"""


class Known(NamedTuple):
    """Who has a name, and the hash of his password."""

    user_id: UserId
    name: str
    password_hash: str


class NewUser(NamedTuple):
    """The row of a new account."""

    user_id: UserId
    name: str
    name_key: str
    password_hash: str
    server_admin: bool
    guest: bool
    now: datetime


class Account(NamedTuple):
    """What is known of somebody who asks about himself."""

    name: str
    sign_in_name: str
    server_admin: bool
    guest: bool


class Good(NamedTuple):
    """A refresh token that was not superseded: when it was first used, and until when it is good."""

    used_at: datetime | None
    expires_at: datetime


async def any_admin(connection: Connection) -> bool:
    """Say whether this server has an admin; of those who see none only one goes on until his transaction ends."""
    if await _truth(connection, ANY_ADMIN, {}):
        return True
    await connection.execute("select pg_advisory_xact_lock(%(key)s)", {"key": FIRST_ACCOUNT_LOCK})
    return await _truth(connection, ANY_ADMIN, {})


async def name_taken(connection: Connection, name_key: str) -> bool:
    """Say whether somebody has this name."""
    return await _truth(connection, NAME_TAKEN, {"name_key": name_key})


async def add_user(connection: Connection, user: NewUser) -> bool:
    """Add the account and its password; false: the name is taken, and nothing changed."""
    await hold_name(connection, user.name_key)
    return await (await connection.execute(ADD_USER, user._asdict())).fetchone() is not None


async def known(connection: Connection, name_key: str) -> Known | None:
    """Return who has this name."""
    async with connection.cursor(row_factory=class_row(Known)) as cursor:
        return await (await cursor.execute(CREDENTIALS, {"name_key": name_key})).fetchone()


async def me(connection: Connection, user_id: UserId) -> Account | None:
    """Return somebody's account."""
    async with connection.cursor(row_factory=class_row(Account)) as cursor:
        return await (await cursor.execute(ME, {"user_id": user_id})).fetchone()


async def set_display_name(connection: Connection, user_id: UserId, name: str, key: str) -> bool:
    """Call him so; false: somebody else is called so, or logs in with it."""
    await hold_name(connection, key)
    row = {"user_id": user_id, "name": name, "key": key}
    return await (await connection.execute(SET_DISPLAY_NAME, row)).fetchone() is not None


async def users_by_prefix(connection: Connection, asker_id: UserId, prefix: str, limit: int) -> list[User]:
    """Return people whom the asker sees and a folded name of whom begins so, by name: the exact match first."""
    async with connection.cursor(row_factory=class_row(User)) as cursor:
        bounds = {"low": prefix, "high": prefix + "\U0010ffff", "limit": limit, "asker_id": asker_id}
        return await (await cursor.execute(USERS_BY_PREFIX, bounds)).fetchall()


async def users_by_id(connection: Connection, asker_id: UserId, user_ids: Sequence[UserId]) -> list[User]:
    """Return those of these people who exist and whom the asker sees."""
    async with connection.cursor(row_factory=class_row(User)) as cursor:
        named = {"user_ids": list(user_ids), "asker_id": asker_id}
        return await (await cursor.execute(USERS_BY_ID, named)).fetchall()


async def add_device(
    connection: Connection, user_id: UserId, device_id: DeviceId, new: NewDevice, now: datetime
) -> None:
    """Add a device, without looking how many there are."""
    row = {"device_id": device_id, "user_id": user_id, "name": new.name, "kind": new.kind, "now": now}
    await connection.execute(ADD_DEVICE, row)


async def count_devices(connection: Connection, known: Known, since: datetime) -> tuple[int, bool]:
    """Lock the user, so that his devices come one at a time; count those seen since then.

    Also say whether the password is still the one that was checked: it may have been reset meanwhile.
    """
    await connection.execute(LOCK_USER, {"user_id": known.user_id})
    row = await (await connection.execute(COUNT_DEVICES, known._asdict() | {"since": since})).fetchone()
    return row or (0, False)


async def name_with_password(connection: Connection, user_id: UserId) -> str | None:
    """Return the name with which somebody logs in with a password; None: nobody, or a bot."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        return await (await cursor.execute(NAME_IF_LOGS_IN, {"user_id": user_id})).fetchone()


async def set_password(connection: Connection, user_id: UserId, password_hash: str, now: datetime) -> None:
    """Lock the user, so that no log-in with the old password is under way, and set the new one."""
    await connection.execute(LOCK_USER, {"user_id": user_id})
    await connection.execute(SET_HASH, {"user_id": user_id, "password_hash": password_hash, "now": now})


async def lock_device(connection: Connection, device_id: DeviceId) -> tuple[UserId, str] | None:
    """Lock a device that is not revoked, and return its user and his name."""
    return await (await connection.execute(LOCK_DEVICE, {"device_id": device_id})).fetchone()


async def device_seen(connection: Connection, device_id: DeviceId, now: datetime) -> None:
    """Note that the device was here."""
    await connection.execute(DEVICE_SEEN, {"device_id": device_id, "now": now})


async def devices_of(connection: Connection, user_id: UserId) -> list[DeviceId]:
    """Return every device of his that is not revoked."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        return await (await cursor.execute(DEVICES_OF, {"user_id": user_id})).fetchall()


async def end_devices(
    connection: Connection, user_id: UserId, device_ids: Sequence[DeviceId], now: datetime
) -> list[DeviceId]:
    """Revoke these devices of his and return those that were not revoked before."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        values = {"user_id": user_id, "device_ids": list(device_ids), "now": now}
        return await (await cursor.execute(END_DEVICES, values)).fetchall()


async def add_token(
    connection: Connection,
    device_id: DeviceId,
    hashes: tuple[bytes, bytes],
    *,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Add a refresh token by the hashes of its whole and of its family."""
    token_hash, family = hashes
    values = {"token_hash": token_hash, "family": family, "device_id": device_id, "now": now, "expires_at": expires_at}
    await connection.execute(ADD_REFRESH, values)


async def token(connection: Connection, device_id: DeviceId, token_hash: bytes) -> Good | None:
    """Return the device's refresh token unless it was superseded or never was."""
    async with connection.cursor(row_factory=class_row(Good)) as cursor:
        return await (await cursor.execute(GOOD, {"token_hash": token_hash, "device_id": device_id})).fetchone()


async def family_known(connection: Connection, device_id: DeviceId, family: bytes) -> bool:
    """Say whether this device has tokens of this family: then one of them without a row was superseded."""
    return await _truth(connection, FAMILY_KNOWN, {"device_id": device_id, "family": family})


async def token_used(connection: Connection, device_id: DeviceId, token_hash: bytes, now: datetime) -> None:
    """Note the first use of a token, which supersedes every other token of the device."""
    await connection.execute(FIRST_USE, {"device_id": device_id, "token_hash": token_hash, "now": now})


async def forget_unused(connection: Connection, device_id: DeviceId, keep: int) -> None:
    """Delete all but the newest `keep` of the tokens that were never used."""
    await connection.execute(FORGET_UNUSED, {"device_id": device_id, "keep": keep})


async def add_invitation(
    connection: Connection, secret_hash: bytes, user_id: UserId, *, now: datetime, expires_at: datetime, guest: bool
) -> None:
    """Add an invitation to sign up, as a guest or as a full member of the server."""
    values = {"secret_hash": secret_hash, "user_id": user_id, "now": now, "expires_at": expires_at, "guest": guest}
    await connection.execute(ADD_INVITATION, values)


async def lock_invitation(connection: Connection, secret_hash: bytes) -> tuple[datetime | None, datetime, bool] | None:
    """Lock an invitation and return when it was used, when it expires, and whether it makes a guest."""
    return await (await connection.execute(INVITATION, {"secret_hash": secret_hash})).fetchone()


async def use_invitation(connection: Connection, secret_hash: bytes, user_id: UserId, now: datetime) -> None:
    """Note who signed up with an invitation."""
    await connection.execute(USE_INVITATION, {"secret_hash": secret_hash, "user_id": user_id, "now": now})


async def lock_keys(connection: Connection) -> None:
    """Let one process at a time make keys."""
    await connection.execute(LOCK_KEYS)


async def keys(connection: Connection, kind: str) -> list[tuple[str, bytes]]:
    """Return the sealed keys of a kind by key id, newest first."""
    return await (await connection.execute(KEYS, {"kind": kind})).fetchall()


async def add_key(connection: Connection, kind: str, kid: str, sealed: bytes, now: datetime) -> None:
    """Add a sealed key."""
    await connection.execute(ADD_KEY, {"kind": kind, "kid": kid, "sealed": sealed, "now": now})


async def _truth(connection: Connection, question: LiteralString, values: dict[str, object]) -> bool:
    row = await (await connection.execute(question, values)).fetchone()
    return bool(row and row[0])
