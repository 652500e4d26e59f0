"""AMD GPUs: the driver's monitor, a GPU that sleeps, and amdsmi where it is, or is broken."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.ledger import EnergyLedger
from dcfoot.reading import Domain, Kind
from dcfoot_probes.amd_gpu import AmdGpu
from simulated.trees import Clock, PciTree, surroundings_of, write, write_number

MI210, RADEON_VII, RAPHAEL = "740f", "66af", "164e"
"""PCI device numbers of the PCI ID repository; the last is the graphics part of a Ryzen processor."""

AMDSMI = '''
"""Answers with the signatures and the dictionaries of AMD's amdsmi 7.0 (amdsmi_interface.py)."""
from pathlib import Path
FOLDER = Path(__file__).parent
def amdsmi_init(flag=None): pass
def amdsmi_shut_down(): (FOLDER / "shut_down").touch()
def amdsmi_get_processor_handles(): return ["0000:03:00.0", "0000:03:00.1", "0000:83:00.0"]
def amdsmi_get_gpu_device_bdf(processor_handle): return processor_handle.upper()
def amdsmi_get_energy_count(processor_handle):
    if processor_handle.startswith("0000:83"):
        raise RuntimeError("AMDSMI_STATUS_NOT_SUPPORTED")
    count = int((FOLDER / "count").read_text())
    return {"energy_accumulator": count, "counter_resolution": 15.259, "timestamp": 1}
def amdsmi_get_power_info(processor_handle):
    return {"socket_power": 301, "current_socket_power": "N/A", "average_socket_power": 301, "power_limit": 560}
