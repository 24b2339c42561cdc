"""The gate: what a session asks of its gateway, answered by the features, the log and delivery."""

import asyncio

import msgspec
import structlog

from seriatim.core.errors import ChatError, Internal
from seriatim.core.trace import Hop, Trace, passed
from seriatim.delivery.repair import HeadsCheck
from seriatim.features.presence.presence import Presence
from seriatim.features.receipts.marks import Marks
from seriatim.features.typing.typing import Typists
from seriatim.gateway.commands import Commands, sent
from seriatim.gateway.hello import Greeter
from seriatim.gateway.traces import Traces
from seriatim.log.draft import Stored
from seriatim.protocol.codes import CloseCode
from seriatim.protocol.commands import Command, Focus, Hello, SendMessage, Typing
from seriatim.protocol.limits import Rates
from seriatim.protocol.own.commands import Received
from seriatim.protocol.session import Phase, Session

log = structlog.get_logger()

_ACK, _CLOSED = Hop.ACK, Phase.CLOSED
_SEND = "send"
_STORED, _REPEATED = (_SEND, "ok"), (_SEND, "repeated")


class SocketGate:
    """Runs the commands of all sessions of one gateway: sends without a task, every other one in a task it owns."""

    def __init__(
        self,
        *,
        commands: Commands,
        greeter: Greeter,
        heads_check: HeadsCheck,
        presence: Presence,
        typists: Typists,
        marks: Marks,
        traces: Traces,
        rates: Rates,
    ) -> None:
        self.rates = rates
        self._presence = presence
        self._typists = typists
        self._marks = marks
        self.commands = commands
        self._greeter = greeter
        self._heads_check = heads_check
        self.traces = traces
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Own the tasks of low-rate commands until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            await asyncio.get_running_loop().create_future()

    def hello(self, session: Session, hello: Hello) -> None:
        """See protocol/session.Gate."""
        self._greeter.hello(session, hello)

    def renew(self, session: Session, token: str) -> None:
        """Move the session's end to that of a fresh token of the same device."""
        claims = self._greeter.claims(token, session.device_id)
        session.expires_at = self._greeter.expires_at(claims)

    def due(self, session: Session) -> None:
        """See protocol/session.Gate."""
        self._heads_check.due(session)

    def received(self, session: Session, received: Received) -> None:
        """See protocol/session.Gate."""
        self._marks.received(received, session.user_id)

    def live(self, session: Session) -> None:
        """See protocol/session.Gate."""
        self._presence.live(session)

    def gone(self, session: Session) -> None:
        """See protocol/session.Gate."""
        if session.user_id:
            self._presence.gone(session)

    def focus(self, session: Session, focus: Focus) -> None:
        """See protocol/session.Gate."""
        self._presence.focus(session, focus)

    def typing(self, session: Session, typing: Typing) -> None:
        """See protocol/session.Gate."""
        self._typists.typing(session.user_id, typing)

    def untold(self, session: Session) -> None:
        """See protocol/session.Gate."""
        self._presence.untold(session)

    def command(self, session: Session, command: Command, trace: Trace | None) -> None:
        """Run one command; see protocol/session.Gate."""
        if type(command) is SendMessage:
            waiter = _SendWaiter(self, session, command)
            try:
                self.commands.send(command, session.sender, waiter, trace)
            except ChatError as error:
                waiter.refused(error)
        else:
            assert self._tasks is not None, "the gate runs before its first session"
            self._tasks.create_task(self._run(session, command))

    async def _run(self, session: Session, command: Command) -> None:
        try:
            session.answer(await self.commands.run(command, session.sender))
        except ChatError as error:
            session.refuse(command.id, error)
        except Exception:
            log.exception("command_failed", command=type(command).__name__, session_id=session.session_id)
            session.refuse(command.id, Internal("a bug of ours; it is logged"))
            session.close(CloseCode.SERVER_ERROR, "internal error")
        session.done(command)


class _SendWaiter(msgspec.Struct, gc=False):
    """Brings the fate of one send back to its session. Nothing refers back to it, so no cycle can hold it."""

    gate: SocketGate
    session: Session
    command: SendMessage

    def stored(self, stored: Stored) -> None:
        """Ack: the entry is committed and published."""
        session, command, trace = self.session, self.command, stored.trace
        self.gate.commands.ended[_REPEATED if stored.duplicate else _STORED] += 1
        passed(trace, _ACK)
        if session.phase is not _CLOSED:
            session.answer(sent(stored, command.id))
        if trace is not None:
            self.gate.traces.finish(stored, trace)
        session.done(command)

    def refused(self, error: ChatError) -> None:
        """Say why not."""
        self.gate.commands.ended[_SEND, error.code] += 1
        self.gate.commands.refused(self.command, self.session.sender, error)
        self.session.refuse(self.command.id, error)
        self.session.done(self.command)
