"""A client process without one of its mechanisms: `client.py MECHANISM FOLDER ...` patches it, then runs the worker."""

import asyncio
import sys
from typing import Any
from uuid import UUID

import msgspec

from seriatim.bench.chaos import worker
from seriatim.client import Store, folding
from seriatim.client.driver import Driver
from seriatim.core.ids import uuid7
from seriatim.protocol.answers import Pong
from seriatim.protocol.entries import ReactionAdded
from seriatim.protocol.link import Acked, Failed, Keep, Link, backoff
from seriatim.protocol.link.conversation import Conversation
from seriatim.protocol.link.fetches import Fetches
from seriatim.protocol.link.outbox import Outbox

WRITE_LATE_S = 1.5


def no_hold_back() -> None:
    """An entry that comes early is applied, and the cursor moves over what is missing."""

    def event(self: Conversation, entry: Any, now: float) -> list[Any]:
        if self.comparing or self.is_dropped(entry.seq):
            return []
        self.head = max(self.head, entry.seq)
        return self._take([entry])

    Conversation.event = event


def no_drop_below_cursor() -> None:
    """What was applied comes into view again."""
    real_event, real_apply = Conversation.event, Store._apply

    def event(self: Conversation, entry: Any, now: float) -> list[Any]:
        if not self.comparing and self.is_dropped(entry.seq):
            return [entry]
        return real_event(self, entry, now)

    def apply(self: Store, action: Any) -> None:  # the store's unique key would end the process
        known = self.position(action.conversation_id)
        cursor = 0 if known is None else known.cursor or 0
        fresh = tuple(entry for entry in action.entries if entry.seq > cursor)
        real_apply(self, action._replace(entries=fresh))

    Conversation.event, Store._apply = event, apply


def no_cursor_with_entry() -> None:
    """The cursor is stored at once, its entries with what is stored next."""
    real = Store._apply
    waiting: dict[Store, list[Any]] = {}

    def apply(self: Store, action: Any) -> None:
        for earlier in waiting.pop(self, []):
            position = self.position(earlier.conversation_id)
            self._set_position(earlier.conversation_id, msgspec.structs.replace(earlier.position, cursor=0))
            real(self, earlier)
            self._set_position(earlier.conversation_id, position)
        self._set_position(action.conversation_id, action.position)
        waiting.setdefault(self, []).append(action)

    Store._apply = apply


def no_gap_fetch() -> None:
    """What is missing is never fetched."""
    Fetches.due = lambda self, now: iter(())


def no_heads_in_pong() -> None:
    """What the heads check says is not heard."""
    real = Link._numbers

    def numbers(self: Link, frame: Any, now: float) -> None:
        real(self, msgspec.structs.replace(frame, heads=[]) if isinstance(frame, Pong) else frame, now)

    Link._numbers = numbers


def no_outbox_before_sending() -> None:
    """Commands leave at once and are written to the outbox later."""
    real = Driver.do
    answered: set[UUID] = set()

    def do(self: Driver, actions: Any) -> None:
        kept = [action for action in actions if isinstance(action, Keep)]
        answered.update(action.client_id for action in actions if isinstance(action, Acked | Failed))
        real(self, [action for action in actions if not isinstance(action, Keep)])
        if kept:
            self._observe(kept)
            asyncio.get_running_loop().call_later(
                WRITE_LATE_S,
                lambda: self._store.write([one for one in kept if one.command.client_id not in answered]),
            )

    Driver.do = do


def no_same_key_on_retry() -> None:
    """Every further transmission has a key of its own."""
    real = Outbox.transmitted

    def transmitted(self: Outbox, item: Any, frame_id: int, now: float) -> None:
        if item.attempts > 0:
            del self._items[item.command.client_id]
            item.command = msgspec.structs.replace(item.command, client_id=uuid7())
            self._items[item.command.client_id] = item
        real(self, item, frame_id, now)

    Outbox.transmitted = transmitted


def no_fold_of_reactions() -> None:
    """What a reaction makes of the message that it is put on is not written down."""
    real = folding.fold
    folding.fold = lambda held, entry, reader: [] if isinstance(entry, ReactionAdded) else real(held, entry, reader)


def no_one_at_a_time() -> None:
    """Ordered commands do not wait for each other (rule 8)."""
    Outbox.may_leave = lambda self, item: True


def hurried() -> None:
    """Every mechanism is there, and nobody waits for long before he connects again, however often it failed."""
    backoff.MOST_S = 0.3


def nothing() -> None:
    """Every mechanism is there."""


if __name__ == "__main__":
    globals()[sys.argv.pop(1)]()
    worker.main()
