"""The simulated GPUs are themselves measured here: the real pynvml sees what the profile of true power says it must."""

import ctypes
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulated.near import near
from simulated.nvml import (
    GENERATIONS,
    DriverReload,
    EnergyCounter,
    Fault,
    Glitch,
    GpuProcess,
    Installed,
    MigInstance,
    Profile,
    Sensor,
    SimulatedGpu,
    SimulatedGpus,
    Square,
    Steady,
    a100,
    average_1s,
    capacitor,
    gpu,
    h100,
    hang,
    install,
    rtx3090,
    square,
    steady,
    steps,
    v100,
    window,
)

pynvml: Any = import_module("pynvml")
Install = Callable[..., Installed]

ENERGY, POWER = "nvmlDeviceGetTotalEnergyConsumption", "nvmlDeviceGetPowerUsage"
NOT_SUPPORTED, NO_PERMISSION, TIMEOUT, GPU_IS_LOST, UNKNOWN = 3, 4, 10, 15, 999  # nvml.h, nvmlReturn_t
POWER_AVERAGE, POWER_INSTANT = 185, 186  # nvml.h, NVML_FI_DEV_*

WINDOW_AND_PERIOD_MS = {
    "Hopper": (25, 100),
    "Ada": (100, 100),
    "Ampere GA10x": (100, 100),
    "Ampere GA100": (25, 100),
    "Turing": (100, 100),
    "Volta": (10, 20),
    "Pascal": (10, 20),
}
"""Of the instant sensor after driver 530: Yang et al., SC24, doi:10.1109/SC41406.2024.00028."""

UNOBSERVED_RATIO = {"Ampere GA100": 0.75, "Hopper": 0.75, "Volta": 0.5, "Pascal": 0.5, "Turing": 0.0, "Ada": 0.0}
"""The part of the time that the sensor does not see (the same)."""


def ago(seconds: float, *gpus: SimulatedGpu, **more: Any) -> SimulatedGpus:  # noqa: ANN401 (the fields of SimulatedGpus)
    """A machine whose epoch was some seconds ago."""
    return SimulatedGpus(gpus, epoch_ns=time.monotonic_ns() - round(seconds * 1e9), **more)


def device(index: int = 0) -> Any:  # noqa: ANN401 (pynvml is untyped)
    """The handle of a device of the library, which is initialised again."""
    pynvml.nvmlInit()
    return pynvml.nvmlDeviceGetHandleByIndex(index)


def field(handle: Any, number: int) -> Any:  # noqa: ANN401 (pynvml is untyped)
    """What the driver answers for one field."""
    return pynvml.nvmlDeviceGetFieldValues(handle, [number])[0]


def published(handle: Any, since_us: int = 0) -> list[tuple[int, float]]:  # noqa: ANN401 (pynvml is untyped)
    """The sample buffer: (time [us since 1970], power [W])."""
    _, samples = pynvml.nvmlDeviceGetSamples(handle, pynvml.NVML_TOTAL_POWER_SAMPLES, since_us)
    return [(sample.timeStamp, sample.sampleValue.uiVal / 1000) for sample in samples]


def fails(code: int, call: Callable[..., object], *arguments: object) -> bool:
    """Whether the call fails with this nvmlReturn_t."""
    try:
        call(*arguments)
    except pynvml.NVMLError as error:
        return bool(error.value == code)
    return False


powers_w = st.floats(0, 1000)
spans_s = st.floats(0.001, 20)
loads = st.one_of(
    st.builds(Steady, powers_w), st.builds(Square, powers_w, powers_w, st.floats(0.001, 5), st.floats(0, 1))
)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    gaps_s = draw(st.lists(spans_s, max_size=6))
    starts_s = [sum(gaps_s[: index + 1]) for index in range(len(gaps_s))]
    return Profile(draw(powers_w), tuple((start_s, draw(loads)) for start_s in starts_s))


