"""Checks a claimed footprint and names the mistakes that published ones have made.

A `Claim` comes in, holding whatever a report says; what comes out is a list of faults, each with the rule it breaks. A
mistake is named only where its arithmetic fits the claim and the right one does not, so that a rounded figure is none:

============================  ==========================================================================
``pue-below-one``             a facility that takes less than its IT equipment
``pue-twice``                 PUE applied to energy that already holds it
``pue-left-out``              emissions of IT energy where PUE is stated
``water-on-facility-energy``  WUE, which is per unit of IT energy, times facility energy
``factor-too-low``            emissions over energy below any grid's life-cycle factor
``another-model``             the energy that was published for another model
``families-mixed``            direct and life-cycle amounts added, or one family's factor under the other's name
``does-not-add-up``           none of these, and yet the product is not that of its factors
============================  ==========================================================================
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dcfoot.factors.plausible import LEAST_G_PER_KWH
from dcfoot.grid import Boundary, GridFactor, all_factors
from dcfoot.tables import rows
from dcfoot.units import KWH_PER_MWH

ROUNDING_RATIO = 0.025
"""How far rounded figures of one paper miss each other (Patterson et al. 2021, table 4: up to 2.4 %)."""

OTHER_MODEL_RATIO = 0.01
"""How near another model's published energy must be to be taken for it (a choice: the tables print three figures)."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A part of a claimed sum of emissions: its family and how much [g]."""

    boundary: Boundary
    gas: str
    value_g: float


