"""What a device of a chaos run does with messages that are there: replying, editing, deleting, reacting, pinning."""

from collections import defaultdict, deque
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from seriatim.core.ids import ConversationId, uuid7
from seriatim.protocol.commands import Delete, Edit, Pin, React, Unpin, Unreact
from seriatim.protocol.entries import MessageSent

Change = Edit | Delete | React | Unreact | Pin | Unpin
LATELY = 20
"""Of a conversation's messages so many of the newest are acted upon: there devices meet."""
CHANGED_SHARE, REPLY_SHARE, BROADCAST_SHARE = 0.1, 0.15, 0.3
"""Changes for each message that is given; replies among these, and of them those for the main timeline too."""
EMOJI = ("\N{THUMBS UP SIGN}", "\N{FACE WITH TEARS OF JOY}", "\N{PARTY POPPER}")


class _Message(NamedTuple):
    seq: int
    is_own: bool
    is_root: bool


class Deeds:
    """Chooses what to do next; wise or not: what another device did meanwhile is refused, and changes nothing."""

    def __init__(self, user_id: int, pins_in: set[int], random: Random) -> None:
        self._user_id = user_id
        self._pins_in = pins_in
        self._random = random
        self._messages: dict[int, deque[_Message]] = defaultdict(lambda: deque(maxlen=LATELY))
        self._reacted: dict[int, deque[tuple[int, str]]] = defaultdict(lambda: deque(maxlen=LATELY))
        self._pinned: dict[int, deque[int]] = defaultdict(lambda: deque(maxlen=LATELY))

    def note(self, entry: MessageSent) -> None:
        """Take a message that came into view."""
        found = _Message(entry.seq, entry.sender_id == self._user_id, entry.thread_seq is None)
        self._messages[int(entry.conversation_id)].append(found)

    def thread(self, place: int) -> tuple[int | None, bool]:
        """Return under which message the next one is said, if under any, and whether the main timeline has it too."""
        roots = [message.seq for message in self._messages[place] if message.is_root]
        if not roots or self._random.random() >= REPLY_SHARE:
            return None, False
        return self._random.choice(roots), self._random.random() < BROADCAST_SHARE

    def change(self, place: int) -> Change | None:
        """Return what to do with a message, seldom anything."""
        if not self._messages[place] or self._random.random() >= CHANGED_SHARE:
            return None
        choices: tuple[tuple[int, Callable[[int], Change | None]], ...] = (
            (4, self._react), (3, self._unreact), (3, self._edit), (1, self._delete), (1, self._pin), (1, self._unpin),
        )  # fmt: skip
        weights = [weight for weight, _ in choices]
        return self._random.choices([choose for _, choose in choices], weights)[0](place)

    def _react(self, place: int) -> React:
        seq, emoji = self._random.choice(self._messages[place]).seq, self._random.choice(EMOJI)
        self._reacted[place].append((seq, emoji))
        return React(id=0, client_id=uuid7(), conversation_id=ConversationId(place), target_seq=seq, emoji=emoji)

    def _unreact(self, place: int) -> Unreact | None:
        if not self._reacted[place]:
            return None
        seq, emoji = self._reacted[place].popleft()
        return Unreact(id=0, client_id=uuid7(), conversation_id=ConversationId(place), target_seq=seq, emoji=emoji)

    def _own(self, place: int) -> int | None:
        own = [message.seq for message in self._messages[place] if message.is_own]
        return self._random.choice(own) if own else None

    def _edit(self, place: int) -> Edit | None:
        seq, key = self._own(place), uuid7()
        if seq is None:
            return None
        here, body = ConversationId(place), f"{key.hex} in other words"
        return Edit(id=0, client_id=key, conversation_id=here, target_seq=seq, body=body)

    def _delete(self, place: int) -> Delete | None:
        seq = self._own(place)
        if seq is None:
            return None
        return Delete(id=0, client_id=uuid7(), conversation_id=ConversationId(place), target_seq=seq)

    def _pin(self, place: int) -> Pin | None:
        if place not in self._pins_in:
            return None
        seq = self._random.choice(self._messages[place]).seq
        self._pinned[place].append(seq)
        return Pin(id=0, client_id=uuid7(), conversation_id=ConversationId(place), target_seq=seq)

    def _unpin(self, place: int) -> Unpin | None:
        if not self._pinned[place]:
            return None
        seq = self._pinned[place].popleft()
        return Unpin(id=0, client_id=uuid7(), conversation_id=ConversationId(place), target_seq=seq)
