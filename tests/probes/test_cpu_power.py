"""What a processor is rated at, by name, by threads, and how wide the interval around it must be."""

import csv
import sys
from math import isclose
from pathlib import Path
from statistics import mean, median
from time import perf_counter

import pytest

from dcfoot.measurement import Machine
from dcfoot_probes.cpu_power import (
    MODEL_GAIN_P5,
    MODEL_GAIN_P95,
    MODEL_RESULTS_COUNT,
    TABLES,
    WATTS_PER_THREAD,
    WattsPerThread,
    plain_name,
    rated_power,
    server_cpu,
    tdp_w,
)
from simulated.reference import reference_dir

# Names as kernels give them, with the TDP that the makers' pages state.
NAMED = [
    ("Intel(R) Xeon(R) CPU E5-2670 v3 @ 2.30GHz", 120.0),
    ("Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz", 150.0),
    ("INTEL(R) XEON(R) PLATINUM 8592+", 350.0),
    ("Intel(R) Xeon(R) 6980P", 500.0),
    ("Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz", 15.0),
    ("Intel(R) Core(TM)2 Duo CPU     E8400  @ 3.00GHz", 65.0),
    ("AMD EPYC 7742 64-Core Processor", 225.0),
    ("AMD EPYC 9654 96-Core Processor", 360.0),
    ("AMD Ryzen 9 7950X3D 16-Core Processor", 120.0),
    ("AMD Ryzen Threadripper PRO 3995WX 64-Cores", 280.0),
    ("AMD Ryzen 7 5800H with Radeon Graphics", 45.0),
    ("AMD FX(tm)-8350 Eight-Core Processor", 125.0),
]

NAMELESS = ["AMD EPYC", "Intel(R) Xeon(R) Processor @ 2.70GHz", "Intel Xeon Processor (Skylake, IBRS)", "", "KVM @ 1"]


@pytest.mark.parametrize(("name", "expected_w"), NAMED)
def test_the_tdp_of_a_part_is_found_by_the_name_that_the_kernel_gives(name: str, expected_w: float) -> None:
    assert tdp_w(name) == expected_w


@pytest.mark.parametrize("name", NAMELESS)
def test_a_name_that_tells_no_part_has_no_tdp(name: str) -> None:
    assert tdp_w(name) is None


def test_a_part_that_is_not_in_the_table_is_not_mistaken_for_one_with_a_longer_name() -> None:
    assert tdp_w("AMD EPYC 774") is None
    assert tdp_w("AMD EPYC 77421") is None


def test_without_codecarbon_the_server_processors_are_still_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "codecarbon", None)
    assert tdp_w("AMD EPYC 7742 64-Core Processor") is None
    machine = Machine("AMD EPYC 7742 64-Core Processor", cpu_sockets=1, cpu_threads=128)
    assert rated_power(machine, "AuthenticAMD").power_w == 225.0


def test_looking_a_name_up_takes_milliseconds() -> None:
    took_s: list[float] = []
    for _ in range(5):
        began = perf_counter()
        tdp_w("Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz")
        server_cpu("Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz")
        took_s.append(perf_counter() - began)
    assert min(took_s) < 0.05


def test_real_hardware_draws_the_tdp_of_each_socket() -> None:
    machine = Machine("AMD EPYC 9654 96-Core Processor", cpu_sockets=2, cpu_threads=384)
    rated = rated_power(machine, "AuthenticAMD")
    assert rated.power_w == 720.0
    assert (rated.gain_p5, rated.gain_p95) == (MODEL_GAIN_P5, MODEL_GAIN_P95)


def test_a_virtual_machine_has_its_threads_part_of_the_socket() -> None:
    # 24 of the 192 threads of an EPYC 9654: an eighth of 360 W.
    machine = Machine("AMD EPYC 9654 96-Core Processor", cpu_sockets=1, cpu_threads=24, virtual=True)
    assert rated_power(machine, "AuthenticAMD").power_w == 45.0


@pytest.mark.parametrize("name", ["AMD EPYC", "AMD EPYC 7B12"])
def test_where_the_part_or_its_threads_are_not_known_the_interval_is_wider(name: str) -> None:
    rated = rated_power(Machine(name, cpu_sockets=1, cpu_threads=8, virtual=True), "AuthenticAMD")
    assert isclose(rated.power_w, 8 * WATTS_PER_THREAD["AuthenticAMD"].central_w)
    assert rated.gain_p5 < MODEL_GAIN_P5
    assert rated.gain_p95 > MODEL_GAIN_P95
    assert "not being known" in rated.how


