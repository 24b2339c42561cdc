"""State is the fold of the log: a page and the entries after it make what a fresh page tells (promise L6).

Random histories over every command that makes an entry, on the real log; the union of commands is where the cases come
from, so that a new command without a case fails. Devices that read parts of the log at different times, and then get
every entry since the first of these, must agree with a page that is read at the end; and what badges tell must be a
recount of that page (promise D5).
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple, get_args

import pytest
from hypothesis import settings
from msgspec.structs import replace

from pictures import custom_emoji
from seriatim.core.errors import ChatError
from seriatim.core.ids import ConversationId, UserId, uuid7
from seriatim.log.access import Action, authorize
from seriatim.log.heads import HeadsAsk, heads
from seriatim.log.read import page
from seriatim.log.watermarks import move_marks
from seriatim.protocol import commands
from seriatim.protocol.commands import AnyCommand, Command, Fetch
from seriatim.protocol.entries import ENTRY_TYPES, Entry, EntryFields, MessageEdited, MessageSent, PollStarted
from seriatim.protocol.fields import ConversationKind, LeastRole, Role
from seriatim.protocol.messages import fold
from seriatim.protocol.messages.command import EntryCommand
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from speaking import Speaking, speaking

DEEDS = 40
HISTORIES = 50
"""So many histories are one part; each kind of change meets what it changes in them."""
PARTS = max(1, settings().max_examples // 100)
"""1,000 histories with `--hypothesis-profile=search`."""
EMOJI = ("👍", "❤️", "😂", "🇩🇪", ":parrot:")
MAKES_ENTRIES = {command for command in get_args(AnyCommand) if issubclass(command, EntryCommand)}


class Badge(NamedTuple):
    """Up to where somebody has read, and how much above that is unread and mentions him."""

    read: int
    unread: int
    mentions: int


class History:
    """A group of three who stay and two who come and go, and all that was told of it, in order."""

    def __init__(self, world: Speaking, random: Random) -> None:
        self.world = world
        self.random = random
        self.people: list[Sender] = []
        self.here = ConversationId(0)
        self.there = ConversationId(0)

    async def begin(self) -> None:
        await custom_emoji(self.world.database, "parrot")
        self.people = await self.world.people(5)
        ada, bob, carol = self.people[:3]
        self.there = await self.world.make(bob, ConversationKind.GROUP, ada, carol)
        for body in ("one", "two"):
            await self.world.do(commands.SendMessage, bob, self.there, body=body)
        self.here = await self.world.make(ada, ConversationKind.GROUP, bob, carol)

    @property
    def told(self) -> dict[int, Entry]:
        """What was published of this conversation, by seq."""
        return {one.entry.seq: one.entry for one in self.world.published if one.entry.conversation_id == self.here}

    def any_seq(self, *kinds: type[EntryFields]) -> int:
        """Return an entry of these kinds, more often a late one, and rarely one that is of none."""
        of_kind = [entry.seq for entry in self.told.values() if isinstance(entry, kinds)]
        if not of_kind or self.random.random() < 0.03:
            return self.random.randint(1, len(self.told) + 1)
        return self.random.choice(of_kind[-6:])

    def who(self) -> UserId:
        return self.random.choice(self.people).user_id

    async def happen(self) -> None:
        """Let somebody do something, wise or not; what is refused changes nothing."""
        command = self.random.choices(list(CASES), [weight for weight, _ in CASES.values()])[0]
        fields = CASES[command][1](self)
        sender = self.people[0] if self.random.random() < 0.4 else self.random.choice(self.people)
        if command is commands.Leave:
            sender = self.people[3]  # readers stay
        try:
            await self.world.run(command(id=1, client_id=uuid7(), **fields), sender)
        except ChatError as refusal:
            assert refusal.code not in ("internal", "unavailable"), refusal  # noqa: PT017 - refusals are part of it

    async def read(self, reader: Sender) -> None:
        """Let somebody read up to somewhere."""
        seq = self.random.randint(1, len(self.told))
        async with self.world.database.transaction() as connection:
            await move_marks(connection, [(self.here, reader.user_id, seq)])

    async def badge(self, user_id: UserId) -> Badge:
        """Return what his devices are told."""
        async with self.world.database.read() as connection:
            (answer,) = await heads(connection, [HeadsAsk(user_id, None)])
        (row,) = [row for row in answer.rows if row.conversation_id == self.here]
        return Badge(row.read, row.unread, row.mentions)

    async def page(self, reader: Sender) -> list[Entry]:
        """Return everything that the reader may see, as it is now."""
        async with self.world.database.read() as connection:
            access = await authorize(connection, reader.user_id, self.here, Action.READ)
            found: list[Entry] = []
            while len(found) < access.last_seq:
                wish = Fetch(id=1, conversation_id=self.here, after=len(found), limit=200)
                found += (await page(connection, access, wish, reader.user_id, "epoch")).entries
        return found


Case = Callable[[History], dict[str, Any]]


def on_target(*kinds: type[EntryFields], **more: Callable[[History], Any]) -> Case:
    def fields(history: History) -> dict[str, Any]:
        named = {name: make(history) for name, make in more.items()}
        return {"conversation_id": history.here, "target_seq": history.any_seq(*kinds)} | named

    return fields


def here(**more: Callable[[History], Any]) -> Case:
    return lambda history: {"conversation_id": history.here} | {name: make(history) for name, make in more.items()}


def send(history: History) -> dict[str, Any]:
    fields: dict[str, Any] = {"conversation_id": history.here, "body": f"words {history.random.random()}"}
    if history.random.random() < 0.3:
        fields |= {"thread_seq": history.any_seq(MessageSent), "broadcast": history.random.random() < 0.3}
    if history.random.random() < 0.2:
        fields |= {"mentions": (history.who(),)}
    if history.random.random() < 0.2:
        fields |= {"target_seq": history.any_seq(MessageSent)}
    return fields


def emoji(history: History) -> str:
    return history.random.choice(EMOJI)


def options(history: History) -> list[int]:
    return history.random.sample(range(3), history.random.choice((0, 1, 1, 1, 2)))


CASES: dict[type[Command], tuple[int, Case]] = {
    commands.SendMessage: (9, send),
    commands.Edit: (6, on_target(MessageSent, body=lambda history: f"edited {history.random.random()}")),
    commands.Delete: (2, on_target(MessageSent, PollStarted)),
    commands.React: (8, on_target(MessageSent, PollStarted, emoji=emoji)),
    commands.Unreact: (6, on_target(MessageSent, PollStarted, emoji=emoji)),
    commands.Pin: (3, on_target(MessageSent, PollStarted)),
    commands.Unpin: (3, on_target(MessageSent, PollStarted)),
    commands.Forward: (
        2,
        here(
            source_conversation_id=lambda history: history.there,
            source_seq=lambda history: history.random.randint(1, 4),
        ),
    ),
    commands.StartPoll: (
        2,
        here(
            question=lambda _: "When?",
            options=lambda _: ["a", "b", "c"],
            multiple=lambda history: history.random.random() < 0.5,
            anonymous=lambda history: history.random.random() < 0.3,
        ),
    ),
    commands.Vote: (6, on_target(PollStarted, options=options)),
    commands.ClosePoll: (1, on_target(PollStarted)),
    commands.Create: (1, lambda history: {"kind": ConversationKind.GROUP, "members": [history.who()]}),
    commands.Join: (1, here()),
    commands.Leave: (2, here()),
    commands.Invite: (2, here(user_ids=lambda history: [person.user_id for person in history.people[3:]])),
    commands.Remove: (1, here(user_id=lambda history: history.people[history.random.randint(3, 4)].user_id)),
    commands.SetRole: (
        2,
        here(
            user_id=lambda history: history.people[1].user_id, role=lambda h: h.random.choice((Role.ADMIN, Role.MEMBER))
        ),
    ),
    commands.SetSettings: (
        2,
        here(title=lambda history: f"title {history.random.random()}", pin_role=lambda _: LeastRole.MEMBER),
    ),
}


@dataclass
class Device:
    """What a device holds: parts of pages, read at different times, and every entry since."""

    reader: UserId
    entries: dict[int, Entry] = field(default_factory=dict[int, Entry])

    def entry(self, seq: int) -> Entry | None:
        return self.entries.get(seq)

    def edits(self, target_seq: int) -> Iterable[MessageEdited]:
        return [
            entry
            for entry in self.entries.values()
            if isinstance(entry, MessageEdited) and entry.target_seq == target_seq
        ]

    def apply(self, entry: Entry) -> None:
        """Take an entry as the link hands it out: in order, each once."""
        self.entries.setdefault(entry.seq, entry)
        for changed in fold.fold(self, entry, self.reader):
            self.entries[changed.seq] = changed


@dataclass(frozen=True)
class Part:
    """A part of a page: the entries `first..last` as they were when `head` was the last."""

    first: int
    last: int
    head: int
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Recorded:
    """What one reader could be told of a history: pages at some times, every event, and the page at the end."""

    seed: int
    reader: UserId
    parts: Sequence[Part]
    events: Sequence[Entry]
    fresh: Sequence[Entry]
    badge: Badge | None = None
    """What the reader was told at the end; stories for other clients need none."""

    def folded(self, kinds: Iterable[type[EntryFields]] = ENTRY_TYPES) -> list[Entry]:
        """Return what a device holds at the end that folds entries of these kinds."""
        device = Device(self.reader)
        start = self.parts[0].head
        for part in self.parts:
            for entry in part.entries:
                device.entries[entry.seq] = entry
        for entry in self.events:
            if entry.seq <= start:
                continue
            if isinstance(entry, tuple(kinds)):
                device.apply(entry)
            else:
                device.entries.setdefault(entry.seq, entry)
        return [told_alike(device.entries[seq]) for seq in sorted(device.entries)]

    def recounted(self, kinds: Iterable[type[EntryFields]] = ENTRY_TYPES) -> tuple[int, int]:
        """Return how many entries of these kinds are unread in the main timeline, and in how many he is mentioned."""
        assert self.badge is not None
        counted = [entry for entry in self.fresh if isinstance(entry, tuple(kinds)) and entry.seq > self.badge.read]
        unread = [entry for entry in counted if isinstance(entry, PollStarted) or is_in_main(entry)]
        named = [one for one in unread if isinstance(one, MessageSent) and {0, self.reader} & set(one.mentions)]
        return len(unread), len(named)

    def told(self) -> list[Entry]:
        """Return the same entries as the page at the end tells them."""
        return [told_alike(entry) for entry in self.fresh]


def is_in_main(entry: Entry) -> bool:
    """Say whether it is a message of the main timeline."""
    return isinstance(entry, MessageSent) and (entry.thread_seq is None or entry.broadcast)


def told_alike(entry: Entry) -> Entry:
    """Return the entry without what an anonymous poll tells in pages only: one's own choice."""
    if isinstance(entry, PollStarted) and entry.anonymous:
        return replace(entry, chosen=())
    return entry


