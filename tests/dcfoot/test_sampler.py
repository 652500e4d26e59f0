"""The loop keeps its promises with probes of a third party, good and bad: each speaks the public `Probe` protocol."""

import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest

from dcfoot.activity import Activity
from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.ledger import EnergyRecord
from dcfoot.probe import ProbeEntry, Surroundings
from dcfoot.reading import Basis, Channel, Domain, Kind, Meter, Reading
from dcfoot.sampler import OPEN_TIMEOUT_S, Sampler
from simulated.near import near


def meter(device: str, domain: Domain = Domain.GPU, basis: Basis = Basis.MEASURED) -> Meter:
    return Meter(Channel("node-1", domain, device, basis), device, "steady", Kind.COUNTER, 1e-9, period_s=0.05)


class Steady:
    """A device that draws 100 W for ever: its counter is the monotonic clock times 100, in nanojoules."""

    name = "steady"

    def __init__(self, _: Surroundings, device: str = "steady-0", domain: Domain = Domain.GPU) -> None:
        self.meter = meter(device, domain)
        self.notes: list[str] = []
        self.closed = False

    def open(self) -> Sequence[Meter]:
        return [self.meter]

    def read(self) -> Sequence[Reading]:
        now_ns = time.monotonic_ns()
        return [Reading(self.meter, 100 * now_ns, now_ns)]

    def close(self) -> None:
        self.closed = True


class Absent(Steady):
    def open(self) -> Sequence[Meter]:
        raise ProbeUnavailable("there is no such device", "plug it in")


class Broken(Steady):
    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings, "broken-0")

    def read(self) -> Sequence[Reading]:
        message = "a driver's bug"
        raise RuntimeError(message)


