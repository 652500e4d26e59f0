"""The carbon-free share of what a grid delivers: what the CFE score counts on what nobody contracted of a load.

In comes a zone, out goes the share of its nation's year: shares of provinces, states and hours are not known to us.
"""

from dcfoot.draws import Spread
from dcfoot.evidence import Fact, evidence_of
from dcfoot.factors.around import zones_around
from dcfoot.grid import WORLD
from dcfoot.reading import Basis
from dcfoot.tables import rows_of


def clean_ratio(zone: str) -> Fact | None:
    """Carbon-free over all generation of the zone's nation; None: not known. The world stands in for no nation."""
    found = (row for at in zones_around(zone) if at != WORLD for row in rows_of("grid_clean", at))
    row = next(found, None)
    if row is None:
        return None
    evidence = evidence_of(row, f"carbon-free share of the grid ({row['zone']})")
    return Fact(Spread.exact(evidence.value), Basis.MODELLED if row["zone"] == zone else Basis.DEFAULT, evidence)