def test_the_interval_of_a_nameless_part_covers_each_server_part_of_its_vendor_nine_times_of_ten() -> None:
    rated = rated_power(Machine("AMD EPYC", cpu_threads=1, virtual=True), "AuthenticAMD")
    watts = [w for vendor, _, w in server_parts() if vendor == "amd"]
    inside = [rated.power_w * rated.gain_p5 <= w <= rated.power_w * rated.gain_p95 for w in watts]
    assert mean(inside) >= 0.9


def server_parts() -> list[tuple[str, int, float]]:
    """Vendor, year and watts per thread of each server processor."""
    with (TABLES / "server_cpus.csv").open() as file:
        return [
            (
                row["name"].split()[0],
                int(row["year"]),
                float(row["tdp_w"]) / int(row["cores"]) / int(row["threads_per_core"]),
            )
            for row in csv.DictReader(file)
        ]


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[round(part * (len(values) - 1))]


@pytest.mark.parametrize(("vendor_id", "vendor"), [("AuthenticAMD", "amd"), ("GenuineIntel", "intel"), ("", "")])
def test_the_usual_watts_of_a_thread_are_those_of_the_table(vendor_id: str, vendor: str) -> None:
    watts = [w for maker, year, w in server_parts() if maker.startswith(vendor) and year >= 2016]
    assert WATTS_PER_THREAD[vendor_id] == WattsPerThread(
        round(percentile(watts, 0.50), 2),
        round(percentile(watts, 0.05), 2),
        round(percentile(watts, 0.95), 2),
        len(watts),
    )


def test_the_tables_names_are_written_as_they_are_looked_up() -> None:
    names = [line.split(",")[0] for line in (TABLES / "server_cpus.csv").read_text().splitlines()[1:]]
    assert names == sorted(set(names))
    assert [plain_name(name) for name in names] == names


def test_the_interval_of_the_model_is_what_published_servers_leave_open() -> None:
    """The derivation of `MODEL_GAIN_P5` and `MODEL_GAIN_P95`.

    A server's wall power W at full load and at rest bounds its processors' from above. From below: W times the supply's
    efficiency (0.93 loaded, 0.90 idle), less 45 W of board and drives and 0.15 W/GiB of memory, over 1.17 for fans (7
    %) and regulators (10 %); the constants are those of a server in dcfoot's node model.
    """
    reference = reference_dir()
    if reference is None:
        pytest.skip("needs the published SPECpower results (DCFOOT_REFERENCE_DIR)")
    low: list[float] = []
    high: list[float] = []
    with (reference / "facts/servers_specpower.csv").open() as file:
        for row in csv.DictReader(file):
            tdp = tdp_w(row["cpu"].strip(" ,"))
            if tdp is None or int(row["year"]) < 2016:
                continue
            full_w, idle_w, gib = float(row["full_w"]), float(row["idle_w"]), float(row["memory_gb"])
            for busy in (1.0, 0.5):
                model_w = tdp * int(row["chips"]) * (busy + (1 - busy) * 0.125)
                chips_w = busy * chips_power_w(full_w, 0.93, gib) + (1 - busy) * chips_power_w(idle_w, 0.90, gib)
                low.append(chips_w / model_w)
                high.append((busy * full_w + (1 - busy) * idle_w) / model_w)
    assert len(low) == 2 * MODEL_RESULTS_COUNT
    assert round(percentile(low, 0.05), 2) == MODEL_GAIN_P5
    assert round(percentile(high, 0.95), 2) == MODEL_GAIN_P95
    assert median(low) < 1.0 < median(high)


def chips_power_w(wall_w: float, efficiency: float, gib: float) -> float:
    return max(0.0, (wall_w * efficiency - 45.0 - 0.15 * gib * 1.07) / 1.17)


def test_the_rated_power_names_its_sources() -> None:
    rated = rated_power(Machine("AMD EPYC", cpu_threads=2, virtual=True), "AuthenticAMD")
    assert all(word in rated.source for word in ("codecarbon", "SPECpower", "R740"))


def test_tables_are_found_beside_the_code() -> None:
    assert {path.name for path in Path(TABLES).iterdir()} >= {"load_curve.csv", "server_cpus.csv", "README.md"}