async def recorded(world: Speaking, seed: int) -> list[Recorded]:
    """Let a history happen, and return what its three readers who stay could be told."""
    world.published.clear()
    random = Random(seed)
    history = History(world, random)
    await history.begin()
    readers = history.people[:3]
    parts: dict[Sender, list[Part]] = {reader: [] for reader in readers}
    for deed in range(DEEDS):
        for reader in readers:
            if deed == DEEDS // 4 or (parts[reader] and random.random() < 0.1):
                entries = await history.page(reader)
                first = 1 if not parts[reader] else random.randint(1, len(entries))
                last = len(entries) if not parts[reader] else random.randint(first, len(entries))
                parts[reader].append(Part(first, last, len(entries), entries[first - 1 : last]))
        await history.happen()
        if random.random() < 0.2:
            await history.read(random.choice(readers))
    told = history.told
    events = [told[seq] for seq in sorted(told)]
    assert [entry.seq for entry in events] == list(range(1, len(events) + 1))
    return [
        Recorded(
            seed, reader.user_id, parts[reader], events, await history.page(reader), await history.badge(reader.user_id)
        )
        for reader in readers
    ]


@pytest.fixture(scope="module")
def histories(postgres_dsn: str) -> list[Recorded]:
    """Return the recorded histories of the first part."""
    return part_of(postgres_dsn, 0)


