"""The metrics as text, in the form that the asking program reads: Prometheus' own or OpenMetrics.

Both are written here and not by prometheus-client, which takes seven times as long for a scrape, and 4 MB of memory.

Sources: https://prometheus.io/docs/instrumenting/exposition_formats (text format 0.0.4),
https://prometheus.io/docs/specs/om/open_metrics_spec (OpenMetrics 1.0).
"""

from collections.abc import Iterator
from functools import lru_cache
from math import isfinite, isnan

from dcfoot_probes.daemon.words import Snapshot
from dcfoot_probes.exporters.metrics import METRICS, Kind, Metric

PLAIN = "text/plain; version=0.0.4; charset=utf-8"

OPENMETRICS = "application/openmetrics-text"

OPENMETRICS_TYPE = f"{OPENMETRICS}; version=1.0.0; charset=utf-8"

HEADS_COUNT = 2048
"""So many names with their labels are kept from scrape to scrape (a choice: those of a hundred containers are 700)."""

_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def text_of(now: Snapshot, accept: str = "") -> tuple[bytes, str]:
    """The metrics, and what kind of text that is.

    Parameters
    ----------
    now : Snapshot
        The values.
    accept : str
        What the asking program reads, as in its HTTP header.
    """
    is_open = _reads_openmetrics(accept)
    lines = [line for metric in METRICS for line in _lines(metric, now, is_open=is_open)]
    if is_open:
        lines.append("# EOF\n")
    return "".join(lines).encode(), OPENMETRICS_TYPE if is_open else PLAIN


def _reads_openmetrics(accept: str) -> bool:
    """Whether OpenMetrics is asked for, in the version that it had when it was finished or in none that is named."""
    for kind in accept.split(","):
        name, *parameters = (part.strip() for part in kind.split(";"))
        versions = [one.removeprefix("version=") for one in parameters if one.startswith("version=")]
        if name == OPENMETRICS and not any(version.startswith("0.") for version in versions):
            return True
    return False


def _lines(metric: Metric, now: Snapshot, *, is_open: bool) -> Iterator[str]:
    """A metric with its values; nothing where it has none."""
    name, names = metric.full_name, metric.labels
    values = [f"{_head(name, names, labels)}{_number(value)}\n" for labels, value in metric.samples(now)]
    if values:
        family = metric.name if is_open else name
        yield f"# HELP {family} {metric.help}\n# TYPE {family} {_kind(metric.kind, is_open=is_open)}\n"
        yield from values


def _kind(kind: Kind, *, is_open: bool) -> str:
    return kind if is_open or kind is not Kind.INFO else Kind.GAUGE


@lru_cache(maxsize=HEADS_COUNT)
def _head(name: str, names: tuple[str, ...], labels: tuple[str, ...]) -> str:
    """What stands before a value, which is the same from scrape to scrape."""
    sorted_labels = sorted(zip(names, labels, strict=True))
    told = ",".join(f'{key}="{text.translate(_ESCAPED)}"' for key, text in sorted_labels)
    return f"{name}{{{told}}} " if told else f"{name} "


def _number(value: float) -> str:
    if isfinite(value):
        return repr(float(value))
    return "NaN" if isnan(value) else "+Inf" if value > 0.0 else "-Inf"
