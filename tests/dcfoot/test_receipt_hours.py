"""A receipt stands on the hours of its run: PUE and water of a typical year, the grid's hours beside the year's."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dcfoot.account import receipt_of
from dcfoot.config import Settings
from dcfoot.footprint import Carbon
from dcfoot.measurement import Machine, Measurement, RunState
from dcfoot.quantity import Quantity
from dcfoot.reading import Basis, Domain
from dcfoot.receipt.contract import QuantityJson, ReceiptJson
from dcfoot.receipt.html import render as html
from dcfoot.receipt.markdown import render as markdown
from dcfoot.receipt.text import render as text
from dcfoot.site import resolve_site, world_site
from simulated.measurements import energy, gpu, measurement
from simulated.near import near

VALIDATOR: Any = Draft202012Validator(json.loads(files("dcfoot.receipt").joinpath("schema.json").read_text("utf-8")))
JANUARY, JULY = datetime(2026, 1, 14, 7, tzinfo=UTC), datetime(2026, 7, 14, 19, tzinfo=UTC)


def run(start: datetime, hours: float = 1.0) -> Measurement:
    """A run of 1 kWh at GPUs and 0.5 kWh at processors."""
    seconds = hours * 3600
    channels = (
        energy(gpu(), 3.6e6, 1.0, seconds),
        energy(gpu("package-0", domain=Domain.PACKAGE), 1.8e6, 1.0, seconds),
    )
    made = measurement("r-1", seconds, *channels)
    machine = Machine("AMD EPYC 7763", 1, 128, 256.0)
    end = start + timedelta(hours=hours)
    return replace(made, started_at=start, ended_at=end, state=RunState.COMPLETE, exit_status=0, machine=machine)


def receipt_at(site: str, start: datetime, hours: float = 1.0) -> ReceiptJson:
    made = receipt_of(run(start, hours), Settings(), resolve_site(site))
    VALIDATOR.validate(made)
    return made


def pue(receipt: ReceiptJson) -> QuantityJson:
    known = receipt["footprint"]["pue"]
    assert known is not None
    return known


def test_the_same_run_takes_more_in_july_than_in_january_and_says_by_what() -> None:
    winter, summer = (receipt_at("gcp-us-central1", start) for start in (JANUARY, JULY))
    assert pue(winter)["value"] < 1.1 < pue(summer)["value"]
    for receipt in (winter, summer):
        assert receipt["site"]["typical_year"] == "us_council_bluffs"
        assert pue(receipt)["basis"] == "modelled"
        facility, it = receipt["footprint"]["facility_energy_kwh"], receipt["footprint"]["it_energy_kwh"]
        assert facility is not None
        assert it is not None
        assert facility["value"] == near(it["value"] * pue(receipt)["value"])
        sources = {source["what"]: source["source"] for source in receipt["sources"]}
        assert "PUE (gcp-us-central1)" in sources
        assert "Council Bluffs IA" in sources["overhead (PUE - 1) at these hours of a typical year, over the year's"]


@pytest.mark.parametrize("render", [text, markdown, html])
def test_a_receipt_says_which_inputs_make_its_intervals(render: Callable[[ReceiptJson], str]) -> None:
    receipt = receipt_at("us-tx", JULY)
    told = [(one["quantity"], one["input"]) for one in receipt["what_matters"]]
    # The chips are metered; the way to the wall, the survey's PUE and the nation's EWIF are not known well.
    assert ("water", "site.ewif") in told
    assert {quantity for quantity, _ in told} == {"carbon", "water"}
    shown = " ".join(render(receipt).split())
    assert "What makes the intervals: of carbon " in shown
    assert "of power stations" in shown


def test_consumption_stands_beside_what_is_taken_in_and_weighted_by_scarcity() -> None:
    receipt = receipt_at("us-tx", JULY)
    amounts = receipt["footprint"]
    onsite, offsite = amounts["water_onsite_l"], amounts["water_offsite_l"]
    consumed, weighted = amounts["water_onsite_consumed_l"], amounts["water_world_equivalent_m3"]
    assert onsite
    assert offsite
    assert consumed
    assert weighted
    # Five cycles of concentration let 80 % evaporate; AWARE 2.0 has 11.3 m3 world-eq/m3 in the US.
    assert consumed["value"] == near(0.8 * onsite["value"])
    assert weighted["value"] == near((consumed["value"] + offsite["value"]) * 11.3 / 1000)
    assert any(source["what"].startswith("water scarcity (AWARE)") for source in receipt["sources"])
    # EIA's national mean of what power stations withdraw; the terminal's receipt stays short.
    withdrawn, facility = amounts["water_offsite_withdrawn_l"], amounts["facility_energy_kwh"]
    assert withdrawn
    assert facility
    assert withdrawn["value"] == near(43.83 * facility["value"])
    assert withdrawn["value"] > offsite["value"]
    assert "L world-eq" in markdown(receipt)
    assert "water withdrawn for its silicon" in markdown(receipt)
    assert "AWARE)  " not in text(receipt)


def test_of_a_nation_whose_power_stations_nobody_counts_withdrawal_is_not_known() -> None:
    assert receipt_at("france", JULY)["footprint"]["water_offsite_withdrawn_l"] is None


def silicon_l(*accelerators: str) -> float | None:
    """The share of an hour in the water of these accelerators' silicon."""
    machine = Machine("AMD EPYC 7763", 1, 128, 256.0, accelerators=accelerators)
    receipt = receipt_of(replace(run(JULY), machine=machine), Settings(), resolve_site("us-tx"))
    assert any(one["what"] == "water withdrawn to make silicon" for one in receipt["sources"]) == any(accelerators)
    found = receipt["footprint"]["water_embodied_l"]
    return found and found["value"]