def part_of(dsn: str, part: int) -> list[Recorded]:
    with asyncio.Runner() as runner:
        return runner.run(all_recorded(Database(dsn), range(part * HISTORIES, (part + 1) * HISTORIES)))


async def all_recorded(database: Database, seeds: Iterable[int]) -> list[Recorded]:
    await database.open()
    try:
        async with speaking(database) as world:
            return [one for seed in seeds for one in await recorded(world, seed)]
    finally:
        await database.close()


def test_every_command_that_makes_an_entry_has_a_case() -> None:
    assert set(CASES) == MAKES_ENTRIES


@pytest.mark.promise("L6")
@pytest.mark.promise("D5")
@pytest.mark.parametrize("part", range(PARTS))
def test_a_page_and_what_came_after_make_a_fresh_page(histories: list[Recorded], postgres_dsn: str, part: int) -> None:
    for one in part_of(postgres_dsn, part) if part else histories:
        assert one.folded() == one.told(), (one.seed, one.reader)
        assert one.badge is not None
        assert one.badge[1:] == one.recounted(), (one.seed, one.reader)


@pytest.mark.promise("L6")
def test_every_kind_of_entry_happened(histories: list[Recorded]) -> None:
    happened = {type(entry) for one in histories for entry in one.events}
    assert happened == set(ENTRY_TYPES)


@pytest.mark.promise("L6")
@pytest.mark.parametrize("kind", [*fold.CHANGES, MessageSent], ids=lambda kind: kind.__name__)
def test_without_a_kind_of_change_it_is_another_page(histories: list[Recorded], kind: type[EntryFields]) -> None:
    left = [one for one in ENTRY_TYPES if one is not kind]
    assert any(one.folded(left) != one.told() for one in histories)


@pytest.mark.promise("D5")
@pytest.mark.parametrize("kind", [MessageSent, PollStarted], ids=lambda kind: kind.__name__)
def test_without_a_kind_that_counts_it_is_another_badge(histories: list[Recorded], kind: type[EntryFields]) -> None:
    left = [one for one in ENTRY_TYPES if one is not kind]
    assert any(one.badge is not None and one.badge[1:] != one.recounted(left) for one in histories)
