"""From chips to the grid, around the clock: the receipt's own functions, window by window, and their sum.

Frames are added to a window. Once a minute, or when somebody asks, the window is assessed as a run of the whole machine
would be, added to what it came to since the start, and the next one begins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

from dcfoot.assessment import assess
from dcfoot.calibration import Calibration
from dcfoot.footprint import Carbon, Footprint
from dcfoot.measurement import ChannelEnergy, Machine, Measurement, RunState
from dcfoot.quantity import Quantity
from dcfoot.reading import Channel, Meter
from dcfoot.site import Site
from dcfoot.site_hours import at_run
from dcfoot.units import J_PER_KWH, NS_PER_S
from dcfoot_probes.daemon.words import CarbonTotal, Frame, Ladder, Rates

WINDOW_S = 60.0
"""How long a window lasts where nobody asks [s]: the grid and the weather change by the hour."""

LEAST_S = 1.0
"""How short it may be where somebody does [s]."""

EVEN_RATIO = 0.5
"""How far the time that a meter tells of may be from the window's, of that, for there to be a power now (a choice: half
a tick, where one lasts as long as the window)."""

DRAWS = 100
"""How many plausible values of each input are tried: enough for an interval that is looked at (a receipt takes 300),
at a third of the cost."""

RUNGS = ("accelerator", "host", "node", "facility")


@dataclass(frozen=True, slots=True)
class Place:
    """Where and what the machine is, as far as the ladder needs it.

    Parameters
    ----------
    site : Site
        Its figures of a year; those of the hours are looked up.
    machine : Machine
        What it is made of.
    node_class : str or None
        The class that was named; None to guess from the machine.
    calibration : Calibration or None
        A fit to its wall meter.
    electricity_price_per_kwh : float or None
        What a kilowatt-hour of the facility costs, in `currency` [1/kWh].
    currency : str or None
        ISO 4217.
    """

    site: Site
    machine: Machine
    node_class: str | None = None
    calibration: Calibration | None = None
    electricity_price_per_kwh: float | None = None
    currency: str | None = None

    def assessed(self, measurement: Measurement) -> Footprint:
        """The footprint of all that the machine's meters saw."""
        site = at_run(self.site, measurement.started_at, measurement.ended_at) if self.site.chosen else self.site
        return assess(
            measurement,
            site,
            whole_node=True,
            node_class=self.node_class,
            calibration=self.calibration,
            electricity_price_per_kwh=self.electricity_price_per_kwh,
            currency=self.currency,
            draws=DRAWS,
            in_brief=True,
        )


class _Running:
    """A quantity added up window by window; None while it was never known."""

    def __init__(self) -> None:
        self.total: Quantity | None = None
        self._per_s = 0.0

    def add(self, quantity: Quantity | None, duration_s: float) -> None:
        """Adds a window's.

        What a window does not tell may have gone on as before: that widens the upper bound and is not extrapolated
        into the value, as in the gaps of a run.
        """
        if quantity is None:
            if self.total is not None:
                total = self.total
                self.total = Quantity(total.value, total.p5, total.p95 + self._per_s * duration_s, total.basis)
            return
        self.total = quantity if self.total is None else self.total + quantity
        self._per_s = quantity.value / duration_s


