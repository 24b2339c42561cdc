"""Entries on the disk of a device, folded: what later entries make of earlier ones, written in their transaction.

An entry folds into one before it (protocol/messages/fold.py) once the device holds everything between the two: where a
hole lies between them, when it is filled. So what stands below a hole may be out of date until then.
"""

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from seriatim.client.frames import decode_entry
from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.commands import Forward, SendMessage
from seriatim.protocol.entries import Entry, MessageEdited, MessageSent, TargetFields
from seriatim.protocol.messages.fold import changed_by, fold

SCHEMA = """
begin;
alter table entries add column target integer;
alter table entries add column changed integer;
create index entries_by_target on entries (conversation_id, target) where target is not null;
create index entries_by_change on entries (conversation_id, changed) where changed is not null;
insert or replace into meta values ('schema', x'32');
commit;
"""
"""`target`: the entry that this one changes; `changed`: the last entry that changed this one."""


class HeldEntries:
    """What is held of one conversation."""

    def __init__(self, db: sqlite3.Connection, conversation_id: ConversationId) -> None:
        self._db = db
        self._id = conversation_id

    def entry(self, seq: int) -> Entry | None:
        """Return the entry, if it is held."""
        sql = "select entry from entries where conversation_id = ? and seq = ?"
        row = self._db.execute(sql, (self._id, seq)).fetchone()
        return None if row is None else decode_entry(row[0])

    def edits(self, target_seq: int) -> list[MessageEdited]:
        """Return the edits of a message that are held, in order."""
        sql = "select entry from entries where conversation_id = ? and target = ? order by seq"
        found = [decode_entry(row[0]) for row in self._db.execute(sql, (self._id, target_seq)).fetchall()]
        return [entry for entry in found if isinstance(entry, MessageEdited)]

    def fold(self, entries: Iterable[Entry], holes: Sequence[tuple[int, int]], reader: UserId) -> None:
        """Fold these entries, which rise and are held, into those before them, unless a hole lies between."""
        for entry in entries:
            seq = changed_by(entry)
            if seq is not None and not any(seq < low <= high < entry.seq for low, high in holes):
                self._put(fold(self, entry, reader))

    def meeting(self, first: int, last: int) -> list[Entry]:
        """Return what may fold once a hole was filled with `first..last`: changes since then of what stands before.

        What stands above has met its changes already.
        """
        sql = "select entry from entries where conversation_id = ? and target <= ? and seq >= ? order by seq"
        return [decode_entry(row[0]) for row in self._db.execute(sql, (self._id, last, first)).fetchall()]

    def tear(self, after: int) -> list[int]:
        """Forget the entries up to `after` that later ones have changed, for these are gone; return their seqs."""
        sql = "delete from entries where conversation_id = ? and seq <= ? and changed > ? returning seq"
        return sorted(row[0] for row in self._db.execute(sql, (self._id, after, after)).fetchall())

    def sent_again(self, entry: Entry) -> SendMessage | Forward | None:
        """Return the command that made this message, as it was written first; None: deleted, or no message."""
        if not isinstance(entry, MessageSent) or entry.deleted_seq is not None:
            return None
        if entry.forwarded is not None:
            return Forward(
                id=0,
                conversation_id=entry.conversation_id,
                client_id=entry.client_id,
                source_conversation_id=entry.forwarded.conversation_id,
                source_seq=entry.forwarded.seq,
            )
        edits = self.edits(entry.seq)
        return SendMessage(
            id=0,
            conversation_id=entry.conversation_id,
            client_id=entry.client_id,
            body=edits[0].previous if edits else entry.body,
            target_seq=entry.target_seq,
            thread_seq=entry.thread_seq,
            broadcast=entry.broadcast,
            mentions=entry.mentions,
        )

    def _put(self, entries: Iterable[Entry]) -> None:
        self._db.executemany(
            "update entries set entry = ?, changed = ? where conversation_id = ? and seq = ?",
            [(msgspec.json.encode(entry), last_change(entry), self._id, entry.seq) for entry in entries],
        )


def last_change(entry: Entry) -> int | None:
    """Return the last entry that changed this one, if any."""
    if not isinstance(entry, TargetFields):
        return None
    thread = getattr(entry, "thread", None)
    return max(entry.changed_seq or 0, 0 if thread is None else thread.last_seq) or None


def holes_of(seqs: Iterable[int]) -> list[tuple[int, int]]:
    """Return rising seqs as inclusive ranges."""
    holes: list[tuple[int, int]] = []
    for seq in seqs:
        if holes and holes[-1][1] == seq - 1:
            holes[-1] = (holes[-1][0], seq)
        else:
            holes.append((seq, seq))
    return holes