class Forgetful(Steady):
    """Does not answer for a while in the middle."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings, "forgetful-0")
        self.calls = 0

    def read(self) -> Sequence[Reading]:
        self.calls += 1
        if 3 <= self.calls <= 5:
            message = "busy"
            raise ProbeTransient(message)
        return super().read()


class Hanging(Steady):
    """Its driver stops answering after the first reading."""

    release = threading.Event()

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings, "hanging-0")
        self.calls = 0

    def read(self) -> Sequence[Reading]:
        self.calls += 1
        if self.calls > 1:
            self.release.wait(30.0)
        return super().read()


class Shared(Steady):
    """Half used by the run, and it says so."""

    def use_ratio(self, pids: frozenset[int]) -> dict[str, float | None]:
        return {"steady-0": 0.5 if pids else None}

    def gauges(self) -> dict[str, dict[str, float]]:
        return {"steady-0": {"temperature_c": 40.0}}


def one_busy_processor() -> Activity:
    """One processor, kept busy by the run alone."""
    now_s = time.monotonic()
    return Activity(now_s, now_s, 0.0)


def itself(probe: Callable[[Surroundings], Steady]) -> Callable[[Surroundings], Steady]:
    return probe


@contextmanager
def sampling(
    *probes: Callable[[Surroundings], Steady], on_record: Callable[[EnergyRecord], None] = lambda _: None
) -> Generator[Sampler, None, None]:
    entries = [
        ProbeEntry(f"{probe.__name__.lower()}-{number}", partial(itself, probe)) for number, probe in enumerate(probes)
    ]
    sampler = Sampler(
        entries,
        Surroundings(),
        activity=one_busy_processor,
        pids=lambda: frozenset({1}),
        interval_s=0.05,
        on_record=on_record,
    )
    sampler.start()
    sampler.job_started.set()
    yield sampler
    sampler.stop()


def test_start_and_end_are_read_at_once_not_at_the_next_tick() -> None:
    with sampling(Steady) as sampler:
        began = time.monotonic()
        time.sleep(0.123)
        lasted_s = time.monotonic() - began
    (energy,) = sampler.ledger.energies()
    assert energy.energy_j == near(100.0 * lasted_s, abs=2.0)
    assert energy.energy_j == near(100.0 * energy.covered_s, rel=1e-6)


@pytest.mark.parametrize("bad", [Absent, Broken])
def test_one_bad_probe_costs_its_own_meters_only(bad: type[Steady]) -> None:
    with sampling(bad, Steady) as sampler:
        time.sleep(0.1)
    assert max(energy.energy_j for energy in sampler.ledger.energies()) > 5.0


def test_a_probe_that_fails_is_named_on_the_receipt_with_its_reason() -> None:
    with sampling(Broken) as sampler:
        time.sleep(0.05)
    assert any("a driver's bug" in remark for remark in sampler.remarks())


def test_a_meter_that_did_not_answer_for_a_while_loses_nothing_that_its_counter_kept() -> None:
    with sampling(Forgetful) as sampler:
        time.sleep(0.5)
    (energy,) = sampler.ledger.energies()
    assert energy.energy_j == near(100.0 * energy.covered_s, rel=1e-6)
    assert any("busy" in remark for remark in sampler.remarks())


def test_a_driver_that_hangs_holds_up_neither_the_end_of_the_run_nor_other_meters() -> None:
    with sampling(Hanging, Steady) as sampler:
        time.sleep(0.2)
        began = time.monotonic()
    assert time.monotonic() - began < 2.0
    told = sampler.remarks()  # while it hangs: one that answers after all has closed its meters
    Hanging.release.set()
    energies = {energy.meter.channel.device: energy for energy in sampler.ledger.energies()}
    assert energies["steady-0"].energy_j > 15.0
    assert energies["hanging-0"].covered_s == 0.0
    assert any("did not answer in time" in remark for remark in told)


def test_a_probe_that_takes_for_ever_to_open_delays_the_job_by_a_bounded_time() -> None:
    release = threading.Event()

    class Slow(Steady):
        def open(self) -> Sequence[Meter]:
            release.wait(30.0)
            return super().open()

    began = time.monotonic()
    with sampling(Slow, Steady) as sampler:
        assert time.monotonic() - began < OPEN_TIMEOUT_S + 1.0
        release.set()
        time.sleep(0.1)
    assert [energy.meter.channel.device for energy in sampler.ledger.energies()] == ["steady-0"]


def test_a_device_that_knows_its_users_gives_the_share_itself() -> None:
    with sampling(Shared) as sampler:
        time.sleep(0.2)
    (energy,) = sampler.ledger.energies()
    assert energy.attributed_energy_j == near(0.5 * energy.energy_j)
    assert sampler.gauges() == {"steady-0": {"temperature_c": 40.0}}


def test_a_device_that_wakes_up_during_the_run_is_metered_from_then() -> None:
    class Sleeper(Steady):
        def __init__(self, surroundings: Surroundings) -> None:
            super().__init__(surroundings, "sleeper-0")
            self.reads = 0

        def open(self) -> Sequence[Meter]:
            return []

        def read(self) -> Sequence[Reading]:
            self.reads += 1
            return super().read() if self.reads > 3 else []

    with sampling(Steady, Sleeper) as sampler:
        time.sleep(0.5)
    always, woken = sampler.ledger.energies()
    assert woken.meter.channel.device == "sleeper-0"
    assert woken.energy_j == near(100.0 * woken.covered_s, rel=1e-6)
    assert 0.1 < woken.covered_s < always.covered_s


def test_a_device_that_appears_twice_is_counted_once() -> None:
    class Late(Steady):
        def open(self) -> Sequence[Meter]:
            return []

    with sampling(Steady, Late) as sampler:
        time.sleep(0.2)
    assert len(sampler.ledger.energies()) == 1


def test_processors_are_shared_by_processor_time() -> None:
    def package(surroundings: Surroundings) -> Steady:
        return Steady(surroundings, "package-0", Domain.PACKAGE)

    with sampling(package) as sampler:
        time.sleep(0.2)
    (energy,) = sampler.ledger.energies()
    assert energy.attributed_energy_j == near(energy.energy_j)


def test_a_poke_reads_now() -> None:
    records: list[EnergyRecord] = []
    with sampling(Steady, on_record=records.append) as sampler:
        time.sleep(0.01)
        before = len(records)
        sampler.poke()
        time.sleep(0.02)
        assert len(records) > before
