"""The SQL of devices and of the revocations that every gateway reads."""

from datetime import datetime
from typing import Final, LiteralString, NamedTuple

from psycopg.rows import class_row, scalar_row

from seriatim.core.ids import DeviceId, UserId
from seriatim.protocol.resources import Device
from seriatim.storage.postgres.database import Connection

# A device that stayed away past the life of its refresh token cannot come back: it is not listed.
DEVICES: LiteralString = """
select id as device_id, name, kind, created_at, last_seen_at, id = %(current)s as current from devices
where user_id = %(user_id)s and revoked_at is null and last_seen_at > %(since)s
order by last_seen_at desc, id limit %(limit)s"""
RENAME: LiteralString = """
update devices set name = %(name)s where id = %(device_id)s and user_id = %(user_id)s and revoked_at is null
returning true"""
END_DEVICES: LiteralString = "select end_devices_1(%(user_id)s, %(device_ids)s, %(now)s)"
POSITION: LiteralString = "select cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint)"
REVOKED_SINCE: LiteralString = """
select user_id, device_id, at from revocations where xid >= cast(cast(%(position)s as text) as xid8)"""
REVOKED_LATELY: LiteralString = "select user_id, device_id, at from revocations where at > %(since)s"


NO_DEVICE: Final = DeviceId(0)
"""In a revocation: no device of the user's ended, but his sockets are to connect again, for what he may has changed."""


class Revocation(NamedTuple):
    """A device that ended."""

    user_id: UserId
    device_id: DeviceId
    at: datetime


async def devices(
    connection: Connection, user_id: UserId, current: DeviceId, *, since: datetime, limit: int
) -> list[Device]:
    """Return the devices of his that were seen since then, the last seen first."""
    async with connection.cursor(row_factory=class_row(Device)) as cursor:
        values = {"user_id": user_id, "current": current, "since": since, "limit": limit}
        return await (await cursor.execute(DEVICES, values)).fetchall()


async def rename(connection: Connection, user_id: UserId, device_id: DeviceId, name: str) -> bool:
    """Rename a device of his; false: he has no such device."""
    values = {"user_id": user_id, "device_id": device_id, "name": name}
    return await (await connection.execute(RENAME, values)).fetchone() is not None


async def end(connection: Connection, user_id: UserId, device_id: DeviceId, now: datetime) -> bool:
    """Revoke a device of his; false: he has no such device that is not revoked."""
    values = {"user_id": user_id, "device_ids": [device_id], "now": now}
    return await (await connection.execute(END_DEVICES, values)).fetchone() is not None


async def position(connection: Connection) -> int:
    """Return the oldest transaction in flight: what commits from now on has this xid or a later one."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        row: int | None = await (await cursor.execute(POSITION)).fetchone()
        assert row is not None
        return row


async def revoked_since(connection: Connection, position: int) -> list[Revocation]:
    """Return the devices ended by this transaction and later ones, as far as they have committed."""
    async with connection.cursor(row_factory=class_row(Revocation)) as cursor:
        return await (await cursor.execute(REVOKED_SINCE, {"position": position})).fetchall()


async def revoked_lately(connection: Connection, since: datetime) -> list[Revocation]:
    """Return the devices ended since that instant."""
    async with connection.cursor(row_factory=class_row(Revocation)) as cursor:
        return await (await cursor.execute(REVOKED_LATELY, {"since": since})).fetchall()
