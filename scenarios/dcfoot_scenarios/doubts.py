"""What a reader should look at again: keys without effect, and numbers that look like those of another unit.

In come a case and its figures, out come sentences. None of it is a fault: a price may be flat this year, and somebody
may build a hall of 6 GW.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from dcfoot.elementwise import Numbers
from dcfoot.units import KW_PER_MW
from dcfoot_scenarios.case import Case

MOST_MW = 5_000.0
"""A larger hall is asked about: the largest campus that is announced has 5 GW (Meta, Hyperion, July 2025) [MW]"""

LEAST_PRICE_PER_MWH = 2.0
"""A lower flat price of power is asked about: dearer by the kilowatt-hour is no power, 2 EUR, CNY or USD (a choice)."""

NEVER_MWH = 1e-6
"""Less is nothing: rounding [MWh]"""


def doubts_of(case: Case, found: Mapping[str, Numbers]) -> Iterator[str]:
    """What is to be looked at again.

    Parameters
    ----------
    case : Case
        The scenario made ready.
    found : mapping of str to float or array
        Its figures.
    """
    yield from _units(case)
    yield from _battery(case, found)
    yield from _cold_store(case, found)
    yield from _shifted(case)
    yield from _sold(case, found)
    yield from _connection(case, found)
    yield from _own_pue(case)


def _units(case: Case) -> Iterator[str]:
    capacity_mw, price = case.scenario.load.it_capacity_mw, case.scenario.grid.price_per_mwh
    if capacity_mw > MOST_MW:
        yield (
            f"load.it_capacity_mw: {capacity_mw:,.0f} MW is more than any hall has; were kilowatts meant "
            f"({capacity_mw / KW_PER_MW:g} MW)?"
        )
    if price is not None and 0 < price < LEAST_PRICE_PER_MWH:
        yield (
            f"grid.price_per_mwh: {price:g} for a megawatt-hour is next to nothing; was a kilowatt-hour meant "
            f"(price_per_mwh: {price * KW_PER_MW:g})?"
        )


def _battery(case: Case, found: Mapping[str, Numbers]) -> Iterator[str]:
    store = case.scenario.storage
    if not store.battery_mwh or float(np.max(found["discharge_mwh"])) > NEVER_MWH:
        return
    yield f"the battery is never used, and what it costs is counted: {_why_never(case)}"


def _why_never(case: Case) -> str:
    store = case.scenario.storage
    if not store.power_mw:
        return "it has no power (storage.battery_mw)"
    if store.charge_mw == 0:
        return "it takes no power (storage.charge_mw)"
    if not case.battery_left_ratio:
        return "nothing is left of it at its age (storage.age_years)"
    if store.policy == "price" and _is_flat(case):
        return "storage.policy is price, and power costs the same in every hour"
    if store.policy == "greedy":
        return "storage.policy is greedy, and there is no surplus of clean power to store"
    return f"storage.policy is {store.policy}, and no hours differ by more than it loses"


def _cold_store(case: Case, found: Mapping[str, Numbers]) -> Iterator[str]:
    if not case.scenario.cold_store.mwh or float(np.max(found["cold_store_mwh"])) > NEVER_MWH:
        return
    runs = float(np.max(found["cold_made_mwh"])) > NEVER_MWH
    why = "no hours of a day differ by more than it loses, or none leaves its chillers room" if runs else _NO_COMPRESSOR
    yield f"the cold store is never used, and what it costs is counted: {why}"


_NO_COMPRESSOR = "no compressor ever runs in this hall"


def _is_flat(case: Case) -> bool:
    return case.price_per_mwh is None or float(np.ptp(case.price_per_mwh)) == 0


def _shifted(case: Case) -> Iterator[str]:
    load, supply = case.scenario.load, case.scenario.supply
    if not (load.deferrable_ratio and load.deadline_h):
        return
    if load.shift_to == "price" and _is_flat(case):
        yield "no work is moved: load.shift_to is price, and power costs the same in every hour"
    if load.shift_to == "surplus" and not (supply.solar_mw or supply.wind_mw):
        yield "no work is moved: load.shift_to is surplus, and there are no plants to have any"


def _sold(case: Case, found: Mapping[str, Numbers]) -> Iterator[str]:
    price = case.scenario.grid.export_price_per_mwh
    curtailed_mwh = float(np.max(found["curtailed_mwh"]))
    if price > 0 and case.scenario.supply.surplus == "curtailed" and curtailed_mwh > NEVER_MWH:
        yield (
            f"{curtailed_mwh:,.0f} MWh are curtailed, though grid.export_price_per_mwh is {price:g}: "
            "supply.surplus: sold sells them"
        )


def _connection(case: Case, found: Mapping[str, Numbers]) -> Iterator[str]:
    """Limits of the connection that neither load that waits nor a battery can keep."""
    grid, store, peak_mw = case.scenario.grid, case.scenario.storage, float(np.max(found["peak_import_mw"]))
    limits = (
        ("import_limit_mw", grid.import_limit_mw, "MW", "limit"),
        ("ramp_limit_mw_per_h", grid.ramp_limit_mw_per_h, "MW/h", "ramp"),
    )
    for key, limit, unit, name in limits:
        hours = float(np.max(found.get(f"over_{name}_hours", 0.0)))
        if limit is not None and hours:
            told = f"it breaks grid.{key}, {limit:g} {unit}, in {hours:,.0f} hours; its peak is {peak_mw:,.1f} MW"
            shaves = store.policy == "peak_shaving" and store.battery_mwh * store.power_mw > 0
            shaved = name == "limit" and shaves and grid.ramp_limit_mw_per_h is None
            beyond = f", {peak_mw - limit:,.2f} MW beyond: the lowest that its battery can hold" if shaved else ""
            yield f"{told}{beyond}"


def _own_pue(case: Case) -> Iterator[str]:
    """A PUE that stands in the user's own file of sites: whose it is, only the study can say."""
    pue = case.place.site.pue
    own = case.scenario.sites_file
    if (
        own is not None
        and case.scenario.pue is None
        and pue is not None
        and pue.evidence.note.startswith("stated by the user")
    ):
        yield (
            f"the PUE of {pue.spread.central:g} that {own.name} states of {case.place.site.id} is "
            "not taken, since variants are modelled: `pue` in a scenario says that it was measured there"
        )
