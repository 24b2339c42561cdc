"""Drafts, last writer wins: in whatever order devices are heard, the latest change is kept, and all know it."""

import asyncio
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.features.own.draft import save_draft
from seriatim.log.heads import HeadsAsk, heads
from seriatim.protocol.fields import ConversationKind
from seriatim.protocol.own.changes import OwnDraft, StoredChange
from seriatim.protocol.own.commands import SaveDraft
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from speaking import Speaking, speaking

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
DEVICES = 3

writes = st.lists(
    st.tuples(st.integers(0, DEVICES - 1), st.integers(0, 1), st.integers(0, 6), st.sampled_from(["", "a", "b"])),
    min_size=1,
    max_size=14,
)
"""Which device, the timeline or a thread, when by its clock, and what."""


class Screens:
    """What each device shows: its own words until it is told others."""

    def __init__(self) -> None:
        self.shown: list[dict[int, tuple[datetime, str]]] = [{} for _ in range(DEVICES)]

    def tell(self, _user_id: UserId, change: StoredChange, but: DeviceId | None) -> None:
        assert isinstance(change, OwnDraft)
        for device, shown in enumerate(self.shown):
            if device != but:
                shown[change.thread_seq or 0] = (change.changed_at, change.text)


async def check(world: Speaking, plan: list[tuple[int, int, int, str]]) -> None:
    ada, bob = await world.people(2)
    here: ConversationId = await world.make(ada, ConversationKind.DIRECT, bob)
    screens, latest = Screens(), dict[int, tuple[datetime, str]]()
    for device, thread, minute, text in plan:
        at = BEGINNING + timedelta(minutes=minute)
        screens.shown[device][thread] = (at, text)
        wish = SaveDraft(id=1, conversation_id=here, thread_seq=thread or None, text=text, changed_at=at)
        await save_draft(wish, Sender(ada.user_id, DeviceId(device)), world.database, screens.tell)
        if thread not in latest or at > latest[thread][0]:
            latest[thread] = (at, text)
        async with world.database.read() as connection:
            (answer,) = await heads(connection, [HeadsAsk(ada.user_id, None)])
        kept = {
            change.thread_seq or 0: (change.changed_at, change.text)
            for change in answer.own
            if isinstance(change, OwnDraft)
        }
        assert kept == latest
        assert screens.shown[device][thread] == latest[thread], "who is late is told"
    for shown in screens.shown:
        assert shown == latest


def test_the_latest_change_is_kept_and_shown_everywhere(postgres_dsn: str) -> None:
    with asyncio.Runner() as runner:
        database = Database(postgres_dsn)
        runner.run(database.open())
        running = speaking(database)
        world = runner.run(running.__aenter__())

        @settings(max_examples=60, deadline=None)
        @given(plan=writes)
        def histories(plan: list[tuple[int, int, int, str]]) -> None:
            runner.run(check(world, plan))

        try:
            histories()
        finally:
            runner.run(running.__aexit__(None, None, None))
            runner.run(database.close())
