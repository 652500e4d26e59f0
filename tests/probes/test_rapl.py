"""RAPL through powercap: which zones are metered, what they count, and what is said where they cannot be read."""

from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.counter import Outcome, integral_of
from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.ledger import EnergyLedger
from dcfoot.reading import Domain, Kind, Meter, Reading
from dcfoot_probes.rapl import Rapl
from simulated.trees import RANGE_UJ, Clock, PowercapTree, ProcTree, as_nobody, folder_for_all, surroundings_of

# Cases of an Intel package domain of 61.04 uJ (Intel SDM vol. 3B, 15.10): before, after, energy between, worked by
# hand with (b - a) mod (max_energy_range_uj + 1).
DELTAS_UJ = [(1_000, 251_000, 250_000), (262_143_000_000, 500_000, 828_851), (5, 5, 0)]


def opened(root: Path) -> tuple[Rapl, dict[str, Meter]]:
    probe = Rapl(surroundings_of(root))
    return probe, {meter.channel.device: meter for meter in probe.open()}


def two_sockets(root: Path) -> PowercapTree:
    """A Xeon server: each package with its core and memory zones, and the packages' counters far apart."""
    tree = PowercapTree(root)
    for socket in range(2):
        tree.zone(f"intel-rapl:{socket}", f"package-{socket}", 10_000_000 + 80_000_000_000 * socket)
        tree.zone(f"intel-rapl:{socket}:0", "core")
        tree.zone(f"intel-rapl:{socket}:1", "dram", 7_000_000 + 900 * socket)
    return tree


def test_each_package_and_its_memory_is_metered_and_the_core_is_not(tmp_path: Path) -> None:
    two_sockets(tmp_path)
    probe, meters = opened(tmp_path)
    probe.close()
    assert {name: meter.channel.domain for name, meter in meters.items()} == {
        "package-0": Domain.PACKAGE,
        "dram-0": Domain.DRAM,
        "package-1": Domain.PACKAGE,
        "dram-1": Domain.DRAM,
    }
    assert all(m.kind is Kind.COUNTER and m.unit == 1e-6 and m.wrap_count == RANGE_UJ + 1 for m in meters.values())


def test_the_energy_of_a_server_is_that_of_its_packages_and_memory(tmp_path: Path) -> None:
    tree, clock = two_sockets(tmp_path), Clock()
    probe = Rapl(surroundings_of(tmp_path, clock))
    ledger = EnergyLedger()
    for meter in probe.open():
        ledger.open(meter)
    for _ in range(11):
        for reading in probe.read():
            ledger.add(reading)
        clock.pass_s(1.0)
        for number, watts in {"0": 100.0, "0:0": 80.0, "0:1": 20.0, "1": 150.0, "1:1": 30.0}.items():
            tree.use(f"intel-rapl:{number}", watts)
    probe.close()
    energies = {e.meter.channel.device: e.energy_j for e in ledger.energies()}
    rounded = {name: round(energy_j, 6) for name, energy_j in energies.items()}
    assert rounded == {"package-0": 1000, "dram-0": 200, "package-1": 1500, "dram-1": 300}


@pytest.mark.parametrize(("before_uj", "after_uj", "expected_uj"), DELTAS_UJ)
def test_a_difference_takes_the_wrap_from_the_zones_own_range(
    tmp_path: Path, before_uj: int, after_uj: int, expected_uj: int
) -> None:
    tree = PowercapTree(tmp_path).zone("intel-rapl:0", "package-0", before_uj)
    clock = Clock()
    probe = Rapl(surroundings_of(tmp_path, clock))
    integral = integral_of(probe.open()[0])
    integral.add(probe.read()[0])
    tree.show("intel-rapl:0", after_uj)
    clock.pass_s(1.0)
    step = integral.add(probe.read()[0])
    probe.close()
    assert abs(step.energy_j - expected_uj * 1e-6) < 1e-12
    assert step.outcome is (Outcome.WRAP if after_uj < before_uj else Outcome.STEP)


@given(start_uj=st.integers(0, RANGE_UJ), steps_j=st.lists(st.floats(0, 1900), min_size=1, max_size=8))
def test_energy_adds_up_across_any_number_of_wraps(
    tmp_path_factory: pytest.TempPathFactory, start_uj: int, steps_j: list[float]
) -> None:
    small_uj = 2_000_000_000  # 2,000 J, so that most examples wrap
    root = tmp_path_factory.mktemp("powercap")
    tree = PowercapTree(root).zone("intel-rapl:0", "package-0", start_uj % (small_uj + 1), small_uj)
    clock = Clock()
    probe = Rapl(surroundings_of(root, clock))
    integral = integral_of(probe.open()[0])
    integral.add(probe.read()[0])
    total_j = 0.0
    for step_j in steps_j:
        tree.use("intel-rapl:0", step_j)
        clock.pass_s(1.0)
        total_j += integral.add(probe.read()[0]).energy_j
    probe.close()
    assert abs(total_j - sum(round(step * 1e6) for step in steps_j) * 1e-6) < 1e-6


