"""A real node_exporter on machines made of files: what our own probes meter there is what is metered through it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import pytest

from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.ledger import EnergyLedger, total_j, worth_keeping
from dcfoot.probe import Surroundings
from dcfoot.reading import Domain, Meter
from dcfoot_probes.acpi_power_meter import AcpiPowerMeter
from dcfoot_probes.daemon.channels import Channels
from dcfoot_probes.rapl import Rapl
from dcfoot_probes.readers.reader import Reader
from simulated.exporters import node_exporter
from simulated.near import near
from simulated.trees import RANGE_UJ, Clock, PowercapTree, ProcTree, surroundings_of, write

pytestmark = pytest.mark.peer("prometheus-node-exporter")

POWER_W = {
    "intel-rapl:0": 100.0,
    "intel-rapl:0:0": 80.0,
    "intel-rapl:0:1": 20.0,
    "intel-rapl:1": 150.0,
    "intel-rapl:1:0": 30.0,
    "intel-rapl:2": 400.0,
}
METERED_W = 100.0 + 20.0 + 150.0 + 30.0
"""Two packages and their memory; the cores lie inside and the platform around."""


def server(root: Path) -> PowercapTree:
    """Two sockets with memory, one with a core zone, and a platform."""
    ProcTree(root).cpuinfo("Intel(R) Xeon(R)")
    tree = PowercapTree(root)
    tree.zone("intel-rapl:0", "package-0", 10_000_001).zone("intel-rapl:0:0", "core", 7)
    tree.zone("intel-rapl:0:1", "dram", 2_000_003)
    tree.zone("intel-rapl:1", "package-1", 80_000_000_009).zone("intel-rapl:1:0", "dram", 3_000_001)
    return tree.zone("intel-rapl:2", "psys", 11)


def dies(root: Path) -> PowercapTree:
    """A package of two dies, each with a counter of its own, and their memory."""
    tree = PowercapTree(root).zone("intel-rapl:0", "package-0-die-0", 5_000_000).zone("intel-rapl:0:0", "dram", 9)
    return tree.zone("intel-rapl:1", "package-0-die-1", 90_000_000_000).zone("intel-rapl:1:0", "dram", 80_000_000_000)


def mirrored_dies(root: Path) -> PowercapTree:
    """Two dies that show one counter."""
    return PowercapTree(root).zone("intel-rapl:0", "package-0-die-0", 5).zone("intel-rapl:1", "package-0-die-1", 5)


def platform_alone(root: Path) -> PowercapTree:
    """No package has a zone."""
    return PowercapTree(root).zone("intel-rapl:0", "psys", 5)


def mapped_twice(root: Path) -> PowercapTree:
    """The package's counter by a second door."""
    return PowercapTree(root).zone("intel-rapl:0", "package-0", 5).zone("intel-rapl-mmio:0", "package-0", 5)


def metered(probe: Rapl | Reader, ledger: EnergyLedger) -> None:
    for reading in probe.read():
        ledger.add(reading)


def opened(reader: Reader) -> EnergyLedger:
    ledger = EnergyLedger()
    for meter in reader.open():
        ledger.open(meter)
    metered(reader, ledger)
    return ledger


def test_the_energy_of_a_server_is_that_of_its_packages_and_memory(tmp_path: Path) -> None:
    tree, clock, random = server(tmp_path), Clock(), Random(1)  # noqa: S311 (no secret)
    with node_exporter(tmp_path) as exporter:
        reader = Reader(surroundings_of(tmp_path, clock), exporter.url)
        ledger = opened(reader)
        for _ in range(20):
            seconds = random.uniform(5.0, 20.0)
            clock.pass_s(seconds)
            for number, watts in POWER_W.items():
                tree.use(number, watts * seconds)
            metered(reader, ledger)
    energies = ledger.energies()
    covered_s = energies[0].covered_s
    assert covered_s > 100.0
    assert total_j(energies) == near(METERED_W * covered_s, rel=1e-8)
    assert {one.meter.channel.device for one in energies} == {"package-0", "package-1", "dram-0", "dram-1"}
    assert {one.meter.method for one in energies} == {"node_exporter.rapl"}


def test_it_is_asked_every_five_seconds_and_at_the_ends_of_a_run(tmp_path: Path) -> None:
    clock = Clock()
    server(tmp_path)
    with node_exporter(tmp_path) as exporter:
        reader = Reader(surroundings_of(tmp_path, clock), exporter.url)
        reader.open()
        counts = [len(reader.read())]
        for _ in range(10):
            clock.pass_s(1.0)
            counts.append(len(reader.read()))
        assert counts == [4, 0, 0, 0, 0, 4, 0, 0, 0, 0, 4]
        assert [len(reader.read_start()), len(reader.settle_start()), len(reader.read_end())] == [4, 0, 4]


