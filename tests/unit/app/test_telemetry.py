"""OpenTelemetry: a collector gets one trace a sampled message, with a span per hop, and never what was said."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from seriatim.app.telemetry import exporter
from seriatim.core.ids import ConversationId, DeviceId, UserId, uuid7
from seriatim.core.trace import Hop, Trace
from seriatim.protocol.entries import MessageSent

WITHIN_S = 20.0


class Collector(HTTPServer):
    """Keeps the first request; `told` is set by it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.body = b""
        self.told = threading.Event()


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        self.server.body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.server.told.set()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it is called by
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_without_a_collector_nothing_is_exported() -> None:
    assert exporter(None) is None


def test_a_trace_has_a_span_per_hop_with_times_and_costs_and_no_body(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    export = exporter(f"http://127.0.0.1:{collector.server_port}/v1/traces")
    assert export is not None
    trace = Trace(1_000)
    trace.note(Hop.COMMIT, network=1, statements=1, rows=2, commits=1)
    trace.note(Hop.WRITE, network=3)
    entry = MessageSent(
        conversation_id=ConversationId(7),
        seq=4,
        sender_id=UserId(1),
        device_id=DeviceId(2),
        client_id=uuid7(),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        body="a canary that must not leave",
    )
    export(entry, trace)
    assert collector.told.wait(WITHIN_S)
    assert b"canary" not in collector.body
    request = ExportTraceServiceRequest.FromString(collector.body)
    spans = {span.name: span for span in request.resource_spans[0].scope_spans[0].spans}
    assert set(spans) == {"message", "commit", "write"}
    root = spans["message"]
    assert {attribute.key: attribute.value.int_value for attribute in root.attributes} == {
        "conversation_id": 7,
        "seq": 4,
    }
    assert {span.parent_span_id for name, span in spans.items() if name != "message"} == {root.span_id}
    cost = {attribute.key: attribute.value.int_value for attribute in spans["commit"].attributes}
    assert cost == {"network": 1, "statements": 1, "rows": 2, "commits": 1}
    assert root.start_time_unix_nano == spans["commit"].start_time_unix_nano
    assert spans["commit"].end_time_unix_nano == spans["write"].start_time_unix_nano
    assert root.end_time_unix_nano == spans["write"].end_time_unix_nano
