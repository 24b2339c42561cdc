"""Deliveries: each queued message is posted, signed, to its URL, in order and at least once, until the URL has it.

A URL has a message when it answers 2xx. One that fails is asked again after 5 s, then after twice as long, an hour at
most, while its messages wait; after 12 failures in a row (2.4 hours), or when it answers 410, it is disabled, what
waited is forgotten, and who made it is told.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog
from anyio import create_task_group, sleep

from seriatim.core.clock import Clock
from seriatim.core.errors import ChatError, Unavailable
from seriatim.core.ids import UserId
from seriatim.core.signing import secret_of, signed
from seriatim.features.webhooks.deliveries import store
from seriatim.features.webhooks.deliveries.store import Due
from seriatim.log.read import one_entry
from seriatim.protocol.entries import Entry, MessageSent
from seriatim.protocol.http.webhooks import DeliveredEntry, Delivery
from seriatim.storage.egress import Egress, Refused, Unreachable
from seriatim.storage.postgres.database import Database

log = structlog.get_logger()

AT_ONCE: Final = 8
"""URLs that are called at the same time; each gets one message at a time."""
LEASE_S: Final = 30.0
IDLE_S: Final = 0.5
FAILURES: Final = 12
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 3_600.0
GONE: Final = 410

Tell = Callable[[UserId, str], Awaitable[None]]
"""Says something to a person, as the server; raises ChatError."""
WHY: Final = {
    "failures": f"its URL failed {FAILURES} times in a row",
    "gone": "its URL says that it is gone for good",
    "backlog": "its URL is slower than people write",
}


class Deliveries:
    """Calls the URLs that are due, until cancelled; of several processes each takes some."""

    def __init__(self, database: Database, egress: Egress, key: bytes, tell: Tell, clock: Clock) -> None:
        self._database = database
        self._egress = egress
        self._key = key
        self._tell = tell
        self._clock = clock

    async def run(self) -> None:
        """Deliver until cancelled; a failure of the database is waited out."""
        while True:
            try:
                count = await self.step()
            except Unavailable as error:
                log.warning("deliveries_wait", reason=error.message)
                count = 0
            if not count:
                await sleep(IDLE_S)

    async def step(self) -> int:
        """Deliver one message to each of the URLs that are due, at most 8, and return their number.

        Raises:
            Unavailable.
        """
        async with self._database.transaction() as connection:
            due = await store.lease(connection, AT_ONCE, LEASE_S)
        async with create_task_group() as tasks:
            for one in due:
                tasks.start_soon(self._handle, one)
        return len(due)

    async def _handle(self, due: Due) -> None:
        try:
            if due.disabled_for is not None:
                await self._say(due, due.disabled_for)
            else:
                await self._deliver(due)
        except ChatError as error:  # the lease runs out, and it is tried again
            log.warning("delivery_postponed", webhook_id=due.webhook_id, reason=error.message)

    async def _deliver(self, due: Due) -> None:
        outcome = "" if due.seq is None else await self._call(due, due.seq)
        async with self._database.transaction() as connection:
            if not await store.still_leased(connection, due):
                return
            if not outcome:
                await store.done(connection, due)
            elif outcome == str(GONE) or due.failure_count + 1 >= FAILURES:
                await store.disable(connection, due, "gone" if outcome == str(GONE) else "failures")
            else:
                await store.failed(connection, due, min(FIRST_PAUSE_S * 2**due.failure_count, LONGEST_PAUSE_S))
        if outcome:
            log.info("delivery_failed", webhook_id=due.webhook_id, seq=due.seq, reason=outcome)

    async def _call(self, due: Due, seq: int) -> str:
        """Post a message and return why that failed, or nothing."""
        async with self._database.read() as connection:
            entry = await one_entry(connection, due.conversation_id, seq)
        if not isinstance(entry, MessageSent) or entry.deleted_seq is not None:
            return ""  # nothing is left to tell
        body = msgspec.json.encode(_delivery(due, entry))
        message_id = f"{due.conversation_id}-{seq}-{due.webhook_id}"
        timestamp = int(self._clock.now().timestamp())
        headers = signed(secret_of(self._key, due.webhook_id), message_id, timestamp, body)
        try:
            answer = await self._egress.request("POST", due.url, headers=headers, content=body)
        except (Refused, Unreachable) as error:
            return str(error) or type(error).__name__
        return "" if answer.status // 100 == 2 else str(answer.status)  # noqa: PLR2004 - 2xx

    async def _say(self, due: Due, reason: str) -> None:
        """Tell who made it that it is disabled; at least once, like everything that leaves the log."""
        await self._tell(
            due.created_by,
            f"The webhook “{due.name}” of conversation {due.conversation_id} is disabled: {WHY[reason]}. "
            "Messages that waited for it are not delivered. It can be enabled again.",
        )
        async with self._database.transaction() as connection:
            if await store.still_leased(connection, due):
                await store.told(connection, due)


def _delivery(due: Due, entry: Entry) -> Delivery:
    data = DeliveredEntry(webhook_id=due.webhook_id, conversation_id=due.conversation_id, entry=entry)
    return Delivery(type=str(entry.__struct_config__.tag), timestamp=entry.created_at, data=data)
