"""Client rule 6: after the log came back as another one, find the prefix that both share, by halving."""

from collections.abc import Iterable

from seriatim.core.ids import ConversationId
from seriatim.protocol.answers import Compared
from seriatim.protocol.commands import Compare
from seriatim.protocol.fields import EntryIdentity
from seriatim.protocol.limits import LIMITS

ANSWER_WITHIN_S = 10.0


class _Range:
    """The common prefix ends in `low`..`high` - 1."""

    __slots__ = ("high", "low", "probe")

    def __init__(self, cursor: int) -> None:
        self.low, self.high = 0, cursor + 1
        self.probe = cursor

    def narrow(self) -> bool:
        """Choose the next seq to look at; False: the end of the common prefix is `low`."""
        self.probe = (self.low + self.high) // 2
        return self.high - self.low > 1


class Comparison:
    """The search in all conversations held, up to 200 rows a round; the newest entry is looked at first.

    One round: `asks` -> (the store) -> `rows` -> (the server) -> `compared`. Rounds: at most 1 + log2(cursor).
    """

    def __init__(self, cursors: dict[ConversationId, int]) -> None:
        self._open = {conversation_id: _Range(cursor) for conversation_id, cursor in cursors.items() if cursor > 0}
        self._asked: dict[ConversationId, int] = {}
        self._found: dict[ConversationId, int] = {
            conversation_id: 0 for conversation_id in cursors if conversation_id not in self._open
        }

    def asks(self) -> tuple[tuple[ConversationId, int], ...]:
        """Return the seqs to look up in the store for this round."""
        chosen = list(self._open.items())[: LIMITS.compare_rows]
        return tuple((conversation_id, found.probe) for conversation_id, found in chosen)

    def rows(self, recalled: Iterable[EntryIdentity]) -> list[EntryIdentity]:
        """Take what the store holds at or below each seq of `asks`; return what to compare with the server."""
        held = {row[0]: row for row in recalled}
        rows: list[EntryIdentity] = []
        self._asked = {}
        for conversation_id, probe in self.asks():
            row = held.get(conversation_id)
            if row is None or row[1] <= self._open[conversation_id].low:
                self._same(conversation_id, probe)  # nothing is held in between, so nothing can differ
            else:
                self._asked[conversation_id] = row[1]
                rows.append(row)
        return rows

    def compared(self, equal: Iterable[EntryIdentity]) -> None:
        """Take the rows that are equal in the server's log; the others of the round differ."""
        same = {row[0] for row in equal}
        for conversation_id, seq in self._asked.items():
            found = self._open[conversation_id]
            if conversation_id in same:
                self._same(conversation_id, found.probe)
            else:
                found.high = seq
                self._next(conversation_id, found)
        self._asked = {}

    def found(self) -> dict[ConversationId, int]:
        """Return, once each, the conversations whose search has ended and the last seq in common."""
        found, self._found = self._found, {}
        return found

    @property
    def done(self) -> bool:
        """No conversation is left to search."""
        return not self._open

    def _same(self, conversation_id: ConversationId, probe: int) -> None:
        found = self._open[conversation_id]
        found.low = probe
        self._next(conversation_id, found)

    def _next(self, conversation_id: ConversationId, found: _Range) -> None:
        if not found.narrow():
            del self._open[conversation_id]
            self._found[conversation_id] = found.low


class Agreement:
    """Which conversations are in doubt, and the comparison that is under way."""

    def __init__(self) -> None:
        self._doubted: dict[ConversationId, int] = {}
        self._under_way: dict[ConversationId, int] = {}
        self._comparison: Comparison | None = None
        self._recalling = False
        self._rows: list[EntryIdentity] = []
        self._frame_id: int | None = None
        self._send_at = 0.0

    @property
    def is_open(self) -> bool:
        """Say whether any conversation is in doubt."""
        return bool(self._doubted) or self._comparison is not None

    def distrust(self, conversation_id: ConversationId, cursor: int) -> None:
        """Put a conversation in doubt, with the last seq that is held of it."""
        if conversation_id not in self._under_way:
            self._doubted[conversation_id] = cursor

    def asks(self) -> tuple[tuple[ConversationId, int], ...]:
        """Return what to look up in the store; once per round."""
        if self._comparison is None:
            if not self._doubted:
                return ()
            self._under_way, self._doubted = self._doubted, {}
            self._comparison = Comparison(self._under_way)
        if self._recalling or self._rows:
            return ()
        self._recalling = True
        return self._comparison.asks()

    def recalled(self, rows: Iterable[EntryIdentity]) -> None:
        """Take what the store holds."""
        if self._comparison is not None and self._recalling:
            self._recalling = False
            self._rows, self._send_at = self._comparison.rows(rows), 0.0

    def due(self, frame_id: int, now: float) -> Compare | None:
        """Return the frame to transmit under this id, if any; without an answer it is transmitted again."""
        if not self._rows or now < self._send_at:
            return None
        self._frame_id, self._send_at = frame_id, now + ANSWER_WITHIN_S
        return Compare(id=frame_id, entries=self._rows)

    def compared(self, answer: Compared) -> None:
        """Take the server's answer."""
        if self._comparison is not None and answer.id == self._frame_id:
            self._rows, self._frame_id = [], None
            self._comparison.compared(answer.entries)

    def refused(self, frame_id: int | None, again_at: float) -> bool:
        """Take a refusal: the round is tried again; False: the frame was not of this kind."""
        if frame_id is None or frame_id != self._frame_id:
            return False
        self._frame_id, self._send_at = None, again_at
        return True

    def found(self) -> dict[ConversationId, int]:
        """Return, once each, the conversations that are agreed on and the last seq in common."""
        if self._comparison is None:
            return {}
        found = self._comparison.found()
        for conversation_id in found:
            del self._under_way[conversation_id]
        if self._comparison.done:
            self._comparison = None
        return found

    def disconnected(self) -> None:
        """Begin again on the next connection."""
        self._doubted.update(self._under_way)
        self._under_way = {}
        self._comparison, self._recalling = None, False
        self._rows, self._frame_id = [], None

    def next_at(self) -> float | None:
        """Return when `due` has something."""
        return self._send_at if self._rows else None
