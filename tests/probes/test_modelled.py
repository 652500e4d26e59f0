"""Processors and memory without a meter: the curve, the energy it gives, and when the model stands back."""

import csv
from math import isclose
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.counter import integral_of
from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.probe import Probe, Surroundings
from dcfoot.reading import Basis, Domain
from dcfoot.tables import rows
from dcfoot_probes.cpu_power import TABLES
from dcfoot_probes.modelled import (
    MEMORY_P5_W_PER_GIB,
    MEMORY_P95_W_PER_GIB,
    MEMORY_W_PER_GIB,
    ModelledCpu,
    ModelledMemory,
    load_curve,
    power_ratio,
)
from simulated.trees import Clock, HwmonTree, PowercapTree, ProcTree, as_nobody, folder_for_all, surroundings_of

# SPECpower_ssj2008 results, W at the wall at 0, 50 and 100 % load.
DELL_W = {"r830": (86.4, 315, 562), "r740": (52.3, 224, 457), "r640": (55, 232, 469), "r940": (106, 437, 915)}

EPYC_W = 360.0
"""TDP of the machine below (AMD EPYC 9654, one socket)."""


def server(root: Path) -> ProcTree:
    """One EPYC 9654 with 768 GiB, up since long."""
    proc = ProcTree(root)
    proc.cpuinfo("AMD EPYC 9654 96-Core Processor", "AuthenticAMD")
    proc.topology(sockets=1, threads=192)
    proc.meminfo(768)
    proc.stat(1000.0, 1000.0)
    return proc


def energy_j(probe: Probe, clock: Clock, proc: ProcTree, steps: list[tuple[float, float]]) -> float:
    """What a probe books while each step lasts so many seconds at such a load."""
    integral = integral_of(probe.open()[0])
    integral.add(probe.read()[0])
    total_j, busy_s, idle_s = 0.0, 1000.0, 1000.0
    for seconds, load in steps:
        busy_s, idle_s = busy_s + 192 * seconds * load, idle_s + 192 * seconds * (1 - load)
        proc.stat(busy_s, idle_s)
        clock.pass_s(seconds)
        total_j += integral.add(probe.read()[0]).energy_j
    probe.close()
    return total_j


def test_the_curve_is_the_mean_of_four_published_servers() -> None:
    with (TABLES / "load_curve.csv").open() as file:
        table = list(csv.DictReader(file))
    for row in table:
        ratios = [float(row[f"dell_{name}_w"]) / watts[2] for name, watts in DELL_W.items()]
        assert float(row["power_ratio"]) == round(sum(ratios) / 4, 3)
    for index, load in enumerate((0, 5, 10)):
        assert tuple(float(table[load][f"dell_{name}_w"]) for name in DELL_W) == tuple(
            w[index] for w in DELL_W.values()
        )


def test_the_curve_has_eleven_points_and_ends_at_full_power() -> None:
    curve = load_curve()
    assert [load for load, _ in curve] == [index / 10 for index in range(11)]
    assert curve[-1] == (1.0, 1.0)


@given(one=st.floats(0, 1), other=st.floats(0, 1))
def test_more_load_never_draws_less(one: float, other: float) -> None:
    curve = load_curve()
    assert power_ratio(curve, min(one, other)) <= power_ratio(curve, max(one, other)) + 1e-12


def test_between_two_points_the_power_is_on_the_line() -> None:
    curve = load_curve()
    assert isclose(power_ratio(curve, 0.55), (curve[5][1] + curve[6][1]) / 2)
    assert [power_ratio(curve, load) for load, _ in curve] == [power for _, power in curve]


@pytest.mark.parametrize(("load", "ratio"), [(0.0, 0.125), (0.5, 0.506), (1.0, 1.0)])
def test_a_constant_load_draws_the_curves_part_of_the_tdp(tmp_path: Path, load: float, ratio: float) -> None:
    proc, clock = server(tmp_path), Clock()
    probe = ModelledCpu(surroundings_of(tmp_path, clock))
    assert isclose(energy_j(probe, clock, proc, [(1.0, load)] * 10), EPYC_W * ratio * 10, rel_tol=1e-6)


def test_a_load_that_comes_and_goes_is_followed(tmp_path: Path) -> None:
    proc, clock = server(tmp_path), Clock()
    probe = ModelledCpu(surroundings_of(tmp_path, clock))
    steps = [(2.0, 1.0), (3.0, 0.0), (5.0, 0.5)]
    assert isclose(energy_j(probe, clock, proc, steps), EPYC_W * (2 + 3 * 0.125 + 5 * 0.506), rel_tol=1e-6)


def test_between_two_ticks_of_the_kernel_the_last_load_goes_on(tmp_path: Path) -> None:
    proc, clock = server(tmp_path), Clock()
    probe = ModelledCpu(surroundings_of(tmp_path, clock))
    integral = integral_of(probe.open()[0])
    integral.add(probe.read()[0])
    proc.stat(1192.0, 1000.0)
    clock.pass_s(1.0)
    integral.add(probe.read()[0])
    clock.pass_s(0.001)
    assert isclose(integral.add(probe.read()[0]).energy_j, EPYC_W * 0.001)


