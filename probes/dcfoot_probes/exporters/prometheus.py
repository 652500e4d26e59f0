"""The metrics as text, in the form that the asking program reads: Prometheus' own or OpenMetrics.

The writing is prometheus-client's, so that what is escaped and how numbers look is as everywhere.
"""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from dcfoot_probes.daemon.words import Snapshot
from dcfoot_probes.exporters.metrics import METRICS, Kind, Metric


class Snapshots(Collector):
    """One snapshot in the shape that prometheus-client writes."""

    def __init__(self, now: Snapshot) -> None:
        self._now = now

    def collect(self) -> Iterator[Family]:
        """Every metric that has values."""
        for metric in METRICS:
            family = family_of(metric, self._now)
            if family.samples:
                yield family


def family_of(metric: Metric, now: Snapshot) -> Family:
    """A metric with its values."""
    if metric.kind is Kind.INFO:
        information = InfoMetricFamily(metric.name, metric.help, labels=())
        for labels, _ in metric.samples(now):
            information.add_metric((), dict(zip(metric.labels, labels, strict=True)))
        return information
    make = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = make(metric.name, metric.help, labels=metric.labels)
    for labels, value in metric.samples(now):
        family.add_metric(labels, value)
    return family


def text_of(now: Snapshot, accept: str = "") -> tuple[bytes, str]:
    """The metrics, and what kind of text that is.

    Parameters
    ----------
    now : Snapshot
        The values.
    accept : str
        What the asking program reads, as in its HTTP header.
    """
    encode, content_type = choose_encoder(accept)
    return encode(Snapshots(now)), content_type
