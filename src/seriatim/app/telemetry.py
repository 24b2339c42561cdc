"""OpenTelemetry, where a collector is set: each sampled message becomes a trace with one span per hop."""

import atexit
import itertools
import threading
import time
from collections.abc import Callable

from seriatim.core.trace import Trace
from seriatim.protocol.entries import Entry

LAST_WITHIN_S = 2.0
"""What waits for the collector when the process ends has this long; the exporter itself would take half a minute."""


def exporter(endpoint: str | None) -> Callable[[Entry, Trace], None] | None:
    """Return what sends finished traces to the collector at this URL (OTLP over HTTP), or None without one.

    Sending happens in the exporter's own thread, in batches; its queue drops when the collector is away. Ids and
    counts are told, never bodies.
    """
    if endpoint is None:
        return None
    # Imported here: 150 ms of start-up that only those pay who set a collector.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.trace import set_span_in_context  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "seriatim"}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=5)))
    _end_in_time(provider.shutdown)
    tracer = provider.get_tracer("seriatim")

    def export(entry: Entry, trace: Trace) -> None:
        hops = trace.hops
        # Hops carry monotonic time; spans want the wall clock's.
        offset_ns = time.time_ns() - time.monotonic_ns()
        attributes = {"conversation_id": entry.conversation_id, "seq": entry.seq}
        root = tracer.start_span("message", start_time=hops[0].at_ns + offset_ns, attributes=attributes)
        context = set_span_in_context(root)
        for before, hop in itertools.pairwise(hops):
            counts = {"network": hop.network, "statements": hop.statements, "rows": hop.rows, "commits": hop.commits}
            span = tracer.start_span(hop.hop, context, start_time=before.at_ns + offset_ns, attributes=counts)
            span.end(hop.at_ns + offset_ns)
        root.end(hops[-1].at_ns + offset_ns)

    return export


def _end_in_time(shutdown: Callable[[], None]) -> None:
    """Have the process end with this, but never wait for it longer than 2 s."""
    ending = threading.Event()

    def wait_and_shut_down() -> None:
        ending.wait()
        shutdown()

    # Started now: newer interpreters start no thread any more when they end.
    thread = threading.Thread(target=wait_and_shut_down, name="telemetry-end", daemon=True)
    thread.start()

    def end() -> None:
        ending.set()
        thread.join(LAST_WITHIN_S)

    atexit.register(end)