def test_zones_are_found_where_only_the_devices_own_tree_is_there(tmp_path: Path) -> None:
    PowercapTree(tmp_path, nested=True).zone("intel-rapl:0", "package-0").zone("intel-rapl:0:0", "dram")
    probe, meters = opened(tmp_path)
    probe.close()
    assert set(meters) == {"package-0", "dram-0"}


def test_a_zone_that_stands_in_both_places_is_metered_once(tmp_path: Path) -> None:
    tree = PowercapTree(tmp_path, nested=True).zone("intel-rapl:0", "package-0").zone("intel-rapl:0:0", "dram")
    beside = tmp_path / "sys/class/powercap"
    beside.mkdir(parents=True)
    (beside / "intel-rapl:0").symlink_to(tree.folder("intel-rapl:0"))
    (beside / "intel-rapl:0:0").symlink_to(tree.folder("intel-rapl:0:0"))
    probe, meters = opened(tmp_path)
    probe.close()
    assert set(meters) == {"package-0", "dram-0"}


def test_the_copy_of_the_package_counter_in_mmio_is_not_metered(tmp_path: Path) -> None:
    PowercapTree(tmp_path).zone("intel-rapl:0", "package-0").zone("intel-rapl-mmio:0", "package-0")
    probe, meters = opened(tmp_path)
    assert len(probe.read()) == len(meters) == 1
    probe.close()


def test_amd_has_no_memory_zone_and_a_wider_interval(tmp_path: Path) -> None:
    ProcTree(tmp_path).cpuinfo("AMD EPYC 7742 64-Core Processor", "AuthenticAMD")
    PowercapTree(tmp_path).zone("intel-rapl:0", "package-0").zone("intel-rapl:0:0", "core")
    probe, meters = opened(tmp_path)
    probe.close()
    assert set(meters) == {"package-0"}
    assert "Zen 2" in meters["package-0"].source
    assert meters["package-0"].gain_p95 > 1.1


def test_the_platform_is_never_metered_beside_a_package(tmp_path: Path) -> None:
    PowercapTree(tmp_path).zone("intel-rapl:0", "package-0").zone("intel-rapl:1", "psys")
    probe, meters = opened(tmp_path)
    probe.close()
    assert set(meters) == {"package-0"}


def test_the_platform_alone_is_metered_as_what_it_is(tmp_path: Path) -> None:
    PowercapTree(tmp_path).zone("intel-rapl:0", "psys")
    probe, meters = opened(tmp_path)
    probe.close()
    assert meters["psys"].channel.domain is Domain.PLATFORM


def test_dies_that_mirror_one_counter_are_one_meter(tmp_path: Path) -> None:
    tree = PowercapTree(tmp_path)
    for die in range(4):
        tree.zone(f"intel-rapl:{die}", f"package-0-die-{die}", 55_000_000)
    with tree.running({f"intel-rapl:{die}": 180.0 for die in range(4)}):
        probe, meters = opened(tmp_path)
    probe.close()
    assert set(meters) == {"package-0-die-0"}
    assert len(probe.notes) == 3
    assert "mirrors" in probe.notes[0]


def test_dies_with_counters_of_their_own_are_two_meters(tmp_path: Path) -> None:
    # Cascade Lake AP: two dies a package, under the same load since boot, 3 % apart in energy.
    tree = PowercapTree(tmp_path)
    tree.zone("intel-rapl:0", "package-0-die-0", 100_000_000).zone("intel-rapl:1", "package-0-die-1", 103_000_000)
    tree.zone("intel-rapl:0:0", "dram", 20_000_000).zone("intel-rapl:1:0", "dram", 21_000_000)
    with tree.running({"intel-rapl:0": 150.0, "intel-rapl:1": 150.0}):
        probe, meters = opened(tmp_path)
    probe.close()
    assert set(meters) == {"package-0-die-0", "package-0-die-1", "dram-0-die-0", "dram-0-die-1"}


def test_sockets_that_carry_equal_load_are_two_meters_however_alike(tmp_path: Path) -> None:
    tree = (
        PowercapTree(tmp_path)
        .zone("intel-rapl:0", "package-0", 70_000_000)
        .zone("intel-rapl:1", "package-1", 70_000_000)
    )
    with tree.running({"intel-rapl:0": 120.0, "intel-rapl:1": 120.0}):
        probe, meters = opened(tmp_path)
    probe.close()
    assert set(meters) == {"package-0", "package-1"}


