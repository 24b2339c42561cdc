"""Who may do what: every command crossed with every standing in every kind of conversation; each cell is listed."""

from datetime import UTC, datetime
from typing import Any, NamedTuple, get_args

import pytest

from contracts.standings import KINDS, SCENES, THUMB, Scene, cells
from seriatim.core.errors import ChatError
from seriatim.core.ids import uuid7
from seriatim.core.trace import Hop, set_sink
from seriatim.features.own.draft import save_draft
from seriatim.features.own.set_mine import set_mine
from seriatim.gateway.commands import VERBS
from seriatim.protocol.answers import Compared, Page
from seriatim.protocol.commands import (
    AnswerSlash,
    AnyCommand,
    ClosePoll,
    Command,
    Compare,
    Create,
    Delete,
    Edit,
    Fetch,
    Focus,
    Forward,
    Hello,
    Invite,
    Join,
    Leave,
    Pin,
    Ping,
    React,
    Read,
    Remove,
    Renew,
    SendMessage,
    SetPresence,
    SetRole,
    SetSettings,
    Slash,
    StartPoll,
    Typing,
    Unpin,
    Unreact,
    Vote,
)
from seriatim.protocol.fields import ConversationKind, Role
from seriatim.protocol.own.commands import ReadAll, Received, SaveDraft, SetMine
from seriatim.storage.postgres.database import Database
from speaking import speaking

OF_THE_SESSION = {Hello, Ping, Focus, Typing, SetPresence, Renew, Received, ReadAll, Slash, AnswerSlash}
"""These change no conversation; they have tests of their own: who is no member is told nothing and tells nobody."""


class Wish(NamedTuple):
    """A command that is right in everything but, perhaps, its sender; `fields` names those of the scene."""

    command: type[Command]
    fields: str = ""


LETTERS = {"A": "allow", "N": "not_found", "F": "forbidden", "C": "conflict", "O": "nothing"}
"""O: allowed, and the answer holds nothing."""
CHANGES = {*VERBS, SendMessage, Forward}
"""What is allowed of these leaves another conversation behind."""

SPEAKING = {
    "direct": "N N F A A",
    #         out gst ban exb exa rea sil gue mem adm own las
    "group": "N N F F F A F A A A A A",
    "listed": "F N F F F A F A A A A A",
    "public": "F N F F F A F A A A A A",
}
PINNING = {
    "direct": "N N F A A",
    "group": "N N F F F F F F F A A A",
    "listed": "F N F F F F F F F A A A",
    "public": "F N F F F F F F F A A A",
}
MODERATING = PINNING | {"direct": "N N F F F"}
GOVERNING = {
    "direct": "N N F F F",
    "group": "N N F F F F F F F F A A",
    "listed": "F N F F F F F F F F A A",
    "public": "F N F F F F F F F F A A",
}
TO_HIMSELF = GOVERNING | {
    "group": "N N F F F F F F F F C C",
    "listed": "F N F F F F F F F F C C",
    "public": "F N F F F F F F F F C C",
}
"""An owner is one already; nobody else makes himself one."""
AUTHOR = GOVERNING | {
    "group": "N N F F F F F F F F F A",
    "listed": "F N F F F F F F F F F A",
    "public": "F N F F F F F F F F F A",
}
"""The last owner has said it himself; nobody edits what another has said."""
OWN = dict.fromkeys(("group", "listed", "public"), "N N A A A A A A A A A A") | {"direct": "N N A A A"}

TABLE: dict[Wish, dict[str, str]] = {
    Wish(Create): {"direct": "A F A F A", **dict.fromkeys(("group", "listed", "public"), "A F A A A A A F A A A A")},
    Wish(Fetch): {
        "direct": "N N A A A",
        "group": "N N A A O A A A A A A A",
        "listed": "F N A A O A A A A A A A",
        "public": "A N A A A A A A A A A A",
    },
    Wish(Compare): {
        "direct": "O O A A A",
        "group": "O O A A O A A A A A A A",
        "listed": "O O A A O A A A A A A A",
        "public": "A O A A A A A A A A A A",
    },
    Wish(Read): OWN,
    Wish(SetMine): OWN,
    Wish(SaveDraft): SPEAKING,
    Wish(SendMessage): SPEAKING,
    Wish(Forward): SPEAKING,
    Wish(StartPoll): SPEAKING,
    Wish(Edit): SPEAKING,
    Wish(Edit, "another's"): AUTHOR,
    Wish(Delete, "own"): SPEAKING,
    Wish(React): SPEAKING,
    Wish(Unreact): SPEAKING,
    Wish(Vote): SPEAKING,
    Wish(Pin): PINNING,
    Wish(Unpin): PINNING,
    Wish(Delete, "another's"): MODERATING,
    Wish(ClosePoll): MODERATING,
    Wish(Join): {
        "direct": "N N C C C",
        "group": "N N F F F C C C C C C C",
        "listed": "F N F F F C C C C C C C",
        "public": "A N F A A C C C C C C C",
    },
    Wish(Leave): {
        "direct": "N N F F F",
        "group": "N N F F F A A A A A A C",
        "listed": "F N F F F A A A A A A C",
        "public": "F N F F F A A A A A A C",
    },
    Wish(Invite): MODERATING,
    Wish(Remove): MODERATING,
    Wish(Remove, "ban"): MODERATING,
    Wish(SetSettings): MODERATING,
    Wish(SetRole): GOVERNING,
    Wish(SetRole, "himself an owner"): TO_HIMSELF,
    Wish(Invite, "an owner"): GOVERNING,
}
CELLS = {(wish, kind, standing): letter for wish, rows in TABLE.items() for kind, standing, letter in cells(rows)}


