"""The waste of a whole machine: every accelerator watched tick by tick, what is found priced and added up.

Frames come in from the loop's thread, `Wasted` goes out to any. A finding is priced when it is found, by the rates of
that time, and from then on span by span.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from dcfoot.quantity import Quantity
from dcfoot.reading import Channel, Domain, Meter
from dcfoot.units import J_PER_KWH
from dcfoot_probes.daemon.waste import SPAN_S, Judge, Span, SpanSum, Verdict
from dcfoot_probes.daemon.words import Amount, Finding, Frame, Rates, Unit, Waste, Wasted, WasteTotal

FINDINGS_COUNT = 50
"""So many findings are remembered (a choice: the totals hold all of them)."""

Allocated = Callable[[Sequence[str]], Mapping[str, Collection[Unit]]]
"""By device, whom it was given to; asked with the accelerators that have a meter, in the order of the bus."""


def nobody(devices: Sequence[str]) -> Mapping[str, Collection[Unit]]:
    """Where nobody is given a device by name."""
    del devices
    return {}


@dataclass(slots=True)
class _Found:
    verdict: Verdict
    device: str
    until_utc_ns: int
    is_over: bool = False
    amount: Amount = field(default_factory=Amount)

    def finding(self) -> Finding:
        owners = tuple(sorted(self.verdict.owners, key=lambda unit: (unit.kind, unit.id)))
        kind, _, since_utc_ns, _ = self.verdict
        return Finding(kind, self.device, owners, since_utc_ns, self.until_utc_ns, self.is_over, self.amount)


class _Device:
    """What is known of one accelerator."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.judge = Judge()
        self.sum = SpanSum(channel, frozenset())
        self.found: _Found | None = None
        self.wasted_w: dict[Waste, float] = {}
        self.amounts = {kind: Amount() for kind in Waste}

    def totals(self, rates: Rates) -> list[WasteTotal]:
        """Of every kind; where there is a rate, what is nothing is nothing and not unknown."""
        nothing = priced(0.0, rates)
        return [
            WasteTotal(kind, self.channel.device, self.wasted_w.get(kind, 0.0), _plus(nothing, amount))
            for kind, amount in self.amounts.items()
        ]


class Wasting:
    """Finds waste. One thread adds, any thread may ask.

    Parameters
    ----------
    rates : Callable[[], Rates]
        What a kilowatt-hour comes to now.
    """

    def __init__(self, rates: Callable[[], Rates]) -> None:
        self.allocated: Allocated = nobody
        self._rates = rates
        self._lock = Lock()
        self._devices: dict[Channel, _Device] = {}
        self._findings: deque[_Found] = deque(maxlen=FINDINGS_COUNT)

    def add(self, frame: Frame, meters: Mapping[Channel, Meter]) -> None:
        """Adds a frame.

        Parameters
        ----------
        frame : Frame
            The next tick.
        meters : Mapping[Channel, Meter]
            What is metered now; accelerators in the order of the bus.
        """
        channels = [channel for channel in meters if channel.domain is Domain.GPU]
        if not channels and not self._devices:
            return
        given = self.allocated([channel.device for channel in channels])
        with self._lock:
            for channel in channels:
                if channel not in self._devices:
                    self._devices[channel] = _Device(channel)
            for device in self._devices.values():
                self._add(device, frame, frozenset(given.get(device.channel.device, ())))

    def now(self) -> Wasted:
        """What was found so far."""
        rates = self._rates()
        with self._lock:
            totals = [total for device in self._devices.values() for total in device.totals(rates)]
            return Wasted(totals, [found.finding() for found in reversed(self._findings)], rates)

    def _add(self, device: _Device, frame: Frame, allocated: frozenset[Unit]) -> None:
        if device.sum.duration_s >= SPAN_S or (allocated != device.sum.allocated and device.sum.duration_s > 0.0):
            self._close(device, device.sum.span())
            device.sum = SpanSum(device.channel, allocated)
        device.sum.allocated = allocated
        device.sum.add(frame)

    def _close(self, device: _Device, span: Span) -> None:
        verdict, found = device.judge.add(span), device.found
        device.wasted_w = {}
        if found and (verdict is None or verdict[:3] != found.verdict[:3]):
            found.is_over, device.found = True, None
        if verdict is None:
            return
        if device.found is None:
            device.found = _Found(verdict, device.channel.device, span.until_utc_ns)
            self._findings.append(device.found)
        amount = priced(verdict.energy_j / J_PER_KWH, self._rates())
        device.found.until_utc_ns = span.until_utc_ns
        device.found.amount = _plus(device.found.amount, amount)
        device.amounts[verdict.kind] = _plus(device.amounts[verdict.kind], amount)
        device.wasted_w[verdict.kind] = span.energy_j / span.covered_s if span.covered_s > 0.0 else 0.0


def priced(energy_kwh: float, rates: Rates) -> Amount:
    """What some energy comes to.

    Parameters
    ----------
    energy_kwh : float
        At the device [kWh].
    rates : Rates
        What a kilowatt-hour comes to.
    """
    carbon_g, water_l, cost = (rate and rate.scaled(energy_kwh) for rate in (rates.carbon_g, rates.water_l, rates.cost))
    return Amount(energy_kwh, carbon_g, water_l, cost)


def _plus(one: Amount, other: Amount) -> Amount:
    return Amount(
        one.energy_kwh + other.energy_kwh,
        _sum(one.carbon_g, other.carbon_g),
        _sum(one.water_l, other.water_l),
        _sum(one.cost, other.cost),
    )


def _sum(one: Quantity | None, other: Quantity | None) -> Quantity | None:
    """What is not known adds nothing: a rate that is known once stays known."""
    return one + other if one and other else one or other
