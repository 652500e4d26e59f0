"""The JSON receipt keeps its contract, whatever was measured and whatever followed from it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from typing import Any, cast

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from dcfoot.assessment import assess
from dcfoot.evidence import Evidence
from dcfoot.footprint import Footprint
from dcfoot.measurement import Machine, Measurement, RunState
from dcfoot.quantity import Quantity
from dcfoot.reading import Basis, Domain
from dcfoot.receipt.build import receipt
from dcfoot.receipt.contract import ReceiptJson
from dcfoot.receipt.equivalents import equivalents
from dcfoot.receipt.reader import dumps, loads
from dcfoot.site import Site, resolve_site
from simulated.footprints import FOOTPRINTS, SITES
from simulated.measurements import MEASUREMENTS, energy, gpu, measurement
from simulated.near import near
from simulated.receipts import ALL

VALIDATOR: Any = Draft202012Validator(json.loads(files("dcfoot.receipt").joinpath("schema.json").read_text("utf-8")))

MACHINE = Machine("AMD EPYC 7763", 1, 128, 256.0)


def run(share: float = 1.0, **changes: object) -> Measurement:
    """An hour of 1 kWh of a GPU and 0.5 kWh of a CPU, of which the run has `share`."""
    channels = (
        energy(gpu(), 3.6e6, share, 3600.0),
        energy(gpu("package-0", domain=Domain.PACKAGE), 1.8e6, share, 3600.0),
    )
    made = replace(measurement("r-1", 3600.0, *channels), state=RunState.COMPLETE, exit_status=0, machine=MACHINE)
    return replace(made, **changes)  # type: ignore[arg-type]


def receipt_at(site: Site, measured: Measurement, *, whole_node: bool = False) -> ReceiptJson:
    return receipt(measured, assess(measured, site, whole_node=whole_node), site, whole_node=whole_node)


def quantities(value: object) -> Iterator[dict[str, float]]:
    """Everything with an interval, at any depth, as value, p5 and p95."""
    if isinstance(value, dict):
        held = cast("dict[str, object]", value)
        for keys in (("value", "p5", "p95"), ("value_g", "p5_g", "p95_g"), ("energy_kwh", "p5_kwh", "p95_kwh")):
            known = [held.get(key) for key in keys]
            if all(isinstance(figure, float | int) for figure in known):
                yield dict(zip(("value", "p5", "p95"), cast("list[float]", known), strict=True))
        yield from (found for inner in held.values() for found in quantities(inner))
    elif isinstance(value, list):
        yield from (found for inner in cast("list[object]", value) for found in quantities(inner))


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(VALIDATOR.schema)


@settings(max_examples=60)
@given(MEASUREMENTS, FOOTPRINTS, SITES)
def test_any_run_at_any_site_makes_a_receipt_that_its_schema_accepts(
    measured: Measurement, footprint: Footprint, site: Site
) -> None:
    made = receipt(measured, footprint, site)
    VALIDATOR.validate(json.loads(dumps(made)))
    assert all(q["p5"] <= q["value"] <= q["p95"] for q in quantities(made))


@pytest.mark.parametrize("make", ALL.values(), ids=ALL.keys())
def test_the_samples_that_the_renderers_are_tested_with_are_receipts(make: Callable[[], ReceiptJson]) -> None:
    VALIDATOR.validate(make())


@pytest.mark.parametrize(("country", "region"), [(None, None), ("fr", None), ("cn", "guangdong")])
def test_a_real_assessment_makes_a_receipt_that_its_schema_accepts(country: str | None, region: str | None) -> None:
    made = receipt_at(resolve_site(None, country, region), run())
    VALIDATOR.validate(json.loads(dumps(made)))
    assert made["site"]["chosen"] == (country is not None)


def test_the_schema_refuses_an_interval_without_its_basis_and_a_rung_that_is_half_known() -> None:
    made = json.loads(dumps(receipt_at(resolve_site(), run())))
    del made["footprint"]["pue"]["basis"]
    assert not VALIDATOR.is_valid(made)
    made = json.loads(dumps(receipt_at(resolve_site(), run())))
    made["ladder"][0]["basis"] = None
    assert not VALIDATOR.is_valid(made)


def test_the_keys_of_the_contract_are_all_there() -> None:
    # As the contract lists them; more may be added, none of these may go.
    made = receipt_at(resolve_site(), run())
    assert {"schema", "run", "site", "channels", "ladder", "footprint", "overhead", "sources", "warnings"} <= set(made)
    assert {
        "id",
        "name",
        "command",
        "host",
        "started_at",
        "ended_at",
        "duration_s",
        "exit_status",
        "state",
    } <= set(made["run"])
    assert {
        "domain",
        "device",
        "name",
        "method",
        "basis",
        "energy_j",
        "attributed_energy_j",
        "average_power_w",
        "coverage_ratio",
    } <= set(made["channels"][0])
    assert [rung["rung"] for rung in made["ladder"]] == ["accelerator", "host", "node", "facility"]
    assert set(made["overhead"]) == {"cpu_s", "rss_bytes"}


def test_a_channel_says_its_average_power_over_the_time_that_it_was_known() -> None:
    # 3.6 MJ in 1800 of 3600 s: 2000 W while known, half of the run covered.
    half = receipt_at(resolve_site(), run(channels=(energy(gpu(), 3.6e6, 1.0, 1800.0),)))["channels"][0]
    assert half["average_power_w"] == near(2000.0)
    assert half["coverage_ratio"] == near(0.5)


def test_a_meter_that_never_answered_has_no_average_power() -> None:
    never = receipt_at(resolve_site(), run(channels=(energy(gpu(), 0.0, 1.0, 0.0),)))["channels"][0]
    assert never["average_power_w"] is None
    assert never["coverage_ratio"] == 0.0


def test_the_receipt_says_whether_the_ladder_stands_on_the_share_or_the_whole_node() -> None:
    site = resolve_site()
    share, whole = receipt_at(site, run(0.25)), receipt_at(site, run(0.25), whole_node=True)
    assert (share["ladder_basis"], whole["ladder_basis"]) == ("share", "whole_node")
    assert share["ladder"][0]["energy_kwh"] == near(0.25)
    assert whole["ladder"][0]["energy_kwh"] == near(1.0)


def test_what_is_not_a_number_is_not_known() -> None:
    footprint = assess(run(), resolve_site())
    broken = replace(footprint, pue=Quantity(float("nan"), 1.0, 2.0, Basis.DEFAULT))
    assert receipt(run(), broken, resolve_site())["footprint"]["pue"] is None


def test_times_are_utc_whatever_zone_they_come_in() -> None:
    start = datetime(2026, 11, 24, 16, 15, tzinfo=timezone(timedelta(hours=8)))
    made = receipt_at(resolve_site(), run(started_at=start, ended_at=start + timedelta(hours=1)))
    assert made["run"]["started_at"] == "2026-11-24T08:15:00.000Z"
    assert datetime.fromisoformat(made["run"]["ended_at"]) == datetime(2026, 11, 24, 9, 15, tzinfo=UTC)


def test_an_argument_that_is_not_utf8_becomes_text_that_every_reader_takes() -> None:
    made = receipt_at(resolve_site(), run(command=("cat", b"\xff.txt".decode("utf-8", "surrogateescape"))))
    assert json.loads(dumps(made).encode())["run"]["command"] == ["cat", "\\udcff.txt"]


def test_a_warning_is_said_once() -> None:
    made = receipt_at(resolve_site(country="fr"), run(warnings=("twice", "twice")))
    assert made["warnings"].count("twice") == 1


def test_the_note_of_a_source_stays_with_it() -> None:
    noted = Evidence("WUE", 0.36, "L/kWh", 2023, "LBNL-2001637", verified=True, note="US average")
    footprint = replace(assess(run(), resolve_site()), evidence=(noted,))
    source = receipt(run(), footprint, resolve_site())["sources"][0]
    assert (source["source"], source["verified"]) == ("LBNL-2001637 (US average)", True)


def test_a_receipt_survives_being_written_and_read() -> None:
    made = receipt_at(resolve_site(country="fr"), run())
    assert loads(json.loads(dumps(made)), "here") == made


def test_equivalents_are_the_amount_divided_by_what_one_takes() -> None:
    made = receipt_at(resolve_site(country="cn"), run())
    energy_kwh = made["footprint"]["facility_energy_kwh"]
    assert energy_kwh is not None
    per_kwh = {"boiled_l": 1 / 0.1, "boiled_ml": 1000 / 0.1, "phone_charge": 1 / 0.015, "household_day": 365 / 3525}
    of_energy = [e for e in made["equivalents"] if e["quantity"] == "facility_energy_kwh"]
    assert len(of_energy) == 2
    for like in of_energy:
        assert like["value"] == near(energy_kwh["value"] * per_kwh[like["what"]])
        assert like["basis"] == energy_kwh["basis"]
        assert like["source"]


def test_carbon_is_compared_with_the_same_gas() -> None:
    # A car's 0.175 kg CO2/km for the direct factor of China, 0.16152 kg CO2e/km for a life-cycle factor.
    direct = receipt_at(resolve_site(country="cn"), run())
    car = next(e for e in direct["equivalents"] if e["quantity"] == "carbon")
    shown = next(c for c in direct["footprint"]["carbon"] if (c["method"], c["boundary"]) == ("location", "direct"))
    assert car["each_unit"] == "kg CO2/km"
    assert car["value"] * (175.0 if car["what"] == "car_km" else 0.175) == near(shown["value_g"])
    life_cycle = receipt_at(resolve_site(country="fr"), run())
    assert next(e for e in life_cycle["equivalents"] if e["quantity"] == "carbon")["each_unit"].endswith("CO2e/km")


def test_next_to_nothing_is_compared_with_nothing() -> None:
    # 0.36 J are 0.0001 Wh: a thousandth of a millilitre of boiling water, some micrograms of carbon.
    made = receipt_at(resolve_site(country="cn"), run(channels=(energy(gpu(), 0.36, 1.0, 0.001),), duration_s=0.001))
    assert made["equivalents"] == []


def test_nothing_is_compared_where_nothing_is_known() -> None:
    unknown = receipt_at(resolve_site(), run(channels=()))
    assert unknown["equivalents"] == []
    assert equivalents(unknown["footprint"]) == []
