"""The model with members who come and go, gateways that cache rosters, readers that stall, and read marks."""

import itertools

from properties.model import CONVERSATIONS, END_S, GATEWAYS, RULES, Client, Key, Model, Row

MEMBER_RULES = frozenset(
    {"roster version at fan-out", "dedupe before membership", "greatest on watermarks", "gap after shedding"}
)
OUTBOX = 3
"""Events that a session keeps for a client that does not read."""

Session = tuple[int, int, int]
"""Gateway, client, the client's life."""


class Members(Model):
    """The same clients and gateways; client 0 stays in every conversation, the others leave and are added again.

    `calm`: no hint, command or ack is lost; clients still crash and stall, and gateways die between two commands.
    """

    rules = RULES | MEMBER_RULES

    def __init__(self, seed: int, without: frozenset[str] = frozenset(), *, calm: bool = False) -> None:
        super().__init__(seed, without)
        self.calm = calm
        self.version = [0] * CONVERSATIONS
        self.version_of: dict[Row, int] = {}
        self.concerns: dict[Key, int] = {}
        """Whom an entry of the roster has made a member, or has made none."""
        self.stays: list[dict[int, list[tuple[int, int | None]]]] = [
            {client.number: [(1, None)] for client in self.clients} for _ in range(CONVERSATIONS)
        ]
        """Per member the first and the last seq of each of his stays."""
        self.rosters: list[dict[int, tuple[int, frozenset[int]]]] = [{} for _ in range(GATEWAYS)]
        """What each gateway remembers: version and members."""
        self.waiting: dict[Session, list[tuple[int, Row]]] = {}
        self.shed: dict[Session, set[int]] = {}
        self.refused: set[Key] = set()
        self.read: dict[tuple[int, int], int] = {}
        self.wrong: set[str] = set()
        self._changes = itertools.count(1)

    def goes_wrong(self, probability: float) -> bool:
        return not self.calm and super().goes_wrong(probability)

    def run(self) -> set[str]:
        self.schedule.after(1, self.change)
        self.schedule.after(1, self.stall)
        for client in self.clients:
            self.schedule.soon(0, 1, lambda client=client: self.look(client))
        return super().run()

    # --- who is a member

    def members(self, conversation: int) -> frozenset[int]:
        return frozenset(number for number, stays in self.stays[conversation].items() if stays[-1][1] is None)

    def change(self) -> None:
        """Let somebody leave, or add him again: an entry like all others."""
        if self.schedule.now >= END_S:
            return
        conversation = self.schedule.random.randrange(CONVERSATIONS)
        number = self.schedule.random.randrange(1, len(self.clients))
        key = self.concerns_next(number)
        self.version[conversation] += 1
        row = self.keys[key] = self.commit(0, conversation, key)
        stays = self.stays[conversation][number]
        if stays[-1][1] is None:
            stays[-1] = stays[-1][0], row[0]
        else:
            stays.append((row[0], None))
        self.publish(conversation, row)
        self.schedule.after(self.schedule.random.expovariate(0.7), self.change)

    def concerns_next(self, number: int) -> Key:
        key = -1, next(self._changes), 0
        self.concerns[key] = number
        return key

    def readable(self, client: Client, conversation: int) -> list[Row]:
        """The rows of his last stay."""
        first, last = self.stays[conversation][client.number][-1]
        return [row for row in super().readable(client, conversation) if first <= row[0] <= (last or row[0])]

    # --- sending

    def take(self, gateway: int, client: Client, life: int, key: Key, conversation: int) -> None:
        is_known = self.has("dedupe before membership") and key in self.keys
        if self.is_up[gateway] and not is_known and client.number not in self.members(conversation):
            self.schedule.soon(0.001, 0.08, lambda: client.life == life and self.refuse(client, key))
            return
        super().take(gateway, client, life, key, conversation)

    def refuse(self, client: Client, key: Key) -> None:
        """Forbidden is final: it is never sent again."""
        self.refused.add(key)
        self.wished.discard(key[:2])
        if client.outbox.pop(key[1], None) is not None:
            self.transmit_due(client)

    def commit(self, gateway: int, conversation: int, key: Key) -> Row:
        row = super().commit(gateway, conversation, key)
        self.version_of[row] = self.version[conversation]
        return row

    # --- fanning out

    def publish(self, conversation: int, row: Row) -> None:
        if self.goes_wrong(0.04):
            return
        for gateway in range(GATEWAYS):
            if not self.goes_wrong(0.04):
                self.schedule.soon(0.001, 0.25, lambda gateway=gateway: self.fan_out(gateway, conversation, row))

    def fan_out(self, gateway: int, conversation: int, row: Row) -> None:
        if not self.is_up[gateway]:
            return
        audience = self.audience(gateway, conversation, row)
        for session in sorted(self.subscribed[conversation]):
            if session[0] == gateway and session[1] in audience:
                self.deliver(session, conversation, row)

    def audience(self, gateway: int, conversation: int, row: Row) -> frozenset[int]:
        """Return who gets this row by the gateway's roster, or by the database's where the version differs."""
        concerned = frozenset({self.concerns[row[1]]}) if row[1] in self.concerns else frozenset[int]()
        now = self.version[conversation], self.members(conversation)
        version, members = self.rosters[gateway].get(conversation, now)
        wanted = self.version_of[row] - len(concerned)
        if version == wanted or not self.has("roster version at fan-out"):
            members ^= concerned
            self.rosters[gateway][conversation] = version + len(concerned), members
        else:
            self.rosters[gateway][conversation] = now
            stays = self.stays[conversation]
            members = frozenset(number for number in now[1] if stays[number][-1][0] <= row[0])
        return members | concerned

    def deliver(self, session: Session, conversation: int, row: Row) -> None:
        waiting = self.waiting.get(session)
        if waiting is None:
            super().deliver(session, conversation, row)
            return
        waiting.append((conversation, row))
        if len(waiting) > OUTBOX:
            self.shed[session] |= {place for place, _ in waiting}
            waiting.clear()

    def stall(self) -> None:
        """Let a client read nothing for a while."""
        if self.schedule.now >= END_S:
            return
        client = self.schedule.random.choice(self.clients)
        if client.gateway is not None:
            session = client.gateway, client.number, client.life
            self.waiting.setdefault(session, [])
            self.shed.setdefault(session, set())
            self.schedule.soon(1, 4, lambda: self.go_on(client, session))
        self.schedule.after(self.schedule.random.expovariate(0.5), self.stall)

    def go_on(self, client: Client, session: Session) -> None:
        for conversation, row in self.waiting.pop(session, []):
            super().deliver(session, conversation, row)
        for conversation in sorted(self.shed.pop(session, set())):
            if self.has("gap after shedding"):
                self.fetch(client, session[2], conversation)

    # --- reading

    def look(self, client: Client) -> None:
        """Let a client say how far it has read; two of these may overtake each other."""
        if self.schedule.now >= END_S:
            return
        conversation = self.schedule.random.randrange(CONVERSATIONS)
        seq = client.copies[conversation].cursor
        self.schedule.soon(0.001, 0.5, lambda: self.mark((conversation, client.number), seq))
        self.schedule.after(self.schedule.random.expovariate(2), lambda: self.look(client))

    def mark(self, place: tuple[int, int], seq: int) -> None:
        before = self.read.get(place, 0)
        self.read[place] = max(before, seq) if self.has("greatest on watermarks") else seq
        if self.read[place] < before:
            self.wrong.add("decrease")

    # --- the check

    def check(self) -> set[str]:
        found = super().check() | self.wrong
        if self.refused & self.keys.keys() or any(client.outbox for client in self.clients):
            found.add("never acked")
        return found

    def compare(self, client: Client, conversation: int) -> set[str]:
        found = super().compare(client, conversation)
        stays = self.stays[conversation][client.number]
        for seq, _ in client.copies[conversation].seen:
            if not any(first <= seq <= (last or seq) for first, last in stays):
                found.add("leak")
        return found
