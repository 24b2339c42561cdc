"""The SQL of a user's own: drafts, how conversations are for him, settings, saved messages, mentions."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, LiteralString, NamedTuple

import msgspec
from psycopg.rows import args_row
from psycopg.types.json import Jsonb

from seriatim.core.ids import ConversationId, UserId
from seriatim.log.access import FIRST_SEQ
from seriatim.log.own.changes import MINE, change_of, draft_key, mine_of
from seriatim.protocol.limits import DRAFTS, SAVED
from seriatim.protocol.own.changes import OwnDraft, OwnMine
from seriatim.protocol.own.commands import SaveDraft, SetMine
from seriatim.protocol.own.settings import Settings
from seriatim.storage.postgres.database import Connection

EMPTY_DRAFTS = 500
"""So many emptied drafts are remembered, the latest ones: an older text that comes late does not bring them back."""

# A clock that is ahead would win for ever: no draft is newer than now. The later change wins, at the same time the one
# that was here first.
SAVE_DRAFT: LiteralString = """-- save draft
with forgotten as (
    delete from user_state s where s.user_id = %(user_id)s and s.key in (
        select o.key from user_state o
        where o.user_id = %(user_id)s and o.key like 'draft/%%' and o.key <> %(key)s and o.value ->> 'text' = ''
        order by o.changed_at desc offset %(emptied)s)
)
insert into user_state as s (user_id, key, value, changed_at)
select %(user_id)s, %(key)s, %(value)s, least(%(changed_at)s, clock_timestamp())
where %(is_empty)s or %(most)s > (
    select count(*) from user_state o
    where o.user_id = %(user_id)s and o.key like 'draft/%%' and o.key <> %(key)s and o.value ->> 'text' <> '')
on conflict (user_id, key) do update
set value = excluded.value, changed_at = excluded.changed_at, xid = pg_current_xact_id()
where s.changed_at < excluded.changed_at
returning s.value, s.changed_at"""

STATE: LiteralString = """-- own state
select s.value, s.changed_at from user_state s where s.user_id = %(user_id)s and s.key = %(key)s"""

SET_MINE: LiteralString = f"""-- set mine
update members m set
    level = case when %(level)s::text is null then m.level else nullif(%(level)s::text, 'default') end,
    muted_until = coalesce(%(muted_until)s::timestamptz, m.muted_until),
    pinned = coalesce(%(pinned)s::boolean, m.pinned),
    hidden_ordinal = case %(hidden)s::boolean
        when true then c.last_ordinal when false then null else m.hidden_ordinal end,
    marked_seq = case %(marked_unread)s::boolean when true then m.read_seq when false then null else m.marked_seq end,
    own_xid = pg_current_xact_id(), mine_xid = pg_current_xact_id()
from conversations c
where c.id = m.conversation_id and m.conversation_id = %(conversation_id)s and m.user_id = %(user_id)s
returning {MINE}"""

# What is kept is what was ever changed: a setting that a later release brings has its default.
CHANGE_SETTINGS: LiteralString = """-- change settings
insert into user_state as s (user_id, key, value) values (%(user_id)s, 'settings', %(value)s)
on conflict (user_id, key) do update
set value = s.value || excluded.value, changed_at = clock_timestamp(), xid = pg_current_xact_id()
returning s.value"""

SAVE: LiteralString = """-- save message
insert into saved (user_id, conversation_id, seq)
select %(user_id)s, %(conversation_id)s, %(seq)s
where %(most)s > (select count(*) from saved where user_id = %(user_id)s)
on conflict do nothing
returning saved_at"""
SAVED_AT: LiteralString = """-- saved at
select saved_at from saved where user_id = %(user_id)s and conversation_id = %(conversation_id)s and seq = %(seq)s"""
UNSAVE: LiteralString = """-- unsave message
delete from saved where user_id = %(user_id)s and conversation_id = %(conversation_id)s and seq = %(seq)s"""
SAVED_PAGE: LiteralString = """-- saved page
select conversation_id, seq, saved_at as at from saved
where user_id = %(user_id)s
    and (saved_at, conversation_id, seq) < (%(at)s::timestamptz, %(conversation_id)s, %(seq)s)
order by saved_at desc, conversation_id desc, seq desc limit %(limit)s"""

# His own rows by time; those of everybody per conversation of his, so that others' cost him nothing.
MENTIONS_PAGE: LiteralString = f"""-- mentions page
select conversation_id, seq, mentioned_at as at from (
    (select l.conversation_id, l.seq, l.mentioned_at
    from mention_log l
    join conversations c on c.id = l.conversation_id
    join members m on m.conversation_id = l.conversation_id and m.user_id = %(user_id)s
    where l.user_id = %(user_id)s and l.user_id <> 0 and l.seq >= {FIRST_SEQ} and l.seq <= coalesce(m.left_seq, l.seq)
        and (l.mentioned_at, l.conversation_id, l.seq) < (%(at)s::timestamptz, %(conversation_id)s, %(seq)s)
    order by l.mentioned_at desc, l.conversation_id desc, l.seq desc limit %(limit)s)
    union
    (select a.* from members m
    join conversations c on c.id = m.conversation_id
    cross join lateral (
        select l.conversation_id, l.seq, l.mentioned_at from mention_log l
        where l.user_id = 0 and l.conversation_id = m.conversation_id and l.sender_id <> m.user_id
            and l.seq >= {FIRST_SEQ} and l.seq <= coalesce(m.left_seq, l.seq)
            and (l.mentioned_at, l.conversation_id, l.seq) < (%(at)s::timestamptz, %(conversation_id)s, %(seq)s)
        order by l.mentioned_at desc, l.seq desc limit %(limit)s
    ) a
    where m.user_id = %(user_id)s
    order by a.mentioned_at desc, a.conversation_id desc, a.seq desc limit %(limit)s)
) found
order by mentioned_at desc, conversation_id desc, seq desc limit %(limit)s"""

NEWEST = (datetime(9999, 1, 1, tzinfo=UTC), 0, 0)
"""The place before the first page of a list of messages."""


class Listed(NamedTuple):
    """A message in one of a user's lists, and since when."""

    conversation_id: ConversationId
    seq: int
    at: datetime


