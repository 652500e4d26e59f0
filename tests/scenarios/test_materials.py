"""What making a scenario's plant and machines takes, in the ledger of its energy; and when new machines pay back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.draws import Draws
from dcfoot.embodied.model import product_footprint
from dcfoot.embodied.plant import plant, plant_names
from dcfoot.embodied.products import product
from dcfoot.errors import DataMissing, StudyError
from dcfoot.units import G_PER_KG, KG_PER_T
from dcfoot_scenarios.finance import NEVER
from dcfoot_scenarios.materials import Made, Making, Materials, plant_making, product_making
from dcfoot_scenarios.refresh import Around, NewMachines, Refresh, refresh
from simulated.near import near
from simulated.reference import facts

AMOUNTS = st.floats(0.0, 1e6)


def of(making: Making, amount: float) -> Materials:
    return Materials((Made(making, amount),))


@given(AMOUNTS, st.floats(1.0, 40.0), st.sampled_from(plant_names()))
def test_the_ledger_over_a_studys_years_is_the_share_that_they_have_of_the_plants_life(
    amount: float, years: float, name: str
) -> None:
    ledger = of(plant_making(name), amount)
    assert ledger.t_per_year * years == near(plant(name).share_kg(amount, years).central / KG_PER_T)


def test_electricity_of_wind_carries_what_its_footprint_says() -> None:
    # IPCC AR5 WG3 Annex III: 11 g/kWh onshore (7 to 16); at a capacity factor of 0.30 a kW gives 2,628 kWh a year.
    per_year = plant_making("wind").t_per_unit_year
    g_per_kwh = [value * KG_PER_T * G_PER_KG / 2628 for value in (per_year.p5, per_year.central, per_year.p95)]
    assert g_per_kwh == near([7, 11, 16], rel=0.01)


def test_plant_that_serves_twice_as_long_carries_half_a_year() -> None:
    usual = plant_making("battery")
    longer = plant_making("battery", 2 * usual.lifetime_years)
    assert longer.t_per_unit_year.central == near(usual.t_per_unit_year.central / 2)
    assert longer.t_per_unit.central == near(usual.t_per_unit.central)


def test_a_server_carries_what_making_it_took() -> None:
    node = product_making("dgx_h100", 5.0)
    assert node.t_per_unit.central == near(product_footprint(product("dgx_h100")).total_kg.central / KG_PER_T)
    low, high = facts("embodied")[7]["value"].split("-")  # a DGX-class server, as bounded from its baseboard
    assert float(low) <= node.t_per_unit.central * KG_PER_T <= float(high)


def test_more_solar_also_costs_its_making() -> None:
    amounts = np.linspace(0.0, 1e5, 11)
    assert (np.diff(np.asarray(Materials((Made(plant_making("solar"), amounts),)).t_per_year)) > 0).all()


def test_the_lines_add_up_whatever_their_order() -> None:
    made = [
        Made(plant_making(name), 100.0) for name in ("building", "cooling plant", "UPS", "solar", "wind", "battery")
    ]
    ledger, backwards = Materials(tuple(made)), Materials(tuple(made[::-1]))
    assert sum(ledger.lines.values()) == near(ledger.t_per_year)
    assert backwards.t_per_year == near(ledger.t_per_year)
    assert set(backwards.evidence) == set(ledger.evidence)
    assert len(ledger.evidence) == 6


def test_a_thing_that_stands_twice_is_counted_twice() -> None:
    roof = Made(plant_making("solar"), 10.0)
    assert Materials((roof, roof)).t_per_year == near(2 * Materials((roof,)).t_per_year)
    assert Materials((roof, roof)).lines["solar"] == near(2 * Materials((roof,)).lines["solar"])


def test_the_data_centre_as_a_whole_is_not_added_to_its_parts() -> None:
    whole, part = Made(plant_making("data centre"), 1000.0), Made(plant_making("UPS"), 1000.0)
    with pytest.raises(StudyError, match="holds UPS already"):
        Materials((whole, part))


def test_what_is_not_known_to_be_made_is_said() -> None:
    with pytest.raises(DataMissing, match="known are: building"):
        plant_making("fusion")
    with pytest.raises(DataMissing, match="dgx_h100"):
        product_making("dgx_x", 4.0)


def test_draws_keep_the_interval_and_hold_every_design_apart() -> None:
    draws = Draws("materials")
    solar, wind = plant_making("solar"), plant_making("wind")
    drawn = of(solar, 1000.0).drawn_t_per_year(draws)
    low, central, high = np.percentile(drawn, [5, 50, 95])
    spread = solar.t_per_unit_year.scaled(1000.0)
    assert (low, central, high) == near((spread.p5, spread.central, spread.p95), rel=0.01)
    both = Materials((Made(solar, np.array([0.0, 1000.0, 2000.0])), Made(wind, 500.0))).drawn_t_per_year(draws)
    assert both.shape == (300, 3)
    assert (both[:, 1] - both[:, 0]).tolist() == near(drawn.tolist())


def replaced(kept_mw: float, g_per_kwh: float, decline: float = 0.0) -> Refresh:
    """Two hundred machines of a ton each and 2 million in money, at 0.5 MW, in place of what there is."""
    new = NewMachines(it_mw=0.5, embodied_t=200.0, capex=2e6, embodied_mwh=800.0)
    return refresh(kept_mw, new, Around(1.25, g_per_kwh, 100.0, 2.0, decline), 0.05)


def test_a_refresh_pays_back_in_energy_carbon_and_money() -> None:
    # By hand: half a megawatt less at a PUE of 1.25 is 5,475 MWh a year: 2,737.5 t at 500 g/kWh, 547,500 at 100.
    found = replaced(1.0, 500.0)
    assert (found.saved_mwh_per_year, found.saved_t_per_year, found.saved_per_year) == near((5475, 2737.5, 547_500))
    assert found.energy_years == near(800 / (2 * 5475))
    assert found.carbon_years == near(200 / 2737.5)
    assert found.money_years == near(4.1337, abs=1e-4)  # -ln(1 - 0.05 x 2,000,000 / 547,500) / ln(1.05)


def test_on_a_clean_grid_making_takes_longer_to_pay_back_and_on_none_it_never_does() -> None:
    years = [replaced(1.0, g_per_kwh).carbon_years for g_per_kwh in (700.0, 50.0, 5.0, 0.0)]
    assert years == sorted(years)
    assert years[1] == near(14 * years[0])
    assert years[-1] == NEVER


def test_a_grid_that_gets_cleaner_puts_the_payback_off() -> None:
    # Told out year by year: 27.375 t today, a tenth less each year, until they have made up for 200 t.
    saved = np.cumsum([27.375 * 0.9**year for year in range(1, 30)])
    first = int(np.argmax(saved >= 200)) + 1
    found = replaced(1.0, 5.0, decline=0.1).carbon_years
    assert first - 1 < found <= first
    assert replaced(1.0, 5.0).carbon_years < found


def test_machines_that_draw_more_never_pay_back() -> None:
    worse = replaced(0.4, 500.0)
    assert worse.saved_mwh_per_year < 0
    assert (worse.energy_years, worse.carbon_years, worse.money_years) == (NEVER, NEVER, NEVER)


def test_energy_of_making_that_is_not_known_is_not_known() -> None:
    assert refresh(1.0, NewMachines(0.5, 200.0, 2e6), Around(1.25, 500.0, 100.0)).energy_years is None
