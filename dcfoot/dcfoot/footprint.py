"""What a footprint is: the ladder, carbon, water, embodied emissions and cost of a run at a site.

Every amount has its interval, its basis and its evidence; what is not known is None, never 0. `dcfoot.assessment` makes
one.
"""

from dataclasses import dataclass

from dcfoot.evidence import Evidence
from dcfoot.grid import Resolution, require_same_boundary
from dcfoot.quantity import Quantity


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of the boundary ladder. Rungs are cumulative.

    Parameters
    ----------
    name : str
        ``"accelerator"``, ``"host"``, ``"node"`` or ``"facility"``.
    energy_kwh : Quantity or None
        None where it is not known [kWh].
    note : str
        What the reader must know of it.
    """

    name: str
    energy_kwh: Quantity | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Carbon:
    """Emissions of the run's electricity by one method, in one family.

    Parameters
    ----------
    method : str
        ``"location"``, ``"market"`` or ``"marginal"``.
    boundary : str
        ``"direct"`` or ``"life_cycle"``.
    gas : str
        ``"CO2"`` or ``"CO2e"``.
    year : int or None
        The factor's year; None where no factor of a year is known, so that `value` is by the hours' alone.
    value : Quantity
        The amount [g].
    zone : str
        The grid that the factor describes.
    source : str
        The factor's document.
    verified : bool
        Whether the factor was checked.
    hourly_g : Quantity or None
        The same with the factor of the run's hours, to stand beside `value` and never in its place; None where the
        grid's hours are not known [g].
    hourly_source : str
        What stands behind it.
    hourly_resolution : Resolution
        Whether the hours are those of typical days or the run's own.
    """

    method: str
    boundary: str
    gas: str
    year: int | None
    value: Quantity
    zone: str
    source: str
    verified: bool
    hourly_g: Quantity | None = None
    hourly_source: str = ""
    hourly_resolution: Resolution = Resolution.TYPICAL_HOURS

    def __add__(self, other: "Carbon") -> "Carbon":
        """The sum of two runs' emissions of one family and method; percentiles add as if fully correlated.

        Raises
        ------
        BoundaryMismatch
            The two are of different families or methods.
        """
        require_same_boundary((self.boundary, self.gas), (other.boundary, other.gas))
        require_same_boundary((self.method, self.gas), (other.method, other.gas))
        return Carbon(
            self.method,
            self.boundary,
            self.gas,
            min(self.year, other.year) if self.year and other.year else None,
            self.value + other.value,
            self.zone if self.zone == other.zone else f"{self.zone}, {other.zone}",
            self.source if self.source == other.source else f"{self.source}; {other.source}",
            self.verified and other.verified,
            self.hourly_g + other.hourly_g if self.hourly_g and other.hourly_g else None,
            "; ".join(dict.fromkeys(filter(None, (self.hourly_source, other.hourly_source)))),
            min(self.hourly_resolution, other.hourly_resolution, key=list(Resolution).index),
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """What the facility's energy costs at the price that the user gave."""

    currency: str
    value: Quantity


@dataclass(frozen=True, slots=True)
class Influence:
    """How much an input moves a result within its interval.

    Parameters
    ----------
    quantity : str
        ``"carbon"`` (the first of `Footprint.carbon`) or ``"water"`` (on site and at power stations).
    input : str
        The input's name among the draws: ``"grid.direct"``, ``"site.pue"``, ``"meter.nvml"``.
    correlation_ratio : float
        Spearman's rank correlation of the two; the nearer to 1 or -1, the more of the interval is this input's [-].
    """

    quantity: str
    input: str
    correlation_ratio: float


@dataclass(frozen=True, slots=True)
class Footprint:
    """Everything that follows from a run at a site. None is "not known".

    Parameters
    ----------
    rungs : tuple of Rung
        Accelerator, host, node, facility; cumulative.
    it_energy_kwh : Quantity or None
        Energy at the wall: the node rung [kWh].
    facility_energy_kwh : Quantity or None
        IT energy times PUE [kWh].
    pue : Quantity or None
        Power usage effectiveness [-].
    embodied_g : Quantity or None
        The run's share of making the machine [g].
    water_onsite_l, water_offsite_l : Quantity or None
        At the site; at the power stations [L].
    carbon : tuple of Carbon
        One for each family and method of which a factor is known.
    cost : Cost or None
        None without a price.
    evidence : tuple of Evidence
        What stands behind every number.
    warnings : tuple of str
        What the reader must know.
    water_onsite_consumed_l : Quantity or None
        The part of the water taken in on site that does not flow back [L].
    water_offsite_withdrawn_l : Quantity or None
        Withdrawn at power stations; most of it flows back [L].
    water_embodied_l : Quantity or None
        Withdrawn to make the silicon of the accelerators, the run's share of their life [L].
    water_world_equivalent_m3 : Quantity or None
        What is consumed on site and at power stations, weighted by scarcity where it is taken (AWARE) [m3 world-eq].
    what_matters : tuple of Influence
        The inputs that make most of the intervals of carbon and water, the strongest first.
    """

    rungs: tuple[Rung, ...]
    it_energy_kwh: Quantity | None
    facility_energy_kwh: Quantity | None
    pue: Quantity | None
    embodied_g: Quantity | None
    water_onsite_l: Quantity | None
    water_offsite_l: Quantity | None
    carbon: tuple[Carbon, ...]
    cost: Cost | None
    evidence: tuple[Evidence, ...]
    warnings: tuple[str, ...]
    water_onsite_consumed_l: Quantity | None = None
    water_offsite_withdrawn_l: Quantity | None = None
    water_embodied_l: Quantity | None = None
    water_world_equivalent_m3: Quantity | None = None
    what_matters: tuple[Influence, ...] = ()
