"""The metrics as Prometheus reads them."""

from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from seriatim.app.metrics.table import METRICS, Kind, Metric, Value, Watched
from seriatim.core.histogram import Histogram


def exposition(watched: Watched) -> Callable[[], bytes]:
    """Return what writes all metrics of this process, and those of any process (CPU, memory, open files), as text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Parts(watched))
    ProcessCollector(registry=registry)
    return lambda: generate_latest(registry)


class _Parts(Collector):
    """Reads the table."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched

    def collect(self) -> Iterable[Family]:
        """Return what is counted now."""
        for metric in METRICS:
            value = metric.read(self._watched)
            if value is not None:
                yield _family(metric, value)


def _family(metric: Metric, value: Value) -> Family:
    if isinstance(value, Histogram):
        family = HistogramMetricFamily(metric.name, metric.what)
        bounds = (*map(str, value.bounds), "+Inf")
        family.add_metric([], list(zip(bounds, accumulate(value.counts), strict=True)), value.total)
        return family
    counted = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = counted(metric.name, metric.what, labels=metric.labels)
    by_labels = value if isinstance(value, Mapping) else {(): value}
    for said, number in list(by_labels.items()):
        family.add_metric(said, float(number or 0))
    return family
