"""Who used a machine made of files, whose truth is known; and this one, as the kernel counts it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcfoot.activity import process_stat
from dcfoot.counter import Outcome, Step
from dcfoot.reading import Channel, Domain
from dcfoot_probes.daemon.units import Units
from dcfoot_probes.daemon.units.cgroups import HELD_COUNT, Cgroups
from dcfoot_probes.daemon.words import Split, Unit, UnitKind
from simulated.near import near
from simulated.trees import CgroupFiles, Clock, ProcTree, write

PACKAGE = Channel("box", Domain.PACKAGE, "package-0")
GPU = Channel("box", Domain.GPU, "GPU-1")
STEPS = {channel: Step(100.0, 1.0, 1.0, Outcome.STEP) for channel in (PACKAGE, GPU)}
ID = "f45298cd514d1930c4fe3afc4412e59547f7e3148fddd22ca33cefce046eb830"
DOCKER = Unit(UnitKind.CONTAINER, ID, labels=(("runtime", "docker"),))
SSHD = Unit(UnitKind.SERVICE, "sshd.service")
JOB = Unit(UnitKind.SLURM_JOB, "7")


class Machine:
    """A machine of two processors, a second a tick."""

    def __init__(self, root: Path, tree: CgroupFiles | None = None) -> None:
        self.root, self.clock, self.proc = root, Clock(), ProcTree(root)
        self.tree = tree or CgroupFiles(root / "sys/fs/cgroup")
        self.busy_s = self.idle_s = 1000.0
        self.proc.stat(self.busy_s, self.idle_s)
        self.units = Units(root, lambda: self.clock() / 1e9)

    def tick(self, busy_s: float, idle_s: float = 0.0, seconds: float = 1.0, **uses: Mapping[int, float]) -> Split:
        """The split of the processors after a second in which they were busy and idle for so long."""
        self.busy_s, self.idle_s = self.busy_s + busy_s, self.idle_s + idle_s
        self.proc.stat(self.busy_s, self.idle_s)
        self.clock.pass_s(seconds)
        return self.units.splits(STEPS, uses)[PACKAGE]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(params=["2", "1", "hybrid"])
def any_machine(tmp_path: Path, request: pytest.FixtureRequest) -> Machine:
    """The same machine by each kind of hierarchy."""
    mounted = tmp_path / "sys/fs/cgroup"
    if request.param == "2":
        return Machine(tmp_path, CgroupFiles(mounted))
    if request.param == "hybrid":
        CgroupFiles(mounted / "unified")
    return Machine(tmp_path, CgroupFiles(mounted / "cpuacct", version=1))


def counters_held(root: Path) -> int:
    """Files of groups below a root that this process has open."""
    return sum(
        f"{root}/sys/fs" in str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()
    )


class TestEnergyThatComesSeldom:
    def test_it_is_divided_by_who_used_the_processors_since_it_came_last(self, machine: Machine) -> None:
        """What an exporter tells every four seconds: one had the first two of them, another the last two."""
        told = {PACKAGE: Step(400.0, 4.0, 4.0, Outcome.STEP)}
        splits: list[Mapping[Channel, Split]] = []
        for second in range(13):
            name = "a" if second % 4 in {1, 2} else "b"
            machine.tree.use(f"system.slice/{name}.service", 1.0)
            machine.busy_s += 1.0
            machine.proc.stat(machine.busy_s, machine.idle_s)
            machine.clock.pass_s(1.0)
            splits.append(machine.units.splits({} if second % 4 else told, {}))
        units = [(unit.id, ratio) for unit, ratio in splits[12][PACKAGE].units.items()]
        assert dict(units) == near({"a.service": 0.5, "b.service": 0.5})
        assert splits[12][PACKAGE].unattributed == near(0.0, abs=1e-9)


class TestGroups:
    def test_a_service_that_ends_and_comes_again_between_two_ticks_has_what_it_used(self, any_machine: Machine) -> None:
        names = ["system.slice/a.service", "system.slice/b.service"]
        for name in names:
            any_machine.tree.group(name)
        any_machine.tick(0.0)
        for second in range(8):
            if second == 3:
                any_machine.tree.end(names[0])
                any_machine.tree.group(names[0])
            for name in names:
                any_machine.tree.use(name, 0.5)
            split = any_machine.tick(1.0)
            assert {unit.id: ratio for unit, ratio in split.units.items()} == {
                "a.service": near(0.5),
                "b.service": near(0.5),
            }

    def test_each_unit_has_the_time_of_its_groups_and_the_rest_is_nobodys(self, any_machine: Machine) -> None:
        tree = any_machine.tree.group("system.slice/sshd.service").group(f"docker/{ID}")
        any_machine.tick(0.0)
        tree.use("system.slice/sshd.service", 0.5)
        tree.use(f"docker/{ID}/init", 1.0)
        split = any_machine.tick(1.75, idle_s=0.25)
        weight = 1.75 + 0.17 * 0.25
        assert split.units == {SSHD: near(0.5 / weight), DOCKER: near(1.0 / weight)}
        assert split.unattributed == near(0.25 / weight)

    def test_what_happened_before_the_first_tick_is_nobodys(self, any_machine: Machine) -> None:
        any_machine.tree.use(f"docker/{ID}", 5000.0)
        assert any_machine.tick(1.0) == Split({}, 0.0, 1.0)
        assert any_machine.tick(1.0) == Split({}, 0.0, 1.0)

    def test_a_group_that_is_new_has_its_time_from_its_beginning(self, machine: Machine) -> None:
        machine.tree.group("docker")
        machine.tick(0.0)
        machine.tree.use(f"docker/{ID}", 1.0)
        assert machine.tick(1.0).units == {DOCKER: near(1.0)}

    def test_a_unit_inside_another_is_not_counted_twice(self, machine: Machine) -> None:
        user = "user.slice/user-1000.slice"
        pod = f"{user}/user@1000.service/user.slice/libpod-{ID}.scope"
        machine.tree.group(f"{user}/session-1.scope").group(pod)
        machine.tick(0.0)
        machine.tree.use(f"{user}/session-1.scope", 0.5)
        machine.tree.use(f"{pod}/container", 1.0)
        split = machine.tick(2.0)
        assert {unit.kind: part for unit, part in split.units.items()} == {
            UnitKind.USER: near(0.25),
            UnitKind.CONTAINER: near(0.5),
        }

    def test_a_job_that_ended_between_two_ticks_has_its_last_time_too(self, machine: Machine) -> None:
        job = "slurm/uid_1000/job_7"
        machine.tree.group(job)
        machine.tick(0.0)
        machine.tree.use(f"{job}/step_0", 1.0)
        assert sum(machine.tick(1.0).units.values()) == near(1.0)
        machine.tree.use(f"{job}/step_0", 0.5)
        machine.tree.end(job)
        split = machine.tick(1.0)
        assert {unit.id: part for unit, part in split.units.items()} == {"7": near(0.5)}

    def test_a_group_that_came_and_went_between_two_ticks_is_its_holders(self, machine: Machine) -> None:
        machine.tree.group("docker")
        machine.tick(0.0)
        machine.tree.use(f"docker/{ID}", 0.5)
        machine.tree.end(f"docker/{ID}")
        assert machine.tick(1.0).units == {Unit(UnitKind.SYSTEM, "docker"): near(0.5)}

    def test_more_groups_than_files_are_held_open_are_counted_all_the_same_and_files_are_given_back(
        self, machine: Machine
    ) -> None:
        ids = [f"{number:064x}" for number in range(HELD_COUNT + 44)]
        for one in ids:
            machine.tree.group(f"docker/{one}")
        machine.tick(0.0)
        for one in ids:
            machine.tree.use(f"docker/{one}", 0.005)
        split = machine.tick(1.5)
        assert {unit.id: part for unit, part in split.units.items() if unit.id in ids} == near(
            dict.fromkeys(ids, 1 / 300)
        )
        assert counters_held(machine.root) == HELD_COUNT
        for one in ids:
            machine.tree.end(f"docker/{one}")
        machine.tick(1.0)
        machine.tick(1.0)
        assert counters_held(machine.root) <= 1  # docker's own

    def test_groups_that_count_more_than_the_machine_do_not_make_more_than_the_whole(self, machine: Machine) -> None:
        machine.tree.group(f"docker/{ID}")
        machine.tick(0.0)
        machine.tree.use(f"docker/{ID}", 1.02)
        assert machine.tick(1.0).units == {DOCKER: near(1.0)}
        machine.tree.use(f"docker/{ID}", 0.98)
        assert machine.tick(1.0).unattributed == near(0.0)  # what they were ahead is no time of nobody

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 3), st.booleans()), max_size=12))
    def test_all_time_is_somebodys_once_whatever_comes_and_goes(
        self, tmp_path_factory: pytest.TempPathFactory, ticks: list[tuple[str, int, bool]]
    ) -> None:
        machine = Machine(tmp_path_factory.mktemp("machine"))
        machine.tree.group("system.slice")
        machine.tick(0.0)
        for name, tenths, ends in ticks:
            path = f"system.slice/{name}.service"
            machine.tree.use(path, tenths / 10)
            if ends:
                machine.tree.end(path)
            split = machine.tick(1.0)
            assert sum(split.units.values()) == near(tenths / 10, abs=1e-9)
            assert split.unattributed == near(1.0 - tenths / 10, abs=1e-9)


class TestNames:
    def test_a_user_has_the_name_that_the_machine_knows(self, machine: Machine) -> None:
        write(machine.root / "etc/passwd", "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh")
        machine.tree.group("user.slice/user-1000.slice")
        machine.tick(0.0)
        machine.tree.use("user.slice/user-1000.slice", 1.0)
        assert [*machine.tick(1.0).units] == [Unit(UnitKind.USER, "1000", "ada", 1000)]

    def test_a_job_has_the_user_that_the_prolog_wrote(self, machine: Machine) -> None:
        write(machine.root / "run/dcfoot-jobs/7", "uid=1000\nuser=ada\nstart=1790000000\ngpus=0,1")
        job = "system.slice/slurmstepd.scope/job_7"
        machine.tree.group(job)
        machine.tick(0.0)
        machine.tree.use(f"{job}/step_0", 1.0)
        expected = Unit(UnitKind.SLURM_JOB, "7", "ada", 1000)
        assert [*machine.tick(1.0).units] == [expected]
        assert machine.units.allocated(["GPU-0", "GPU-1", "GPU-2"]) == {"GPU-0": [expected], "GPU-1": [expected]}


class TestProcesses:
    def loose(self, machine: Machine, *pids: int) -> None:
        machine.tree.processes(*pids)

    def own(self) -> Unit:
        return Unit(UnitKind.USER, f"{os.getuid()}", user_id=os.getuid())

    def test_processes_that_no_group_tells_apart_are_their_users(self, machine: Machine) -> None:
        machine.proc.process(10, 5.0)
        machine.proc.process(11, 5.0)
        machine.proc.process(12, 5.0, is_kernel=True)
        self.loose(machine, 10, 11, 12)
        machine.tick(0.0)
        machine.proc.process(10, 5.5)
        machine.proc.process(11, 5.25)
        machine.proc.process(12, 9.0, is_kernel=True)
        split = machine.tick(1.0)
        assert (split.units, split.unattributed) == ({self.own(): near(0.75)}, near(0.25))

    def test_a_child_that_came_and_went_between_two_looks_is_counted_by_its_parent(self, machine: Machine) -> None:
        machine.proc.process(10, 1.0)
        self.loose(machine, 10)
        machine.tick(0.0)
        machine.proc.process(10, 1.0, reaped_s=0.5)
        assert machine.tick(1.0).units == {self.own(): near(0.5)}

    def test_a_child_that_was_seen_is_not_counted_again_when_it_is_reaped(self, machine: Machine) -> None:
        machine.proc.process(10)
        self.loose(machine, 10)
        machine.tick(0.0)
        machine.proc.process(11, 0.5, parent=10)
        self.loose(machine, 10, 11)
        assert machine.tick(1.0).units == {self.own(): near(0.5)}
        machine.proc.end(11)
        machine.proc.process(10, reaped_s=0.75)
        self.loose(machine, 10)
        assert machine.tick(1.0).units == {self.own(): near(0.25)}

    def test_the_credit_of_a_child_that_nobody_reaps_is_not_kept(self, machine: Machine) -> None:
        machine.proc.process(10)
        machine.proc.process(11, parent=10)
        self.loose(machine, 10, 11)
        machine.tick(0.0)
        machine.proc.process(11, 0.5, parent=10)
        machine.tick(1.0)
        machine.proc.end(11)
        self.loose(machine, 10)
        machine.tick(1.0)
        machine.tick(1.0)
        machine.proc.process(10, reaped_s=0.5)
        assert machine.tick(1.0).units == {self.own(): near(0.5)}

    def test_a_process_that_came_from_a_group_brings_no_time_from_there(self, machine: Machine) -> None:
        machine.proc.process(20)
        self.loose(machine, 20)
        machine.tick(0.0)
        machine.proc.process(10, 500.0)  # older than the one that was there
        self.loose(machine, 10, 20)
        assert machine.tick(1.0).units == {}
        machine.proc.process(10, 500.5)
        assert machine.tick(1.0).units == {self.own(): near(0.5)}

    def test_where_groups_tell_apart_what_was_reaped_may_have_been_theirs(self, machine: Machine) -> None:
        machine.tree.group(f"docker/{ID}")
        machine.proc.process(10)
        self.loose(machine, 10)
        machine.tick(0.0)
        machine.tree.use(f"docker/{ID}", 0.5)
        machine.proc.process(10, reaped_s=0.5)
        assert machine.tick(1.0).units == {DOCKER: near(0.5)}

    def test_a_process_whose_job_only_another_hierarchy_knows_is_the_jobs(self, machine: Machine) -> None:
        membership = "6:freezer:/slurm/uid_0/job_7/step_0\n0::/"
        machine.proc.process(10, cgroup=membership)
        self.loose(machine, 10)
        machine.tick(0.0)
        machine.proc.process(10, 0.5, cgroup=membership)
        assert [unit.id for unit in machine.tick(1.0).units] == ["7"]

    def test_a_variable_is_believed_of_a_job_of_the_same_user_alone(self, machine: Machine) -> None:
        write(machine.root / "run/dcfoot-jobs/7", f"uid={os.getuid()}\nuser=ada\nstart=1790000000")
        write(machine.root / "run/dcfoot-jobs/8", f"uid={os.getuid() + 1}\nuser=bob\nstart=1790000000")
        for pid, job in ((10, 7), (11, 8), (12, 9)):
            machine.proc.process(pid)
            write(machine.root / f"proc/{pid}/environ", f"A=1\0SLURM_JOB_ID={job}\0B=2")
        self.loose(machine, 10, 11, 12)
        machine.tick(0.0)
        for pid in (10, 11, 12):
            machine.proc.process(pid, 0.25)
        parts = {unit.id: part for unit, part in machine.tick(1.0).units.items()}
        assert parts == {"7": near(0.25), f"{os.getuid()}": near(0.5)}


class TestDevices:
    def test_a_processs_part_is_its_units(self, machine: Machine) -> None:
        for pid, path in ((10, f"/docker/{ID}"), (11, "/slurm/uid_0/job_7"), (12, f"/docker/{ID}/init")):
            machine.proc.process(pid, cgroup=f"0::{path}")
        machine.tick(0.0)
        uses = {"GPU-1": {10: 0.5, 11: 0.25, 12: 0.125, 13: 0.125}}
        split = machine.units.splits(STEPS, uses)[GPU]
        parts = {unit.kind: part for unit, part in split.units.items()}
        assert parts == {UnitKind.CONTAINER: 0.625, UnitKind.SLURM_JOB: 0.25}
        assert split.unattributed == 0.125

    def test_a_process_that_ended_is_of_its_last_known_unit(self, machine: Machine) -> None:
        machine.proc.process(10, cgroup=f"0::/docker/{ID}")
        uses: Mapping[str, Mapping[int, float]] = {"GPU-1": {10: 1.0}}
        machine.units.splits(STEPS, uses)
        machine.proc.end(10)
        assert machine.units.splits(STEPS, uses)[GPU] == Split({DOCKER: 1.0}, 0.0, 0.0)

    def test_a_number_that_was_used_again_is_another_process(self, machine: Machine) -> None:
        machine.proc.process(10, cgroup=f"0::/docker/{ID}")
        uses: Mapping[str, Mapping[int, float]] = {"GPU-1": {10: 1.0}}
        machine.units.splits(STEPS, uses)
        machine.proc.process(10, cgroup="0::/system.slice/sshd.service", started=4711)
        assert machine.units.splits(STEPS, uses)[GPU] == Split({SSHD: 1.0}, 0.0, 0.0)

    def test_a_device_of_which_nothing_is_told_is_left_out(self, machine: Machine) -> None:
        assert GPU not in machine.units.splits(STEPS, {})

    def test_without_procfs_processors_are_nobodys(self, tmp_path: Path) -> None:
        assert Units(tmp_path).splits(STEPS, {})[PACKAGE] == Split({}, 0.0, 1.0)


BURN = "import time\nend = time.process_time() + {seconds}\nwhile time.process_time() < end: pass\n"


@pytest.fixture(params=["unified", "cpuacct"])
def real_group(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A group of this machine, called like a container."""
    mounted = Path("/sys/fs/cgroup")
    base = (
        mounted if request.param == "unified" and (mounted / "cgroup.controllers").exists() else mounted / request.param
    )
    group = base / "docker" / f"{os.getpid():064x}"
    try:
        group.mkdir(parents=True)
    except OSError as fault:
        pytest.skip(f"no control group can be made here: {fault}")
    yield group
    group.rmdir()
    group.parent.rmdir()


