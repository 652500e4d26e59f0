"""RAPL through perf: what its files say, and that the system call reads a real counter of this kernel."""

import os
from pathlib import Path
from time import sleep

import pytest

from dcfoot.counter import integral_of
from dcfoot.errors import ProbeUnavailable
from dcfoot.probe import Surroundings
from dcfoot.reading import Domain
from dcfoot_probes.perf import Perf, PowerEvent, counting_places, find_events, open_event
from simulated.trees import PowercapTree, ProcTree, as_nobody, folder_for_all, surroundings_of, write

SCALE = "2.3283064365386962890625e-10"
"""2^-32 J, as Linux writes the scale of every power event (arch/x86/events/rapl.c)."""

TSC = Path("/sys/bus/event_source/devices/msr")


def power_pmu(root: Path, pmu: int = 23, cpumask: str = "0", events: tuple[str, ...] = ("pkg", "ram", "cores")) -> None:
    """The power PMU as a server shows it."""
    folder = root / "sys/bus/event_source/devices/power"
    write(folder / "type", pmu)
    write(folder / "cpumask", cpumask)
    codes = {"cores": 1, "pkg": 2, "ram": 3}
    for event in events:
        write(folder / f"events/energy-{event}", f"event=0x{codes[event]:02x}")
        write(folder / f"events/energy-{event}.scale", SCALE)
        write(folder / f"events/energy-{event}.unit", "Joules")


def test_package_and_memory_events_are_found_with_their_scale(tmp_path: Path) -> None:
    power_pmu(tmp_path)
    assert find_events(tmp_path) == {
        Domain.PACKAGE: PowerEvent(23, 2, 2.0**-32),
        Domain.DRAM: PowerEvent(23, 3, 2.0**-32),
    }


def test_an_event_in_another_unit_than_joules_is_not_taken(tmp_path: Path) -> None:
    power_pmu(tmp_path)
    write(tmp_path / "sys/bus/event_source/devices/power/events/energy-ram.unit", "ticks")
    assert set(find_events(tmp_path)) == {Domain.PACKAGE}


def test_perf_stands_back_where_powercap_meters_the_packages(tmp_path: Path) -> None:
    power_pmu(tmp_path)
    PowercapTree(tmp_path).zone("intel-rapl:0", "package-0")
    with pytest.raises(ProbeUnavailable, match="meter the same packages"):
        Perf(surroundings_of(tmp_path)).open()


def test_a_machine_without_power_events_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProbeUnavailable, match="no power events"):
        Perf(surroundings_of(tmp_path)).open()


def test_one_processor_of_each_package_counts(tmp_path: Path) -> None:
    power_pmu(tmp_path, cpumask="0,4")
    ProcTree(tmp_path).topology(sockets=2, threads=8)
    assert list(counting_places(tmp_path)) == [(0, "0"), (4, "1")]


def test_intels_dies_count_each_for_itself_and_amds_once_a_package(tmp_path: Path) -> None:
    power_pmu(tmp_path, cpumask="0,2")
    proc = ProcTree(tmp_path)
    proc.topology(sockets=1, threads=4)
    write(tmp_path / "sys/devices/system/cpu/cpu2/topology/die_id", 1)
    proc.cpuinfo("Intel(R) Xeon(R) Platinum 9242 CPU @ 2.30GHz")
    assert list(counting_places(tmp_path)) == [(0, "0"), (2, "0-die-1")]
    proc.cpuinfo("AMD Ryzen Threadripper 2990WX 32-Core Processor", "AuthenticAMD")
    assert list(counting_places(tmp_path)) == [(0, "0")]


def tsc_event() -> PowerEvent:
    """The time-stamp counter, which perf offers on any x86 kernel, through the same call; or a skip."""
    kind = TSC / "type"
    if not kind.exists():
        pytest.skip("this kernel has no msr PMU")
    event = PowerEvent(int(kind.read_text()), 0, 1e-9)
    try:
        os.close(open_event(event, 0))
    except OSError as error:
        pytest.skip(f"perf events may not be opened here: {error}")
    return event


def test_the_system_call_opens_a_counter_that_counts(tmp_path: Path) -> None:
    event = tsc_event()
    power_pmu(tmp_path, event.pmu, events=("pkg",))
    folder = tmp_path / "sys/bus/event_source/devices/power/events"
    write(folder / "energy-pkg", f"event=0x{event.config:02x}")
    write(folder / "energy-pkg.scale", "1e-9")
    probe = Perf(Surroundings("box", tmp_path))
    integral = integral_of(probe.open()[0])
    integral.add(probe.read()[0])
    sleep(0.1)
    step = integral.add(probe.read()[0])
    probe.close()
    # A time-stamp counter runs at 1 to 6 GHz, which at 1e-9 J a tick is 1 to 6 W.
    assert 1.0 < step.energy_j / step.elapsed_s < 6.0


def test_an_event_is_closed_when_a_job_is_started() -> None:
    descriptor = open_event(tsc_event(), 0)
    inherited = os.get_inheritable(descriptor)
    os.close(descriptor)
    assert not inherited


def test_a_kernel_that_keeps_users_out_is_told_with_the_setting_that_lets_them_in() -> None:
    event = tsc_event()
    if int(Path("/proc/sys/kernel/perf_event_paranoid").read_text()) <= 0:
        pytest.skip("this kernel lets everybody count whole processors")
    with folder_for_all() as root:
        power_pmu(root, event.pmu, events=("pkg",))
        write(root / "proc/sys/kernel/perf_event_paranoid", 2)
        with as_nobody(), pytest.raises(ProbeUnavailable) as refused:
            Perf(surroundings_of(root)).open()
    assert "kernel.perf_event_paranoid is 2" in refused.value.reason
    assert "sudo sysctl kernel.perf_event_paranoid=0" in refused.value.remedy


def test_an_event_that_the_kernel_does_not_know_is_told(tmp_path: Path) -> None:
    tsc_event()
    power_pmu(tmp_path, pmu=9_999)
    with pytest.raises(ProbeUnavailable, match="perf_event_open"):
        Perf(surroundings_of(tmp_path)).open()
