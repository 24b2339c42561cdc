"""The SDK's part of membership on a whole server: people, links, order, and what comes back to a device."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from seriatim.client import Client, ConversationKind
from seriatim.core.errors import Forbidden, Gone
from seriatim.core.ids import ConversationId, UserId, uuid7
from seriatim.protocol.fields import Role
from seriatim.protocol.http.invitations import NewInvitation
from seriatim.protocol.http.moderation import Resolution
from world import PASSWORD, WITHIN_S, Server


async def people(server: Server, stack: AsyncExitStack, count: int) -> list[Client]:
    return [
        await stack.enter_async_context(await Client.sign_up(server.url, f"p-{uuid7().hex}", PASSWORD))
        for _ in range(count)
    ]


async def seqs(client: Client, here: ConversationId, last: int) -> list[int]:
    """Return what a device holds once it has this entry."""
    async with asyncio.timeout(WITHIN_S):
        async for entry in client.entries():
            if entry.conversation_id == here and entry.seq == last:
                return [held.seq for held in await client.history(here)]
    raise AssertionError("entries never end")


def user(client: Client) -> UserId:
    return client.user_id


@pytest.mark.promise("I1")
async def test_who_comes_back_holds_nothing_of_his_former_time(server: Server) -> None:
    async with AsyncExitStack() as stack:
        ada, bob, cyd = await people(server, stack, 3)
        here = (await ada.create(ConversationKind.GROUP, [user(bob)])).conversation_id
        before = await ada.send(here, "before")
        assert await seqs(bob, here, before.seq) == [1, 2]
        left = await bob.membership.leave(here)
        assert await seqs(bob, here, left.seq) == [1, 2, 3]
        await ada.send(here, "meanwhile")
        back = await ada.membership.invite(here, user(bob), user(cyd))
        for client in (bob, cyd):
            assert await seqs(client, here, back.seq) == [back.seq]


async def test_links_and_moderation_from_a_program(server: Server) -> None:
    async with AsyncExitStack() as stack:
        ada, bob = await people(server, stack, 2)
        here = (await ada.create(ConversationKind.GROUP, title="Inside")).conversation_id
        made = await ada.membership.make_invitation(here, NewInvitation(most_uses=1))
        assert made.token is not None
        assert (await bob.membership.preview(made.token)).title == "Inside"
        await bob.membership.follow(made.token)
        assert await ada.membership.invitations(here) == []
        with pytest.raises(Gone):
            await bob.membership.follow(made.token)
        bad = await bob.send(here, "bad words")
        await ada.membership.silence(here, user(bob), datetime.now(UTC) + timedelta(hours=1))
        with pytest.raises(Forbidden):
            await bob.send(here, "no")
        assert [one.user_id for one in await ada.membership.silences(here)] == [user(bob)]
        await ada.membership.silence(here, user(bob), None)
        await ada.membership.report(here, bad.seq, "look")
        (report,) = await ada.membership.reports(here)
        await ada.membership.take_report(report.report_id)
        await ada.membership.resolve_report(report.report_id, Resolution.NOTHING)
        await ada.membership.set_role(here, user(bob), Role.ADMIN)
        await ada.membership.set_settings(here, slow_mode_s=5)
        await ada.membership.remove(here, user(bob), ban=True)
        assert [one.user_id for one in await ada.membership.bans(here)] == [user(bob)]
        await ada.membership.lift_ban(here, user(bob))
        acts = [row.act async for row in ada.membership.audit(here)]
        assert acts[:4] == ["unban", "ban", "set_settings", "set_role"]
        await ada.membership.block(user(bob))
        assert [one.user_id for one in await ada.membership.blocked()] == [user(bob)]
        assert await ada.membership.groups() is not None
