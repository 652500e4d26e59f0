"""Water that cooling turns to vapour or lets go: latent heat, blowdown, drift.

In comes heat or flow, out goes water, in kg for each joule of the flow it stands beside. A litre is a kilogram here.
"""

from dataclasses import dataclass, fields

from dcfoot.elementwise import Numbers, maximum

WATER_J_PER_KG_K = 4184.0
"""Heat capacity of water at 20 C (CRC Handbook of Chemistry and Physics, properties of water)."""

WATER_KG_PER_M3 = 1000.0
"""Density of water (CRC Handbook, rounded: 998 at 20 C, 992 at 40 C)."""

L_PER_KG = 1.0
"""Litres in a kilogram of water, from its rounded density."""


@dataclass(frozen=True, slots=True)
class Water:
    """Where the water of a cooling system goes, in kg for each joule of IT capacity.

    Parameters
    ----------
    evaporation_kg_per_j : float or array
        Turned to vapour in cooling towers [kg/J]
    blowdown_kg_per_j : float or array
        Let go as brine by towers and pads, to hold the concentration of salts [kg/J]
    drift_kg_per_j : float or array
        Carried off as droplets [kg/J]
    pad_kg_per_j : float or array
        Turned to vapour on pads or sprays that cool air [kg/J]
    humidification_kg_per_j : float or array
        Turned to vapour to keep the room from being too dry [kg/J]
    """

    evaporation_kg_per_j: Numbers = 0.0
    blowdown_kg_per_j: Numbers = 0.0
    drift_kg_per_j: Numbers = 0.0
    pad_kg_per_j: Numbers = 0.0
    humidification_kg_per_j: Numbers = 0.0

    @property
    def withdrawal_kg_per_j(self) -> Numbers:
        """All that is taken in, whatever becomes of it [kg/J]."""
        towers = self.evaporation_kg_per_j + self.blowdown_kg_per_j + self.drift_kg_per_j
        return towers + self.pad_kg_per_j + self.humidification_kg_per_j

    def __add__(self, other: "Water") -> "Water":
        """Part by part."""
        return Water(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))


def latent_heat_j_per_kg(water_c: Numbers) -> Numbers:
    """Heat that evaporates water: ``2500.5 - 2.3097 T - 0.0013 T^2`` kJ/kg.

    Source: a quadratic through the steam tables, within 0.1 % from 0 to 60 C (IAPWS-95).

    Parameters
    ----------
    water_c : float or array
        0 to 60 [C]
    """
    return 1000 * (2500.5 - water_c * (2.3097 + 0.0013 * water_c))


def blowdown_kg_per_j(evaporation_kg_per_j: Numbers, drift_kg_per_j: Numbers, concentration_ratio: Numbers) -> Numbers:
    """What must be let go to hold the cycles of concentration: ``evaporation / (C - 1) - drift``, never below 0.

    Drift carries salts too. Source: EnergyPlus Engineering Reference, "Cooling Tower Makeup Water Usage".

    Parameters
    ----------
    evaporation_kg_per_j, drift_kg_per_j : float or array
        For each joule of whatever flows [kg/J]
    concentration_ratio : float or array
        Salts in the water let go over those in the make-up, above 1 [-]
    """
    return maximum(evaporation_kg_per_j / (concentration_ratio - 1) - drift_kg_per_j, 0.0)
