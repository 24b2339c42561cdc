"""The client's side of the protocol, without I/O: what happened goes in, what is to be done comes out.

The driver (client/, the simulation) calls one method per happening and carries out the actions it returns, in order:
the durable ones stand first and are committed in one local transaction, then the others are done. If it cannot commit
them it throws the link away and starts another from its store. Times are seconds of any clock that never falls.
Client rules (docs/protocol.md): 1 and 8 outbox.py · 2, 3, 5 conversation.py · 4 here · 6 epoch.py · 7 backoff.py.
"""

from collections.abc import Iterable
from random import Random

import msgspec

from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.answers import (
    Compared,
    Drain,
    Error,
    Event,
    Gap,
    HeadRow,
    Heads,
    Ok,
    OwnRead,
    Page,
    Pong,
    PresenceTold,
    SelfChanged,
    Sent,
    ServerFrame,
    TypingTold,
    Welcome,
)
from seriatim.protocol.codes import CloseCode, may_reconnect
from seriatim.protocol.commands import AnyCommand, Hello, Ping, Renew, Resume
from seriatim.protocol.entries import Entry
from seriatim.protocol.fields import EntryIdentity
from seriatim.protocol.limits import HELLO_WITHIN_S, HOLD_BACK_S
from seriatim.protocol.link.actions import (
    DURABLE,
    Action,
    Apply,
    Connect,
    Disconnect,
    Failed,
    Keep,
    OutboxCommand,
    Position,
    Recall,
    Refused,
    SaveToken,
    Settled,
    State,
    StateChanged,
    Transmit,
    Truncate,
)
from seriatim.protocol.link.backoff import STABLE_S, Backoff
from seriatim.protocol.link.conversation import Conversation, History
from seriatim.protocol.link.epoch import Agreement
from seriatim.protocol.link.fetches import Fetches
from seriatim.protocol.link.heartbeat import Heartbeat
from seriatim.protocol.link.held import Held, Identity
from seriatim.protocol.link.outbox import Outbox
from seriatim.protocol.link.reads import Reads
from seriatim.protocol.link.refusals import error_of, is_final
from seriatim.protocol.link.screen import Place, Screen
from seriatim.protocol.own.changes import OwnMine

RETRY_MS = 1_000
"""Wait after a retryable refusal that names no time."""


