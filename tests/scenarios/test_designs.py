"""Many designs at once give each what it gets alone, to the last bit, in memory that a block of them bounds."""

import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcfoot.errors import ConfigError
from dcfoot_scenarios import designs_numba, designs_numpy
from dcfoot_scenarios.designs import Engine, Totals, run_designs
from dcfoot_scenarios.designs_numpy import Ratios, Site, Sizes
from dcfoot_scenarios.dispatch import greedy
from dcfoot_scenarios.storage import Battery, refilled_mw, run_storage
from simulated.near import near
from simulated.peers import absent
from simulated.stores import GREEDY_CASES, greedy_case

HOURS = np.arange(8760)
SUN = np.maximum(np.sin(2 * np.pi * (HOURS % 24 - 6) / 24), 0.0) * (1.0 - 0.3 * np.cos(2 * np.pi * HOURS / 8760)) / 1.3
WIND = 0.5 + 0.5 * np.sin(HOURS / 37.0) * np.cos(HOURS / 91.0)
SITE = Site(20.0 + 2.0 * np.cos(2 * np.pi * HOURS / 8760), SUN, WIND, 400.0 - 150.0 * SUN)
SHORT = Site(*(values[:500] for values in SITE))

STORES = {
    "empty at the start": Battery(0.0, 0.0, 0.0, start_ratio=0.0),
    "cyclic": Battery(0.0, 0.0, 0.0),
    "with losses": Battery(0.0, 0.0, 0.0, 0.93, 0.95, 1e-3),
    "with a reserve": Battery(0.0, 0.0, 0.0, 0.93, 0.95, 0.0, 0.2),
    "with a leaking reserve": Battery(0.0, 0.0, 0.0, 0.93, 0.95, 1e-3, 0.2),
    "full at the start": Battery(0.0, 0.0, 0.0, 0.93, 0.95, 0.0, 0.0, 1.0),
}
ENGINES: tuple[Engine, ...] = ("numpy", "numba")

of_stores = pytest.mark.parametrize("store", STORES.values(), ids=STORES)
of_engines = pytest.mark.parametrize("engine", ENGINES)


def designs(count: int, store: Battery) -> tuple[np.ndarray, np.ndarray, Battery]:
    """Solar, wind and battery of designs; the first has nothing, the second a store without supply."""
    drawn = np.random.default_rng(7).uniform(0.0, (150.0, 100.0, 300.0, 60.0, 60.0), (count, 5)).T
    drawn[:, 0], drawn[:2, 1:2] = 0.0, 0.0
    if store.reserve_ratio:
        drawn[3] += 1.0
    return drawn[0], drawn[1], replace(store, energy_mwh=drawn[2], charge_mw=drawn[3], discharge_mw=drawn[4])


def run(site: Site, some: tuple[np.ndarray, np.ndarray, Battery], engine: Engine) -> Totals:
    if engine == "numba" and find_spec("numba") is None:
        absent("numba is not installed: pip install 'dcfoot[fast]'")
    return run_designs(site, *some, engine)


def picked(some: tuple[np.ndarray, np.ndarray, Battery], which: np.ndarray) -> tuple[np.ndarray, np.ndarray, Battery]:
    solar, wind, store = some
    sizes = (np.asarray(size)[which] for size in (store.energy_mwh, store.charge_mw, store.discharge_mw))
    names = ("energy_mwh", "charge_mw", "discharge_mw")
    return solar[which], wind[which], replace(store, **dict(zip(names, sizes, strict=True)))


@of_engines
@of_stores
def test_a_design_is_what_its_year_is_alone_by_the_hour(store: Battery, engine: Engine) -> None:
    some = designs(12, store)
    totals = run(SITE, some, engine)
    for number in range(12):
        solar, wind, battery = picked(some, np.array([number]))
        clean = solar[0] * SUN + wind[0] * WIND
        wanted = refilled_mw(battery, greedy(clean, SITE.load_mw))
        flows = run_storage(battery, wanted, SITE.load_mw, clean)
        emitted_t = float((flows.import_mw * SITE.grid_g_per_kwh).sum()) / 1000
        sums = [float(flows.import_mw.sum()), float(flows.surplus_mw.sum()), float(flows.import_mw.max()), emitted_t]
        found = [float(values[number]) for values in totals]
        assert found == near([*sums, float(flows.cfe_contracted_ratio)], rel=1e-9, abs=1e-9)


@of_stores
def test_both_engines_give_the_same_bits(store: Battery) -> None:
    some = designs(150, store)
    one, other = (run(SHORT, some, engine) for engine in ENGINES)
    assert [values.tolist() for values in one] == [values.tolist() for values in other]