class TestTheTruth:
    def test_a_square_wave_of_300_and_100_w_has_a_mean_of_200_w(self) -> None:
        assert square(300, 100, 0.1).energy_j(0, 10) == near(2000)

    def test_steps_add_up_by_hand(self) -> None:
        assert steps(60, (2, 300), (5, 60)).energy_j(1, 6) == near(60 + 900 + 60)

    def test_a_wave_that_ends_in_the_middle_of_its_high_part_counts_that_part(self) -> None:
        assert square(300, 100, 1.0, 0.5).energy_j(0.25, 1.25) == near(0.25 * 300 + 0.5 * 100 + 0.25 * 300)

    @given(profiles(), st.lists(st.floats(-5, 100), min_size=3, max_size=3).map(sorted))
    def test_energies_of_adjoining_spans_add_up(self, profile: Profile, moments_s: list[float]) -> None:
        first_s, middle_s, last_s = moments_s
        parts_j = profile.energy_j(first_s, middle_s) + profile.energy_j(middle_s, last_s)
        assert parts_j == near(profile.energy_j(first_s, last_s), rel=1e-9, abs=1e-6)

    @given(profiles(), st.floats(0, 50))
    @settings(max_examples=25)
    def test_the_closed_form_agrees_with_adding_up_powers(self, profile: Profile, start_s: float) -> None:
        slices = [start_s + part / 1000 for part in range(1001)]
        added_j = sum(profile.energy_j(from_s, to_s) for from_s, to_s in pairwise(slices))
        assert added_j == near(profile.energy_j(start_s, start_s + 1), rel=1e-6, abs=1e-6)

    def test_a_machine_adds_its_gpus(self) -> None:
        gpus = SimulatedGpus([a100(steady(100)), a100(steady(300))], epoch_ns=0)
        assert gpus.true_energy_j(0, 2_000_000_000) == near(800)
        assert gpus.mean_power_w(0, 2_000_000_000, 1) == near(300)


class TestTheEnergyCounter:
    @given(profile=profiles(), age_s=st.floats(0, 200))
    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_it_counts_what_the_profile_says(self, simulated_gpus: Install, profile: Profile, age_s: float) -> None:
        counter = EnergyCounter(period_s=1e-6, start_mj=0)
        gpus = ago(age_s, replace(a100(profile), counter=counter))
        simulated_gpus(gpus)
        handle = device()
        before_ns = time.monotonic_ns()
        shown_mj = pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)
        after_ns = time.monotonic_ns()
        least_mj = 1000 * gpus.true_energy_j(gpus.epoch_ns, before_ns - 1000)
        assert least_mj - 2 <= shown_mj <= 1000 * gpus.true_energy_j(gpus.epoch_ns, after_ns) + 2

    def test_it_stands_still_between_publications_and_then_holds_the_whole_energy(
        self, simulated_gpus: Install
    ) -> None:
        gpus = ago(1.03, replace(a100(steady(500)), counter=EnergyCounter(period_s=0.2, start_mj=7)))
        simulated_gpus(gpus)
        handle = device()
        seen = {pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)}
        while gpus.seconds(time.monotonic_ns()) < 1.25:
            seen.add(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle))
        assert {(shown_mj - 7) % 100_000 for shown_mj in seen} == {0}
        assert min(seen) >= 7 + 500_000

    def test_its_field_shows_the_same(self, simulated_gpus: Install) -> None:
        simulated_gpus(ago(5, replace(a100(steady(500)), counter=EnergyCounter(period_s=100))))
        handle = device()
        assert field(handle, 83).value.ullVal == pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) == 1_234_567_890

    def test_a_reset_starts_it_again_at_0(self, simulated_gpus: Install) -> None:
        counter = EnergyCounter(period_s=0.1, resets_s=[4.0])
        simulated_gpus(ago(5.05, replace(a100(steady(100)), counter=counter)))
        shown_mj = pynvml.nvmlDeviceGetTotalEnergyConsumption(device())
        assert 100_000 <= shown_mj < 200_000
        assert shown_mj % 10_000 == 0

    def test_a_frozen_one_stands_still(self, simulated_gpus: Install) -> None:
        counter = EnergyCounter(period_s=0.1, start_mj=0, freezes_s=[(2.0, 1000.0)])
        simulated_gpus(ago(5, replace(a100(steady(100)), counter=counter)))
        assert pynvml.nvmlDeviceGetTotalEnergyConsumption(device()) == 200_000

    def test_one_that_adds_up_what_the_sensor_sees_misses_what_the_sensor_misses(self, simulated_gpus: Install) -> None:
        # high only in the 75 ms of each 100 ms in which a 25 ms window is closed
        blind = Profile(100, ((-60.0, Square(500, 100, 0.1, 0.75)),))
        counter = EnergyCounter(period_s=0.1, start_mj=0, as_seen=True)
        gpus = ago(10.05, replace(a100(blind), counter=counter))
        simulated_gpus(gpus)
        seen_j = pynvml.nvmlDeviceGetTotalEnergyConsumption(device()) / 1000
        assert seen_j == near(100 * 10, rel=0.03)
        assert blind.energy_j(0, 10) == near(4000)

    def test_a_card_before_volta_has_none(self, simulated_gpus: Install) -> None:
        simulated_gpus(gpu("Pascal", steady(100)))
        handle = device()
        assert fails(NOT_SUPPORTED, pynvml.nvmlDeviceGetTotalEnergyConsumption, handle)
        assert field(handle, 83).nvmlReturn == NOT_SUPPORTED

    def test_jitter_moves_publications_but_loses_nothing(self, simulated_gpus: Install) -> None:
        counter = EnergyCounter(period_s=0.1, jitter_s=0.04, start_mj=0)
        gpus = ago(60, replace(a100(steady(100)), counter=counter))
        simulated_gpus(gpus)
        handle = device()
        shown_j = pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000
        assert shown_j == near(gpus.true_energy_j(gpus.epoch_ns, time.monotonic_ns()), abs=100 * 0.15)


