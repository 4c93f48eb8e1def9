"""`/metrics` for Prometheus: of the whole deployment, whichever API process is asked.

What the processes count is added up in Redis; see :mod:`tasks.monitoring.counters`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from tasks.monitoring.counters import BUCKETS
from tasks.monitoring.health import resident_bytes
from tasks.monitoring.metrics import COUNTED, GAUGES, TIMED, Gauge, Measured

_BOUNDS = [*(f"{bound:g}" for bound in BUCKETS), "inf"]


def metrics_reply(measured: Measured) -> Response:
    """The metrics in Prometheus' text format."""
    own = Gauge("memory_bytes", resident_bytes(), {"part": "api", "process": "asked"})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Given(measured.sums, (*measured.gauges, own)))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Given(Collector):
    def __init__(self, sums: Mapping[str, float], gauges: Iterable[Gauge]) -> None:
        self._sums, self._gauges = sums, gauges

    def collect(self) -> Iterator[Metric]:
        by_name: dict[str, list[tuple[dict[str, str], float]]] = {}
        for series, value in self._sums.items():
            name, *pairs = series.split("|")
            by_name.setdefault(name, []).append((dict(label.split("=", 1) for label in pairs), value))
        for name, (about, labels) in COUNTED.items():
            yield _counter(name, about, labels, by_name.get(name, []))
        for name, (about, labels) in TIMED.items():
            yield _histogram(name, about, labels, by_name.get(name, []), by_name.get(f"{name}_sum", []))
        for name, (about, labels) in GAUGES.items():
            yield _gauge(name, about, labels, [gauge for gauge in self._gauges if gauge.name == name])


def _counter(
    name: str, about: str, labels: tuple[str, ...], values: Iterable[tuple[dict[str, str], float]]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"ocrq_{name}", about, labels=labels)
    for labelled, value in values:
        family.add_metric([labelled.get(label, "") for label in labels], value)
    return family


def _gauge(name: str, about: str, labels: tuple[str, ...], gauges: Iterable[Gauge]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"ocrq_{name}", about, labels=labels)
    for gauge in gauges:
        family.add_metric([gauge.labels.get(label, "") for label in labels], gauge.value)
    return family


def _histogram(
    name: str,
    about: str,
    labels: tuple[str, ...],
    counts: Iterable[tuple[dict[str, str], float]],
    sums: Iterable[tuple[dict[str, str], float]],
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(f"ocrq_{name}", about, labels=labels)
    by_labels: dict[tuple[str, ...], dict[str, float]] = {}
    for labelled, value in counts:
        by_labels.setdefault(tuple(labelled.get(label, "") for label in labels), {})[labelled["le"]] = value
    totals = {tuple(labelled.get(label, "") for label in labels): value for labelled, value in sums}
    for values, of_bounds in by_labels.items():
        cumulative = accumulate(of_bounds.get(bound, 0.0) for bound in _BOUNDS)
        buckets = [(bound.replace("inf", "+Inf"), count) for bound, count in zip(_BOUNDS, cumulative, strict=True)]
        family.add_metric(list(values), buckets, totals.get(values, 0.0))
    return family