@of_engines
@of_stores
def test_a_design_does_not_see_what_stands_beside_it(store: Battery, engine: Engine) -> None:
    some = designs(100, store)
    together = run(SHORT, some, engine)
    order = np.random.default_rng(1).permutation(100)
    for which in (order, order[:1], order[:2], order[:65]):
        found = run(SHORT, picked(some, which), engine)
        assert [values.tolist() for values in found] == [values[which].tolist() for values in together]


@pytest.mark.parametrize("number", range(GREEDY_CASES))
@of_engines
def test_a_design_is_that_of_vessim(number: int, engine: Engine) -> None:
    case = greedy_case(number)
    some = (np.array([case.solar_mw]), np.array([case.wind_mw]), case.battery)
    found = [float(values[0]) for values in run(case.site, some, engine)]
    names = ("import_mwh", "export_mwh", "peak_import_mw", "tco2", "coverage")
    assert found == near([case.expected[name] for name in names], rel=1e-6, abs=1e-9)


@settings(max_examples=30)
@given(st.floats(0.0, 200.0), st.floats(0.0, 200.0), st.floats(0.0, 300.0), st.sampled_from(list(STORES.values())))
def test_what_is_made_bought_and_left_is_what_is_used_and_lost(
    solar_mw: float, wind_mw: float, energy_mwh: float, store: Battery
) -> None:
    battery = replace(store, energy_mwh=energy_mwh, charge_mw=energy_mwh / 4, discharge_mw=energy_mwh / 4)
    totals = run_designs(SHORT, solar_mw, wind_mw, battery)
    made = float((solar_mw * SHORT.solar_per_unit + wind_mw * SHORT.wind_per_unit).sum())
    lost = made + float(totals.import_mwh[0]) - float(totals.surplus_mwh[0]) - float(SHORT.load_mw.sum())
    assert lost >= -energy_mwh * (store.start_ratio or 0.0) - 1e-6
    assert 0.0 <= float(totals.cfe_contracted_ratio[0]) <= 1.0
    assert float(totals.peak_import_mw[0]) * len(SHORT.load_mw) >= float(totals.import_mwh[0]) - 1e-6


@of_engines
def test_memory_does_not_grow_with_the_hours_of_all_designs(engine: Engine) -> None:
    # 8,760 hours of 20,000 designs are 1.4 GB; a block and the results of all are what is held.
    some = designs(20_000, STORES["cyclic"])
    run(SHORT, picked(some, np.arange(2)), engine)
    tracemalloc.start()
    run(SHORT, some, engine)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 40e6


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: run_designs(SITE, -1.0, 0.0, STORES["cyclic"]), "0 or more"),
        (lambda: run_designs(SITE, 1.0, float("nan"), STORES["cyclic"]), "0 or more"),
        (lambda: run_designs(SITE._replace(load_mw=np.ones(24)), 1.0, 1.0, STORES["cyclic"]), "differ in number"),
    ],
)
def test_what_cannot_be_computed_is_refused(ask: Callable[[], Totals], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        ask()


def test_what_numba_compiles_is_plain_python_that_gives_the_same_bits() -> None:
    solar, wind, store = designs(3, STORES["with losses"])
    sizes = Sizes(solar, wind, *map(np.asarray, (store.charge_mw, store.discharge_mw, 0.0 * solar, store.energy_mwh)))
    ratios, some = Ratios(0.999, 0.93, 0.95), Site(*(values[:48] for values in SITE))
    sums = np.empty((5, 3))
    designs_numba.kernel(*some, np.array(sizes), *ratios, 0.0 * solar, sums)
    expected = designs_numpy.run_hours(some, sizes, ratios, 0.0 * solar)
    assert sums.tolist() == [values.tolist() for values in expected]


def test_where_no_file_may_be_written_numba_compiles_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec("numba") is None:
        absent("numba is not installed: pip install 'dcfoot[fast]'")
    monkeypatch.setattr("numba.core.config.CACHE_LOCATOR_CLASSES", "UserProvidedCacheLocator")  # and none is provided
    assert designs_numba.compiled.__wrapped__() is not None


def test_without_numba_its_engine_is_refused_with_what_to_do_and_nothing_else_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)  # as where it is not installed
    with pytest.raises(ConfigError, match=r"dcfoot\[fast\]"):
        run_designs(SHORT, 1.0, 1.0, STORES["cyclic"], "numba")
    assert len(run_designs(SHORT, np.ones(20_000), 1.0, STORES["cyclic"]).import_mwh) == 20_000
