"""A site by its own meters: what they say of a run's hours goes before the model, and a stated PUE is made comparable.

In come a `Site` and the hours of its facility's meters, a live reading among them, or a PUE with its category; out goes
the site whose PUE and WUE are metered where the run's hours are, modelled elsewhere.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil, floor, hypot, isnan, nan
from typing import NamedTuple, Protocol

from dcfoot.cooling.parameters import Parameter, Size, parameters
from dcfoot.draws import Spread
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence, Fact
from dcfoot.facility import LEAST_PUE, Category, at_it_inlet
from dcfoot.reading import Basis
from dcfoot.site import FacilityMeter, LiveMeter, Site
from dcfoot.site_hours import OF_HOURS, product

HOUR = timedelta(hours=1)

POWER_METER_RATIO = 0.01
"""How far off an energy meter may be: class 1 of IEC 62053-21, taken as the 5th and 95th percentile (a choice) [-]"""

WATER_METER_RATIO = 0.02
"""The same of a water meter: class 2 of ISO 4064-1:2014 [-]"""

LIVE_RATIO = 0.006
"""How far a moment's PUE may be from that of the hour up to it, over it: half of what it changes from one hour to the
next, which in nine of ten hours is less in nine of ten of the model's years (nine systems, 12 climates) [-]"""

WHOLE = 1 - 1e-9
"""From here on every hour is covered [-]."""


class MeterHours(Protocol):
    """What is asked of `dcfoot.facility_meter.MeteredHours`, which needs numpy."""

    @property
    def start(self) -> datetime:
        """The start of the first hour."""
        ...

    @property
    def facility_power_w(self) -> Iterable[float]:
        """Of the whole facility by hour; NaN where it is not known."""
        ...

    @property
    def it_power_w(self) -> Iterable[float]:
        """Of its IT equipment."""
        ...

    @property
    def water_l(self) -> Iterable[float] | None:
        """Water taken in."""
        ...


class LiveHour(NamedTuple):
    """The hour up to a live reading, which stands for it: `MeterHours`, with powers over that of the IT equipment.

    Parameters
    ----------
    end : datetime
        When it was read.
    pue : float
        As it was read [-]
    """

    end: datetime
    pue: float

    @property
    def start(self) -> datetime:
        """An hour before."""
        return self.end - HOUR

    @property
    def facility_power_w(self) -> tuple[float]:
        """For each watt of the IT equipment."""
        return (self.pue,)

    @property
    def it_power_w(self) -> tuple[float]:
        """One."""
        return (1.0,)

    @property
    def water_l(self) -> None:
        """Not read."""
        return


class _Share(NamedTuple):
    """What the meters say of a run: a mean over the part of its time that they know, and how large that part is."""

    mean: float
    covered_ratio: float


def at_meters(
    site: Site, meter: FacilityMeter | LiveMeter, metered: MeterHours, start: datetime, end: datetime
) -> tuple[Site, tuple[str, ...]]:
    """The site with what its meters say of a run's hours, and what the reader must know of them.

    Parameters
    ----------
    site : Site
        At the hours of the run, as the model has them.
    meter : FacilityMeter or LiveMeter
        Where the hours are from.
    metered : MeterHours
        Its hours.
    start, end : datetime
        Of the run, with their time zone; its power is taken as even.

    Raises
    ------
    ConfigError
        The facility draws less than its IT equipment.
    """
    losses = distribution_spread(site.size)
    inlet = float(at_it_inlet(meter.category, losses.central))
    it_kwh = [watts / inlet / 1000 for watts in metered.it_power_w]
    pue, wue = (
        _over_run(_per(amounts, it_kwh), metered.start, start, end)
        for amounts in (
            (watts / 1000 for watts in metered.facility_power_w),
            () if metered.water_l is None else metered.water_l,
        )
    )
    if pue is None:
        return site, (f"{meter.name} does not hold the hours of this run: its PUE and WUE are modelled.",)
    if pue.mean < LEAST_PUE:
        raise ConfigError(
            f"{meter.name}: while the run lasted the facility draws {pue.mean:.3f} times what its IT equipment draws. "
            "It cannot draw less: are the two meters exchanged, or in different units?"
        )
    of_moment = LIVE_RATIO if isinstance(meter, LiveMeter) else 0.0
    doubt_ratio = hypot(POWER_METER_RATIO, POWER_METER_RATIO, of_moment, *_doubt(meter.category, losses))
    told_pue = _Told("pue", "", 1.0, pue, doubt_ratio, meter)
    found = replace(site, pue=told_pue.beside(site.pue), hours_evidence=told_pue.evidence_in(site))
    if wue is None:
        return found, ()
    told_wue = _Told("wue", "L/kWh", 0.0, wue, hypot(WATER_METER_RATIO, doubt_ratio), meter)
    water = told_wue.beside(site.wue_l_per_kwh)
    return replace(found, wue_l_per_kwh=water, hours_evidence=told_wue.evidence_in(found)), ()


