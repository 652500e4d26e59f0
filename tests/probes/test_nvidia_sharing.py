"""Who used a GPU: the stated rule as a law that conserves, and what the real driver calls make of real processes."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.probe import Surroundings
from dcfoot_probes.nvidia import Nvidia
from dcfoot_probes.nvidia.sharing import Look, share, uses
from simulated.near import near
from simulated.nvml import Fault, GpuProcess, Installed, MigInstance, SimulatedGpu, a100, h100, steady
from simulated.nvml.runs import metered_run

Install = Callable[..., Installed]
GIB = 1 << 30

pids = st.integers(1, 6)
looks = st.builds(
    Look,
    st.dictionaries(pids, st.integers(0, 4).map(lambda gib: gib * GIB)),
    st.dictionaries(pids, st.integers(0, 100)),
)


def seen_by(look: Look, run: frozenset[int]) -> Look:
    """The same look by a run of these processes, all of which are processes of this machine."""
    return replace(look, ours=look.users & run, visible=bool(look.users))


class TestTheRule:
    @given(looks, looks, st.lists(st.integers(0, 2), min_size=6, max_size=6), st.integers(0, 2))
    def test_the_shares_of_all_runs_and_the_rest_are_the_whole(
        self, before: Look, now: Look, run_of_pid: list[int], allocated_to: int
    ) -> None:
        runs = [frozenset(pid + 1 for pid, run in enumerate(run_of_pid) if run == number) for number in range(3)]
        shares = [
            share(seen_by(before, run), seen_by(now, run), allocated=number == allocated_to)
            for number, run in enumerate(runs)
        ]
        known = [ratio for ratio in shares if ratio is not None]
        assert all(0.0 <= ratio <= 1.0 for ratio in known)
        assert len(known) < len(shares) or sum(known) == near(1.0)

    @given(looks, looks, st.frozensets(pids))
    def test_a_runs_share_is_the_sum_of_its_processes(self, before: Look, now: Look, run: frozenset[int]) -> None:
        parts = uses(before, now)
        assert not parts or sum(parts.values()) == near(1.0, abs=1e-12)
        ratio = share(seen_by(before, run), seen_by(now, run), allocated=False)
        if parts:
            assert ratio == near(sum(part for pid, part in parts.items() if pid in run), abs=1e-12)

    @given(looks, looks)
    def test_a_run_of_nobody_gets_what_nobody_else_has(self, before: Look, now: Look) -> None:
        nobody = share(seen_by(before, frozenset()), seen_by(now, frozenset()), allocated=False)
        assert nobody == 0.0

    def test_an_idle_device_is_the_runs_if_it_was_allocated_to_it(self) -> None:
        assert share(Look(), Look(), allocated=True) == 1.0
        assert share(Look(), Look(), allocated=False) == 0.0

    def test_a_busy_device_without_visible_users_is_not_known(self) -> None:
        assert share(Look(), Look(busy=True), allocated=True) is None

    def test_users_under_foreign_numbers_are_not_known(self) -> None:
        # What a container sees of its host's processes.
        assert share(Look(), Look({4711: GIB}, {4711: 80}), allocated=True) is None

    def test_use_is_divided_by_what_was_computed(self) -> None:
        now = Look({1: GIB, 2: 3 * GIB}, {1: 60, 2: 20}, ours={1}, visible=True)
        assert share(Look(), now, allocated=False) == near(0.75)

    def test_where_nothing_was_computed_memory_divides(self) -> None:
        now = Look({1: GIB, 2: 3 * GIB}, ours={1}, visible=True)
        assert share(Look(), now, allocated=False) == near(0.25)

    def test_memory_that_the_driver_does_not_tell_divides_nothing(self) -> None:
        now = Look({1: GIB, 2: None}, ours={1}, visible=True)
        assert share(Look(), now, allocated=False) is None

    def test_a_process_that_ended_between_two_looks_was_still_the_runs(self) -> None:
        before = Look({1: GIB}, ours={1}, visible=True)
        assert share(before, Look(), allocated=False) == 1.0


@pytest.fixture
def sleepers() -> Iterator[Sequence[int]]:
    """Three real processes."""
    command = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
    processes = [subprocess.Popen(command) for _ in range(3)]
    yield [process.pid for process in processes]
    for process in processes:
        process.kill()
        process.wait()


def shares_of(
    simulated_gpus: Install, *gpus: SimulatedGpu, run: frozenset[int], environ: dict[str, str] | None = None
) -> list[float | None]:
    """What the probe says of a run's share of each GPU between two looks 0.4 s apart."""
    simulated_gpus(*gpus)
    probe = Nvidia(Surroundings(environ=environ or {}))
    meters = probe.open()
    probe.use_ratio(run)
    time.sleep(0.4)
    ratios = probe.use_ratio(run)
    probe.close()
    return [ratios[meter.channel.device] for meter in meters]


