"""Carries out what the link wants: the store, one WebSocket, and the time."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit, urlunsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol as WebSocketSubprotocol

from seriatim.client.access import Access
from seriatim.client.frames import decode
from seriatim.client.store import Store, Written
from seriatim.core.clock import Clock
from seriatim.core.errors import ChatError, Forbidden, Unauthenticated
from seriatim.protocol.answers import Error, ServerFrame
from seriatim.protocol.codec import Subprotocol
from seriatim.protocol.codes import CloseCode
from seriatim.protocol.commands import AnyCommand
from seriatim.protocol.link import Action, Connect, Disconnect, Link, Recall, Refused, Transmit
from seriatim.protocol.link.actions import DURABLE, Durable

OPEN_WITHIN_S = 15.0
WRITE_WITHIN_S = 10.0
CLOSE_WITHIN_S = 2.0
OUTGOING_FRAMES = 1_000
MESSAGE_BYTES = 16 * 1024 * 1024
"""Largest message of the server: a page of 200 entries with bodies of 16 KiB, escaped."""
ABNORMAL = 1006
LONGEST_RETRY_S = 60.0
"""A server that sends its clients away for longer is asked sooner."""
NO_ANSWER = (OSError, TimeoutError, InvalidHandshake, ConnectionClosed, EOFError, ssl.SSLError)

Observer = Callable[[Sequence[Action]], None]
Hear = Callable[[ServerFrame], None]


class Driver:
    """Runs one link until it is cancelled or signed out; every action it is given is done before the next is asked.

    `observe` sees the actions of each batch after they were committed and done. `hear` is told each frame before the
    link, and keeps what it needs: a token never vouches for what is not kept.
    """

    def __init__(
        self, link: Link, store: Store, access: Access, clock: Clock, *, observe: Observer, hear: Hear
    ) -> None:
        self.link = link
        self._store = store
        self._access = access
        self._clock = clock
        self._observe = observe
        self._hear = hear
        self._connect_at: float | None = None
        self._not_before = 0.0
        """When the server said to come again; the link's own wait, which spreads a crowd, begins there."""
        self._socket: ClientConnection | None = None
        self._outgoing: asyncio.Queue[AnyCommand | int] = asyncio.Queue(OUTGOING_FRAMES)
        self._changed = asyncio.Event()
        self._given_up = False
        self._refused: int | None = None

    async def run(self) -> None:
        """Stay connected.

        Raises:
            Unauthenticated: this device is signed out or was revoked; what is in the outbox stays there.
            Forbidden: the server will not have this client as it is (banned, too old, misbehaving).
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_time())
            tasks.create_task(self._keep_token())
            self.do(self.link.wake(self._now()))
            await self._keep_connected()

    def do(self, actions: Sequence[Action]) -> None:
        """Commit what must be durable, in one transaction, then do the rest in order."""
        durable: list[Durable] = [action for action in actions if isinstance(action, DURABLE)]
        lost, torn = self._store.write(durable) if durable else Written([], {})
        for action in actions[len(durable) :]:
            self._do(action)
        self._changed.set()
        if actions:
            self._observe(actions)
        for conversation_id, holes in torn.items():
            self.do(self.link.tear(self._now(), conversation_id, holes))
        for command in lost:
            self.do(self.link.send(self._now(), command))

    def _do(self, action: Action) -> None:
        match action:
            case Connect(after_s):
                self._connect_at = max(self._now(), self._not_before) + after_s
            case Transmit(frame):
                self._outgoing.put_nowait(frame)
            case Disconnect(code):
                self._given_up = True
                self._hang_up(code)
            case Recall(asks):
                self.do(self.link.recalled(self._now(), self._store.recall(asks)))
            case Refused(code):
                self._refused = code
            case _:
                pass

    def _hang_up(self, code: int) -> None:
        if self._socket is None:
            return
        if code == CloseCode.NO_PONG or self._outgoing.full():
            self._socket.transport.abort()  # nobody answers there: a closing handshake would only wait
        else:
            self._outgoing.put_nowait(code)

    def _now(self) -> float:
        return self._clock.monotonic()

    async def _keep_connected(self) -> None:
        while True:
            await self._wait_to_connect()
            self._given_up = False
            code = ABNORMAL
            try:
                token = await self._access.token()
                async with asyncio.timeout(OPEN_WITHIN_S):
                    socket = await self._open()
            except InvalidStatus as error:
                if error.response.status_code in {400, 403, 426}:
                    raise Forbidden(f"the server answered the upgrade with {error.response.status_code}") from error
                self._sent_away(_seconds(error.response.headers.get("Retry-After", "")))
            except ChatError as error:
                if not error.retryable:
                    raise
                self._sent_away((error.retry_after_ms or 0) / 1_000)
            except NO_ANSWER:
                pass
            else:
                code = await self._serve(socket, token)
            if not self._given_up:
                self.do(self.link.closed(self._now(), code))
            if self._refused is not None:
                await self._after_refusal(self._refused)

    def _sent_away(self, after_s: float) -> None:
        self._not_before = self._now() + min(after_s, LONGEST_RETRY_S)

    async def _after_refusal(self, code: int) -> None:
        self._refused = None
        if code != CloseCode.NOT_AUTHENTICATED:
            refusal = Unauthenticated if code == CloseCode.DEVICE_REVOKED else Forbidden
            raise refusal(f"the server closed the connection for good ({code})")
        self._access.forget()
        await asyncio.sleep(1.0)  # a server whose clock refuses every token must not be hammered
        self.do(self.link.wake(self._now()))

    async def _wait_to_connect(self) -> None:
        while self._connect_at is None or self._connect_at > self._now():
            self._changed.clear()
            wait_s = None if self._connect_at is None else self._connect_at - self._now()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
        self._connect_at = None

    async def _open(self) -> ClientConnection:
        return await connect(
            _socket_url(self._access.account.url),
            subprotocols=[WebSocketSubprotocol(Subprotocol.JSON)],
            compression=None,
            open_timeout=OPEN_WITHIN_S,
            close_timeout=CLOSE_WITHIN_S,
            ping_interval=None,  # the protocol has its own heartbeat
            max_size=MESSAGE_BYTES,
        )

    async def _serve(self, socket: ClientConnection, token: str) -> int:
        """Exchange frames until the connection ends; return its close code."""
        self._socket, self._outgoing = socket, asyncio.Queue(OUTGOING_FRAMES)
        try:
            async with asyncio.TaskGroup() as tasks:
                writing = tasks.create_task(self._write(socket))
                self.do(self.link.connected(self._now(), token))
                code = await self._read(socket)
                writing.cancel()
        finally:
            self._socket = None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await socket.close()
        return code

    async def _read(self, socket: ClientConnection) -> int:
        while True:
            try:
                data = await socket.recv(decode=False)
                frames = decode(data)
            except ConnectionClosed as closed:
                return ABNORMAL if closed.rcvd is None else closed.rcvd.code
            except msgspec.DecodeError:
                return CloseCode.UNSUPPORTED_DATA
            for frame in frames:
                if isinstance(frame, Error) and frame.fatal:
                    self._sent_away((frame.retry_after_ms or 0) / 1_000)
                if not self._given_up:
                    self._hear(frame)
                    self.do(self.link.frame(self._now(), frame))

    async def _write(self, socket: ClientConnection) -> None:
        try:
            while True:
                frame = await self._outgoing.get()
                async with asyncio.timeout(WRITE_WITHIN_S):
                    if isinstance(frame, int):
                        await socket.close(frame)
                        return
                    await socket.send(_ENCODER.encode(frame), text=True)
        except (TimeoutError, ConnectionClosed):
            socket.transport.abort()  # reading ends with it, and says so to the link

    async def _keep_time(self) -> None:
        while True:
            next_at = self.link.next_at()
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if next_at is None else max(0.0, next_at - self._now())):
                    await self._changed.wait()
            due_at = self.link.next_at()
            if due_at is not None and due_at <= self._now():
                self.do(self.link.tick(self._now()))

    async def _keep_token(self) -> None:
        while (wait_s := self._access.renew_in_s()) is not None:
            await asyncio.sleep(wait_s)
            try:
                token = await self._access.token()
            except ChatError as error:
                if not error.retryable:
                    raise
                await asyncio.sleep(1.0)
            else:
                self.do(self.link.renew(self._now(), token))


def _seconds(retry_after: str) -> float:
    """Return what the header asks for; a proxy's date, or nothing, asks for no more than the link's own wait."""
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0.0


def _socket_url(url: str) -> str:
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + "/v1/ws", "", ""))


_ENCODER = msgspec.json.Encoder()
