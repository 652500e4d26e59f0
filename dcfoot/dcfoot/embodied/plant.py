"""Emissions of making what stands around the machines: building, cooling, UPS, solar, wind, battery, per unit."""

from dataclasses import dataclass, replace

from dcfoot.draws import Spread
from dcfoot.errors import DataMissing
from dcfoot.evidence import Evidence, evidence_of, spread_of
from dcfoot.tables import Row, rows


@dataclass(frozen=True, slots=True)
class Plant:
    """A kind of plant.

    Parameters
    ----------
    name : str
        ``"battery"``.
    unit : str
        What there is one of: ``"kWh"``, ``"kW"``, ``"m2"``.
    per_unit_kg : Spread
        Emissions of making one unit [kg].
    lifetime_years : float
        How long it serves [years].
    evidence : Evidence
        What stands behind the emissions.
    """

    name: str
    unit: str
    per_unit_kg: Spread
    lifetime_years: float
    evidence: Evidence

    def share_kg(self, amount: float, years: float) -> Spread:
        """Emissions of `amount` units that so many years of its life carry: ``amount x e x years/lifetime`` [kg].

        Parameters
        ----------
        amount : float
            How many units there are.
        years : float
            How long they served; a part that lasts shorter than the study is made anew [years].
        """
        return self.per_unit_kg.scaled(amount * years / self.lifetime_years)


def plant(name: str) -> Plant:
    """The plant called `name`.

    Raises
    ------
    DataMissing
        There are no figures; the message lists those that there are.
    """
    found = next((row for row in rows("embodied_plant") if row["item"] == name), None)
    if found is None:
        raise DataMissing(f"The making of {name!r} is not known; known are: {', '.join(plant_names())}.")
    return _plant(found)


def plant_names() -> tuple[str, ...]:
    """What there are figures of."""
    return tuple(row["item"] for row in rows("embodied_plant"))


def _plant(row: Row) -> Plant:
    evidence = replace(evidence_of(row, f"embodied: {row['item']}", "central"), unit=f"kgCO2e/{row['unit']}")
    return Plant(row["item"], row["unit"], spread_of(row), float(row["lifetime_years"]), evidence)
