"""Against GPUs whose true energy is known: what each method is off by, and that its interval holds the truth.

A run begins before its load and ends after it; in between, the load is steady or a square wave, in step with the
sensors or not. The simulated GPUs publish at different moments of their period, so that edges fall everywhere in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

import pytest

from simulated.near import near
from simulated.nvml import (
    EnergyCounter,
    Installed,
    Sensor,
    SimulatedGpu,
    Square,
    Steady,
    a100,
    average_1s,
    gpu,
    h100,
    rtx3090,
    steady,
    v100,
    window,
)
from simulated.nvml.runs import IDLE_W, LOAD_S, MeteredGpu, end_s, loaded, metered_run, phases

Install = Callable[..., Installed]

IN_STEP = Square(300, IDLE_W, 0.1)
"""A wave of the sensors' own period: a window of 25 ms in 100 sees nothing but its high half, or its low one."""

LOADS: Sequence[Steady | Square] = (
    Steady(300),
    IN_STEP,
    Square(300, IDLE_W, 1.0),
    Square(300, IDLE_W, 0.037),
    Square(390, IDLE_W, 0.13, 0.3),
)


def counters(seconds: float) -> list[SimulatedGpu]:
    """Every load at three phases of an energy counter, and one that goes on before and after the run."""
    profiles = [loaded(load, seconds) for load in LOADS]
    cards = [
        replace(a100(profile), counter=EnergyCounter(phase_s=phase_s))
        for profile, phase_s in product(profiles, phases(3))
    ]
    return [*cards, replace(a100(steady(300)), counter=EnergyCounter(phase_s=0.04))]


def worst(gpus: Sequence[MeteredGpu]) -> float:
    return max(abs(gpu.error_ratio) for gpu in gpus)


@pytest.mark.parametrize(("seconds", "bound"), [(0.5, 0.01), (3.0, 0.003)])
def test_a_counter_is_exact_at_both_edges(seconds: float, bound: float, simulated_gpus: Install) -> None:
    run = metered_run(simulated_gpus(*counters(seconds)), end_s(seconds))
    assert {gpu.meter.method for gpu in run.gpus} == {"nvml.total_energy"}
    assert worst(run.gpus) < bound
    assert all(gpu.interval_holds for gpu in run.gpus)


def test_counters_of_other_periods_and_late_ones_are_as_exact(simulated_gpus: Install) -> None:
    kinds = (
        EnergyCounter(period_s=0.02),
        EnergyCounter(period_s=0.01),
        EnergyCounter(period_s=0.1015),
        EnergyCounter(period_s=0.1, start_mj=0),
    )
    gpus = [
        replace(a100(loaded(Steady(300), 2.0)), counter=replace(kind, phase_s=phase_s))
        for kind, phase_s in product(kinds, phases(4, 0.02))
    ]
    assert worst(metered_run(simulated_gpus(*gpus), end_s(2.0)).gpus) < 0.005


def test_an_average_of_the_last_second_gives_the_energy_back(simulated_gpus: Install) -> None:
    gpus = [
        replace(rtx3090(loaded(load, 3.0)), counter=None, average=replace(average_1s(), phase_s=phase_s))
        for load, phase_s in product(LOADS, phases(3))
    ]
    run = metered_run(simulated_gpus(*gpus), end_s(3.0))
    assert {gpu.meter.method for gpu in run.gpus} == {"nvml.power_average_1s"}
    assert worst(run.gpus) < 0.015
    assert all(gpu.interval_holds for gpu in run.gpus)


def test_a_counter_that_restarts_in_the_run_loses_next_to_nothing(simulated_gpus: Install) -> None:
    # What a wave of a second did in the moment before is not to be known, so none is among the loads.
    seconds, loads = 9.0, (LOADS[0], LOADS[1], LOADS[3])
    gpus = [
        replace(a100(loaded(load, seconds)), counter=EnergyCounter(phase_s=phase_s, resets_s=[LOAD_S + reset_s]))
        for load, (phase_s, reset_s) in product(loads, zip(phases(5), (2.15, 3.3, 4.5, 6.71, 8.9), strict=True))
    ]
    run = metered_run(simulated_gpus(*gpus), end_s(seconds))
    assert worst(run.gpus) < 0.01
    assert all(gpu.interval_holds for gpu in run.gpus)
    assert sum("its counter restarted" in remark for remark in run.remarks) >= 1
    assert all(gpu.energy.covered_s > 0.98 * gpu.span_s for gpu in run.gpus)


