"""Membership crossed with history: whatever happens, each user sees what a naive model says, through every door."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from seriatim.core.errors import ChatError, Forbidden, NotFound
from seriatim.core.ids import ConversationId
from seriatim.features.conversations import store
from seriatim.features.moderation.members import lift_ban
from seriatim.log.heads import HeadsAsk, heads
from seriatim.protocol.answers import FLAG_LEFT, Compared, Page
from seriatim.protocol.commands import (
    Compare,
    Fetch,
    Invite,
    Join,
    Leave,
    Read,
    Remove,
    SendMessage,
    SetRole,
    SetSettings,
)
from seriatim.protocol.fields import ConversationKind, History, Role, Visibility
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from speaking import Speaking, speaking

HISTORIES = settings(max_examples=20, stateful_step_count=25, deadline=None, phases=(Phase.explicit, Phase.generate))
"""Not shrunk: on a real database that takes minutes, and a history of 25 steps is short enough to read."""
PEOPLE = 3
people = st.integers(0, PEOPLE - 1)
actors = st.sampled_from([0, 0, 1, 2])
"""The owner acts more often than the others: else most commands would be refused."""
places = st.integers(0, 1)


@dataclass
class Range:
    """What one user may read of a conversation: first..last, last growing while he is a member (`left` is None)."""

    first: int
    left: int | None = None
    title: str | None = None
    """Of ex-members: the title when they left."""


@dataclass
class Model:
    """A conversation as a list of facts, and who may see which part of it."""

    title: str
    public: bool = False
    history: History | None = None
    banned: set[int] = field(default_factory=set)
    entries: list[tuple[int, str]] = field(default_factory=list)
    keys: dict[int, Any] = field(default_factory=dict)
    ranges: dict[int, Range] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether who reads it reads it from the first entry on."""
        return self.public if self.history is None else self.history is History.ALL

    def reads(self, who: int) -> bool:
        """Whether this person reads all of it without being a member."""
        return self.public and self.whole and who not in self.banned

    def visible(self, who: int) -> list[int]:
        """Return the seqs this person sees."""
        own = self.ranges.get(who)
        if self.reads(who):
            return [seq for seq, _ in self.entries]
        if own is None:
            return []
        last = len(self.entries) if own.left is None else own.left
        first = 1 if self.whole else own.first
        return [seq for seq, _ in self.entries if first <= seq <= last]

    def stored(self, sent: Any, what: str) -> None:
        """Take an entry that was acked; the log has no gaps."""
        assert sent.seq == len(self.entries) + 1
        self.entries.append((sent.seq, what))
        self.keys[sent.seq] = (sent.client_id, sent.created_at)


