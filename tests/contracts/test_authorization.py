"""Who may do what: every command crossed with every standing in every kind of conversation; each cell is listed."""

from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest

from seriatim.core.errors import ChatError
from seriatim.core.ids import ConversationId, uuid7
from seriatim.core.trace import Hop, set_sink
from seriatim.protocol.answers import Compared, Ok, Page, Sent
from seriatim.protocol.commands import (
    AnyCommand,
    Command,
    Compare,
    Create,
    Fetch,
    Focus,
    Hello,
    Invite,
    Join,
    Leave,
    Ping,
    Read,
    Remove,
    Renew,
    SendMessage,
    SetPresence,
    SetRole,
    SetSettings,
    Typing,
)
from seriatim.protocol.fields import ConversationKind, Role, Visibility
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from speaking import Speaking, speaking

DIRECT, GROUP, CHANNEL = ConversationKind
PRIVATE, LISTED, PUBLIC = Visibility

OF_THE_SESSION = {Hello, Ping, Focus, Typing, SetPresence, Renew}
"""These change no conversation; they have tests of their own: who is no member is told nothing and tells nobody."""

KINDS = {
    "direct": (DIRECT, PRIVATE),
    "group": (GROUP, PRIVATE),
    "private_channel": (CHANNEL, PRIVATE),
    "public_channel": (CHANNEL, PUBLIC),
}
STANDINGS = ("outsider", "member", "admin", "owner", "last_owner", "ex_before", "ex_after", "readded")
"""ex_before and ex_after ask for what was before and after they left; the owner has a second one beside him."""

A, N, F, C, O = "allow", "not_found", "forbidden", "conflict", "nothing"  # noqa: E741 - a table is read by its letters
"""nothing: allowed, and the answer holds nothing."""
_ = None
"""There is nobody of this standing."""

TABLE: dict[type[Command], dict[str, tuple[str | None, ...]]] = {
    #                        outsider member admin owner last_owner ex_before ex_after readded
    Create: {
        "direct": (A, A, _, _, _, _, _, _),
        "group": (A, A, A, A, A, A, A, A),
        "private_channel": (A, A, A, A, A, A, A, A),
        "public_channel": (A, A, A, A, A, A, A, A),
    },
    Fetch: {
        "direct": (N, A, _, _, _, _, _, _),
        "group": (N, A, A, A, A, A, O, A),
        "private_channel": (N, A, A, A, A, A, O, A),
        "public_channel": (A, A, A, A, A, A, A, A),
    },
    Compare: {
        "direct": (O, A, _, _, _, _, _, _),
        "group": (O, A, A, A, A, A, O, A),
        "private_channel": (O, A, A, A, A, A, O, A),
        "public_channel": (A, A, A, A, A, A, A, A),
    },
    Read: {
        "direct": (N, A, _, _, _, _, _, _),
        "group": (N, A, A, A, A, A, A, A),
        "private_channel": (N, A, A, A, A, A, A, A),
        "public_channel": (N, A, A, A, A, A, A, A),
    },
    SendMessage: {
        "direct": (N, A, _, _, _, _, _, _),
        "group": (N, A, A, A, A, F, F, A),
        "private_channel": (N, A, A, A, A, F, F, A),
        "public_channel": (F, A, A, A, A, F, F, A),
    },
    Join: {
        "direct": (N, C, _, _, _, _, _, _),
        "group": (N, C, C, C, C, F, F, C),
        "private_channel": (N, C, C, C, C, F, F, C),
        "public_channel": (A, C, C, C, C, A, A, C),
    },
    Leave: {
        "direct": (N, F, _, _, _, _, _, _),
        "group": (N, A, A, A, C, F, F, A),
        "private_channel": (N, A, A, A, C, F, F, A),
        "public_channel": (F, A, A, A, C, F, F, A),
    },
    Invite: {
        "direct": (N, F, _, _, _, _, _, _),
        "group": (N, F, A, A, A, F, F, F),
        "private_channel": (N, F, A, A, A, F, F, F),
        "public_channel": (F, F, A, A, A, F, F, F),
    },
    Remove: {
        "direct": (N, F, _, _, _, _, _, _),
        "group": (N, F, A, A, A, F, F, F),
        "private_channel": (N, F, A, A, A, F, F, F),
        "public_channel": (F, F, A, A, A, F, F, F),
    },
    SetRole: {
        "direct": (N, F, _, _, _, _, _, _),
        "group": (N, F, F, A, A, F, F, F),
        "private_channel": (N, F, F, A, A, F, F, F),
        "public_channel": (F, F, F, A, A, F, F, F),
    },
    SetSettings: {
        "direct": (N, F, _, _, _, _, _, _),
        "group": (N, F, A, A, A, F, F, F),
        "private_channel": (N, F, A, A, A, F, F, F),
        "public_channel": (F, F, A, A, A, F, F, F),
    },
}
CELLS = [
    pytest.param(command, kind, standing, expected, id=f"{command.__name__}-{kind}-{standing}")
    for command, kinds in TABLE.items()
    for kind, row in kinds.items()
    for standing, expected in zip(STANDINGS, row, strict=True)
    if expected is not None
]