class Link:
    """One device's connection to its server, and the rules by which its copy of the log becomes and stays the log."""

    def __init__(self, identity: Identity, held: Held, *, history: History = History.NEWEST, random: Random) -> None:
        self.identity = identity
        self.state = State.OFFLINE
        self.epoch = held.epoch
        self.outbox = Outbox(held.outbox)
        self._history = history
        self._token = held.token
        self._new_token: str | None = None
        self._conversations = {id_: self._made(id_, position) for id_, position in held.positions.items()}
        self._fetches = Fetches(self._conversation)
        self._reads = Reads({id_: at.read_wanted for id_, at in held.positions.items() if at.read_wanted})
        self._heartbeat = Heartbeat()
        self._backoff = Backoff(random)
        self.screen = Screen()
        """What is shown, and who is there and types."""
        self._is_open = False
        self._heads_open = False
        self._catching: set[ConversationId] = set()
        self._agreement = Agreement()
        self._welcome_by: float | None = None
        self._move_at: float | None = None
        self._live_since: float | None = None
        self._last_id = 0
        self._actions: list[Action] = []
        self._applied: dict[ConversationId, list[Entry]] = {}

    def wake(self, now: float) -> list[Action]:
        """Connect at once: at the start, when the network is back, when the token is fresh again."""
        if self.state is State.OFFLINE:
            self._become(State.CONNECTING)
            self._actions.append(Connect(0.0))
        return self._flush(now)

    def connected(self, now: float, access_token: str) -> list[Action]:
        """Say hello on a fresh connection."""
        self._become(State.CONNECTING)
        self._welcome_by = now + HELLO_WITHIN_S
        resume = Resume(self.epoch, self._token) if self.epoch is not None and self._token is not None else None
        hello = Hello(
            token=access_token,
            device_id=self.identity.device_id,
            client=self.identity.client,
            resume=resume,
            focus=(screen := self.screen.greeting()).conversation_ids,
            inactive=screen.inactive,
        )
        self._actions.append(Transmit(hello))
        return self._flush(now)

    def frame(self, now: float, frame: ServerFrame) -> list[Action]:
        """Take one frame from the server."""
        match frame:
            case Event():
                self._event(frame, now)
            case Ok() | Error() | Sent() | Page() | Compared():
                self._answer(frame, now)
            case Welcome() | Heads() | Pong():
                self._numbers(frame, now)
            case Gap():
                self._hear_of(frame.conversation_id, frame.head, now)
            case Drain():
                self._move_at = now + self._backoff.within_s(frame.reconnect_after_ms)
                self._become(State.DRAINING)
            case SelfChanged(what=OwnRead() | OwnMine() as what):
                self._own(what)
            case PresenceTold() | TypingTold():
                self.screen.told(frame, now)
            case _:
                pass
        return self._flush(now)

    def closed(self, now: float, code: int) -> list[Action]:
        """Learn that the connection ended, or that it could not be had (1006)."""
        self._forget_connection(now, code)
        return self._flush(now)

    def tick(self, now: float) -> list[Action]:
        """Let time pass; call it at `next_at`, more often does no harm."""
        if self._heartbeat.is_lost(now) or (self._welcome_by is not None and now >= self._welcome_by):
            self._lose(now, CloseCode.NO_PONG)
        elif self._move_at is not None and now >= self._move_at:
            self._lose(now, CloseCode.NORMAL)
        self.outbox.overdue(now)
        self._fetches.overdue(now)
        self.screen.overdue(now)
        if self._heartbeat.is_due(now):
            self._ping()
        return self._flush(now)

    def next_at(self) -> float | None:
        """Return when `tick` has something to do; None: not before something else happens."""
        times = [self._welcome_by, self._move_at, self.screen.next_at()]
        if self._is_open:
            times += [self._heartbeat.next_at(), self.outbox.next_at(), self._fetches.next_at()]
            times += [self._agreement.next_at(), self._reads.next_at() if self._is_agreed() else None]
        return min((at for at in times if at is not None), default=None)

    def send(self, now: float, command: OutboxCommand, *, ordered: bool = True) -> list[Action]:
        """Keep a command until it is answered for good, and transmit it when its turn has come (rules 1 and 8)."""
        if command.client_id not in self.outbox:
            command = msgspec.structs.replace(command, id=0)
            self._actions.append(Keep(command, ordered))
            self.outbox.keep(command, ordered=ordered)
        return self._flush(now)

    def read(self, now: float, conversation_id: ConversationId, seq: int, unread: int) -> list[Action]:
        """Move the user's read watermark up to `seq`; `unread` is what the store counts above it."""
        conversation = self._conversation(conversation_id)
        if conversation.has_read(seq, unread):
            self._reads.want(conversation_id, seq)
            self._touch(conversation)
        return self._flush(now)

    def fill(self, now: float, conversation_id: ConversationId, before: int) -> list[Action]:
        """Fetch a page into the highest hole below `before` (rule 5)."""
        conversation = self._conversation(conversation_id)
        if conversation.fill(before, now):
            self._fetches.consider(conversation)
        return self._flush(now)

    def tear(self, now: float, conversation_id: ConversationId, holes: Iterable[tuple[int, int]]) -> list[Action]:
        """Learn that the store has forgotten entries, as holes, since what had changed them is gone (rule 6)."""
        conversation = self._conversation(conversation_id)
        conversation.holes = sorted({*conversation.holes, *holes})
        self._touch(conversation)
        return self._flush(now)

    def focus(
        self,
        now: float,
        conversation_ids: Iterable[ConversationId],
        user_ids: Iterable[UserId] = (),
        *,
        inactive: bool = False,
    ) -> list[Action]:
        """Say which conversations and people are on screen, and whether nobody looks."""
        frame = self.screen.focus(conversation_ids, user_ids, inactive=inactive)
        self._fetches.focus = self.screen.conversation_ids
        if self._is_open:
            self._transmit(frame)
        return self._flush(now)

    def type(self, now: float, place: Place, *, on: bool) -> list[Action]:
        """Say that the user types in this conversation or thread, or no more; what would come too often is left out."""
        if self._is_open:
            self._actions += self.screen.type(place, now, on=on)
        return self._flush(now)

    def recalled(self, now: float, rows: Iterable[EntryIdentity]) -> list[Action]:
        """Take the store's answer to `Recall`."""
        self._agreement.recalled(rows)
        return self._flush(now)

    def renew(self, now: float, access_token: str) -> list[Action]:
        """Hand a fresh token to the present session; without one, the next hello carries it."""
        if self._is_open:
            self._transmit(Renew(id=self._next_id(), token=access_token))
        return self._flush(now)

    # --- what frames mean -------------------------------------------------------------------------------------------

    def _event(self, event: Event, now: float) -> None:
        if event.epoch != self.epoch:
            self._lose(now, CloseCode.STATE_LOST)
            return
        entry = event.entry
        conversation = self._conversation(entry.conversation_id)
        self._count_as_ack(entry)
        self.screen.entry(entry)
        self._apply(conversation, conversation.event(entry, now))

    def _answer(self, frame: Ok | Error | Sent | Page | Compared, now: float) -> None:
        match frame:
            case Sent():
                self._acked(frame)
                self._hear_of(frame.conversation_id, frame.seq, now, patience_s=HOLD_BACK_S)
            case Page():
                self._page(frame, now)
            case Error():
                self._error(frame, now)
            case Compared():
                self._agreement.compared(frame)
            case Ok():
                self._read_told(frame.id, now, retry_after_ms=None)

    def _page(self, page: Page, now: float) -> None:
        asked = self._fetches.answered(page.id)
        if page.epoch != self.epoch:
            self._lose(now, CloseCode.STATE_LOST)
        elif asked is not None and not asked[0].comparing:
            conversation, direction = asked
            for entry in page.entries:
                self._count_as_ack(entry)
            self._apply(conversation, conversation.page(page, direction, now))

    def _error(self, frame: Error, now: float) -> None:
        error = error_of(frame)
        item, asked = self.outbox.of_frame(frame.id), self._fetches.answered(frame.id)
        if item is not None:
            if is_final(error):
                self.outbox.settle(item.command.client_id)
                self._actions.append(Failed(item.command.client_id, error))
            else:
                self.outbox.postpone(item, now, error.retry_after_ms)
        elif asked is not None:
            conversation = asked[0]
            if is_final(error):
                conversation.unreadable()
            else:
                wait_s = (error.retry_after_ms or RETRY_MS) / 1_000
                self._fetches.pause(now + wait_s)
                conversation.later(now + wait_s)
            self._touch(conversation)
        elif not self._agreement.refused(frame.id, now + (error.retry_after_ms or RETRY_MS) / 1_000):
            self._read_told(frame.id, now, retry_after_ms=None if is_final(error) else error.retry_after_ms or RETRY_MS)

    def _numbers(self, frame: Welcome | Heads | Pong, now: float) -> None:
        match frame:
            case Welcome():
                self._welcome(frame, now)
                self._rows(frame.heads, now)
                self._heads_open = frame.more
            case Heads():
                self._rows(frame.rows, now)
                if not self._heads_open:  # pages before a pong
                    return
                self._heads_open = frame.more
            case Pong():
                self._heartbeat.heard()
                self._rows(frame.heads, now)
                self._new_token = frame.resume_token or None
                return
        if not self._heads_open:
            self._catch_up(now)

    def _welcome(self, welcome: Welcome, now: float) -> None:
        self._welcome_by, self._is_open = None, True
        self._heartbeat.begin(now, welcome.heartbeat_ms)
        self._actions += self.screen.connected()
        if welcome.epoch != self.epoch:
            self.epoch, self._token = welcome.epoch, None
            self._actions += [Keep(row.command, row.ordered) for row in self.outbox.doubt()]
            for conversation in self._conversations.values():
                conversation.restart()
                self._distrust(conversation)
        self._new_token = welcome.resume_token
        self._become(State.SYNCING)

    def _rows(self, rows: list[HeadRow], now: float) -> None:
        for row in rows:
            conversation = self._conversation(row.conversation_id)
            if not conversation.row(row, now):
                self._distrust(conversation)
            self._touch(conversation)

    def _catch_up(self, now: float) -> None:
        """Every head is known: ask for what is missing, in all conversations (rule 4)."""
        for conversation in self._conversations.values():
            conversation.heard_of(conversation.head, now)
            self._fetches.consider(conversation)
            if conversation.fetch_at is not None:
                self._catching.add(conversation.id)

    def _own(self, what: OwnRead | OwnMine) -> None:
        conversation = self._conversation(what.conversation_id)
        if conversation.own(what):
            self._touch(conversation)

    # --- what follows from it -----------------------------------------------------------------------------------------

    def _conversation(self, conversation_id: ConversationId) -> Conversation:
        found = self._conversations.get(conversation_id)
        if found is None:
            found = self._conversations[conversation_id] = self._made(conversation_id, Position())
        return found

    def _made(self, conversation_id: ConversationId, position: Position) -> Conversation:
        return Conversation(conversation_id, self.identity.user_id, position, self._history)

    def _distrust(self, conversation: Conversation) -> None:
        """Rule 6: nothing of this conversation moves before its prefix has been compared."""
        if conversation.cursor:
            conversation.comparing = True
            self._agreement.distrust(conversation.id, conversation.cursor)

    def _hear_of(self, conversation_id: ConversationId, seq: int, now: float, *, patience_s: float = 0.0) -> None:
        conversation = self._conversation(conversation_id)
        conversation.heard_of(seq, now, patience_s=patience_s)
        self._touch(conversation)

    def _count_as_ack(self, entry: Entry) -> None:
        """Take an own entry in the log for the ack: it says the same as `sent`, which may be lost."""
        if entry.device_id == self.identity.device_id:
            self._acked(entry)

    def _acked(self, stored: Sent | Entry) -> None:
        known = self._conversations.get(stored.conversation_id)
        is_held = known is not None and not known.comparing and stored.seq <= (known.cursor or 0)
        acked = self.outbox.acked(stored, is_held=is_held)
        if acked is not None:
            self._actions.append(acked)

    def _read_told(self, frame_id: int | None, now: float, *, retry_after_ms: int | None) -> None:
        told = self._reads.answered(frame_id, now, retry_after_ms=retry_after_ms)
        if told is not None:
            conversation = self._conversation(told)
            conversation.read = max(conversation.read, conversation.read_wanted)
            conversation.read_wanted = 0
            self._touch(conversation)

    def _apply(self, conversation: Conversation, entries: list[Entry]) -> None:
        self._applied.setdefault(conversation.id, []).extend(entries)
        self._touch(conversation)

    def _touch(self, conversation: Conversation) -> None:
        if not conversation.comparing:
            held = self.outbox.passed(conversation.id, conversation.cursor or 0)
            self._actions += [Settled(client_id) for client_id in held]
        self._applied.setdefault(conversation.id, [])
        self._fetches.consider(conversation)
        if conversation.fetch_at is None:
            self._catching.discard(conversation.id)

    def _become(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self._actions.append(StateChanged(state))

    def _lose(self, now: float, code: int) -> None:
        self._actions.append(Disconnect(code))
        self._forget_connection(now, code if may_reconnect(code) else CloseCode.NORMAL)

    def _forget_connection(self, now: float, code: int) -> None:
        if self._live_since is not None and now - self._live_since >= STABLE_S:
            self._backoff.succeeded()
        wait_s = self._backoff.wait_s() if self._move_at is None else max(0.0, self._move_at - now)
        self._is_open = self._heads_open = False
        self._welcome_by = self._move_at = self._live_since = self._new_token = None
        self._catching.clear()
        self._heartbeat.end()
        self.screen.disconnected()
        self._agreement.disconnected()
        for part in (self.outbox, self._fetches, self._reads):
            part.disconnected()
        self._become(State.OFFLINE)
        self._actions.append(Connect(wait_s) if may_reconnect(code) else Refused(code))

    # --- what is to be done -------------------------------------------------------------------------------------------

    def _flush(self, now: float) -> list[Action]:
        """Complete this happening's actions: the durable ones, then those that follow from them."""
        self._actions += self.screen.changes()
        if self._is_open:
            self._agree(now)
            self._settle_token()
            self._transmit_due(now)
            if self.state is State.SYNCING and self._is_agreed() and not self._catching:
                self._live_since = now
                self._become(State.LIVE)
        actions, self._actions = self._actions, []
        applied, self._applied = self._applied, {}
        durable = [action for action in actions if isinstance(action, DURABLE)]
        first = [action for action in durable if not isinstance(action, SaveToken)]
        tokens = [action for action in durable if isinstance(action, SaveToken)]
        changed = [
            Apply(conversation_id, tuple(entries), self._conversation(conversation_id).position())
            for conversation_id, entries in applied.items()
        ]
        return [*first, *changed, *tokens, *(action for action in actions if not isinstance(action, DURABLE))]

    def _settle_token(self) -> None:
        """Store the token only when every head that came before it is known and agreed on."""
        if self._new_token is None or self.epoch is None or not self._is_agreed():
            return
        self._token, self._new_token = self._new_token, None
        self._actions.append(SaveToken(self.epoch, self._token))

    def _agree(self, now: float) -> None:
        if self._heads_open:
            return
        for conversation_id, common in self._agreement.found().items():
            conversation = self._conversation(conversation_id)
            shrinks = common < (conversation.cursor or 0)
            conversation.truncate(common, now)
            if shrinks:
                self._reads.cut(conversation_id, common)
                self._actions.append(Truncate(conversation_id, common, conversation.position()))
            self._touch(conversation)
            if conversation.fetch_at is not None:
                self._catching.add(conversation_id)
        asks = self._agreement.asks()
        if asks:
            self._actions.append(Recall(asks))

    def _transmit_due(self, now: float) -> None:
        for conversation, direction in self._fetches.due(now):
            self._transmit(self._fetches.transmitted(self._next_id(), conversation, direction, now))
        if self.state is not State.DRAINING:
            for item in self.outbox.due(now):
                frame_id = self._next_id()
                self.outbox.transmitted(item, frame_id, now)
                self._transmit(msgspec.structs.replace(item.command, id=frame_id))
        compare = self._agreement.due(self._next_id(), now)
        if compare is not None:
            self._transmit(compare)
        read = self._reads.due(self._next_id(), now) if self._is_agreed() else None
        if read is not None:
            self._transmit(read)

    def _is_agreed(self) -> bool:
        """Say whether what this device holds is known to stand in the server's log: only then are seqs told to it."""
        return not (self._heads_open or self._agreement.is_open)

    def _ping(self) -> None:
        held = {id_: self._conversation(id_).cursor or 0 for id_ in self.screen.conversation_ids}
        self._actions.append(Transmit(Ping(heads=held)))

    def _transmit(self, frame: AnyCommand) -> None:
        self._actions.append(Transmit(frame))

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id
