"""Presence and typing of a process: their parts, and the loops that keep their time."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime

import structlog

from seriatim.app.streams.others import Others
from seriatim.core.activity import Activity
from seriatim.core.clock import Clock
from seriatim.core.errors import Unavailable
from seriatim.core.ids import UserId
from seriatim.delivery.broker.local import LocalBroker
from seriatim.delivery.broker.shared import All, Ask, Beat, Changed, Goodbye, Reload, Typed
from seriatim.delivery.directory.local import LocalDirectory
from seriatim.delivery.directory.port import Directory
from seriatim.delivery.directory.shared import SharedDirectory
from seriatim.delivery.fanout import FanOut
from seriatim.delivery.publish import Tell
from seriatim.delivery.signals import SLOT_S, SLOTS, Signals
from seriatim.features.presence import store
from seriatim.features.presence.counts import tell_counts
from seriatim.features.presence.last_seen import LastSeenTimes
from seriatim.features.presence.presence import Presence
from seriatim.features.presence.set_presence import set_presence
from seriatim.features.presence.store import Stored
from seriatim.features.typing.typing import Typists
from seriatim.log.moderation import blocks
from seriatim.protocol.answers import OwnPresence, SelfChanged
from seriatim.protocol.commands import SetPresence
from seriatim.protocol.sender import Sender
from seriatim.protocol.session import Session
from seriatim.storage.postgres.database import Database

log = structlog.get_logger()

WRITE_EVERY_S = 30.0
"""When people were last here is written this often: a process that is killed loses no more of it ..."""
REFRESH_EVERY_S = 300.0
"""... and of those who were here just then, no more than this."""
LAST_WRITE_WITHIN_S = 2.0
COUNT_EVERY_S = 5.0


class Social:
    """The signals of one gateway, and what they are made from."""

    def __init__(self, database: Database, fan_out: FanOut, tell: Tell, clock: Clock, others: Others) -> None:
        self._database = database
        self._fan_out = fan_out
        self._tell = tell
        self.clock = clock
        """By which what somebody chose ends."""
        self.signals = Signals()
        self._others = others
        broker = others.broker
        self.directory: Directory = (
            LocalDirectory(clock).join(self._on_activity)
            if isinstance(broker, LocalBroker)
            else SharedDirectory(clock, broker.gateway, others.share, self._on_activity)
        )
        others.routing.know(self.directory)
        self._last_seen = LastSeenTimes(self._write_last_seen)
        self.presence = Presence(
            read=self._read_people,
            last_seen=self._last_seen,
            directory=self.directory,
            signals=self.signals,
            sessions_of=self._sessions_of,
            clock=clock,
            hidden_from=self._hidden_from,
        )
        self.typists = Typists(
            self.signals,
            members=fan_out.members,
            rosters=fan_out.rosters,
            knows=self.presence.knows,
            hides_from=self.presence.hides_from,
            others=self.directory.others,
            share=others.share,
        )
        others.hear(Typed, by=self.typists.heard)
        others.hear(Reload, by=self._on_reload)

    def reload(self, user_id: UserId) -> None:
        """Read again, on every gateway, what is stored of somebody: what he chose, from whom he hides."""
        self.presence.reload(user_id)
        self._others.share(Reload(user_id))

    async def choose(self, command: SetPresence, sender: Sender) -> None:
        """Store how the user wants to look, then tell everybody who shows him, and his other devices."""
        chosen = await set_presence(command, sender, self._database, self.clock)
        self.reload(sender.user_id)
        own = OwnPresence(state=chosen.state, text=chosen.text, expires_at=chosen.expires_at)
        self._tell(sender.user_id, SelfChanged(what=own), but=sender.device_id)

    async def run(self) -> None:
        """Hear the others and keep time until cancelled; then write when everybody was last here."""
        if isinstance(self.directory, SharedDirectory):  # who keeps no time holds no directory
            self._others.hear(Beat, Changed, Ask, All, Goodbye, by=self.directory.heard)
            self._others.when_missed(self.directory.missed)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_time())
                tasks.create_task(self._others.routing.run())
                tasks.create_task(_again(SLOT_S, self._look_up))
                tasks.create_task(_again(WRITE_EVERY_S, self._last_seen.write))
                tasks.create_task(_again(REFRESH_EVERY_S, self._refresh))
                tasks.create_task(_again(COUNT_EVERY_S, self._count))
        finally:
            self.presence.note_present()
            try:
                async with asyncio.timeout(LAST_WRITE_WITHIN_S):
                    await self._last_seen.write()
            except (TimeoutError, Unavailable) as error:
                log.warning("last_seen_not_written", reason=str(error))

    async def _keep_time(self) -> None:
        while True:
            for slot in range(SLOTS):
                await asyncio.sleep(SLOT_S)
                self.presence.turn(slot)
            self.presence.end_choices()

    async def _look_up(self) -> None:
        await self.presence.load()
        await self.typists.look_up()

    async def _refresh(self) -> None:
        self.presence.note_present()

    async def _count(self) -> None:
        await tell_counts(self.signals, self.directory, self._fan_out.rosters, lambda: asyncio.sleep(SLOT_S))

    async def _read_people(self, user_ids: Collection[UserId]) -> dict[UserId, Stored]:
        async with self._database.read() as connection:
            return await store.people(connection, user_ids)

    async def _hidden_from(self, user_ids: Collection[UserId]) -> dict[UserId, frozenset[UserId]]:
        async with self._database.read() as connection:
            return await blocks.blocked(connection, user_ids)

    async def _write_last_seen(self, times: Mapping[UserId, datetime]) -> None:
        async with self._database.transaction() as connection:
            await store.write_last_seen(connection, times)

    def _on_reload(self, _gateway: str, shared: Reload) -> None:
        self.presence.reload_known(shared.user_id)

    def _on_activity(self, user_id: UserId, activity: Activity) -> None:
        self.presence.changed(user_id, activity)

    def _sessions_of(self, user_id: UserId) -> list[Session]:
        return [session for session in self._fan_out.sessions_of(user_id) if isinstance(session, Session)]


async def _again(every_s: float, do: Callable[[], Awaitable[None]]) -> None:
    """Do it again and again; what the database refuses is tried anew next time."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await do()
        except Unavailable as error:
            log.warning("social_delayed", what=do.__name__, reason=error.message)
            await asyncio.sleep(1.0)
