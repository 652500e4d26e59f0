"""A scenario's year: what goes in comes out, each figure by its standard's own arithmetic."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dcfoot.by_time import TimeBook
from dcfoot.errors import ConfigError, StudyError
from dcfoot.store import RunStore
from dcfoot.units import NS_PER_S
from dcfoot_scenarios.ageing import chemistry, wear
from dcfoot_scenarios.evaluate import Outcome, evaluate, figures_at
from dcfoot_scenarios.note_words import note_in
from dcfoot_scenarios.scenario import Money, Scenario
from dcfoot_scenarios.storage import Battery
from dcfoot_scenarios.study import Uncertainty
from dcfoot_scenarios.words import words
from simulated.measurements import finished, measurement
from simulated.near import near

SOME = Uncertainty(draws=20)
COLD = "adsorption_silica_gel"


def scenario(**keys: object) -> Scenario:
    usual: dict[str, object] = {
        "site": "cn_shanghai",
        "cooling": "air_chiller",
        "load": {"it_capacity_mw": 10, "mean_ratio": 0.7},
    }
    return Scenario.model_validate(usual | keys)


def in_copenhagen(**keys: object) -> Outcome:
    """Where sun and wind are known."""
    return evaluate(scenario(site="dk_copenhagen", **keys))


def test_a_hall_at_seven_tenths_of_ten_megawatts_uses_61_gwh_and_its_province_tells_the_carbon() -> None:
    found = evaluate(scenario()).figures
    assert found["it_energy_mwh"] == near(0.7 * 10 * 8760)
    assert found["facility_energy_mwh"] == near(found["pue"] * found["it_energy_mwh"])
    # 0.5737 kg/kWh for Shanghai, 0.6096 without traded non-fossil power (MEE and NBS, notice 2025 no. 47).
    assert found["carbon_location_yearly_t"] == near(0.5737 * found["import_mwh"])
    assert found["carbon_market_yearly_t"] == near(0.6096 * found["import_mwh"])
    assert found["cue_kg_per_kwh"] == near(0.5737 * found["pue"])


def test_marginal_carbon_is_by_the_operating_margin_of_the_grid_that_the_province_is_part_of() -> None:
    one = evaluate(scenario())
    # 0.7921 t/MWh, the operating margin of 华东电网 (East China), which Shanghai is part of (MEE, 2019 baselines).
    assert one.figures["carbon_marginal_t"] == near(0.7921 * one.figures["import_mwh"])
    assert any(line.value == near(792.1) and "regional grid's" in line.note for line in one.evidence)
    assert not any("Marginal carbon is not known" in note for note in one.notes)


def test_a_marginal_factor_of_the_users_own_site_stands_before_the_regions(tmp_path: Path) -> None:
    sites = tmp_path / "sites.toml"
    sites.write_text(
        """
        [sites.mine]
        country = "CN"
        region = "上海"
        climate = "cn_shanghai"
        source = "the operator"
        year = 2024
        factors = [
            {boundary = "direct", gas = "CO2", method = "average", g_per_kwh = 600, year = 2024, source = "mine"},
            {boundary = "direct", gas = "CO2", method = "marginal", g_per_kwh = 500, year = 2024, source = "mine"},
        ]
        """,
        encoding="utf-8",
    )
    found = evaluate(scenario(site="mine", sites_file=sites)).figures
    assert found["carbon_marginal_t"] == near(0.5 * found["import_mwh"])


@pytest.mark.parametrize("keys", [{"site": "dk_copenhagen"}, {"boundary": "life_cycle"}])
def test_where_no_marginal_factor_is_known_there_is_no_figure_and_it_is_said(keys: dict[str, object]) -> None:
    one = evaluate(scenario(**keys))
    assert "carbon_marginal_t" not in one.figures
    (note,) = (note for note in one.notes if note.startswith("Marginal carbon is not known"))
    assert note_in(note, "zh").startswith("边际碳排放未知")


def test_scarcity_weighs_what_is_consumed_on_site_and_says_that_it_weighs_nothing_else() -> None:
    one = evaluate(scenario())
    # AWARE 2.0, Shanghai's grid, as in dcfoot's table: 0.373 m3 world-eq/m3.
    assert one.figures["water_scarcity_onsite_m3"] == near(0.373 * one.figures["water_consumed_onsite_m3"], rel=1e-3)
    (note,) = (note for note in one.notes if note.startswith("by scarcity, water on site alone is weighted"))
    assert "发电" in note_in(note, "zh")


def test_certificates_count_by_the_year_and_in_no_hour() -> None:
    bare = evaluate(scenario()).figures
    certified = evaluate(scenario(supply={"certificates_mwh": bare["import_mwh"]})).figures
    assert certified["carbon_market_yearly_t"] == near(0.0, abs=1e-6)
    assert certified["volume_match_ratio"] == near(1.0)
    for unchanged in ("carbon_market_hourly_t", "carbon_location_yearly_t", "cfe_contracted_ratio"):
        assert certified[unchanged] == bare[unchanged]


def test_without_supply_the_cfe_score_is_the_grids_own_share() -> None:
    # Ember: 5741.51 + 307.6 + 73.52 TWh of China's 9459.94 TWh of 2023 were of coal, gas and oil.
    assert evaluate(scenario()).figures["cfe_ratio"] == near(1 - 6122.63 / 9459.94, abs=5e-5)


def test_the_cfe_score_lies_between_what_is_contracted_and_all() -> None:
    found = in_copenhagen(supply={"wind_mw": 20}, storage={"battery_mwh": 20, "battery_mw": 5}).figures
    # Of Denmark's 33.63 TWh of 2023, 4.17 were of coal, gas and oil; the share is the same in every hour.
    matched = found["cfe_contracted_ratio"]
    assert found["cfe_ratio"] == near(matched + (1 - matched) * (1 - 4.17 / 33.63), abs=5e-5)


def test_a_contract_counts_by_market_and_leaves_the_draw_from_the_grid_as_it_is() -> None:
    bare, bought = (
        in_copenhagen().figures,
        in_copenhagen(supply={"contracts": [{"name": "wind", "wind_mw": 20}]}).figures,
    )
    assert bought["import_mwh"] == bare["import_mwh"]
    assert bought["carbon_location_hourly_t"] == bare["carbon_location_hourly_t"]
    assert bought["carbon_market_hourly_t"] < bare["carbon_market_hourly_t"]
    assert 0 < bought["cfe_contracted_ratio"] <= bought["volume_match_ratio"] <= 1


def test_every_hour_balances() -> None:
    hours = in_copenhagen(
        supply={"solar_mw": 20, "wind_mw": 10, "surplus": "sold", "export_limit_mw": 3},
        storage={"battery_mwh": 20, "battery_mw": 5},
    ).hours
    drawn = hours["load_mw"] + hours["charge_mw"] + hours["export_mw"] + hours["curtailed_mw"]
    given_ = hours["clean_mw"] + hours["discharge_mw"] + hours["import_mw"]
    assert np.allclose(drawn, given_, atol=1e-9)
    assert hours["export_mw"].max() == near(3.0)
    assert hours["load_mw"].to_numpy() == near(hours["it_mw"] * hours["pue"])


def test_work_that_waits_is_done_and_draws_less_when_the_grid_is_dirty() -> None:
    asked = in_copenhagen()
    waited = in_copenhagen(
        load={
            "it_capacity_mw": 10,
            "mean_ratio": 0.7,
            "profile": "inference",
            "deferrable_ratio": 0.3,
            "deadline_h": 12,
        }
    )
    plain = in_copenhagen(load={"it_capacity_mw": 10, "mean_ratio": 0.7, "profile": "inference"})
    assert waited.figures["it_energy_mwh"] == near(plain.figures["it_energy_mwh"])
    assert waited.figures["carbon_location_hourly_t"] < plain.figures["carbon_location_hourly_t"]
    assert asked.figures["it_energy_mwh"] == near(plain.figures["it_energy_mwh"])


@pytest.mark.parametrize(
    ("load", "storage"),
    [
        ({}, {}),
        ({}, {"battery_mwh": 8, "battery_mw": 2, "policy": "peak_shaving"}),
        ({"deferrable_ratio": 0.3, "deadline_h": 6, "shift_to": "carbon"}, {}),
        ({"curtailable_ratio": 0.4, "curtailed_hours": 500}, {"battery_mwh": 8, "battery_mw": 2, "policy": "carbon"}),
    ],
)
def test_the_peak_that_the_grid_is_spared_is_that_of_the_year_without_battery_and_moved_load(
    load: dict[str, object], storage: dict[str, object]
) -> None:
    usual = {"it_capacity_mw": 10, "profile": "inference"}
    bare = in_copenhagen(load=usual).figures
    found = in_copenhagen(load=usual | load, storage=storage).figures
    assert found["peak_spared_mw"] == near(bare["peak_import_mw"] - found["peak_import_mw"], abs=1e-9)
    assert bool(load or storage) == (abs(found["peak_spared_mw"]) > 0.05)


def test_without_a_battery_no_peak_is_spared_also_where_own_power_is_given_up_for_the_grids() -> None:
    found = in_copenhagen(supply={"wind_mw": 30}, grid={"price_per_mwh": 90, "periods": [PAID]})
    assert found.year.flows.given_up_mw.max() > 1.0
    assert found.figures["peak_spared_mw"] == 0.0


def test_a_battery_spares_the_grid_what_it_gives_in_the_one_hour_of_the_peak(tmp_path: Path) -> None:
    file = tmp_path / "load.csv"
    file.write_text("\n".join(["load_mw", *("9" if hour == 5000 else "5" for hour in range(8760))]), encoding="utf-8")
    load = {"it_capacity_mw": 10, "profile": str(file)}
    store = {"battery_mwh": 4, "battery_mw": 1, "discharge_efficiency_ratio": 1, "policy": "peak_shaving"}
    # 4 MW more than in all other hours, of which the battery gives 1.
    assert in_copenhagen(load=load, storage=store).figures["peak_spared_mw"] == near(1.0, rel=1e-6)


@pytest.mark.parametrize("spare_mw", [0.1, 1e-6, -0.8])
def test_a_battery_that_shaves_holds_a_limit_where_it_can_and_else_says_by_how_much_not(
    tmp_path: Path, spare_mw: float
) -> None:
    # 9 MW of IT in one hour, 5 in all others: of what that hour takes, the battery gives 1.
    file = tmp_path / "load.csv"
    file.write_text("\n".join(["load_mw", *("9" if hour == 5000 else "5" for hour in range(8760))]), encoding="utf-8")
    store = {"battery_mwh": 4, "battery_mw": 1, "discharge_efficiency_ratio": 1, "policy": "peak_shaving"}
    load = {"it_capacity_mw": 10, "profile": str(file)}
    lowest_mw = float(max(in_copenhagen(load=load).year.flows.load_mw)) - 1.0
    found = in_copenhagen(load=load, storage=store, grid={"import_limit_mw": lowest_mw + spare_mw})
    told = " ".join(note for note in found.notes if "it breaks grid.import_limit_mw" in note)
    assert found.figures["over_limit_hours"] == (spare_mw < 0)
    assert bool(told) == (spare_mw < 0)
    if told:
        assert f"its peak is {lowest_mw:,.1f} MW, 0.80 MW beyond: the lowest that its battery can hold" in told
        assert "超出 0.80 MW" in note_in(told, "zh")


PAID = {"name": "noon", "price_per_mwh": -30, "hours": [12, 13]}


@pytest.mark.parametrize("policy", ["price", "greedy", "peak_shaving"])
@pytest.mark.parametrize("periods", [[PAID], [PAID | {"price_per_mwh": 20}]], ids=["paid", "cheap"])
def test_a_battery_takes_no_more_of_the_grid_than_the_connection_gives(
    policy: str, periods: list[dict[str, object]]
) -> None:
    grid = {"price_per_mwh": 90, "periods": periods}
    usual: dict[str, object] = {
        "supply": {"wind_mw": 8},
        "storage": {"battery_mwh": 60, "battery_mw": 20, "policy": policy},
    }
    free = in_copenhagen(**usual, grid=grid)
    limit_mw = 1.001 * max(free.year.flows.load_mw)
    found = in_copenhagen(**usual, grid=grid | {"import_limit_mw": limit_mw})
    assert policy != "price" or free.figures["peak_import_mw"] > 1.5 * limit_mw
    assert found.figures["over_limit_hours"] == 0
    assert found.figures["peak_import_mw"] <= limit_mw * (1 + 1e-9)


def test_a_battery_that_trades_gives_where_the_load_would_pass_the_connection(tmp_path: Path) -> None:
    # 9 MW of IT at 5:00, when power is cheap and a battery that trades would take: 10.8 MW at a PUE of 1.2.
    file = tmp_path / "load.csv"
    hours = ("9" if hour % 24 == 5 else "5" for hour in range(8760))
    file.write_text("\n".join(["load_mw", *hours]), encoding="utf-8")
    dear = {"name": "day", "price_per_mwh": 170, "hours": list(range(7, 21))}
    keys: dict[str, object] = {
        "load": {"it_capacity_mw": 10, "profile": str(file)},
        "pue": 1.2,
        "storage": {"battery_mwh": 20, "battery_mw": 4, "policy": "price"},
    }
    grid = {"price_per_mwh": 60, "periods": [dear]}
    free = in_copenhagen(**keys, grid=grid)
    # The ten hours that are alike fill it evenly, by 2.1 MW each.
    assert free.figures["peak_import_mw"] == near(max(free.year.flows.load_mw) + 20 / 0.95 / 10)
    found = in_copenhagen(**keys, grid=grid | {"import_limit_mw": 10.0})
    assert found.figures["over_limit_hours"] == 0


INSIDE = {"homes": 2000, "heat_pump_inside": True}


@pytest.mark.parametrize(
    "keys",
    [{}, {"pue": 1.3}, {"heat_reuse": INSIDE}, {"cold_store": {"mwh": 20}}, {"supply": {"solar_mw": 5}}],
    ids=["model", "stated PUE", "heat pump", "cold store", "sun"],
)
def test_load_that_waits_keeps_to_the_connection(keys: dict[str, object]) -> None:
    asked: dict[str, object] = {"it_capacity_mw": 10, "profile": "inference"}
    waits = asked | {"deferrable_ratio": 0.3, "deadline_h": 12}
    usual, free = in_copenhagen(load=asked, **keys), in_copenhagen(load=waits, **keys)
    limit_mw = 0.97 * float(usual.year.flows.import_mw.max())
    found = in_copenhagen(load=waits, grid={"import_limit_mw": limit_mw}, **keys)
    assert (usual.year.flows.import_mw > limit_mw).any()
    assert (free.year.flows.import_mw > limit_mw).sum() > 1000
    assert found.figures["over_limit_hours"] == 0
    # It goes as far as it may, and all the work is done.
    near_mw = (5e-3 if "pue" in keys else 1e-6) * limit_mw  # the mean of a stated PUE is that of the whole year's load
    assert found.figures["peak_import_mw"] == near(limit_mw, abs=near_mw)
    assert found.figures["it_energy_mwh"] == near(usual.figures["it_energy_mwh"])
    if "supply" not in keys:
        assert (np.abs(found.year.flows.import_mw - limit_mw) < near_mw).sum() > 500


def test_load_that_does_not_fit_breaks_no_hour_that_it_did_not_break_as_asked_for() -> None:
    asked: dict[str, object] = {"it_capacity_mw": 10, "profile": "inference"}
    grid = {"import_limit_mw": 6.0}
    usual = in_copenhagen(load=asked, grid=grid)
    found = in_copenhagen(load=asked | {"deferrable_ratio": 0.2, "deadline_h": 3}, grid=grid)
    beyond, still = usual.year.flows.import_mw > 6.0 * (1 + 1e-9), found.year.flows.import_mw > 6.0 * (1 + 1e-9)
    assert 0 < still.sum() < beyond.sum()
    assert not (still & ~beyond).any()
    assert any("it breaks grid.import_limit_mw" in note for note in found.notes)


def test_a_wide_connection_changes_nothing() -> None:
    waits = {"it_capacity_mw": 10, "profile": "inference", "deferrable_ratio": 0.3, "deadline_h": 12}
    free, wide = in_copenhagen(load=waits), in_copenhagen(load=waits, grid={"import_limit_mw": 50})
    assert wide.year.it_mw.tolist() == free.year.it_mw.tolist()


@pytest.mark.parametrize("policy", ["greedy", "peak_shaving", "price", "optimal"])
def test_an_old_battery_is_a_smaller_one_that_costs_what_it_cost(policy: str) -> None:
    day = {"name": "day", "price_per_mwh": 170, "hours": list(range(7, 21))}
    store = {"battery_mwh": 20, "battery_mw": 4, "reserve_ratio": 0.1, "policy": policy}
    keys: dict[str, object] = {"supply": {"wind_mw": 12}, "grid": {"price_per_mwh": 60, "periods": [day]}}
    old = in_copenhagen(**keys, storage=store | {"age_years": 8})
    left = old.figures["battery_left_ratio"]
    assert 0.75 < left < 0.95
    smaller = in_copenhagen(**keys, storage=store | {"battery_mwh": 20 * left})
    for name in ("import_mwh", "discharge_mwh", "peak_import_mw", "cfe_contracted_ratio", "battery_cycles_per_year"):
        assert old.figures[name] == near(smaller.figures[name], rel=1e-6)
    assert old.figures["embodied_plant_t"] != near(smaller.figures["embodied_plant_t"], rel=1e-6)
    told = next(note for note in old.notes if "years old" in note)
    assert f"holds {left:.1%} of what it held when new" in told
    assert "8 年" in note_in(told, "zh")


def test_what_is_left_of_a_battery_is_what_its_year_as_new_takes_of_it() -> None:
    store = {"battery_mwh": 20, "battery_mw": 4}
    new, old = (in_copenhagen(supply={"wind_mw": 12}, storage=store | {"age_years": age}) for age in (0, 5))
    assert "battery_left_ratio" not in new.figures
    worn = wear(Battery(20.0, 4.0, 4.0, 0.95, 0.95), new.year.flows.state_mwh, new.year.flows.discharge_mw, chemistry())
    # By Simpson's rule over its fifth year.
    ends, middle = worn.capacity_ratio(4.0) + worn.capacity_ratio(5.0), worn.capacity_ratio(4.5)
    assert old.figures["battery_left_ratio"] == near((float(ends) + 4.0 * float(middle)) / 6.0, rel=1e-4)
    assert old.figures["battery_life_years"] == new.figures["battery_life_years"]  # it is one purchase, of one life


def test_a_quarter_of_its_energy_an_hour_is_the_power_of_a_battery_both_ways() -> None:
    stored = [{"battery_mwh": 20, "battery_mw": 5}, {"battery_mwh": 20, "c_rate_per_h": 0.25}]
    money = Money(currency="EUR", rates={"USD": 0.9})
    by_power, by_rate = (
        evaluate(scenario(site="dk_copenhagen", supply={"wind_mw": 20}, storage=store), money=money) for store in stored
    )
    assert by_rate.figures == by_power.figures
    assert max(by_rate.year.flows.charge_mw) == near(5.0)
    assert max(by_rate.year.flows.discharge_mw) == near(5.0)


@pytest.mark.parametrize("stated", ["battery_mw", "charge_mw"])
def test_a_battery_whose_power_is_stated_twice_is_refused_with_both_keys(stated: str) -> None:
    with pytest.raises(ValidationError, match=f"c_rate_per_h and {stated} both say its power"):
        scenario(storage={"battery_mwh": 20, "c_rate_per_h": 0.25, stated: 5})


def test_a_stated_pue_and_wue_are_the_years() -> None:
    found = evaluate(scenario(pue=1.25, wue_l_per_kwh=0.4), SOME)
    assert found.figures["pue"] == near(1.25)
    assert found.figures["wue_l_per_kwh"] == near(0.4)
    assert np.allclose(found.drawn["pue"], 1.25)


def test_warmer_air_takes_more_energy() -> None:
    assert evaluate(scenario(warming_k=2)).figures["pue"] > evaluate(scenario()).figures["pue"]


def test_an_operating_point_does_the_same_work_or_keeps_the_machines() -> None:
    curve = "V100, ResNet-50, batch of 256"
    point = {"curve": curve, "setting": "cap 150 W", "reference": "cap 250 W", "host_w": 0}
    same_work = evaluate(scenario(operation=point)).figures["it_energy_mwh"]
    # By the published curve itself: 144.59 W for 4148.66 s against 220.25 W for 3514.99 s (You et al. 2023).
    bare = evaluate(scenario()).figures["it_energy_mwh"]
    assert same_work / bare == near(144.59 * 4148.66 / (220.25 * 3514.99))
    kept = evaluate(scenario(operation=point | {"keep": "machines"})).figures["it_energy_mwh"]
    assert kept / bare == near(144.59 / 220.25)


def test_waste_heat_stands_beside_the_inventory_and_raises_no_pue() -> None:
    reuse = {"homes": 1000, "heat_pump_mw": 5}
    bare, used = in_copenhagen(), in_copenhagen(heat_reuse=reuse)
    assert used.figures["pue"] == bare.figures["pue"]
    assert used.figures["carbon_location_hourly_t"] == bare.figures["carbon_location_hourly_t"]
    assert used.figures["heat_pump_mwh"] > 0
    inside = in_copenhagen(heat_reuse=reuse | {"heat_pump_inside": True})
    more_mwh = inside.figures["facility_energy_mwh"] - bare.figures["facility_energy_mwh"]
    assert more_mwh == near(used.figures["heat_pump_mwh"])


def test_cold_of_waste_heat_spares_compressors_and_no_energy_is_lost() -> None:
    hot = {"site": "sg_singapore", "cooling": "direct_liquid", "facility": {"liquid.coolant_supply_c": 55}}
    bare, cooled = (evaluate(scenario(**hot, **more)) for more in ({}, {"heat_reuse": {"cold": COLD}}))
    found = cooled.figures
    spared_mwh = bare.figures["facility_energy_mwh"] - found["facility_energy_mwh"]
    assert spared_mwh == near(found["cold_spared_mwh"])
    assert found["pue"] == near(bare.figures["pue"] - spared_mwh / found["it_energy_mwh"])
    # COP 0.48 (silica gel): the tower has the cold and the heat that made it, which is no more than there was.
    heat_mwh = found["cold_of_heat_mwh"] / 0.48
    assert found["cold_given_off_mwh"] == near(found["cold_of_heat_mwh"] + heat_mwh)
    assert 0 < heat_mwh <= found["heat_captured_mwh"]
    state = bare.case.facility(bare.case.hall(bare.year.it_mw))
    compressors_mwh = float((state.chiller_ratio * bare.year.it_mw).sum())
    lifted_mwh = float((state.lifted_ratio * bare.year.it_mw).sum())
    assert spared_mwh <= compressors_mwh
    assert found["cold_of_heat_mwh"] <= lifted_mwh * (1 + 1e-12)


def test_heat_that_is_too_cold_makes_no_cold_and_a_small_machine_makes_little() -> None:
    at_40 = evaluate(scenario(cooling="direct_liquid", heat_reuse={"cold": COLD}))
    assert at_40.figures["cold_of_heat_mwh"] == 0.0
    assert [note for note in at_40.notes if "drives nothing below 55 C" in note] != []
    hot = {"cooling": "direct_liquid", "facility": {"liquid.coolant_supply_c": 55}}
    small = evaluate(scenario(**hot, heat_reuse={"cold": COLD, "cold_mw": 0.1})).figures
    assert 0 < small["cold_of_heat_mwh"] <= 0.1 * 8760


# 200 t for 500 MWh of heat and 300 of power: 125 t by energy; 500/0.8 over 500/0.8 + 300/0.35 by efficiency; by work
# 1 - T0 / Tm with Tm = 40 / ln(353.15 / 313.15) = 332.7 K, in Copenhagen's mean air of 8 to 10 C: 0.147 to 0.155.
@pytest.mark.parametrize(
    ("allocation", "least_t", "most_t"),
    [("energy", 125, 125), ("efficiency", 84.337, 84.338), ("work_potential", 39.4, 41)],
)
def test_heat_of_a_plant_that_makes_power_too_is_replaced_by_the_share_of_a_method(
    allocation: str, least_t: float, most_t: float
) -> None:
    plant = {"emissions_t": 200, "heat_mwh": 500, "power_mwh": 300, "allocation": allocation}
    reuse = {"homes": 1000, "network_supply_c": 80, "network_return_c": 40, "reference_chp": plant}
    found = in_copenhagen(heat_reuse=reuse).figures
    heat_t = found["carbon_avoided_by_heat_t"] / found["heat_delivered_mwh"] * 500
    assert least_t - 1e-3 <= heat_t <= most_t + 1e-3


@pytest.mark.parametrize(
    ("cooling", "said"), [("air_chiller", "the curves of the chillers end at 10 C"), ("dx", "chiller.dx.evaporator_c")]
)
def test_a_supply_temperature_that_changes_nothing_is_told(cooling: str, said: str) -> None:
    plain, warmer = (
        evaluate(scenario(cooling=cooling, facility=facility)) for facility in ({}, {"air.supply_c": 30.0})
    )
    assert warmer.figures["pue"] == plain.figures["pue"]
    assert [note for note in warmer.notes if said in note] != []
    assert [note for note in plain.notes if "air.supply_c" in note] == []


def test_a_supply_temperature_that_an_economizer_answers_to_needs_no_remark() -> None:
    cold, warm = (
        evaluate(scenario(cooling="waterside_economizer", facility={"air.supply_c": at})) for at in (18.0, 27.0)
    )
    assert warm.figures["pue"] < cold.figures["pue"]
    assert [note for note in warm.notes if "air.supply_c" in note] == []


def test_a_battery_that_fades_before_it_is_paid_for_is_told_until_the_study_says_its_life() -> None:
    store, money = {"battery_mwh": 20, "battery_mw": 5}, Money(currency="EUR", rates={"USD": 0.9})
    keys = {"site": "dk_copenhagen", "supply": {"wind_mw": 15}, "grid": {"price_per_mwh": 500}}
    usual = evaluate(scenario(**keys, storage=store), money=money)
    said = evaluate(scenario(**keys, storage=store | {"battery_life_years": 5}), money=money)
    years = usual.figures["battery_life_years"]
    told = f"over {years:.1f} years, until 80 % of it is left by NREL's SAM, not over the 22.5 that go with its price"
    assert [note for note in usual.notes if told in note] != []
    assert [note for note in said.notes if "battery" in note] == []
    # Annuities at 6 %: 0.237396 over 5 years, of 20,000 kWh at 250.03 EUR.
    assert 5 < years < 22.5
    more = said.figures["cost_per_year"] - usual.figures["cost_per_year"]
    assert more == near(20_000 * 250.03 * (0.237396 - 0.06 / (1 - 1.06**-years)), rel=1e-4)
    assert said.figures["embodied_plant_t"] > usual.figures["embodied_plant_t"]


@pytest.mark.parametrize("cooling", ["direct_liquid", "waterside_economizer", "dx"])
def test_draws_lie_around_the_central_figures_and_are_the_same_for_the_same_seed(cooling: str) -> None:
    keys = scenario(cooling=cooling)
    one, same = evaluate(keys, SOME), evaluate(keys, SOME)
    assert all(np.array_equal(one.drawn[name], same.drawn[name]) for name in one.drawn)
    low, high = one.drawn["carbon_location_yearly_t"].min(), one.drawn["carbon_location_yearly_t"].max()
    assert low < one.figures["carbon_location_yearly_t"] < high
    assert set(one.drawn) == set(one.figures)


def test_no_input_moved_is_the_central_year() -> None:
    outcome = evaluate(scenario(), SOME)
    assert figures_at(outcome, {}) == near(dict(outcome.figures))


@settings(max_examples=15, deadline=None)
@given(st.floats(0, 40), st.floats(0, 40), st.floats(0, 60), st.floats(0, 15))
def test_clean_power_never_meets_more_than_there_is_or_than_is_wanted(
    solar_mw: float, wind_mw: float, battery_mwh: float, battery_mw: float
) -> None:
    found = in_copenhagen(
        supply={"solar_mw": solar_mw, "wind_mw": wind_mw},
        storage={"battery_mwh": battery_mwh, "battery_mw": battery_mw},
    ).figures
    assert 0 <= found["cfe_contracted_ratio"] <= found["volume_match_ratio"] + 1e-9
    assert found["import_mwh"] >= (1 - found["cfe_contracted_ratio"]) * found["facility_energy_mwh"] * (1 - 1e-9)


def test_hours_of_the_users_own_price_the_draw_hour_by_hour(tmp_path: Path) -> None:
    # 200 g/kWh by night and 600 by day, the same load in every hour: 400 on average.
    starts = [datetime(2023, 12, 31, 23, tzinfo=UTC).replace(year=2022) + timedelta(hours=hour) for hour in range(8760)]
    lines = [f"{start.isoformat()},{600 if 6 <= start.hour < 18 else 200}" for start in starts]
    path = tmp_path / "grid.csv"
    path.write_text("\n".join(["start,life_cycle_g_per_kwh", *lines]))
    flat = {"it_capacity_mw": 10, "mean_ratio": 0.7}
    keys = {"pue": 1.0, "load": flat, "boundary": "life_cycle", "grid": {"hourly_file": str(path)}}
    found = in_copenhagen(**keys).figures
    assert found["carbon_location_hourly_t"] == near(0.4 * found["import_mwh"], rel=1e-6)
    path.write_text("\n".join(["start,life_cycle_g_per_kwh", *lines[:-1]]))
    with pytest.raises(ConfigError, match="8759 hours"):
        in_copenhagen(**keys)


def test_a_place_without_a_climate_or_a_cooling_says_what_to_add() -> None:
    with pytest.raises(StudyError, match="climate is not known"):
        evaluate(scenario(site="fr"))
    with pytest.raises(StudyError, match="cooling is not known"):
        evaluate(scenario(cooling=None))


def test_every_figure_has_a_word_with_a_chinese_name() -> None:
    outcome = in_copenhagen(heat_reuse={"homes": 10}, grid={"import_limit_mw": 5, "ramp_limit_mw_per_h": 1})
    assert set(outcome.figures) <= set(words())
    assert all(not word.label_zh.isascii() or word.label_zh.isupper() for word in words().values())


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"load": {"it_capacity_mw": 20_000}}, r"were kilowatts meant \(20 MW\)"),
        ({"grid": {"price_per_mwh": 0.09}}, r"was a kilowatt-hour meant \(price_per_mwh: 90\)"),
        (
            {"grid": {"price_per_mwh": 90}, "storage": {"battery_mwh": 4, "battery_mw": 1, "policy": "price"}},
            "never used",
        ),
        ({"storage": {"battery_mwh": 4, "battery_mw": 1}}, "no surplus of clean power"),
        ({"storage": {"battery_mwh": 4, "battery_mw": 1, "charge_mw": 0}}, "takes no power"),
        ({"storage": {"battery_mwh": 4, "battery_mw": 1, "age_years": 10_000}}, "nothing is left of it at its age"),
        (
            {
                "grid": {"price_per_mwh": 90},
                "load": {"it_capacity_mw": 1, "deferrable_ratio": 0.2, "deadline_h": 4, "shift_to": "price"},
            },
            "no work is moved",
        ),
        (
            {
                "supply": {"solar_mw": 100, "ghi_kwh_per_m2_year": 1300},
                "grid": {"price_per_mwh": 90, "export_price_per_mwh": 30},
            },
            "surplus: sold sells them",
        ),
        ({"grid": {"import_limit_mw": 5}}, r"breaks grid.import_limit_mw, 5 MW, in 8,760 hours"),
    ],
)
def test_what_has_no_effect_or_looks_like_another_unit_is_noted(keys: dict[str, object], said: str) -> None:
    found = [note for note in evaluate(scenario(**keys)).notes if re.search(said, note)]
    assert found
    assert [note for note in found if not re.search(r"[\u4e00-\u9fff]", note_in(note, "zh"))] == []
    usual = evaluate(scenario(grid={"price_per_mwh": 90, "export_price_per_mwh": 30})).notes
    assert not [note for note in usual if re.search(said, note)]


def test_a_recorded_run_is_the_load_by_its_power_by_time_and_stands_among_the_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DCFOOT_DATA_DIR", str(tmp_path))
    book = TimeBook(start_ns=0)
    for hour in range(4):
        book.book("gpu", (hour + 1) * 3600 * NS_PER_S, 3600.0, (100.0 if hour < 3 else 500.0) * 3600.0)
    run = replace(measurement(duration_s=4 * 3600.0), by_time=book.by_time(4 * 3600.0))
    store = RunStore(tmp_path)
    store.create(run).finish(finished(run))
    outcome = evaluate(scenario(load={"it_capacity_mw": 10, "profile": "run:last"}))
    # A mean of 200 W and a busiest hour of 500 W: the hall, full in that, is at four tenths over the year.
    assert outcome.figures["it_energy_mwh"] == near(0.4 * 10 * 8760, rel=0.01)
    (line,) = (line for line in outcome.evidence if line.what == "load: mean power of a recorded run")
    assert (line.value, line.source) == (near(200.0), f"recorded run {run.id}")
    assert line.note == "its power by time, in steps of 8 s"