class TestASensor:
    @pytest.mark.parametrize("generation", WINDOW_AND_PERIOD_MS)
    def test_publishes_as_often_as_was_measured(self, generation: str, simulated_gpus: Install) -> None:
        simulated_gpus(ago(60, gpu(generation, steady(100))))
        times_us = [time_us for time_us, _ in published(device())]
        _, period_ms = WINDOW_AND_PERIOD_MS[generation]
        assert {round((after - before) / 1000) for before, after in pairwise(times_us)} == {period_ms}

    @pytest.mark.parametrize("generation", WINDOW_AND_PERIOD_MS)
    def test_looks_as_long_as_was_measured(self, generation: str, simulated_gpus: Install) -> None:
        # a step just before a publication: the part of the window after it is in the value
        window_ms, period_ms = WINDOW_AND_PERIOD_MS[generation]
        after_step_ms = 4
        step_s = 0.2 * period_ms - after_step_ms / 1000  # the beat numbered 200
        simulated_gpus(ago(0.2 * period_ms + 0.01, gpu(generation, steps(0, (step_s, 1000)))))
        shown_w = next(power_w for _, power_w in published(device()) if power_w > 0)
        assert after_step_ms * 1000 / shown_w == near(window_ms, rel=1e-3)

    @pytest.mark.parametrize(("generation", "unobserved"), UNOBSERVED_RATIO.items())
    def test_does_not_see_what_was_measured_as_unobserved(
        self, generation: str, unobserved: float, simulated_gpus: Install
    ) -> None:
        # pulses that wander through the period: on average a sensor shows the part of them that it sees
        _, period_ms = WINDOW_AND_PERIOD_MS[generation]
        pulse_s = period_ms / 1000 / 100
        starts_s = [beat * period_ms / 1000 + beat * pulse_s for beat in range(100)]
        pulses = [(start_s + edge * pulse_s, power_w) for start_s in starts_s for edge, power_w in ((0, 1000), (1, 0))]
        card = gpu(generation, Profile(0, tuple((at_s, Steady(power_w)) for at_s, power_w in pulses)))
        simulated_gpus(ago(period_ms * 0.1 + period_ms * 0.0015, replace(card, samples_count=500)))
        seen = [power_w for _, power_w in published(device()) if power_w > 0]
        assert 1 - len(seen) / 100 == near(unobserved, abs=0.021)

    @pytest.mark.parametrize(
        ("phase_s", "error_ratio"), [(0.0, -0.5), (0.05, 0.5)], ids=["in the low half", "in the high half"]
    )
    def test_a_part_time_sensor_may_be_wrong_by_half_about_a_wave_of_its_own_period(
        self, phase_s: float, error_ratio: float, simulated_gpus: Install
    ) -> None:
        wave = Profile(100, ((-60.0, Square(300, 100, 0.1)),))
        sensor = replace(window(25, 100), phase_s=phase_s)
        simulated_gpus(ago(5, replace(a100(wave), samples=sensor, usage=sensor)))
        handle = device()
        assert {power_w for _, power_w in published(handle)} == {200 * (1 + error_ratio)}
        assert pynvml.nvmlDeviceGetPowerUsage(handle) == 200_000 * (1 + error_ratio)

    def test_the_1_second_average_rises_for_a_second_after_a_step(self, simulated_gpus: Install) -> None:
        card = replace(h100(steps(100, (10, 500))), samples=average_1s())
        simulated_gpus(ago(11.35, card))
        powers_w = [power_w for _, power_w in published(device())]
        rise = next(index for index, power_w in enumerate(powers_w) if power_w > 100)
        assert powers_w[rise - 1 : rise + 12] == near([100, *range(140, 501, 40), 500, 500])

    def test_an_average_of_part_time_windows_sees_a_quarter(self, simulated_gpus: Install) -> None:
        blind = Profile(100, ((-60.0, Square(500, 100, 0.1, 0.75)),))
        simulated_gpus(ago(5, replace(h100(blind), average=Sensor(0.025, 0.1, windows_count=10))))
        assert field(device(), POWER_AVERAGE).value.uiVal == 100_000
        simulated_gpus(ago(5, h100(blind)))
        assert field(device(), POWER_AVERAGE).value.uiVal == 400_000

    def test_a_capacitor_has_63_percent_of_a_step_after_its_time_constant(self, simulated_gpus: Install) -> None:
        sensor = replace(capacitor(500, 100), phase_s=0.05)
        simulated_gpus(ago(10.56, replace(a100(steps(100, (10.05, 1100))), samples=sensor)))
        powers_w = [power_w for _, power_w in published(device()) if power_w > 100]
        assert powers_w[4] == near(100 + 1000 * (1 - 0.36788), rel=1e-4)

    def test_a_capacitor_settles_on_the_mean_of_a_fast_wave(self, simulated_gpus: Install) -> None:
        simulated_gpus(ago(30, replace(a100(square(300, 100, 0.001)), usage=capacitor(500, 100))))
        assert pynvml.nvmlDeviceGetPowerUsage(device()) == near(200_000, rel=1e-3)

    def test_a_board_shows_the_truth_with_its_gradient_and_offset(self, simulated_gpus: Install) -> None:
        # A100-PCIe-40GB against an external meter: -4.5826 %, -1.2103 W (the same paper's measurements)
        board = replace(window(25, 100), gradient_ratio=-0.045826, offset_w=-1.2103)
        simulated_gpus(ago(5, replace(a100(steady(250)), usage=board)))
        assert pynvml.nvmlDeviceGetPowerUsage(device()) == near(237_333, abs=1)

    def test_recorded_values_are_played_back(self, simulated_gpus: Install) -> None:
        tape = replace(window(100, 100), recorded=[(0.0, 31.5), (2.0, 212.25), (1000.0, 9.0)])
        simulated_gpus(ago(5, replace(rtx3090(steady(1)), usage=tape, average=tape)))
        handle = device()
        assert pynvml.nvmlDeviceGetPowerUsage(handle) == field(handle, POWER_AVERAGE).value.uiVal == 212_250

    def test_a_field_that_the_card_has_not_is_refused_by_itself(self, simulated_gpus: Install) -> None:
        simulated_gpus(a100(steady(100)))
        values = pynvml.nvmlDeviceGetFieldValues(device(), [POWER_AVERAGE, POWER_INSTANT, (POWER_INSTANT, 1), 82])
        assert [value.nvmlReturn for value in values] == [NOT_SUPPORTED, 0, NOT_SUPPORTED, NOT_SUPPORTED]
        assert values[1].value.uiVal == 100_000

    def test_the_buffer_gives_what_is_newer_and_else_says_that_nothing_is(self, simulated_gpus: Install) -> None:
        simulated_gpus(ago(60, replace(v100(steady(100)), samples=window(25, 10_000))))
        handle = device()
        samples = published(handle)
        assert len(samples) == 120
        assert published(handle, samples[-3][0]) == samples[-2:]
        assert fails(6, published, handle, samples[-1][0])
        assert 0 <= time.time() - samples[-1][0] / 1e6 < 10

    def test_a_glitch_is_shown_as_if_it_were_right(self, simulated_gpus: Install) -> None:
        glitches = [Glitch("usage", 0), Glitch("counter", 5, (0, 100))]
        simulated_gpus(ago(5, replace(a100(steady(100)), glitches=glitches)))
        handle = device()
        assert pynvml.nvmlDeviceGetPowerUsage(handle) == 0
        assert pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) == 5


