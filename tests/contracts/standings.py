"""A conversation of any kind, and somebody of any standing towards it: what the matrices of rights are crossed with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from seriatim.core.ids import ConversationId, UserId
from seriatim.features.moderation import blocking, members
from seriatim.protocol.answers import Sent
from seriatim.protocol.commands import Invite, Pin, React, Remove, SendMessage, SetRole, StartPoll
from seriatim.protocol.fields import ConversationKind, Role, Visibility
from seriatim.protocol.sender import Sender
from speaking import Speaking

DIRECT, GROUP, CHANNEL = ConversationKind
KINDS = {
    "direct": (DIRECT, Visibility.PRIVATE),
    "group": (GROUP, Visibility.PRIVATE),
    "listed": (CHANNEL, Visibility.LISTED),
    "public": (CHANNEL, Visibility.PUBLIC),
}
STANDINGS = (
    "outsider", "stranger_guest", "banned", "ex_before", "ex_after", "readded", "silenced", "guest", "member", "admin",
    "owner", "last_owner",
)  # fmt: skip
"""ex_before and ex_after ask for what was before and after they left; the owner has a second one beside him.

In a pair, whom the other has blocked is silenced."""
IN_A_PAIR = ("outsider", "stranger_guest", "silenced", "guest", "member")
THUMB = "\N{THUMBS UP SIGN}"


@dataclass
class Said:
    """Entries to act upon, by name; `own` is of somebody himself if he could say anything."""

    asked: Sent
    poll: int
    pinned: int
    own: int


@dataclass
class Scene:
    """The people of one cell: `somebody` has the standing, `other` is a plain member, `stranger` is nobody here."""

    world: Speaking
    ada: Sender = field(init=False)
    other: Sender = field(init=False)
    stranger: Sender = field(init=False)
    somebody: Sender = field(init=False)
    here: ConversationId = field(init=False)
    said: Said = field(init=False)

    async def set(self, kind: str, standing: str) -> None:
        """Make the conversation and bring `somebody` into his standing."""
        of_kind, visibility = KINDS[kind]
        self.ada, self.somebody, self.other, self.stranger = await self.world.people(4)
        if "guest" in standing:
            await self._make_guest(self.somebody.user_id)
        outside = standing in ("outsider", "stranger_guest")
        if of_kind is DIRECT:
            self.here = await self.world.make(self.ada, of_kind, self.other if outside else self.somebody)
        else:
            named = [self.other] if outside or standing == "last_owner" else [self.other, self.somebody]
            founder = self.somebody if standing == "last_owner" else self.ada
            self.here = await self.world.make(founder, of_kind, *named, visibility=visibility)
            self.ada = founder
        await self._become(of_kind, standing)

    async def _become(self, kind: ConversationKind, standing: str) -> None:
        who = {"user_id": self.somebody.user_id}
        if standing in ("admin", "owner"):
            await self.world.do(SetRole, self.ada, self.here, role=Role(standing), **who)
        if standing == "readded":
            await self.world.do(Remove, self.ada, self.here, **who)
            await self.world.do(Invite, self.ada, self.here, **who)
        self.said = await self._say(alone=standing in ("outsider", "stranger_guest"))
        if standing == "silenced":
            await self._silence(kind)
        if standing in ("banned", "ex_before", "ex_after"):
            await self.world.do(Remove, self.ada, self.here, ban=standing == "banned", **who)
        if standing == "ex_after":
            self.said.asked = await self._says(self.ada, "later words")

    async def _say(self, *, alone: bool) -> Said:
        asked = await self._says(self.ada, "words")
        pinned = await self._says(self.ada, "pinned words")
        await self.world.do(Pin, self.ada, self.here, target_seq=pinned.seq)
        poll = await self.world.do(StartPoll, self.ada, self.here, question="which", options=["one", "other"])
        own = asked.seq
        if not alone:
            own = (await self._says(self.somebody, "own words")).seq
            await self.world.do(React, self.somebody, self.here, target_seq=pinned.seq, emoji=THUMB)
        return Said(asked, poll.seq, pinned.seq, own)

    async def _silence(self, kind: ConversationKind) -> None:
        async with self.world.database.transaction() as connection:
            if kind is DIRECT:
                await blocking.block(connection, self.ada, self.somebody.user_id)
            else:
                until = datetime.now(UTC) + timedelta(hours=1)
                await members.silence(connection, self.ada, self.here, self.somebody.user_id, until)

    async def _says(self, sender: Sender, body: str) -> Sent:
        sent = await self.world.do(SendMessage, sender, self.here, body=body)
        assert isinstance(sent, Sent)
        return sent

    async def _make_guest(self, user_id: UserId) -> None:
        async with self.world.database.transaction() as connection:
            await connection.execute("update users set guest = true where id = %s", [user_id])

    async def state(self) -> Any:
        """Return all that a refused request must not have changed."""
        async with self.world.database.read() as connection:
            rows = await connection.execute(
                "select c::text,"
                " (select array_agg(m::text order by user_id) from members m where m.conversation_id = c.id),"
                " (select array_agg(b::text) from bans b where b.conversation_id = c.id),"
                " (select array_agg(r::text) from join_requests r where r.conversation_id = c.id),"
                " (select array_agg(i::text) from conversation_invitations i where i.conversation_id = c.id),"
                " (select array_agg(r::text) from reports r where r.conversation_id = c.id),"
                " (select count(*) from audit a where a.conversation_id = c.id) from conversations c where id = %s",
                [self.here],
            )
            return await rows.fetchall()


def cells(rows: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return (kind, standing, what is expected) of a row per kind, one letter a standing."""
    found: list[tuple[str, str, str]] = []
    for kind, row in rows.items():
        standings = IN_A_PAIR if kind == "direct" else STANDINGS
        found += [(kind, standing, letter) for standing, letter in zip(standings, row.split(), strict=True)]
    return found


SCENES = [(kind, standing) for kind in KINDS for standing in (IN_A_PAIR if kind == "direct" else STANDINGS)]