def test_a_real_group_has_what_the_kernel_charged_its_process(real_group: Path) -> None:
    units = Cgroups(Path("/"), time.monotonic)
    units.used_s()
    command = [sys.executable, "-S", "-c", BURN.format(seconds=0.5) + "import sys; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        (real_group / "cgroup.procs").write_text(f"{process.pid}\n")
        assert process.stdout is not None
        process.stdout.readline()
        used_s = units.used_s()
        stat = process_stat("/proc", process.pid)
        process.communicate()
    assert stat is not None
    found_s = next((seconds for unit, seconds in used_s.items() if unit.id == real_group.name), 0.0)
    assert found_s == near(stat.own_s, rel=0.05, abs=0.02)


def test_processes_of_this_machine_are_its_users() -> None:
    command = [sys.executable, "-S", "-c", BURN.format(seconds=30.0)]
    units = Units()
    with subprocess.Popen(command) as process:
        time.sleep(0.2)
        units.splits(STEPS, {})
        before, began_s = process_stat("/proc", process.pid), time.monotonic()
        time.sleep(1.2)
        split = units.splits(STEPS, {})[PACKAGE]
        after, seconds = process_stat("/proc", process.pid), time.monotonic() - began_s
        process.kill()
    assert before is not None
    assert after is not None
    # The processors were there for so long; idle seconds weigh less, so its part is at least that of the time.
    least = (after.own_s - before.own_s) / (seconds * (os.cpu_count() or 1))
    assert sum(split.units.values()) >= 0.9 * least > 0.0
    assert sum(split.units.values()) + split.idle + split.unattributed == near(1.0, abs=1e-12)
