"""Probes fail one by one: what hangs, fails, comes, goes or is reset costs its own meters, and nothing is invented."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest

from dcfoot.counter import Step
from dcfoot.errors import ProbeUnavailable
from dcfoot.probe import ProbeEntry
from dcfoot.reading import Basis, Channel, Domain, Reading
from dcfoot_probes.daemon.usage import Uses
from dcfoot_probes.daemon.words import Split
from dcfoot_probes.daemon.worker import USES_LEAST_S, Patience
from dcfoot_probes.nvidia import Nvidia
from dcfoot_probes.rapl import Rapl
from simulated.daemons import BUSY, QUICK, Device, Running, meter, running
from simulated.near import near
from simulated.nvml import DriverReload, GpuProcess, Installed, SimulatedGpus, a100, hang, steady, v100
from simulated.trees import Clock, PowercapTree

POWER_W = 100.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


def energy_j(loop: Running, device: str) -> float:
    """What a device took over all frames."""
    return sum(
        step.energy_j for frame in loop.frames for channel, step in frame.steps.items() if channel.device == device
    )


def test_every_tick_of_a_steady_device_holds_its_energy_of_that_tick(clock: Clock) -> None:
    with running(clock, Device(clock)) as loop:
        for _ in range(3):
            (step,) = loop.tick().steps.values()
            assert step.energy_j == near(POWER_W, rel=1e-9)
            assert step.covered_s == near(1.0, rel=1e-9)


def test_a_probe_that_hangs_is_down_with_a_reason_while_the_others_tick_on(clock: Clock) -> None:
    stuck, sound = Device(clock, meter("stuck"), name="stuck"), Device(clock, meter("sound"), name="sound")
    with running(clock, stuck, sound) as loop:
        loop.tick()
        stuck.hang()
        for _ in range(4):
            assert {channel.device for channel in loop.tick().steps} == {"sound"}
        state = loop.frames[-1].probes["stuck"]
        assert (state.up, state.failures) == (False, 1)
        assert "does not answer" in state.said
        assert loop.frames[-1].probes["sound"].up


def test_a_probe_that_hangs_is_waited_for_once_and_not_at_every_tick(clock: Clock) -> None:
    stuck = Device(clock)
    with running(clock, stuck) as loop:
        stuck.hang()
        loop.tick()
        began = monotonic()
        for _ in range(20):
            loop.tick()
        assert monotonic() - began < 0.4  # the patience of a single tick is half of its second


def test_when_the_call_returns_the_probe_goes_on_and_its_counter_has_lost_nothing(clock: Clock) -> None:
    device = Device(clock)
    with running(clock, device) as loop:
        loop.tick()
        device.hang()
        for _ in range(5):
            assert loop.tick().steps == {}
        device.released.set()
        loop.until(lambda: loop.is_up("device"))
        frame = loop.tick()
        assert frame.probes["device"].up
        assert energy_j(loop, "0") == near(7 * POWER_W, rel=1e-9)
        (step,) = frame.steps.values()
        assert step.covered_s == near(6.0, rel=1e-9)


def test_a_probe_that_fails_is_closed_and_opened_anew_and_what_it_missed_is_a_gap(clock: Clock) -> None:
    device = Device(clock)
    with running(clock, device) as loop:
        loop.tick()
        device.fault = RuntimeError("a driver's bug")
        frame = loop.tick()
        assert frame.steps == {}
        assert "a driver's bug" in frame.probes["device"].said
        for _ in range(3):
            loop.tick()
        device.fault = None
        loop.until(lambda: loop.is_up("device"))
        assert device.closed >= 1
        loop.tick()
        # One tick before, one after: while it was closed its counter may have been reset, so nothing is bridged.
        assert energy_j(loop, "0") == near(2 * POWER_W, rel=1e-9)


class Prompt(Device):
    """One that the loop may read itself, and that notes who does."""

    is_prompt = True

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.readers: list[threading.Thread] = []

    def read(self) -> Sequence[Reading]:
        """Notes the thread."""
        self.readers.append(threading.current_thread())
        return super().read()


def test_a_prompt_probe_is_opened_by_its_own_thread_and_then_read_by_the_loop(clock: Clock) -> None:
    device = Prompt(clock)
    with running(clock, device) as loop:
        frames = [loop.tick() for _ in range(3)]
        here = threading.current_thread()
        assert [thread is here for thread in device.readers] == [False, True, True, True]
        assert [step.energy_j for frame in frames for step in frame.steps.values()] == near([POWER_W] * 3, rel=1e-9)


def test_a_prompt_probe_that_fails_is_closed_and_opened_anew_by_its_own_thread(clock: Clock) -> None:
    device = Prompt(clock)
    with running(clock, device) as loop:
        loop.tick()
        device.fault = ProbeUnavailable("its file is gone")
        assert loop.tick().steps == {}
        loop.until(lambda: "its file is gone" in loop.supervisor.states()["device"].said)
        device.fault = None
        loop.until(lambda: loop.is_up("device"))
        assert (device.opened - device.closed, device.closed >= 1) == (1, True)
        loop.tick()
        assert energy_j(loop, "0") == near(2 * POWER_W, rel=1e-9)
        assert device.readers[-1] is threading.current_thread()


def test_a_prompt_probe_whose_power_is_wanted_more_often_than_frames_is_read_by_its_own_thread(clock: Clock) -> None:
    device = Prompt(clock)
    with running(clock, device) as loop:
        loop.tick()
        loop.loop.pace(10.0)
        loop.tick(10.0)
        assert device.readers[-1] is not threading.current_thread()
        loop.loop.pace(1.0)
        for _ in range(2):
            loop.tick()
        assert device.readers[-1] is threading.current_thread()
        assert energy_j(loop, "0") == near(13 * POWER_W, rel=1e-9)


def test_a_reading_that_fails_once_keeps_the_probe_open_and_loses_nothing_of_a_counter(clock: Clock) -> None:
    device = Device(clock)
    with running(clock, device) as loop:
        loop.tick()
        device.fault = BUSY
        frame = loop.tick()
        assert (frame.probes["device"].up, frame.probes["device"].said) == (False, "busy")
        device.fault = None
        frame = loop.tick()
        assert (frame.probes["device"].up, frame.probes["device"].failures) == (True, 1)
        assert (device.opened, device.closed) == (1, 0)
        assert energy_j(loop, "0") == near(3 * POWER_W, rel=1e-9)


def test_failures_in_a_row_are_further_and_further_apart(clock: Clock) -> None:
    attempts: list[float] = []

    def load() -> Callable[[object], Device]:
        attempts.append(monotonic())
        message = "no"
        raise RuntimeError(message)

    loop = Running(clock, patience=Patience(retry_first_s=0.05, retry_most_s=0.2))
    loop.supervisor.employ([ProbeEntry("broken", load)])
    loop.until(lambda: len(attempts) == 6)
    loop.supervisor.stop(5.0)
    pauses = [after - before for before, after in pairwise(attempts)]
    assert pauses == [near(pause, abs=0.045) for pause in (0.05, 0.1, 0.2, 0.2, 0.2)]


def test_what_is_not_there_is_looked_for_again_and_metered_once_it_comes(clock: Clock) -> None:
    late = Device(clock)
    late.absent = True
    with running(clock, late) as loop:
        loop.until(lambda: "plug it in" in loop.supervisor.states()["device"].said)
        frame = loop.tick()
        assert (frame.steps, frame.probes["device"].up, frame.probes["device"].failures) == ({}, False, 0)
        late.absent = False
        loop.until(lambda: loop.is_up("device"))
        assert sum(step.energy_j for step in loop.tick().steps.values()) == near(POWER_W, rel=1e-9)


def test_a_device_that_goes_for_good_is_withdrawn_and_one_that_comes_back_has_the_same_channel(clock: Clock) -> None:
    device = Device(clock)
    with running(clock, device) as loop:
        (channel,) = loop.tick().steps
        device.fault, device.absent = ProbeUnavailable("it fell off the bus"), True
        loop.tick()
        assert loop.supervisor.channels.meters == {}
        device.fault, device.absent, device.meters = None, False, (meter(),)
        device.reset_ns = clock.now_ns
        loop.until(lambda: loop.is_up("device"))
        clock.pass_s(1.0)
        assert list(loop.tick().steps) == [channel]


def test_a_counter_that_was_reset_while_it_was_watched_gives_only_what_it_shows_since(clock: Clock) -> None:
    device = Device(clock)
    with running(clock, device) as loop:
        loop.tick()
        clock.pass_s(1.0)
        device.reset_ns = clock.now_ns
        (step,) = loop.tick(0.5).steps.values()
        assert step.energy_j == near(0.5 * POWER_W, rel=1e-9)
        assert step.covered_s == near(0.5, rel=1e-6)


def test_of_two_that_see_the_same_only_one_is_counted_whichever_comes_first(clock: Clock) -> None:
    first, second = Device(clock, meter("0"), name="b"), Device(clock, meter("0"), power_w=100.0, name="a")
    second.absent = True
    with running(clock, first, second) as loop:
        loop.tick()
        second.absent = False
        loop.until(lambda: loop.is_up("a"))
        for _ in range(3):
            loop.tick()
        # The tick in which the other takes over has no reading of its own before it.
        assert energy_j(loop, "0") <= 4 * POWER_W * (1 + 1e-9)
        assert energy_j(loop, "0") >= 3 * POWER_W * (1 - 1e-9)


def test_an_estimate_stands_back_as_soon_as_a_meter_of_the_same_domain_comes(clock: Clock) -> None:
    modelled = Device(clock, meter("cpu", Domain.PACKAGE, Basis.MODELLED), name="modelled")
    metered = Device(clock, meter("package-0", Domain.PACKAGE), meter("package-1", Domain.PACKAGE), name="rapl")
    metered.absent = True
    with running(clock, modelled, metered) as loop:
        assert {channel.device for channel in loop.tick().steps} == {"cpu"}
        metered.absent = False
        loop.until(lambda: loop.is_up("rapl"))
        assert {channel.device for channel in loop.tick().steps} == {"package-0", "package-1"}
        metered.fault, metered.absent = RuntimeError("gone"), True
        loop.tick()
        loop.tick()
        assert {channel.device for channel in loop.tick().steps} == {"cpu"}


def test_where_there_is_no_room_for_a_thread_the_others_are_read_and_it_is_tried_again(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The kernel's refusal cannot be had for one thread of a process, so it is played where CPython asks the kernel.
    begin, refused = threading.Thread.start, list[threading.Thread]()

    def start(thread: threading.Thread) -> None:
        if thread.name == "dcfoot-second" and not refused:
            refused.append(thread)
            message = "can't start new thread"
            raise RuntimeError(message)
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    loop = Running(clock)
    loop.supervisor.employ([Device(clock, meter("1"), name=name).entry() for name in ("first", "second")])
    loop.until(lambda: loop.is_up("first") and "new thread" in loop.supervisor.states()["second"].said)
    loop.supervisor.begin_refused()
    loop.until(lambda: loop.is_up("second"))
    loop.supervisor.stop(5.0)


class Asking:
    """Keeps what it is told of users with the energy that it is to be divided by."""

    def __init__(self) -> None:
        self.told: list[tuple[float, Uses]] = []

    def splits(self, steps: Mapping[Channel, Step], uses: Uses) -> Mapping[Channel, Split]:
        self.told.append((sum(step.energy_j for step in steps.values()), uses))
        return {}


def test_gauges_and_users_come_with_the_frame_and_gauges_go_with_their_probe(clock: Clock) -> None:
    device = Device(clock)
    device.figures, device.users = {"0": {"temperature_c": 40.0}}, {"0": {7: 0.5}}
    asking = Asking()
    with running(clock, device, splitter=asking) as loop:
        assert loop.tick(6.0).gauges == {"0": {"temperature_c": 40.0}}
        assert asking.told[-1][1] == {"0": {7: near(0.5)}}
        device.fault = RuntimeError("gone")
        assert loop.tick().gauges == {}


class Seldom(Device):
    """A device that gives its readings once a second."""

    def read(self) -> Sequence[Reading]:
        readings = super().read()
        return [reading for reading in readings if reading.time_ns % 10**9 == 0]


def test_at_ten_frames_a_second_users_are_told_with_the_energy_that_they_used_each_by_its_time(clock: Clock) -> None:
    device, asking = Seldom(clock), Asking()
    with running(clock, device, splitter=asking) as loop:
        for tick in range(20):
            # Process 1 has the first six tenths of each second, process 2 the next two, nobody the last two: whole
            # questions each, of which there are at most five a second.
            device.users = {"0": {1: 1.0} if tick % 10 < 6 else {2: 1.0} if tick % 10 < 8 else {}}
            loop.tick(0.1)
    with_energy = [(energy_j, uses) for energy_j, uses in asking.told if energy_j]
    assert [energy_j for energy_j, _ in with_energy] == near([POWER_W] * 2)
    assert [uses["0"] for _, uses in with_energy] == [{1: near(0.6, abs=1e-6), 2: near(0.2, abs=1e-6)}] * 2
    assert [uses for energy_j, uses in asking.told if not energy_j] == [{}] * 18


def test_a_frame_that_comes_too_soon_to_ask_who_used_a_device_is_divided_as_the_one_before(clock: Clock) -> None:
    device, asking = Device(clock), Asking()
    device.users = {"0": {1: 1.0}}
    with running(clock, device, splitter=asking) as loop:
        loop.tick(1.0)
        loop.tick(0.5 * USES_LEAST_S)  # the one before was late
    assert asking.told == [(near(POWER_W), {"0": {1: 1.0}}), (near(0.5 * USES_LEAST_S * POWER_W), {"0": {1: 1.0}})]


def test_two_answers_within_a_frame_count_each_by_its_time(clock: Clock) -> None:
    device, asking = Device(clock), Asking()
    device.users = {"0": {1: 1.0}}
    with running(clock, device, splitter=asking) as loop:
        loop.tick()
        device.hang()
        loop.tick(3.0)  # it is asked, and answers too late for its frame
        device.released.set()
        loop.until(lambda: loop.is_up("device") and not loop.supervisor.is_waiting)
        device.users = {"0": {2: 1.0}}
        loop.tick(1.0)
    assert asking.told[-1] == (near(4 * POWER_W), {"0": {1: near(0.75), 2: near(0.25)}})


def test_a_choice_of_probes_can_change_while_others_are_read(clock: Clock) -> None:
    one, two = Device(clock, meter("1"), name="one"), Device(clock, meter("2"), name="two")
    with running(clock, one) as loop:
        loop.tick()
        loop.supervisor.employ([two.entry()])
        loop.until(lambda: loop.is_up("two") and one.closed == 1)
        frame = loop.tick()
        assert {channel.device for channel in frame.steps} == {"2"}
        assert list(frame.probes) == ["two"]
        loop.supervisor.stop(5.0)


def test_one_that_hung_while_it_was_left_out_says_nothing_of_the_one_that_took_its_place(clock: Clock) -> None:
    old, new = Device(clock), Device(clock, replace(meter()))
    with running(clock, old) as loop:
        old.hang()
        loop.tick()
        assert old.begun.wait(10.0)
        loop.supervisor.employ([])
        loop.supervisor.employ([new.entry()])
        loop.until(lambda: loop.is_up("device"))
        old.fault = RuntimeError("a driver's bug")
        old.released.set()
        deadline_s = monotonic() + 10.0
        while not old.closed:
            assert monotonic() < deadline_s
            time.sleep(0.01)
        loop.tick()
        for _ in range(3):
            (step,) = loop.tick().steps.values()
            assert step.energy_j == near(POWER_W, rel=1e-9)


def test_what_becomes_of_a_probe_goes_to_the_log_once(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    device = Device(clock)
    with caplog.at_level(logging.INFO, "dcfoot_probes"), running(clock, device) as loop:
        device.fault = BUSY
        for _ in range(5):
            loop.tick()
        device.fault = None
        loop.tick()
    said = [record.getMessage() for record in caplog.records]
    assert said == ["device is read", "device: busy", "device is read"]


Install = Callable[..., Installed]

ENERGY = "nvmlDeviceGetTotalEnergyConsumption"


class RealClock(Clock):
    """Real time, so that the library's and the loop's agree."""

    def __call__(self) -> int:
        return time.monotonic_ns()

    def pass_s(self, seconds: float) -> None:
        time.sleep(seconds)


def test_a_call_of_nvidias_driver_that_hangs_holds_up_no_processor(simulated_gpus: Install, tmp_path: Path) -> None:
    tree = PowercapTree(tmp_path).zone("intel-rapl:0", "package-0")
    installed = simulated_gpus(SimulatedGpus([replace(a100(steady(200.0)), faults=[hang(ENERGY, 1.0, 2.2)])]))
    loop = Running(RealClock(), patience=replace(QUICK, answer_s=0.3), root=tmp_path)
    loop.supervisor.employ([ProbeEntry("nvidia", lambda: Nvidia), ProbeEntry("rapl", lambda: Rapl)])
    loop.until(lambda: loop.is_up("nvidia") and loop.is_up("rapl"))
    began_ns = loop.clock()
    down = False
    while loop.clock() - installed.gpus.epoch_ns < 3.0e9:
        tree.use("intel-rapl:0", 5.0)
        frame = loop.tick(0.1)
        down = down or not frame.probes["nvidia"].up
        assert any(channel.domain is Domain.PACKAGE for channel in frame.steps)
    assert down
    assert loop.is_up("nvidia")
    total = sum(s.energy_j for f in loop.frames for c, s in f.steps.items() if c.domain is Domain.GPU)
    truth = installed.true_energy_j(began_ns, loop.clock())
    assert total == near(truth, abs=0.25 * 200.0)  # the counter's period at both ends
    loop.supervisor.stop(3.0)


def test_a_driver_that_was_reloaded_is_opened_anew_and_its_counters_begin_at_nothing(simulated_gpus: Install) -> None:
    installed = simulated_gpus(SimulatedGpus([a100(steady(200.0))], reloads=[DriverReload((1.0, 1.5))]))
    loop = Running(RealClock(), patience=replace(QUICK, silent_s=0.4))
    loop.supervisor.employ([ProbeEntry("nvidia", lambda: Nvidia)])
    loop.until(lambda: loop.is_up("nvidia"))
    began_ns = loop.clock()
    while loop.clock() - installed.gpus.epoch_ns < 3.5e9:
        loop.tick(0.1)
    assert loop.is_up("nvidia")
    steps = [step for frame in loop.frames for step in frame.steps.values()]
    truth = installed.true_energy_j(began_ns, loop.clock())
    total = sum(step.energy_j for step in steps)
    assert 0.4 * truth < total <= truth + 0.1 * 200.0
    assert {channel for frame in loop.frames for channel in frame.steps} == set(loop.supervisor.channels.meters)
    loop.supervisor.stop(3.0)


def test_a_gpu_whose_power_is_polled_gives_it_ten_times_a_second_on_demand(simulated_gpus: Install) -> None:
    installed = simulated_gpus(SimulatedGpus([replace(v100(steady(200.0)), counter=None, samples=None)]))
    loop = Running(RealClock(), interval_s=0.1)
    loop.supervisor.employ([ProbeEntry("nvidia", lambda: Nvidia)])
    loop.until(lambda: loop.is_up("nvidia"))
    loop.tick(1.0)
    began_ns = loop.clock()
    frames = [loop.tick(0.1) for _ in range(20)]
    ended_ns = loop.clock()
    loop.supervisor.stop(3.0)
    # A busy machine may make a frame late, and then the next has both.
    assert sum(bool(frame.steps) for frame in frames) >= 16
    total_j = sum(step.energy_j for frame in frames for step in frame.steps.values())
    assert total_j == near(installed.true_energy_j(began_ns, ended_ns), abs=0.2 * 200.0)


def test_users_of_a_gpu_get_what_it_took_while_they_had_it_at_ten_frames_a_second(simulated_gpus: Install) -> None:
    processes = [GpuProcess(101, sm_percent=90, span_s=(0.0, 2.5)), GpuProcess(102, sm_percent=90, span_s=(2.5, 60.0))]
    card = replace(v100(steady(200.0)), counter=None, samples=None, processes=processes)
    installed, asking = simulated_gpus(SimulatedGpus([card])), Asking()
    epoch_ns = installed.gpus.epoch_ns
    loop = Running(RealClock(), interval_s=0.1, splitter=asking)
    loop.supervisor.employ([ProbeEntry("nvidia", lambda: Nvidia)])
    loop.until(lambda: loop.is_up("nvidia"))
    loop.tick(0.1)
    asking.told.clear()
    began_ns = loop.clock()
    while loop.clock() - epoch_ns < 4.0e9:
        loop.tick(0.1)
    ended_ns = loop.clock()
    loop.supervisor.stop(3.0)
    energies_j = {
        pid: sum(energy_j * shares.get(pid, 0.0) for energy_j, uses in asking.told for shares in uses.values())
        for pid in (101, 102)
    }
    change_ns = epoch_ns + 2_500_000_000
    truth_j = {
        101: installed.true_energy_j(began_ns, change_ns),
        102: installed.true_energy_j(change_ns, ended_ns),
    }
    assert energies_j == near(truth_j, abs=0.3 * 200.0)  # the samples' period and a frame at both ends


def test_a_gpu_that_falls_off_and_comes_back_has_its_channel_and_the_other_loses_a_moment(
    simulated_gpus: Install,
) -> None:
    sound, lost = a100(steady(200.0)), replace(a100(steady(200.0)), losses_s=((1.0, 1.6),))
    installed = simulated_gpus(SimulatedGpus([sound, lost]))
    loop = Running(RealClock(), patience=replace(QUICK, silent_s=0.8))
    loop.supervisor.employ([ProbeEntry("nvidia", lambda: Nvidia)])
    loop.until(lambda: loop.is_up("nvidia"))
    began_ns = loop.clock()
    channels = set(loop.supervisor.channels.meters)
    while loop.clock() - installed.gpus.epoch_ns < 3.6e9:
        loop.tick(0.1)
    assert len(channels) == 2
    assert set(loop.tick(0.1).steps) == channels
    energies = {
        channel: sum(frame.steps[channel].energy_j for frame in loop.frames if channel in frame.steps)
        for channel in channels
    }
    less, more = sorted(energies.values())
    truth = installed.true_energy_j(began_ns, loop.clock(), 0)
    assert more == near(truth, abs=0.45 * 200.0)
    # Off for 0.6 s, and silent until it was opened anew 0.8 s after its last reading.
    assert less < truth - 0.6 * 200.0
    loop.supervisor.stop(3.0)