def test_the_model_never_looks_measured_and_says_how_wide_it_is(tmp_path: Path) -> None:
    server(tmp_path)
    for probe in (ModelledCpu(surroundings_of(tmp_path)), ModelledMemory(surroundings_of(tmp_path))):
        (meter,) = probe.open()
        assert meter.channel.basis is Basis.MODELLED
        assert meter.gain_p5 < 0.5
        assert meter.gain_p95 > 1.5
        assert meter.source


def test_memory_draws_by_its_size(tmp_path: Path) -> None:
    proc, clock = server(tmp_path), Clock()
    probe = ModelledMemory(surroundings_of(tmp_path, clock))
    assert isclose(energy_j(probe, clock, proc, [(10.0, 0.3)]), 768 * 0.15 * 10, rel_tol=1e-6)


def test_memory_draws_here_what_it_draws_in_the_node_model() -> None:
    (row,) = (r for r in rows("node_classes") if (r["node_class"], r["what"]) == ("server", "dram_w_per_gib"))
    assert (float(row["central"]), float(row["p5"]), float(row["p95"])) == (
        MEMORY_W_PER_GIB,
        MEMORY_P5_W_PER_GIB,
        MEMORY_P95_W_PER_GIB,
    )


def test_published_coefficients_of_others_lie_inside_the_memorys_interval() -> None:
    # Cloud Carbon Footprint 0.392, Crucial 3 W for 8 GB, Boavizta 0.284 W/GB.
    assert all(MEMORY_P5_W_PER_GIB < published < MEMORY_P95_W_PER_GIB for published in (0.392, 3 / 8, 0.284))


def opens(probe: type[ModelledCpu | ModelledMemory], surroundings: Surroundings) -> bool:
    """Whether the model opens; it stands back only for a hardware meter."""
    try:
        probe(surroundings).open()
    except ProbeUnavailable as unavailable:
        return "hardware meter" not in unavailable.reason
    return True


def test_with_package_and_memory_zones_neither_is_modelled(tmp_path: Path) -> None:
    server(tmp_path)
    PowercapTree(tmp_path).zone("intel-rapl:0", "package-0").zone("intel-rapl:0:0", "dram")
    surroundings = surroundings_of(tmp_path)
    assert not opens(ModelledCpu, surroundings)
    assert not opens(ModelledMemory, surroundings)


def test_amds_packages_are_measured_and_its_memory_modelled(tmp_path: Path) -> None:
    server(tmp_path)
    PowercapTree(tmp_path).zone("intel-rapl:0", "package-0")
    surroundings = surroundings_of(tmp_path)
    assert not opens(ModelledCpu, surroundings)
    assert opens(ModelledMemory, surroundings)


def test_a_platform_meter_holds_both(tmp_path: Path) -> None:
    server(tmp_path)
    HwmonTree(tmp_path).grace(0, "Grace Power Socket 0", 200.0)
    surroundings = surroundings_of(tmp_path)
    assert not opens(ModelledCpu, surroundings)
    assert not opens(ModelledMemory, surroundings)


def test_graces_rails_hold_the_processor_and_not_the_memory(tmp_path: Path) -> None:
    server(tmp_path)
    for number, rail in enumerate(("CPU", "SysIO")):
        HwmonTree(tmp_path).grace(number, f"{rail} Power Socket 0", 60.0)
    surroundings = surroundings_of(tmp_path)
    assert not opens(ModelledCpu, surroundings)
    assert opens(ModelledMemory, surroundings)


def test_a_meter_of_the_node_leaves_the_processors_to_the_model(tmp_path: Path) -> None:
    server(tmp_path)
    HwmonTree(tmp_path).monitor(0, "power_meter", power1_average=400_000_000)
    assert opens(ModelledCpu, surroundings_of(tmp_path))


def test_counters_that_may_not_be_read_leave_the_processors_to_the_model() -> None:
    with folder_for_all() as root:
        server(root)
        PowercapTree(root).zone("intel-rapl:0", "package-0").file("intel-rapl:0").chmod(0o400)
        with as_nobody():
            assert opens(ModelledCpu, surroundings_of(root))


def test_a_virtual_machine_is_modelled_by_its_own_threads(tmp_path: Path) -> None:
    proc = server(tmp_path)
    proc.cpuinfo("AMD EPYC 9654 96-Core Processor", "AuthenticAMD", "fpu hypervisor")
    proc.topology(sockets=1, threads=24)
    (meter,) = ModelledCpu(surroundings_of(tmp_path)).open()
    assert meter.channel.domain is Domain.PACKAGE
    assert meter.name == "CPU AMD EPYC 9654 96-Core Processor: 24 of 192 threads of a TDP of 360 W"


def test_without_procfs_there_is_no_model(tmp_path: Path) -> None:
    for probe in (ModelledCpu, ModelledMemory):
        with pytest.raises(ProbeUnavailable):
            probe(surroundings_of(tmp_path)).open()


def test_a_load_that_cannot_be_read_is_a_gap(tmp_path: Path) -> None:
    server(tmp_path)
    probe = ModelledCpu(surroundings_of(tmp_path))
    probe.open()
    (tmp_path / "proc/stat").unlink()
    with pytest.raises(ProbeTransient, match="proc/stat"):
        probe.read()
