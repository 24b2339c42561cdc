"""The pure model: gapless seq in a log, a broker that promises nothing, clients that repair; each rule can be left out.

It knows no frames and no code of the product, so it says what the rules themselves are worth.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from properties.schedule import Schedule

RULES = frozenset(
    {
        "idempotency key",
        "outbox before send",
        "same key on retry",
        "hold-back",
        "drop at or below cursor",
        "gap fetch",
        "tail check",
        "subscribe before snapshot",
        "publish after commit",
        "publish again on retry",
        "ack after commit",
        "cursor with the entry",
        "gapless seq",
        "one unanswered send",
    }
)
CONVERSATIONS, GATEWAYS, CLIENTS = 2, 3, 4
END_S, SETTLED_S = 60.0, 120.0
SKEW_S = (0.0, 0.15, -0.15)
"""Clock error of each gateway: what a seq made of clocks would suffer from."""

Key = tuple[int, int, int]
"""Client, number of its wish, number of its attempt (0 where retries keep the key)."""
Row = tuple[int, Key]


@dataclass
class Copy:
    """A client's copy of one conversation: in memory, and what of it is on its disk."""

    cursor: int = 0
    seen: list[Row] = field(default_factory=list)
    held: dict[int, Key] = field(default_factory=dict)
    stored_cursor: int = 0
    stored: list[Row] = field(default_factory=list)
    is_fetching: bool = False


@dataclass
class Client:
    """One device; `life` is raised by every connection and crash, so that nothing old reaches the new one."""

    number: int
    gateway: int | None = None
    life: int = 0
    connected_at: float = 0.0
    copies: list[Copy] = field(default_factory=lambda: [Copy() for _ in range(CONVERSATIONS)])
    outbox: OrderedDict[int, int] = field(default_factory=OrderedDict)
    attempts: dict[int, int] = field(default_factory=dict)