'''


def gpu(root: Path, address: str = "0000:03:00.0", device: str = MI210, **monitor: int) -> Path:
    """An accelerator of AMD with a monitor."""
    folder = PciTree(root).device(address, "1002", device, "038000")
    write(folder / "hwmon/hwmon5/name", "amdgpu")
    for name, value in monitor.items():
        write_number(folder / "hwmon/hwmon5" / name, value)
    return folder


@pytest.fixture
def amdsmi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path with a program that answers as amdsmi does."""
    package = tmp_path / "site/amdsmi"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(AMDSMI)
    (package / "count").write_text("1000")
    monkeypatch.setattr(sys, "path", [str(package.parent), *sys.path])
    yield package
    sys.modules.pop("amdsmi", None)


def test_a_monitors_power_is_integrated(tmp_path: Path) -> None:
    gpu(tmp_path, power1_average=250_000_000)
    clock = Clock()
    probe, ledger = AmdGpu(surroundings_of(tmp_path, clock)), EnergyLedger()
    (meter,) = probe.open()
    ledger.open(meter)
    for _ in range(11):
        for reading in probe.read():
            ledger.add(reading)
        clock.pass_s(0.1)
    probe.close()
    assert (meter.channel.domain, meter.channel.device, meter.kind) == (Domain.GPU, "0000:03:00.0", Kind.POWER)
    assert abs(ledger.energies()[0].energy_j - 250.0) < 1e-6


def test_an_energy_counter_comes_before_power(tmp_path: Path) -> None:
    gpu(tmp_path, energy1_input=5_000_000, power1_average=250_000_000)
    probe = AmdGpu(surroundings_of(tmp_path))
    (meter,) = probe.open()
    (reading,) = probe.read()
    probe.close()
    assert (meter.kind, meter.unit, reading.value) == (Kind.COUNTER, 1e-6, 5_000_000)


def test_power_at_an_instant_stands_in_where_there_is_no_average(tmp_path: Path) -> None:
    gpu(tmp_path, power1_input=90_000_000)
    probe = AmdGpu(surroundings_of(tmp_path))
    assert [meter.method for meter in probe.open()] == ["amdgpu.hwmon_power"]
    probe.close()


def test_the_graphics_part_of_a_processor_is_no_gpu(tmp_path: Path) -> None:
    gpu(tmp_path, device=RAPHAEL, power1_average=30_000_000)
    with pytest.raises(ProbeUnavailable, match="no AMD GPU"):
        AmdGpu(surroundings_of(tmp_path)).open()


def test_a_machine_without_amd_gpus_is_left_at_once(tmp_path: Path) -> None:
    PciTree(tmp_path).device("0000:01:00.0", "10de", "20b2", "030200")
    with pytest.raises(ProbeUnavailable, match="no AMD GPU"):
        AmdGpu(surroundings_of(tmp_path)).open()


def test_a_sleeping_gpu_is_not_woken_and_told(tmp_path: Path) -> None:
    gpu(tmp_path, power1_average=250_000_000)
    asleep = gpu(tmp_path, "0000:83:00.0", RADEON_VII, power1_average=20_000_000)
    write(asleep / "power/runtime_status", "suspended")
    probe = AmdGpu(surroundings_of(tmp_path))
    assert [meter.channel.device for meter in probe.open()] == ["0000:03:00.0"]
    assert probe.notes == ["of 2 AMD GPUs, 1 asleep: not woken, and so not metered"]
    probe.close()


def test_a_gpu_that_falls_asleep_is_a_gap(tmp_path: Path) -> None:
    folder = gpu(tmp_path, power1_average=250_000_000)
    probe = AmdGpu(surroundings_of(tmp_path))
    probe.open()
    write(folder / "power/runtime_status", "suspended")
    with pytest.raises(ProbeTransient, match="sleep"):
        probe.read()
    probe.close()


def test_a_gpu_that_falls_asleep_beside_another_is_left_alone(tmp_path: Path) -> None:
    gpu(tmp_path, power1_average=250_000_000)
    folder = gpu(tmp_path, "0000:83:00.0", power1_average=90_000_000)
    probe = AmdGpu(surroundings_of(tmp_path))
    probe.open()
    write(folder / "power/runtime_status", "suspended")
    assert [reading.meter.channel.device for reading in probe.read()] == ["0000:03:00.0"]
    probe.close()


def test_gauges_are_in_the_units_of_their_names(tmp_path: Path) -> None:
    folder = gpu(tmp_path, power1_average=250_000_000, temp1_input=61_000)
    write(folder / "gpu_busy_percent", 87)
    write(folder / "mem_info_vram_used", 1024)
    probe = AmdGpu(surroundings_of(tmp_path))
    probe.open()
    assert probe.gauges() == {
        "0000:03:00.0": {"temperature_c": 61.0, "utilisation_ratio": 0.87, "memory_used_bytes": 1024.0}
    }
    probe.close()


def test_amdsmis_counter_is_read_in_its_own_resolution_and_a_partition_is_not_counted_again(
    tmp_path: Path, amdsmi: Path
) -> None:
    gpu(tmp_path, power1_average=1)
    probe = AmdGpu(surroundings_of(tmp_path))
    (meter,) = probe.open()
    (amdsmi / "count").write_text("66535")
    (reading,) = probe.read()
    probe.close()
    # 65,535 counts of 15.259 uJ are 1 J.
    assert abs((reading.value - 1000) * meter.unit - 1.0) < 1e-3
    assert (meter.method, meter.kind) == ("amdsmi.energy_count", Kind.COUNTER)
    assert (amdsmi / "shut_down").exists()


@pytest.mark.usefixtures("amdsmi")
def test_a_card_without_a_counter_gives_its_power_to_amdsmi(tmp_path: Path) -> None:
    gpu(tmp_path, power1_average=1)
    gpu(tmp_path, "0000:83:00.0", power1_average=1)
    probe = AmdGpu(surroundings_of(tmp_path))
    meters = {meter.channel.device: meter for meter in probe.open()}
    watts = {reading.meter.channel.device: reading.value * reading.meter.unit for reading in probe.read()}
    probe.close()
    assert meters["0000:83:00.0"].method == "amdsmi.socket_power"
    assert watts["0000:83:00.0"] == 301.0


@pytest.mark.usefixtures("amdsmi")
def test_a_card_that_amdsmi_does_not_see_sends_all_to_the_drivers_monitors(tmp_path: Path) -> None:
    for address in ("0000:03:00.0", "0000:c3:00.0"):
        gpu(tmp_path, address, power1_average=200_000_000)
    probe = AmdGpu(surroundings_of(tmp_path))
    assert {meter.method for meter in probe.open()} == {"amdgpu.hwmon_average"}
    probe.close()


def test_amdsmi_without_rocm_raises_a_key_error_and_the_drivers_monitor_is_read(tmp_path: Path, amdsmi: Path) -> None:
    # What amdsmi 7.0 from the package index does at import where ROCm is not installed.
    (amdsmi / "__init__.py").write_text("_libraries = {}\n_libraries['libamd_smi.so']\n")
    gpu(tmp_path, power1_average=200_000_000)
    probe = AmdGpu(surroundings_of(tmp_path))
    assert [meter.method for meter in probe.open()] == ["amdgpu.hwmon_average"]
    probe.close()


def test_a_card_without_any_sensor_is_told(tmp_path: Path) -> None:
    gpu(tmp_path)
    probe = AmdGpu(surroundings_of(tmp_path))
    with pytest.raises(ProbeUnavailable, match="no AMD GPU can be read"):
        probe.open()
    assert "no energy counter and no power sensor" in probe.notes[0]
