"""What an investment committee would ask of a study: each answer by hand."""

from collections.abc import Mapping
from dataclasses import replace
from math import isinf
from typing import Any

import numpy as np
import pytest

from dcfoot.errors import StudyError
from dcfoot.units import KG_PER_T
from dcfoot_scenarios.calendar import Calendar
from dcfoot_scenarios.chance import At
from dcfoot_scenarios.compare import Comparison, compare
from dcfoot_scenarios.document import document_of
from dcfoot_scenarios.evaluate import Outcome
from dcfoot_scenarios.figures import water_figures
from dcfoot_scenarios.report_text import payoff_lines
from dcfoot_scenarios.study import Study
from dcfoot_scenarios.sweep.run import sweep
from dcfoot_scenarios.tariff import monthly_peaks_mw
from simulated.near import near

Keys = dict[str, Any]

EURO: Keys = {"currency": "EUR", "rates": {"USD": 0.9}}
FRANKFURT: Keys = {"site": "de_frankfurt", "cooling": "air_chiller", "grid": {"price_per_mwh": 100}}
COPENHAGEN: Keys = {"site": "dk_copenhagen", "cooling": "air_chiller", "grid": {"price_per_mwh": 100}}


def study(baseline: Keys, variants: Mapping[str, Keys], **keys: object) -> Study:
    usual: Keys = {"study": "reviewed", "load": {"it_capacity_mw": 10}, "uncertainty": {"draws": 0}, "money": EURO}
    return Study.of(usual | {"baseline": baseline, "variants": dict(variants)} | keys)


def of(baseline: Keys, variants: Mapping[str, Keys], **keys: object) -> Comparison:
    return compare(study(baseline, variants, **keys))


def lines(outcome: Outcome) -> Mapping[str, float]:
    assert outcome.account is not None
    return {name: float(amount) for name, amount in outcome.account.lines.items()}


def test_a_tonne_costs_the_same_whatever_emissions_are_charged_and_counts_what_making_takes() -> None:
    costs: list[float] = []
    for price in (0, 100):
        made = of(
            FRANKFURT,
            {"sun": {"supply": {"solar_mw": 20}}},
            money=EURO | {"carbon_price_per_t": price},
            boundary="life_cycle",
        )
        found = made.payoff("sun")
        assert found.money is not None
        costs.append(float(found.money.abatement_cost_per_t))
        one, base = made.outcomes["sun"].figures, made.baseline.figures
        spared_t = base["carbon_with_embodied_t"] - one["carbon_with_embodied_t"]
        dearer = sum(amount for name, amount in lines(made.outcomes["sun"]).items() if name != "carbon") - sum(
            amount for name, amount in lines(made.baseline).items() if name != "carbon"
        )
        assert costs[-1] == near(dearer / spared_t)
    assert costs[0] == near(costs[1])


def test_what_does_less_work_is_no_investment_and_beats_none_that_does_more() -> None:
    lazy: Keys = {"load": {"curtailable_ratio": 0.9, "curtailed_hours": 4000}}
    made = of(FRANKFURT, {"lazy": lazy, "half": {"load": {"mean_ratio": 0.5}}})
    assert made.dominated(made.decisive) == []
    # 4,000 of 8,760 hours without nine tenths: 0.589 of the work is done.
    assert made.payoff("lazy").work_ratio == near(1 - 0.9 * 4000 / 8760)
    assert made.payoff("half").work_ratio == near(0.5)
    for name, done in (("lazy", "59%"), ("half", "50%")):
        (told,) = payoff_lines(made, name)
        assert f"{done} of its work" in told


@pytest.mark.parametrize(("keep", "work"), [("work", 1.0), ("machines", 3514.99 / 4148.66)])
def test_the_same_work_with_less_energy_is_the_same_work(keep: str, work: float) -> None:
    # You et al. 2023: an epoch takes 3,514.99 s at 250 W and 4,148.66 s at 150 W.
    point = {"curve": "V100, ResNet-50, batch of 256", "setting": "cap 150 W", "reference": "cap 250 W", "host_w": 0}
    made = of(FRANKFURT, {"cap": {"operation": point | {"keep": keep}}})
    assert made.payoff("cap").work_ratio == near(work)
    new: Keys = {"load": {"mean_ratio": 0.5}, "servers": {"work_per_mwh_ratio": 2.0}}
    assert of(FRANKFURT, {"new": new}).payoff("new").work_ratio == near(1.0)


def test_a_stated_price_keeps_lives_and_upkeep_of_the_table() -> None:
    storage = {"battery_mwh": 100, "battery_mw": 25}
    stated: Keys = {
        "servers": {"capex_per_node": 270_000 * 0.9},
        "storage": {"battery_capex_per_kwh": 212 * 0.9 + 244 * 0.9 * 0.25},
        "supply": {"wind_capex_per_kw": 1041 * 0.9},
    }
    place = {"site": "sg_singapore", "cooling": "air_chiller", "grid": {"price_per_mwh": 100}, "storage": storage}
    money = {"currency": "SGD", "rates": {"USD": 0.9}}
    made = of(place, {"stated": stated}, money=money)
    for name in ("capex", "running_per_year", "cost_per_year"):
        assert made.outcomes["stated"].figures[name] == near(made.baseline.figures[name])


def test_charges_are_used_without_a_price_and_refused_beside_a_shipped_tariff() -> None:
    keys = COPENHAGEN | {"grid": {"demand_per_mw_month": 10_000, "export_price_per_mwh": 50}}
    made = of(keys | {"supply": {"solar_mw": 60, "surplus": "sold"}}, {})
    found, months = lines(made.baseline), made.baseline.case.place.calendar.month_index
    drawn_mw = made.baseline.year.flows.import_mw
    assert found["grid, demand"] == near(10_000 * sum(float(drawn_mw[months == month].max()) for month in range(12)))
    assert found["grid, export"] == near(-50 * made.baseline.figures["export_mwh"])
    # The usual price of power stays: Eurostat's 190 EUR/MWh.
    assert found["grid, energy"] == near(190 * made.baseline.figures["import_mwh"])
    with pytest.raises(StudyError, match="leave demand_per_mw_month and export_price_per_mwh out"):
        study(keys | {"grid": keys["grid"] | {"tariff": "cn_beijing"}}, {})


def test_a_megawatt_of_inverters_is_made_of_1_34_of_modules() -> None:
    # 1,112 kg for a kilowatt of modules (IEA PVPS 2021), over the 30 years that the world's plants serve; IRENA's 691
    # USD for the same kilowatt. Denmark's catalogue counts by inverters: 594.86 EUR.
    sun: Keys = {"sun": {"supply": {"solar_mw": 10}}}
    place = {"site": "de_frankfurt", "cooling": "air_chiller", "grid": {"price_per_mwh": 100}}
    made = of(place, sun, boundary="life_cycle", money={"currency": "USD"})
    one, base = made.outcomes["sun"].figures, made.baseline.figures
    assert one["embodied_plant_t"] - base["embodied_plant_t"] == near(1.112 * 10_000 * 1.34 / 30)
    assert one["capex"] - base["capex"] == near(691 * 10_000 * 1.34)
    danish = of(COPENHAGEN, sun)
    assert danish.outcomes["sun"].figures["capex"] - danish.baseline.figures["capex"] == near(594.86 * 10_000)


def test_what_is_not_made_matches_nothing_in_the_year() -> None:
    made = of(FRANKFURT, {"sun": {"supply": {"solar_mw": 80}}, "sold": {"supply": {"solar_mw": 80, "surplus": "sold"}}})
    one, sold = made.outcomes["sun"].figures, made.outcomes["sold"].figures
    used_mwh = one["clean_mwh"] - one["curtailed_mwh"]
    assert one["curtailed_mwh"] > 0.5 * one["clean_mwh"]
    assert one["volume_match_ratio"] == near(used_mwh / one["facility_energy_mwh"])
    assert one["volume_match_ratio"] == near(one["cfe_contracted_ratio"])  # none is stored
    assert sold["volume_match_ratio"] == near(sold["clean_mwh"] / sold["facility_energy_mwh"])
    table = sweep(study(FRANKFURT, {}, money=None, sweep={"over": {"supply.solar_mw": [40, 80]}}))
    assert table["volume_match_ratio"][1] == near(one["volume_match_ratio"])


HEAT: Keys = {"homes": 6000, "price_per_mwh": 20, "network_supply_c": 70}


def test_a_heat_pump_outside_pays_for_its_peaks_and_its_carbon() -> None:
    grid = {"price_per_mwh": 80, "demand_per_mw_month": 5000}
    place = {"site": "dk_odense", "cooling": "direct_liquid", "grid": grid, "heat_reuse": HEAT}
    made = of(place, {}, money=EURO | {"carbon_price_per_t": 100}, boundary="life_cycle")
    case, heat, found = made.baseline.case, made.baseline.year.heat, lines(made.baseline)
    assert heat is not None
    pump_mw = np.asarray(heat.pump_electric_mw)
    mean_g_per_kwh = float(case.grid[1].mean())
    months = case.place.calendar.month_index
    peaks_mw = sum(float(pump_mw[months == month].max()) for month in range(12))
    assert found["heat pump, carbon"] == near(100 * float(pump_mw.sum()) * mean_g_per_kwh / KG_PER_T)
    assert found["heat pump, demand"] == near(5000 * peaks_mw)
    ewif = case.place.site.ewif_l_per_kwh
    assert ewif is not None
    assert made.baseline.figures["water_heat_pump_m3"] == near(float(pump_mw.sum()) * ewif.spread.central)


def test_a_heat_pump_inside_emits_what_the_inventory_grows_by() -> None:
    place = COPENHAGEN | {"cooling": "direct_liquid", "supply": {"solar_mw": 80}}
    store = {"battery_mwh": 20, "battery_mw": 5}
    for keys in (place, place | {"storage": store}):
        made = of(keys, {"in": {"heat_reuse": HEAT | {"heat_pump_inside": True}}}, boundary="life_cycle")
        one, base = made.outcomes["in"].figures, made.baseline.figures
        more_t = one["carbon_location_hourly_t"] - base["carbon_location_hourly_t"]
        assert one["carbon_heat_pump_t"] == near(more_t)
        assert one["water_heat_pump_m3"] == near(one["water_source_m3"] - base["water_source_m3"])


def test_waste_heat_is_not_beaten_by_a_hall_that_gives_none() -> None:
    place = COPENHAGEN | {"cooling": "direct_liquid"}
    made = of(place, {"heat": {"heat_reuse": HEAT}}, boundary="life_cycle")
    assert made.outcomes["heat"].figures["cost_per_year"] > made.baseline.figures["cost_per_year"]
    assert {"heat_delivered_mwh", "carbon_avoided_by_heat_t"} <= set(made.decisive)
    assert made.front(made.decisive) == ["baseline", "heat"]


def test_machines_that_serve_five_years_are_not_back_after_nine() -> None:
    # 43 M EUR that save 6.3 M a year: 9.1 years with interest, had they not to be bought anew after five.
    new: Keys = {
        "built": ["hall"],
        "load": {"mean_ratio": 0.33},
        "servers": {"nodes": 181, "capex_per_node": 239_000, "work_per_mwh_ratio": 1 / 0.33},
    }
    old = FRANKFURT | {"built": ["hall", "machines"], "servers": {"nodes": 1000, "capex_per_node": 0}}
    made = of(old, {"new": new})
    found = made.payoff("new").money
    assert found is not None
    assert 5 < float(found.extra_capex) / float(found.saving_per_year) < 10
    assert isinf(found.payback_years)
    assert isinf(found.simple_payback_years)
    assert any("never within its life" in line for line in payoff_lines(made, "new"))


def test_a_battery_is_paid_for_and_made_over_the_years_in_which_it_is_spent() -> None:
    store: Keys = {"battery_mwh": 20, "battery_mw": 10}
    made = of(COPENHAGEN | {"supply": {"solar_mw": 60}}, {"store": {"storage": store}}, boundary="life_cycle")
    one, base = made.outcomes["store"], made.baseline
    years = one.figures["battery_life_years"]
    assert years < 12  # cycled each day
    annuity = 0.06 / (1 - 1.06**-years)
    assert lines(one)["battery energy"] == near(250.03 * 20_000 * annuity)
    of_ten = compare(
        study(
            COPENHAGEN | {"supply": {"solar_mw": 60}},
            {"store": {"storage": store | {"battery_life_years": 10}}},
            boundary="life_cycle",
        )
    ).outcomes["store"]
    made_t = (one.figures["embodied_plant_t"] - base.figures["embodied_plant_t"]) * years
    assert made_t == near((of_ten.figures["embodied_plant_t"] - base.figures["embodied_plant_t"]) * 10)


def test_a_full_battery_is_no_gift() -> None:
    store: Keys = {"battery_mwh": 500, "battery_mw": 10}
    made = of(FRANKFURT, {"full": {"storage": store | {"start_ratio": 1.0}}, "cyclic": {"storage": store}})
    full, cyclic = (made.outcomes[name] for name in ("full", "cyclic"))
    # 500 MWh are given, less a twentieth, and put back, which takes a nineteenth more.
    assert float(full.hours["state_mwh"].iloc[-1]) == near(500)
    more_mwh = full.figures["import_mwh"] - cyclic.figures["import_mwh"]
    assert more_mwh == near(500 / 0.95 - 500 * 0.95)
    assert full.figures["cost_per_year"] > cyclic.figures["cost_per_year"]
    leaking: Keys = {"loss_ratio_per_h": 0.001, "start_ratio": 0.6}
    lossy = of(FRANKFURT, {"lossy": {"storage": store | leaking}}).outcomes["lossy"]
    assert float(lossy.hours["state_mwh"].iloc[-1]) == near(300)
    swept = sweep(
        study(
            FRANKFURT | {"storage": store | leaking},
            {},
            money=None,
            sweep={"over": {"supply.solar_mw": [0, 20]}},
        )
    )
    assert swept["import_mwh"][0] == near(lossy.figures["import_mwh"])


def test_where_the_grid_pays_own_power_is_given_up_for_it_as_far_as_the_connection_goes() -> None:
    noon = {"name": "noon", "price_per_mwh": -40, "hours": [12, 13]}
    grid: Keys = {"price_per_mwh": 80, "periods": [noon]}
    sun: Keys = {"supply": {"solar_mw": 30}, "storage": {"battery_mwh": 10, "battery_mw": 4}}
    made = of(
        FRANKFURT | sun | {"grid": grid},
        {
            "narrow": {"grid": grid | {"import_limit_mw": 6}},
            "sold": {"supply": {"solar_mw": 30, "surplus": "sold"}, "grid": grid | {"export_price_per_mwh": 10}},
            "at a loss": {"supply": {"solar_mw": 30, "surplus": "sold"}, "grid": grid | {"export_price_per_mwh": -10}},
        },
    )
    for name, most_mw in (("baseline", np.inf), ("narrow", 6.0), ("at a loss", np.inf)):
        outcome = made.outcomes[name]
        flows, price = outcome.year.flows, outcome.case.price_per_mwh
        assert price is not None
        paid = price == -40
        own = np.minimum(np.maximum(flows.load_mw - most_mw, 0.0), flows.clean_mw)  # what the line does not bring
        assert flows.import_mw[paid] == near((flows.load_mw + flows.charge_mw - own)[paid])
        assert outcome.year.curtailed_mw[paid] == near((flows.clean_mw - own)[paid])
        assert not flows.discharge_mw[paid & (flows.clean_mw > 0)].any()
        # What is imported is all that the bill knows: 80 a MWh, and 40 earned at noon.
        bill = 80 * flows.import_mw[~paid].sum() - 40 * flows.import_mw[paid].sum()
        assert lines(outcome)["grid, energy"] == near(float(bill))
        assert lines(outcome)["grid, export"] == near(0.0)
    sold = made.outcomes["sold"].year  # where what is left over earns, nothing is given up
    assert (sold.flows.import_mw * sold.export_mw).max() == near(0.0)
    assert sold.curtailed_mw.sum() == near(0.0)