@dataclass(frozen=True, slots=True)
class Claim:
    """What a report says of a footprint; None is "not said".

    Parameters
    ----------
    it_energy_kwh, facility_energy_kwh : float or None
        Energy of the IT equipment; of the facility, which holds PUE [kWh].
    pue : float or None
        Power usage effectiveness [-].
    g_per_kwh, carbon_g : float or None
        The grid's factor; the emissions [g/kWh, g].
    wue_l_per_kwh, water_onsite_l : float or None
        Water usage effectiveness; water on site [L/kWh, L].
    ewif_l_per_kwh, water_offsite_l : float or None
        Water per unit of electricity; water at the source [L/kWh, L].
    model : str or None
        Whose training it was, as the table of published runs calls it.
    zone, boundary : str or None, Boundary or None
        The grid whose factor it is, and the family under which the factor stands.
    parts : tuple of Amount
        What the emissions were added up from.
    """

    it_energy_kwh: float | None = None
    facility_energy_kwh: float | None = None
    pue: float | None = None
    g_per_kwh: float | None = None
    carbon_g: float | None = None
    wue_l_per_kwh: float | None = None
    water_onsite_l: float | None = None
    ewif_l_per_kwh: float | None = None
    water_offsite_l: float | None = None
    model: str | None = None
    zone: str | None = None
    boundary: Boundary | None = None
    parts: tuple[Amount, ...] = ()

    @property
    def facility_kwh(self) -> float | None:
        """Facility energy as said, else as IT energy and PUE give it [kWh]."""
        return (
            self.facility_energy_kwh if self.facility_energy_kwh is not None else _product(self.it_energy_kwh, self.pue)
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that a claim breaks, and how."""

    rule: str
    message: str


def check(claim: Claim) -> tuple[Fault, ...]:
    """Every fault of a claim, each rule at most once for one quantity; empty where nothing speaks against it."""
    return tuple(fault for rule in RULES for fault in rule(claim))


def _pue_below_one(claim: Claim) -> Iterator[Fault]:
    if claim.pue is not None and claim.pue < 1:
        yield Fault("pue-below-one", f"A PUE of {claim.pue:g}: a facility takes at least what its IT equipment takes.")


def _energy(claim: Claim) -> Iterator[Fault]:
    right = _product(claim.it_energy_kwh, claim.pue)
    said = claim.facility_energy_kwh
    if said is None or right is None or _fits(said, right):
        return
    if _fits(said, _product(right, claim.pue)):
        yield Fault("pue-twice", f"{said:g} kWh is IT energy times PUE squared; once it is {right:g} kWh.")
    else:
        yield _off("facility energy", said, right, "IT energy x PUE", "kWh")


def _carbon(claim: Claim) -> Iterator[Fault]:
    facility, said = claim.facility_kwh, claim.carbon_g
    right = _product(facility, claim.g_per_kwh)
    if said is None or right is None or _fits(said, right):
        return
    if _fits(said, _product(right, claim.pue)):
        yield Fault("pue-twice", f"{said:g} g counts PUE on energy that already holds it; without, it is {right:g} g.")
    elif _fits(said, _product(claim.it_energy_kwh, claim.g_per_kwh)):
        yield Fault(
            "pue-left-out", f"{said:g} g is of the IT energy alone; with the PUE of {claim.pue} it is {right:g} g."
        )
    else:
        yield _off("sum of emissions", said, right, "facility energy x factor", "g")


def _factor_too_low(claim: Claim) -> Iterator[Fault]:
    facility, said = claim.facility_kwh or claim.it_energy_kwh, claim.carbon_g
    if said is not None and facility and said / facility < LEAST_G_PER_KWH:
        yield Fault(
            "factor-too-low",
            f"{said / facility:.3g} g/kWh: no grid's life-cycle factor is that low. A unit slipped, or certificates "
            "were subtracted, which is another method and must be named.",
        )


def _water_onsite(claim: Claim) -> Iterator[Fault]:
    said, wue = claim.water_onsite_l, claim.wue_l_per_kwh
    right = _product(claim.it_energy_kwh, wue)
    if said is None or right is None or _fits(said, right):
        return
    if _fits(said, _product(claim.facility_kwh, wue)):
        yield Fault(
            "water-on-facility-energy",
            f"{said:g} L is WUE times facility energy; WUE is per unit of IT energy: {right:g} L.",
        )
    else:
        yield _off("water on site", said, right, "IT energy x WUE", "L")


def _water_offsite(claim: Claim) -> Iterator[Fault]:
    said, ewif = claim.water_offsite_l, claim.ewif_l_per_kwh
    right = _product(claim.facility_kwh, ewif)
    if said is None or right is None or _fits(said, right):
        return
    if _fits(said, _product(right, claim.pue)):
        yield Fault("pue-twice", f"{said:g} L counts PUE on energy that already holds it; without, it is {right:g} L.")
    else:
        yield _off("water at the source", said, right, "facility energy x EWIF", "L")


def _another_model(claim: Claim) -> Iterator[Fault]:
    published_kwh = {row["model"]: float(row["value"]) * KWH_PER_MWH for row in rows("training_runs")}
    said = claim.facility_energy_kwh if claim.facility_energy_kwh is not None else claim.it_energy_kwh
    own = published_kwh.get(claim.model or "")
    if said is None or own is None or _fits(said, own):
        return
    for model, energy_kwh in published_kwh.items():
        if abs(said - energy_kwh) <= OTHER_MODEL_RATIO * energy_kwh:
            mwh, own_mwh = said / KWH_PER_MWH, own / KWH_PER_MWH
            message = f"{mwh:g} MWh was published for {model}; for {claim.model} it is {own_mwh:g} MWh."
            yield Fault("another-model", message)


def _families_mixed(claim: Claim) -> Iterator[Fault]:
    families = sorted({f"{part.boundary} {part.gas}" for part in claim.parts})
    if len(families) > 1:
        yield Fault(
            "families-mixed", f"{' and '.join(families)} were added: the first leaves out what the other counts."
        )
    if claim.zone is None or claim.boundary is None or claim.g_per_kwh is None:
        return
    same = [one for one in all_factors() if one.zone == claim.zone and _exactly(claim.g_per_kwh, one.g_per_kwh.central)]
    if same and all(one.boundary is not claim.boundary for one in same):
        yield Fault("families-mixed", _other_family(claim.boundary, same[0]))


def _other_family(said: Boundary, factor: GridFactor) -> str:
    return (
        f"{factor.g_per_kwh.central:g} g/kWh is the {factor.boundary} factor of {factor.zone} for {factor.year}, "
        f"not a {said} one."
    )


RULES: tuple[Callable[[Claim], Iterator[Fault]], ...] = (
    _pue_below_one,
    _energy,
    _carbon,
    _factor_too_low,
    _water_onsite,
    _water_offsite,
    _another_model,
    _families_mixed,
)
"""Every rule, in the order in which faults are told."""


def _product(one: float | None, two: float | None) -> float | None:
    return None if one is None or two is None else one * two


def _fits(said: float, right: float | None) -> bool:
    return right is not None and abs(said - right) <= ROUNDING_RATIO * abs(right)


def _exactly(one: float, two: float) -> bool:
    return abs(one - two) <= 1e-6 * abs(two)


def _off(what: str, said: float, right: float, formula: str, unit: str) -> Fault:
    return Fault("does-not-add-up", f"The {what} is said to be {said:g} {unit}; {formula} is {right:g} {unit}.")