def test_a_run_carries_its_share_of_the_water_that_the_silicon_took() -> None:
    # By hand: 161 L a wafer and layer, 87 layers, 706.9 cm2 a wafer, 87.5 % of dies good; an hour of four years.
    l_per_cm2 = 161.0 * 87.0 / 706.9 / 0.875 / (4 * 8760)
    assert silicon_l("NVIDIA A100-SXM4-40GB") == near(49.66 * l_per_cm2, rel=1e-3)
    # Each H100 has 814 mm2, half a switch of 294 mm2 and five stacks of 990 mm2.
    assert silicon_l("NVIDIA H100 80GB HBM3", "NVIDIA H100 80GB HBM3") == near(2 * 59.11 * l_per_cm2, rel=1e-3)


@pytest.mark.parametrize("accelerators", [(), ("NVIDIA L4",), ("NVIDIA A100-SXM4-40GB", "NVIDIA L4")])
def test_of_silicon_whose_area_is_not_known_no_water_is_told(accelerators: tuple[str, ...]) -> None:
    machine = Machine("AMD EPYC 7763", 1, 128, 256.0, accelerators=accelerators)
    receipt = receipt_of(replace(run(JULY), machine=machine), Settings(), resolve_site("us-tx"))
    assert receipt["footprint"]["water_embodied_l"] is None


def test_of_the_world_no_scarcity_is_known() -> None:
    assert receipt_of(run(JULY), Settings(), world_site())["footprint"]["water_world_equivalent_m3"] is None


def test_a_run_of_a_whole_year_has_the_published_figure() -> None:
    # Google publishes 1.1 for its campus in Iowa.
    assert pue(receipt_at("gcp-us-central1", datetime(2025, 1, 1, tzinfo=UTC), 8760))["value"] == near(1.1, abs=5e-4)


