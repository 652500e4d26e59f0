"""A GPU cut into MIG instances: each instance's part of the one meter, as a law that conserves and by real calls."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.probe import Part, Surroundings
from dcfoot_probes.nvidia import Nvidia
from dcfoot_probes.nvidia.instances import LIST_S, Held, Instances, divided
from dcfoot_probes.nvidia.nvml import Instance, Nvml, load, profile_of
from dcfoot_probes.nvidia.sharing import Part as InstancePart
from simulated.near import near
from simulated.nvml import Fault, GpuProcess, MigInstance, SimulatedGpu, SimulatedGpus, a100, steady
from simulated.nvml.fixtures import Install
from simulated.trees import Clock

MIB = 1 << 20

CONTEXTS, INVALID_ARGUMENT = "nvmlDeviceGetComputeRunningProcesses", 2
"""The call and the code (nvml.h) by which a removed instance is noticed."""

IDLE_W, BUSY_W = 70.0, 280.0
"""Of seven slices 10 W each when nobody computes, and 210 W more."""

held = st.lists(st.builds(Held, st.integers(1, 3), st.booleans()), max_size=2)
ratios = st.floats(0.0, 1.0)


@given(held, ratios)
def test_parts_and_what_is_left_for_the_slices_in_none_are_the_whole(held: list[Held], idle_ratio: float) -> None:
    parts = divided(held, 7, idle_ratio)
    assert all(part >= 0.0 for part in parts)
    free_slices = 7 - sum(one.slices for one in held)
    left = idle_ratio * free_slices / 7 + (0.0 if any(one.used for one in held) else 1.0 - idle_ratio)
    assert sum(parts) + left == near(1.0)


@given(held, st.integers(1, 3), ratios)
def test_a_neighbour_that_nobody_uses_changes_nobodys_part(held: list[Held], slices: int, idle_ratio: float) -> None:
    others = divided([*held, Held(slices, used=False)], 9, idle_ratio)[:-1]
    assert others == near(divided(held, 9, idle_ratio))


def test_idle_power_is_of_all_slices_and_the_rest_of_those_in_use() -> None:
    # 70 W of 280 are there anyway: 10 W a slice. The 210 W above that are of the three slices in use.
    parts = divided([Held(1, used=True), Held(2, used=True), Held(1, used=False)], 7, IDLE_W / BUSY_W)
    assert [BUSY_W * part for part in parts] == near([10.0 + 70.0, 20.0 + 140.0, 10.0])


@pytest.mark.parametrize(
    ("slices", "compute_slices", "memory_mib", "whole_mib", "expected"),
    [
        (1, 1, 4864, 40536, "1g.5gb"),
        (2, 2, 9984, 40536, "2g.10gb"),
        (3, 3, 20096, 40536, "3g.20gb"),
        (3, 1, 20096, 40536, "1c.3g.20gb"),
        (7, 7, 40448, 40536, "7g.40gb"),
        (1, 1, 9984, 81559, "1g.10gb"),
        (1, 1, 20096, 81559, "1g.20gb"),
        (4, 4, 40448, 81559, "4g.40gb"),
        (2, 2, 11968, 24258, "2g.12gb"),
    ],
)
def test_a_profile_is_called_as_nvidia_calls_it(
    slices: int, compute_slices: int, memory_mib: int, whole_mib: int, expected: str
) -> None:
    # Sizes as nvidia-smi lists them on an A100 40GB, an H100 80GB and an A30 (NVIDIA MIG User Guide, "Supported MIG
    # Profiles").
    assert profile_of(slices, compute_slices, memory_mib * MIB, whole_mib * MIB) == expected


class TestTheDaemonsLooks:
    """A probe that is asked as the daemon asks it, on a card that is idle at first."""

    INSTANCES = (MigInstance("MIG-1", 1, slices=1), MigInstance("MIG-2", 2, slices=2), MigInstance("MIG-3", 3))
    PROCESSES = (GpuProcess(101, instance_number=1), GpuProcess(102, instance_number=2))

    def looks(self, simulated_gpus: Install, *machines: SimulatedGpus) -> list[Sequence[Part]]:
        """What it says of parts after each of these machines was there for 0.4 s."""
        probe = Nvidia(Surroundings(environ={}))
        found: list[Sequence[Part]] = []
        for number, machine in enumerate(machines):
            simulated_gpus(machine)
            if not number:
                probe.open()
            probe.uses()
            time.sleep(0.4)
            probe.uses()
            found.append(probe.parts())
        probe.close()
        return found

    def machine(self, watts: float, *processes: GpuProcess, **changes: Sequence[MigInstance]) -> SimulatedGpus:
        card = replace(a100(steady(watts)), mig_instances=self.INSTANCES, processes=processes)
        return SimulatedGpus([replace(card, **changes)])  # type: ignore[arg-type]

    def test_once_it_saw_the_card_idle_idle_slices_keep_their_own(self, simulated_gpus: Install) -> None:
        idle, busy = self.looks(simulated_gpus, self.machine(IDLE_W), self.machine(BUSY_W, *self.PROCESSES))
        assert [IDLE_W * part.ratio for part in idle] == near([10.0, 20.0, 10.0])
        assert [part.uses for part in idle] == [{}, {}, {}]
        assert [BUSY_W * part.ratio for part in busy] == near([80.0, 160.0, 10.0])
        assert [part.uses for part in busy] == [near({101: 80.0 / BUSY_W}), near({102: 160.0 / BUSY_W}), {}]

    def test_before_that_all_is_of_the_instances_in_use(self, simulated_gpus: Install) -> None:
        [busy] = self.looks(simulated_gpus, self.machine(BUSY_W, *self.PROCESSES))
        assert [part.ratio for part in busy] == near([1 / 3, 2 / 3, 0.0])

    def test_each_names_its_card_its_number_and_its_profile(self, simulated_gpus: Install) -> None:
        machine = self.machine(BUSY_W)
        [parts] = self.looks(simulated_gpus, machine)
        cuts = [part.meter.cut for part in parts]
        uuid = machine.gpus[0].uuid
        assert cuts == [(uuid, 1, "1g.10gb"), (uuid, 2, "2g.10gb"), (uuid, 3, "1g.10gb")]
        assert [part.meter.channel.device for part in parts] == ["MIG-1", "MIG-2", "MIG-3"]

    def test_instances_of_one_gpu_instance_count_by_slices_of_their_own(self, simulated_gpus: Install) -> None:
        cut = [MigInstance(f"MIG-{n}", 1, slices=3, compute_number=n, compute_slices=n + 1) for n in (0, 1)]
        processes = [GpuProcess(101, instance_number=1), GpuProcess(102, instance_number=1, compute_number=1)]
        [parts] = self.looks(simulated_gpus, self.machine(BUSY_W, *processes, mig_instances=cut))
        assert [part.ratio for part in parts] == near([1 / 3, 2 / 3])

    def test_one_that_is_made_anew_of_another_profile_is_called_by_that(self, simulated_gpus: Install) -> None:
        # Under the same numbers it may have the same UUID; meanwhile what was removed answers nothing.
        whole, part = MigInstance("MIG-1", 1, slices=3), MigInstance("MIG-1", 1, slices=3, compute_slices=1)
        gone = replace(a100(steady(IDLE_W)), mig_instances=[whole], faults=[Fault(CONTEXTS, INVALID_ARGUMENT)])
        machines = [self.machine(IDLE_W, mig_instances=[one]) for one in (whole, part)]
        before, between, after = self.looks(simulated_gpus, machines[0], SimulatedGpus([gone]), machines[1])
        assert between == []
        assert [part.meter.cut and part.meter.cut.profile for part in (*before, *after)] == ["3g.10gb", "1c.3g.10gb"]


def test_instances_stay_known_while_they_cannot_be_listed(simulated_gpus: Install) -> None:
    clock = Clock()
    simulated_gpus(holding("MIG-1", "MIG-2"))
    nvml = load()
    instances = Instances(nvml, nvml.by_index(0), partial(part_of, nvml), lambda: clock() / 1e9)
    unlisted = replace(holding("MIG-1", "MIG-2"), faults=[Fault("nvmlDeviceGetAttributes", INVALID_ARGUMENT)])
    found: list[list[str]] = []
    for machine, passed_s in ((holding("MIG-1", "MIG-2"), 0.0), (unlisted, LIST_S), (holding("MIG-2", "MIG-3"), 0.1)):
        simulated_gpus(machine)
        time.sleep(0.1)  # the library looks for a new script every 50 ms
        clock.pass_s(passed_s)
        found.append([use.instance.uuid for use in instances.uses()])
    assert found == [["MIG-1", "MIG-2"], ["MIG-1", "MIG-2"], ["MIG-2", "MIG-3"]]


def test_who_used_a_card_whose_instances_cannot_be_listed_is_not_known_rather_than_nobody(
    simulated_gpus: Install,
) -> None:
    card = holding("MIG-1")
    simulated_gpus(SimulatedGpus([replace(card, faults=[Fault("nvmlDeviceGetAttributes", INVALID_ARGUMENT)])]))
    probe = Nvidia(Surroundings(environ={}))
    probe.open()
    assert (probe.uses(), probe.parts()) == ({}, [])
    simulated_gpus(SimulatedGpus([card]))
    time.sleep(0.1)  # the library looks for a new script every 50 ms
    assert [*probe.uses().values()] == [{}]
    assert [part.meter.channel.device for part in probe.parts()] == ["MIG-1"]
    probe.close()


def test_instances_that_are_made_and_removed_are_followed(simulated_gpus: Install) -> None:
    clock = Clock()
    simulated_gpus(holding())
    nvml = load()
    instances = Instances(nvml, nvml.by_index(0), partial(part_of, nvml), lambda: clock() / 1e9)
    found: list[list[str]] = []
    for names in (["MIG-1"], ["MIG-1", "MIG-2"], ["MIG-3"], []):
        simulated_gpus(holding(*names))
        time.sleep(0.1)  # the library looks for a new script every 50 ms
        clock.pass_s(LIST_S)
        found.append([use.instance.uuid for use in instances.uses()])
    assert found == [["MIG-1"], ["MIG-1", "MIG-2"], ["MIG-3"], []]


def holding(*names: str) -> SimulatedGpu:
    """A card with these instances."""
    return replace(a100(steady(IDLE_W)), mig_instances=[MigInstance(name, int(name[-1])) for name in names])


def part_of(nvml: Nvml, one: Instance) -> InstancePart:
    return InstancePart(nvml, one.handle, lambda _: True, allocated=False, slices=one.slices)