class Model:
    """Four clients, three gateways, two conversations: a minute of faults, a minute of peace, then the check."""

    rules = RULES

    def __init__(self, seed: int, without: frozenset[str] = frozenset()) -> None:
        assert without <= self.rules
        self.schedule = Schedule(seed)
        self.without = without
        self.log: list[list[Row]] = [[] for _ in range(CONVERSATIONS)]
        self.counter = [0] * CONVERSATIONS
        self.keys: dict[Key, Row] = {}
        self.is_up = [True] * GATEWAYS
        self.subscribed: list[set[tuple[int, int, int]]] = [set() for _ in range(CONVERSATIONS)]
        self.clients = [Client(number) for number in range(CLIENTS)]
        self.wished: set[tuple[int, int]] = set()
        self.acked: set[Key] = set()
        self.committed_at: dict[Key, float] = {}
        self.repair_s: list[float] = []
        self._wishes = 0

    def has(self, rule: str) -> bool:
        return rule not in self.without

    def goes_wrong(self, probability: float) -> bool:
        return self.schedule.now < END_S and self.schedule.random.random() < probability

    def run(self) -> set[str]:
        for client in self.clients:
            self.schedule.after(0, lambda client=client: self.connect(client))
            self.schedule.soon(0, 1, lambda client=client: self.wish(client))
        self.schedule.after(1, self.nemesis)
        self.schedule.run(SETTLED_S)
        return self.check()

    # --- clients

    def connect(self, client: Client) -> None:
        up = [gateway for gateway in range(GATEWAYS) if self.is_up[gateway]]
        if not up:
            self.schedule.after(1, lambda: self.connect(client))
            return
        client.gateway = gateway = self.schedule.random.choice(up)
        client.life += 1
        client.connected_at = self.schedule.now + 0.6
        session = gateway, client.number, client.life
        for conversation, copy in enumerate(client.copies):
            copy.is_fetching = False
            if self.has("subscribe before snapshot"):
                self.subscribed[conversation].add(session)
                self.schedule.soon(0.001, 0.2, self._fetching(client, conversation))
            else:
                self.schedule.soon(0.001, 0.1, self._fetching(client, conversation))
                self.schedule.soon(0.1, 0.5, self._subscribing(client, conversation, session))
        if self.has("tail check"):
            life = client.life
            self.schedule.soon(0, 5, lambda: self.check_tail(client, life))
        self.transmit_due(client)

    def disconnect(self, client: Client) -> None:
        if client.gateway is None:
            return
        for subscribed in self.subscribed:
            subscribed.discard((client.gateway, client.number, client.life))
        client.gateway = None
        client.life += 1
        self.schedule.soon(0.05, 3, lambda: self.connect(client))

    def crash(self, client: Client) -> None:
        self.disconnect(client)
        for copy in client.copies:
            copy.cursor, copy.seen = copy.stored_cursor, list(copy.stored)
            copy.held.clear()
        if not self.has("outbox before send"):
            client.outbox.clear()

    def check_tail(self, client: Client, life: int) -> None:
        if client.life != life:
            return
        for conversation, copy in enumerate(client.copies):
            rows = self.readable(client, conversation)
            if rows and rows[-1][0] > copy.cursor:
                self.fetch(client, life, conversation)
        self.schedule.after(5, lambda: self.check_tail(client, life))

    def readable(self, client: Client, conversation: int) -> list[Row]:
        """Return what this client may read now, and must hold in the end."""
        del client  # everybody reads everything
        return sorted(self.log[conversation])

    def fetch(self, client: Client, life: int, conversation: int) -> None:
        copy = client.copies[conversation]
        if client.life != life or copy.is_fetching:
            return
        copy.is_fetching = True
        after = copy.cursor

        def read() -> None:
            copy.is_fetching = copy.is_fetching and client.life != life
            rows = [row for row in self.readable(client, conversation) if row[0] > after]
            self.schedule.soon(0.001, 0.05, lambda: arrive(rows))

        def arrive(rows: list[Row]) -> None:
            if client.life == life:
                for row in rows:
                    self.receive(client, conversation, row, is_fetched=True)

        self.schedule.soon(0.002, 0.3, read)

    def receive(self, client: Client, conversation: int, row: Row, *, is_fetched: bool = False) -> None:
        copy, seq = client.copies[conversation], row[0]
        if self.has("drop at or below cursor") and seq <= copy.cursor:
            return
        holds = self.has("hold-back") and self.has("gapless seq")
        if is_fetched or not holds or seq == copy.cursor + 1:
            has_gap = seq > copy.cursor + 1
            self.apply(client, conversation, row)
            while holds and copy.cursor + 1 in copy.held:
                following = copy.cursor + 1
                self.apply(client, conversation, (following, copy.held.pop(following)))
            if not holds and has_gap and self.has("gap fetch"):
                self.fetch(client, client.life, conversation)
        else:
            copy.held[seq] = row[1]
            if self.has("gap fetch"):
                self.schedule.soon(0, 0.2, self._fetching(client, conversation))

    def apply(self, client: Client, conversation: int, row: Row) -> None:
        copy, (seq, key) = client.copies[conversation], row
        copy.cursor = max(seq, copy.cursor)
        copy.seen.append(row)
        if key in self.committed_at and client.connected_at <= self.committed_at[key]:
            self.repair_s.append(self.schedule.now - self.committed_at[key])
        copy.stored_cursor = copy.cursor
        if not self.has("cursor with the entry") and self.goes_wrong(0.02):
            self.crash(client)  # between the two writes
            return
        copy.stored.append(row)

    def wish(self, client: Client) -> None:
        if self.schedule.now >= END_S:
            return
        self._wishes += 1
        client.outbox[self._wishes] = self.schedule.random.randrange(CONVERSATIONS)
        self.wished.add((client.number, self._wishes))
        self.transmit_due(client)
        self.schedule.after(self.schedule.random.expovariate(1.2), lambda: self.wish(client))

    def transmit_due(self, client: Client) -> None:
        """Transmit what waits: the first of each conversation, or everything without that rule."""
        busy: set[int] = set()
        for wish, conversation in list(client.outbox.items()):
            if self.has("one unanswered send") and conversation in busy:
                continue
            busy.add(conversation)
            self.transmit(client, wish)

    def transmit(self, client: Client, wish: int) -> None:
        if wish not in client.outbox or client.gateway is None or client.attempts.get(wish, 0) < 0:
            return
        attempt = client.attempts.get(wish, 0)
        key = client.number, wish, 0 if self.has("same key on retry") else attempt
        client.attempts[wish] = -attempt - 1  # on its way
        gateway, life, conversation = client.gateway, client.life, client.outbox[wish]
        if not self.goes_wrong(0.03):
            self.schedule.soon(0.001, 0.08, lambda: self.take(gateway, client, life, key, conversation))

        def again() -> None:
            client.attempts[wish] = attempt + 1
            self.transmit_due(client)

        self.schedule.soon(1, 3, again)

    def ack(self, client: Client, key: Key) -> None:
        self.acked.add(key)
        if client.outbox.pop(key[1], None) is not None:
            self.transmit_due(client)

    # --- gateways and the database

    def take(self, gateway: int, client: Client, life: int, key: Key, conversation: int) -> None:
        if not self.is_up[gateway] or self.goes_wrong(0.02):  # refused for now: the client tries again
            return
        is_known = self.has("idempotency key") and key in self.keys
        if not is_known and not self.has("publish after commit"):
            self.publish(conversation, (self.counter[conversation] + 1, key))
            if self.goes_wrong(0.03):
                return
        if not is_known and not self.has("ack after commit") and self.goes_wrong(0.03):
            self.ack(client, key)
            return
        if not is_known:
            self.keys[key] = self.commit(gateway, conversation, key)
        if self.goes_wrong(0.02):
            self.kill(gateway)
            return
        if self.has("publish after commit") and (not is_known or self.has("publish again on retry")):
            self.publish(conversation, self.keys[key])
        if not self.goes_wrong(0.05):
            self.schedule.soon(0.001, 0.08, lambda: client.life == life and self.ack(client, key))

    def commit(self, gateway: int, conversation: int, key: Key) -> Row:
        self.counter[conversation] += 1
        seq = self.counter[conversation]
        if not self.has("gapless seq"):
            seq = round((self.schedule.now + SKEW_S[gateway]) * 1e4) * 10 + gateway
        self.log[conversation].append((seq, key))
        self.committed_at[key] = self.schedule.now
        return seq, key

    def publish(self, conversation: int, row: Row) -> None:
        if self.goes_wrong(0.04):
            return
        for session in sorted(self.subscribed[conversation]):
            if not self.goes_wrong(0.04):
                self.schedule.soon(0.001, 0.25, lambda session=session: self.deliver(session, conversation, row))

    def deliver(self, session: tuple[int, int, int], conversation: int, row: Row) -> None:
        gateway, number, life = session
        client = self.clients[number]
        if self.is_up[gateway] and client.life == life and session in self.subscribed[conversation]:
            self.receive(client, conversation, row)

    def kill(self, gateway: int) -> None:
        self.is_up[gateway] = False
        for client in self.clients:
            if client.gateway == gateway:
                self.disconnect(client)

        def back() -> None:
            self.is_up[gateway] = True

        self.schedule.soon(0.5, 4, back)

    def nemesis(self) -> None:
        if self.schedule.now >= END_S:
            return
        dice = self.schedule.random.random()
        if dice < 0.4:
            self.disconnect(self.schedule.random.choice(self.clients))
        elif dice < 0.6:
            self.crash(self.schedule.random.choice(self.clients))
        elif dice < 0.75:
            self.kill(self.schedule.random.randrange(GATEWAYS))
        self.schedule.after(self.schedule.random.expovariate(0.4), self.nemesis)

    # --- the check

    def check(self) -> set[str]:
        found: set[str] = set()
        for conversation, log in enumerate(self.log):
            rows = sorted(log)
            wishes = [key[:2] for _, key in rows]
            if len(set(wishes)) != len(wishes):
                found.add("duplicate")
            for client in self.clients:
                found |= self.compare(client, conversation)
                own = [wish for number, wish in wishes if number == client.number]
                if own != sorted(own):
                    found.add("sender order")
        stored = {key for log in self.log for _, key in log}
        if self.acked - stored:
            found.add("acked, not stored")
        if self.wished - {key[:2] for key in stored}:
            found.add("wish lost")
        return found

    def compare(self, client: Client, conversation: int) -> set[str]:
        """Name what is wrong with a client's copy."""
        copy, found = client.copies[conversation], set[str]()
        seqs = [seq for seq, _ in copy.seen]
        if len(set(copy.seen)) != len(copy.seen):
            found.add("duplicate")
        if seqs != sorted(seqs):
            found.add("misorder")
        if set(self.readable(client, conversation)) - set(copy.seen):
            found.add("lost")
        if set(copy.seen) - set(self.log[conversation]):
            found.add("phantom")
        return found

    def _fetching(self, client: Client, conversation: int) -> "object":
        life = client.life
        return lambda: self.fetch(client, life, conversation)

    def _subscribing(self, client: Client, conversation: int, session: tuple[int, int, int]) -> "object":
        return lambda: client.life == session[2] and self.subscribed[conversation].add(session)
