"""Emissions of making silicon, per square centimetre, by process.

A process node comes in, kilograms per square centimetre of good die go out: low for a fab on clean power with the best
abatement of its gases, high for one on the grid of Taiwan.
"""

from functools import cache

from dcfoot.draws import Spread
from dcfoot.errors import DataMissing
from dcfoot.evidence import Evidence, evidence_of
from dcfoot.tables import Row, rows


def wafer_kg_per_cm2(
    energy_kwh_per_cm2: float, grid_kg_per_kwh: float, gas_kg_per_cm2: float, materials_kg_per_cm2: float
) -> float:
    """Emissions of a processed wafer per area: ``CI x EPA + GPA + MPA``.

    Source: Gupta et al. 2022, ACT, doi:10.1145/3470496.3527408, eq. 5.

    Parameters
    ----------
    energy_kwh_per_cm2 : float
        Energy of the fab, EPA [kWh/cm2]
    grid_kg_per_kwh : float
        Emissions of its electricity, CI [kg/kWh]
    gas_kg_per_cm2, materials_kg_per_cm2 : float
        Emissions of process gases, GPA, and of materials, MPA [kg/cm2]
    """
    return grid_kg_per_kwh * energy_kwh_per_cm2 + gas_kg_per_cm2 + materials_kg_per_cm2


@cache
def die_kg_per_cm2(node_nm: float) -> Spread:
    """Emissions of a good die per area, dies that failed included [kg/cm2].

    The central value is imec's, interpolated between its nodes; the bounds are ACT's formula.

    Parameters
    ----------
    node_nm : float
        Name of the process; of memory, the logic node of the same feature size [nm]

    Raises
    ------
    DataMissing
        The node is finer or coarser than any with figures.
    """
    made_per_good = 1 / good_die_ratio()
    low = wafer_kg_per_cm2(_at("fab_energy", node_nm), _constant("grid_low"), _at("gas_99", node_nm), _materials())
    high = wafer_kg_per_cm2(_at("fab_energy", node_nm), _constant("grid_high"), _at("gas_95", node_nm), _materials())
    return Spread(_at("total", node_nm), low, high).scaled(made_per_good)


def good_die_ratio() -> float:
    """Good dies over dies made [-]."""
    return _constant("yield")


def wafer_evidence() -> tuple[Evidence, ...]:
    """What stands behind `die_kg_per_cm2`: one line for each kind of figure."""
    first = {row["what"]: row for row in rows("embodied_wafers")}
    return tuple(_evidence(row) for row in first.values())


def _materials() -> float:
    return _constant("materials")


def _constant(what: str) -> float:
    return float(next(row["value"] for row in rows("embodied_wafers") if row["what"] == what))


def _at(what: str, node_nm: float) -> float:
    """A figure at a node, on the straight line between the neighbours that have one."""
    known = sorted(
        (float(row["node_nm"]), float(row["value"])) for row in rows("embodied_wafers") if row["what"] == what
    )
    if not known[0][0] <= node_nm <= known[-1][0]:
        raise DataMissing(
            f"No figures of a {node_nm:g} nm process; there are some from {known[0][0]:g} to {known[-1][0]:g} nm."
        )
    upper = next(place for place, (node, _) in enumerate(known) if node >= node_nm)
    (fine, at_fine), (coarse, at_coarse) = known[max(upper - 1, 0)], known[upper]
    part = (node_nm - fine) / (coarse - fine) if coarse > fine else 0.0
    return at_fine + part * (at_coarse - at_fine)


def _evidence(row: Row) -> Evidence:
    what = f"silicon: {row['what'].replace('_', ' ')}" + (f", {row['node_nm']} nm" if row["node_nm"] else "")
    return evidence_of(row, what)