def test_a_counter_that_wraps_as_the_hardwares_does_loses_nothing(tmp_path: Path) -> None:
    clock = Clock()
    tree = PowercapTree(tmp_path).zone("intel-rapl:0", "package-0", RANGE_UJ - 100_000_000)
    with node_exporter(tmp_path) as exporter:
        reader = Reader(surroundings_of(tmp_path, clock), exporter.url)
        ledger = opened(reader)
        clock.pass_s(10.0)
        tree.use("intel-rapl:0", 1_000.0)
        metered(reader, ledger)
    (energy,) = ledger.energies()
    assert (energy.energy_j, energy.covered_s) == (near(1_000.0), near(10.0))


@pytest.mark.parametrize("machine", [server, dies, mirrored_dies, platform_alone, mapped_twice])
def test_devices_have_the_names_and_the_accuracy_that_our_own_probe_gives(
    tmp_path: Path, machine: Callable[[Path], PowercapTree]
) -> None:
    machine(tmp_path)
    own = Rapl(surroundings_of(tmp_path))
    direct = list(own.open())
    own.close()
    with node_exporter(tmp_path) as exporter:
        relayed = list(Reader(surroundings_of(tmp_path), exporter.url).open())
        elsewhere = list(Reader(surroundings_of(tmp_path / "empty"), exporter.url).open())

    def told(meters: list[Meter]) -> Mapping[str, tuple[Domain, float, float, int | None]]:
        return {one.channel.device: (one.channel.domain, one.gain_p5, one.gain_p95, one.wrap_count) for one in meters}

    assert told(relayed) == told(direct)
    # Where this machine's own zones cannot be seen, all but the wraps and the vendor is known from the labels.
    assert {one.channel for one in elsewhere if one.channel.domain is not Domain.DRAM} == {
        one.channel for one in direct if one.channel.domain is not Domain.DRAM
    }
    # Whoever was first, what reads the hardware is kept.
    assert worth_keeping([*relayed, *direct]) == worth_keeping([*direct, *relayed]) == direct


def test_the_reader_takes_over_where_the_probe_goes_and_stands_back_when_it_returns(tmp_path: Path) -> None:
    tree, clock = PowercapTree(tmp_path).zone("intel-rapl:0", "package-0", 5_000_000), Clock()
    with node_exporter(tmp_path) as exporter:
        reader, own = Reader(surroundings_of(tmp_path, clock), exporter.url), Rapl(surroundings_of(tmp_path, clock))
        channels = Channels()
        channels.offer("reader@", reader.open())
        meters = own.open()
        for is_there in (True, False, True):
            if is_there:
                channels.offer("rapl", meters)
            else:
                channels.withdraw("rapl")
            assert [meter.method for meter in channels.meters.values()] == [
                "rapl.powercap" if is_there else "node_exporter.rapl"
            ]
            for _ in range(4):
                channels.add("reader@", reader.read())
                channels.add("rapl", own.read() if is_there else [])
                clock.pass_s(10.0)
                tree.use("intel-rapl:0", 1_000.0)
            (step,) = channels.take().values()
            # Each begins with a first reading, so that what was used while nobody was at hand is not guessed.
            assert (step.energy_j, step.covered_s) == (near(3_000.0), near(30.0))
        own.close()


def test_an_exporter_that_is_killed_is_a_fault_and_its_counters_go_on_when_it_is_back(tmp_path: Path) -> None:
    tree, clock = PowercapTree(tmp_path).zone("intel-rapl:0", "package-0", 5_000_000), Clock()
    with node_exporter(tmp_path) as exporter:
        reader = Reader(surroundings_of(tmp_path, clock), exporter.url)
        ledger = opened(reader)
        exporter.stop()
        clock.pass_s(10.0)
        tree.use("intel-rapl:0", 1_000.0)
        with pytest.raises(ProbeTransient, match=f"{exporter.url} cannot be read"):
            reader.read()
        clock.pass_s(1.0)
        with pytest.raises(ProbeTransient, match="cannot be read"):  # not asked, and still not well
            reader.read()
        assert ledger.energies()[0].energy_j == 0.0
        exporter.start()
        clock.pass_s(9.0)
        metered(reader, ledger)
    (energy,) = ledger.energies()
    assert (energy.energy_j, energy.covered_s) == (near(1_000.0), near(20.0))