def uses_of(simulated_gpus: Install, *gpus: SimulatedGpu) -> list[Mapping[int, float] | None]:
    """What the probe says of the processes of each GPU between two looks 0.4 s apart."""
    simulated_gpus(*gpus)
    probe = Nvidia(Surroundings(environ={}))
    meters = probe.open()
    probe.uses()
    time.sleep(0.4)
    found = probe.uses()
    probe.close()
    return [found.get(meter.channel.device) for meter in meters]


class TestUsesByProcess:
    def test_each_process_has_its_part_whoever_it_is(self, simulated_gpus: Install) -> None:
        processes = [GpuProcess(101, sm_percent=60), GpuProcess(102, sm_percent=20), GpuProcess(103)]
        found = uses_of(
            simulated_gpus,
            replace(h100(steady(200)), processes=processes),
            replace(h100(steady(200)), processes=[GpuProcess(101), GpuProcess(102, memory_bytes=3 * GIB)]),
            replace(h100(steady(200)), processes=[GpuProcess(101)]),
            h100(steady(60)),
        )
        assert found[0] == near({101: 0.75, 102: 0.25}, abs=0.02)
        assert found[1:] == [{101: 0.25, 102: 0.75}, {101: 1.0}, {}]

    def test_a_process_that_came_and_went_between_two_looks_has_its_part(self, simulated_gpus: Install) -> None:
        short = GpuProcess(101, sm_percent=80, span_s=(0.05, 0.35))
        found = uses_of(simulated_gpus, replace(a100(steady(200)), processes=[short], use_period_s=0.02))
        assert found == [{101: 1.0}]

    def test_a_device_that_cannot_be_seen_is_left_out(self, simulated_gpus: Install) -> None:
        refused = [Fault(f"nvmlDeviceGet{kind}RunningProcesses", 4) for kind in ("Compute", "Graphics")]
        found = uses_of(
            simulated_gpus,
            replace(a100(steady(200)), faults=refused),
            replace(a100(steady(200)), utilisation_percent=(70, 20)),
        )
        assert found == [None, None]

    def test_instances_in_use_count_by_their_slices(self, simulated_gpus: Install) -> None:
        instances = [MigInstance(f"MIG-{number}", number, slices=number) for number in (1, 2, 4)]
        processes = [
            GpuProcess(101, instance_number=1),
            GpuProcess(101, instance_number=2),
            GpuProcess(102, instance_number=2),
        ]
        gpu = replace(a100(steady(200)), mig_instances=instances, processes=processes)
        assert uses_of(simulated_gpus, gpu) == [near({101: (1 + 2 / 2) / 3, 102: (2 / 2) / 3})]


class TestTheDriversLists:
    def test_a_device_is_the_runs_own_where_only_its_processes_hold_contexts(
        self, simulated_gpus: Install, sleepers: Sequence[int]
    ) -> None:
        own, graphics, others = sleepers
        gpus = (
            replace(a100(steady(200)), processes=[GpuProcess(own, sm_percent=90)]),
            replace(a100(steady(200)), processes=[GpuProcess(own), GpuProcess(graphics, graphics=True)]),
            replace(a100(steady(200)), processes=[GpuProcess(others, sm_percent=90)]),
            a100(steady(60)),
        )
        assert shares_of(simulated_gpus, *gpus, run=frozenset({own, graphics})) == [1.0, 1.0, 0.0, 0.0]

    def test_samples_of_utilisation_divide_a_shared_device(
        self, simulated_gpus: Install, sleepers: Sequence[int]
    ) -> None:
        own, other, _ = sleepers
        processes = [GpuProcess(own, sm_percent=60), GpuProcess(other, sm_percent=20)]
        gpus = (
            replace(h100(steady(200)), processes=processes),
            replace(h100(steady(200)), processes=processes, junk_uses_count=5),
            replace(h100(steady(200)), processes=processes, faults=[Fault("nvmlDeviceGetProcessUtilization", 3)]),
        )
        shares = shares_of(simulated_gpus, *gpus, run=frozenset({own}))
        assert shares == near([0.75, 0.75, 0.5], abs=0.02)  # the last by memory, which is the same

    def test_a_process_between_two_looks_is_seen_in_the_samples(
        self, simulated_gpus: Install, sleepers: Sequence[int]
    ) -> None:
        own = sleepers[0]
        short = GpuProcess(own, sm_percent=80, span_s=(0.05, 0.35))
        machine = replace(a100(steady(200)), processes=[short], use_period_s=0.02)
        assert shares_of(simulated_gpus, machine, run=frozenset({own})) == [1.0]

    def test_foreign_numbers_and_invisible_users_are_not_known(self, simulated_gpus: Install) -> None:
        gpus = (
            replace(a100(steady(200)), processes=[GpuProcess(4_000_000_000, sm_percent=50)]),
            replace(a100(steady(200)), utilisation_percent=(70, 20)),
        )
        assert shares_of(simulated_gpus, *gpus, run=frozenset({os.getpid()})) == [None, None]

    def test_a_driver_that_does_not_tell_who_uses_a_device_leaves_it_unknown(self, simulated_gpus: Install) -> None:
        refused = [Fault(f"nvmlDeviceGet{kind}RunningProcesses", 4) for kind in ("Compute", "Graphics")]
        assert shares_of(simulated_gpus, replace(a100(steady(200)), faults=refused), run=frozenset()) == [None]

    def test_more_processes_than_usual_are_all_seen(self, simulated_gpus: Install, sleepers: Sequence[int]) -> None:
        own = sleepers[0]
        crowd = [GpuProcess(3_000_000 + number, memory_bytes=GIB) for number in range(99)]
        gpu = replace(a100(steady(200)), processes=[GpuProcess(own, memory_bytes=GIB), *crowd])
        assert shares_of(simulated_gpus, gpu, run=frozenset({own})) == near([0.01])