def _per(amounts: Iterable[float], it_kwh: Sequence[float]) -> list[float]:
    """What each hour took per unit of IT energy; NaN where that is not known."""
    return [part / whole if whole > 0 else nan for part, whole in zip(amounts, it_kwh, strict=False)]


def _doubt(category: Category, losses: Spread) -> tuple[float, ...]:
    """What distribution behind the UPS adds to the doubt, where the IT power is metered before it [-]."""
    return ((losses.p95 - losses.p5) / 2,) if category == "PUE1" else ()


def _over_run(hours: Sequence[float], first: datetime, start: datetime, end: datetime) -> _Share | None:
    known = [(hours[index], share) for index, share in _shares(first, start, end) if 0 <= index < len(hours)]
    known = [(value, share) for value, share in known if not isnan(value)]
    covered = sum(share for _, share in known)
    return _Share(sum(value * share for value, share in known) / covered, covered) if covered else None


def _shares(first: datetime, start: datetime, end: datetime) -> Iterator[tuple[int, float]]:
    """The hours that a run lies in, from `first` on, and how much of it is in each; an instant lies in its own."""
    begin, finish = (start - first) / HOUR, (end - first) / HOUR
    for index in range(floor(begin), max(ceil(finish), floor(begin) + 1)):
        part = min(index + 1, finish) - max(index, begin)
        yield index, part / (finish - begin) if finish > begin else 1.0


class _Told(NamedTuple):
    """A metered figure of a run's hours."""

    metric: str
    unit: str
    least: float
    share: _Share
    doubt_ratio: float
    meter: FacilityMeter | LiveMeter

    @property
    def is_whole(self) -> bool:
        return self.share.covered_ratio >= WHOLE

    @property
    def spread(self) -> Spread:
        mean = max(self.least, self.share.mean)
        return Spread.around(mean, 1 - self.doubt_ratio, 1 + self.doubt_ratio, self.least)

    @property
    def evidence(self) -> Evidence:
        return Evidence(
            f"{self.metric.upper()} at these hours, metered",
            round(self.spread.central, 4),
            self.unit,
            None,
            f"the facility's {'live reading' if isinstance(self.meter, LiveMeter) else 'meters'}, {self.meter.name}",
            verified=True,  # by the meters themselves
            note=f"{self.meter.category}, {self.share.covered_ratio:.0%} of the run's time",
        )

    def beside(self, modelled: Fact | None) -> Fact | None:
        """The metered figure; for the part of the run that is not covered the model's, if there is one."""
        if self.is_whole:
            return Fact(self.spread, Basis.MEASURED, self.evidence)
        if modelled is None:
            return None
        covered = self.share.covered_ratio
        mixed = self.spread.scaled(covered) + modelled.spread.scaled(1 - covered)
        return replace(modelled, spread=mixed, basis=Basis.worst(Basis.MEASURED, modelled.basis))

    def evidence_in(self, site: Site) -> tuple[Evidence, ...]:
        """What stands behind the site's hours then: not the model where the meters know all of them."""
        if not self.is_whole:
            return (*site.hours_evidence, self.evidence)
        return tuple(one for one in site.hours_evidence if not one.what.startswith(OF_HOURS[self.metric]))


def distribution_spread(size: str) -> Spread:
    """What power distribution behind the UPS loses, over IT power [-]; `size` as in `Site`."""
    loss = _parameter("distribution.linear_ratio", size)
    return Spread(loss.central, loss.low, loss.high)


def _parameter(name: str, size: str) -> Parameter:
    sizes: dict[str, Size] = {"large": "large", "midsize": "midsize", "small": "small"}
    return parameters("", sizes[size])[name]


def pue_at_inlet(pue: Spread, category: Category, size: str) -> Spread:
    """A stated PUE as one at the IT equipment's inlet, with the doubt of what lies between.

    Parameters
    ----------
    pue : Spread
        As it was stated [-]
    category : str
        Where its IT energy was metered.
    size : str
        Of the site.
    """
    losses = distribution_spread(size)
    low, central, high = (at_it_inlet(category, loss) for loss in (losses.p5, losses.central, losses.p95))
    found = product(pue, Spread(float(central), float(low), float(high)))
    return replace(found, p5=max(1.0, found.p5), floor=1.0)
