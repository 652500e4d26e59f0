"""Water per unit of electricity: of a power station by technology and cooling, of any mix of them, of a nation's grid.

What comes in is a technology, shares of several or a zone, what goes out is litres per kilowatt-hour, consumption
beside withdrawal, with what stands behind it. A fuel without a factor is an error, never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dcfoot.draws import Spread
from dcfoot.elementwise import Value
from dcfoot.errors import DataMissing
from dcfoot.evidence import Evidence, Fact, evidence_of, spread_of
from dcfoot.reading import Basis
from dcfoot.tables import interval, rows, rows_of
from dcfoot.units import KWH_PER_MWH, L_PER_GAL

Station = tuple[str, str]
"""A technology and its cooling: ``("nuclear", "tower")``, ``("wind", "")``."""


@dataclass(frozen=True, slots=True)
class StationWater:
    """Water of a power station or of a mix of them [L/kWh]; None is "not known".

    Parameters
    ----------
    consumption_l_per_kwh, withdrawal_l_per_kwh : Fact or None
        With interval, basis and evidence.
    """

    consumption_l_per_kwh: Fact | None
    withdrawal_l_per_kwh: Fact | None


def stations() -> tuple[Station, ...]:
    """Every technology and cooling of the shipped table, in its order."""
    return tuple(dict.fromkeys((row["technology"], row["cooling"]) for row in rows("water_tech")))


def station_water(technology: str, cooling: str = "") -> StationWater:
    """The water of one technology with one cooling: ``"tower"``, ``"once-through"``, ``"pond"``, ``"dry"`` or none.

    Raises
    ------
    DataMissing
        The table has no such station; the message lists the coolings of the technology, or all technologies.
    """
    if (technology, cooling) not in stations():
        coolings = [repr(other) for known, other in stations() if known == technology]
        known = dict.fromkeys(name for name, _ in stations())
        there = f"with cooling {', '.join(coolings)}" if coolings else ", ".join(known)
        raise DataMissing(f"No water figures of {technology!r} with cooling {cooling!r}; there are: {there}.")
    return StationWater(_fact(technology, cooling, "consumption"), _fact(technology, cooling, "withdrawal"))


def mix_water(shares: Mapping[Station, float]) -> StationWater:
    """The water of a mix of power stations, their intervals taken as fully correlated.

    Parameters
    ----------
    shares : Mapping
        How much each generates, in any one unit.

    Raises
    ------
    DataMissing
        One of the stations is not in the table.
    """
    each = {station: station_water(*station) for station in shares}
    consumption = {station: water.consumption_l_per_kwh for station, water in each.items()}
    withdrawal = {station: water.withdrawal_l_per_kwh for station, water in each.items()}
    return StationWater(
        _mixed(shares, consumption, "water consumed by the mix"),
        _mixed(shares, withdrawal, "water withdrawn by the mix"),
    )


def mix_l_per_kwh(generation: Mapping[str, Value], l_per_kwh: Mapping[str, float]) -> Value:
    """The mean water of a mix, hour by hour where the generation is: ``sum(G_f w_f) / sum(G_f)``.

    Source: Li, Yang, Islam and Ren 2025, Making AI Less "Thirsty", doi:10.1145/3724499, eq. of EWIF.

    Parameters
    ----------
    generation : Mapping of str to Value
        Generation by fuel, in any one unit
    l_per_kwh : Mapping of str to float
        Water of each of these fuels [L/kWh]

    Raises
    ------
    DataMissing
        A fuel has no factor, or there is no fuel.
    """
    unknown = [fuel for fuel in generation if fuel not in l_per_kwh]
    if unknown or not generation:
        raise DataMissing(f"No water factor of {', '.join(unknown) or 'an empty mix'}; give one for each fuel.")
    used, *rest = [generation[fuel] * l_per_kwh[fuel] for fuel in generation]
    total, *others = generation.values()
    for water, amount in zip(rest, others, strict=True):
        used, total = used + water, total + amount
    return used / total


def grid_withdrawal(zone: str, country: str | None) -> Fact | None:
    """What the power stations of a grid withdraw [L/kWh]; None is "not known".

    Parameters
    ----------
    zone : str
        Of the grid.
    country : str or None
        Whose mean stands in; its interval then covers how differently the stations of its grids are cooled.
    """
    row = next(iter(rows_of("water_withdrawal", country)), None) if country else None
    if row is None:
        return None
    own = zone == country
    evidence = evidence_of(row, f"water withdrawn by power stations ({country})")
    spread = Spread.around(evidence.value, *interval("withdrawal" if own else "withdrawal_region"))
    return Fact(spread, Basis.MODELLED if own else Basis.DEFAULT, evidence)


def _mixed(shares: Mapping[Station, float], each: Mapping[Station, Fact | None], what: str) -> Fact | None:
    facts = {station: fact for station, fact in each.items() if fact is not None}
    if len(facts) < len(each):
        return None
    total = sum(shares.values())
    parts = [fact.spread.scaled(shares[station] / total) for station, fact in facts.items()]
    spread = sum(parts, Spread.exact(0.0))
    behind = [fact.evidence for fact in facts.values()]
    evidence = Evidence(
        what,
        spread.central,
        "L/kWh",
        min(one.year or 0 for one in behind),
        "; ".join(dict.fromkeys(one.source for one in behind)),
        all(one.verified for one in behind),
        ", ".join(f"{shares[station] / total:.0%} {' '.join(station).strip()}" for station in facts),
    )
    return Fact(spread, Basis.MODELLED, evidence)


def _fact(technology: str, cooling: str, metric: str) -> Fact | None:
    here = (technology, cooling, metric)
    row = next((row for row in rows("water_tech") if (row["technology"], row["cooling"], row["metric"]) == here), None)
    if row is None:
        return None
    evidence = evidence_of(row, f"water {metric}, {technology} {cooling}".strip(), "central")
    return Fact(spread_of(row).scaled(L_PER_GAL / KWH_PER_MWH), Basis.DEFAULT, evidence)
