"""What heat from elsewhere emits: the references of avoided emissions, from ``data/heat_references.csv``."""

from dataclasses import dataclass

from dcfoot.errors import DataMissing
from dcfoot.evidence import Evidence, evidence_of
from dcfoot.places import nearest
from dcfoot.tables import Row, rows
from dcfoot.units import GJ_PER_MWH


@dataclass(frozen=True, slots=True)
class HeatReference:
    """A way to make heat.

    Parameters
    ----------
    name : str
        ``"gas boiler"``.
    kg_per_gj : float
        Direct CO2 of what is burnt, or of heat that is bought [kg/GJ]
    efficiency_ratio : float
        Heat over what is burnt; 1 for heat that is bought [-]
    evidence : Evidence
        What stands behind the emissions.
    """

    name: str
    kg_per_gj: float
    efficiency_ratio: float
    evidence: Evidence

    @property
    def kg_per_mwh(self) -> float:
        """Direct CO2 of a unit of heat [kg/MWh]."""
        return self.kg_per_gj * GJ_PER_MWH / self.efficiency_ratio


def heat_reference(name: str) -> HeatReference:
    """The reference called `name`.

    Raises
    ------
    DataMissing
        There are no figures; the message names the nearest.
    """
    found = next((row for row in rows("heat_references") if row["reference"] == name), None)
    if found is None:
        raise DataMissing(f"What heat of {name!r} emits is not known.{nearest(name, heat_reference_names())}")
    return _reference(found)


def heat_reference_names() -> tuple[str, ...]:
    """What there are figures of."""
    return tuple(row["reference"] for row in rows("heat_references"))


def _reference(row: Row) -> HeatReference:
    evidence = evidence_of(row, f"heat of a {row['reference']}, direct CO2")
    return HeatReference(row["reference"], float(row["value"]), float(row["efficiency_ratio"]), evidence)
