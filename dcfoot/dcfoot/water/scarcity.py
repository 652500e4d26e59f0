"""Water weighted by how little is left where it is taken (AWARE): cubic metres of world-equivalent, never litres.

A litre from a full river and one from an empty one are the same litre and not the same harm. The weighted quantity has
a type of its own, which adds to its like only, so that it never blends with litres.
"""

from dataclasses import dataclass
from typing import Generic

from dcfoot.draws import Spread
from dcfoot.elementwise import Value
from dcfoot.evidence import Fact, evidence_of
from dcfoot.reading import Basis
from dcfoot.tables import interval, rows_of
from dcfoot.units import L_PER_M3


@dataclass(frozen=True, slots=True)
class WorldEquivalent(Generic[Value]):
    """Water consumption weighted by scarcity.

    Parameters
    ----------
    world_equivalent_m3 : Value
        As much water at the world's mean scarcity does the same harm [m3 world-eq].
    """

    world_equivalent_m3: Value

    def __add__(self, other: "WorldEquivalent[Value]") -> "WorldEquivalent[Value]":
        """The sum of two places' weighted water; with anything else, litres above all, it is a TypeError."""
        return WorldEquivalent(self.world_equivalent_m3 + other.world_equivalent_m3)


def weighted(consumption_l: Value, aware_m3_per_m3: Value | float) -> WorldEquivalent[Value]:
    """Consumption weighted by scarcity: ``W x CF``.

    Source: Boulay et al. 2018, The WULCA consensus characterization model for water scarcity footprints,
    doi:10.1007/s11367-017-1333-8. The factors are made for consumption, so that withdrawal is not weighted.

    Parameters
    ----------
    consumption_l : Value
        Water consumed at one place [L]
    aware_m3_per_m3 : Value or float
        AWARE factor of that place [m3 world-eq/m3]
    """
    return WorldEquivalent(consumption_l * aware_m3_per_m3 / L_PER_M3)


def aware(zone: str, country: str | None = None) -> Fact | None:
    """The AWARE factor of a zone, or of the country that it lies in, for other than agricultural use.

    Parameters
    ----------
    zone : str
        ISO 3166 alpha-3 code of a country, ``"CN-GZ"``, ``"US-CA"``.
    country : str or None
        Whose mean stands in where the zone has no factor of its own; its interval covers the country's regions.

    Returns
    -------
    Fact or None
        In m3 world-eq per m3; None is "not known". The world has no factor: AWARE measures against its mean.
    """
    found = (row for place in (zone, country) if place for row in rows_of("water_scarcity", place))
    row = next(found, None)
    if row is None:
        return None
    nation = len(row["zone"]) == 3
    evidence = evidence_of(row, f"water scarcity (AWARE) {row['zone']}")
    low, high = interval("scarcity_country" if nation else "scarcity_region")
    return Fact(Spread.around(evidence.value, low, high), Basis.DEFAULT if nation else Basis.MODELLED, evidence)