class TestWhatGoesWrong:
    @pytest.mark.parametrize("code", [NOT_SUPPORTED, NO_PERMISSION, TIMEOUT, GPU_IS_LOST, UNKNOWN])
    def test_a_call_answers_the_code_in_its_span_and_only_there(self, code: int, simulated_gpus: Install) -> None:
        faults = [Fault(ENERGY, code, (4, 100)), Fault(POWER, code, (1, 4))]
        simulated_gpus(ago(5, replace(a100(steady(100)), faults=faults), a100(steady(50))))
        handle = device()
        assert fails(code, pynvml.nvmlDeviceGetTotalEnergyConsumption, handle)
        assert pynvml.nvmlDeviceGetPowerUsage(handle) == 100_000
        assert pynvml.nvmlDeviceGetTotalEnergyConsumption(pynvml.nvmlDeviceGetHandleByIndex(1))

    def test_every_call_about_a_device_may_fail(self, simulated_gpus: Install) -> None:
        simulated_gpus(replace(a100(steady(100)), faults=[Fault("*", NO_PERMISSION)]))
        handle = device()
        assert fails(NO_PERMISSION, pynvml.nvmlDeviceGetName, handle)
        assert pynvml.nvmlDeviceGetCount() == 1

    def test_one_field_may_fail(self, simulated_gpus: Install) -> None:
        simulated_gpus(replace(h100(steady(100)), faults=[Fault("field:185", UNKNOWN)]))
        values = pynvml.nvmlDeviceGetFieldValues(device(), [POWER_AVERAGE, POWER_INSTANT])
        assert [value.nvmlReturn for value in values] == [UNKNOWN, 0]

    def test_a_call_that_hangs_is_answered_at_the_end_and_holds_up_no_other(self, simulated_gpus: Install) -> None:
        gpus = ago(5, replace(a100(steady(100)), faults=[hang(ENERGY, 4, 5.8)]))
        simulated_gpus(gpus)
        handle, answered_s = device(), list[float]()

        def ask() -> None:
            pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)
            answered_s.append(gpus.seconds(time.monotonic_ns()))

        asker = threading.Thread(target=ask)
        asker.start()
        time.sleep(0.02)
        assert pynvml.nvmlDeviceGetPowerUsage(handle) == 100_000
        assert not answered_s
        asker.join()
        assert answered_s[0] >= 5.8

    def test_a_slow_call_takes_its_time(self, simulated_gpus: Install) -> None:
        simulated_gpus(replace(a100(steady(100)), faults=[Fault(POWER, delay_s=0.05)]))
        handle, start_s = device(), time.monotonic()
        assert pynvml.nvmlDeviceGetPowerUsage(handle) == 100_000
        assert time.monotonic() - start_s >= 0.05

    def test_a_gpu_that_fell_off_the_bus_comes_back_under_a_new_handle(self, simulated_gpus: Install) -> None:
        card = a100(steady(100))
        simulated_gpus(ago(5, card))
        handle = device()
        simulated_gpus(ago(5, replace(card, losses_s=[(4, 1000)])))
        assert fails(GPU_IS_LOST, device)
        assert fails(GPU_IS_LOST, pynvml.nvmlDeviceGetPowerUsage, handle)
        simulated_gpus(ago(5, replace(card, losses_s=[(4, 5)])))
        assert pynvml.nvmlDeviceGetPowerUsage(device()) == 100_000
        assert fails(GPU_IS_LOST, pynvml.nvmlDeviceGetPowerUsage, handle)

    def test_a_reloaded_driver_wants_a_new_start_and_counts_from_0(self, simulated_gpus: Install) -> None:
        gpus = ago(5, a100(steady(100)))
        simulated_gpus(gpus)
        handle = device()
        simulated_gpus(replace(gpus, reloads=[DriverReload((0, 1000))]))
        time.sleep(0.06)
        assert fails(9, pynvml.nvmlDeviceGetTotalEnergyConsumption, handle)
        pynvml.nvmlShutdown()
        assert fails(9, pynvml.nvmlInit)
        simulated_gpus(replace(gpus, reloads=[DriverReload((0, gpus.seconds(time.monotonic_ns())))]))
        assert pynvml.nvmlDeviceGetTotalEnergyConsumption(device()) < 100_000

    def test_a_handle_from_before_a_reload_is_refused_until_the_library_is_started_again(
        self, simulated_gpus: Install
    ) -> None:
        gpus = ago(5, a100(steady(100)))
        simulated_gpus(gpus)
        handle = device()
        simulated_gpus(replace(gpus, reloads=[DriverReload((0, gpus.seconds(time.monotonic_ns())), UNKNOWN)]))
        time.sleep(0.06)
        assert fails(UNKNOWN, pynvml.nvmlDeviceGetPowerUsage, handle)
        pynvml.nvmlShutdown()
        assert pynvml.nvmlDeviceGetPowerUsage(device()) == 100_000

    def test_without_a_script_no_driver_is_loaded(
        self, simulated_gpus: Install, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        simulated_gpus(a100(steady(100)))
        monkeypatch.delenv("DCFOOT_NVML_SCRIPT")
        assert fails(9, pynvml.nvmlInit)

    def test_before_the_start_and_after_the_end_it_is_uninitialised(self, simulated_gpus: Install) -> None:
        simulated_gpus(a100(steady(100)))
        handle = device()
        pynvml.nvmlShutdown()
        assert fails(1, pynvml.nvmlDeviceGetPowerUsage, handle)

    def test_a_script_that_is_not_understood_is_refused_with_its_line(
        self, simulated_gpus: Install, capfd: pytest.CaptureFixture[str]
    ) -> None:
        simulated_gpus(a100(steady(100))).script.write_text("dcfoot-nvml-script 1\ndevice\nsteady now 100\n")
        assert fails(UNKNOWN, pynvml.nvmlInit)
        assert "line 3: not understood: steady now 100" in capfd.readouterr().err


class TestADevice:
    def test_is_found_by_index_uuid_and_address(self, simulated_gpus: Install) -> None:
        cards = simulated_gpus(a100(steady(1)), h100(steady(2))).gpus.gpus
        device()
        uuid, address = cards[1].uuid, cards[1].pci_address
        handles = [
            pynvml.nvmlDeviceGetHandleByIndex(1),
            pynvml.nvmlDeviceGetHandleByUUID(uuid),
            pynvml.nvmlDeviceGetHandleByPciBusId(address),
        ]
        assert [pynvml.nvmlDeviceGetIndex(handle) for handle in handles] == [1, 1, 1]
        assert {pynvml.nvmlDeviceGetUUID(handle) for handle in handles} == {uuid}
        assert pynvml.nvmlDeviceGetPciInfo(handles[0]).busId == f"0000{address.upper()}"
        assert fails(2, pynvml.nvmlDeviceGetHandleByIndex, 2)
        assert fails(6, pynvml.nvmlDeviceGetHandleByUUID, "GPU-none")

    def test_tells_what_it_is(self, simulated_gpus: Install) -> None:
        simulated_gpus(h100(steady(1)))
        handle = device()
        assert pynvml.nvmlDeviceGetName(handle) == GENERATIONS["Hopper"].name
        assert pynvml.nvmlDeviceGetArchitecture(handle) == pynvml.NVML_DEVICE_ARCH_HOPPER
        assert pynvml.nvmlDeviceGetCudaComputeCapability(handle) == (9, 0)
        assert pynvml.nvmlDeviceGetMemoryInfo(handle).total == 80 << 30
        assert pynvml.nvmlDeviceGetMemoryInfo(handle, version=pynvml.nvmlMemory_v2).total == 80 << 30
        assert pynvml.nvmlDeviceGetPowerManagementLimit(handle) == 700_000
        assert pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU) == 41
        assert pynvml.nvmlDeviceGetTemperatureV(handle, pynvml.NVML_TEMPERATURE_GPU) == 41
        assert pynvml.nvmlDeviceGetClockInfo(handle, pynvml.NVML_CLOCK_SM) == 1410
        assert pynvml.nvmlSystemGetDriverVersion() == "550.54.15"

    def test_lists_its_processes_while_they_are_there(self, simulated_gpus: Install) -> None:
        processes = [
            GpuProcess(11, memory_bytes=1 << 30, sm_percent=60),
            GpuProcess(12, memory_bytes=2 << 30, sm_percent=20, memory_percent=5),
            GpuProcess(13, graphics=True),
            GpuProcess(14, span_s=(0, 1)),
        ]
        simulated_gpus(ago(60, replace(a100(steady(1)), processes=processes)))
        handle = device()
        compute = pynvml.nvmlDeviceGetComputeRunningProcesses(handle)
        assert [(process.pid, process.usedGpuMemory) for process in compute] == [(11, 1 << 30), (12, 2 << 30)]
        assert [process.pid for process in pynvml.nvmlDeviceGetGraphicsRunningProcesses(handle)] == [13]
        assert pynvml.nvmlDeviceGetUtilizationRates(handle).gpu == 80
        assert pynvml.nvmlDeviceGetMemoryInfo(handle).used == (4 << 30) + (512 << 20)

    def test_tells_what_each_process_used(self, simulated_gpus: Install) -> None:
        processes = [GpuProcess(11, sm_percent=60), GpuProcess(12, sm_percent=20), GpuProcess(13)]
        simulated_gpus(ago(60, replace(a100(steady(1)), processes=processes, junk_uses_count=2)))
        uses = pynvml.nvmlDeviceGetProcessUtilization(device(), 0)
        assert [(use.pid, use.smUtil) for use in uses] == [(11, 60), (12, 20), (0, 2**32 - 1), (0, 2**32 - 1)]
        assert 0 < time.time() - uses[0].timeStamp / 1e6 < 1

    def test_averages_a_process_since_the_time_that_is_given(self, simulated_gpus: Install) -> None:
        # 60 % in the 5 s before the last: over 10 s that is 30 %
        card = replace(a100(steady(1)), use_period_s=1.0, uses_count=10)
        simulated_gpus(ago(60.5, replace(card, processes=[GpuProcess(11, sm_percent=60, span_s=(54, 59))])))
        handle = device()
        use = pynvml.nvmlDeviceGetProcessUtilization(handle, 0)[0]
        assert use.smUtil == 30
        assert time.time() - use.timeStamp / 1e6 == near(1.5, abs=0.3)
        assert fails(6, pynvml.nvmlDeviceGetProcessUtilization, handle, use.timeStamp)
        assert pynvml.nvmlDeviceGetProcessUtilization(handle, use.timeStamp - 1_000_000)[0].smUtil == 30

    def test_with_mig_hands_out_instances_that_have_no_power_of_their_own(self, simulated_gpus: Install) -> None:
        instances = [MigInstance("MIG-a", 7, slices=3, memory_bytes=20 << 30), MigInstance("MIG-b", 9)]
        processes = [GpuProcess(11, instance_number=7), GpuProcess(12, instance_number=9)]
        simulated_gpus(replace(a100(steady(100)), mig_instances=instances, processes=processes))
        handle = device()
        assert pynvml.nvmlDeviceGetMigMode(handle) == [1, 1]
        assert pynvml.nvmlDeviceGetMaxMigDeviceCount(handle) == 7
        mig = pynvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, 0)
        assert pynvml.nvmlDeviceGetUUID(mig) == "MIG-a"
        assert pynvml.nvmlDeviceGetName(mig).endswith("MIG 3g.20gb")
        assert pynvml.nvmlDeviceGetAttributes(mig).gpuInstanceSliceCount == 3
        assert pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetHandleByUUID("MIG-b")) == "MIG-b"
        parent = pynvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(mig)
        assert pynvml.nvmlDeviceGetIndex(parent) == 0
        assert [process.pid for process in pynvml.nvmlDeviceGetComputeRunningProcesses(mig)] == [11]
        assert [process.gpuInstanceId for process in pynvml.nvmlDeviceGetComputeRunningProcesses(handle)] == [7, 9]
        assert fails(6, pynvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, 2)
        assert fails(NOT_SUPPORTED, pynvml.nvmlDeviceGetTotalEnergyConsumption, mig)
        assert fails(NOT_SUPPORTED, pynvml.nvmlDeviceGetUtilizationRates, handle)
        assert fails(NOT_SUPPORTED, pynvml.nvmlDeviceGetGpuInstanceId, handle)

    def test_a_mig_device_is_a_compute_instance_of_a_gpu_instance(self, simulated_gpus: Install) -> None:
        instances = [MigInstance(f"MIG-{n}", 5, slices=3, compute_number=n, compute_slices=n + 1) for n in (0, 1)]
        processes = [GpuProcess(11, instance_number=5), GpuProcess(12, instance_number=5, compute_number=1)]
        simulated_gpus(replace(a100(steady(100)), mig_instances=instances, processes=processes))
        migs = [pynvml.nvmlDeviceGetMigDeviceHandleByIndex(device(), index) for index in (0, 1)]
        assert [pynvml.nvmlDeviceGetGpuInstanceId(mig) for mig in migs] == [5, 5]
        assert [pynvml.nvmlDeviceGetComputeInstanceId(mig) for mig in migs] == [0, 1]
        attributes = [pynvml.nvmlDeviceGetAttributes(mig) for mig in migs]
        assert [(of.gpuInstanceSliceCount, of.computeInstanceSliceCount) for of in attributes] == [(3, 1), (3, 2)]
        held = [pynvml.nvmlDeviceGetComputeRunningProcesses(mig) for mig in migs]
        assert [[(one.pid, one.gpuInstanceId, one.computeInstanceId) for one in of] for of in held] == [
            [(11, 5, 0)],
            [(12, 5, 1)],
        ]

    def test_knows_no_mig_where_the_card_has_none(self, simulated_gpus: Install) -> None:
        simulated_gpus(rtx3090(steady(1)))
        assert fails(NOT_SUPPORTED, pynvml.nvmlDeviceGetMigMode, device())