def test_a_counter_that_begins_again_gives_what_it_shows_since(tmp_path: Path) -> None:
    tree, clock = PowercapTree(tmp_path).zone("intel-rapl:0", "package-0", 50_000_000_000), Clock()
    with node_exporter(tmp_path) as exporter:
        reader = Reader(surroundings_of(tmp_path / "empty", clock), exporter.url)
        ledger = opened(reader)
        clock.pass_s(10.0)
        tree.use("intel-rapl:0", 1_000.0)
        metered(reader, ledger)
        clock.pass_s(10.0)
        tree.show("intel-rapl:0", 400_000_000)
        metered(reader, ledger)
    (energy,) = ledger.energies()
    assert (energy.energy_j, energy.covered_s) == (near(1_400.0), near(14.0))
    assert any("restarted" in remark for remark in ledger.remarks())


def acpi(root: Path, number: int, power_w: float) -> None:
    """An ACPI power meter as the kernel links it: the monitor's device is a folder of its own."""
    device = root / f"sys/devices/LNXSYSTM:00/LNXSYBUS:00/ACPI000D:0{number}"
    write(device / "power1_average", round(power_w * 1e6))
    write(device / "power1_average_interval", 1000)
    write(device / "power1_accuracy", "95%")
    write(device / "name", "power_meter")
    link(root, number, device)


def link(root: Path, number: int, device: Path) -> None:
    folder = root / f"sys/class/hwmon/hwmon{number}"
    folder.mkdir(parents=True)
    (folder / "device").symlink_to(device)


def test_the_acpi_power_meter_is_the_machine_and_reads_as_our_own_probe_reads_it(tmp_path: Path) -> None:
    acpi(tmp_path, 0, 416.0)
    own = AcpiPowerMeter(surroundings_of(tmp_path))
    (direct,) = own.open()
    (shown,) = own.read()
    own.close()
    with node_exporter(tmp_path) as exporter:
        reader = Reader(surroundings_of(tmp_path), exporter.url)
        (relayed,) = reader.open()
        (reading,) = reader.read()
    assert relayed.channel == direct.channel
    assert reading.value * relayed.unit == shown.value * direct.unit == near(416.0)
    assert relayed.gain_p5 < direct.gain_p5 < direct.gain_p95 < relayed.gain_p95


@pytest.mark.parametrize(("powers_w", "told"), [((0.0,), "no energy"), ((300.0, 200.0), "no energy")])
def test_a_board_whose_meter_shows_nothing_or_that_has_several_is_not_metered_by_it(
    tmp_path: Path, powers_w: tuple[float, ...], told: str
) -> None:
    for number, power_w in enumerate(powers_w):
        acpi(tmp_path, number, power_w)
    with node_exporter(tmp_path) as exporter, pytest.raises(ProbeUnavailable, match=told):
        Reader(surroundings_of(tmp_path), exporter.url).open()


def test_an_amd_gpu_is_known_by_its_address_and_its_counter_goes_before_its_power(tmp_path: Path) -> None:
    for number, (address, files) in enumerate(
        {
            "0000:03:00.0": {"power1_average": "55000000", "energy1_input": "12345678"},
            "0000:c4:00.0": {"power1_average": "30000000"},
        }.items()
    ):
        device = tmp_path / "sys/devices/pci0000:00/0000:00:08.1" / address
        monitor = tmp_path / f"sys/class/hwmon/hwmon{number}"
        for name, text in {"name": "amdgpu", **files}.items():
            write(monitor / name, text)
        device.mkdir(parents=True)
        (monitor / "device").symlink_to(device)
    with node_exporter(tmp_path) as exporter:
        reader = Reader(surroundings_of(tmp_path), exporter.url)
        meters = {meter.channel.device: meter for meter in reader.open()}
        values = {reading.meter.channel.device: reading.value * reading.meter.unit for reading in reader.read()}
    assert {device: meter.method for device, meter in meters.items()} == {
        "0000:03:00.0": "node_exporter.amdgpu_energy",
        "0000:c4:00.0": "node_exporter.amdgpu_power",
    }
    assert values == {"0000:03:00.0": near(12.345678), "0000:c4:00.0": near(30.0)}


def test_one_that_may_not_read_the_counters_is_told_apart_from_no_exporter(tmp_path: Path) -> None:
    (tmp_path / "sys").mkdir()
    with node_exporter(tmp_path) as exporter, pytest.raises(ProbeUnavailable) as raised:
        Reader(surroundings_of(tmp_path), exporter.url).open()
    assert "tells of no energy" in raised.value.reason
    assert "chmod a+r" in raised.value.remedy


def test_the_machines_name_is_the_one_that_its_own_probes_give(tmp_path: Path) -> None:
    server(tmp_path)
    with node_exporter(tmp_path) as exporter:
        meters = Reader(Surroundings("rack-7", tmp_path), exporter.url).open()
    assert {meter.channel.host for meter in meters} == {"rack-7"}
