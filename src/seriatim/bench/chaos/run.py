"""One chaos run: make the world, load it, let the nemesis loose, settle, and let the checker judge what is left."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from seriatim.bench.chaos import checker, database, pages
from seriatim.bench.chaos.history import (
    Device,
    Event,
    FinalLog,
    FreshPages,
    HeldEntry,
    Watermark,
    Writer,
    events,
    load,
    save,
    state,
)
from seriatim.bench.chaos.nemesis import Nemesis
from seriatim.bench.chaos.plan import Plan, World, WorldConversation, WorldDevice, enough
from seriatim.bench.chaos.processes import NotReady, Server, Worker, running
from seriatim.bench.chaos.proxy import Proxy
from seriatim.bench.chaos.worker import Heads
from seriatim.client import Client, ConversationKind, Store
from seriatim.core.clock import SystemClock

PASSWORD = "chaos, but a long password"  # noqa: S105 - of accounts that live for minutes
MARKS_EVERY_S = 1.0
MAKE_WITHIN_S, ISSUE_WITHIN_S, ENOUGH_WITHIN_S = 180.0, 3_600.0, 60.0
clock = SystemClock()


class Outcome(msgspec.Struct):
    """The report of a run, the history folder if it was kept, and the first violations in words."""

    report: dict[str, Any]
    folder: Path
    violations: list[str]

    @property
    def is_clean(self) -> bool:
        """Whether every counter is 0 and the run came to its end."""
        return not self.violations and bool(self.report["settled"]) and not self.report["crashes"]


async def run(plan: Plan, *, keep: bool = False) -> Outcome:
    """Run it in a folder of its own; a failing run keeps it.

    Raises: NotReady.
    """
    folder = _fresh_folder()
    outcome = await _Run(plan, folder).run()
    if outcome.is_clean and not keep:
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


def _fresh_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="seriatim-chaos-"))
    folder.chmod(0o755)  # PostgreSQL may have to run as another user
    (folder / "devices").mkdir(mode=0o700)
    return folder


class _Run:
    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.server = Server(folder, plan)
        self.workers = [Worker(folder, number, plan) for number in range(plan.processes)]
        self.settled = False
        self._phases: dict[str, float] = {}
        self._began = clock.monotonic()

    def _phase(self, name: str) -> None:
        self._phases[name] = round(clock.monotonic() - self._began, 1)

    async def run(self) -> Outcome:
        proxy = Proxy(self.server.port)
        nemesis = Nemesis(self.plan.faults, self.plan.seed, self.server, self.workers, proxy)
        try:
            await self.server.start()
            await proxy.listen()
            async with asyncio.TaskGroup() as tasks:
                passing = tasks.create_task(proxy.run())
                watching = tasks.create_task(self._watch())
                world = await self._made(proxy)
                self._phase("made_s")
                async with running(self.workers):
                    await self._load(nemesis)
                    proxy.heal()
                    self._phase("loaded_s")
                    await self._settle()
                    self._phase("settled_s")
                passing.cancel()
                watching.cancel()
            log = await database.final_log(self.server.dsn)
            names = [self.plan.name(user) for user in set(self.plan.owners())]
            told = await pages.fresh(self.server.url, names, PASSWORD, log)
        except* NotReady as group:
            raise group.exceptions[0] from None
        finally:
            proxy.close()
            await self.server.stop()
        (self.folder / "log.json").write_bytes(msgspec.json.encode(log))
        save(self.folder / "pages.jsonl", told)
        save(self.folder / "stores.jsonl", (reopened(self.folder, world, device) for device in world.devices))
        verdict = judge(self.folder)
        self._phase("wall_s")
        return self._outcome(verdict, nemesis)

    async def _made(self, proxy: Proxy) -> World:
        try:
            async with asyncio.timeout(MAKE_WITHIN_S):
                return await self._make(proxy)
        except TimeoutError:
            raise NotReady(f"nobody could be signed up: see {self.server.log}") from None

    async def _make(self, proxy: Proxy) -> World:
        """Sign people and devices up, and let owners begin their conversations, over the API."""
        plan, owners = self.plan, self.plan.owners()
        clients: list[Client] = []
        first: dict[int, Client] = {}
        for place, user in enumerate(owners):
            process = place % plan.processes
            url = self.server.url if process % 2 else f"http://127.0.0.1:{proxy.port}"
            path = self.folder / "devices" / f"making-{place}.db"
            enter = Client.log_in if user in first else Client.sign_up
            client = await enter(url, plan.name(user), PASSWORD, store=path)
            first.setdefault(user, client)
            clients.append(client)
        conversations: list[WorldConversation] = []
        wanted = plan.conversations()
        devices = [
            WorldDevice(client.account.device_id, client.user_id, place % plan.processes)
            for place, client in enumerate(clients)
        ]
        for user, client in first.items():
            async with client:
                conversations += [
                    await _create(client, group.members, first, churns=group.churns)
                    for group in wanted
                    if group.members[0] == user
                ]
        for client in clients:
            if client not in first.values():
                async with client:
                    pass
        world = World(plan.seed, plan.messages, plan.processes, plan.think_s, devices, conversations)
        for place, client in enumerate(clients):
            made = self.folder / "devices" / f"making-{place}.db"
            made.rename(world.store(self.folder, client.account.device_id))
        (self.folder / "world.json").write_bytes(msgspec.json.encode(world))
        return world

    async def _watch(self) -> None:
        """Write down the read watermarks now and then."""
        history = Writer(self.folder / "history-watermarks.jsonl")
        while True:
            await asyncio.sleep(MARKS_EVERY_S)
            if self.server.dsn:
                for conversation, user, seq in await database.watermarks(self.server.dsn):
                    history.write(Watermark(int(clock.monotonic() * 1e9), 0, conversation, user, seq))

    async def _load(self, nemesis: Nemesis) -> None:
        """Let the clients talk and the nemesis work until all is said and enough has happened."""
        async with asyncio.timeout(ISSUE_WITHIN_S), asyncio.TaskGroup() as tasks:
            harming = tasks.create_task(nemesis.run())
            ending = tasks.create_task(self._call_off(nemesis)) if self.plan.faults.least_crash_points else None
            for worker in self.workers:
                await worker.says("issued")
            # What waits for traffic may wait in vain now: then the report shows too few, instead of no report.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ENOUGH_WITHIN_S):
                    await nemesis.has_done_enough()
            harming.cancel()
            if ending is not None:
                ending.cancel()
        await self.server.start()  # a kill may have been called off between death and start

    async def _call_off(self, nemesis: Nemesis) -> None:
        await nemesis.has_done_enough()
        enough(self.folder).touch()

    async def _settle(self) -> None:
        """Wait until every outbox is empty, then until every device holds its heads."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.plan.settle_s):
                for worker in self.workers:
                    await worker.says("drained")
                self._phase("drained_s")
                heads = Heads(await database.heads(self.server.dsn))
                for worker in self.workers:
                    worker.tell(heads)
                for worker in self.workers:
                    await worker.says("settled")
                self.settled = True

    def _outcome(self, verdict: checker.Verdict, nemesis: Nemesis) -> Outcome:
        report = {
            "chaos": "one gateway",
            "acked": verdict.acked,
            **verdict.counts,
            "max_repair_ms": round(verdict.max_repair_ms, 1),
            "p99_ms": round(verdict.p99_ms, 1),
            "kills": self.server.kills,
            "seed": self.plan.seed,
            "messages": self.plan.messages,
            "refused": verdict.failed,
            "unknown": verdict.unknown,
            "settled": self.settled,
            "crashes": sum(worker.crashes for worker in self.workers),
            "postmaster_kills": self.server.postmaster_kills,
            "gateway_stops": self.server.stops,
            "client_kills": sum(worker.kills for worker in self.workers),
            **nemesis.counts,
            **self._phases,
        }
        return Outcome(report, self.folder, [f"{kind}: {what}" for kind, what in verdict.violations])


