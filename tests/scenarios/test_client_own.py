"""The user's own stream in the SDK: what one device sets the other holds, also when it was away; ticks; lists."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seriatim.client import Client, ConversationKind, Store, client
from seriatim.core.errors import NotFound
from seriatim.core.ids import uuid7
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.own.settings import ChangeSettings, Level
from world import PASSWORD, WITHIN_S, Server


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell what was received more often than in two seconds: tests take less."""
    monkeypatch.setattr(client, "TELL_RECEIVED_EVERY_S", 0.1)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.fixture
async def ada(server: Server) -> AsyncIterator[Client]:
    async with await Client.sign_up(server.url, f"ada-{uuid7()}", PASSWORD) as client:
        yield client


@pytest.fixture
async def bob(server: Server) -> AsyncIterator[Client]:
    async with await Client.sign_up(server.url, f"bob-{uuid7()}", PASSWORD) as client:
        yield client


async def test_ticks_follow_what_the_other_device_holds_and_its_user_reads(ada: Client, bob: Client) -> None:
    here = (await ada.create(ConversationKind.DIRECT, [bob.user_id])).conversation_id
    ada.view.focus([here])
    sent = await ada.send(here, "hi")
    await until(lambda: any(row.delivered == sent.seq for row in ada.own.marks(here)))
    assert [(row.user_id, row.read) for row in ada.own.marks(here)] == [(bob.user_id, 0)]
    bob.read(here, sent.seq)
    await until(lambda: any(row.read == sent.seq for row in ada.own.marks(here)))
    found = await ada.own.receipts(here)
    assert (found.member_count, found.read_count) == (2, 1)


async def test_a_device_holds_what_another_one_set_also_while_it_was_away(
    server: Server, ada: Client, bob: Client, tmp_path: Path
) -> None:
    here = (await ada.create(ConversationKind.DIRECT, [bob.user_id])).conversation_id
    place = tmp_path / "second.db"
    async with await Client.log_in(server.url, ada.account.name, PASSWORD, store=place) as second:
        await ada.own.save_draft(here, "almost")
        await ada.own.set_mine(here, level=Level.MENTIONS, pinned=True, hidden=True)
        await until(lambda: (second.own.mine(here) or ada.own.mine(here)) is not None)
        await until(lambda: (draft := second.own.draft(here)) is not None and draft.text == "almost")
        assert second.view.flags(here) == 2 + 8
        await bob.send(here, "here I am")
        await until(lambda: second.view.flags(here) == 2)
    await ada.own.save_draft(here, "")
    await ada.own.change_settings(ChangeSettings(level=Level.NOTHING))
    store = Store(place)
    async with await Client.resume(store) as second:
        await until(lambda: second.own.settings().level is Level.NOTHING)
        assert second.own.draft(here) is None
        mine = second.own.mine(here)
        assert mine is not None
        assert (mine.level, mine.pinned) == (Level.MENTIONS, True)


async def test_lists_of_ones_own_are_asked_for_and_changed(ada: Client, bob: Client) -> None:
    here = (await ada.create(ConversationKind.GROUP, [bob.user_id])).conversation_id
    sent = await ada.send(here, "keep this")
    await ada.own.save(here, sent.seq)
    assert [one.seq for one in await ada.own.saved()] == [sent.seq]
    await ada.own.unsave(here, sent.seq)
    assert await ada.own.saved() == []
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    message = SendMessage(id=0, client_id=uuid7(), conversation_id=here, body="later")
    scheduled = await ada.own.schedule(message, tomorrow)
    changed = await ada.own.reschedule(scheduled.scheduled_id, send_at=tomorrow + timedelta(hours=1))
    assert await ada.own.scheduled() == [changed]
    await ada.own.cancel(scheduled.scheduled_id)
    with pytest.raises(NotFound):
        await ada.own.cancel(scheduled.scheduled_id)
    reminder = await ada.own.remind(here, sent.seq, tomorrow)
    assert await ada.own.reminders() == [reminder]
    await ada.own.dismiss(reminder.reminder_id)
    await bob.own.read_all()
    await until(lambda: bob.view.unread(here) == 0)
    assert await ada.own.mentions() == []
