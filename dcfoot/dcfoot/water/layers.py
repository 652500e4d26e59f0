"""The three layers of water: on site, at the source of the electricity, in the hardware.

Energy and intensities come in, litres go out, consumption beside withdrawal. The same bodies serve floats, arrays of
hours or months, and Series.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dcfoot.draws import Spread
from dcfoot.elementwise import Numbers, Value


def water_onsite_l(it_energy_kwh: Value, wue_l_per_kwh: Value | float) -> Value:
    """Water used on site for cooling: ``WUE x IT energy``.

    Source: ISO/IEC 30134-9:2022 (water usage effectiveness), category 1.

    Parameters
    ----------
    it_energy_kwh : Value
        Energy at the IT equipment's inlet [kWh]
    wue_l_per_kwh : Value or float
        Water usage effectiveness, per unit of IT energy [L/kWh]
    """
    return it_energy_kwh * wue_l_per_kwh


def water_offsite_l(facility_energy_kwh: Value, ewif_l_per_kwh: Value | float) -> Value:
    """Water used where the electricity is made: ``EWIF x facility energy``.

    Source: Li, Yang, Islam and Ren 2025, Making AI Less "Thirsty", CACM, doi:10.1145/3724499 (EWIF: energy water
    intensity factor).

    Parameters
    ----------
    facility_energy_kwh : Value
        Energy that the facility draws from the grid [kWh]
    ewif_l_per_kwh : Value or float
        Water per unit of electricity [L/kWh]
    """
    return facility_energy_kwh * ewif_l_per_kwh


def water_embodied_l(made_with_l: Value, reserved_h: float, lifespan_h: float, reserved_ratio: float) -> Value:
    """The share of the water of a machine's making that a piece of work carries: ``W x T/T0``.

    Source: Li, Yang, Islam and Ren 2025, doi:10.1145/3724499; the share is that of embodied emissions in ISO/IEC
    21031:2024.

    Parameters
    ----------
    made_with_l : Value
        Water that the making of the machine took [L]
    reserved_h : float
        Time that it was reserved for the work [h]
    lifespan_h : float
        Expected lifespan [h]
    reserved_ratio : float
        Part of the machine's resources that was reserved, in 0..1 [-]
    """
    return made_with_l * (reserved_h / lifespan_h) * reserved_ratio


EVAPORATED_RATIO = Spread(0.8, 0.5, 0.93)
"""The part of the water on site that does not flow back, where nobody knows the plant: ``1 - 1/C`` with five cycles of
concentration, two (pads) to fifteen (towers of large sites), the ranges of cooling_parameters.csv [-]"""


def onsite_consumption_l(withdrawal_l: Value, concentration_ratio: float) -> Value:
    """What a cooling tower evaporates of the water it takes; the rest is blown down: ``W (1 - 1/C)``.

    Source: the water balance of a tower, blowdown = evaporation / (C - 1) with the drift in it (Vengateson 2017,
    Cooling Towers: Estimate Evaporation Loss and Makeup Water Requirements, Chemical Engineering 124).

    Parameters
    ----------
    withdrawal_l : Value
        Make-up water [L]
    concentration_ratio : float
        Dissolved solids in the basin over those in the make-up, C > 1 ("cycles of concentration") [-]
    """
    return withdrawal_l * (1 - 1 / concentration_ratio)


@dataclass(frozen=True, slots=True)
class WaterIntensity:
    """Water per unit of energy; None is "not known".

    Parameters
    ----------
    consumption_l_per_kwh : Numbers or None
        Evaporated or otherwise gone [L/kWh].
    withdrawal_l_per_kwh : Numbers or None
        Taken [L/kWh].
    """

    consumption_l_per_kwh: Numbers | None
    withdrawal_l_per_kwh: Numbers | None


@dataclass(frozen=True, slots=True)
class WaterUse:
    """One kind of use, consumption or withdrawal, in its layers; None is "not known".

    Parameters
    ----------
    onsite_l, source_l, embodied_l : Numbers or None
        At the site, at the power stations, in the making of the hardware [L].
    """

    onsite_l: Numbers | None
    source_l: Numbers | None
    embodied_l: Numbers | None = None

    @property
    def operational_l(self) -> Numbers | None:
        """On site and at the source [L]; None where one of them is not known."""
        return _sum((self.onsite_l, self.source_l))

    @property
    def total_l(self) -> Numbers | None:
        """All three layers [L]; None where one of them is not known."""
        return _sum((self.onsite_l, self.source_l, self.embodied_l))


@dataclass(frozen=True, slots=True)
class WaterFootprint:
    """Consumption and withdrawal, side by side. They are never added: what is consumed was withdrawn before.

    Raises
    ------
    ValueError
        More is consumed than withdrawn in a layer.
    """

    consumption: WaterUse
    withdrawal: WaterUse

    def __post_init__(self) -> None:
        """Refuses a layer that consumes more than it takes."""
        for layer in ("onsite_l", "source_l", "embodied_l"):
            gone, taken = getattr(self.consumption, layer), getattr(self.withdrawal, layer)
            if gone is not None and taken is not None and _anywhere(gone > taken * (1 + 1e-9)):
                raise ValueError(
                    f"{layer}: {gone} L are consumed of {taken} L withdrawn; the first is part of the second."
                )


def water_footprint(
    it_energy_kwh: Numbers,
    facility_energy_kwh: Numbers,
    onsite: WaterIntensity,
    source: WaterIntensity,
    embodied: tuple[Numbers | None, Numbers | None] = (None, None),
) -> WaterFootprint:
    """The water of so much energy, layer by layer.

    Parameters
    ----------
    it_energy_kwh, facility_energy_kwh : Numbers
        Energy at the IT equipment's inlet, and drawn from the grid [kWh]
    onsite : WaterIntensity
        Per unit of IT energy [L/kWh]
    source : WaterIntensity
        Per unit of facility energy [L/kWh]
    embodied : tuple of Numbers or None
        Consumed and withdrawn in the making of the hardware, the part of this energy [L]

    Raises
    ------
    ValueError
        More is consumed than withdrawn in a layer.
    """
    consumed = WaterUse(
        _use(it_energy_kwh, onsite.consumption_l_per_kwh),
        _use(facility_energy_kwh, source.consumption_l_per_kwh),
        embodied[0],
    )
    withdrawn = WaterUse(
        _use(it_energy_kwh, onsite.withdrawal_l_per_kwh),
        _use(facility_energy_kwh, source.withdrawal_l_per_kwh),
        embodied[1],
    )
    return WaterFootprint(consumed, withdrawn)


def _use(energy_kwh: Numbers, l_per_kwh: Numbers | None) -> Numbers | None:
    return None if l_per_kwh is None else energy_kwh * l_per_kwh


def _sum(layers: Sequence[Numbers | None]) -> Numbers | None:
    known = [layer for layer in layers if layer is not None]
    return sum(known[1:], known[0]) if len(known) == len(layers) else None


def _anywhere(condition: object) -> bool:
    """Whether it holds for a float, or for any element of an array or Series."""
    every = getattr(condition, "any", None)
    return bool(condition if every is None else every())