async def _create(client: Client, members: list[int], first: dict[int, Client], *, churns: bool) -> WorldConversation:
    others = [first[member].user_id for member in members[1:]]
    kind = ConversationKind.DIRECT if len(members) == 2 else ConversationKind.GROUP  # noqa: PLR2004 - a pair
    made = await client.create(kind, others, title=None if kind is ConversationKind.DIRECT else "chaos")
    return WorldConversation(made.conversation_id, client.account.device_id, len(members), churns)


def reopened(folder: Path, world: World, device: WorldDevice) -> Device:
    """Return what the store of a device holds when it is opened again."""
    store = Store(world.store(folder, device.device_id))
    held, applied = store.held(), 0
    entries: list[HeldEntry] = []
    while batch := store.applied_after(applied, limit=1_000):
        for applied, entry in batch:  # noqa: B007 - the last one counts
            entries.append(HeldEntry(int(entry.conversation_id), entry.seq, entry.client_id, state(entry)))
    store.close()
    outbox = [row.command.client_id for row in held.outbox if row.seq is None]
    unread = {int(id_): position.unread for id_, position in held.positions.items()}
    return Device(device.device_id, device.user_id, entries, outbox, unread)


def judge(folder: Path) -> checker.Verdict:
    """Run the checker over what a run has left in its folder."""
    log = msgspec.json.decode((folder / "log.json").read_bytes(), type=FinalLog)
    stores, told = load(folder / "stores.jsonl", Device), load(folder / "pages.jsonl", FreshPages)
    return checker.check(_history(folder), log, stores, told)


def _history(folder: Path) -> Iterator[Event]:
    for path in sorted(folder.glob("history-*.jsonl"), key=lambda path: path.stat().st_mtime):
        yield from events(path)