class TestInstances:
    def gpu(self, *processes: GpuProcess) -> SimulatedGpu:
        instances = [MigInstance("MIG-one", 1, slices=3), MigInstance("MIG-two", 2, slices=4)]
        return replace(a100(steady(200)), mig_instances=instances, processes=processes)

    def test_instances_in_use_count_by_their_slices(self, simulated_gpus: Install, sleepers: Sequence[int]) -> None:
        own, other, _ = sleepers
        gpu = self.gpu(GpuProcess(own, instance_number=1), GpuProcess(other, instance_number=2))
        assert shares_of(simulated_gpus, gpu, run=frozenset({own})) == near([3 / 7])

    def test_one_that_nobody_uses_takes_no_part(self, simulated_gpus: Install, sleepers: Sequence[int]) -> None:
        own = sleepers[0]
        gpu = self.gpu(GpuProcess(own, instance_number=2))
        assert shares_of(simulated_gpus, gpu, run=frozenset({own})) == [1.0]

    def test_one_that_is_idle_but_allocated_does(self, simulated_gpus: Install, sleepers: Sequence[int]) -> None:
        own, other, _ = sleepers
        gpu = self.gpu(GpuProcess(other, instance_number=2))
        environ = {"CUDA_VISIBLE_DEVICES": "MIG-one"}
        assert shares_of(simulated_gpus, gpu, run=frozenset({own}), environ=environ) == near([3 / 7])

    def test_a_device_whose_instances_are_all_idle_and_nobodys_is_nobodys(self, simulated_gpus: Install) -> None:
        assert shares_of(simulated_gpus, self.gpu(), run=frozenset()) == [0.0]


def test_two_runs_on_one_device_add_up_to_its_meter(simulated_gpus: Install, sleepers: Sequence[int]) -> None:
    one, other, _ = sleepers
    processes = [GpuProcess(one, sm_percent=60), GpuProcess(other, sm_percent=30)]
    installed = simulated_gpus(replace(h100(steady(300)), processes=processes))
    parts: dict[int, float] = {}

    def run(pid: int) -> None:
        energy = metered_run(installed, 2.6, pids=lambda: frozenset({pid})).gpus[0].energy
        parts[pid] = energy.attributed_energy_j / energy.energy_j

    threads = [Thread(target=run, args=(pid,)) for pid in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(parts.values()) == near(1.0, abs=0.01)
    assert parts[one] == near(2 / 3, abs=0.02)


def test_a_job_that_ends_before_the_last_look_keeps_its_energy(simulated_gpus: Install) -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(1.2)"]) as job:
        gpu = replace(a100(steady(200)), processes=[GpuProcess(job.pid, sm_percent=80, span_s=(0.2, 1.2))])
        installed = simulated_gpus(gpu)
        metered = metered_run(installed, 1.4, pids=lambda: frozenset({job.pid}))
    energy = metered.gpus[0].energy
    assert energy.attributed_energy_j == near(energy.energy_j)
    assert energy.attributed_p5_j is None


def test_the_interval_of_an_unseen_user_reaches_down_to_nothing(simulated_gpus: Install) -> None:
    gpu = replace(a100(steady(200)), processes=[GpuProcess(4_000_000_000, sm_percent=50)])
    energy = metered_run(simulated_gpus(gpu), 0.8).gpus[0].energy
    assert (energy.attributed_p5_j, energy.attributed_energy_j) == (0.0, energy.energy_j)
