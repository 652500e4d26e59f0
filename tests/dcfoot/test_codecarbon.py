"""What codecarbon measured becomes a run: its PUE taken out once, its unknowns left unknown."""

import csv
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.assessment import assess
from dcfoot.errors import ConfigError, DataMissing
from dcfoot.measurement import RunState
from dcfoot.reading import Basis, Domain
from dcfoot.receipt.reader import read_receipt
from dcfoot.receipt.sentences import said_in
from dcfoot.site import resolve_site
from dcfoot.sources.codecarbon import LOST_GPU, UNSEEN, WHOLE_MACHINE, measurement_of, read_emissions_csv
from dcfoot.store import RunStore
from simulated.near import near

ROW: Mapping[str, str] = {
    # As codecarbon 3.3.2 writes it, its PUE of 1.5 in every energy: 0.6 / 1.5 = 0.4 kWh of GPUs, 0.2 of CPU, 0.02 of
    # memory.
    "timestamp": "2026-11-24T09:15:00",
    "project_name": "bert",
    "run_id": "34bcd0de-2bf8-40db-9302-23d296d46cec",
    "experiment_id": "5b0fa12a-3dd7-45bb-9766-cc326314d9f1",
    "duration": "3600.0",
    "emissions": "0.05",
    "cpu_energy": "0.3",
    "gpu_energy": "0.6",
    "ram_energy": "0.03",
    "energy_consumed": "0.93",
    "country_iso_code": "FRA",
    "codecarbon_version": "3.3.2",
    "cpu_count": "64",
    "cpu_model": "AMD EPYC 7763",
    "gpu_count": "3",
    "gpu_model": "1 x NVIDIA L42 x NVIDIA A100-SXM4-80GB",
    "ram_total_size": "503.5",
    "tracking_mode": "machine",
    "pue": "1.5",
    "wue": "0.0",
}