def test_payback_and_the_cost_of_a_tonne_have_an_interval_of_draws_that_are_shared() -> None:
    # Short, Packey and Holt 1995 for a plant that is bought once: -ln(1 - d I / S) / ln(1 + d), never beyond its life.
    made = of(
        {"site": "de_frankfurt", "cooling": "air_chiller", "grid": {"price_per_mwh": 48}},
        {"sun": {"supply": {"solar_mw": 4}}},
        uncertainty={"draws": 60},
        money=EURO | {"discount_ratio": 0.06},
    )
    sun, base, found = made.outcomes["sun"].drawn, made.baseline.drawn, made.payoff("sun")
    invested, saved = sun["capex"] - base["capex"], base["running_per_year"] - sun["running_per_year"]
    rest = 1 - 0.06 * invested / saved
    years = np.where(rest > 0, -np.log(np.maximum(rest, 1e-9)) / np.log(1.06), np.inf)
    assert made.outcomes["sun"].account is not None
    (life_years,) = (one.lifetime_years for one in made.outcomes["sun"].account.assets if one.name == "solar")
    years[years > life_years] = np.inf
    emitted_t = [one["carbon_location_hourly_t"] + one["embodied_plant_t"] for one in (base, sun)]  # of the life cycle
    per_t = (sun["cost_per_year"] - base["cost_per_year"]) / (emitted_t[0] - emitted_t[1])
    drawn = found.drawn
    assert drawn is not None
    assert 0 < drawn.payback_ratio == np.mean(years < np.inf) < 1  # some draws never pay
    assert drawn.payback_p5_years == near(sorted(years)[2])  # the third of sixty, of which a twentieth are three
    assert isinf(drawn.payback_p95_years)
    assert drawn.abated_ratio == 1
    ends = drawn.abatement_cost_p5_per_t, drawn.abatement_cost_p95_per_t
    assert ends == near((sorted(per_t)[2], sorted(per_t)[56]))
    told = " ".join(payoff_lines(made, "sun"))
    assert f"to never within its life; in {drawn.payback_ratio:.0%} of the draws)" in told
    assert f"(5 - 95 %: {ends[0]:,.0f} to {ends[1]:,.0f})" in told
    assert document_of(made)["payoffs"]["sun"]["drawn"]["payback_p95_years"] is None


def test_a_draw_in_which_nothing_is_saved_has_no_cost_of_a_tonne() -> None:
    dearer = {"other_capex": 1000, "grid": {"price_per_mwh": 101}}
    drawn = of(FRANKFURT, {"dearer": dearer}, uncertainty={"draws": 5}).payoff("dearer").drawn
    assert drawn is not None
    assert (drawn.abated_ratio, drawn.abatement_cost_p5_per_t) == (0.0, None)
    assert (drawn.payback_ratio, isinf(drawn.payback_p5_years)) == (0.0, True)


def test_a_pue_is_not_measured_at_another_cooling() -> None:
    measured = FRANKFURT | {"pue": 1.3}
    for change in ({"cooling": "direct_liquid"}, {"warming_k": 3}, {"site": "se_lulea"}):
        with pytest.raises(StudyError, match=r"the baseline's pue of 1\.3 was measured without this"):
            study(measured, {"other": change})
        stated = of(measured, {"own": change | {"pue": 1.2}, "model": change | {"pue": None}})
        assert stated.outcomes["own"].figures["pue"] == near(1.2)
        assert stated.outcomes["model"].figures["pue"] not in (near(1.3), near(1.2))
    assert of(measured, {"sun": {"supply": {"wind_mw": 1}}}).baseline.figures["pue"] == near(1.3)
    with pytest.raises(StudyError, match="measured at one of these alone"):
        study(measured, {}, sweep={"over": {"warming_k": [0, 2]}})


def test_the_grid_calls_at_the_highest_load_where_every_hour_costs_the_same() -> None:
    load: Keys = {"profile": "inference", "curtailable_ratio": 1.0, "curtailed_hours": 100}
    plain, called = (of(FRANKFURT | {"load": one}, {}).baseline for one in ({"profile": "inference"}, load))
    asked_mw, left_mw = plain.year.it_mw, called.year.it_mw
    spared = left_mw < 1e-6
    assert spared.sum() == 100
    assert asked_mw[spared].min() >= asked_mw[~spared].max()


def test_a_hall_that_is_almost_empty_keeps_its_overhead() -> None:
    at = {ratio: of(FRANKFURT | {"load": {"mean_ratio": ratio}}, {}).baseline.figures for ratio in (0.01, 0.005, 0.001)}
    above = {ratio: one["facility_energy_mwh"] - one["it_energy_mwh"] for ratio, one in at.items()}
    assert above[0.005] == near(above[0.01])
    assert above[0.001] == near(above[0.01])
    idle = of(FRANKFURT | {"load": {"curtailable_ratio": 1.0, "curtailed_hours": 1000}}, {}).baseline
    off = idle.year.it_mw < 1e-6
    assert idle.year.flows.load_mw[off].min() > 0.0
    assert np.isfinite(idle.figures["pue"])


def test_no_load_at_all_is_refused() -> None:
    never: Keys = {"curtailable_ratio": 1.0, "curtailed_hours": 8760}
    with pytest.raises(StudyError, match="it is 0 in every hour"):
        of(FRANKFURT | {"load": never}, {})


def test_a_clock_that_is_ahead_has_twelve_months() -> None:
    place = {"site": "au_sydney", "cooling": "direct_liquid"}
    grid = {"price_per_mwh": 0, "demand_per_mw_month": 1000, "time_zone": "Australia/Sydney"}
    made = of(place | {"grid": grid}, {}, boundary="life_cycle")
    calendar: Calendar = made.baseline.case.place.calendar
    drawn_mw, months = made.baseline.year.flows.import_mw, calendar.month_index
    assert months[0] == months[-1]
    assert len(monthly_peaks_mw(drawn_mw, calendar)) == 12
    by_month = sum(float(drawn_mw[months == month].max()) for month in range(12))
    assert lines(made.baseline)["grid, demand"] == near(1000 * by_month)


def test_market_based_carbon_without_a_residual_mix_is_told() -> None:
    made = of(FRANKFURT, {}, boundary="life_cycle")
    assert any("No residual mix of DE" in note for note in made.baseline.notes)
    shanghai: Keys = {"site": "cn_shanghai", "cooling": "air_chiller"}
    known = of(shanghai, {}, money=None).baseline
    assert not any("No residual mix" in note for note in known.notes)
    # 0.6096 kg/kWh without traded non-fossil power (MEE and NBS, notice 2025 no. 47).
    assert [one.value for one in known.evidence if one.value in {609.6, 0.6096}] != []


def test_every_price_and_every_making_that_was_used_has_its_evidence() -> None:
    keys = COPENHAGEN | {"cooling": "direct_liquid", "heat_reuse": HEAT, "supply": {"solar_mw": 5}}
    keys |= {"storage": {"battery_mwh": 5, "battery_mw": 1}, "grid": {}}
    made = of(keys, {}, boundary="life_cycle", money=EURO | {"carbon_market": "EUA"})
    told = " | ".join(one.what for one in made.baseline.evidence)
    for what in (
        "price of electricity",
        "price of solar (DNK)",
        "price of carbon",
        "embodied: solar",
        "price of dgx_h100",
    ):
        assert what in told
    for what in ("fade of lfp", "gas boiler", "recoverable_ratio", "price of heat pump"):
        assert what in told
    stated = of(keys | {"supply": {"solar_mw": 5, "solar_capex_per_kw": 500}, "grid": {"price_per_mwh": 90}}, {})
    assert not any("price of solar" in one.what or "electricity" in one.what for one in stated.baseline.evidence)


def test_scarcity_on_site_needs_no_water_factor_of_the_stations() -> None:
    made = of(FRANKFURT | {"cooling": "water_chiller"}, {}).baseline
    place = made.case.place
    unknown = replace(place, site=replace(place.site, ewif_l_per_kwh=None))
    found = dict(water_figures(replace(made.case, place=unknown), made.year, At()))
    assert "water_source_m3" not in found
    assert found["water_scarcity_onsite_m3"] == near(made.figures["water_scarcity_onsite_m3"])
    assert found["water_scarcity_onsite_m3"] > 0.0
