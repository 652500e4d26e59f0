"""Processor time of real process trees against what the kernel charged for them, and of trees that are written out."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dcfoot.activity import Activity, ProcessTree, cgroup_seconds, job_cgroup, machine_seconds
from simulated.near import near

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads procfs, which only Linux has")

BURN = "import time\nend = time.process_time() + {seconds}\nwhile time.process_time() < end: pass\n"
MANY_SHORT = """
import subprocess, sys
for _ in range(12):
    subprocess.run([sys.executable, "-S", "-c", {burn!r}], check=True)
print("done", flush=True)
sys.stdin.read()
"""
ORPHAN = """
import subprocess, sys
subprocess.Popen([sys.executable, "-S", "-c", {burn!r} + "\\nprint('done', flush=True)\\nimport sys; sys.stdin.read()"])
"""


@contextmanager
def python(code: str) -> Generator[subprocess.Popen[bytes], None, None]:
    process = subprocess.Popen([sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        yield process
        process.communicate(timeout=20)


def children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def looked_s(tree: ProcessTree) -> float:
    tree.look()
    return tree.cpu_s()


@linux_only
def test_a_job_of_short_processes_is_charged_for_all_of_them() -> None:
    before_s = children_s()
    with python(MANY_SHORT.format(burn=BURN.format(seconds=0.03))) as job:
        tree = ProcessTree(lambda: [job.pid])
        assert job.stdout is not None
        job.stdout.readline()
        seen_s = looked_s(tree)
    # The kernel's own account of the job, after it was reaped; /proc counts in ticks of 10 ms.
    assert seen_s == near(children_s() - before_s, abs=0.06)
    assert seen_s > 12 * 0.03


@linux_only
def test_what_this_process_has_reaped_stays_in_the_sum() -> None:
    before_s = children_s()
    pids: list[int] = []
    tree = ProcessTree(lambda: pids, reaped_s=lambda: children_s() - before_s)
    with python(BURN.format(seconds=0.2)) as job:
        pids.append(job.pid)
        time.sleep(0.1)
        alive_s = looked_s(tree)
    assert looked_s(tree) == near(children_s() - before_s, abs=0.03)
    assert tree.cpu_s() >= alive_s


@linux_only
def test_a_process_that_outlived_its_parent_stays_a_member() -> None:
    with python("import os, sys, time; os.fork() or time.sleep(0.6); time.sleep(0.4)") as job:
        tree = ProcessTree(lambda: [job.pid])
        time.sleep(0.15)
        tree.look()
        assert len(tree) == 2


@linux_only
def test_the_sum_never_falls_while_members_come_and_go() -> None:
    with python(MANY_SHORT.format(burn=BURN.format(seconds=0.01))) as job:
        tree = ProcessTree(lambda: [job.pid])
        sums: list[float] = []
        while not sums or len(sums) < 200:
            sums.append(looked_s(tree))
            time.sleep(0.001)
    assert sums == sorted(sums)


@linux_only
def test_the_machine_is_busy_and_idle_for_as_long_as_its_processors_exist() -> None:
    processors = len([line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("cpu")]) - 1
    busy_before, idle_before = machine_seconds(Path("/proc"))
    began = time.monotonic()
    time.sleep(1.0)
    busy, idle = machine_seconds(Path("/proc"))
    available_s = (time.monotonic() - began) * processors
    # A virtual machine may lose time to its host, never gain any; ticks are 10 ms a processor.
    assert 0.5 * available_s <= busy - busy_before + idle - idle_before <= available_s + 0.02 * processors


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def to(path: str, text: str) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    return to


def stat_line(pid: int, parent: int, ticks: tuple[int, int, int, int], *, name: str = "python") -> str:
    user, system, reaped_user, reaped_system = ticks
    times = f"{user} {system} {reaped_user} {reaped_system}"
    return f"{pid} ({name}) S {parent} 1 1 0 -1 0 0 0 0 0 {times} 20 0 1 0 {pid} 0 0\n"


def test_names_with_brackets_and_blanks_do_not_move_the_fields(
    write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    hertz = os.sysconf("SC_CLK_TCK")
    write("proc/7/stat", stat_line(7, 1, (hertz, hertz, 2 * hertz, 0), name="a) (b c"))
    tree = ProcessTree(lambda: [7], tmp_path / "proc")
    assert looked_s(tree) == near(4.0)


def test_without_the_kernels_list_of_children_parents_are_asked(
    write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    hertz = os.sysconf("SC_CLK_TCK")
    for pid, parent in ((7, 1), (8, 7), (9, 8), (10, 1)):
        write(f"proc/{pid}/stat", stat_line(pid, parent, (hertz, 0, 0, 0)))
    tree = ProcessTree(lambda: [7], tmp_path / "proc")
    assert looked_s(tree) == near(3.0)
    assert set(tree) == {7, 8, 9}


def test_a_process_that_nobody_listed_yet_is_known_by_its_ancestors(
    write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    for pid, parent in ((7, 1), (8, 7), (9, 8), (10, 1)):
        write(f"proc/{pid}/stat", stat_line(pid, parent, (0, 0, 0, 0)))
    tree = ProcessTree(lambda: [7], tmp_path / "proc")
    tree.cpu_s()
    write("proc/11/stat", stat_line(11, 9, (0, 0, 0, 0)))
    assert {1, 9, 10, 11, 12} & tree == {9, 11}


def test_whoever_asks_first_is_answered_right_and_a_stranger_may_become_a_member(
    write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    for pid, parent in ((7, 1), (8, 7), (9, 8), (10, 1), (11, 10)):
        write(f"proc/{pid}/stat", stat_line(pid, parent, (0, 0, 0, 0)))
    roots = [7]
    tree = ProcessTree(lambda: roots, tmp_path / "proc")
    assert {9, 10, 11} & tree == {9}
    assert 11 not in tree
    roots.append(10)
    assert {9, 10, 11} & tree == {9, 10, 11}


def test_a_process_number_that_was_used_again_is_another_process(
    write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    hertz = os.sysconf("SC_CLK_TCK")
    write("proc/7/stat", stat_line(7, 1, (hertz, 0, 0, 0)))
    tree = ProcessTree(list, tmp_path / "proc")
    tree._members = {7: 7}  # pyright: ignore[reportPrivateUsage] - as after an earlier look
    assert tree.cpu_s() == near(1.0)
    write("proc/7/stat", stat_line(7, 1, (50 * hertz, 0, 0, 0)).replace(" 7 0 0\n", " 999 0 0\n"))
    assert tree.cpu_s() == near(1.0)


@pytest.mark.parametrize(
    ("membership", "file", "text", "expected_s"),
    [
        ("0::/system.slice/slurmstepd.scope/job_4711/step_0/user/task_0", "cpu.stat", "usage_usec 2500000\n", 2.5),
        ("4:cpu,cpuacct:/slurm/uid_0/job_4711/step_batch", "cpuacct.usage", "2500000000\n", 2.5),
    ],
)
def test_a_slurm_job_is_counted_by_its_cgroup_in_either_version(
    write: Callable[[str, str], Path], tmp_path: Path, membership: str, file: str, text: str, expected_s: float
) -> None:
    write("proc/self/cgroup", membership + "\n")
    controllers, path = membership.split(":", 2)[1:]
    write(f"cgroup/{controllers}/{path.partition('/job_4711')[0].lstrip('/')}/job_4711/{file}", text)
    found = job_cgroup(tmp_path / "proc", tmp_path / "cgroup")
    assert found is not None
    assert cgroup_seconds(found) == near(expected_s)


@pytest.mark.parametrize("membership", ["0::/user.slice/user-1000.slice/session-3.scope", "0::/", "5:devices:/"])
def test_a_cgroup_that_may_hold_others_is_not_taken_for_the_job(
    write: Callable[[str, str], Path], tmp_path: Path, membership: str
) -> None:
    write("proc/self/cgroup", membership + "\n")
    assert job_cgroup(tmp_path / "proc", tmp_path / "cgroup") is None


def test_activity_between_two_moments_is_never_negative() -> None:
    assert Activity(1.0, 5.0, 9.0).since(Activity(2.0, 4.0, 9.5)) == Activity(0.0, 1.0, 0.0)
