"""The formulas of facility, water, grid and embodied emissions, against published worked examples."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.embodied import embodied_share_g, machine_parts, usual_lifetime_years
from dcfoot.facility import facility_energy_kwh
from dcfoot.grid import emissions_g
from dcfoot.measurement import Machine
from dcfoot.reading import Basis
from dcfoot.units import G_PER_KG, H_PER_YEAR, KG_PER_LB
from dcfoot.water import water_offsite_l, water_onsite_l
from simulated.near import near
from simulated.reference import vectors

KWH_PER_MWH = 1000.0
G_PER_T = 1e6


def example(name: str) -> dict[str, Any]:
    return next(entry for entry in vectors("worked_examples") if entry["id"] == name)


def footprints(prefix: str) -> list[dict[str, Any]]:
    return [row for row in vectors("training_footprints")["rows"] if row["id"].startswith(prefix)]


def test_water_and_carbon_of_a_prompt_as_published() -> None:
    # Jegham et al. 2025, arXiv:2505.09598: the energy is already multiplied by PUE, water on site goes with E / PUE.
    told = example("jegham_formula")
    given_, expected = told["inputs"], told["expected"]
    it_kwh = given_["wh"] / given_["pue"] / 1000
    facility_kwh = facility_energy_kwh(it_kwh, given_["pue"])
    water_l = water_onsite_l(it_kwh, given_["wue_on"]) + water_offsite_l(facility_kwh, given_["wue_off"])
    assert water_l * 1000 == near(expected["water_ml"], rel=1e-4)
    assert emissions_g(facility_kwh, given_["ci"] * 1000) == near(expected["gco2e"], rel=1e-3)


def test_the_prompts_of_half_a_litre_in_nine_places() -> None:
    # Li et al. 2025, table 1: on-site water goes with the server's energy, source water with that times PUE.
    table = vectors("water_gpt3_li_ren")
    energy_kwh = table["inputs"]["request_server_energy_kwh"]
    assert len(table["rows"]) == 9
    for row in table["rows"]:
        onsite_ml = 1000 * water_onsite_l(energy_kwh, row["wue_onsite"])
        offsite_ml = 1000 * water_offsite_l(facility_energy_kwh(energy_kwh, row["pue"]), row["ewif"])
        assert onsite_ml == near(row["request"]["onsite_mL"], abs=table["tolerance_abs"]["mL"])
        assert offsite_ml == near(row["request"]["offsite_mL"], abs=table["tolerance_abs"]["mL"])
        assert 500 / (onsite_ml + offsite_ml) == near(
            row["request"]["requests_per_500mL"], abs=table["tolerance_abs"]["requests"]
        )


def test_the_water_behind_all_us_data_centres() -> None:
    # Shehabi et al. 2024: 176 TWh at the facilities' meters, 4.52 L/kWh, 0.34 kg/kWh.
    told = vectors("water_models")["lbnl2024_consistency"]
    kwh = told["inputs"]["us_dc_twh_2023"] * 1e9
    gigalitres = water_offsite_l(kwh, told["inputs"]["ewif"]) / 1e9
    assert gigalitres == near(told["expected"]["indirect_water_GL"], rel=1e-3)
    assert emissions_g(kwh, told["inputs"]["ci"] * 1000) / 1e12 == near(told["expected"]["emissions_mt"], rel=1e-2)


def test_a_prompt_of_gemini_has_its_overhead_once() -> None:
    # Elsworth et al. 2025: accelerators, host and idle machines are the IT energy, PUE 1.09 gives the rest.
    told = example("gemini_prompt_2025")
    inputs = told["inputs"]
    it_wh = inputs["accelerator_wh"] + inputs["host_wh"] + inputs["idle_wh"]
    assert facility_energy_kwh(it_wh, inputs["pue"]) == near(told["expected"]["total_wh"], abs=0.01)


@pytest.mark.parametrize("prefix", ["patterson2021_t4"])
def test_energy_and_carbon_of_large_trainings_as_published(prefix: str) -> None:
    rows = footprints(prefix)
    assert len(rows) == 6
    for row in rows:
        one, expected, tolerance = row["inputs"], row["expected"], row["tolerance_rel"]
        it_kwh = one["days"] * 24 * one["chips"] * one["avg_system_power_w_per_chip"] / 1000
        facility_kwh = facility_energy_kwh(it_kwh, one["pue"])
        assert facility_kwh / KWH_PER_MWH == near(expected["energy_mwh"], rel=tolerance["energy_mwh"])
        tonnes = emissions_g(facility_kwh, one["ci_gross_kg_per_kwh"] * G_PER_KG) / G_PER_T
        assert tonnes == near(expected["gross_tco2e"], rel=tolerance["tco2e_end_to_end"])


def test_energy_and_carbon_of_strubells_table() -> None:
    for row in footprints("strubell2019"):
        one, expected = row["inputs"], row["expected"]
        facility_kwh = facility_energy_kwh(one["hours"] * one["power_w"] / 1000, one["pue"])
        assert facility_kwh == near(expected["kwh_times_pue"], rel=row["tolerance_rel"])
        grams = emissions_g(facility_kwh, one["ci_lb_per_kwh"] * KG_PER_LB * G_PER_KG)
        assert grams / G_PER_KG / KG_PER_LB == near(expected["co2e_lb"], rel=row["tolerance_rel"])


def test_the_embodied_share_of_the_specifications_examples() -> None:
    # ISO/IEC 21031:2024, Software Carbon Intensity.
    cases = [case for case in vectors("carbon_accounting")["sci_iso21031"] if "TE_kg" in case["inputs"]]
    assert len(cases) == 2
    for case in cases:
        one = case["inputs"]
        share_g = embodied_share_g(one["TE_kg"], one["TiR_h"], one["EL_h"], one["RR"] / one["ToR"])
        assert share_g == near(case["expected"]["M_g"], abs=case["tol_abs"])


def test_the_hardware_of_bloom() -> None:
    # Luccioni, Viguier and Ligozat 2023: 85 % of six years in use; servers of 8 GPUs.
    (bloom,) = footprints("bloom176b")
    given_, expected = bloom["inputs"]["embodied"], bloom["expected"]
    life_h = given_["lifetime_years"] * H_PER_YEAR * given_["avg_utilisation"]
    hours = bloom["inputs"]["gpu_hours"]
    servers_t = embodied_share_g(given_["server_kg"], hours, life_h, 1 / given_["gpus_per_server"]) / G_PER_T
    gpus_t = embodied_share_g(given_["gpu_kg"], hours, life_h, 1.0) / G_PER_T
    assert servers_t == near(expected["embodied_server_t"], rel=bloom["tolerance_rel"])
    assert gpus_t == near(expected["embodied_gpu_t"], rel=bloom["tolerance_rel"])


AMOUNTS = st.floats(0.0, 1e6)


@given(AMOUNTS, st.floats(1.0, 3.0), AMOUNTS, AMOUNTS)
def test_more_never_costs_less(it_kwh: float, pue: float, wue: float, more: float) -> None:
    assert facility_energy_kwh(it_kwh, pue) >= it_kwh
    assert water_onsite_l(it_kwh + more, wue) >= water_onsite_l(it_kwh, wue)
    assert water_offsite_l(it_kwh + more, wue) >= water_offsite_l(it_kwh, wue)
    assert emissions_g(it_kwh + more, wue) >= emissions_g(it_kwh, wue)


@given(AMOUNTS, st.floats(1.0, 2.0), st.floats(0.0, 10.0))
def test_water_on_site_does_not_know_the_pue(it_kwh: float, pue: float, wue: float) -> None:
    # The double count of a real tool: WUE x (IT energy x PUE).
    wrong_l = water_onsite_l(facility_energy_kwh(it_kwh, pue), wue)
    assert wrong_l == near(pue * water_onsite_l(it_kwh, wue), rel=1e-12, abs=1e-9)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=6), st.floats(1.0, 1e4))
def test_the_shares_of_a_machines_work_add_up_to_the_machine(parts: list[float], total_kg: float) -> None:
    whole = sum(parts) or 1.0
    shares = [embodied_share_g(total_kg, 35_040.0, 35_040.0, part / whole) for part in parts]
    assert sum(shares) == near(total_kg * G_PER_KG if sum(parts) else 0.0)


@pytest.mark.parametrize(
    ("name", "expected_kg"),
    [
        # NVIDIA's product carbon footprints: 1312 kg for an HGX H100 of 8, 2274 kg for an HGX B200 of 8.
        ("NVIDIA H100 80GB HBM3", 164.0),
        ("H100 PCIe", 164.0),
        ("NVIDIA H200", 164.0),
        ("NVIDIA B200", 284.0),
        # Falk et al. 2025, arXiv:2509.00093.
        ("NVIDIA A100-SXM4-80GB", 127.6),
        # Luccioni et al. 2022: what is assumed of any other.
        ("NVIDIA GeForce RTX 4090", 150.0),
        ("NVIDIA A10", 150.0),
        ("NVIDIA GH100X", 150.0),
    ],
)
def test_an_accelerator_is_known_by_its_name(name: str, expected_kg: float) -> None:
    parts = machine_parts(Machine(accelerators=(name,)), "server")
    assert parts is not None
    assert parts[1].each_kg.central == near(expected_kg)


def test_a_machine_is_a_base_and_its_accelerators() -> None:
    parts = machine_parts(Machine(accelerators=("NVIDIA H100 80GB HBM3",) * 8), "server_8gpu")
    assert parts is not None
    assert [(part.count, part.each_kg.central) for part in parts] == [(1, 2500.0), (8, 164.0)]
    assert parts[1].evidence.what.endswith("(x8)")
    assert all(part.evidence.source for part in parts)


@pytest.mark.parametrize("machine", [Machine(virtual=True), Machine(accelerators_known=False)])
def test_what_a_machine_is_made_of_is_not_known_of_one_that_cannot_be_seen(machine: Machine) -> None:
    assert machine_parts(machine, "server") is None


def test_the_usual_service_life_is_a_default_of_four_years() -> None:
    # Dell's and HPE's product carbon footprints; the SCI specification's own example.
    life = usual_lifetime_years()
    assert (life.spread.central, life.basis, life.evidence.unit) == (4.0, Basis.DEFAULT, "year")
