"""Who may do what over HTTP with what is his own: slash commands, traces, saved and scheduled messages, lists.

Crossed with every standing, like the routes of a conversation; and no route stands in no table.
"""

import asyncio
import contextlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.standings import IN_A_PAIR, KINDS, SCENES, STANDINGS, Scene, cells
from contracts.test_authorization_callers import OPERATIONS
from contracts.test_authorization_routes import A_MESSAGE, COMMAND_TAGS, OF_THE_SERVER
from contracts.test_authorization_routes import TABLE as OF_A_CONVERSATION
from seriatim.core.ids import uuid7
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from speaking import speaking
from world import Server

LETTERS = {"A": "allow", "N": "not_found", "F": "forbidden", "H": "holds it", "-": "lacks it"}
"""H and -: a list of one's own is given, with something of this conversation in it or without."""
SPEAKING = {
    "direct": "N N F A A",
    #         out gst ban exb exa rea sil gue mem adm own las
    "group": "N N F F F A F A A A A A",
    "listed": "F N F F F A F A A A A A",
    "public": "F N F F F A F A A A A A",
}
IN_A_LIST = {"direct": "- - H H H", **dict.fromkeys(("group", "listed", "public"), "- - H H - H H H H H H H")}
TO_MEMBERS = IN_A_LIST | dict.fromkeys(("group", "listed", "public"), "- - - - - H H H H H H H")
"""What Ada says is nothing new to herself, the last owner."""
NEWS = {kind: row if kind == "direct" else row[:-1] + "-" for kind, row in TO_MEMBERS.items()}
WHAT_IS_READ = IN_A_LIST | {"public": "H - H H H H H H H H H H"}
NOT_ANOTHERS = {kind: " ".join("N" * len(IN_A_PAIR if kind == "direct" else STANDINGS)) for kind in KINDS}
TABLE: dict[str, dict[str, str]] = {
    "slash": SPEAKING,
    "get_trace": A_MESSAGE
    | {
        "group": "N N N N N A A A A A A A",
        "listed": "F N N N N A A A A A A A",
        "public": "A N N A A A A A A A A A",
    },
    "schedule": SPEAKING,
    "remind": A_MESSAGE,
    "change_scheduled": NOT_ANOTHERS,
    "cancel_scheduled": NOT_ANOTHERS,
    "dismiss_reminder": NOT_ANOTHERS,
    "list_channels": {
        "direct": "- - - - -",
        "group": "- - - - - - - - - - - -",
        **dict.fromkeys(("listed", "public"), "H - - H H H H - H H H H"),
    },
    "list_conversations": IN_A_LIST | dict.fromkeys(("group", "listed", "public"), "- - H H H H H H H H H H"),
    "list_unreads": NEWS,
    "list_followed_threads": TO_MEMBERS,
    "list_scheduled": {kind: re.sub("[NF]", "-", row).replace("A", "H") for kind, row in SPEAKING.items()},
    "list_reminders": WHAT_IS_READ,
    "list_saved": WHAT_IS_READ,
    "unsave_message": A_MESSAGE | {"listed": "N N A A N A A A A A A A"},
    "list_mentions": NEWS,
}
"""In an order in which what is made stands in the lists. Reminders and scheduled messages of another are not there."""
CELLS = {(name, kind, standing): letter for name, rows in TABLE.items() for kind, standing, letter in cells(rows)}
OWN_LISTS = {name for name in TABLE if name.startswith("list_")}
FILLED_WITHIN_S = 5.0
OF_ONE_PERSON = {
    "me", "change_me", "log_out", "log_out_everywhere", "find_users", "list_devices", "revoke_device", "rename_device",
    "block", "unblock", "list_blocks", "list_groups", "read_all", "get_settings", "change_settings", "my_presence",
    "set_presence", "set_slash_commands", "list_emoji", "get_mail", "set_mail_address", "remove_mail_address",
    "set_digest", "ask_export", "get_export",
}  # fmt: skip
"""Nothing in them is of a conversation: anybody who is signed in may ask, each about himself."""
SHOWN_ELSEWHERE = {"search"}
"""Who finds what is held, for each standing, against a search that looks word by word: properties/test_search.py."""
OF_ANYBODY = {
    "health", "sign_up", "log_in", "refresh", "ask_password_reset", "reset_password", "confirm_mail_address",
    "unsubscribe", "emoji_picture", "call_webhook", "download_export",
}  # fmt: skip
"""These need no token, or are one."""


