"""Where a WebSocket becomes a session: one small object ties connection, outbox and session together."""

import secrets

from seriatim.core.buckets import network
from seriatim.core.clock import Clock
from seriatim.core.ids import DeviceId, SessionId, UserId
from seriatim.delivery.fanout import FanOut
from seriatim.gateway.http.addresses import TrustedProxies
from seriatim.gateway.outbox import Outbox, Outboxes
from seriatim.gateway.transport.contract import Connection, MessageReceiver, Refusal, UpgradeRequest
from seriatim.gateway.wheel import Wheel
from seriatim.protocol.answers import Drain
from seriatim.protocol.codec import Subprotocol
from seriatim.protocol.codes import CloseCode
from seriatim.protocol.encoded import Wire
from seriatim.protocol.limits import UNAUTHENTICATED_SOCKETS_PER_ADDRESS
from seriatim.protocol.session import Gate, Phase, Session

RECONNECT_AFTER_MS = (500, 5_000)
"""The window in which drained clients come back, so that they do not all come at once."""


class Sockets:
    """All live connections of one gateway: accepts, counts, drains and closes them."""

    def __init__(
        self,
        *,
        gate: Gate,
        outboxes: Outboxes,
        fan_out: FanOut,
        wheel: Wheel,
        wires: dict[Subprotocol, Wire],
        clock: Clock,
        proxies: TrustedProxies,
        unauthenticated_per_address: int = UNAUTHENTICATED_SOCKETS_PER_ADDRESS,
    ) -> None:
        self._unauthenticated_per_address = unauthenticated_per_address
        self.gate = gate
        self.outboxes = outboxes
        self.fan_out = fan_out
        self.wheel = wheel
        self.clock = clock
        self.sockets: dict[Session, Socket] = {}
        self._wires = wires
        self._unauthenticated: dict[str, int] = {}
        self._proxies = proxies
        self._draining = False

    def accept(self, request: UpgradeRequest, connection: Connection) -> MessageReceiver | Refusal:
        """Take a handshake, or refuse it with a time to come back."""
        if self._draining:
            return Refusal(503, "draining", retry_after_s=2)
        address = network(self._proxies.caller(request.address, request.headers.get("x-forwarded-for")))
        waiting = self._unauthenticated.get(address, 0)
        if waiting >= self._unauthenticated_per_address:
            return Refusal(503, "too many sockets of this address wait to say hello", retry_after_s=2)
        self._unauthenticated[address] = waiting + 1
        return Socket(self, connection, self._wires[request.subprotocol], address)

    def greeted(self, address: str) -> None:
        """Give back an address's place among the unauthenticated."""
        left = self._unauthenticated.get(address, 0) - 1
        if left > 0:
            self._unauthenticated[address] = left
        else:
            self._unauthenticated.pop(address, None)

    def close_device(self, user_id: UserId, device_id: DeviceId | None) -> None:
        """Close the sessions of a revoked device, or of all devices of a user, with 4410."""
        for session in self.fan_out.sessions_of(user_id):
            if isinstance(session, Session) and device_id in (None, session.device_id):
                session.close(CloseCode.DEVICE_REVOKED, "this device was signed out")

    def reconnect(self, user_id: UserId) -> None:
        """Close a user's sessions with 1012: what he may do is looked up when he comes back."""
        for session in self.fan_out.sessions_of(user_id):
            if isinstance(session, Session):
                session.close(CloseCode.RESTART, "what this token is for has changed")

    def begin_drain(self, reconnect_after_ms: tuple[int, int] = RECONNECT_AFTER_MS) -> None:
        """Refuse new sockets and tell every session when to come back."""
        self._draining = True
        for session in list(self.sockets):
            if session.phase is Phase.LIVE:
                session.answer(Drain(reconnect_after_ms=reconnect_after_ms))

    def close_all(self) -> None:
        """Close every session with 4000; sends in flight were answered before."""
        for session in list(self.sockets):
            session.close(CloseCode.DRAINED, "planned restart")


class Socket:
    """One connection and its session, as the transport calls them."""

    __slots__ = ("_address", "_all", "_outbox", "_session")

    def __init__(self, all_: Sockets, connection: Connection, wire: Wire, address: str) -> None:
        now = all_.clock.monotonic()
        self._all = all_
        self._address: str | None = address
        self._outbox = Outbox(all_.outboxes, connection, wire)
        self._session = Session(SessionId(secrets.token_hex(8)), all_.gate, self._outbox, wire, now)
        self._outbox.focused = self._session
        all_.sockets[self._session] = self
        all_.wheel.add(self._session)

    def received(self, payload: bytes | memoryview) -> None:
        """Take one message."""
        self._session.received(payload, self._all.clock.monotonic())
        if self._address is not None and self._session.phase is not Phase.NEW:
            self._all.greeted(self._address)
            self._address = None

    def paused(self) -> None:
        """Keep frames until the peer reads."""
        self._outbox.paused(self._all.clock.monotonic())

    def resumed(self) -> None:
        """Let the kept frames go."""
        self._outbox.resumed()

    def ending(self) -> None:
        """Keep broadcasts from the transport: a close frame is sent."""
        self._outbox.ending()

    def closed(self) -> None:
        """Forget the session."""
        if self._address is not None:
            self._all.greeted(self._address)
        session = self._session
        session.phase = Phase.CLOSED
        self._outbox.gone()
        self._all.wheel.remove(session)
        self._all.sockets.pop(session, None)
        self._all.fan_out.unregister(session.user_id, session)
        self._all.gate.gone(session)
