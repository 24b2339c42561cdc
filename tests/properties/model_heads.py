"""The question "what moved since?" in a pure model: transactions that begin in one order and commit in another."""

from properties.schedule import Schedule

RULES = frozenset({"xmin token"})
CONVERSATIONS = 6
END_S, SETTLED_S = 30.0, 40.0
SLOW_SHARE, QUICK_S, SLOW_S = 0.2, 0.005, 2.0


class Heads:
    """Writers number conversations under their row locks; one device asks every now and then with its last token."""

    def __init__(self, seed: int, without: frozenset[str] = frozenset()) -> None:
        assert without <= RULES
        self.schedule = Schedule(seed)
        self.without = without
        self.head = [0] * CONVERSATIONS
        self.head_xid = [0] * CONVERSATIONS
        self.known = [0] * CONVERSATIONS
        self.token = 0
        self._next_xid = 1
        self._running: set[int] = set()
        self._locked: set[int] = set()

    def run(self) -> set[str]:
        self.schedule.after(0, self.write)
        self.schedule.after(0, self.ask)
        self.schedule.run(SETTLED_S)
        return {"stale head"} if self.known != self.head else set()

    def write(self) -> None:
        """Begin a transaction on a conversation that nobody has locked; it may take long until it commits."""
        if self.schedule.now >= END_S:
            return
        free = [conversation for conversation in range(CONVERSATIONS) if conversation not in self._locked]
        if free:
            conversation = self.schedule.random.choice(free)
            xid, self._next_xid = self._next_xid, self._next_xid + 1
            self._running.add(xid)
            self._locked.add(conversation)
            is_slow = self.schedule.random.random() < SLOW_SHARE
            self.schedule.soon(0.001, SLOW_S if is_slow else QUICK_S, lambda: self.commit(conversation, xid))
        self.schedule.after(self.schedule.random.expovariate(5), self.write)

    def commit(self, conversation: int, xid: int) -> None:
        self.head[conversation] += 1
        self.head_xid[conversation] = xid
        self._running.discard(xid)
        self._locked.discard(conversation)

    def ask(self) -> None:
        """Learn the heads that moved since the token, and the next token from the same snapshot."""
        for conversation in range(CONVERSATIONS):
            if self.head_xid[conversation] >= self.token:
                self.known[conversation] = self.head[conversation]
        # Without the rule: the first transaction that has not begun yet, whatever is still running.
        oldest_running = min(self._running, default=self._next_xid)
        self.token = oldest_running if "xmin token" not in self.without else self._next_xid
        self.schedule.after(self.schedule.random.expovariate(1), self.ask)
