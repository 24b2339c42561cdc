"""The SQL of reactions: each change is one statement, whatever the number of people who reacted."""

from typing import Any, LiteralString, NamedTuple

from psycopg.rows import args_row

from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.http.messages import Reactor
from seriatim.protocol.limits import LIMITS
from seriatim.storage.postgres.database import Connection

REACT: LiteralString = """-- react
with kinds as (
    select count(*) as count, coalesce(bool_or(emoji = %(emoji)s), false) as is_there
    from reaction_counts where conversation_id = %(conversation_id)s and seq = %(seq)s
), added as (
    insert into reactions (conversation_id, seq, emoji, user_id, reaction_seq)
    select %(conversation_id)s, %(seq)s, %(emoji)s, %(user_id)s, %(changed_seq)s
    from kinds where kinds.is_there or kinds.count < %(most)s
    on conflict do nothing
    returning 1
), counted as (
    insert into reaction_counts as c (conversation_id, seq, emoji, count)
    select %(conversation_id)s, %(seq)s, %(emoji)s, 1 from added
    on conflict (conversation_id, seq, emoji) do update set count = c.count + 1
), changed as (
    update entries set changed_seq = %(changed_seq)s
    where conversation_id = %(conversation_id)s and seq = %(seq)s and exists (select from added)
)
select exists (select from added), case when kinds.is_there then 0 else kinds.count end from kinds"""

UNREACT: LiteralString = """-- unreact
with removed as (
    delete from reactions
    where conversation_id = %(conversation_id)s and seq = %(seq)s and emoji = %(emoji)s and user_id = %(user_id)s
    returning 1
), last as (
    delete from reaction_counts
    where conversation_id = %(conversation_id)s and seq = %(seq)s and emoji = %(emoji)s and count = 1
        and exists (select from removed)
), counted as (
    update reaction_counts set count = count - 1
    where conversation_id = %(conversation_id)s and seq = %(seq)s and emoji = %(emoji)s and count > 1
        and exists (select from removed)
), changed as (
    update entries set changed_seq = %(changed_seq)s
    where conversation_id = %(conversation_id)s and seq = %(seq)s and exists (select from removed)
)
select exists (select from removed)"""

IS_EMOJI: LiteralString = """-- is emoji
select exists (select from custom_emoji where name = %(name)s)"""

REACTORS_PAGE: LiteralString = """-- reactors page
select r.emoji, r.user_id, u.name, r.reaction_seq
from reactions r join users u on u.id = r.user_id
where r.conversation_id = %(conversation_id)s and r.seq = %(seq)s and r.reaction_seq <= %(until)s
    and (r.emoji, r.user_id) > (%(emoji)s, %(user_id)s)
order by r.emoji, r.user_id limit %(limit)s"""


class Added(NamedTuple):
    """Whether a reaction was added; `kinds`: how many others stand there, 0 when this one does."""

    added: bool
    kinds: int


async def react(
    connection: Connection,
    conversation_id: ConversationId,
    seq: int,
    emoji: str,
    user_id: UserId,
    *,
    changed_seq: int,
) -> Added:
    """Add a reaction unless it is there or would be one kind too many; `changed_seq` is that of its entry."""
    named = _named(conversation_id, seq, emoji, user_id, changed_seq) | {"most": LIMITS.reaction_kinds}
    async with connection.cursor(row_factory=args_row(Added)) as cursor:
        await cursor.execute(REACT, named)
        row = await cursor.fetchone()
    assert row is not None
    return row


async def is_emoji(connection: Connection, name: str) -> bool:
    """Say whether this server has an emoji of this name."""
    row = await (await connection.execute(IS_EMOJI, {"name": name})).fetchone()
    return row is not None and row[0]


async def unreact(
    connection: Connection,
    conversation_id: ConversationId,
    seq: int,
    emoji: str,
    user_id: UserId,
    *,
    changed_seq: int,
) -> bool:
    """Take a reaction away; False: there is none. `changed_seq` is that of the entry recorded next."""
    cursor = await connection.execute(UNREACT, _named(conversation_id, seq, emoji, user_id, changed_seq))
    row = await cursor.fetchone()
    return row is not None and row[0]


async def reactors_page(
    connection: Connection,
    conversation_id: ConversationId,
    seq: int,
    *,
    until: int,
    after: tuple[str, int],
    limit: int,
) -> list[Reactor]:
    """Return who reacted up to the entry `until`, by emoji and user id, after this (emoji, user id)."""
    named = {
        "conversation_id": conversation_id,
        "seq": seq,
        "until": until,
        "emoji": after[0],
        "user_id": after[1],
        "limit": limit,
    }
    async with connection.cursor(row_factory=args_row(_reactor)) as cursor:
        await cursor.execute(REACTORS_PAGE, named)
        return await cursor.fetchall()


def _reactor(emoji: str, user_id: UserId, name: str, seq: int) -> Reactor:
    return Reactor(emoji=emoji, user_id=user_id, name=name, seq=seq)


def _named(conversation_id: ConversationId, seq: int, emoji: str, user_id: UserId, changed_seq: int) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "seq": seq,
        "emoji": emoji,
        "user_id": user_id,
        "changed_seq": changed_seq,
    }
