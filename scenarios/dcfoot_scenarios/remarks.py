"""What a reader must know of a scenario: what the model does not see, and where two sources disagree."""

from collections.abc import Iterator, Mapping

from dcfoot.accounting import rates_of
from dcfoot.elementwise import Numbers
from dcfoot.grid import Method
from dcfoot.heat.cold import sorption_chiller
from dcfoot_scenarios.ageing import SPENT_RATIO
from dcfoot_scenarios.case import Case
from dcfoot_scenarios.figures_beside import country_of
from dcfoot_scenarios.technologies import technology
from dcfoot_scenarios.year import heat_capture

SUPPLY = "air.supply_c"


def remarks_of(case: Case, found: Mapping[str, Numbers]) -> Iterator[str]:
    """What is to be said of a case and its figures.

    Parameters
    ----------
    case : Case
        The scenario made ready.
    found : mapping of str to float or array
        Its figures.
    """
    yield from _residual(case)
    yield from _marginal(case)
    yield from _supply(case)
    yield from _battery(case, found)
    yield from _cold(case)
    if found.get("cold_store_mwh"):
        yield (
            "the cold store: what making it emits is not known and left out, and the water of cooling towers is "
            "counted as without it"
        )
    if "water_scarcity_onsite_m3" in found:
        yield "by scarcity, water on site alone is weighted: where power stations and makers take theirs is not known"


def undrawn(case: Case, found: Mapping[str, Numbers]) -> Iterator[str]:
    """What is in doubt and not drawn: it widens no interval, and hides among what a decision hangs on.

    Parameters
    ----------
    case, found
        As of `remarks_of`.
    """
    said = ["the load", "what the study states itself"]
    said += ["the grid's carbon-free share"] if "cfe_ratio" in found else []
    said += ["lives and upkeep of plant"] if "capex" in found else []
    said += ["how the battery fades"] if "battery_life_years" in found else []
    if case.scenario.heat_reuse is not None:
        said += ["temperatures of the heat network", "the heat pump's coefficient", "what the heat stands in for"]
    yield f"not drawn, and in no interval: {', '.join(said)}"


def _residual(case: Case) -> Iterator[str]:
    """Market-based carbon without a residual mix, in the words of the accounts."""
    average, residual = (case.place.factor(case.boundary, method) for method in (Method.AVERAGE, Method.RESIDUAL))
    if average is not None:
        yield from (note.replace("_", " ") for note in rates_of(average, residual).notes)


def _marginal(case: Case) -> Iterator[str]:
    """Marginal carbon that is not known: an average answers another question, and stands in for none."""
    if case.place.factor(case.boundary, Method.MARGINAL) is None:
        family = str(case.boundary).replace("_", "-")
        yield f"Marginal carbon is not known: no {family} marginal factor of {case.place.site.grid_zone} is."


def _supply(case: Case) -> Iterator[str]:
    """A supply temperature that changes nothing, since the curves of chillers end below it."""
    system = case.usual_facility.cooling
    chiller = system.plant.chiller
    closed = not (system.air_economizer or system.plant.economizer)
    if SUPPLY not in case.scenario.facility or not closed or chiller is None:
        return
    if chiller.evaporator_c is not None:
        yield f"{SUPPLY} changes nothing here: room units go by the air that returns, chiller.dx.evaporator_c"
        return
    coil_c = float(system.air.supply_c + system.air.rise_k * (1 - 1 / system.air.coil_effectiveness_ratio))
    ends_c = chiller.curve.evaporator_range_c[1]
    if coil_c > ends_c:
        yield (
            f"{SUPPLY} asks for water of {coil_c:.0f} C, and the curves of the chillers end at {ends_c:g} C: warmer "
            "air spares nothing in this model, though it does in a hall; an economizer would show it"
        )


def _battery(case: Case, found: Mapping[str, Numbers]) -> Iterator[str]:
    """What is left of it; and two lives of one battery: that of its price, or the study's, and in which it fades."""
    if "battery_life_years" not in found:
        return
    if "battery_left_ratio" in found:
        age, left = case.scenario.storage.age_years, float(found["battery_left_ratio"])
        spent = f", less than the {SPENT_RATIO:.0%} at which it counts as spent" if left < SPENT_RATIO else ""
        yield f"the battery is {age:g} years old and holds {left:.1%} of what it held when new, by NREL's SAM{spent}"
    stated, fades = case.scenario.storage.battery_life_years, float(found["battery_life_years"])
    usual = technology("battery energy", country_of(case)).lifetime_years
    if stated is not None and fades < stated:
        yield f"the battery is paid for over {stated:g} years; by NREL's SAM, 80 % of it is left after {fades:.1f}"
    elif stated is None and fades < usual:
        yield (
            f"the battery is paid for, and made, over {fades:.1f} years, until 80 % of it is left by NREL's SAM, not "
            f"over the {usual:g} that go with its price: storage.battery_life_years says what you count with"
        )


def _cold(case: Case) -> Iterator[str]:
    """A machine that the heat is too cold to drive."""
    reuse = case.scenario.heat_reuse
    if reuse is None or reuse.cold is None:
        return
    warm_c, needed_c = float(heat_capture(case).warm_c), float(sorption_chiller(reuse.cold).driving_c)
    if warm_c < needed_c:
        yield f"heat_reuse.cold: the heat comes at {warm_c:.0f} C and drives nothing below {needed_c:.0f} C"
