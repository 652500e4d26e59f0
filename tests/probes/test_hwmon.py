"""amd_energy, ACPI power meters and Grace: what is metered of monitors that nest, repeat or do not answer."""

from pathlib import Path

import pytest

from dcfoot.errors import ProbeUnavailable
from dcfoot.ledger import EnergyLedger
from dcfoot.probe import Probe
from dcfoot.reading import Domain, Kind, Meter
from dcfoot_probes.acpi_power_meter import AcpiPowerMeter
from dcfoot_probes.amd_energy import AmdEnergy
from dcfoot_probes.grace import Grace
from simulated.trees import (
    Clock,
    HwmonTree,
    PowercapTree,
    as_nobody,
    folder_for_all,
    surroundings_of,
    write,
    write_number,
)


def metered(probe: Probe) -> dict[str, Meter]:
    """What a probe meters, by device; closed again."""
    try:
        return {meter.channel.device: meter for meter in probe.open()}
    finally:
        probe.close()


def amd_monitor(root: Path) -> Path:
    """Two sockets of two cores, as amd_energy numbers them: the cores first."""
    labels = {1: "Ecore000", 2: "Ecore001", 3: "Ecore002", 4: "Ecore003", 5: "Esocket0", 6: "Esocket1"}
    folder = HwmonTree(root).monitor(2, "amd_energy")
    for number, label in labels.items():
        write(folder / f"energy{number}_label", label)
        write_number(folder / f"energy{number}_input", 1_000_000 * number)
    return folder


def test_amd_energy_meters_sockets_and_not_the_cores_inside_them(tmp_path: Path) -> None:
    monitor = amd_monitor(tmp_path)
    probe = AmdEnergy(surroundings_of(tmp_path))
    meters = probe.open()
    write_number(monitor / "energy6_input", 26_000_000)
    values = {reading.meter.channel.device: reading.value for reading in probe.read()}
    probe.close()
    assert values == {"package-0": 5_000_000, "package-1": 26_000_000}
    assert all(m.channel.domain is Domain.PACKAGE and m.unit == 1e-6 and m.wrap_count is None for m in meters)


def test_amd_energy_stands_back_where_powercap_meters_the_same_packages(tmp_path: Path) -> None:
    amd_monitor(tmp_path)
    PowercapTree(tmp_path).zone("intel-rapl:0", "package-0").zone("intel-rapl:1", "package-1", 9)
    with pytest.raises(ProbeUnavailable, match="powercap meters the same packages"):
        AmdEnergy(surroundings_of(tmp_path)).open()


def test_amd_energy_steps_in_where_powercap_may_not_be_read() -> None:
    with folder_for_all() as root:
        amd_monitor(root)
        PowercapTree(root).zone("intel-rapl:0", "package-0").file("intel-rapl:0").chmod(0o400)
        with as_nobody():
            assert set(metered(AmdEnergy(surroundings_of(root)))) == {"package-0", "package-1"}


def test_amd_energy_that_only_root_may_read_comes_with_the_command() -> None:
    with folder_for_all() as root:
        (amd_monitor(root) / "energy5_input").chmod(0o400)
        probe = AmdEnergy(surroundings_of(root))
        with as_nobody(), pytest.raises(ProbeUnavailable) as refused:
            probe.open()
        probe.close()
    assert refused.value.remedy.startswith("sudo chmod a+r ")
    assert refused.value.remedy.endswith("energy5_input")


def test_an_acpi_power_meter_is_the_node(tmp_path: Path) -> None:
    HwmonTree(tmp_path).monitor(
        0, "power_meter", beside_device=False, power1_average=412_000_000, power1_average_interval=1000
    )
    meter = metered(AcpiPowerMeter(surroundings_of(tmp_path)))["acpi"]
    assert meter.channel.domain is Domain.NODE
    assert (meter.kind, meter.window_s, meter.period_s) == (Kind.POWER_AVERAGE, 1.0, 0.5)


def test_the_energy_of_a_node_at_constant_power_is_power_times_time(tmp_path: Path) -> None:
    HwmonTree(tmp_path).monitor(0, "power_meter", power1_average=412_000_000, power1_average_interval=1000)
    clock = Clock()
    probe, ledger = AcpiPowerMeter(surroundings_of(tmp_path, clock)), EnergyLedger()
    ledger.open(probe.open()[0])
    for _ in range(21):
        for reading in probe.read():
            ledger.add(reading)
        clock.pass_s(0.5)
    probe.close()
    assert abs(ledger.energies()[0].energy_j - 412.0 * 10.0) < 1e-6


def test_an_average_that_is_shorter_than_can_be_read_in_full_is_taken_as_an_instant(tmp_path: Path) -> None:
    HwmonTree(tmp_path).monitor(0, "power_meter", power1_average=90_000_000, power1_average_interval=50)
    meter = metered(AcpiPowerMeter(surroundings_of(tmp_path)))["acpi"]
    assert (meter.kind, meter.window_s) == (Kind.POWER, 0.0)