def test_every_route_is_listed_once() -> None:
    tables = (
        COMMAND_TAGS & set(OPERATIONS),
        set(OF_A_CONVERSATION),
        set(TABLE),
        OF_THE_SERVER,
        OF_ONE_PERSON,
        OF_ANYBODY,
        SHOWN_ELSEWHERE,
    )
    listed = [name for table in tables for name in table]
    assert set(OPERATIONS) - set(listed) == set()
    assert len(listed) == len(set(listed))


class Asking:
    """Requests about the conversation of a scene and what is one's own; another's own stands beside it."""

    def __init__(self, server: Server, scene: Scene) -> None:
        self._server = server
        self._scene = scene
        self._fields: dict[str, Any] = {}

    async def prepare(self, kind: str, standing: str) -> None:
        """Make the conversation, in it what lists may hold, and what of another's `somebody` may want to have."""
        scene = self._scene
        await scene.set(kind, standing)
        self._soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        self._fields = {"conversation_id": scene.here, "seq": scene.said.asked.seq}
        self._traced = (await self.do("send", scene.ada)).json()["seq"]
        another = scene.other if scene.ada is scene.somebody else scene.ada
        scheduled, reminder = await self.do("schedule", another), await self.do("remind", another)
        self._fields["scheduled_id"] = scheduled.json()["scheduled_id"]
        self._fields["reminder_id"] = reminder.json()["reminder_id"]
        await self.do("save_message", scene.somebody)

    async def do(self, name: str, sender: Sender, **query: Any) -> Any:
        """Ask for it, with a body that is right in everything."""
        scene = self._scene
        here, seq = scene.here, self._traced if name == "get_trace" else scene.said.asked.seq
        known = self._fields | {"seq": seq}
        mentioned = scene.somebody.user_id
        key = {"conversation_id": here, "client_id": str(uuid7())}
        message = {"type": "send", "id": 1, "body": "later", **key}
        body = {
            "send": {
                "body": "traced",
                "trace": True,
                "thread_seq": scene.said.own,
                "broadcast": True,
                "mentions": [mentioned],
                **key,
            },
            "slash": {"name": "unknown", "text": "", **key},
            "schedule": {"message": message, "send_at": self._soon},
            "remind": {"conversation_id": here, "seq": seq, "remind_at": self._soon},
            "change_scheduled": {"send_at": self._soon},
        }.get(name)
        method, path = OPERATIONS[name]
        path = re.sub(r"\{(\w+)\}", lambda match: str(known[match[1]]), path)
        token, _ = self._server.parts.accounts.tokens.issue(sender.user_id, sender.device_id)
        headers = {"Authorization": f"Bearer {token}"}
        return await self._server.http.request(method, path, headers=headers, json=body, params=query)

    async def outcome_of(self, name: str, expected: str) -> str:
        """Ask, and return what came of it; a list that a follower fills may come a little later."""
        outcome = await self._outcome_of(name)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FILLED_WITHIN_S):
                while outcome != expected and name == "list_mentions":
                    outcome = await self._outcome_of(name)
        return outcome

    async def _outcome_of(self, name: str) -> str:
        answer = await self.do(name, self._scene.somebody)
        if name in OWN_LISTS and answer.is_success:
            while str(self._scene.here) not in answer.text and (after := answer.json().get("cursor")):
                answer = await self.do(name, self._scene.somebody, cursor=after)  # others' channels stand before it
            return "holds it" if str(self._scene.here) in answer.text else "lacks it"
        if answer.is_success:
            return "allow"
        problem = answer.json()
        is_asked_of_a_bot = problem.get("reason") == "slash"  # he may speak here, and no bot listens
        return "allow" if is_asked_of_a_bot else str(problem["code"])


@pytest.mark.promise("I1")
@pytest.mark.parametrize("kind", KINDS)
async def test_each_standing_has_of_his_own_what_the_table_says(server: Server, database: Database, kind: str) -> None:
    wrong: dict[tuple[str, str], str] = {}
    async with speaking(database) as world:
        asking = Asking(server, Scene(world))
        for standing in (standing for scene_kind, standing in SCENES if scene_kind == kind):
            await asking.prepare(kind, standing)
            for name in TABLE:
                expected = LETTERS[CELLS[name, kind, standing]]
                outcome = await asking.outcome_of(name, expected)
                if outcome != expected:
                    wrong[name, standing] = f"{outcome}, not {expected}"
    assert wrong == {}