def emissions_csv(path: Path, *rows: Mapping[str, str]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def joules(record: Mapping[str, object]) -> dict[Domain, float]:
    return {c.meter.channel.domain: c.energy_j for c in measurement_of(record).channels}


def test_energies_are_divided_by_the_pue_once() -> None:
    # 0.4, 0.2 and 0.02 kWh at 3.6 MJ each.
    assert joules(ROW) == near({Domain.GPU: 1.44e6, Domain.PACKAGE: 7.2e5, Domain.DRAM: 7.2e4})


@given(st.floats(1.0, 3.0), st.floats(0.001, 1e3), st.floats(0.001, 1e3), st.floats(0.001, 1e3))
def test_the_chips_energy_does_not_depend_on_the_pue_that_was_configured(
    pue: float, cpu: float, gpu: float, ram: float
) -> None:
    reported = {"cpu_energy": cpu * pue, "gpu_energy": gpu * pue, "ram_energy": ram * pue, "pue": pue}
    found = joules({**ROW, **reported, "energy_consumed": (cpu + gpu + ram) * pue})
    assert found == near({Domain.GPU: gpu * 3.6e6, Domain.PACKAGE: cpu * 3.6e6, Domain.DRAM: ram * 3.6e6})


def test_a_file_from_before_there_was_a_pue_has_none_in_it() -> None:
    assert joules({name: value for name, value in ROW.items() if name != "pue"})[Domain.GPU] == near(2.16e6)


def test_the_facility_has_the_sites_pue_and_not_both() -> None:
    measured = measurement_of(ROW)
    site = resolve_site(country="fr")
    footprint = assess(measured, site)
    assert footprint.facility_energy_kwh is not None
    assert footprint.it_energy_kwh is not None
    assert site.pue is not None
    assert footprint.facility_energy_kwh.value == near(footprint.it_energy_kwh.value * site.pue.spread.central)
    assert footprint.rungs[0].energy_kwh is not None
    assert footprint.rungs[0].energy_kwh.value == near(0.4)


def test_only_what_codecarbon_reads_from_a_meter_is_measured() -> None:
    bases = {c.meter.channel.domain: c.meter.channel.basis for c in measurement_of(ROW).channels}
    assert bases == {Domain.GPU: Basis.MEASURED, Domain.PACKAGE: Basis.MODELLED, Domain.DRAM: Basis.MODELLED}
    with_rapl = {c.meter.channel.domain: c.meter for c in measurement_of(ROW, cpu_measured=True).channels}
    assert with_rapl[Domain.PACKAGE].channel.basis is Basis.MEASURED


def test_every_channel_has_an_interval_and_says_from_where() -> None:
    for channel in measurement_of(ROW).channels:
        assert channel.meter.gain_p5 < 1 < channel.meter.gain_p95
        assert channel.meter.source
    # Boards read from -9.5 % to +6.4 % of the truth: the truth is 1/1.064 to 1/0.905 of what they read.
    gpu = measurement_of(ROW).channels[0].meter
    assert (gpu.gain_p5, gpu.gain_p95) == near((0.9398, 1.1050), abs=1e-4)


def test_an_energy_of_nothing_is_not_known_and_not_zero() -> None:
    record = {**ROW, "gpu_energy": "0.0", "energy_consumed": "0.33"}
    assert Domain.GPU not in joules(record)
    assert LOST_GPU in measurement_of(record).warnings
    assert assess(measurement_of(record), resolve_site()).rungs[0].energy_kwh is None


def test_a_machine_without_gpus_has_an_accelerator_rung_of_zero() -> None:
    record = {**ROW, "gpu_energy": "0.0", "energy_consumed": "0.33", "gpu_count": "0", "gpu_model": ""}
    accelerator = assess(measurement_of(record), resolve_site()).rungs[0].energy_kwh
    assert accelerator is not None
    assert accelerator.value == 0.0


def test_the_reader_is_told_what_codecarbon_does_not_see() -> None:
    warnings = measurement_of(ROW).warnings
    assert warnings[:2] == (UNSEEN, WHOLE_MACHINE)
    assert "PUE of 1.5" in warnings[2]
    assert WHOLE_MACHINE not in measurement_of({**ROW, "tracking_mode": "process"}).warnings
    assert not any("PUE" in warning for warning in measurement_of({**ROW, "pue": "1.0"}).warnings)


def test_the_reader_is_told_so_in_chinese_too() -> None:
    assert all(said_in(warning, "zh") != warning for warning in measurement_of(ROW).warnings)


def test_a_total_that_is_not_the_sum_of_its_parts_is_a_warning() -> None:
    assert any("not the sum" in w for w in measurement_of({**ROW, "energy_consumed": "1.4"}).warnings)
    assert not any("not the sum" in w for w in measurement_of(ROW).warnings)


@pytest.mark.parametrize(
    ("models", "count", "names"),
    [
        ("1 x NVIDIA L42 x NVIDIA A100", "3", ("NVIDIA L4", "NVIDIA A100", "NVIDIA A100")),
        ("8 x NVIDIA H100 80GB HBM3", "8", ("NVIDIA H100 80GB HBM3",) * 8),
        ("1 x Tesla T412 x Tesla P4", "13", ("Tesla T4", *("Tesla P4",) * 12)),
        ("", "0", ()),
        ("Apple M2", "1", ()),
    ],
)
def test_models_are_told_apart_though_no_mark_stands_between_them(
    models: str, count: str, names: tuple[str, ...]
) -> None:
    assert measurement_of({**ROW, "gpu_model": models, "gpu_count": count}).machine.accelerators == names


def test_the_machine_is_the_one_that_codecarbon_saw() -> None:
    machine = measurement_of(ROW).machine
    assert (machine.cpu_name, machine.cpu_threads, machine.memory_gib) == ("AMD EPYC 7763", 64, 503.5)


def test_time_stamps_are_local_and_at_the_end() -> None:
    beijing = timezone(timedelta(hours=8))
    measured = measurement_of(ROW, timezone=beijing)
    assert measured.ended_at == datetime(2026, 11, 24, 1, 15, tzinfo=UTC)
    assert measured.started_at == datetime(2026, 11, 24, 0, 15, tzinfo=UTC)
    assert measured.id == "20261124T001500-34bcd0"


def test_the_country_is_the_site_and_codecarbons_own_figures_stay_its_own() -> None:
    measured = measurement_of(ROW)
    assert measured.site_id == resolve_site(country="fr").id
    assert measured.tags["codecarbon_emissions_kg"] == "0.05"
    assert measurement_of({**ROW, "country_iso_code": "???"}).site_id is None


def test_a_run_that_was_flushed_counts_once_with_its_last_row(tmp_path: Path) -> None:
    early = {**ROW, "duration": "1800.0", "gpu_energy": "0.3", "timestamp": "2026-11-24T08:45:00"}
    other = {**ROW, "run_id": "aaaaaaaa-0000", "project_name": "other"}
    runs = read_emissions_csv(emissions_csv(tmp_path / "emissions.csv", early, other, ROW), timezone=UTC)
    assert [run.name for run in runs] == ["bert", "other"]
    assert runs[0].duration_s == 3600.0
    assert runs[0].channels[0].energy_j == near(1.44e6)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"pue": "0.5"}, "pue is 0.5"),
        ({"gpu_energy": "-1"}, "gpu_energy is '-1'"),
        ({"cpu_energy": ""}, "cpu_energy is missing"),
        ({"duration": "nan"}, "duration is 'nan'"),
        ({"timestamp": "yesterday"}, "timestamp is 'yesterday'"),
    ],
)
def test_a_figure_that_cannot_be_is_named_with_its_line(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    path = emissions_csv(tmp_path / "emissions.csv", ROW, {**ROW, "run_id": "b", **changed})
    with pytest.raises(ConfigError) as caught:
        read_emissions_csv(path)
    assert f"{path}:3: {said}" in str(caught.value)


def test_a_file_that_is_not_there_is_missing_data(tmp_path: Path) -> None:
    with pytest.raises(DataMissing):
        read_emissions_csv(tmp_path / "emissions.csv")


TRAINING = """
import sys, time
from pathlib import Path
from codecarbon import OfflineEmissionsTracker
from dcfoot.codecarbon_output import DcfootOutput

folder = Path(sys.argv[1])
tracker = OfflineEmissionsTracker(
    country_iso_code="FRA", pue=1.5, measure_power_secs=1, output_dir=sys.argv[1], log_level="error",
    force_cpu_power=100, force_ram_power=20, allow_multiple_runs=True, project_name="ported",
    output_handlers=[DcfootOutput(receipt=folder / "receipt.json")],
)
tracker.start()
time.sleep(1.2)
tracker.flush()
time.sleep(0.5)
tracker.stop()
"""


def test_the_real_codecarbon_hands_its_result_over(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TRAINING, str(tmp_path)], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    *_, last = csv.DictReader((tmp_path / "emissions.csv").read_text().splitlines())
    kept = RunStore().load("last")
    assert (kept.name, kept.state) == ("ported", RunState.COMPLETE)
    energy_j = {c.meter.channel.domain: c.energy_j for c in kept.channels}
    # What it was told to charge for its memory: 20 W, of which its file says 30 W for a PUE of 1.5.
    assert energy_j[Domain.DRAM] == near(20.0 * kept.duration_s, rel=0.05)
    assert energy_j[Domain.DRAM] == near(float(last["ram_energy"]) * 3.6e6 / 1.5)
    (read,) = read_emissions_csv(tmp_path / "emissions.csv")
    assert {c.meter.channel.domain: c.energy_j for c in read.channels} == near(energy_j)
    receipt = read_receipt(tmp_path / "receipt.json")
    assert receipt["site"]["id"] == "fr"
    assert receipt["warnings"][0] == UNSEEN


def test_a_store_that_cannot_be_written_does_not_reach_the_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    script = f"""
import logging
from codecarbon.output_methods.emissions_data import EmissionsData
from dcfoot.codecarbon_output import DcfootOutput
from pathlib import Path
row = {dict(ROW)!r}
figures = {{name: row.get(name, "") for name in EmissionsData.__dataclass_fields__}}
handler = DcfootOutput(data_dir=Path({str(tmp_path / "file")!r}), receipt=Path("/proc/none/receipt.json"))
handler.out(EmissionsData(**figures), EmissionsData(**figures))
handler.exit()
handler.exit()
print("trained on")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=90, check=False)
    assert done.stdout == "trained on\n", done.stderr
    assert done.returncode == 0


def test_a_site_that_is_unknown_is_said_before_anything_is_measured() -> None:
    script = "from dcfoot.codecarbon_output import DcfootOutput\nDcfootOutput(site='cn-guangdon')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 1
    assert "cn-guangdong" in done.stderr


def test_reading_the_csv_needs_neither_codecarbon_nor_pandas(tmp_path: Path) -> None:
    path = emissions_csv(tmp_path / "emissions.csv", ROW)
    script = (
        "import json, sys\nfrom pathlib import Path\n"
        "from dcfoot.sources.codecarbon import read_emissions_csv\n"
        f"read_emissions_csv(Path({str(path)!r}))\n"
        "print(json.dumps([m for m in ('codecarbon', 'pandas', 'numpy') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == []
