"""A site by its own meters: what they say of a run's hours goes before the model, and receipts say so."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from dcfoot.account import receipt_of
from dcfoot.cli import main
from dcfoot.config import Settings
from dcfoot.errors import ConfigError
from dcfoot.evidence import Fact
from dcfoot.facility_draws import Hall
from dcfoot.measurement import Machine, Measurement, RunState
from dcfoot.reading import Basis, Domain
from dcfoot.receipt.contract import QuantityJson, ReceiptJson
from dcfoot.receipt.text import render
from dcfoot.site import Site
from dcfoot.site_file import read_sites
from dcfoot.site_hours import at_run
from dcfoot.site_year import hall_state
from dcfoot.weather import find_climate, typical_year
from simulated.measurements import energy, gpu, measurement
from simulated.near import near

START = datetime(2026, 7, 14, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
DEVICES = {"gpu-0": Domain.GPU, "package-0": Domain.PACKAGE}
HEAD = "time,facility_power_kw,it_power_kw,water_l\n"
PLACE = 'country = "FR"\nclimate = "Paris"\ncooling = "water_chiller"\n'


def site_of(folder: Path, keys: str, rows: Sequence[str] = ()) -> Site:
    (folder / "meters.csv").write_text(HEAD + "\n".join(rows), encoding="utf-8")
    (folder / "sites.toml").write_text(f"[sites.lab]\n{keys}", encoding="utf-8")
    return read_sites(folder / "sites.toml")["lab"]


def metered(folder: Path, *facility_kw: float, meter: str = 'meter = "meters.csv"') -> Site:
    """A site whose meters saw 100 kW of IT and 40 L an hour from `START` on."""
    rows = [f"{START + i * HOUR:%Y-%m-%dT%H:%MZ},{kw},100,40" for i, kw in enumerate(facility_kw)]
    return site_of(folder, f"{PLACE}{meter}\n", rows)


def run(start: datetime, hours: float) -> Measurement:
    seconds = hours * 3600
    channels = (energy(gpu(name, domain=of), 3.6e6, 1.0, seconds) for name, of in DEVICES.items())
    made = measurement("r-1", seconds, *channels)
    machine = Machine("AMD EPYC 7763", 1, 128, 256.0)
    end = start + hours * HOUR
    return replace(made, started_at=start, ended_at=end, state=RunState.COMPLETE, exit_status=0, machine=machine)


def receipt_at(site: Site, start: datetime = START, hours: float = 1.0) -> ReceiptJson:
    return receipt_of(run(start, hours), Settings(), site)


def pue(receipt: ReceiptJson) -> QuantityJson:
    known = receipt["footprint"]["pue"]
    assert known is not None
    return known


def known(fact: Fact | None) -> Fact:
    assert fact is not None
    return fact


def test_a_runs_hours_that_the_meters_hold_are_measured_and_the_file_is_named(tmp_path: Path) -> None:
    receipt = receipt_at(metered(tmp_path, 130, 150), START + HOUR / 2, 1.0)
    # Half an hour at 1.3 and half an hour at 1.5; two meters of 1 % each.
    assert (pue(receipt)["value"], pue(receipt)["basis"]) == (near(1.4), "measured")
    assert pue(receipt)["p95"] - pue(receipt)["value"] == near(1.4 * 0.01 * 2**0.5, rel=0.05)
    water, it = receipt["footprint"]["water_onsite_l"], receipt["footprint"]["it_energy_kwh"]
    assert water is not None
    assert it is not None
    assert water["value"] == near(0.4 * it["value"])  # 40 L for 100 kWh
    sources = {source["what"]: source["source"] for source in receipt["sources"]}
    assert "meters.csv" in sources["PUE at these hours, metered"]
    assert not any("typical year" in what for what in sources if what.startswith(("overhead", "WUE")))
    assert "PUE at these hours (its meters)" in render(receipt)


def test_where_the_meters_end_the_model_goes_on(tmp_path: Path) -> None:
    site = metered(tmp_path, 150)
    modelled = known(at_run(site, START, START + 2 * HOUR).pue).spread.central
    receipt = receipt_at(site, START, 2.0)
    assert (pue(receipt)["value"], pue(receipt)["basis"]) == (near((1.5 + modelled) / 2), "modelled")
    notes = [source["source"] for source in receipt["sources"] if source["what"] == "PUE at these hours, metered"]
    assert "50% of the run's time" in notes[0]


def test_a_run_that_the_meters_do_not_hold_is_modelled_and_says_so(tmp_path: Path) -> None:
    site = metered(tmp_path, 150)
    receipt = receipt_at(site, START - 48 * HOUR)
    assert pue(receipt)["value"] == near(known(at_run(site, START - 48 * HOUR, START - 47 * HOUR).pue).spread.central)
    assert any("meters.csv does not hold the hours of this run" in warning for warning in receipt["warnings"])


def test_it_power_behind_the_ups_counts_the_loss_of_distribution_as_overhead(tmp_path: Path) -> None:
    site = metered(tmp_path, 130, meter='meter = {file = "meters.csv", category = "PUE1"}')
    # A large hall loses 1 % in distribution (Lei and Masanet's range is 0 to 2 %).
    assert pue(receipt_at(site))["value"] == near(1.3 * 1.01)


@pytest.mark.parametrize("row", ["2026-07-14T10:00Z,100,130,1", "2026-07-14T10:00Z,much,100,1"])
def test_meters_that_cannot_be_used_cost_a_warning_and_never_the_receipt(tmp_path: Path, row: str) -> None:
    receipt = receipt_at(site_of(tmp_path, f'{PLACE}meter = "meters.csv"\n', [row]))
    assert pue(receipt)["basis"] == "modelled"
    assert any(warning.startswith("The facility's meters are left out.") for warning in receipt["warnings"])


# A PUE that was stated of a period, in a category.


def test_over_its_own_period_a_stated_pue_holds(tmp_path: Path) -> None:
    keys = f"{PLACE}pue = {{value = 1.3, start = 2025-06-01, end = 2025-08-31}}\n"
    site = site_of(tmp_path, keys)
    summer, end = datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 9, 1, tzinfo=UTC)
    assert known(at_run(site, summer, end).pue).spread.central == near(1.3)
    # Chillers lift least in winter: the year's is lower than the summer's.
    assert known(site.pue).spread.central < 1.3
    assert known(site.pue).basis is Basis.MODELLED
    assert known(site.pue).evidence.note == "stated by the user, PUE3, of 2025-06-01 to 2025-08-31"


def test_a_stated_pue_of_category_1_is_higher_at_the_equipment(tmp_path: Path) -> None:
    found = known(site_of(tmp_path, 'pue = {value = 1.3, category = "PUE1"}\n').pue).spread
    # 1.30 times 1.01, 1.00 to 1.02 (Lei and Masanet 2022, large sites).
    assert (found.p5, found.central, found.p95) == near((1.3, 1.313, 1.326))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('meter = "nowhere.csv"', "2: sites.lab.meter: there is no file"),
        ("meter = 3", "2: sites.lab.meter: must be the name of a file, {file, category} or {live, category}, not 3"),
        ('meter = {file = "meters.csv", category = "PUE4"}', "category must be one of PUE1, PUE2, PUE3, not 'PUE4'"),
        ("pue = {value = 1.3, start = 2025-06-01}", "2: sites.lab.pue: start and end must be two dates in order"),
        ("pue = {value = 1.3, start = 2025-06-01, end = 2025-05-01}", "start and end must be two dates in order"),
    ],
)
def test_faults_of_meters_and_periods_are_told_with_their_line(tmp_path: Path, keys: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        site_of(tmp_path, f"{keys}\n")
    assert said in str(raised.value)


# Metered beside modelled, on the page of a site.


def test_the_page_of_a_site_shows_what_the_meters_say_beside_the_model_and_what_drifts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The model's own year, with chillers that take 30 % more in its middle and 60 % more a year.
    state = hall_state(Hall("water_chiller"), typical_year(find_climate("fr_paris")))
    chillers = np.broadcast_to(np.asarray(state.chiller_ratio), 8760)
    worse = np.asarray(state.pue) + chillers * (0.3 + 0.6 * (np.arange(8760) / 8760 - 0.5))
    begun = typical_year(find_climate("fr_paris")).start
    rows = [f"{begun + i * HOUR:%Y-%m-%dT%H:%MZ},{100 * ratio:.4f},100,40" for i, ratio in enumerate(worse)]
    site_of(tmp_path, f'{PLACE}meter = "meters.csv"\n', rows)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DCFOOT_SITES_FILE", str(tmp_path / "sites.toml"))
    assert main(["sites", "lab", "--json"]) == 0
    meters = json.loads(capsys.readouterr().out)["meters"]
    (finding,) = [one for one in meters["findings"] if one["part"] == "chiller_ratio"]
    assert (finding["level_ratio"], finding["drift_ratio_per_year"]) == near((0.3, 0.6), abs=0.05)
    assert meters["all"]["PUE, metered"] == near(worse.mean(), abs=1e-3)
    assert meters["all"]["PUE, metered - modelled"] == near((worse - np.asarray(state.pue)).mean(), abs=1e-3)
    assert main(["sites", "lab"]) == 0
    out = capsys.readouterr().out
    assert "What explains it: the chillers: +30 % against the model, drifting by +60 % a year." in out
    assert max(map(len, out.splitlines())) <= 110