def test_every_command_is_listed() -> None:
    assert set(get_args(AnyCommand)) == OF_THE_SESSION | {wish.command for wish in TABLE}
    assert all(set(rows) == set(KINDS) for rows in TABLE.values())


@pytest.mark.promise("I1")
@pytest.mark.parametrize(("kind", "standing"), SCENES)
async def test_each_standing_may_do_what_the_table_says(database: Database, kind: str, standing: str) -> None:
    wrong: dict[str, str] = {}
    async with speaking(database) as world:
        scene = Scene(world)
        await scene.set(kind, standing)
        for wish in TABLE:
            expected = LETTERS[CELLS[wish, kind, standing]]
            outcome = await outcome_of(scene, wish)
            if outcome != expected:
                wrong[f"{wish.command.__name__} {wish.fields}"] = f"{outcome}, not {expected}"
            if outcome == "allow" and wish.command in CHANGES:
                await scene.set(kind, standing)
    assert wrong == {}


async def outcome_of(scene: Scene, wish: Wish) -> str:
    """Do it, and return the code of the refusal, `allow`, or `nothing` for an answer that holds nothing."""
    command = await command_of(scene, wish)
    before = await scene.state()
    hops: list[Hop] = []
    set_sink(hops.append)
    try:
        answer = await run(scene, command)
    except ChatError as refusal:
        outcome = refusal.code
        assert await scene.state() == before, f"{wish}: a refused command has changed nothing"
    else:
        outcome = "nothing" if isinstance(answer, Page | Compared) and not answer.entries else "allow"
    finally:
        set_sink(None)
    if wish.command in {*VERBS, Fetch, SaveDraft}:
        assert hops[0] is Hop.AUTHORIZE, f"{wish}: by the one table, before anything else"
        assert hops.count(Hop.AUTHORIZE) == 1, "append, compare and watermarks decide within their statement"
    return outcome


async def run(scene: Scene, command: Command) -> object:
    """Run a command of any kind as the person whose standing it is."""
    database, somebody = scene.world.database, scene.somebody
    match command:
        case SaveDraft():
            return await save_draft(command, somebody, database, lambda *_told: None)
        case SetMine():
            return await set_mine(command, somebody, database, lambda *_told: None)
        case _:
            return await scene.world.run(command, somebody)


async def command_of(scene: Scene, wish: Wish) -> Command:
    """Return what is wished, on the conversation of the scene."""
    said = scene.said
    asked = said.asked
    fields: dict[str, Any] = {"id": 1, "conversation_id": scene.here}
    if "client_id" in wish.command.__struct_fields__:
        fields["client_id"] = uuid7()
    if wish.command is Forward:
        notes = await scene.world.make(scene.stranger, ConversationKind.GROUP, scene.somebody)
        note = await scene.world.do(SendMessage, scene.stranger, notes, body="a note")
        fields |= {"source_conversation_id": notes, "source_seq": note.seq}
    fields |= {
        Fetch: {"after": asked.seq - 1},
        Read: {"seq": asked.seq},
        SetMine: {"pinned": True},
        SaveDraft: {"text": "perhaps", "changed_at": datetime.now(UTC)},
        SendMessage: {"body": "mine"},
        StartPoll: {"question": "which", "options": ["one", "other"]},
        Edit: {"target_seq": asked.seq if wish.fields else said.own, "body": "other words"},
        Delete: {"target_seq": said.own if wish.fields == "own" else asked.seq},
        React: {"target_seq": asked.seq, "emoji": THUMB},
        Unreact: {"target_seq": said.pinned, "emoji": THUMB},
        Pin: {"target_seq": asked.seq},
        Unpin: {"target_seq": said.pinned},
        Vote: {"target_seq": said.poll, "options": [0]},
        ClosePoll: {"target_seq": said.poll},
        Invite: {"user_ids": [scene.stranger.user_id], "role": Role.OWNER if wish.fields else Role.MEMBER},
        Remove: {"user_id": scene.other.user_id, "ban": wish.fields == "ban"},
        SetRole: {"user_id": scene.somebody.user_id, "role": Role.OWNER}
        if wish.fields
        else {"user_id": scene.other.user_id, "role": Role.ADMIN},
        SetSettings: {"title": "Another"},
        Create: {"kind": ConversationKind.GROUP},
        Compare: {"entries": [(scene.here, asked.seq, asked.client_id, asked.created_at)]},
    }.get(wish.command, {})
    if wish.command in (Create, Compare):
        del fields["conversation_id"]
    return wish.command(**fields)
