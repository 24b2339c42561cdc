"""The Python SDK: one device of one user, always in step with the server's log.

A bot in twenty lines:

    import asyncio
    from pathlib import Path
    from seriatim.client import Client, MessageSent

    async def main() -> None:
        client = await Client.open("http://localhost:8000", "echo", "a long password", store=Path("echo.db"))
        async with client:
            async for entry in client.entries():
                if isinstance(entry, MessageSent) and entry.sender_id != client.user_id:
                    await client.send(entry.conversation_id, f"you said: {entry.body}")

    asyncio.run(main())
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self, cast
from uuid import UUID

import msgspec

from seriatim.client.access import Access
from seriatim.client.bots import BotAccess, Calls
from seriatim.client.driver import Driver
from seriatim.client.http import Http
from seriatim.client.membership import Membership
from seriatim.client.messages import Messages
from seriatim.client.own import Own
from seriatim.client.server.admin import Admin
from seriatim.client.server.me import MyAccount
from seriatim.client.server.webhooks import Hooks
from seriatim.client.store import Account, MemoryStore, Store
from seriatim.client.view import View
from seriatim.core.clock import Clock, SystemClock
from seriatim.core.errors import ChatError, Unauthenticated
from seriatim.core.ids import MAX_ID, ConversationId, UserId, uuid7
from seriatim.protocol.answers import ServerFrame
from seriatim.protocol.codec import refusal
from seriatim.protocol.commands import AnyCommand, ClientName, Create, SendMessage
from seriatim.protocol.entries import Entry
from seriatim.protocol.fields import ConversationKind, Visibility
from seriatim.protocol.limits import RECEIVED_ROWS
from seriatim.protocol.link import (
    Acked,
    Action,
    Apply,
    Failed,
    History,
    Identity,
    Link,
    OutboxCommand,
    State,
    Transmit,
    Truncate,
)
from seriatim.protocol.own.commands import Received
from seriatim.protocol.resources import Credentials, NewDevice

VERSION = "1"
FILL_WITHIN_S = 15.0
TELL_RECEIVED_EVERY_S = 2.0
DEVICE = NewDevice(name="Python", kind="sdk")


class Client:
    """One device. Make it with `open`, `sign_up`, `log_in` or `resume`, then use it as `async with client:`.

    What it promises (docs/guarantees.md): a command is on the disk before it leaves and is stored exactly once,
    whatever is killed in between (L2); entries of a conversation arrive once each, in order, without gaps (L3, D4).

    Leaving the `async with` block closes the connection; what is still in the outbox stays in the store and is sent
    next time. Inside it, a device that is signed out or revoked ends the block with Unauthenticated.
    """

    def __init__(
        self,
        store: Store,
        access: Access,
        http: Http,
        *,
        history: History = History.NEWEST,
        clock: Clock | None = None,
    ) -> None:
        identity = Identity(
            user_id=access.account.user_id,
            device_id=access.account.device_id,
            client=ClientName("seriatim-python", VERSION),
        )
        self._clock = clock or SystemClock()
        self._link = Link(identity, store.held(), history=history, random=Random())  # noqa: S311 - jitter, no secret
        self.own = Own(http, store, identity.user_id)
        """What is this user's alone, on all of his devices; who has received and read what."""
        self._driver = Driver(self._link, store, access, self._clock, observe=self._observe, hear=self._hear)
        self._store = store
        self._access = access
        self._waiting: dict[UUID, asyncio.Future[Acked]] = {}
        self._received: dict[ConversationId, int] = {}
        """Up to where this device holds conversations, as far as the server does not know."""
        self._news = asyncio.Event()
        self._tasks = asyncio.TaskGroup()
        self._running: asyncio.Task[None] | None = None
        self.user_id: UserId = access.account.user_id
        """The user this device belongs to."""
        self.http = http
        """Lists that are no part of the log, as the server sees them: conversations, members, people."""
        self.membership = Membership(self.submit, http)
        """Inviting, joining, leaving."""
        self.messages = Messages(self.submit, http)
        """Editing, deleting, reacting, pinning, forwarding, polls; what is known of messages; slash commands."""
        self.me = MyAccount(http)
        """How the user looks to others, his devices, his mail, logging out."""
        self.webhooks = Hooks(http)
        """Addresses where programs leave messages, and URLs that are told them."""
        self.admin = Admin(http)
        """What admins of the server do: groups of people, bots, invitations to sign up."""
        self.calls = Calls(http, self._driver.do)
        """A bot's slash commands: what it offers, who calls, and what it answers."""
        self.view = View(self._driver, store, self._clock)
        """What is on screen and what is unread, for programs that draw."""
        self.observers: list[Callable[[Sequence[Action]], None]] = []
        """Called after each batch of actions is committed and done; for programs that draw."""

    # --- beginning ----------------------------------------------------------------------------------------------------

    @classmethod
    async def open(
        cls,
        url: str,
        name: str,
        password: str,
        *,
        store: Store | Path | None = None,
        history: History = History.NEWEST,
    ) -> "Client":
        """Return the store's device; without one log in, or sign up when there is no such account.

        Raises:
            Unauthenticated: the password is wrong.
        """
        place = _place(store)
        if place.account() is not None:
            return await cls.resume(place, history=history)
        try:
            return await cls.log_in(url, name, password, store=place, history=history)
        except Unauthenticated:
            try:
                return await cls.sign_up(url, name, password, store=place, history=history)
            except ChatError as error:
                if error.reason == "name_taken":
                    raise Unauthenticated("the password is wrong") from None
                raise

    @classmethod
    async def sign_up(
        cls,
        url: str,
        name: str,
        password: str,
        *,
        store: Store | Path | None = None,
        invitation: str | None = None,
        device: NewDevice = DEVICE,
        history: History = History.NEWEST,
    ) -> "Client":
        """Make an account with this as its first device.

        Raises:
            Conflict: `name_taken`.
            Forbidden: sign-up is by invitation, or closed.
        """
        return await cls._begin(
            url, store, lambda http: http.sign_up(name, password, device, invitation), history=history
        )

    @classmethod
    async def log_in(
        cls,
        url: str,
        name: str,
        password: str,
        *,
        store: Store | Path | None = None,
        device: NewDevice = DEVICE,
        history: History = History.NEWEST,
    ) -> "Client":
        """Make a new device of an account.

        Raises:
            Unauthenticated: no such name, or another password.
        """
        return await cls._begin(url, store, lambda http: http.log_in(name, password, device), history=history)

    @classmethod
    async def bot(
        cls, url: str, token: str, *, store: Store | Path | None = None, history: History = History.NEWEST
    ) -> "Client":
        """Be the bot of this token (`sb_...`), which an admin of the server has made.

        Raises:
            Unauthenticated: it is no bot's token, or no longer.
            Unavailable: the server cannot be reached, and the store does not know the bot yet.
        """
        place, http = _place(store), Http(url)
        try:
            access = await BotAccess.of_token(token, url, place, http)
        except BaseException:
            await http.close()
            raise
        return cls(place, access, http, history=history)

    @classmethod
    async def resume(cls, store: Store | Path, *, history: History = History.NEWEST) -> "Client":
        """Go on as the device whose account is in the store; needs no server yet.

        Raises:
            Unauthenticated: the store holds no account.
        """
        place = _place(store)
        account = place.account()
        if account is None:
            raise Unauthenticated("this store holds no account: sign up or log in")
        http = Http(account.url)
        return cls(place, Access(place, account, http, SystemClock()), http, history=history)

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._running = self._tasks.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.cancel()
        try:
            await self._tasks.__aexit__(kind, error, traceback)
        except BaseExceptionGroup as group:
            raise _only(group) from None
        finally:
            for waiting in self._waiting.values():
                waiting.cancel()
            await self.http.close()
            self._store.close()

    # --- this device --------------------------------------------------------------------------------------------------

    @property
    def account(self) -> Account:
        """Whose device this is."""
        return self._access.account

    @property
    def state(self) -> State:
        """Where the connection stands."""
        return self._link.state

    # --- speaking -----------------------------------------------------------------------------------------------------

    async def submit(self, command: OutboxCommand, *, ordered: bool = True) -> Acked:
        """Keep a command on disk, send it until it is answered, and return where it stands in the log.

        Waits through lost connections and restarts for as long as it takes; give it up with `asyncio.timeout`, the
        command stays in the outbox. With `ordered`, one command per conversation is under way at a time, so that they
        are stored in the order of these calls; without, a refused one may be overtaken by a later one (L4).

        Raises:
            ChatError: refused for good; nothing was stored. Every class but the retryable ones.
        """
        try:
            msgspec.json.decode(msgspec.json.encode(command), type=AnyCommand)
        except msgspec.ValidationError as error:
            raise refusal(error) from None
        waiting = self._waiting.get(command.client_id)
        if waiting is None:
            waiting = self._waiting[command.client_id] = asyncio.get_running_loop().create_future()
            self._driver.do(self._link.send(self._clock.monotonic(), command, ordered=ordered))
        return await asyncio.shield(waiting)

    async def send(
        self,
        conversation_id: ConversationId,
        body: str,
        *,
        target_seq: int | None = None,
        mentions: Iterable[UserId] = (),
        client_id: UUID | None = None,
        ordered: bool = True,
    ) -> Acked:
        """Send a message, optionally quoting the entry `target_seq`, to people `mentions` (0: everybody); see `submit`.

        The same `client_id` never stores a second message, also from another process of this device. Replies in a
        thread: `messages.reply`.
        """
        command = SendMessage(
            id=0,
            client_id=client_id or uuid7(),
            conversation_id=conversation_id,
            body=body,
            target_seq=target_seq,
            mentions=tuple(mentions),
        )
        return await self.submit(command, ordered=ordered)

    async def create(
        self,
        kind: ConversationKind,
        members: Iterable[UserId] = (),
        *,
        title: str | None = None,
        visibility: Visibility = Visibility.PRIVATE,
        client_id: UUID | None = None,
    ) -> Acked:
        """Begin a conversation; a direct one with somebody is found again if it exists. See `submit`."""
        command = Create(
            id=0,
            client_id=client_id or uuid7(),
            kind=kind,
            title=title,
            visibility=visibility,
            members=list(members),
        )
        return await self.submit(command)

    def read(self, conversation_id: ConversationId, seq: int) -> None:
        """Move this user's read watermark up to `seq`, on all of his devices; it never falls."""
        unread = self._store.unread_above(conversation_id, seq, self.user_id)
        self._driver.do(self._link.read(self._clock.monotonic(), conversation_id, seq, unread))

    # --- listening ----------------------------------------------------------------------------------------------------

    async def entries(self) -> AsyncIterator[Entry]:
        """Yield every entry of all conversations, in order within each, for ever; wait when there is none.

        The place is kept in the store: an entry counts as handled when the next one is asked for, so a program that
        was killed gets its last entry again and misses none. One iteration at a time.
        """
        while True:
            batch = self._store.applied_after(self._store.handled)
            for applied, entry in batch:
                yield entry
                self._store.handled = applied
            if not batch:
                self._news.clear()
                await self._news.wait()

    async def history(self, conversation_id: ConversationId, *, before: int = MAX_ID, limit: int = 50) -> list[Entry]:
        """Return the newest `limit` entries below `before`, oldest first, fetching those that are not held.

        Without a connection it waits up to 15 s, then returns what is held without a gap.
        """
        try:
            async with asyncio.timeout(FILL_WITHIN_S):
                while not self._is_held(conversation_id, before, limit):
                    self._news.clear()
                    self._driver.do(self._link.fill(self._clock.monotonic(), conversation_id, before))
                    await self._news.wait()
        except TimeoutError:
            pass
        held = self._store.history(conversation_id, before=before, limit=limit)
        start = len(held)
        while start > 0 and (start == len(held) or held[start - 1].seq == held[start].seq - 1):
            start -= 1
        return held[start:]

    def _is_held(self, conversation_id: ConversationId, before: int, limit: int) -> bool:
        position = self._store.position(conversation_id)
        if position is None or position.cursor is None:
            return False
        top = min(before - 1, position.cursor)
        low = max(position.first, top - limit + 1)
        return all(high < low or start > top for start, high in position.holes)

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._driver.run())
            tasks.create_task(self._tell_received())

    async def _tell_received(self) -> None:
        """Tell what this device holds, every 2 s at most: what it applied since, once it is known to be the log's."""
        while True:
            await asyncio.sleep(TELL_RECEIVED_EVERY_S)
            if self._received and self._link.state is State.LIVE:
                ids = list(self._received)[:RECEIVED_ROWS]
                seqs = {id_: self._received.pop(id_) for id_ in ids}
                self._driver.do([Transmit(Received(seqs=seqs))])

    def _hold(self, action: Apply | Truncate) -> None:
        of_others = isinstance(action, Apply) and any(entry.sender_id != self.user_id for entry in action.entries)
        if of_others and action.position.cursor:
            self._received[action.conversation_id] = action.position.cursor

    def _hear(self, frame: ServerFrame) -> None:
        self.own.hear(frame)
        self.calls.hear(frame)

    def _observe(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Acked(client_id):
                    if (waiting := self._waiting.pop(client_id, None)) is not None and not waiting.done():
                        waiting.set_result(action)
                case Failed(client_id, error):
                    if (waiting := self._waiting.pop(client_id, None)) is not None and not waiting.done():
                        waiting.set_exception(error)
                        waiting.exception()  # whoever waited may have gone
                case Apply() | Truncate():
                    self._news.set()
                    self._hold(action)
                case _:
                    pass
        for observer in self.observers:
            observer(actions)

    @classmethod
    async def _begin(
        cls,
        url: str,
        store: Store | Path | None,
        ask: Callable[[Http], Awaitable[Credentials]],
        *,
        history: History,
    ) -> "Client":
        place = _place(store)
        http = Http(url)
        try:
            credentials = await ask(http)
        except BaseException:
            await http.close()
            raise
        clock = SystemClock()
        return cls(place, Access.of(credentials, url, place, http, clock), http, history=history, clock=clock)


def _place(store: Store | Path | None) -> Store:
    if store is None:
        return MemoryStore()
    return Store(store) if isinstance(store, Path) else store


def _only(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the one error that everything else followed from, if it is one."""
    if len(group.exceptions) != 1:
        return group
    (inner,) = group.exceptions
    return _only(cast("BaseExceptionGroup[BaseException]", inner)) if isinstance(inner, BaseExceptionGroup) else inner
