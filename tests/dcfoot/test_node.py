"""From chips to the wall: published efficiencies of supplies, laws that any node obeys, classes told by their parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.draws import Draws, Spread
from dcfoot.errors import ConfigError
from dcfoot.measurement import Machine
from dcfoot.node import (
    NodeParameters,
    guess_node_class,
    node_class,
    psu_loss_w,
    virtual_host_share,
    wall_power_w,
)
from dcfoot.quantity import Quantity
from dcfoot.reading import Basis
from simulated.near import near
from simulated.reference import vectors

CLASSES = ("laptop", "workstation", "server", "server_8gpu")
H100 = "NVIDIA H100 80GB HBM3"


def efficiency(load_w: float, rated_w: float, certified: tuple[float, float, float]) -> float:
    return load_w / (load_w + psu_loss_w(load_w, rated_w, certified))


@pytest.mark.parametrize("level", ["gold_230v", "platinum_230v", "titanium_230v"])
def test_a_supply_has_its_certified_efficiencies(level: str) -> None:
    certified = vectors("ashrae_electrical")["psu_80plus"][level]
    points = (certified["0.2"], certified["0.5"], certified["1.0"])
    assert [efficiency(1000 * load, 1000, points) for load in (0.2, 0.5, 1.0)] == near(list(points))
    if "0.1" in certified:
        # Titanium alone is certified at a tenth of its load, too: at least that, and not a percent more.
        assert certified["0.1"] <= efficiency(100, 1000, points) <= certified["0.1"] + 0.01


EFFICIENCIES = st.tuples(st.floats(0.75, 0.95), st.floats(0.0, 0.03), st.floats(0.0, 0.05)).map(
    lambda e: (e[0], e[0] + e[1], e[0] + e[1] - e[2])
)
"""Best at half load, as every certified supply."""


def test_a_supply_that_is_rated_for_less_than_it_delivers_is_rated_for_that() -> None:
    # The classes' ratings are guesses, and some draw of one is too small for what the machine takes.
    assert efficiency(700, 500, (0.9, 0.92, 0.89)) == near(0.89)
    assert psu_loss_w(0.0, 0.0, (0.9, 0.92, 0.89)) == 0.0


def test_thousands_of_draws_are_as_good_as_hundreds() -> None:
    sets = node_class("server").parameters(Machine(), Draws("seed", 5000), dram_metered=True)
    assert min(wall_power_w(chips_w, 0.0, node) - chips_w for node in sets for chips_w in (0.0, 500.0)) >= 0.0


@given(EFFICIENCIES, st.floats(0.0, 1.2), st.floats(0.0, 0.2))
def test_a_supply_loses_more_the_more_it_delivers_and_never_less_than_nothing(
    certified: tuple[float, float, float], load: float, more: float
) -> None:
    assert 0.0 <= psu_loss_w(load, 1.0, certified) <= psu_loss_w(load + more, 1.0, certified) + 1e-12


NODES = st.builds(
    NodeParameters,
    fixed_w=st.floats(0, 1000),
    fan_ratio=st.floats(0, 0.4),
    regulator_ratio=st.floats(0, 0.2),
    psu_rated_w=st.floats(300, 20_000),
    psu_efficiencies=EFFICIENCIES,
    dram_w=st.floats(0, 500),
)


@given(NODES, st.floats(0, 1e4), st.floats(0, 1), st.floats(0, 1e3))
def test_the_wall_never_shows_less_than_the_chips_nor_less_for_more(
    node: NodeParameters, chips_w: float, package_part: float, more_w: float
) -> None:
    wall_w = wall_power_w(chips_w, package_part * chips_w, node)
    assert wall_w >= chips_w + node.fixed_w
    assert wall_power_w(chips_w + more_w, package_part * chips_w, node) >= wall_w - 1e-9


def test_a_node_by_hand() -> None:
    # Chips 200 W, 80 W of them the package; memory 10 W; fans 10 %, regulators 5 %, board 30 W: 265 W behind a supply
    # of 500 W that is 90 % efficient at 20 and 100 % and 92 % at 50 %. Its loss there: between 21.74 W at 50 % and
    # 55.56 W at 100 %, at 53 %: 21.74 + 0.03/0.5 x 33.82 = 23.77 W.
    node = NodeParameters(30.0, 0.1, 0.05, 500.0, (0.90, 0.92, 0.90), 10.0)
    assert wall_power_w(200.0, 80.0, node) == near(265.0 + 23.77, abs=0.01)


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_gives_its_central_constants_first_and_then_a_set_a_draw(name: str) -> None:
    kind = node_class(name)
    sets = kind.parameters(Machine(accelerators=(H100,) * 8, memory_gib=100.0), Draws("seed", 50), dram_metered=False)
    assert len(sets) == 51
    central = {what: spread.central for what, spread in kind.spreads.items()}
    assert sets[0].fixed_w == near(central["fixed_w"] + 8 * central["per_accelerator_w"])
    assert sets[0].dram_w == near(100 * central["dram_w_per_gib"])
    assert len({one.fixed_w for one in sets}) > 40


@pytest.mark.parametrize("name", CLASSES)
def test_every_constant_of_a_class_has_a_published_source_or_says_that_it_is_a_judgement(name: str) -> None:
    for evidence in node_class(name).evidence:
        assert evidence.source
        assert "judgement" not in evidence.source or not evidence.verified


def test_memory_that_has_a_meter_is_not_counted_again() -> None:
    (central, *_) = node_class("server").parameters(Machine(memory_gib=512.0), Draws("seed", 1), dram_metered=True)
    assert central.dram_w == 0.0


def test_of_a_virtual_machine_only_its_part_of_board_and_supply_is_counted_but_all_of_its_accelerators() -> None:
    half = Spread.exact(0.5)
    kind, draws, card = node_class("server"), Draws("seed", 1), Machine(accelerators=("NVIDIA L4",))
    (whole, *_) = kind.parameters(Machine(), draws, dram_metered=True)
    (part, *_) = kind.parameters(card, draws, dram_metered=True, host_share=half)
    per_accelerator_w = kind.spreads["per_accelerator_w"].central
    assert part.fixed_w == near(0.5 * whole.fixed_w + per_accelerator_w)
    assert part.psu_rated_w == near(0.5 * whole.psu_rated_w)


@pytest.mark.parametrize(
    ("threads", "share"),
    # By hand: over hosts of 256, 640 and 16 threads.
    [(2, (2 / 256, 2 / 640, 2 / 16)), (96, (96 / 256, 96 / 640, 1.0)), (640, (1.0, 1.0, 1.0))],
)
def test_a_virtual_machine_carries_its_threads_part_of_a_host(threads: int, share: tuple[float, float, float]) -> None:
    spread = virtual_host_share(Machine(cpu_threads=threads, virtual=True))
    assert (spread.central, spread.p5, spread.p95) == near(share)


def test_all_virtual_machines_of_a_host_together_draw_what_the_host_draws() -> None:
    # 128 machines of 2 threads and 4 W of chips each, on a host of 256 threads that draws 512 W of chips.
    kind, draws = node_class("server"), Draws("seed", 1)
    small = Machine(cpu_threads=2, virtual=True)
    (host, *_) = kind.parameters(Machine(), draws, dram_metered=True)
    (guest, *_) = kind.parameters(small, draws, dram_metered=True, host_share=virtual_host_share(small))
    assert 128 * wall_power_w(4.0, 4.0, guest) == near(wall_power_w(512.0, 512.0, host))


def test_an_8_gpu_node_between_what_was_measured_and_its_nameplate() -> None:
    # Latif et al. 2025, arXiv:2412.08602: 8.48 kW at most in training; the DGX H100 user guide: 10.2 kW at most.
    # Chips at their limits: 8 x 700 W, two 350 W processors, memory 200 W.
    kind = node_class("server_8gpu")
    sets = kind.parameters(Machine(accelerators=(H100,) * 8), Draws("seed", 300), dram_metered=True)
    walls = [wall_power_w(8 * 700 + 2 * 350 + 200, 700, node) / 1000 for node in sets]
    full = Quantity.from_draws(walls[0], walls[1:], Basis.MODELLED)
    assert 8.48 < full.value < 10.2
    assert full.p5 < 8.48
    assert full.p95 > 10.2


@pytest.mark.parametrize(
    ("cpu", "accelerators", "expected"),
    [
        ("13th Gen Intel(R) Core(TM) i9-13900K", ("NVIDIA GeForce RTX 4090",), "workstation"),
        ("Intel(R) Core(TM) i7-8700T CPU @ 2.40GHz", (), "workstation"),
        ("Intel(R) Core(TM) Ultra 9 285K", (), "workstation"),
        ("AMD Ryzen 9 7950X 16-Core Processor", (), "workstation"),
        ("Intel(R) Core(TM) Ultra 7 155H", (), "laptop"),
        ("11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz", (), "laptop"),
        ("Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz", ("NVIDIA GeForce RTX 2060",), "laptop"),
        ("Intel(R) Core(TM) i5-3320M CPU @ 2.60GHz", (), "laptop"),
        ("12th Gen Intel(R) Core(TM) i5-1240P", (), "laptop"),
        ("Intel(R) Core(TM) 5 120U", (), "laptop"),
        ("AMD Ryzen 7 5800H with Radeon Graphics", (), "laptop"),
        ("AMD Ryzen 7 PRO 6850U with Radeon Graphics", (), "laptop"),
        ("AMD Ryzen 9 7940HS w/ Radeon 780M Graphics", (), "laptop"),
        ("AMD Ryzen AI 9 HX 370 w/ Radeon 890M", (), "laptop"),
        ("Intel(R) Core(TM)2 Duo CPU E8400 @ 3.00GHz", (), "workstation"),
        ("AMD Ryzen Threadripper PRO 5995WX 64-Cores", ("NVIDIA RTX A6000",) * 4, "workstation"),
        ("Intel(R) Xeon(R) W-2295 CPU @ 3.00GHz", (), "workstation"),
        ("Intel(R) Xeon(R) w9-3495X", (), "workstation"),
        ("Apple M2", (), "laptop"),
        ("AMD EPYC 7763 64-Core Processor", (), "server"),
        ("Quad-Core AMD Opteron(tm) Processor 8356", (), "server"),
        ("Intel(R) Xeon(R) Platinum 8480C", (), "server"),
        ("Intel(R) Xeon(R) CPU E5-2698 v4 @ 2.20GHz", ("Tesla V100-PCIE-16GB",) * 2, "server"),
        ("Arm Neoverse-N1", (), "server"),
        (None, (), "server"),
        ("AMD EPYC 7742 64-Core Processor", ("NVIDIA A100-SXM4-80GB",) * 8, "server_8gpu"),
        ("AMD EPYC 7742 64-Core Processor", ("NVIDIA A100 80GB PCIe",) * 8, "server"),
        ("Intel(R) Xeon(R) Platinum 8480C", (H100,) * 8, "server_8gpu"),
        ("Intel(R) Xeon(R) Platinum 8480C", ("H100 SXM5 80GB",) * 4, "server_8gpu"),
        ("Intel(R) Xeon(R) Platinum 8480C", ("NVIDIA H100 PCIe",) * 4, "server"),
        ("Intel(R) Xeon(R) Platinum 8480C", ("NVIDIA H100 NVL",) * 8, "server"),
        ("Intel(R) Xeon(R) Gold 6330", ("NVIDIA L4",) * 8, "server"),
        ("Intel(R) Xeon(R) Gold 6330", ("Tesla T4",) * 4, "server"),
        ("AMD EPYC 9554 64-Core Processor", ("AMD Instinct MI300X",) * 8, "server_8gpu"),
        ("Intel(R) Xeon(R) Platinum 8480C", (H100,), "server"),
    ],
)
def test_the_class_is_told_by_the_parts(cpu: str | None, accelerators: tuple[str, ...], expected: str) -> None:
    assert guess_node_class(Machine(cpu, accelerators=accelerators)).id == expected


def test_two_sockets_or_a_hypervisor_make_no_workstation() -> None:
    name = "Intel(R) Core(TM) i9-13900K"
    assert guess_node_class(Machine(name, cpu_sockets=2)).id == "server"
    assert guess_node_class(Machine(name, virtual=True)).id == "server"


def test_an_unknown_class_names_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match="there are: laptop, server, server_8gpu, workstation"):
        node_class("mainframe")


def test_a_laptop_draws_at_rest_and_at_work_what_was_measured_of_whole_ones() -> None:
    # Mahesri and Vardhan 2005: 8 W at rest to 30 W at work; ENERGY STAR 4.0 asks for at most 14 W idle.
    sets = node_class("laptop").parameters(Machine(memory_gib=16.0), Draws("seed"), dram_metered=False)
    idle, busy = (
        Quantity.from_draws(*_first_and_rest([wall_power_w(package_w, package_w, node) for node in sets]))
        for package_w in (1.0, 12.0)
    )
    assert 8.0 < idle.value < 14.0
    assert busy.p5 < 30.0 < busy.p95


def _first_and_rest(walls: list[float]) -> tuple[float, list[float], Basis]:
    return walls[0], walls[1:], Basis.MODELLED
