"""Which feature answers which command: one table for sockets and HTTP; what was committed is published, then acked."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal, NamedTuple

import msgspec

from seriatim.core.buckets import Buckets
from seriatim.core.clock import Clock
from seriatim.core.errors import ChatError, Forbidden, Internal, NotFound, RateLimited
from seriatim.core.ids import DeviceId
from seriatim.core.trace import Hop, Trace, passed
from seriatim.delivery.publish import Publisher
from seriatim.features.conversations.create import create
from seriatim.features.messages.compare import compare
from seriatim.features.messages.forward import forward
from seriatim.features.messages.rules import draft
from seriatim.features.messages.send import send
from seriatim.gateway.scopes import require as require_scope
from seriatim.gateway.spared import Place, Spared
from seriatim.gateway.traces import Traces, hops_of
from seriatim.gateway.verbs import VERBS, Verb
from seriatim.log.append import Appender
from seriatim.log.draft import Extras, Stored, Waiter
from seriatim.log.roster import owners_and_admins
from seriatim.protocol.answers import Ok, Sent
from seriatim.protocol.commands import (
    ClosePoll,
    Command,
    Compare,
    Create,
    Delete,
    Edit,
    Fetch,
    Forward,
    Invite,
    Join,
    Leave,
    Pin,
    React,
    Remove,
    SendMessage,
    SetPresence,
    SetRole,
    SetSettings,
    Slash,
    StartPoll,
    Unpin,
    Unreact,
    Vote,
)
from seriatim.protocol.limits import FETCHES_IN_FLIGHT, Rates
from seriatim.protocol.own.commands import ReadAll, SaveDraft, SetMine
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Connection, Database

Own = Callable[[Any, Sender], Awaitable[Any]]
"""Makes no entry: changes what is the user's own, reads a page, calls a bot; what it returns answers, or else `ok`."""
UserRate = Literal["change", "report", "invitation", "own", "export"]
"""The rates of a user that routes are charged to by name (protocol/limits)."""
Message = SendMessage | Forward | StartPoll
"""What counts as a message, and against the rates of messages."""
LowRate = Callable[[Any, Sender], Awaitable[Any]]