def test_mirrors_across_the_wrap_are_still_one(tmp_path: Path) -> None:
    tree = PowercapTree(tmp_path)
    for die in range(2):
        tree.zone(f"intel-rapl:{die}", f"package-0-die-{die}", RANGE_UJ - 300_000)
    with tree.running({"intel-rapl:0": 150.0, "intel-rapl:1": 150.0}):
        probe, meters = opened(tmp_path)
    probe.close()
    assert set(meters) == {"package-0-die-0"}


def test_looking_for_mirrors_costs_time_only_where_there_are_dies(tmp_path: Path) -> None:
    two_sockets(tmp_path)
    took_s: list[float] = []
    for _ in range(5):
        began = perf_counter()
        probe, _ = opened(tmp_path)
        took_s.append(perf_counter() - began)
        probe.close()
    assert min(took_s) < 0.05


def test_counters_that_only_root_may_read_come_with_the_command_that_opens_them() -> None:
    with folder_for_all() as root:
        tree = PowercapTree(root).zone("intel-rapl:0", "package-0").zone("intel-rapl:0:0", "dram")
        for number in ("intel-rapl:0", "intel-rapl:0:0"):
            tree.file(number).chmod(0o400)
        with as_nobody(), pytest.raises(ProbeUnavailable) as refused:
            Rapl(surroundings_of(root)).open()
    assert "CVE-2020-8694" in refused.value.reason
    assert "sudo chmod a+r /sys/class/powercap/*-rapl:*/energy_uj" in refused.value.remedy
    assert "udev" in refused.value.remedy


def test_one_zone_that_cannot_be_read_leaves_the_others_and_is_told() -> None:
    with folder_for_all() as root:
        tree = two_sockets(root)
        tree.file("intel-rapl:1:1").chmod(0o400)
        with as_nobody():
            probe, meters = opened(root)
        probe.close()
    assert set(meters) == {"package-0", "dram-0", "package-1"}
    assert probe.notes == ["memory of package 1 is missing: Permission denied"]


def test_the_platform_steps_in_where_the_packages_cannot_be_read() -> None:
    with folder_for_all() as root:
        tree = PowercapTree(root).zone("intel-rapl:0", "package-0").zone("intel-rapl:0:0", "dram")
        tree.zone("intel-rapl:1", "psys")
        tree.file("intel-rapl:0").chmod(0o400)
        with as_nobody():
            probe, meters = opened(root)
        probe.close()
    assert set(meters) == {"psys"}, "the platform contains the memory, so the two are never added"


def test_a_zone_that_vanishes_while_the_job_runs_leaves_a_gap_and_the_others(tmp_path: Path) -> None:
    tree = two_sockets(tmp_path)
    probe, _ = opened(tmp_path)
    tree.vanish("intel-rapl:1")
    assert {reading.meter.channel.device for reading in probe.read()} == {"package-0", "dram-0", "dram-1"}
    probe.close()


def test_when_every_zone_vanishes_the_round_is_a_gap(tmp_path: Path) -> None:
    tree = PowercapTree(tmp_path).zone("intel-rapl:0", "package-0")
    probe, _ = opened(tmp_path)
    tree.vanish("intel-rapl:0")
    with pytest.raises(ProbeTransient, match="CPU package 0"):
        probe.read()
    probe.close()


def test_a_folder_in_place_of_the_counter_is_named(tmp_path: Path) -> None:
    tree = PowercapTree(tmp_path).zone("intel-rapl:0", "package-0")
    tree.file("intel-rapl:0").unlink()
    tree.file("intel-rapl:0").mkdir()
    with pytest.raises(ProbeUnavailable, match=r"energy_uj: Is a directory"):
        Rapl(surroundings_of(tmp_path)).open()


def test_a_machine_without_zones_is_told_which_module_brings_them(tmp_path: Path) -> None:
    ProcTree(tmp_path).cpuinfo("Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz")
    with pytest.raises(ProbeUnavailable) as absent:
        Rapl(surroundings_of(tmp_path)).open()
    assert absent.value.remedy == "sudo modprobe intel_rapl_msr"


def test_a_virtual_machine_is_told_that_nothing_can_be_done(tmp_path: Path) -> None:
    ProcTree(tmp_path).cpuinfo("AMD EPYC", "AuthenticAMD", "fpu hypervisor")
    with pytest.raises(ProbeUnavailable, match="virtual machine") as absent:
        Rapl(surroundings_of(tmp_path)).open()
    assert absent.value.remedy == ""


def test_a_tick_over_two_sockets_and_their_memory_takes_microseconds(tmp_path: Path) -> None:
    two_sockets(tmp_path)
    probe, _ = opened(tmp_path)
    took_s: list[float] = []
    readings: list[Reading] = []
    for _ in range(300):
        began = perf_counter()
        readings.extend(probe.read())
        took_s.append(perf_counter() - began)
    probe.close()
    assert len(readings) == 1200
    assert min(took_s) < 500e-6


def test_closing_gives_the_files_back(tmp_path: Path) -> None:
    two_sockets(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    probe, _ = opened(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before + 4
    probe.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
