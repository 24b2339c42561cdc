"""Own read watermarks on their way to the server: the last one of a conversation wins, at most one on its way."""

from seriatim.core.ids import ConversationId
from seriatim.protocol.commands import Read

SPACING_S = 0.6
"""The server takes two of these a second and drops what is beyond."""
ANSWER_WITHIN_S = 10.0


class Reads:
    """What the user has read and the server does not know yet."""

    def __init__(self, wanted: dict[ConversationId, int]) -> None:
        self._wanted = dict(wanted)
        self._in_flight: tuple[int, ConversationId, int] | None = None
        self._not_before = 0.0

    def want(self, conversation_id: ConversationId, seq: int) -> None:
        """Tell the server that the user has read up to `seq`, when there is time."""
        self._wanted[conversation_id] = max(seq, self._wanted.get(conversation_id, 0))

    def cut(self, conversation_id: ConversationId, after: int) -> None:
        """Tell nothing above `after`: what stands there now is not what the user has read."""
        if self._wanted.get(conversation_id, 0) > after:
            self._wanted[conversation_id] = after
        if self._wanted.get(conversation_id) == 0:
            del self._wanted[conversation_id]

    def due(self, frame_id: int, now: float) -> Read | None:
        """Return the next frame to transmit under this id, if any."""
        if not self._wanted or now < self._not_before:
            return None
        conversation_id, seq = next(iter(self._wanted.items()))
        self._in_flight = frame_id, conversation_id, seq
        self._not_before = now + ANSWER_WITHIN_S
        return Read(id=frame_id, conversation_id=conversation_id, seq=seq)

    def answered(self, frame_id: int | None, now: float, *, retry_after_ms: int | None) -> ConversationId | None:
        """Take the answer; return the conversation whose watermark needs no further telling."""
        if self._in_flight is None or self._in_flight[0] != frame_id:
            return None
        _, conversation_id, seq = self._in_flight
        self._in_flight = None
        self._not_before = now + SPACING_S
        if retry_after_ms is not None:
            self._not_before = now + retry_after_ms / 1_000
            return None
        if self._wanted.get(conversation_id) != seq:
            return None
        del self._wanted[conversation_id]
        return conversation_id

    def disconnected(self) -> None:
        """Forget what was on its way; it is told again."""
        self._in_flight = None
        self._not_before = 0.0

    def next_at(self) -> float | None:
        """Return when `due` has something; None: nothing waits."""
        return self._not_before if self._wanted else None