def part_time(seconds: float) -> list[SimulatedGpu]:
    """Sensors that look part of the time, before a wave in step with them, at four phases and in four methods."""
    gpus: list[SimulatedGpu] = []
    for phase_s in phases(4):
        seen = replace(window(25, 100), phase_s=phase_s)
        card = replace(a100(loaded(IN_STEP, seconds)), usage=seen, instant=seen, samples=seen)
        part_time_average = Sensor(0.025, 0.1, windows_count=10, phase_s=phase_s)
        gpus += [
            replace(card, counter=EnergyCounter(phase_s=phase_s, as_seen=True)),
            replace(card, counter=None),
            replace(card, counter=None, samples=None),
            replace(h100(loaded(IN_STEP, seconds)), counter=None, average=part_time_average),
        ]
    return gpus


def test_the_interval_holds_the_truth_where_no_sensor_can_see_it(simulated_gpus: Install) -> None:
    seconds = 2.0
    run = metered_run(simulated_gpus(*part_time(seconds)), end_s(seconds))
    assert {gpu.meter.method for gpu in run.gpus} == {
        "nvml.total_energy",
        "nvml.power_samples",
        "nvml.power_polled",
        "nvml.power_average_1s",
    }
    assert {gpu.meter.observed_ratio for gpu in run.gpus} == {0.25}
    # What a tool without an interval would say: up to 60 % too little or too much.
    assert min(gpu.error_ratio for gpu in run.gpus) < -0.5
    assert max(gpu.error_ratio for gpu in run.gpus) > 0.5
    assert [gpu.interval_holds for gpu in run.gpus] == [True] * len(run.gpus)


@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_the_interval_of_power_holds_the_truth(seconds: float, simulated_gpus: Install) -> None:
    gpus: list[SimulatedGpu] = []
    for load in (IN_STEP, Square(300, IDLE_W, 1.0), Square(390, IDLE_W, 0.13, 0.3)):
        low = replace(load, high_w=65.0, low_w=15.0)
        turing = gpu("Turing", loaded(low, seconds, idle_w=15.0))
        volta = v100(loaded(replace(load, high_w=280.0), seconds))
        for card in (turing, volta):
            gpus += [replace(card, counter=None), replace(card, counter=None, samples=None)]
    run = metered_run(simulated_gpus(*gpus), end_s(seconds))
    assert {gpu.meter.method for gpu in run.gpus} == {"nvml.power_samples", "nvml.power_polled"}
    assert [gpu.interval_holds for gpu in run.gpus] == [True] * len(run.gpus)
    full_time = [metered for metered in run.gpus if metered.meter.observed_ratio == near(1.0)]
    assert worst(full_time) < 0.05


def test_a_boards_own_gain_lies_in_the_interval(simulated_gpus: Install) -> None:
    # The extremes of 19 boards against an external meter: RTX A5000 and GTX 1080 (Yang et al., SC24).
    gains = (-0.094997, 0.06363)
    boards = [
        replace(
            h100(steady(300)),
            counter=EnergyCounter(gradient_ratio=gain),
            instant=replace(window(25, 100), gradient_ratio=gain),
        )
        for gain in gains
    ]
    run = metered_run(simulated_gpus(*boards), 1.3)
    assert [gpu.error_ratio for gpu in run.gpus] == near([*gains], abs=0.006)
    full_time = [
        replace(gpu, energy=replace(gpu.energy, meter=replace(gpu.meter, observed_ratio=1.0))) for gpu in run.gpus
    ]
    assert [gpu.interval_j[number] for number, gpu in ((1, full_time[0]), (0, full_time[1]))] == near(
        [gpu.true_j for gpu in run.gpus], rel=0.006
    )
