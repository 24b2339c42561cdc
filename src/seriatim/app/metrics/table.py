"""The metrics of a process, one table: each is read when it is asked for, from what its part counts anyway."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from seriatim.app.parts import Parts
from seriatim.core.histogram import Histogram
from seriatim.delivery.broker.redis import RedisBroker
from seriatim.gateway.pressure import Pressure


class Watched(NamedTuple):
    """What is looked at."""

    parts: Parts
    pressure: Pressure

    @property
    def broker(self) -> RedisBroker | None:
        """What carries news between servers; None: this one is alone."""
        broker = self.parts.others.broker
        return broker if isinstance(broker, RedisBroker) else None


class Kind(StrEnum):
    """How a metric moves."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


Value = float | Histogram | Mapping[tuple[str, ...], float] | None
"""What was read: by labels, where there are any; None: this process has no such thing."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, as operators see it."""

    name: str
    kind: Kind
    what: str
    read: Callable[[Watched], Value]
    labels: tuple[str, ...] = ()


METRICS: Final[tuple[Metric, ...]] = (
    Metric(
        "seriatim_database_healthy",
        Kind.GAUGE,
        "1 while messages can be committed, 0 while the database is away",
        lambda watched: watched.parts.appender.healthy,
    ),
    Metric(
        "seriatim_broker_connected",
        Kind.GAUGE,
        "1 while this server hears the others, 0 while only the log brings their news; absent on one that is alone",
        lambda watched: watched.broker and watched.broker.why_away is None,
    ),
    Metric(
        "seriatim_servers_known",
        Kind.GAUGE,
        "other servers that this one hears of",
        lambda watched: len(watched.parts.social.directory.others()),
    ),
    Metric(
        "seriatim_broker_messages_published_total",
        Kind.COUNTER,
        "messages handed to the broker, each with what had come meanwhile for one server or for all",
        lambda watched: watched.broker and watched.broker.published_count,
    ),
    Metric(
        "seriatim_broker_news_dropped_total",
        Kind.COUNTER,
        "news for other servers that was given up or may not have arrived; they find it in the log",
        lambda watched: watched.broker and watched.broker.dropped_count,
    ),
    Metric(
        "seriatim_broker_messages_unread_total",
        Kind.COUNTER,
        "messages of other servers in another version or epoch, or broken",
        lambda watched: watched.broker and watched.broker.unread_count,
    ),
    Metric(
        "seriatim_sockets",
        Kind.GAUGE,
        "open WebSockets",
        lambda watched: len(watched.parts.sockets.sockets),
    ),
    Metric(
        "seriatim_users_connected",
        Kind.GAUGE,
        "users with a WebSocket here",
        lambda watched: watched.parts.sockets.fan_out.user_count,
    ),
    Metric(
        "seriatim_commands_total",
        Kind.COUNTER,
        "commands that ended, by what they were and how: `ok`, `repeated` (stored before), or the code of the refusal",
        lambda watched: watched.parts.commands.ended,
        ("command", "outcome"),
    ),
    Metric(
        "seriatim_appends_waiting",
        Kind.GAUGE,
        "messages that wait for the next batch",
        lambda watched: watched.parts.appender.waiting_count,
    ),
    Metric(
        "seriatim_append_batch_messages",
        Kind.HISTOGRAM,
        "messages that one transaction committed",
        lambda watched: watched.parts.appender.batches,
    ),
    Metric(
        "seriatim_append_duration_seconds",
        Kind.HISTOGRAM,
        "time from a batch's departure to PostgreSQL until its answer",
        lambda watched: watched.parts.appender.durations_s,
    ),
    Metric(
        "seriatim_events_delivered_total",
        Kind.COUNTER,
        "events handed to WebSockets, counted for each of them",
        lambda watched: watched.parts.sockets.fan_out.delivered_count,
    ),
    Metric(
        "seriatim_hints_dropped_total",
        Kind.COUNTER,
        "events that too many others kept from being delivered; devices find them in the log",
        lambda watched: watched.parts.sockets.fan_out.dropped_count,
    ),
    Metric(
        "seriatim_heads_check_duration_seconds",
        Kind.HISTOGRAM,
        "time of one check of what moved, for up to 500 devices",
        lambda watched: watched.parts.heads_check.durations_s,
    ),
    Metric(
        "seriatim_outboxes_stalled",
        Kind.GAUGE,
        "WebSockets whose peer does not read at present",
        lambda watched: watched.parts.outboxes.stalled_count,
    ),
    Metric(
        "seriatim_outboxes_queued_bytes",
        Kind.GAUGE,
        "what waits in memory for them",
        lambda watched: watched.parts.outboxes.queued_bytes,
    ),
    Metric(
        "seriatim_outbox_frames_shed_total",
        Kind.COUNTER,
        "frames for them that were dropped or folded into a `gap`",
        lambda watched: watched.parts.outboxes.shed_count,
    ),
    Metric(
        "seriatim_sockets_closed_slow_total",
        Kind.COUNTER,
        "WebSockets closed with 4001, because their peer did not read",
        lambda watched: watched.parts.outboxes.closed_slow_count,
    ),
    Metric(
        "seriatim_event_loop_lag_seconds",
        Kind.GAUGE,
        "how late the event loop was at its last look, ten a second",
        lambda watched: watched.pressure.lag_s,
    ),
    Metric(
        "seriatim_overloaded",
        Kind.GAUGE,
        "1 while who comes new is answered 503, because the loop has been late for two seconds",
        lambda watched: watched.pressure.overloaded,
    ),
    Metric(
        "seriatim_overload_refused_total",
        Kind.COUNTER,
        "handshakes and requests that were answered 503 for that",
        lambda watched: watched.pressure.refused_count,
    ),
)
