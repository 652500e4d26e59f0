"""Any footprint at all, and any site: what a receipt must be able to say."""

import math

from hypothesis import strategies as st

from dcfoot.evidence import Evidence
from dcfoot.footprint import Carbon, Cost, Footprint, Rung
from dcfoot.quantity import Quantity
from dcfoot.reading import Basis
from dcfoot.site import Site

FIGURES = st.floats(0.0, 1e15)
TEXTS = st.text(max_size=12)
BASES = st.sampled_from(Basis)
RUNGS = ("accelerator", "host", "node", "facility")


def _quantity(figures: list[float], basis: Basis) -> Quantity:
    p5, value, p95 = sorted(figures)
    return Quantity(value, p5, p95, basis)


QUANTITIES = st.builds(_quantity, st.lists(FIGURES, min_size=3, max_size=3), BASES)
NOT_NUMBERS = st.builds(Quantity, st.sampled_from([math.nan, math.inf]), FIGURES, FIGURES, BASES)
PERHAPS = st.none() | QUANTITIES | NOT_NUMBERS

CARBONS = st.builds(
    Carbon,
    method=st.sampled_from(["location", "market", "marginal"]),
    boundary=st.sampled_from(["direct", "life_cycle"]),
    gas=st.sampled_from(["CO2", "CO2e"]),
    year=st.integers(1990, 2050),
    value=QUANTITIES | NOT_NUMBERS,
    zone=TEXTS,
    source=TEXTS,
    verified=st.booleans(),
)
EVIDENCE = st.builds(
    Evidence,
    what=TEXTS,
    value=st.floats(),
    unit=TEXTS,
    year=st.none() | st.integers(1990, 2050),
    source=TEXTS,
    verified=st.booleans(),
    note=TEXTS,
)
FOOTPRINTS = st.builds(
    Footprint,
    rungs=st.tuples(*(st.builds(Rung, st.just(name), PERHAPS, TEXTS) for name in RUNGS)),
    it_energy_kwh=PERHAPS,
    facility_energy_kwh=PERHAPS,
    pue=PERHAPS,
    embodied_g=PERHAPS,
    water_onsite_l=PERHAPS,
    water_offsite_l=PERHAPS,
    carbon=st.lists(CARBONS, max_size=4).map(tuple),
    cost=st.none() | st.builds(Cost, st.sampled_from(["EUR", "CNY"]), QUANTITIES | NOT_NUMBERS),
    evidence=st.lists(EVIDENCE, max_size=3).map(tuple),
    warnings=st.lists(TEXTS, max_size=2).map(tuple),
)
"""Any footprint."""

SITES = st.builds(
    Site,
    id=TEXTS,
    name=TEXTS,
    country=st.none() | TEXTS,
    grid_zone=TEXTS,
    pue=st.none(),
    wue_l_per_kwh=st.none(),
    ewif_l_per_kwh=st.none(),
    factors=st.just(()),
    chosen=st.booleans(),
)
"""Any site."""
