"""Who may do what over HTTP: every route on a conversation crossed with every standing; each cell is listed.

Routes come from their table, so one that is not listed fails. The routes that are commands stand in the other matrix.
"""

import base64
import re
from typing import Any

import pytest

from contracts.standings import KINDS, SCENES, Scene, cells
from contracts.test_authorization import TABLE as COMMANDS
from contracts.test_authorization_callers import OPERATIONS
from pictures import png
from seriatim.core.ids import UserId, random_id, uuid7
from seriatim.features.invitations import links
from seriatim.features.moderation import reports
from seriatim.log.moderation.bans import ban
from seriatim.protocol.http.invitations import NewInvitation
from seriatim.protocol.http.moderation import NewReport
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from speaking import speaking
from world import Server

LETTERS = {"A": "allow", "N": "not_found", "F": "forbidden", "C": "conflict"}
MODERATING = {
    "direct": "N N F F F",
    #         out gst ban exb exa rea sil gue mem adm own las
    "group": "N N F F F F F F F A A A",
    "listed": "F N F F F F F F F A A A",
    "public": "F N F F F F F F F A A A",
}
READING = {
    "direct": "N N A A A",
    "group": "N N A A A A A A A A A A",
    "listed": "F N A A A A A A A A A A",
    "public": "A N A A A A A A A A A A",
}
A_MESSAGE = READING | {
    "group": "N N A A N A A A A A A A",
    "listed": "F N A A N A A A A A A A",
}
"""ex_after asks for what was said after he had left."""
AMONG_MEMBERS = {
    "direct": "N N A A A",
    "group": "N N F F F A A A A A A A",
    "listed": "F N F F F A A A A A A A",
    "public": "F N F F F A A A A A A A",
}
A_REPORT = {"direct": "N N N N N", **dict.fromkeys(("group", "listed", "public"), "N N N N N N N N N A A A")}
"""To everybody who does not moderate there is no such report."""

TABLE: dict[str, dict[str, str]] = {
    "get_conversation": READING | {"listed": "A N A A A A A A A A A A"},
    "list_members": AMONG_MEMBERS | {"public": "A N F A A A A A A A A A"},
    "list_receipts": AMONG_MEMBERS,
    "list_pins": READING,
    "list_threads": READING,
    "export_conversation": READING,
    "list_versions": A_MESSAGE,
    "list_reactions": A_MESSAGE,
    "list_followers": AMONG_MEMBERS,
    "list_votes": AMONG_MEMBERS,
    "save_message": A_MESSAGE,
    "report": A_MESSAGE,
    "list_slash_commands": AMONG_MEMBERS
    | {
        "direct": "N N F A A",
        **{kind: " ".join((*AMONG_MEMBERS[kind].split()[:6], "F", *"AAAAA")) for kind in ("group", "listed", "public")},
    },
    "ask_to_join": {
        "direct": "N N C C C",
        "group": "N N F F F C C C C C C C",
        "listed": "A N F A A C C C C C C C",
        "public": "F N F F F C C C C C C C",
    },
    "list_join_requests": MODERATING,
    "refuse_join_request": MODERATING,
    "make_invitation": MODERATING,
    "list_invitations": MODERATING,
    "revoke_invitation": MODERATING,
    "preview_invitation": {
        "direct": "N N N N N",
        **dict.fromkeys(("group", "listed", "public"), "A A F A A A A A A A A A"),
    },
    "silence": MODERATING,
    "unsilence": MODERATING,
    "list_silences": MODERATING,
    "ban": MODERATING,
    "unban": MODERATING,
    "list_bans": MODERATING,
    "list_reports": MODERATING,
    "take_report": A_REPORT,
    "resolve_report": A_REPORT,
    "list_audit": MODERATING,
    "list_webhooks": MODERATING,
    "make_incoming_webhook": MODERATING,
    "make_outgoing_webhook": MODERATING,
    "enable_webhook": MODERATING,
    "remove_webhook": MODERATING,
    "follow_invitation": {
        "direct": "N N N N N",
        **dict.fromkeys(("group", "listed", "public"), "A A F A A C C C C C C C"),
    },
}
"""In an order in which none takes away what a later one is about: whoever follows a link is in."""
CELLS = {(name, kind, standing): letter for name, rows in TABLE.items() for kind, standing, letter in cells(rows)}

OF_THE_SERVER = {
    "list_all_reports", "list_all_audit", "make_group", "change_group", "delete_group", "invite_to_server", "list_bots",
    "make_bot", "change_bot", "renew_bot", "remove_bot", "make_reset_link", "mail_invitation", "add_emoji",
    "remove_emoji",
}  # fmt: skip
"""Only an admin of the server may."""
ELSEWHERE = {"get_trace", "slash", "unsave_message"}
"""On a conversation, and with tests of their own: what was traced, what bots do, what is one's own."""
COMMAND_TAGS = {wish.command.__struct_config__.tag for wish in COMMANDS}


def test_every_route_on_a_conversation_is_listed() -> None:
    on_a_conversation = {name for name, (_, path) in OPERATIONS.items() if "{conversation_id}" in path}
    assert on_a_conversation - COMMAND_TAGS - ELSEWHERE <= set(TABLE)
    assert {name for name, (_, path) in OPERATIONS.items() if path.startswith("/v1/admin/")} <= OF_THE_SERVER
    assert all(set(rows) == set(KINDS) for rows in TABLE.values())