class Commands:
    """Runs commands: a `send` joins the log's next batch, every other one runs as its feature says.

    Features commit and return what they stored; publishing and acking happen here, in this order and nowhere else.
    """

    def __init__(
        self,
        *,
        database: Database,
        appender: Appender,
        publisher: Publisher,
        own: Mapping[type[Command], Own],
        conversation_secret: bytes,
        traces: Traces,
        rates: Rates,
        clock: Clock,
    ) -> None:
        self._database = database
        self._traces = traces
        self._rates = rates
        self.spared = Spared(self._owners_and_admins, clock)
        """Whom the rate of a conversation spares; its loop is run by this one's owner."""
        self._clock = clock
        self._buckets = Buckets()
        # Apart from each other: who writes names the conversation, and could name the number of another user.
        self._sends_by_user, self._sends_by_conversation = Buckets(), Buckets()
        self._fetching: Counter[DeviceId] = Counter()
        self._appender = appender
        self._publisher = publisher
        self.ended: Counter[tuple[str, str]] = Counter()
        """How often which command ended how: `ok`, `repeated` (it was stored before), or the code of its refusal."""
        epoch = publisher.epoch

        def stored(verb: Verb) -> LowRate:
            async def run(command: Any, sender: Sender) -> Sent:
                return self._publish(await verb(command, sender, database), command.id)

            return run

        async def run_create(command: Create, sender: Sender) -> Sent:
            stored = await create(command, sender, database, conversation_secret)
            # A pair's conversation may have been founded by the other: the ack still names this command's own key.
            return msgspec.structs.replace(self._publish(stored, command.id), client_id=command.client_id)

        def answered(change: Own) -> LowRate:
            async def run(command: Any, sender: Sender) -> Any:
                answer = await change(command, sender)
                return Ok(id=command.id) if answer is None else answer

            return run

        async def run_forward(command: Forward, sender: Sender) -> Sent:
            found = await forward(command, sender, database)
            if isinstance(found, Stored):
                return self._publish(found, command.id)
            return sent(await appender.append(found), command.id)

        self._table: dict[type[Command], LowRate] = {
            Forward: run_forward,
            Create: run_create,
            **{command: stored(verb) for command, verb in VERBS.items()},
            Compare: lambda command, sender: compare(command, sender, database, epoch),
            **{command: answered(change) for command, change in own.items()},
        }

    def send(self, command: SendMessage, sender: Sender, waiter: Waiter, trace: Trace | None) -> None:
        """Queue a message without task or await.

        Raises:
            RateLimited, TooLarge, BadRequest: what the command and its sender show; the waiter hears nothing.
        """
        require_scope(command, sender)
        is_spared = self._admit_message(command, sender)
        try:
            send(command, sender, self._appender, waiter, trace)
        except ChatError:
            if not is_spared:
                self._sends_by_conversation.give_back(command.conversation_id, self._rates.conversation_send)
            raise

    def refused(self, command: Message, sender: Sender, error: ChatError) -> None:
        """Note that the log refused a message: whoever may not send here uses up nothing of those who may."""
        is_spared = self.spared.spares((command.conversation_id, sender.user_id))
        if isinstance(error, NotFound | Forbidden) and not is_spared:
            self._sends_by_conversation.give_back(command.conversation_id, self._rates.conversation_send)

    def _admit_message(self, command: Message, sender: Sender) -> bool:
        """Charge a message to its sender and its conversation, and say whether the latter's rate spares him."""
        now = self._clock.monotonic()
        self._sends_by_user.require(sender.user_id, self._rates.send, now)
        place = (command.conversation_id, sender.user_id)
        if self.spared.spares(place):
            return True
        try:
            self._sends_by_conversation.require(command.conversation_id, self._rates.conversation_send, now)
        except RateLimited:
            self.spared.ask(place)
            raise
        return False

    async def _owners_and_admins(self, places: list[Place]) -> set[Place]:
        async with self._database.read() as connection:
            return await owners_and_admins(connection, places)

    async def run(self, command: Command, sender: Sender) -> Any:
        """Run one command to its answer (`Sent`, `Ok`, `Page`, `Compared`), or raise its ChatError."""
        tag = str(command.__struct_config__.tag)
        try:
            answer = await self._run(command, sender)
        except ChatError as error:
            self.ended[tag, error.code] += 1
            raise
        except Exception:
            self.ended[tag, Internal.code] += 1
            raise
        self.ended[tag, "repeated" if isinstance(answer, Sent) and answer.duplicate else "ok"] += 1
        return answer

    async def _run(self, command: Command, sender: Sender) -> Any:
        if isinstance(command, SendMessage):
            return await self._send_and_wait(command, sender)
        require_scope(command, sender)
        self._admit(command, sender)
        run = self._table[type(command)]
        if isinstance(command, Forward | StartPoll):
            try:
                return await run(command, sender)
            except ChatError as error:
                self.refused(command, sender, error)
                raise
        if not isinstance(command, Fetch | Compare):
            return await run(command, sender)
        with self._among_few_reads(sender):
            return await run(command, sender)

    @asynccontextmanager
    async def listing(self, sender: Sender) -> AsyncGenerator[Connection]:
        """Lend a connection to read a page of a list with, at the rate of lists and among the device's other reads.

        Raises:
            RateLimited, Unavailable.
        """
        self._buckets.require(("lists", sender.device_id), self._rates.lists, self._clock.monotonic())
        with self._among_few_reads(sender):
            async with self._database.read() as connection:
                yield connection

    @asynccontextmanager
    async def reading(self, sender: Sender) -> AsyncGenerator[Connection]:
        """Lend a connection for one page of a long answer, after the wait that the rate of fetches asks for.

        Apart from the fetches of his devices, which need not wait for it.

        Raises:
            Unavailable.
        """
        key = ("pages", sender.user_id)
        rate = self._rates.fetch
        while wait_ms := self._buckets.take(key, rate, self._clock.monotonic()):  # noqa: ASYNC110 - time is the event
            await asyncio.sleep(wait_ms / 1000)
        async with self._database.read() as connection:
            yield connection

    def charge(self, rate: UserRate, sender: Sender) -> None:
        """Take a token of one of the user's rates, for what comes over HTTP only.

        Raises:
            RateLimited.
        """
        self._buckets.require((rate, sender.user_id), getattr(self._rates, rate), self._clock.monotonic())

    @asynccontextmanager
    async def changing(self, sender: Sender, rate: UserRate = "change") -> AsyncGenerator[Connection]:
        """Lend a transaction for a change over HTTP that makes no entry.

        Raises:
            RateLimited, Unavailable.
        """
        self.charge(rate, sender)
        async with self._database.transaction() as connection:
            yield connection

    async def send_via(self, command: SendMessage, sender: Sender, via: str) -> Sent:
        """Store a message that a program says in the sender's name, and that is shown under the program's.

        Raises:
            ChatError: as for `send`.
        """
        self._admit_message(command, sender)
        try:
            wish = draft(command, sender)
            return sent(await self._appender.append(wish._replace(extras=Extras(via=via))), command.id)
        except ChatError as error:
            self.refused(command, sender, error)
            raise

    async def _send_and_wait(self, command: SendMessage, sender: Sender) -> Sent:
        trace = Trace(time.monotonic_ns()) if command.trace else None
        waiting = _Waiting(asyncio.get_running_loop().create_future(), self._traces)
        self.send(command, sender, waiting, trace)
        try:
            return sent(await waiting.future, command.id)
        except ChatError as error:
            self.refused(command, sender, error)
            raise

    def _admit(self, command: Command, sender: Sender) -> None:
        now = self._clock.monotonic()
        match command:
            case Join(invitation=str()):
                self.charge("invitation", sender)
            case Create():
                self._buckets.require(("create", sender.user_id), self._rates.create, now)
            case Invite():
                self._buckets.require(("invite", sender.user_id), self._rates.invite, now)
            case Join() | Leave() | Remove() | SetRole() | SetSettings() | SetPresence():
                self._buckets.require(("change", sender.user_id), self._rates.change, now)
            case Slash():
                self._sends_by_user.require(sender.user_id, self._rates.send, now)
            case Forward() | StartPoll():
                self._admit_message(command, sender)
            case Edit() | Delete() | React() | Unreact() | Pin() | Unpin() | Vote() | ClosePoll():
                self._buckets.require(("edit", sender.user_id), self._rates.edit, now)
            case SaveDraft() | SetMine() | ReadAll():
                self._buckets.require(("own", sender.user_id), self._rates.own, now)
            case Fetch() | Compare():
                self._buckets.require(("fetch", sender.device_id), self._rates.fetch, now)
            case _:
                pass

    @contextmanager
    def _among_few_reads(self, sender: Sender) -> Generator[None]:
        """Keep one device from holding all connections that read (promise I2)."""
        if self._fetching[sender.device_id] >= FETCHES_IN_FLIGHT:
            raise RateLimited("too many fetches at once", reason="fetches_in_flight", retry_after_ms=100)
        self._fetching[sender.device_id] += 1
        try:
            yield
        finally:
            self._fetching[sender.device_id] -= 1
            if not self._fetching[sender.device_id]:
                del self._fetching[sender.device_id]

    def _publish(self, stored: Stored, id_: int) -> Sent:
        """COMMIT has returned: publish, then let the ack go."""
        self._publisher.publish([stored])
        return sent(stored, id_)


class _Waiting(NamedTuple):
    """A waiter for whoever can await; the trace ends with the deliveries of this tick, not with the HTTP answer."""

    future: asyncio.Future[Stored]
    traces: Traces

    def stored(self, stored: Stored) -> None:
        """Take the entry, committed and published."""
        passed(stored.trace, Hop.ACK)
        if stored.trace is not None:
            self.traces.finish(stored, stored.trace)
        if not self.future.done():
            self.future.set_result(stored)

    def refused(self, error: ChatError) -> None:
        """Take the refusal."""
        if not self.future.done():
            self.future.set_exception(error)


def sent(stored: Stored, id_: int) -> Sent:
    """Return the ack of what is stored, with the hops so far of a sampled send."""
    entry, trace = stored.entry, stored.trace
    return Sent(
        id=id_,
        conversation_id=entry.conversation_id,
        client_id=entry.client_id,
        seq=entry.seq,
        created_at=entry.created_at,
        duplicate=stored.duplicate,
        trace=None if trace is None else hops_of(trace),
    )