@pytest.mark.parametrize(("stated", "gains"), [("98.0%", (0.95, 1.05)), ("90.0%", (0.9, 1.1)), (None, (0.9, 1.1))])
def test_a_boards_own_accuracy_is_believed_only_so_far(
    tmp_path: Path, stated: str | None, gains: tuple[float, float]
) -> None:
    monitor = HwmonTree(tmp_path).monitor(0, "power_meter", power1_average=90_000_000)
    if stated:
        write(monitor / "power1_accuracy", stated)
    meter = metered(AcpiPowerMeter(surroundings_of(tmp_path)))["acpi"]
    assert abs(meter.gain_p5 - gains[0]) < 1e-9
    assert abs(meter.gain_p95 - gains[1]) < 1e-9


def test_of_several_power_meters_the_largest_is_the_node_and_the_interval_reaches_to_their_sum(tmp_path: Path) -> None:
    tree = HwmonTree(tmp_path)
    tree.monitor(0, "power_meter", power1_average=200_000_000, power1_accuracy="95%")
    tree.monitor(1, "power_meter", power1_average=300_000_000, power1_accuracy="95%")
    probe = AcpiPowerMeter(surroundings_of(tmp_path))
    meter = metered(probe)["acpi"]
    assert abs(meter.gain_p95 - 1.05 * 500 / 300) < 1e-9
    assert probe.notes == ["the board has 2 power meters; the one that reads most is taken for the node"]


def test_a_battery_and_a_meter_of_a_part_are_not_the_node(tmp_path: Path) -> None:
    tree = HwmonTree(tmp_path)
    tree.monitor(0, "power_meter", power1_average=20_000_000, power1_is_battery=1)
    tree.grace(1, "CPU Power Socket 0", 100.0)
    with pytest.raises(ProbeUnavailable, match="no ACPI power meter"):
        AcpiPowerMeter(surroundings_of(tmp_path)).open()


def test_a_power_meter_whose_firmware_does_not_answer_is_told(tmp_path: Path) -> None:
    HwmonTree(tmp_path).monitor(0, "power_meter", power1_average="")
    with pytest.raises(ProbeUnavailable, match="power1_average does not answer"):
        AcpiPowerMeter(surroundings_of(tmp_path)).open()


def grace_hopper(root: Path, *labels: str) -> None:
    for number, label in enumerate(labels):
        HwmonTree(root).grace(number, f"{label} Power Socket 0", 50.0 + number)


def test_grace_is_metered_with_its_memory_and_without_the_gpu_that_its_module_contains(tmp_path: Path) -> None:
    grace_hopper(tmp_path, "Module", "Grace", "CPU", "SysIO")
    meters = metered(Grace(surroundings_of(tmp_path)))
    assert {name: meter.channel.domain for name, meter in meters.items()} == {"grace-0": Domain.PLATFORM}


def test_without_a_meter_of_the_whole_grace_its_two_rails_stand_for_it(tmp_path: Path) -> None:
    grace_hopper(tmp_path, "Module", "CPU", "SysIO")
    meters = metered(Grace(surroundings_of(tmp_path)))
    assert {name: meter.channel.domain for name, meter in meters.items()} == {
        "cpu-0": Domain.CORE,
        "sysio-0": Domain.UNCORE,
    }


def test_the_module_is_metered_only_where_nothing_inside_it_is(tmp_path: Path) -> None:
    grace_hopper(tmp_path, "Module")
    assert set(metered(Grace(surroundings_of(tmp_path)))) == {"module-0"}


def test_two_graces_are_two_meters(tmp_path: Path) -> None:
    tree = HwmonTree(tmp_path)
    for socket in range(2):
        tree.grace(2 * socket, f"Grace Power Socket {socket}", 150.0)
        tree.grace(2 * socket + 1, f"CPU Power Socket {socket}", 90.0)
    probe = Grace(surroundings_of(tmp_path))
    meters = probe.open()
    watts = {reading.meter.channel.device: reading.value * reading.meter.unit for reading in probe.read()}
    probe.close()
    assert [meter.channel.device for meter in meters] == ["grace-0", "grace-1"]
    assert watts == {"grace-0": 150.0, "grace-1": 150.0}


def test_a_grace_meter_that_does_not_answer_gives_way_to_the_next_best(tmp_path: Path) -> None:
    grace_hopper(tmp_path, "Grace", "CPU", "SysIO")
    write(tmp_path / "sys/class/hwmon/hwmon0/device/power1_average", "")
    probe = Grace(surroundings_of(tmp_path))
    assert set(metered(probe)) == {"cpu-0", "sysio-0"}
    assert probe.notes == ["Grace power of socket 0: No data available"]


@pytest.mark.parametrize("probe", [AmdEnergy, AcpiPowerMeter, Grace])
def test_on_a_machine_without_monitors_each_says_so(tmp_path: Path, probe: type[Probe]) -> None:
    with pytest.raises(ProbeUnavailable):
        metered(probe(surroundings_of(tmp_path)))  # type: ignore[call-arg]