@pytest.mark.parametrize("site", ["fr", "cn-guangdong", "gcp", "desk"])
def test_where_no_climate_is_known_the_receipt_has_the_years_pue(site: str) -> None:
    one, two = (receipt_at(site, start) for start in (JANUARY, JULY))
    assert one["site"]["typical_year"] is None
    assert pue(one) == pue(two)


def test_without_a_site_nothing_is_of_the_hour() -> None:
    made = receipt_of(run(JULY), Settings(), world_site(chosen=False))
    assert [carbon["hourly"] for carbon in made["footprint"]["carbon"]] == [None]


def test_the_grids_hour_stands_beside_the_years_factor_which_stays_the_receipts_figure() -> None:
    # California at noon and at night in April: the year's figure is the same, the hour's is not.
    noon, night = (
        receipt_at("us-ca", datetime(2026, 4, 15, hour, tzinfo=UTC))["footprint"]["carbon"] for hour in (20, 8)
    )
    for sun, dark in zip(noon, night, strict=True):
        assert sun["value_g"] == near(dark["value_g"])
        assert sun["hourly"] is not None
        assert dark["hourly"] is not None
        assert sun["hourly"]["value_g"] < 0.7 * dark["hourly"]["value_g"]
        assert sun["hourly"]["p5_g"] <= sun["hourly"]["value_g"] <= sun["hourly"]["p95_g"]
        assert "shaped by month and hour" in sun["hourly"]["source"]


def test_chinas_carbon_has_no_hours() -> None:
    carbon = receipt_at("cn-guangdong", JULY)["footprint"]["carbon"]
    assert len(carbon) >= 2
    assert [one["hourly"] for one in carbon] == [None] * len(carbon)


@pytest.mark.parametrize("render", [text, markdown, html])
def test_every_rendering_says_that_it_is_a_typical_year_and_what_is_by_the_hour(render: Callable[..., str]) -> None:
    assert "PUE at these hours (typical year)" in render(receipt_at("gcp-us-south1", JULY))
    assert "CO2e direct, by the hour" in render(receipt_at("gcp-us-south1", JULY))
    assert "本时段 PUE（典型年）" in render(receipt_at("gcp-us-south1", JULY), lang="zh")  # noqa: RUF001 - Chinese
    assert "typical year" not in render(receipt_at("fr", JULY))


def test_two_runs_carbon_by_the_hour_adds_up_and_is_not_known_where_one_is_not() -> None:
    yearly, hourly = Quantity(2, 1, 3, Basis.MODELLED), Quantity(1, 0.5, 2, Basis.MODELLED)
    one = Carbon("location", "direct", "CO2", 2023, yearly, "X", "s", verified=True, hourly_g=hourly, hourly_source="h")
    assert (one + one).hourly_g == Quantity(2, 1, 4, Basis.MODELLED)
    assert (one + one).hourly_source == "h"
    assert (one + replace(one, hourly_g=None)).hourly_g is None


def test_every_source_of_a_receipt_says_its_licence_where_it_is_known() -> None:
    licences = {source["what"]: source["licence"] for source in receipt_at("gcp-us-central1", JULY)["sources"]}
    # Ember publishes under CC BY 4.0, the EPA's figures are in the public domain.
    assert "CC BY 4.0" in licences["grid factor USA: life_cycle CO2e, average"]
    assert licences["grid factor US-MROW: direct CO2e, average"] == "US public domain"
    assert "licence: US public domain" in markdown(receipt_at("gcp-us-central1", JULY))


def test_a_site_of_the_users_own_with_climate_and_cooling_needs_no_numpy(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    path.write_text('[sites.lab]\nclimate = "Guiyang"\ncooling = "direct_liquid"\n', encoding="utf-8")
    code = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path;"
        "from dcfoot.site import resolve_site; from dcfoot.site_hours import at_run;"
        "now = datetime(2026, 7, 1, tzinfo=UTC); site = resolve_site('lab', user_sites=Path(sys.argv[1]));"
        "assert at_run(site, now, now).hours_evidence; sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 0
