"""A user's own stream and what waits for its time, in one process: their parts, and the loops that keep their time."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from seriatim.app.streams.others import Others
from seriatim.core.clock import Clock
from seriatim.core.errors import Unavailable
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.delivery.broker.shared import Marked
from seriatim.delivery.publish import Tell
from seriatim.delivery.signals import Signals
from seriatim.features.export.archive.make import Exports
from seriatim.features.later.due import BATCH, send_due, tell_due
from seriatim.features.later.later import Later
from seriatim.features.messages.rules import draft
from seriatim.features.own.draft import save_draft
from seriatim.features.own.follow import FOLLOWER, ONLY, Stirred, note_mentions
from seriatim.features.own.set_mine import set_mine
from seriatim.features.receipts.marks import Marks
from seriatim.features.receipts.read_all import read_all
from seriatim.features.receipts.watermarks import ReceiptNews
from seriatim.log.follow import Follower
from seriatim.protocol.answers import HeadRow, Heads, OwnRead, SelfChanged, Sent
from seriatim.protocol.commands import Command, Read, SendMessage
from seriatim.protocol.own.changes import StoredChange
from seriatim.protocol.own.commands import ReadAll, SaveDraft, SetMine
from seriatim.protocol.sender import Sender
from seriatim.protocol.session import Session
from seriatim.storage.postgres.database import Database

log = structlog.get_logger()

HEARD_S = 0.2
"""Between two times that marks of other gateways are told."""
LOOK_EVERY_S = 1.0
"""Between two looks for what has become due."""


class OwnStream:
    """What users set and read, on its way to the log and to their other devices."""

    def __init__(self, database: Database, tell: Tell, signals: Signals, others: Others) -> None:
        self._database = database
        self._tell = tell
        self._signals = signals
        news = self._news = ReceiptNews(database, self._looking_at, others.share)
        others.hear(Marked, by=news.heard)
        self.marks = Marks(database, self._on_read, news.tell)
        mentions = Follower(database, FOLLOWER, note_mentions, wanted=Stirred(database), only=ONLY)
        self.working = (mentions.run, Exports(database).run)
        """The loops of a worker; `marks.run` is a gateway's."""
        self.commands: Mapping[type[Command], Callable[[Any, Sender], Awaitable[None]]] = {
            Read: self.marks.read,
            ReadAll: partial(read_all, database=database, tell=self._tell_rows, on_moved=news.tell),
            SaveDraft: partial(save_draft, database=database, tell=self.tell),
            SetMine: partial(set_mine, database=database, tell=self.tell),
        }

    def waits(self, send: Callable[[SendMessage, Sender], Awaitable[Sent]], clock: Clock) -> Later:
        """Return what sends messages at their time, as any other is sent."""
        return Later(database=self._database, clock=clock, check=draft, send=send, tell=self.tell)

    def tell(self, user_id: UserId, change: StoredChange, but: DeviceId | None) -> None:
        """Tell a user's live sessions, but those of one device, what of his own has changed."""
        self._tell(user_id, SelfChanged(what=change), but=but)

    async def tell_marks(self) -> None:
        """Tell those who look here what moved on other gateways, until cancelled."""
        while True:
            await asyncio.sleep(HEARD_S)
            await self._news.tell_heard()

    def _on_read(self, user_id: UserId, device_id: DeviceId, own: OwnRead) -> None:
        self._tell(user_id, SelfChanged(what=own), but=device_id)

    def _tell_rows(self, user_id: UserId, rows: Sequence[HeadRow]) -> None:
        self._tell(user_id, Heads(rows=list(rows), more=False))

    def _looking_at(self, conversation_id: ConversationId) -> Collection[Session]:
        return [one for one in self._signals.looking_at(conversation_id) if isinstance(one, Session)]


async def keep_time(later: Later) -> None:
    """Send what has become due and tell of it until cancelled; the worker role owns this."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            while await send_due(later) == BATCH or await tell_due(later) == BATCH:
                pass
        except Unavailable as error:
            log.warning("due_waits", reason=error.message)
