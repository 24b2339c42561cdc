"""A client process of a chaos run: some SDK devices with their stores on disk, which talk, read, come and go.

It may be killed at any moment; the next one goes on with the same stores. `worker FOLDER PROCESS LIFE`
"""

import asyncio
import contextlib
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from uuid import UUID

import msgspec
import uvloop

from seriatim.bench.chaos.deeds import Deeds
from seriatim.bench.chaos.history import (
    Acked,
    Event,
    Failed,
    Invoked,
    Kept,
    Reading,
    Seen,
    Truncated,
    Writer,
    digest,
    events,
)
from seriatim.bench.chaos.plan import World, WorldDevice, enough
from seriatim.client import Client, History, State, Store
from seriatim.core.clock import SystemClock
from seriatim.core.errors import ChatError
from seriatim.core.ids import ConversationId, UserId, uuid7
from seriatim.protocol.commands import Invite, Leave, Remove, SendMessage
from seriatim.protocol.entries import ConversationCreated, Entry, MemberAdded, MemberLeft, MessageSent
from seriatim.protocol.link import actions as link
from seriatim.protocol.link.actions import OutboxCommand

PAIR = 2
OPEN_COMMANDS = 60
"""A device that has so many unanswered commands waits."""
PATIENCE_S = 2.0
WORDS = "so the river was colder than we thought and nobody had brought a towel".split()  # noqa: SIM905
clock = SystemClock()


class Heads(msgspec.Struct):
    """What the parent says when all is sent: per user, the head of each conversation he is in."""

    heads: dict[int, dict[int, int]]


class Load:
    """How many messages this process still gives; none once the talk is called off."""

    def __init__(self, left: int, called_off: Path) -> None:
        self.left = left
        self._called_off = called_off

    def is_over(self) -> bool:
        """Say whether nothing is left to say."""
        if self._called_off.exists():
            self.left = 0
        return self.left <= 0

    def take(self, count: int) -> int:
        """Return how many of `count` may be given."""
        taken = min(count, self.left)
        self.left -= taken
        return taken