class TestTheLibrary:
    def test_is_given_to_whoever_asks_for_it_by_name(self, nvml_library: Path, simulated_gpus: Install) -> None:
        simulated_gpus(a100(steady(1)))
        assert ctypes.CDLL("libnvidia-ml.so.1")._handle == ctypes.CDLL(str(nvml_library))._handle

    def test_is_found_by_a_child_process_and_counts_its_calls_too(self, simulated_gpus: Install) -> None:
        installed = simulated_gpus(a100(steady(1)), a100(steady(2)))
        pynvml.nvmlDeviceGetPowerUsage(device())
        program = (
            "import pynvml as p; p.nvmlInit(); "
            "print(p.nvmlDeviceGetPowerUsage(p.nvmlDeviceGetHandleByIndex(1)), p.nvmlDeviceGetCount())"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=installed.environ(),
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == ["2000", "2"]
        calls = installed.calls()
        assert (calls.of(POWER), calls.about(0), calls.about(1)) == (2, 1, 1)
        assert calls.of("nvmlInit") == 2

    def test_brings_a_program_for_tools_that_ask_for_nvidia_smi(self, simulated_gpus: Install) -> None:
        installed = simulated_gpus(a100(steady(1)))
        assert "PATH" not in installed.environ()
        assert subprocess.run(["nvidia-smi"], env=installed.environ(nvidia_smi=True), check=False).returncode == 0

    def test_no_call_is_no_count(self, simulated_gpus: Install) -> None:
        assert simulated_gpus(a100(steady(1))).calls().of("nvmlInit") == 0

    def test_a_new_script_is_taken_while_the_library_is_in_use(self, simulated_gpus: Install, tmp_path: Path) -> None:
        installed = simulated_gpus(a100(steady(100)))
        handle = device()
        assert pynvml.nvmlDeviceGetPowerUsage(handle) == 100_000
        install(ago(5, a100(steady(250))), installed.library, tmp_path)
        time.sleep(0.06)
        assert pynvml.nvmlDeviceGetPowerUsage(handle) == 250_000

    def test_reading_a_counter_costs_next_to_nothing(self, simulated_gpus: Install) -> None:
        wave = Profile(60, tuple((second * 0.01, Square(300, 60, 0.003)) for second in range(1000)))
        simulated_gpus(ago(5, a100(wave)))
        handle = device()
        read, null = pynvml._nvmlGetFunctionPointer(ENERGY), pynvml._nvmlGetFunctionPointer("nvmlErrorString")
        energy = ctypes.byref(ctypes.c_uint64())
        call_us = least_us(lambda: read(handle, energy)) - least_us(lambda: null(0, energy))
        assert call_us < 1


def least_us(call: Callable[[], object]) -> float:
    """The mean time of a call in the best of ten batches [us]: what it costs when nobody disturbs."""
    batches_s = list[float]()
    for _ in range(10):
        start_s = time.perf_counter()
        for _ in range(1000):
            call()
        batches_s.append(time.perf_counter() - start_s)
    return min(batches_s) * 1000
