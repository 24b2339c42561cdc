"""OpenTelemetry end to end: a whole server, a collector on loopback that speaks OTLP, and one that is dead."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from scenarios.front_door import fresh_name
from seriatim.core.trace import Hop
from world import WITHIN_S, Device, Server, serving

HOPS = [hop.value for hop in Hop][1:]
"""Each span is the way to a hop from the one before, so the first one has none."""
QUEUE_SPANS, BATCH_SPANS = 2_048, 512
"""What the exporter keeps for a collector that does not take it, and what it has in one request."""
US = 1_000


class Collector(ThreadingHTTPServer):
    """Decodes what it gets at once, and answers as soon as `may_answer` is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.requests: list[ExportTraceServiceRequest] = []
        self.may_answer = threading.Event()
        self.changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/traces"

    def spans(self) -> list[Span]:
        return [
            span
            for request in list(self.requests)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def wait_for(self, seqs: set[int]) -> list[Span]:
        """Return all spans once the messages of these seqs are told of whole: their roots end last."""
        with self.changed:
            assert self.changed.wait_for(lambda: seqs <= {numbers(span).get("seq") for span in self.spans()}, WITHIN_S)
        return self.spans()


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        collector = self.server
        assert isinstance(collector, Collector)
        assert self.headers["Content-Type"] == "application/x-protobuf"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with collector.changed:
            collector.requests.append(ExportTraceServiceRequest.FromString(body))
            collector.changed.notify_all()
        collector.may_answer.wait()
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it is called by
        """Say nothing."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.may_answer.set()
        server.shutdown()
        thread.join()


async def pair(server: Server) -> tuple[Device, int]:
    ada, bob = await server.device(fresh_name()), await server.device("bob")
    return ada, await ada.direct(bob)


def numbers(span: Span) -> dict[str, int]:
    return {attribute.key: attribute.value.int_value for attribute in span.attributes}


async def test_a_sampled_send_arrives_as_one_trace_with_a_span_to_every_hop(
    collector: Collector, postgres_dsn: str, data_folder: Path
) -> None:
    collector.may_answer.set()
    async with serving(postgres_dsn, data_folder, otlp_endpoint=collector.url) as server:
        ada, here = await pair(server)
        before_ns = time.time_ns()
        sent = await ada.send(here, "a canary that must not leave", trace=True)
        await ada.send(here, "not sampled")
        other = await ada.send(here, "sampled as well", trace=True)
        after_ns = time.time_ns()
        spans = collector.wait_for({sent["seq"], other["seq"]})
        shown = (await ada.http("GET", f"/v1/conversations/{here}/entries/{sent['seq']}/trace")).json()["hops"]
    assert b"canary" not in b"".join(request.SerializeToString() for request in collector.requests)
    roots = {numbers(span)["seq"]: span for span in spans if not span.parent_span_id}
    assert {numbers(root)["conversation_id"] for root in roots.values()} == {here}
    assert set(roots) == {sent["seq"], other["seq"]}, "what was not sampled is not told"
    assert roots[sent["seq"]].trace_id != roots[other["seq"]].trace_id
    root = roots[sent["seq"]]
    ways = sorted(
        (span for span in spans if span.parent_span_id == root.span_id), key=lambda span: span.end_time_unix_nano
    )
    assert root.name == "message"
    assert [span.name for span in ways] == HOPS
    assert {span.trace_id for span in ways} == {root.trace_id}
    # One span begins where the one before ends, together they are the whole, and it was just now.
    ends = [span.end_time_unix_nano for span in ways]
    assert [span.start_time_unix_nano for span in ways] == [root.start_time_unix_nano, *ends[:-1]]
    assert ends[-1] == root.end_time_unix_nano
    assert before_ns <= root.start_time_unix_nano <= root.end_time_unix_nano <= after_ns
    assert [(end - root.start_time_unix_nano) // US for end in ends] == [hop["at_us"] for hop in shown[1:]]
    costs = {what: sum(numbers(span)[what] for span in ways) for what in ("statements", "rows", "commits")}
    assert costs == {"statements": 1, "rows": 3, "commits": 1}


async def test_a_collector_that_hangs_holds_up_no_send_and_costs_a_bounded_memory(
    collector: Collector, postgres_dsn: str, data_folder: Path
) -> None:
    sends = 2 * (QUEUE_SPANS + BATCH_SPANS) // (len(HOPS) + 1)
    async with serving(postgres_dsn, data_folder, otlp_endpoint=collector.url) as server:
        ada, here = await pair(server)
        for number in range(sends):
            sent = await ada.send(here, f"message {number}", trace=True)
            assert sent["type"] == "sent", "though nothing is taken"
        hanging = len(collector.requests)
        assert hanging > 0
        collector.may_answer.set()
        spans = collector.wait_for({sent["seq"]})
    assert len(spans) <= QUEUE_SPANS + BATCH_SPANS * hanging < sends * (len(HOPS) + 1), "the rest was dropped"


async def test_a_collector_that_is_not_there_holds_up_no_send(
    collector: Collector, postgres_dsn: str, data_folder: Path
) -> None:
    collector.server_close()  # its port refuses from now on
    async with serving(postgres_dsn, data_folder, otlp_endpoint=collector.url) as server:
        ada, here = await pair(server)
        for number in range(100):
            assert (await ada.send(here, f"message {number}", trace=True))["type"] == "sent"


ENDING = """
import sys, time
from datetime import UTC, datetime
from seriatim.app.telemetry import exporter
from seriatim.core.ids import ConversationId, DeviceId, UserId, uuid7
from seriatim.core.trace import Hop, Trace
from seriatim.protocol.entries import MessageSent

export = exporter(sys.argv[1])
trace = Trace(time.monotonic_ns())
trace.note(Hop.WRITE)
ids = {"conversation_id": ConversationId(7), "sender_id": UserId(1), "device_id": DeviceId(2), "client_id": uuid7()}
for seq in range(1, 2_000):
    export(MessageSent(**ids, seq=seq, created_at=datetime.now(UTC), body=""), trace)
"""


def ended(collector: Collector) -> float:
    """Let a process end at once after it was given traces; return the seconds that it took."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", ENDING, collector.url], check=True, capture_output=True, timeout=60)
    return time.monotonic() - began


def test_a_process_that_ends_tells_what_waited(collector: Collector) -> None:
    collector.may_answer.set()
    ended(collector)
    assert numbers(collector.spans()[-1])["seq"] == 1_999


def test_a_process_that_ends_does_not_wait_for_a_collector_that_hangs(collector: Collector) -> None:
    assert ended(collector) < 15, "2 s and the start; without a bound it is half a minute"
