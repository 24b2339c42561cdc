"""What a device keeps on disk: account, outbox, entries, positions; each batch of the link is one transaction."""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from seriatim.client import folding
from seriatim.client.folding import HeldEntries, holes_of
from seriatim.client.frames import decode_entry
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.protocol.entries import Entry, main_ordinal
from seriatim.protocol.fields import EntryIdentity
from seriatim.protocol.link import (
    Acked,
    Apply,
    Durable,
    Failed,
    Held,
    Keep,
    Kept,
    OutboxCommand,
    Position,
    SaveToken,
    Settled,
    Truncate,
)
from seriatim.protocol.messages.fold import changed_by

LOCK_WAIT_S = 1.0

SCHEMA = """
create table if not exists meta (name text primary key, value blob not null) without rowid;
create table if not exists positions (conversation_id integer primary key, position blob not null);
create table if not exists outbox (
    place integer primary key autoincrement, client_id blob not null unique, ordered integer not null,
    seq integer, command blob not null
);
create table if not exists entries (
    applied integer primary key autoincrement, conversation_id integer not null, seq integer not null,
    client_id blob not null, device_id integer not null, sender_id integer not null, ordinal integer,
    filled integer not null, entry blob not null, unique (conversation_id, seq)
);
create table if not exists own (key text primary key, change blob not null) without rowid;
"""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Whose device this is, and its keys to the server."""

    url: str
    user_id: UserId
    device_id: DeviceId
    name: str
    refresh_token: str


class Written(NamedTuple):
    """What a truncation took out of the log besides what it named.

    `lost`: own messages; they are in the outbox again: send them. `torn`: by conversation, what stands in the log as
    before, but had been changed by what is gone: these are holes now; tell the link.
    """

    lost: list[OutboxCommand]
    torn: dict[ConversationId, list[tuple[int, int]]]


class Store:
    """A device's store in one SQLite file that one process has open at a time (WAL; survives kill -9 at any moment).

    What the outbox takes is flushed to the disk (`synchronous=FULL`); entries are not (NORMAL): a power failure takes
    them together with their cursor, and they are fetched again.

    Raises:
        sqlite3.OperationalError: another process has the file open.
    """

    def __init__(self, path: Path | str) -> None:
        if str(path) != ":memory:":
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # it holds the keys of the account
        self._db = sqlite3.connect(path, timeout=LOCK_WAIT_S, isolation_level=None)
        self._db.execute("pragma locking_mode = exclusive")
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.executescript(SCHEMA)
        if self._meta("schema") in (None, b"1"):
            self._db.executescript(folding.SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def account(self) -> Account | None:
        """Return the account of this device, if it has signed in."""
        found = self._meta("account")
        return None if found is None else msgspec.json.decode(found, type=Account)

    def save_account(self, account: Account) -> None:
        """Keep the account; a fresh refresh token is on the disk before it is used."""
        self._db.execute("pragma synchronous = full")
        self._set_meta("account", msgspec.json.encode(account))

    def held(self) -> Held:
        """Return what a link starts from."""
        epoch, token = self._meta("epoch"), self._meta("token")
        positions = self._db.execute("select conversation_id, position from positions").fetchall()
        outbox = self._db.execute("select command, ordered, seq from outbox order by place").fetchall()
        return Held(
            epoch=None if epoch is None else epoch.decode(),
            token=None if token is None else token.decode(),
            positions={ConversationId(id_): _POSITION.decode(position) for id_, position in positions},
            outbox=[Kept(_COMMAND.decode(command), bool(ordered), seq) for command, ordered, seq in outbox],
        )

    def write(self, actions: Sequence[Durable]) -> Written:
        """Carry out the durable actions of one batch in one transaction, and return once it is committed."""
        flushed = any(isinstance(action, Keep | Truncate) for action in actions)
        self._db.execute(f"pragma synchronous = {'full' if flushed else 'normal'}")
        written = Written([], {})
        self._db.execute("begin immediate")
        try:
            for action in actions:
                lost, torn = self._write(action)
                written = Written(written.lost + lost, written.torn | torn)
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")
        return written

    def recall(self, asks: Iterable[tuple[ConversationId, int]]) -> list[EntryIdentity]:
        """Return, per row, the newest held entry at or below the seq, if any."""
        newest = "select entry from entries where conversation_id = ? and seq <= ? order by seq desc limit 1"
        found = [self._db.execute(newest, ask).fetchone() for ask in asks]
        held = [decode_entry(row[0]) for row in found if row is not None]
        return [(entry.conversation_id, entry.seq, entry.client_id, entry.created_at) for entry in held]

    def history(self, conversation_id: ConversationId, *, before: int, limit: int) -> list[Entry]:
        """Return held entries below `before`, oldest first, the newest `limit` of them."""
        sql = "select entry from entries where conversation_id = ? and seq < ? order by seq desc limit ?"
        rows = self._db.execute(sql, (conversation_id, before, limit)).fetchall()
        return [decode_entry(row[0]) for row in reversed(rows)]

    def unread_above(self, conversation_id: ConversationId, seq: int, me: UserId) -> int:
        """Count the held messages of others above `seq` in the main timeline."""
        sql = (
            "select count(*) from entries where conversation_id = ? and seq > ? and ordinal not null and sender_id != ?"
        )
        return int(self._db.execute(sql, (conversation_id, seq, me)).fetchone()[0])

    def applied_after(self, applied: int, *, limit: int = 100) -> list[tuple[int, Entry]]:
        """Return entries in the order in which they were applied, without those that filled a hole of the past."""
        sql = "select applied, entry from entries where applied > ? and not filled order by applied limit ?"
        return [(row[0], decode_entry(row[1])) for row in self._db.execute(sql, (applied, limit)).fetchall()]

    @property
    def handled(self) -> int:
        """How far the program has handled the applied entries."""
        return int(self._meta("handled") or b"0")

    @handled.setter
    def handled(self, applied: int) -> None:
        self._db.execute("pragma synchronous = normal")
        self._set_meta("handled", str(applied).encode())

    @property
    def epoch(self) -> str | None:
        """The incarnation of the log that is held here; None: nothing is."""
        epoch = self._meta("epoch")
        return None if epoch is None else epoch.decode()

    def keep_own(self, changes: Iterable[tuple[str, bytes]], *, anew: bool) -> None:
        """Keep what is the user's own under these keys; `anew`: and forget all that was kept."""
        self._db.execute("begin immediate")
        try:
            if anew:
                self._db.execute("delete from own")
            self._db.executemany("insert or replace into own values (?, ?)", changes)
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def own(self, key: str) -> bytes | None:
        """Return what is kept of the user's own under a key."""
        row: Any = self._db.execute("select change from own where key = ?", (key,)).fetchone()
        return None if row is None else row[0]

    def _write(self, action: Durable) -> Written:
        match action:
            case Keep(command, ordered):
                self._keep(command, ordered=ordered)
            case Acked(client_id, _, seq) if action.awaits_entry:
                self._db.execute("update outbox set seq = ? where client_id = ?", (seq, client_id.bytes))
            case Acked(client_id) | Settled(client_id) | Failed(client_id):
                self._db.execute("delete from outbox where client_id = ?", (client_id.bytes,))
            case Apply():
                self._apply(action)
            case Truncate():
                return self._truncate(action)
            case SaveToken(epoch, token):
                self._set_meta("epoch", epoch.encode())
                self._set_meta("token", token.encode())
        return Written([], {})

    def _keep(self, command: OutboxCommand, *, ordered: bool) -> None:
        row = (command.client_id.bytes, ordered, msgspec.json.encode(command))
        self._db.execute(_KEEP, row)

    def _apply(self, apply: Apply) -> None:
        known = self.position(apply.conversation_id)
        cursor = 0 if known is None else known.cursor or 0
        self._db.executemany(
            "insert into entries"
            " (conversation_id, seq, client_id, device_id, sender_id, ordinal, filled, target, changed, entry)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    entry.conversation_id,
                    entry.seq,
                    entry.client_id.bytes,
                    entry.device_id,
                    entry.sender_id,
                    main_ordinal(entry),
                    entry.seq <= cursor,
                    changed_by(entry),
                    folding.last_change(entry),
                    msgspec.json.encode(entry),
                )
                for entry in apply.entries
            ],
        )
        self._fold(apply, cursor)
        if known is not None and apply.position.first > known.first:
            # Nobody is served these any more: whoever comes back where the history is since joining begins anew.
            below = (apply.conversation_id, apply.position.first)
            self._db.execute("delete from entries where conversation_id = ? and seq < ?", below)
        self._set_position(apply.conversation_id, apply.position)

    def _fold(self, apply: Apply, cursor: int) -> None:
        held, holes = HeldEntries(self._db, apply.conversation_id), apply.position.holes
        account = self.account() if apply.entries else None
        reader = UserId(0) if account is None else account.user_id
        filled = [entry.seq for entry in apply.entries if entry.seq <= cursor]
        if filled:
            held.fold(held.meeting(filled[0], filled[-1]), holes, reader)
        held.fold((entry for entry in apply.entries if entry.seq > cursor), holes, reader)

    def _truncate(self, truncate: Truncate) -> Written:
        above, held = (truncate.conversation_id, truncate.after), HeldEntries(self._db, truncate.conversation_id)
        account = self.account()
        sql = "select entry from entries where conversation_id = ? and seq > ? and device_id = ? order by seq"
        rows = self._db.execute(sql, (*above, None if account is None else account.device_id)).fetchall()
        lost: list[OutboxCommand] = [
            command for row in rows if (command := held.sent_again(decode_entry(row[0]))) is not None
        ]
        self._db.execute("delete from entries where conversation_id = ? and seq > ?", above)
        torn = holes_of(held.tear(truncate.after))
        holes = tuple(sorted((*truncate.position.holes, *torn)))
        self._set_position(truncate.conversation_id, msgspec.structs.replace(truncate.position, holes=holes))
        for command in lost:
            self._keep(command, ordered=True)
        return Written(lost, {truncate.conversation_id: torn} if torn else {})

    def position(self, conversation_id: ConversationId) -> Position | None:
        """Return what is known of one conversation."""
        sql = "select position from positions where conversation_id = ?"
        row = self._db.execute(sql, (conversation_id,)).fetchone()
        return None if row is None else _POSITION.decode(row[0])

    def _set_position(self, conversation_id: ConversationId, position: Position) -> None:
        row = (conversation_id, msgspec.json.encode(position))
        self._db.execute("insert or replace into positions values (?, ?)", row)

    def _meta(self, name: str) -> bytes | None:
        row: Any = self._db.execute("select value from meta where name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def _set_meta(self, name: str, value: bytes) -> None:
        self._db.execute("insert or replace into meta values (?, ?)", (name, value))


_KEEP = """
insert into outbox (client_id, ordered, command) values (?, ?, ?)
on conflict (client_id) do update set seq = null
"""
_POSITION = msgspec.json.Decoder(Position)
_COMMAND: msgspec.json.Decoder[OutboxCommand] = msgspec.json.Decoder(OutboxCommand)


class MemoryStore(Store):
    """The same store, gone when its process ends: for tests, and for programs that may start anew every time."""

    def __init__(self) -> None:
        super().__init__(":memory:")