class Ladders:
    """Assesses windows and adds them up. Safe to use from several threads.

    Parameters
    ----------
    place : Place
        Where the machine stands; may be replaced.
    host : str
        The machine's name.
    """

    def __init__(self, place: Place, host: str) -> None:
        self.place = place
        self.rates = Rates()
        self._host = host
        self._lock = Lock()
        self._energies: dict[Channel, tuple[Meter, float, float]] = {}
        self._window_s = self._asked_s = 0.0
        self._end_ns = 0
        self._running: dict[tuple[str, ...], _Running] = {}
        self._latest: Ladder | None = None

    def add(self, frame: Frame, meters: Mapping[Channel, Meter]) -> None:
        """Adds a frame to the window, and assesses it where it has lasted long enough."""
        with self._lock:
            for channel, meter in meters.items():
                if meter.cut is not None:  # its device's own meter stands for all of its parts
                    continue
                _, energy_j, covered_s = self._energies.get(channel, (meter, 0.0, 0.0))
                step = frame.steps.get(channel)
                if step is not None:
                    energy_j, covered_s = energy_j + step.energy_j, covered_s + step.covered_s
                self._energies[channel] = meter, energy_j, covered_s
            self._window_s += frame.duration_s
            self._asked_s += frame.duration_s
            self._end_ns = frame.utc_ns
            if self._window_s >= WINDOW_S:
                self._assess()

    def now(self) -> Ladder:
        """The ladder as it stands; at most a second old where somebody asks every second. At first nothing is known."""
        with self._lock:
            if self._asked_s >= LEAST_S or (self._latest is None and self._window_s > 0.0):
                self._assess()
            return self._latest or self._ladder({}, WINDOW_S)

    def _assess(self) -> None:
        self._asked_s = 0.0
        is_even = self._is_even()
        # What an exporter tells every half a minute belongs to that half minute: the window waits for it.
        if not is_even and self._window_s < WINDOW_S:
            return
        measurement, duration_s = self._measurement(), self._window_s
        footprint = self.place.assessed(measurement)
        found = _quantities(footprint)
        missed = [key for key, running in self._running.items() if running.total and found.get(key) is None]
        # An answer that is only late comes with the next frame, and then belongs to this window.
        if missed and duration_s < WINDOW_S:
            return
        for key in {**found, **self._running}:
            self._running.setdefault(key, _Running()).add(found.get(key), duration_s)
        self.rates = _rates(footprint, self.rates)
        energies = {key: of for key, of in found.items() if key[0] != "energy" or is_even}
        self._latest = self._ladder(energies, duration_s)  # of a part of the time there is no power now
        self._energies.clear()
        self._window_s = 0.0

    def _is_even(self) -> bool:
        """Whether what each meter tells is of this window: neither of a part of it alone nor of more."""
        off_s = (abs(covered_s - self._window_s) for _, _, covered_s in self._energies.values())
        return all(off < EVEN_RATIO * self._window_s for off in off_s)

    def _measurement(self) -> Measurement:
        ended = datetime.fromtimestamp(self._end_ns / NS_PER_S, UTC)
        channels = [
            ChannelEnergy(meter, energy_j, energy_j, covered_s)
            for meter, energy_j, covered_s in self._energies.values()
        ]
        return Measurement(
            self._host,
            "daemon",
            (),
            (self._host,),
            ended - timedelta(seconds=self._window_s),
            ended,
            self._window_s,
            None,
            RunState.RUNNING,
            tuple(channels),
            self.place.machine,
        )

    def _ladder(self, found: Mapping[tuple[str, ...], Quantity | None], duration_s: float) -> Ladder:
        totals = {key: running.total for key, running in self._running.items()}
        power_w = {rung: (kwh := found.get(("energy", rung))) and kwh.scaled(J_PER_KWH / duration_s) for rung in RUNGS}
        carbon = [
            CarbonTotal(key[1], key[2], key[3], total)
            for key, total in totals.items()
            if key[0] == "carbon" and total is not None
        ]
        return Ladder(
            self.place.site.id,
            power_w,
            {rung: totals.get(("energy", rung)) for rung in RUNGS},
            carbon,
            {boundary: totals.get(("water", boundary)) for boundary in ("onsite", "offsite")},
        )


def _quantities(footprint: Footprint) -> dict[tuple[str, ...], Quantity | None]:
    """What is added up of a footprint, each under its kind and name."""
    return {
        **{("energy", rung.name): rung.energy_kwh for rung in footprint.rungs},
        **{("carbon", one.method, one.boundary, one.gas): one.value for one in footprint.carbon},
        ("water", "onsite"): footprint.water_onsite_l,
        ("water", "offsite"): footprint.water_offsite_l,
    }


def _rates(footprint: Footprint, before: Rates) -> Rates:
    """What a kilowatt-hour behind the node's plug comes to, by this window; where that does not tell, as before.

    Another currency than before is not known, for two cannot be added. What power supplies lose is left out: a device
    that is given back saves that too, so this is not too much.
    """
    node = next((rung.energy_kwh for rung in footprint.rungs if rung.name == "node"), None)
    if node is None or node.value <= 0.0:
        return before
    carbon, cost = _carbon_to_count(footprint.carbon, before.carbon), footprint.cost
    currency = before.currency or (cost.currency if cost else "")
    onsite, offsite = footprint.water_onsite_l, footprint.water_offsite_l
    water_l = onsite + offsite if onsite and offsite else None
    return Rates(
        (carbon.method, carbon.boundary, carbon.gas) if carbon else before.carbon,
        carbon.value.scaled(1.0 / node.value) if carbon else before.carbon_g,
        water_l.scaled(1.0 / node.value) if water_l else before.water_l,
        cost.value.scaled(1.0 / node.value) if cost and cost.currency == currency else None,
        currency,
    )


def _carbon_to_count(carbon: Sequence[Carbon], counted: tuple[str, ...]) -> Carbon | None:
    """The one that was counted before, for unlike ones are never added; at first the location's, direct, if it can."""
    alike = [one for one in carbon if not counted or (one.method, one.boundary, one.gas) == counted]
    return min(alike, key=lambda one: (one.method != "location", one.boundary != "direct"), default=None)
