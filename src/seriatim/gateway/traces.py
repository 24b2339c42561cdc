"""The last sampled messages and the hops they passed, for whoever asks where one spent its time."""

from collections import OrderedDict

from seriatim.core.errors import NotFound
from seriatim.core.ids import ConversationId
from seriatim.core.trace import Trace
from seriatim.log.draft import Stored
from seriatim.protocol.answers import TracedHop
from seriatim.protocol.entries import Entry
from seriatim.protocol.resources import MessageTrace

KEPT = 1_000
"""Traces kept per gateway; the oldest goes."""


def hops_of(trace: Trace) -> list[TracedHop]:
    """Return a trace's hops with microseconds since the first byte."""
    first_ns = trace.hops[0].at_ns
    return [
        TracedHop(
            hop=passed.hop,
            at_us=(passed.at_ns - first_ns) // 1_000,
            network=passed.network,
            statements=passed.statements,
            rows=passed.rows,
            commits=passed.commits,
        )
        for passed in trace.hops
    ]


class Traces:
    """Bounded memory of finished traces by the place of their message."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._traces: OrderedDict[tuple[ConversationId, int], tuple[Entry, Trace]] = OrderedDict()

    def keep(self, stored: Stored, trace: Trace) -> None:
        """Remember the way of a stored message."""
        entry = stored.entry
        self._traces[entry.conversation_id, entry.seq] = (entry, trace)
        if len(self._traces) > self._kept:
            self._traces.popitem(last=False)

    def find(self, conversation_id: ConversationId, seq: int) -> MessageTrace:
        """Return the hops of one message; the caller has checked that the asker may read it.

        Raises:
            NotFound: it was not sampled on this gateway, or too long ago.
        """
        found = self._traces.get((conversation_id, seq))
        if found is None:
            raise NotFound("this message was not sampled here, or too long ago: send with `trace`")
        entry, trace = found
        return MessageTrace(conversation_id=conversation_id, seq=seq, client_id=entry.client_id, hops=hops_of(trace))
