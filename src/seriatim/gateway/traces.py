"""The last sampled messages and the hops they passed, for whoever asks where one spent its time."""

from collections import OrderedDict
from collections.abc import Callable

from seriatim.core.errors import NotFound
from seriatim.core.ids import ConversationId
from seriatim.core.trace import Trace
from seriatim.gateway.outbox import Outboxes
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
    """Bounded memory of finished traces by the place of their message.

    `export` gets each finished trace too (app/telemetry), where a collector is set.
    """

    def __init__(
        self, outboxes: Outboxes, export: Callable[[Entry, Trace], None] | None = None, *, kept: int = KEPT
    ) -> None:
        self._outboxes = outboxes
        self._export = export
        self._kept = kept
        self._traces: OrderedDict[tuple[ConversationId, int], tuple[Entry, Trace]] = OrderedDict()

    def finish(self, stored: Stored, trace: Trace) -> None:
        """Let the trace of an acked message end with this tick's flush, then keep and export it."""
        self._outboxes.finish(trace, lambda finished: self._keep(stored.entry, finished))

    def _keep(self, entry: Entry, trace: Trace) -> None:
        self._traces[entry.conversation_id, entry.seq] = (entry, trace)
        if len(self._traces) > self._kept:
            self._traces.popitem(last=False)
        if self._export is not None:
            self._export(entry, trace)

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
