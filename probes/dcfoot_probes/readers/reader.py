"""The probe of one exporter: asks for its page now and then, and makes readings of what is new in it.

An exporter may tell the same again and again until it has asked the hardware anew. So a counter counts from the moment
at which its value was first seen, power from the moment at which the page was last another; and a page that has not
changed for long is no news at all. Nothing is guessed for the time in between.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dcfoot.errors import ProbeAwaiting, ProbeTransient, ProbeUnavailable
from dcfoot.probe import Surroundings
from dcfoot.reading import Channel, Kind, Meter, Reading
from dcfoot.units import NS_PER_S
from dcfoot_probes.readers.dcgm_exporter import COLLECT_INTERVAL_S, DCGM_EXPORTER
from dcfoot_probes.readers.here import Here, look_around
from dcfoot_probes.readers.kepler import KEPLER
from dcfoot_probes.readers.node_exporter import NODE_EXPORTER
from dcfoot_probes.readers.page import Page, ask
from dcfoot_probes.readers.scaphandre import SCAPHANDRE
from dcfoot_probes.readers.words import COUNTER_PERIOD_S, Exporter, Sample, Seen

EXPORTERS = (DCGM_EXPORTER, KEPLER, NODE_EXPORTER, SCAPHANDRE)
"""All that are known; which one an address is of is seen by its metrics."""

NAMES = tuple(name for exporter in EXPORTERS for name in exporter.names)

STALE_S = 3 * COLLECT_INTERVAL_S
"""A page that has not changed for so long is of an exporter that does not see its hardware any more [s] (a choice:
three of the longest usual interval)."""

NOT_YET = "what {} tells is of a moment that is not known; its next update is awaited"


class _Dated(NamedTuple):
    """A value, and since when it is told; None where it was there before we looked."""

    value: int
    time_ns: int | None


class Reader:
    """What an exporter tells of this machine.

    Parameters
    ----------
    surroundings : Surroundings
        The machine.
    address : str
        The exporter's: ``http://127.0.0.1:9400/metrics``. Behind a ``#``, the name by which it knows this machine.
    """

    name = "reader"

    def __init__(self, surroundings: Surroundings, address: str = "") -> None:
        self._surroundings = surroundings
        self._address, _, self._alias = address.partition("#")
        self._here = Here(surroundings.host)
        self._told_of: dict[str, str] = {}
        self._meters: dict[Channel, Meter] = {}
        self._values: dict[Channel, _Dated] = {}
        self._checksum: int | None = None
        self._changed_ns: int | None = None
        self._looked_ns = self._first_ns = self._next_ns = 0
        self._silent: ProbeTransient | None = None

    @property
    def notes(self) -> list[str]:
        """What there is to tell of the exporter."""
        return self._here.notes

    def open(self) -> Sequence[Meter]:
        """The meters that the exporter tells of.

        Raises
        ------
        ProbeUnavailable
            It tells of none, or of another machine.
        ProbeTransient
            It does not answer.
        """
        if not self._address:
            raise ProbeUnavailable("no exporter is named", "export DCFOOT_READ=http://127.0.0.1:9400/metrics")
        self._here = look_around(self._surroundings)
        page = self._ask()
        self._meters = {seen.meter.channel: seen.meter for _, seen in self._seen(page)}
        if not self._meters:
            raise self._absent(page)
        return list(self._meters.values())

    def read(self) -> Sequence[Reading]:
        """What is new, where it is time to ask; nothing in between.

        Raises
        ------
        ProbeTransient
            The exporter does not answer, or has told nothing new for long.
        ProbeAwaiting
            It has told nothing new yet.
        """
        if self._surroundings.clock_ns() >= self._next_ns:
            return self._read_now()
        if self._silent:
            raise self._silent.with_traceback(None)
        return []

    def read_start(self) -> Sequence[Reading]:
        """What it tells now."""
        return self._read_now()

    def settle_start(self) -> Sequence[Reading]:
        """Nothing can be made more exact."""
        return []

    def read_end(self) -> Sequence[Reading]:
        """What it tells now."""
        return self._read_now()

    def close(self) -> None:
        """Nothing is held."""

    def _read_now(self) -> Sequence[Reading]:
        period_s = min([COUNTER_PERIOD_S, *(meter.period_s for meter in self._meters.values())])
        self._next_ns = self._surroundings.clock_ns() + round(period_s * NS_PER_S)
        try:
            readings = self._news()
        except ProbeTransient as transient:
            self._silent = transient
            raise
        self._silent = None
        return readings

    def _news(self) -> Sequence[Reading]:
        page = self._ask()
        self._check(page)
        readings = list(self._readings(page))
        if not readings and any(dated.time_ns is None for dated in self._values.values()):
            raise ProbeAwaiting(NOT_YET.format(self._address))
        return readings

    def _ask(self) -> Page:
        """The page, dated to the middle between question and answer."""
        asked_ns = self._surroundings.clock_ns()
        page = ask(self._address, NAMES)
        self._looked_ns = (asked_ns + self._surroundings.clock_ns()) // 2
        return page

    def _check(self, page: Page) -> None:
        before, self._checksum = self._checksum, page.checksum
        if before is None:
            self._first_ns = self._looked_ns
        elif before != page.checksum:
            self._changed_ns = self._looked_ns
        silent_s = (self._looked_ns - (self._changed_ns or self._first_ns)) / NS_PER_S
        if silent_s > STALE_S:
            raise ProbeTransient(f"{self._address} has told the same for {silent_s:.0f} s")

    def _readings(self, page: Page) -> Iterator[Reading]:
        for exporter, seen in self._seen(page):
            meter = self._meters.setdefault(seen.meter.channel, seen.meter)
            if meter.method != seen.meter.method:
                continue  # Two methods in one figure could not be told apart.
            time_ns = self._time_ns(meter, seen.value, is_live=exporter.is_live)
            if time_ns is not None:
                yield Reading(meter, seen.value, time_ns)

    def _time_ns(self, meter: Meter, value: int, *, is_live: bool) -> int | None:
        """Since when a value is told; None where that is not known."""
        if meter.kind is not Kind.COUNTER:
            return self._looked_ns if is_live else self._changed_ns
        last = self._values.get(meter.channel)
        if last is None:
            last = self._values[meter.channel] = _Dated(value, self._looked_ns if is_live else None)
        elif last.value != value:
            last = self._values[meter.channel] = _Dated(value, self._looked_ns)
        return last.time_ns

    def _seen(self, page: Page) -> Iterator[tuple[Exporter, Seen]]:
        """Each device of this machine once, whichever exporter the page is of."""
        known: set[Channel] = set()
        for exporter in EXPORTERS:
            own = [one for one in page.samples if one.name.startswith(exporter.names) and self._is_ours(exporter, one)]
            for seen in exporter.seen(own, self._here):
                if seen.meter.channel not in known:
                    known.add(seen.meter.channel)
                    yield exporter, seen

    def _is_ours(self, exporter: Exporter, sample: Sample) -> bool:
        """Whether a sample is of this machine.

        In a container an exporter may call the machine by the container's name; what it says at this machine's own
        address is of this machine all the same, as long as it says the same name. Elsewhere it must say this machine's.
        """
        label = _label(exporter, sample)
        if self._alias:
            return label in {"", self._alias}
        if is_loopback(self._address):
            return not label or self._told_of.setdefault(exporter.name, label) == label
        return label.partition(".")[0] == self._here.host.partition(".")[0]

    def _absent(self, page: Page) -> ProbeUnavailable:
        there = [
            (exporter, sample)
            for exporter in EXPORTERS
            for sample in page.samples
            if sample.name.startswith(exporter.names)
        ]
        strangers = sorted({_label(*one) for one in there if not self._is_ours(*one)})
        if strangers:
            name = strangers[0] or self._here.host
            told = f"tells of {', '.join(strangers)}" if strangers[0] else "does not tell of which machine"
            return ProbeUnavailable(
                f"{self._address} {told}, and this one is called {self._here.host}",
                f"export DCFOOT_READ={self._address}#{name}   # if that is this machine",
            )
        remedy = there[0][0].remedy if there else ""
        known = ", ".join(exporter.name for exporter in EXPORTERS)
        return ProbeUnavailable(f"{self._address} tells of no energy that is known (known are {known})", remedy)


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own, which no other can have (RFC 5735, RFC 4291)."""
    from ipaddress import ip_address
    from urllib.parse import urlsplit

    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _label(exporter: Exporter, sample: Sample) -> str:
    return next((sample.labels[name] for name in exporter.host_labels if sample.labels.get(name)), "")