class Asking:
    """Requests about the conversation of a scene, right in everything but, perhaps, who asks."""

    def __init__(self, server: Server, scene: Scene) -> None:
        self._server = server
        self._scene = scene
        self._fields: dict[str, Any] = {}

    async def prepare(self, kind: str, standing: str) -> None:
        """Make the conversation, and in it what requests are about; nothing can be made in a pair."""
        scene = self._scene
        await scene.set(kind, standing)
        banned_id, asker_id = UserId(random_id()), UserId(random_id())
        self._fields = {
            "conversation_id": scene.here,
            "seq": scene.said.asked.seq,
            "user_id": scene.other.user_id,
            "invitation_id": 1,
            "token": "x" * 22,
            "report_id": 1,
            "webhook_id": 1,
            "banned_id": banned_id,
            "asker_id": asker_id,
        }
        async with scene.world.database.transaction() as connection:
            if kind != "direct":
                made = await links.make(connection, scene.ada, scene.here, NewInvitation())
                another = await links.make(connection, scene.ada, scene.here, NewInvitation())
                self._fields |= {"invitation_id": another.invitation_id, "token": made.token}
                await ban(connection, scene.here, banned_id, scene.ada.user_id)
            await reports.report(connection, scene.ada, scene.here, NewReport(seq=scene.said.asked.seq))
            await connection.execute(
                "insert into join_requests (conversation_id, user_id, words, created_at) values (%s, %s, '', now())",
                [scene.here, asker_id],
            )
            row = await connection.execute("select id from reports where conversation_id = %s", [scene.here])
            self._fields["report_id"] = (await row.fetchone() or (1,))[0]
        if kind != "direct":
            answer = await self.ask("make_outgoing_webhook", scene.ada)
            self._fields["webhook_id"] = answer.json()["webhook_id"]
            async with scene.world.database.transaction() as connection:
                await connection.execute("update outgoing_webhooks set disabled_at = now()")

    def know(self, **fields: Any) -> None:
        """Name what else paths hold."""
        self._fields |= fields

    async def ask(self, name: str, sender: Sender) -> Any:
        method, path = OPERATIONS[name]
        concerned = {
            "unban": {"user_id": self._fields["banned_id"]},
            "ban": {"user_id": self._scene.stranger.user_id},
            "refuse_join_request": {"user_id": self._fields["asker_id"]},
            "list_votes": {"seq": self._scene.said.poll},
        }.get(name, {})
        known = self._fields | concerned
        path = re.sub(r"\{(\w+)\}", lambda match: str(known[match[1]]), path)
        token, _ = self._server.parts.accounts.tokens.issue(sender.user_id, sender.device_id)
        body = {
            "seq": known["seq"],
            "until": "2027-01-01T00:00:00Z",
            "resolution": "nothing",
            "name": "a-name",
            "url": "https://example.com/",
            "client_id": str(uuid7()),
            "user_ids": [],
            "kind": "x",
            "scopes": ["read"],
            "address": "ada@example.org",
            "picture": base64.b64encode(png()).decode(),
        }
        more = {} if method in ("GET", "DELETE") else {"json": body}
        headers = {"Authorization": f"Bearer {token}"}
        return await self._server.http.request(method, path, headers=headers, **more)

    async def outcome_of(self, name: str) -> str:
        """Ask, and return the code of the refusal, or `allow`."""
        before = await self._scene.state()
        answer = await self.ask(name, self._scene.somebody)
        if answer.is_success:
            return "allow"
        assert await self._scene.state() == before, f"{name}: a refused request has changed nothing"
        code: str = answer.json()["code"]
        return code


@pytest.mark.promise("I1")
@pytest.mark.parametrize("kind", KINDS)
async def test_each_standing_may_ask_what_the_table_says(server: Server, database: Database, kind: str) -> None:
    wrong: dict[tuple[str, str], str] = {}
    async with speaking(database) as world:
        asking = Asking(server, Scene(world))
        for standing in (standing for scene_kind, standing in SCENES if scene_kind == kind):
            await asking.prepare(kind, standing)
            for name in TABLE:
                expected = LETTERS[CELLS[name, kind, standing]]
                outcome = await asking.outcome_of(name)
                if outcome != expected:
                    wrong[name, standing] = f"{outcome}, not {expected}"
    assert wrong == {}


async def test_what_concerns_the_server_is_for_its_admins(server: Server, database: Database) -> None:
    async with speaking(database) as world:
        scene = Scene(world)
        asking = Asking(server, scene)
        await asking.prepare("group", "owner")
        asking.know(group_id=random_id(), name=f"nobody{random_id()}")
        for name in OF_THE_SERVER:
            assert await asking.outcome_of(name) == "forbidden", name
        async with database.transaction() as connection:
            await connection.execute("update users set server_admin = true where id = %s", [scene.somebody.user_id])
        for name in OF_THE_SERVER:
            assert await asking.outcome_of(name) in {"allow", "not_found", "bad_request", "conflict"}, name
