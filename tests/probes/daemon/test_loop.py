"""The loop: a steady beat, one frame a tick however late, clocks that stop and jump, and nothing that ends it."""

import threading
import time
import tracemalloc
from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.counter import Step
from dcfoot.reading import Channel, Meter
from dcfoot_probes.daemon.loop import Beat
from dcfoot_probes.daemon.totals import Totals
from dcfoot_probes.daemon.usage import Uses
from dcfoot_probes.daemon.words import Frame, Split, Unit, UnitKind
from simulated.daemons import Device, Running, meter, running
from simulated.near import near
from simulated.trees import Clock

POWER_W = 100.0
DAY_TICKS = 86_400


@pytest.fixture
def clock() -> Clock:
    return Clock()


class RealClock(Clock):
    def __call__(self) -> int:
        return time.monotonic_ns()


@given(late_ns=st.lists(st.integers(0, 10**10), max_size=50), interval_ms=st.integers(50, 60_000))
def test_every_beat_is_a_whole_number_of_intervals_after_the_first_however_late_the_ticks(
    late_ns: list[int], interval_ms: int
) -> None:
    beat, interval_ns = Beat(interval_ms / 1000, 7), interval_ms * 1_000_000
    for late in late_ns:
        struck = beat.next_ns + late
        beat.go_on(struck)
        assert struck < beat.next_ns <= struck + interval_ns
        assert (beat.next_ns - 7) % interval_ns == 0


def test_a_tick_that_comes_late_is_one_longer_frame_and_never_two(clock: Clock) -> None:
    with running(clock, Device(clock)) as loop:
        durations = [loop.tick(seconds).duration_s for seconds in (1.0, 3.7, 0.3, 1.0)]
        assert durations == [1.0, 3.7, 0.3, 1.0]
        assert [step.energy_j for frame in loop.frames for step in frame.steps.values()] == [
            near(POWER_W * duration, rel=1e-9) for duration in durations
        ]


def test_ten_ticks_of_a_running_loop_come_ten_intervals_after_its_start() -> None:
    loop = Running(RealClock(), interval_s=0.1)
    began = time.monotonic()
    stops = threading.Timer(1.05, loop.loop.stop)
    stops.start()
    loop.loop.run()
    # Ten on the beat, and a last one for what was left when it was stopped.
    assert len(loop.frames) == 11
    assert sum(frame.duration_s for frame in loop.frames) == near(time.monotonic() - began, abs=0.03)
    assert [frame.duration_s for frame in loop.frames[:10]] == [near(0.1, abs=0.04)] * 10


def test_on_demand_there_are_ten_frames_a_second_and_afterwards_one_again() -> None:
    loop = Running(RealClock())
    loop.loop.faster(0.55)
    threading.Timer(2.0, loop.loop.stop).start()
    loop.loop.run()
    durations = [round(frame.duration_s, 1) for frame in loop.frames]
    assert durations[:6] == [0.1] * 6
    assert durations[6:] == [1.0, near(0.4, abs=0.11)]


def test_the_time_between_frames_can_be_changed_while_it_runs() -> None:
    loop = Running(RealClock(), interval_s=60.0)
    threading.Timer(0.1, lambda: loop.loop.call(lambda: loop.loop.pace(0.05))).start()
    threading.Timer(0.5, loop.loop.stop).start()
    loop.loop.run()
    assert len(loop.frames) >= 7


def test_time_asleep_is_a_gap_that_the_frames_duration_holds_and_no_counter_bridges(clock: Clock) -> None:
    with running(clock, Device(clock)) as loop:
        loop.tick()
        loop.asleep_ns += 3_600_000_000_000
        frame = loop.tick()
        assert frame.duration_s == near(3601.0)
        assert frame.steps == {}
        frame = loop.tick()
        assert [step.energy_j for step in frame.steps.values()] == [near(POWER_W, rel=1e-9)]
        assert frame.duration_s == near(1.0)


@pytest.mark.parametrize("step_s", [-7200.0, 86_400.0])
def test_a_step_of_the_wall_clock_moves_the_stamps_and_touches_no_energy(clock: Clock, step_s: float) -> None:
    with running(clock, Device(clock)) as loop:
        before = loop.tick()
        loop.wall_ns += round(step_s * 1e9)
        after = loop.tick()
        assert (after.utc_ns - before.utc_ns) / 1e9 == near(step_s + 1.0)
        assert after.duration_s == near(1.0)
        assert [step.energy_j for step in after.steps.values()] == [near(POWER_W, rel=1e-9)]


def test_a_splitter_that_fails_costs_the_split_of_that_tick_and_nothing_else(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing:
        def splits(self, steps: Mapping[Channel, Step], uses: Uses) -> Mapping[Channel, Split]:
            del steps, uses
            raise OSError(24, "Too many open files")

    with running(clock, Device(clock), splitter=Failing()) as loop:
        for _ in range(3):
            frame = loop.tick()
            assert (len(frame.steps), frame.splits) == (1, {})
    assert len([record for record in caplog.records if "Too many open files" in record.getMessage()]) == 1


def test_whoever_takes_frames_and_fails_holds_up_neither_the_loop_nor_the_others(clock: Clock) -> None:
    def failing(frame: Frame, meters: Mapping[Channel, Meter], interval_s: float) -> None:
        raise ValueError(frame, meters, interval_s)

    taken: list[Frame] = []

    def taking(frame: Frame, meters: Mapping[Channel, Meter], interval_s: float) -> None:
        del meters, interval_s
        taken.append(frame)

    with running(clock, Device(clock), takers=[failing, taking]) as loop:
        for _ in range(2):
            clock.pass_s(1.0)
            loop.loop.tick()
    assert len(taken) == 2


class Halves:
    """Divides everything between two units."""

    units = (Unit(UnitKind.CONTAINER, "a"), Unit(UnitKind.USER, "1000"))

    def splits(self, steps: Mapping[Channel, Step], uses: Uses) -> Mapping[Channel, Split]:
        del uses
        return {channel: Split(dict.fromkeys(self.units, 0.25), 0.25, 0.25) for channel in steps}


def test_a_day_of_ticks_adds_up_exactly_and_takes_no_more_memory_than_an_hour(clock: Clock) -> None:
    """The short form of ``benchmarks/soak.py``: 1/24 of its ticks."""
    totals, count = Totals(), DAY_TICKS // 24

    def add(frame: Frame, meters: Mapping[Channel, Meter], interval_s: float) -> None:
        del interval_s
        totals.add(frame, meters)

    device = Device(clock, *(meter(str(number)) for number in range(8)))
    with running(clock, device, splitter=Halves(), takers=[add]) as loop:
        tracemalloc.start()
        sizes: list[int] = []
        for _ in range(4):
            for _ in range(count // 4):
                clock.pass_s(1.0)
                loop.loop.tick()
            sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert max(sizes[1:]) - sizes[0] < 20_000
    for channel in totals.now().channels:
        # 100 W in steps of 1 s: integers, and so exact in a float.
        assert Fraction(channel.energy_j) == Fraction(100 * count)
        assert channel.idle_j == channel.unattributed_j == 25.0 * count
        assert channel.covered_s == count
    assert [sum(unit.energy_j.values()) for unit in totals.now().units] == [8 * 25.0 * count] * 2