class Scene:
    """A conversation, somebody of one standing towards it, and a plain member to act upon."""

    def __init__(self, world: Speaking) -> None:
        self.world = world
        self.other: Sender
        self.stranger: Sender
        self.somebody: Sender
        self.conversation_id: ConversationId
        self.asked: tuple[int, Sent]

    async def set(self, kind: str, standing: str) -> None:
        """Make the conversation and bring `somebody` into his standing."""
        world = self.world
        ada, self.somebody, self.other, self.stranger = await world.people(4)
        of_kind, visibility = KINDS[kind]
        if of_kind is DIRECT:
            pair = self.somebody if standing == "member" else self.other
            self.conversation_id = await world.make(ada, of_kind, pair)
        elif standing == "last_owner":
            self.conversation_id = await world.make(self.somebody, of_kind, self.other, visibility=visibility)
            ada = self.somebody
        else:
            named = [self.other] if standing == "outsider" else [self.other, self.somebody]
            self.conversation_id = await world.make(ada, of_kind, *named, visibility=visibility)
        who = {"user_id": self.somebody.user_id}
        if standing in ("admin", "owner"):
            await world.do(SetRole, ada, self.conversation_id, role=Role(standing), **who)
        asked = await self._says(ada)
        if standing in ("ex_before", "ex_after", "readded"):
            await world.do(Remove, ada, self.conversation_id, **who)
        if standing == "readded":
            await world.do(Invite, ada, self.conversation_id, **who)
        if standing in ("ex_after", "readded"):
            asked = await self._says(ada)
        self.asked = (asked.seq, asked)

    async def _says(self, sender: Sender) -> Sent:
        sent = await self.world.do(SendMessage, sender, self.conversation_id, body="words")
        assert isinstance(sent, Sent)
        return sent

    def command(self, command: type[Command]) -> Command:
        """Return a command that is right in everything but, perhaps, its sender."""
        fields: dict[str, Any] = {"id": 1, "conversation_id": self.conversation_id}
        if "client_id" in command.__struct_fields__:
            fields["client_id"] = uuid7()
        seq, sent = self.asked
        fields |= {
            Fetch: {"after": seq - 1},
            Read: {"seq": seq},
            SendMessage: {"body": "mine"},
            Invite: {"user_id": self.stranger.user_id},
            Remove: {"user_id": self.other.user_id},
            SetRole: {"user_id": self.other.user_id, "role": Role.ADMIN},
            SetSettings: {"title": "Another"},
            Create: {"kind": GROUP},
            Compare: {"entries": [(self.conversation_id, seq, sent.client_id, sent.created_at)]},
        }.get(command, {})
        if command in (Create, Compare):
            del fields["conversation_id"]
        return command(**fields)

    async def state(self) -> object:
        """Return all that a refused command must not have changed."""
        async with self.world.database.read() as connection:
            rows = await connection.execute(
                "select c::text, (select array_agg(m::text order by user_id) from members m"
                " where conversation_id = c.id) from conversations c where id = %s",
                [self.conversation_id],
            )
            return await rows.fetchall()


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    async with speaking(database) as world:
        yield Scene(world)


def test_every_command_is_listed() -> None:
    assert set(get_args(AnyCommand)) == OF_THE_SESSION | set(TABLE)
    assert all(set(kinds) == set(KINDS) for kinds in TABLE.values())


@pytest.mark.promise("I1")
@pytest.mark.parametrize(("command", "kind", "standing", "expected"), CELLS)
async def test_each_standing_may_do_what_the_table_says(
    scene: Scene, command: type[Command], kind: str, standing: str, expected: str
) -> None:
    await scene.set(kind, standing)
    wish = scene.command(command)
    before = await scene.state()
    hops: list[Hop] = []
    set_sink(hops.append)
    try:
        answer = await scene.world.run(wish, scene.somebody)
    except ChatError as refusal:
        outcome = refusal.code
        assert await scene.state() == before, "a refused command has changed nothing"
    else:
        outcome = A if holds_something(answer) else O
    finally:
        set_sink(None)
    assert outcome == expected
    if command not in (Create, Compare, Read, SendMessage):
        assert hops[0] is Hop.AUTHORIZE, "by the one table, before anything else"
        assert hops.count(Hop.AUTHORIZE) == 1, "append, compare and watermarks decide within their statement"


def holds_something(answer: Sent | Ok | Page | Compared) -> bool:
    """Say whether an answer shows anything of the conversation."""
    return bool(answer.entries) if isinstance(answer, Page | Compared) else True
