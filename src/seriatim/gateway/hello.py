"""Hello: check the token, register for delivery, read the heads of all who greet at the same time in one statement."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

import structlog

from seriatim.core.clock import Clock
from seriatim.core.errors import ChatError, Conflict, Forbidden, RateLimited, Unauthenticated, Unavailable
from seriatim.core.ids import DeviceId
from seriatim.delivery.fanout import FanOut
from seriatim.delivery.heads_pages import HeadsPages
from seriatim.features.accounts.tokens import Claims
from seriatim.gateway.scopes import require_socket
from seriatim.log.heads import HeadsAnswer, HeadsAsk
from seriatim.protocol.answers import Heads, Welcome
from seriatim.protocol.codes import CloseCode
from seriatim.protocol.commands import Hello
from seriatim.protocol.http.bots import BOT_TOKEN_PREFIX
from seriatim.protocol.limits import HEARTBEAT_S, LIMITS, SOCKETS_PER_USER
from seriatim.protocol.sender import Sender
from seriatim.protocol.session import Phase, Session

log = structlog.get_logger()

GREETINGS = 128
"""Most hellos whose heads one statement reads."""
WAITING = 20_000
"""Most hellos that wait; beyond it they are refused with a time to come back."""


class Verify(Protocol):
    """Checks access tokens without SQL (features/accounts)."""

    def verify(self, token: str) -> Claims:
        """Return what the token says; raises Unauthenticated, TokenExpired."""
        ...


Revoked = Callable[[DeviceId], bool]
BotSenders = Callable[[Sequence[str]], Awaitable[dict[str, Sender]]]
"""Who speaks with which of these bots' tokens."""


class _Waiting(NamedTuple):
    session: Session
    hello: Hello