ListPlace = tuple[datetime, int, int]


async def save_draft(connection: Connection, user_id: UserId, command: SaveDraft) -> OwnDraft | None:
    """Keep a draft; None: it is older than the one that is kept, or there are too many."""
    named: dict[str, Any] = {
        "user_id": user_id,
        "key": draft_key(command.conversation_id, command.thread_seq),
        "value": Jsonb({"text": command.text, "target_seq": command.target_seq}),
        "changed_at": command.changed_at,
        "is_empty": command.text == "",
        "emptied": EMPTY_DRAFTS,
        "most": DRAFTS,
    }
    row: Any = await (await connection.execute(SAVE_DRAFT, named)).fetchone()
    return None if row is None else _draft(named["key"], row)


async def draft(connection: Connection, user_id: UserId, command: SaveDraft) -> OwnDraft | None:
    """Return the draft that is kept where this command would keep its own."""
    key = draft_key(command.conversation_id, command.thread_seq)
    row: Any = await (await connection.execute(STATE, {"user_id": user_id, "key": key})).fetchone()
    return None if row is None else _draft(key, row)


async def set_mine(connection: Connection, user_id: UserId, command: SetMine) -> OwnMine | None:
    """Set how a conversation is for this user, and return how it is now; None: he was never a member."""
    named: dict[str, Any] = {
        "user_id": user_id,
        "conversation_id": command.conversation_id,
        "level": None if command.level is None else command.level.value,
        "muted_until": command.muted_until,
        "pinned": command.pinned,
        "hidden": command.hidden,
        "marked_unread": command.marked_unread,
    }
    row: Any = await (await connection.execute(SET_MINE, named)).fetchone()
    return None if row is None else mine_of(row[0])


async def settings(connection: Connection, user_id: UserId) -> Settings:
    """Return the user's settings."""
    row: Any = await (await connection.execute(STATE, {"user_id": user_id, "key": "settings"})).fetchone()
    return Settings() if row is None else msgspec.convert(row[0], Settings)


async def change_settings(connection: Connection, user_id: UserId, changed: Mapping[str, Any]) -> Settings:
    """Change the settings named, and return all of them as they are now."""
    row: Any = await (
        await connection.execute(CHANGE_SETTINGS, {"user_id": user_id, "value": Jsonb(changed)})
    ).fetchone()
    return msgspec.convert(row[0], Settings)


async def save(connection: Connection, user_id: UserId, conversation_id: ConversationId, seq: int) -> datetime | None:
    """Save a message and return since when it is saved, which may be long ago; None: there are too many."""
    named = {"user_id": user_id, "conversation_id": conversation_id, "seq": seq, "most": SAVED}
    row: Any = await (await connection.execute(SAVE, named)).fetchone()
    if row is None:
        row = await (await connection.execute(SAVED_AT, named)).fetchone()
    return None if row is None else row[0]


async def unsave(connection: Connection, user_id: UserId, conversation_id: ConversationId, seq: int) -> bool:
    """Save a message no more; False: it was not saved."""
    named = {"user_id": user_id, "conversation_id": conversation_id, "seq": seq}
    return (await connection.execute(UNSAVE, named)).rowcount == 1


async def saved_page(connection: Connection, user_id: UserId, after: ListPlace, limit: int) -> list[Listed]:
    """Return saved messages after this place, the latest first."""
    return await _listed(connection, SAVED_PAGE, user_id, after, limit)


async def mentions_page(connection: Connection, user_id: UserId, after: ListPlace, limit: int) -> list[Listed]:
    """Return where the user was mentioned, by himself or with everybody, after this place, the latest first."""
    return await _listed(connection, MENTIONS_PAGE, user_id, after, limit)


async def _listed(
    connection: Connection, question: LiteralString, user_id: UserId, after: ListPlace, limit: int
) -> list[Listed]:
    named = {"user_id": user_id, "at": after[0], "conversation_id": after[1], "seq": after[2], "limit": limit}
    async with connection.cursor(row_factory=args_row(Listed)) as cursor:
        await cursor.execute(question, named)
        return await cursor.fetchall()


def _draft(key: str, row: tuple[Any, datetime]) -> OwnDraft:
    change = change_of(key, *row)
    assert isinstance(change, OwnDraft)
    return change