class Talker:
    """One device."""

    def __init__(self, world: World, device: WorldDevice, store: Store, history: Writer, random: Random) -> None:
        self.device = device
        self.client: Client | None = None
        self.cursors: dict[int, int] = {}
        self._world = world
        self._store = store
        self._history = history
        self._random = random
        self._sizes = {one.conversation_id: one.size for one in world.conversations}
        self._users = sorted({one.user_id for one in world.devices})
        self._rosters: dict[int, set[int]] = {}
        pins_in = {
            one.conversation_id
            for one in world.conversations
            if one.size == PAIR or one.owner_device == device.device_id
        }
        self._deeds = Deeds(device.user_id, pins_in, random)
        self._open: set[UUID] = set()
        self._wanted: set[int] = set()
        self._moved = asyncio.Event()
        self._live_since: datetime | None = None
        held = store.held()
        self._open |= {row.command.client_id for row in held.outbox if row.seq is None}
        self.cursors = {id_: position.cursor or 0 for id_, position in held.positions.items()}
        for entry in _all(store):
            self._follow(entry)
        for id_, position in held.positions.items():
            self._note_wanted(id_, position)

    @property
    def is_drained(self) -> bool:
        """Whether every command is answered, and every read watermark told."""
        return not self._open and not self._wanted

    def has(self, heads: dict[int, int]) -> bool:
        """Say whether this device holds all that its user may read."""
        return all(self.cursors.get(id_, 0) >= head for id_, head in heads.items())

    async def run(self, load: Load) -> None:
        """Be online for ever; talk while there is something left to say."""
        self.client = await Client.resume(self._store, history=History.ALL)
        self.client.observers.append(self._observe)
        async with self.client, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(load))
            for one in self._world.conversations:
                if one.churns and one.owner_device == self.device.device_id:
                    tasks.create_task(self._churn(one.conversation_id, load))
            while load.left > 0:
                await asyncio.sleep(self._random.uniform(0, self._world.think_s))
                if len(self._open) < OPEN_COMMANDS and self._places():
                    self._burst(tasks, load)
                await self._answered()
            await asyncio.get_running_loop().create_future()

    def _places(self) -> list[int]:
        return [id_ for id_, roster in self._rosters.items() if self.device.user_id in roster]

    def _burst(self, tasks: asyncio.TaskGroup, load: Load) -> None:
        places = self._places()
        weights = [1.0 / self._sizes.get(place, 2) for place in places]
        place = self._random.choices(places, weights)[0]
        size, ordered = self._random.choice(((1, True), (1, True), (5, True), (8, False)))
        for _ in range(load.take(size)):
            key = uuid7()
            body = " ".join([key.hex, *self._random.choices(WORDS, k=self._random.randint(1, 20))])
            here, (root, broadcast) = ConversationId(place), self._deeds.thread(place)
            command = SendMessage(
                id=0, client_id=key, conversation_id=here, body=body, thread_seq=root, broadcast=broadcast
            )
            tasks.create_task(self._submit(command, ordered=ordered))
            if (change := self._deeds.change(place)) is not None:
                tasks.create_task(self._submit(change))

    async def _submit(self, command: OutboxCommand, *, ordered: bool = True) -> None:
        assert self.client is not None
        body = digest(command.body) if isinstance(command, SendMessage) else None
        conversation = int(getattr(command, "conversation_id", 0))
        self._write(Invoked(_now(), self.device.device_id, command.client_id, conversation, body, ordered))
        with contextlib.suppress(ChatError):
            await self.client.submit(command, ordered=ordered)

    async def _answered(self) -> None:
        """Wait for answers, but not for long: people go on typing while they are offline."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._random.uniform(0, PATIENCE_S)):
                while self._open:
                    self._moved.clear()
                    await self._moved.wait()

    async def _churn(self, conversation: int, load: Load) -> None:
        me = self.device.user_id
        here = ConversationId(conversation)
        while await self._pauses(0.1, 1.0, load):
            roster = self._rosters.get(conversation, set())
            user = self._random.choice(self._users)
            if user == me or me not in roster or len(self._open) >= OPEN_COMMANDS:
                continue
            kind = Remove if user in roster else Invite
            await self._submit(kind(id=0, client_id=uuid7(), conversation_id=here, user_id=UserId(user)))

    async def _read(self, load: Load) -> None:
        assert self.client is not None
        owned = {one.conversation_id for one in self._world.conversations if one.owner_device == self.device.device_id}
        churning = {one.conversation_id for one in self._world.conversations if one.churns}
        while await self._pauses(0.5, 2.0, load):
            places = self._places()
            if not places:
                continue
            place = self._random.choice(places)
            seq = self._random.randint(max(0, self.cursors.get(place, 0) - 5), self.cursors.get(place, 0))
            if seq > 0:
                self.client.read(ConversationId(place), seq)
                self._write(Reading(_now(), self.device.device_id, place, seq))
            if place in churning - owned and self._random.random() < 0.1:  # noqa: PLR2004 - now and then
                await self._submit(Leave(id=0, client_id=uuid7(), conversation_id=ConversationId(place)))

    async def _pauses(self, low_s: float, high_s: float, load: Load) -> bool:
        """Wait a while; False: all is said meanwhile, and what is done now would not be waited for."""
        await asyncio.sleep(self._random.uniform(low_s, high_s))
        return load.left > 0

    def _observe(self, actions: Sequence[link.Action]) -> None:
        device = self.device.device_id
        for action in actions:
            match action:
                case link.Keep(command):
                    self._open.add(command.client_id)
                    self._write(Kept(_now(), device, command.client_id))
                case link.Acked():
                    at, place = action.created_at.isoformat(), int(action.conversation_id)
                    self._write(Acked(_now(), device, action.client_id, place, action.seq, at))
                    self._close(action.client_id)
                case link.Failed(client_id, error):
                    self._write(Failed(_now(), device, client_id, error.code))
                    self._close(client_id)
                case link.Apply():
                    self._apply(action)
                case link.Truncate(conversation_id, after):
                    self._write(Truncated(_now(), device, int(conversation_id), after))
                case link.StateChanged(state):
                    self._live_since = clock.now() if state is State.LIVE else None
                case _:
                    pass

    def _close(self, client_id: UUID) -> None:
        self._open.discard(client_id)
        self._moved.set()

    def _apply(self, apply: link.Apply) -> None:
        place = int(apply.conversation_id)
        self.cursors[place] = apply.position.cursor or 0
        self._note_wanted(place, apply.position)
        if not apply.entries:
            return
        for entry in apply.entries:
            self._follow(entry)
        first, last = apply.entries[0], apply.entries[-1]
        is_fresh = self._live_since is not None and first.created_at > self._live_since
        late_ms = (clock.now() - first.created_at).total_seconds() * 1e3 if is_fresh else None
        self._write(Seen(_now(), self.device.device_id, place, first.seq, last.seq, late_ms))

    def _note_wanted(self, place: int, position: link.Position) -> None:
        if position.read_wanted:
            self._wanted.add(place)
        else:
            self._wanted.discard(place)

    def _follow(self, entry: Entry) -> None:
        roster = self._rosters.setdefault(int(entry.conversation_id), set())
        match entry:
            case ConversationCreated():
                roster.update(entry.members)
            case MemberAdded():
                roster.update(entry.added)
            case MemberLeft():
                roster.discard(entry.user_id)
            case MessageSent():
                roster.add(entry.sender_id)  # whoever joined later does not know the whole roster
                self._deeds.note(entry)
            case _:
                pass

    def _write(self, event: Event) -> None:
        self._history.write(event)


def _all(store: Store) -> Iterator[Entry]:
    applied = 0
    while batch := store.applied_after(applied, limit=1_000):
        for applied, entry in batch:  # noqa: B007 - the last one counts
            yield entry


def _now() -> int:
    return int(clock.monotonic() * 1e9)


def history_file(folder: Path, process: int, life: int) -> Path:
    """Return the file that this life of a process writes."""
    return folder / f"history-{process}-{life}.jsonl"


def _given(folder: Path, process: int) -> int:
    """Count the messages that earlier lives have given."""
    count = 0
    for path in folder.glob(f"history-{process}-*.jsonl"):
        count += sum(isinstance(event, Invoked) and event.body is not None for event in events(path))
    return count


async def _work(folder: Path, process: int, life: int) -> None:
    world = msgspec.json.decode((folder / "world.json").read_bytes(), type=World)
    random = Random(f"{world.seed} {process} {life}")  # noqa: S311
    load = Load(world.messages // world.processes - _given(folder, process), enough(folder))
    history = Writer(history_file(folder, process, life))
    talkers = [
        Talker(world, device, Store(world.store(folder, device.device_id)), history, random)
        for device in world.devices
        if device.process == process
    ]
    reader = await _stdin()
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(talker.run(load)) for talker in talkers]
        ending = tasks.create_task(_settle(talkers, load, reader))
        await ending
        for task in running:
            task.cancel()


async def _settle(talkers: list[Talker], load: Load, reader: asyncio.StreamReader) -> None:
    """Say how far this process has come; it ends when the parent does."""
    while not load.is_over() and not reader.at_eof():  # noqa: ASYNC110 - many devices share it
        await asyncio.sleep(0.1)
    _say("issued")
    while not all(talker.is_drained for talker in talkers) and not reader.at_eof():  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    _say("drained")
    while line := await reader.readline():
        heads = msgspec.json.decode(line, type=Heads).heads
        while not all(talker.has(heads.get(talker.device.user_id, {})) for talker in talkers):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        _say("settled")


async def _stdin() -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=2**24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def _say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run one life."""
    uvloop.run(_work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))


if __name__ == "__main__":
    main()
