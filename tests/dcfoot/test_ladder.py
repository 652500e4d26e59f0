"""The ladder up to the wall: what counts to which rung, how a run's share climbs, and what overrules what."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given

from dcfoot.calibration import Calibration, Point, fit
from dcfoot.draws import Draws
from dcfoot.ladder import Approach, Energy, Ladder, climb, counted_ratio, true_energy
from dcfoot.measurement import Machine, Measurement
from dcfoot.node import node_class
from dcfoot.quantity import Quantity
from dcfoot.reading import Basis, Domain, Kind, Meter
from dcfoot.store.merge import merge
from simulated.machines import GPU_SERVER, HOURS, SERVER, an_hour, metered
from simulated.near import near

PACKAGE, DRAM, GPU, NODE = Domain.PACKAGE, Domain.DRAM, Domain.GPU, Domain.NODE
HOUR_S = 3600.0
MODELLED = Basis.MODELLED


def ladder_of(measurement: Measurement, *, whole_node: bool = False, calibration: Calibration | None = None) -> Ladder:
    return climb(measurement, Approach(Draws("seed", 100), whole_node, node_class("server"), calibration))


def watts(energy: Energy | None) -> float:
    assert energy is not None
    return energy.value_j / HOUR_S


def interval_w(energy: Energy | None) -> tuple[float, float]:
    assert energy is not None
    quantity = Quantity.from_draws(energy.value_j, energy.draws_j, energy.basis)
    return quantity.p5 / HOUR_S, quantity.p95 / HOUR_S


def basis(energy: Energy | None) -> Basis:
    assert energy is not None
    return energy.basis


def test_the_rungs_of_a_server_with_every_meter() -> None:
    ladder = ladder_of(an_hour(metered(GPU, 250.0), metered(PACKAGE, 120.0), metered(DRAM, 30.0), machine=GPU_SERVER))
    assert watts(ladder.accelerator) == near(250.0)
    assert watts(ladder.host) == near(400.0)
    assert watts(ladder.node) > 400.0
    assert [basis(e) for e in (ladder.accelerator, ladder.host, ladder.node)] == [
        Basis.MEASURED,
        Basis.MEASURED,
        MODELLED,
    ]


def test_meters_that_lie_inside_one_another_count_once() -> None:
    # psys holds the package, which holds the cores: 200 W, never 200 + 120 + 90.
    nested = (metered(Domain.PLATFORM, 200.0), metered(PACKAGE, 120.0), metered(Domain.CORE, 90.0), metered(DRAM, 30.0))
    assert watts(ladder_of(an_hour(*nested)).host) == near(150.0)
    assert watts(ladder_of(an_hour(metered(Domain.PLATFORM, 200.0), metered(DRAM, 30.0))).host) == near(200.0)
    cores = (metered(Domain.CORE, 90.0), metered(Domain.UNCORE, 20.0), metered(DRAM, 30.0))
    assert watts(ladder_of(an_hour(*cores)).host) == near(140.0)


def test_a_modules_own_meter_is_its_host() -> None:
    # A superchip's module holds its GPU, processor and memory.
    ladder = ladder_of(
        an_hour(metered(Domain.MODULE, 700.0), metered(GPU, 500.0), metered(PACKAGE, 150.0), machine=GPU_SERVER)
    )
    assert watts(ladder.host) == near(700.0)
    assert ladder.notes["host"] == "from the module's own meter"


def test_what_has_no_meter_is_not_known_and_never_nought() -> None:
    no_cpu = ladder_of(an_hour(metered(GPU, 250.0), machine=GPU_SERVER))
    assert (no_cpu.host, no_cpu.node) == (None, None)
    no_gpu = ladder_of(an_hour(metered(PACKAGE, 100.0), machine=GPU_SERVER))
    assert (no_gpu.accelerator, no_gpu.host, no_gpu.node) == (None, None, None)
    unlisted = ladder_of(an_hour(metered(PACKAGE, 100.0), machine=replace(SERVER, accelerators_known=False)))
    assert (unlisted.accelerator, unlisted.host) == (None, None)
    nothing = ladder_of(an_hour(machine=GPU_SERVER))
    assert (nothing.accelerator, nothing.host, nothing.node) == (None, None, None)
    assert nothing.warnings == ("Nothing was metered: no energy of this run is known.",)


def test_a_machine_without_an_accelerator_has_none_and_that_is_known() -> None:
    ladder = ladder_of(an_hour(metered(PACKAGE, 100.0)))
    assert watts(ladder.accelerator) == 0.0
    assert ladder.notes["accelerator"] == "no accelerator on the bus"


def test_a_runs_share_of_the_chips_is_its_share_of_the_wall() -> None:
    quarter = an_hour(metered(PACKAGE, 100.0, share=0.25), metered(DRAM, 20.0, share=0.25))
    share, whole = ladder_of(quarter), ladder_of(quarter, whole_node=True)
    assert watts(share.host) == near(30.0)
    assert watts(whole.host) == near(120.0)
    assert watts(share.node) == near(0.25 * watts(whole.node))
    # A share is a rule's result, so it is not called measured.
    assert (basis(share.host), basis(whole.host)) == (MODELLED, Basis.MEASURED)


def test_a_share_that_the_rule_leaves_open_widens_the_interval() -> None:
    channel = replace(
        metered(PACKAGE, 100.0, share=0.5), attributed_p5_j=0.3 * 100 * HOUR_S, attributed_p95_j=0.8 * 100 * HOUR_S
    )
    low, high = interval_w(ladder_of(an_hour(channel, metered(DRAM, 0.0))).host)
    assert (low, high) == near((30.0, 80.0), rel=0.05)


def test_a_wall_meter_is_the_node_and_the_run_has_its_chips_share_of_it() -> None:
    run = an_hour(metered(NODE, 300.0), metered(PACKAGE, 100.0, share=0.5), metered(DRAM, 20.0, share=0.5))
    share, whole = ladder_of(run), ladder_of(run, whole_node=True)
    assert watts(whole.node) == near(300.0)
    assert basis(whole.node) is Basis.MEASURED
    assert watts(share.node) == near(150.0)
    assert basis(share.node) is MODELLED
    assert whole.notes["node"] == "from the meter at the wall or the supply's input"


def test_a_wall_meter_alone_gives_the_node_and_nothing_below() -> None:
    ladder = ladder_of(an_hour(metered(NODE, 300.0), machine=GPU_SERVER))
    assert (ladder.accelerator, ladder.host) == (None, None)
    assert watts(ladder.node) == near(300.0)


def test_a_model_of_the_chips_never_overrules_the_meter_at_the_wall() -> None:
    wall = metered(NODE, 100.0, gain=(0.99, 1.01))
    # The model says 120 W and may be off by half: the wall's 100 W stand, in value and in interval.
    model = (metered(PACKAGE, 115.0, basis=MODELLED, gain=(0.5, 1.5)), metered(DRAM, 5.0, basis=MODELLED))
    ladder = ladder_of(an_hour(wall, *model))
    assert watts(ladder.node) == near(100.0)
    assert basis(ladder.node) is Basis.MEASURED
    assert interval_w(ladder.node) == near((99.0, 101.0), rel=0.002)
    assert watts(ladder.host) == near(100.0)
    assert interval_w(ladder.host)[1] <= 101.1
    assert basis(ladder.host) is MODELLED
    assert "which is taken instead" in ladder.warnings[0]


def test_measured_chips_above_the_wall_contradict_it_and_the_larger_is_taken() -> None:
    ladder = ladder_of(an_hour(metered(NODE, 90.0), metered(PACKAGE, 100.0), metered(DRAM, 0.0)))
    assert watts(ladder.node) == near(100.0)
    assert "the larger is taken" in ladder.warnings[0]


def test_time_without_readings_widens_the_upper_bound_and_is_not_made_up() -> None:
    # Half an hour at 100 W, then silence: 50 Wh were seen, 100 Wh there may have been.
    spread = true_energy(metered(PACKAGE, 100.0, seconds=1800.0), HOUR_S)
    assert (spread.p5, spread.central, spread.p95) == near((1.8e5, 1.8e5, 3.6e5))
    ladder = ladder_of(an_hour(metered(PACKAGE, 100.0, seconds=1800.0), metered(DRAM, 0.0)))
    assert ladder.warnings == (
        "package 0 was known for 50% of the run; its upper bound covers the gap, its value does not.",
    )


def test_a_part_time_sensor_leaves_open_what_it_did_not_see() -> None:
    # Sees 25 % of the time; the rest is between 50 and 300 W: 100 W reported may be 62.5 to 250 W.
    plain = metered(GPU, 100.0)
    meter = replace(plain.meter, observed_ratio=0.25, power_floor_w=50.0, power_ceiling_w=300.0, kind=Kind.POWER)
    spread = true_energy(replace(plain, meter=meter), HOUR_S)
    assert (spread.p5 / HOUR_S, spread.p95 / HOUR_S) == near((62.5, 250.0))


def test_hosts_of_a_merged_run_add_up_each_for_its_own_time() -> None:
    # Two equal machines, one for the whole hour, one for half of it.
    def chips(host: str, seconds: float) -> tuple[object, ...]:
        return metered(PACKAGE, 100.0, host=host, seconds=seconds), metered(DRAM, 20.0, host=host, seconds=seconds)

    alone = ladder_of(an_hour(*chips("node1", 3600.0)))  # type: ignore[arg-type]
    run = an_hour(*chips("node1", 3600.0), *chips("node2", 1800.0))  # type: ignore[arg-type]
    both = ladder_of(replace(run, measured_s={"node1": 3600.0, "node2": 1800.0}))
    assert watts(both.host) == near(1.5 * watts(alone.host))
    assert watts(both.node) == near(1.5 * watts(alone.node))
    assert both.warnings == ()


def test_a_pause_between_merged_runs_costs_nothing() -> None:
    first = an_hour(metered(PACKAGE, 100.0), metered(DRAM, 20.0))
    later = first.started_at + timedelta(hours=9)
    second = replace(first, id="20261124T200000-ffffff", started_at=later, ended_at=later + timedelta(hours=1))
    merged = merge([first, second])
    alone, both = ladder_of(first), ladder_of(merged)
    assert merged.duration_s == near(10 * HOUR_S)
    assert both.warnings == ()
    assert interval_w(both.node) == near(tuple(2 * watts for watts in interval_w(alone.node)), rel=1e-6)
    assert watts(both.node) == near(2 * watts(alone.node))


def test_accelerators_without_a_meter_beside_metered_ones_are_told() -> None:
    two = replace(SERVER, accelerators=("NVIDIA A100 80GB PCIe",) * 2)
    ladder = ladder_of(an_hour(metered(GPU, 250.0), metered(PACKAGE, 100.0), machine=two))
    assert ladder.warnings == ("1 of 2 accelerators were metered; the others are not counted.",)


def test_memory_of_unknown_size_and_without_a_meter_is_told_to_be_missing() -> None:
    ladder = ladder_of(an_hour(metered(PACKAGE, 100.0), machine=replace(SERVER, memory_gib=None)))
    assert ladder.warnings == ("The size of the memory is not known and it has no meter: it is missing in the node.",)


def test_of_a_virtual_machine_the_reader_is_told_what_is_not_known() -> None:
    ladder = ladder_of(an_hour(metered(PACKAGE, 10.0), metered(DRAM, 1.0), machine=replace(SERVER, virtual=True)))
    assert ladder.notes["node"].endswith("a virtual machine: its threads' part of a host that is not known")


# A calibrated machine.

LINE = fit(
    [Point(50.0, 100.0), Point(150.0, 220.0), Point(250.0, 340.0)],
    host="node1",
    meters=("dram (measured)", "package (measured)"),
    source="a plug meter",
    fitted_at="2026-11-24T08:00:00+00:00",
)
"""40 W beside the chips, 1.2 W per watt of theirs."""


def test_a_calibration_takes_the_place_of_the_class() -> None:
    ladder = ladder_of(an_hour(metered(PACKAGE, 180.0), metered(DRAM, 20.0)), calibration=LINE)
    assert watts(ladder.node) == near(40.0 + 1.2 * 200.0)
    assert basis(ladder.node) is MODELLED
    assert ladder.notes["node"] == "modelled: fitted to this machine's wall meter"


def test_the_chips_meters_own_error_is_in_the_fit_and_not_counted_again() -> None:
    # A model of the chips that may be off by a factor of two reads the same today as when it was fitted to the wall.
    chips = (metered(PACKAGE, 180.0, basis=MODELLED, gain=(0.5, 2.0)), metered(DRAM, 20.0, basis=MODELLED))
    low, high = interval_w(ladder_of(an_hour(*chips), calibration=LINE).node)
    # The meter's own 2 % of 280 W and a scatter of 0.3 W, which three points know little of.
    assert 270.0 < low < 280.0 < high < 290.0


# Laws.


@given(HOURS)
def test_every_rung_contains_the_one_below_in_value_and_in_every_draw(run: Measurement) -> None:
    for whole_node in (True, False):
        ladder = ladder_of(run, whole_node=whole_node)
        known = [e for e in (ladder.accelerator, ladder.host, ladder.node) if e is not None]
        for below, above in pairwise(known):
            assert below.value_j <= above.value_j * (1 + 1e-9)
            assert all(a <= b * (1 + 1e-9) for a, b in zip(below.draws_j, above.draws_j, strict=True))


@given(HOURS)
def test_what_was_modelled_never_looks_measured(run: Measurement) -> None:
    ladder = ladder_of(run)
    has_wall = {c.meter.channel.host for c in run.channels if c.meter.channel.domain is NODE}
    if ladder.node is not None and has_wall != {c.meter.channel.host for c in run.channels}:
        assert basis(ladder.node) is not Basis.MEASURED
    gpus = [c for c in run.channels if c.meter.channel.domain is GPU]
    if ladder.accelerator is not None and any(c.meter.channel.basis is MODELLED for c in gpus):
        assert basis(ladder.accelerator) is MODELLED


@given(HOURS)
def test_a_share_is_never_more_than_the_whole(run: Measurement) -> None:
    share, whole = ladder_of(run), ladder_of(run, whole_node=True)
    for one, all_ in zip(
        (share.accelerator, share.host, share.node), (whole.accelerator, whole.host, whole.node), strict=True
    ):
        assert (one is None) == (all_ is None)
        if one is not None and all_ is not None:
            assert one.value_j <= all_.value_j * (1 + 1e-9)


@given(HOURS)
def test_the_counted_part_is_a_part(run: Measurement) -> None:
    ratio = counted_ratio(run, whole_node=False)
    assert ratio is None or 0.0 <= ratio <= 1.0
    assert counted_ratio(run, whole_node=True) in {None, 1.0}


def test_the_counted_part_counts_each_joule_once() -> None:
    # The package has 100 W of which the run has all, psys 300 W of which it has a third: of the chips it has all.
    run = an_hour(
        metered(Domain.PLATFORM, 300.0, share=1 / 3), metered(PACKAGE, 100.0), metered(NODE, 400.0, share=0.25)
    )
    assert counted_ratio(run, whole_node=False) == near(1.0)


def test_without_any_energy_there_is_no_counted_part() -> None:
    assert counted_ratio(an_hour(), whole_node=False) is None
    assert counted_ratio(an_hour(machine=Machine()), whole_node=True) is None


@pytest.mark.parametrize("domain", [PACKAGE, GPU])
def test_a_meter_of_unknown_accuracy_is_taken_at_its_word(domain: Domain) -> None:
    channel = metered(domain, 100.0)
    assert isinstance(channel.meter, Meter)
    spread = true_energy(channel, HOUR_S)
    assert spread.p5 == spread.central == spread.p95