class VisibilityMachine(RuleBasedStateMachine):
    """Two conversations, three people, any order of commands by anybody; refusals change nothing in the model."""

    dsn: str

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.database = Database(self.dsn)
        self.running = speaking(self.database)
        self.world: Speaking = self.runner.run(self._start())
        self.people: list[Sender] = self.runner.run(self.world.people(PEOPLE))
        self.ids: list[ConversationId] = []
        self.models: list[Model] = []
        self.touched: set[int] = set()
        """The conversations that a command went to since the last look."""

    async def _start(self) -> Speaking:
        await self.database.open()
        return await self.running.__aenter__()

    async def _stop(self) -> None:
        await self.running.__aexit__(None, None, None)
        await self.database.close()

    def teardown(self) -> None:
        self.runner.run(self._stop())
        self.runner.close()

    @initialize(named=st.lists(st.integers(1, PEOPLE - 1), max_size=2, unique=True), public=st.booleans())
    def begin(self, named: list[int], *, public: bool) -> None:
        for kind in (ConversationKind.GROUP, ConversationKind.CHANNEL):
            is_public = public and kind is ConversationKind.CHANNEL
            visibility = Visibility.PUBLIC if is_public else Visibility.PRIVATE
            members = [self.people[who] for who in named]
            place = self.runner.run(
                self.world.make(self.people[0], kind, *members, title="first", visibility=visibility)
            )
            model = Model("first", is_public, ranges={who: Range(1) for who in {0, *named}})
            page: Page = self.runner.run(self.world.do(Fetch, self.people[0], place))
            model.stored(page.entries[0], "conversation_created")
            self.ids.append(place)
            self.models.append(model)
        self.touched = {0, 1}

    @rule(
        verb=st.sampled_from(
            ["talk", "talk", "invite", "remove", "remove", "leave", "join", "rename", "history", "history", "others"]
        ),
        who=actors,
        other=people,
        place=places,
        fields=st.fixed_dictionaries(
            {
                "verb": st.sampled_from(["set_role", "open_or_close", "read", "unban"]),
                "history": st.sampled_from([History.JOINED, History.JOINED, History.ALL]),
                "ban": st.booleans(),
                "role": st.sampled_from(Role),
                "title": st.sampled_from(["second", "third"]),
                "visibility": st.sampled_from(Visibility),
                "seq": st.integers(1, 40),
            }
        ),
    )
    def act(self, verb: str, who: int, other: int, place: int, fields: dict[str, Any]) -> None:
        """Let somebody do something: one rule, for hypothesis would leave whole rules out of most histories."""
        match verb:
            case "talk":
                self.talk(place)
            case "invite":
                self.invite(who, other, place)
            case "remove":
                self.remove(who, other, place, ban=fields["ban"])
            case "leave":
                self.leave(other, place)
            case "join":
                self.join(other, place)
            case "rename":
                self.rename(who, place, fields["title"])
            case "history":
                self.set_history(0, place, fields["history"])
            case _:
                self.act_rarely(who, other, place, fields)

    def act_rarely(self, who: int, other: int, place: int, fields: dict[str, Any]) -> None:
        match fields["verb"]:
            case "set_role":
                self.set_role(who, other, fields["role"], place)
            case "open_or_close":
                self.open_or_close(who, fields["visibility"])
            case "unban":
                self.unban(who, other, place)
            case _:
                self.read(other, place, fields["seq"])

    def attempt(self, command: type[Any], who: int, place: int, what: str, **fields: Any) -> Model | None:
        """Run a command; return the model with its entry if it was stored, None if it was refused."""
        model = self.models[place]
        self.touched.add(place)
        try:
            sent = self.runner.run(self.world.do(command, self.people[who], self.ids[place], **fields))
        except ChatError:
            return None
        model.stored(sent, what)
        return model

    def send(self, who: int, place: int) -> None:
        model = self.attempt(SendMessage, who, place, "message_sent", body="words")
        own = self.models[place].ranges.get(who)
        assert (model is not None) == (own is not None and own.left is None), "exactly the present members send"

    def talk(self, place: int) -> None:
        """Let every member say something: most of a history is messages."""
        for who in range(PEOPLE):
            self.send(who, place)

    def invite(self, who: int, other: int, place: int) -> None:
        self._entered(self.attempt(Invite, who, place, "member_added", user_id=self.people[other].user_id), other)

    def join(self, who: int, place: int) -> None:
        open_to_him = self.models[place].public and who not in self.models[place].banned
        model = self.attempt(Join, who, place, "member_added")
        assert model is None or open_to_him, "only what is public can be joined, and by nobody who is banned"
        self._entered(model, who)

    def leave(self, who: int, place: int) -> None:
        self._left(self.attempt(Leave, who, place, "member_left"), who)

    def remove(self, who: int, other: int, place: int, *, ban: bool) -> None:
        model = self.attempt(Remove, who, place, "member_left", user_id=self.people[other].user_id, ban=ban)
        self._left(model, other)
        if model is not None and ban:
            model.banned.add(other)

    def unban(self, who: int, other: int, place: int) -> None:
        self.touched.add(place)
        try:
            self.runner.run(self._lift_ban(who, other, place))
        except ChatError:
            return
        self.models[place].banned.remove(other)

    async def _lift_ban(self, who: int, other: int, place: int) -> None:
        async with self.database.transaction() as connection:
            await lift_ban(connection, self.people[who], self.ids[place], self.people[other].user_id)

    def set_role(self, who: int, other: int, role: Role, place: int) -> None:
        self.attempt(SetRole, who, place, "role_changed", user_id=self.people[other].user_id, role=role)

    def rename(self, who: int, place: int, title: str) -> None:
        model = self.attempt(SetSettings, who, place, "settings_changed", title=title)
        if model is not None:
            model.title = title

    def open_or_close(self, who: int, visibility: Visibility) -> None:
        model = self.attempt(SetSettings, who, 1, "settings_changed", visibility=visibility)
        if model is not None:
            model.public = visibility is Visibility.PUBLIC

    def set_history(self, who: int, place: int, history: History) -> None:
        model = self.attempt(SetSettings, who, place, "settings_changed", history=history)
        if model is not None:
            model.history = history

    def read(self, who: int, place: int, seq: int) -> None:
        try:
            self.runner.run(self.world.do(Read, self.people[who], self.ids[place], seq=seq))
        except NotFound:
            assert who not in self.models[place].ranges

    def _entered(self, model: Model | None, who: int) -> None:
        if model is not None:
            own = model.ranges.get(who)
            assert own is None or own.left is not None, "nobody becomes a member twice"
            assert who not in model.banned
            model.ranges[who] = Range(1 if model.whole else len(model.entries))

    def _left(self, model: Model | None, who: int) -> None:
        if model is not None:
            own = model.ranges[who]
            assert own.left is None
            own.left, own.title = len(model.entries), model.title

    @precondition(lambda self: self.models)
    @invariant()
    def everybody_sees_his_part_through_every_door(self) -> None:
        for who in range(PEOPLE):
            listed = self.runner.run(self._listed(who))
            for place in self.touched:
                model = self.models[place]
                expected = model.visible(who)
                assert self.runner.run(self._doors(who, place)) == [expected] * 4, (who, place)
                self._check_list(listed.get(self.ids[place]), model, who)
        self.touched.clear()

    async def _doors(self, who: int, place: int) -> list[list[int]]:
        """Return the seqs seen through the newest page, pages forwards, pages backwards, and compare."""
        person, conversation_id, model = self.people[who], self.ids[place], self.models[place]

        async def page(**asked: int) -> Page | None:
            try:
                return await self.world.do(Fetch, person, conversation_id, **asked)
            except (NotFound, Forbidden):
                return None

        newest = await page(limit=200)
        forwards, after = list[int](), 0
        while (found := await page(after=after, limit=8)) and found.entries:
            forwards += [entry.seq for entry in found.entries]
            after = forwards[-1]
        backwards, before = list[int](), 10_000
        while before > 1 and (found := await page(before=before, limit=9)) and found.entries:
            backwards = [entry.seq for entry in found.entries] + backwards
            before = backwards[0]
        asked = [(conversation_id, seq, *key) for seq, key in model.keys.items()]
        compared = await self.world.run(Compare(id=1, entries=asked), person)
        assert isinstance(compared, Compared)
        return [
            [entry.seq for entry in newest.entries] if newest else [],
            forwards,
            backwards,
            [seq for _, seq, *_ in compared.entries],
        ]

    async def _listed(self, who: int) -> dict[ConversationId, tuple[Any, Any]]:
        """Return each listed conversation with the row of its head."""
        user_id = self.people[who].user_id
        async with self.world.database.read() as connection:
            rows = await store.conversations_page(connection, user_id, store.NEWEST, 10)
            (answer,) = await heads(connection, [HeadsAsk(user_id, None)])
        by_id = {row.conversation_id: row for row in answer.rows}
        assert set(by_id) == {row.conversation_id for row in rows}
        return {row.conversation_id: (store.conversation_of(row), by_id[row.conversation_id]) for row in rows}

    def _check_list(self, found: tuple[Any, Any] | None, model: Model, who: int) -> None:
        own = model.ranges.get(who)
        assert (found is None) == (own is None), "the list has what he is or was a member of"
        if found is None or own is None:
            return
        conversation, head = found
        last = len(model.entries) if own.left is None else own.left
        visible = set(model.visible(who))
        readable = [seq for seq, what in model.entries if what == "message_sent" and seq in visible]
        assert (conversation.last and conversation.last.seq) == (readable[-1] if readable else None)
        assert conversation.title == (model.title if own.left is None or model.reads(who) else own.title)
        assert (conversation.head, conversation.unread, conversation.read) == (head.head, head.unread, head.read)
        assert conversation.head == last
        assert (conversation.flags == FLAG_LEFT, conversation.role is None) == (own.left is not None,) * 2


@pytest.mark.promise("I1")
def test_each_user_sees_exactly_his_part_of_the_log(postgres_dsn: str) -> None:
    machine = type("Machine", (VisibilityMachine,), {"dsn": postgres_dsn})
    run_state_machine_as_test(machine, settings=HISTORIES)
