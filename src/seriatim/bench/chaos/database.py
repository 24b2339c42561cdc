"""What a chaos run reads from the server's database: heads to settle on, watermarks meanwhile, the log at the end."""

from collections import defaultdict
from datetime import UTC
from pathlib import Path
from typing import Any, cast

import psycopg

from seriatim.bench.chaos.history import FinalLog, LogConversation, LogEntry, LogMember, digest

_HEADS = """
select m.user_id, m.conversation_id, coalesce(m.left_seq, c.last_seq)
from members m join conversations c on c.id = m.conversation_id"""
_MARKS = "select conversation_id, user_id, read_seq from members where read_seq > 0"
_ENTRIES = """
select conversation_id, seq, kind::text, device_id, client_id, created_at,
    case when thread_seq is null or broadcast then ordinal end, meta,
    case when deleted_seq is not null then ''
        when kind = 'message_sent' then coalesce((
            select f.outcome ->> 'previous' from entries f where f.conversation_id = e.conversation_id
            and f.target_seq = e.seq and f.kind = 'message_edited' order by f.seq limit 1
        ), body) end
from entries e order by conversation_id, seq"""
_CONVERSATIONS = "select id, last_seq, last_ordinal from conversations"
_MEMBERS = "select conversation_id, user_id, left_seq is not null, read_seq, read_ordinal from members"


async def folder(dsn: str) -> Path:
    """Return the folder of the database's files."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        row = await (await connection.execute("show data_directory")).fetchone()
    assert row is not None
    return Path(row[0])


async def heads(dsn: str) -> dict[int, dict[int, int]]:
    """Return, per user, the last entry of each conversation that he may read."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        for user, conversation, head in await (await connection.execute(_HEADS)).fetchall():
            found[user][conversation] = head
    return found


async def watermarks(dsn: str) -> list[tuple[int, int, int]]:
    """Return (conversation, user, read) as they stand; none while the database is away."""
    try:
        async with await psycopg.AsyncConnection.connect(dsn, connect_timeout=2) as connection:
            return list(await (await connection.execute(_MARKS)).fetchall())
    except psycopg.OperationalError:
        return []


async def final_log(dsn: str) -> FinalLog:
    """Return all that counts."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        entries = [_entry(*row) for row in await (await connection.execute(_ENTRIES)).fetchall()]
        conversations = await (await connection.execute(_CONVERSATIONS)).fetchall()
        members = await (await connection.execute(_MEMBERS)).fetchall()
    return FinalLog(entries, [LogConversation(*row) for row in conversations], [LogMember(*row) for row in members])


def _entry(*columns: Any) -> LogEntry:
    conversation, seq, kind, device, key, created_at, ordinal, meta, body = columns
    held = cast("dict[str, Any]", meta or {})
    users = held.get("members") or held.get("user_ids") or ([held["user_id"]] if "user_id" in held else [])
    return LogEntry(
        conversation,
        seq,
        kind,
        device,
        key,
        created_at.astimezone(UTC).isoformat(),
        ordinal,
        digest(body) if body else body,
        users,
    )
