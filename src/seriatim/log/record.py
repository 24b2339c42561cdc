"""Entries of every kind but messages: low-rate changes that end their own transaction with the log's numbering."""

from typing import Any, LiteralString, NamedTuple

from seriatim.core.errors import KeyReused, NotFound
from seriatim.core.trace import Hop, Trace, passed
from seriatim.log import roster
from seriatim.log.access import Access, Action, authorize
from seriatim.log.draft import Change, Stored
from seriatim.log.entry_rows import COLUMNS, EntryRow, as_sent, entry_of, kind_of, meta_of
from seriatim.log.roster import ConversationRow
from seriatim.storage.postgres.database import Connection

RECORD: LiteralString = """-- record
select status, seq, created_at, ordinal, entry_roster_version, conversation_roster_version
from record_2(%(conversation_id)s, %(kind)s, %(sender_id)s, %(device_id)s, %(client_id)s, %(meta)s, %(target_seq)s,
    %(body)s, %(outcome)s, %(roster)s, %(counts)s)"""

RECORDED: LiteralString = f"""-- recorded
select is_same_wish_1(e, %(kind)s, %(meta)s, %(target_seq)s, %(body)s), c.roster_version, {COLUMNS}
from entries e join conversations c on c.id = e.conversation_id
where e.conversation_id = %(conversation_id)s and e.device_id = %(device_id)s and e.client_id = %(client_id)s"""

_STORED, _DUPLICATE, _KEY_REUSED, _NOT_FOUND = range(4)


class Begun(NamedTuple):
    """A change that may be decided on: its conversation, locked, and what its maker may see there."""

    conversation: ConversationRow
    access: Access


async def begin(connection: Connection, change: Change, action: Action) -> Begun | Stored:
    """Lock the conversation and authorise the change, or return what is stored under its key: rights come second.

    Raises:
        KeyReused: the key was stored with other content.
        NotFound: no such conversation, or its maker may not know of it.
        Forbidden: he may not do this.
    """
    conversation = await roster.lock(connection, change.conversation_id)
    known = await recorded(connection, change)
    if known is not None:
        return known
    access = await authorize(connection, change.sender.user_id, change.conversation_id, action)
    return Begun(conversation, access)


async def recorded(connection: Connection, change: Change) -> Stored | None:
    """Return what is stored under this change's key, or None: the first question of every verb, before its rights.

    Only under the conversation's lock is None still true when the change is recorded.

    Raises:
        KeyReused: the key was stored with other content.
    """
    cursor = await connection.execute(RECORDED, _named(change))
    row = await cursor.fetchone()
    if row is None:
        return None
    same, version, *columns = row
    if not same:
        raise _reused()
    return Stored(entry_of(as_sent(EntryRow(*columns))), version, duplicate=True)


async def record(connection: Connection, change: Change, trace: Trace | None = None) -> Stored:
    """Store the change as the next entry of its conversation, within the caller's transaction, and return it.

    Locks the conversation's row and looks the key up first: the same content again returns the stored entry (promise
    L2). Who may make the change was decided by the caller under that lock. Publish after COMMIT only (promise L5).

    Raises:
        KeyReused: the key was stored with other content.
        NotFound: no such conversation.
    """
    cursor = await connection.execute(RECORD, _named(change))
    row = await cursor.fetchone()
    assert row is not None
    status, seq, created_at, ordinal, entry_version, version = row
    if status == _NOT_FOUND:
        raise NotFound("no such conversation", path="$.conversation_id")
    if status == _KEY_REUSED:
        raise _reused()
    passed(trace, Hop.COMMIT, network=1, statements=1, rows=2 if status == _STORED else 0, commits=1)
    stored = EntryRow(
        conversation_id=change.conversation_id,
        seq=seq,
        kind=kind_of(change.kind),
        sender_id=change.sender.user_id,
        device_id=change.sender.device_id,
        client_id=change.client_id,
        created_at=created_at,
        ordinal=ordinal,
        target_seq=change.target_seq,
        roster_version=entry_version,
        body=change.body,
        meta=dict(change.content),
        outcome=None if change.outcome is None else dict(change.outcome),
    )
    return Stored(entry_of(stored), version, duplicate=status == _DUPLICATE)


def _named(change: Change) -> dict[str, Any]:
    return {
        "conversation_id": change.conversation_id,
        "kind": kind_of(change.kind),
        "sender_id": change.sender.user_id,
        "device_id": change.sender.device_id,
        "client_id": change.client_id,
        "meta": meta_of(change.content),
        "target_seq": change.target_seq,
        "body": change.body,
        "outcome": None if change.outcome is None else meta_of(change.outcome),
        "roster": change.roster,
        "counts": change.counts,
    }


def _reused() -> KeyReused:
    return KeyReused("this client_id was stored with other content", path="$.client_id")
