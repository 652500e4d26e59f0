"""What only a real card can settle: with one, the figures are printed, for the docs, with the card's name.

    python -m pytest -m gpu tests/probes/test_nvidia_card.py

Without one the same experiments are tried on simulated cards, of which the answer is known.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import fmean

import pytest

from dcfoot.probe import Surroundings
from dcfoot_probes.nvidia import Nvidia
from dcfoot_probes.nvidia.nvml import Nvml, load
from simulated.near import near
from simulated.nvml import EnergyCounter, Installed, Profile, Sensor, Square, average_1s, h100, steady, window
from simulated.nvml.experiments import (
    NS_PER_S,
    CudaLoad,
    Look,
    average_error_ratio,
    buffer_of,
    counted_w,
    looks,
    mean_w,
)
from simulated.nvml.runs import metered_run

Install = Callable[..., Installed]

SLOW_S = 1.6
"""How long a load is on and then off while the average is watched [s]: longer than its window."""

STEPS_S = (0.0, 0.025, 0.05, 0.075)
"""By how much a wave is moved against a sensor that looks 25 ms of every 100 [s]."""


@pytest.fixture
def nvml() -> Iterator[Nvml]:
    library = load()
    yield library
    library.stop()


def in_s(seconds: float) -> int:
    return time.monotonic_ns() + round(seconds * NS_PER_S)


@pytest.mark.gpu
class TestARealCard:
    @staticmethod
    def say(capsys: pytest.CaptureFixture[str], nvml: Nvml, text: str) -> None:
        with capsys.disabled():
            print(f"\n{nvml.name(nvml.by_index(0))}, driver {nvml.driver_version()}: {text}")  # noqa: T201

    def test_is_its_average_the_mean_of_the_last_second(self, nvml: Nvml, capsys: pytest.CaptureFixture[str]) -> None:
        with CudaLoad(SLOW_S, SLOW_S, in_s(0.0)):
            found = looks(nvml, nvml.by_index(0), 10.0)
        if all(look.average_w is None for look in found):
            pytest.skip("this card has no average (field 185)")
        errors = {window_s: average_error_ratio(found, window_s) for window_s in (0.1, 0.5, 1.0, 2.0)}
        self.say(capsys, nvml, f"field 185 against the mean of field 186 over a window [s]: {errors}")
        assert min(errors, key=errors.__getitem__) == 1.0

    def test_does_its_counter_see_more_than_its_sensor(self, nvml: Nvml, capsys: pytest.CaptureFixture[str]) -> None:
        handle, shown, counted = nvml.by_index(0), list[float](), list[float]()
        for moved_s in STEPS_S:
            with CudaLoad(0.05, 0.05, in_s(1.0) // (NS_PER_S // 10) * (NS_PER_S // 10) + round(moved_s * NS_PER_S)):
                found = looks(nvml, handle, 5.0)
            shown.append(mean_w(found[len(found) // 2 :]))
            counted.append(counted_w(found[len(found) // 2 :]))
        text = f"a wave of 100 ms, moved by {STEPS_S} s: shown {shown} W, counted {counted} W"
        self.say(capsys, nvml, text)
        # The same load each time: whatever moves with the sensor sees no more than the sensor.
        assert fmean(counted) > 0.0

    def test_how_much_does_its_buffer_hold(self, nvml: Nvml, capsys: pytest.CaptureFixture[str]) -> None:
        buffer = buffer_of(nvml, nvml.by_index(0))
        self.say(capsys, nvml, f"the driver's buffer of power: {buffer}")
        assert buffer.samples > 0

    def test_what_does_it_draw_when_idle(self, nvml: Nvml, capsys: pytest.CaptureFixture[str]) -> None:
        time.sleep(5.0)
        found = looks(nvml, nvml.by_index(0), 5.0)
        self.say(capsys, nvml, f"idle: {mean_w(found):.1f} W shown, {counted_w(found):.1f} W counted")
        assert mean_w(found) > 0.0

    def test_it_is_metered_by_its_counter(self) -> None:
        probe = Nvidia(Surroundings())
        methods = [meter.method for meter in probe.open()]
        time.sleep(1.1)
        values = [reading.value for reading in probe.read()]
        probe.close()
        assert methods
        assert min(values) > 0


def looked_at(nvml: Nvml, cards: int, seconds: float) -> list[list[Look]]:
    """What several cards show in the same time."""

    def looks_at(number: int) -> list[Look]:
        return looks(nvml, nvml.by_index(number), seconds)

    with ThreadPoolExecutor(cards) as pool:
        return list(pool.map(looks_at, range(cards)))


class TestTheExperiments:
    def test_an_average_is_told_from_its_window(self, simulated_gpus: Install) -> None:
        wave = Profile(60, ((0.0, Square(300, 60, 2 * SLOW_S)),))
        short = Sensor(0.1, 0.1, windows_count=5)
        simulated_gpus(replace(h100(wave), average=average_1s()), replace(h100(wave), average=short))
        library = load()
        first, second = looked_at(library, 2, 3.6)
        library.stop()
        # Both fields are published every 0.1 s, which leaves some percent open at a step.
        assert 2 * average_error_ratio(first, 1.0) < average_error_ratio(first, 0.5)
        assert 2 * average_error_ratio(second, 0.5) < average_error_ratio(second, 1.0)

    def test_a_counter_that_sees_no_more_than_its_sensor_moves_with_it(self, simulated_gpus: Install) -> None:
        gpus = [
            replace(h100(Profile(60, ((moved_s, Square(300, 60, 0.1)),))), counter=EnergyCounter(as_seen=as_seen))
            for as_seen in (True, False)
            for moved_s in STEPS_S
        ]
        simulated_gpus(*gpus)
        library = load()
        time.sleep(0.3)
        counted = [counted_w(found) for found in looked_at(library, len(gpus), 0.8)]
        library.stop()
        seen, all_of_it = counted[:4], counted[4:]
        assert max(seen) - min(seen) > 200
        assert all_of_it == near([180.0] * 4, rel=0.05)

    def test_a_buffer_is_measured(self, simulated_gpus: Install) -> None:
        simulated_gpus(replace(h100(steady(60)), samples=window(25, 50), samples_count=64))
        library = load()
        buffer = buffer_of(library, library.by_index(0))
        library.stop()
        assert (buffer.samples, buffer.span_s, buffer.period_s) == near((64, 63 * 0.05, 0.05), rel=1e-3)

    def test_a_buffer_that_is_too_small_is_told_of(self, simulated_gpus: Install) -> None:
        card = replace(
            h100(steady(60)), counter=None, average=None, usage=None, samples=window(25, 50), samples_count=4
        )
        run = metered_run(simulated_gpus(card), 2.4)
        assert run.gpus[0].meter.method == "nvml.power_samples"
        assert any("buffer of 4 samples was full" in remark for remark in run.remarks)
        assert run.gpus[0].error_ratio == near(0.0, abs=0.003)