class Greeter:
    """Turns hellos into live sessions, in the order in which they came."""

    def __init__(
        self,
        *,
        tokens: Verify,
        revoked: Revoked,
        bots: BotSenders,
        fan_out: FanOut,
        pages: HeadsPages,
        epoch: str,
        clock: Clock,
    ) -> None:
        self._tokens = tokens
        self._revoked = revoked
        self._bots = bots
        self._fan_out = fan_out
        self._pages = pages
        self._epoch = epoch
        self._clock = clock
        self._queue: deque[_Waiting] = deque()
        self._wake = asyncio.Event()

    def claims(self, token: str, device_id: DeviceId) -> Claims:
        """Return the claims of a token of this device, unless it is revoked; raises Unauthenticated, TokenExpired."""
        claims = self._tokens.verify(token)
        self._require_device(claims.device_id, device_id)
        return claims

    def _require_device(self, device_id: DeviceId, said: DeviceId) -> None:
        if device_id != said:
            raise Unauthenticated("the token belongs to another device", path="$.device_id")
        if self._revoked(device_id):
            raise Unauthenticated("this device was signed out", reason="device_revoked")

    def expires_at(self, claims: Claims) -> float:
        """Return the end of a token in monotonic seconds."""
        left: timedelta = claims.expires_at - self._clock.now()
        return self._clock.monotonic() + left.total_seconds()

    def hello(self, session: Session, hello: Hello) -> None:
        """Take a greeting: refuse it at once, or register the session and queue it for its heads."""
        if len(self._queue) >= WAITING:
            session.refuse_hello(RateLimited("too many at once", retry_after_ms=5_000), CloseCode.RATE)
            return
        if not hello.token.startswith(BOT_TOKEN_PREFIX):
            try:
                claims = self.claims(hello.token, hello.device_id)
            except Unauthenticated as error:
                _refuse(session, error)
                return
            if not self._register(session, Sender(claims.user_id, claims.device_id)):
                return
            session.expires_at = self.expires_at(claims)
        self._queue.append(_Waiting(session, hello))
        self._wake.set()

    def _register(self, session: Session, sender: Sender) -> bool:
        """Let a session hear what is committed from here on, before its resume token is taken; False: it is refused."""
        if len(self._fan_out.sessions_of(sender.user_id)) >= SOCKETS_PER_USER:
            session.refuse_hello(Conflict(f"at most {SOCKETS_PER_USER} sockets", reason="sockets"), CloseCode.FORBIDDEN)
            return False
        session.sender = sender
        self._fan_out.register(session.user_id, session)
        return True

    async def _with_bots(self, batch: list[_Waiting]) -> list[_Waiting]:
        """Look up who the bots among them are, in one statement, and return all that go on."""
        bots = [waiting for waiting in batch if waiting.session.sender.user_id == 0]
        if not bots:
            return batch
        try:
            found = await self._bots([waiting.hello.token for waiting in bots])
        except Unavailable as error:
            for waiting in bots:
                waiting.session.refuse_hello(error, CloseCode.RESTART)
            return [waiting for waiting in batch if waiting not in bots]
        return [waiting for waiting in batch if waiting not in bots or self._is_bot(waiting, found)]

    def _is_bot(self, waiting: _Waiting, found: dict[str, Sender]) -> bool:
        session, hello = waiting
        if session.phase is not Phase.GREETING:
            return False
        sender = found.get(hello.token)
        if sender is None:
            _refuse(session, Unauthenticated("this is no bot's token, or no longer", reason="bot_token"))
            return False
        try:
            self._require_device(sender.device_id, hello.device_id)
            require_socket(sender)
        except Unauthenticated as error:
            _refuse(session, error)
            return False
        except Forbidden as error:
            session.refuse_hello(error, CloseCode.FORBIDDEN)
            return False
        return self._register(session, sender)

    async def run(self) -> None:
        """Greet whoever waits, many at a time, and own the tasks that tell further pages, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._wake.wait()
                batch: list[_Waiting] = []
                while self._queue and len(batch) < GREETINGS:
                    waiting = self._queue.popleft()
                    if waiting.session.phase is Phase.GREETING:
                        batch.append(waiting)
                if not self._queue:
                    self._wake.clear()
                if batch := await self._with_bots(batch):
                    await self._greet(batch, tasks)

    async def _greet(self, batch: list[_Waiting], tasks: asyncio.TaskGroup) -> None:
        asks = [HeadsAsk(waiting.session.user_id, self._token(waiting.hello)) for waiting in batch]
        async for part, answers in self._pages.first(asks):
            if isinstance(answers, Unavailable):
                log.warning("greeting_failed", reason=answers.message, sessions=part.stop - part.start)
                for waiting in batch[part]:
                    refusal = Unavailable("the database is away", retry_after_ms=2_000)
                    waiting.session.refuse_hello(refusal, CloseCode.RESTART)
                continue
            for waiting, ask, answer in zip(batch[part], asks[part], answers, strict=True):
                self._welcome(waiting.session, answer)
                if answer.more:
                    tasks.create_task(self._rest(waiting.session, ask, answer))

    def _token(self, hello: Hello) -> str | None:
        """Return the resume token unless it is of another epoch, where it counts positions in another log."""
        return hello.resume.token if hello.resume is not None and hello.resume.epoch == self._epoch else None

    def _welcome(self, session: Session, answer: HeadsAnswer) -> None:
        session.welcome(
            Welcome(
                session_id=session.session_id,
                user_id=session.user_id,
                device_id=session.device_id,
                epoch=self._epoch,
                heartbeat_ms=int(HEARTBEAT_S * 1000),
                limits=LIMITS,
                server_time=self._clock.now(),
                resume_token=answer.token,
                heads=answer.rows,
                more=answer.more,
                own=list(answer.own),
            ),
            self._clock.monotonic(),
        )

    async def _rest(self, session: Session, ask: HeadsAsk, answer: HeadsAnswer) -> None:
        """Tell the pages after the first; a failure closes the session, which then resumes from its old token."""
        while answer.more and session.phase is Phase.LIVE:
            try:
                answer = await self._pages.next(ask.user_id, ask.token, answer)
            except ChatError as error:
                log.warning("heads_page_failed", reason=error.message)
                session.close(CloseCode.STATE_LOST, "the heads could not be read")
                return
            session.answer(Heads(rows=answer.rows, more=answer.more))


def _refuse(session: Session, error: Unauthenticated) -> None:
    revoked = error.reason == "device_revoked"
    session.refuse_hello(error, CloseCode.DEVICE_REVOKED if revoked else CloseCode.NOT_AUTHENTICATED)
