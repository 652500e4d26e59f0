"""One measurer for the ranks of a launch, with real processes: the first leads, and its death frees the lease."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic, sleep

import pytest

from dcfoot.lease import (
    Leader,
    Member,
    acquire,
    join,
    measured_by,
    run_environment,
)
from dcfoot.ranks import JobIdentity, job_identity
from simulated.peers import require_root

RANK_PROGRAM = """
import sys
from pathlib import Path
from dcfoot.lease import Leader, acquire
print("ready", flush=True)
for line in sys.stdin:
    word = line.strip()
    if word == "acquire":
        lease = acquire("launch", sys.argv[2], Path(sys.argv[1]))
    elif word == "promote":
        lease = lease.try_promote() or lease
    elif word == "release":
        lease.release()
    elif word == "fork":
        import os, time
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
    if isinstance(lease, Leader):
        print("leader", lease.run_id, *sorted(lease.member_pids()), flush=True)
    else:
        print("member", lease.leader_run_id, flush=True)
"""


class Rank:
    """A process that takes and gives back a lease when it is told to."""

    def __init__(self, folder: Path, run_id: str) -> None:
        command = [sys.executable, "-c", RANK_PROGRAM, str(folder), run_id]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.run_id = run_id

    def say(self, word: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def answer(self) -> list[str]:
        assert self.process.stdout
        ready, _, _ = select.select([self.process.stdout], [], [], 20)
        assert ready, "a rank does not answer"
        return self.process.stdout.readline().split()

    def ask(self, word: str) -> list[str]:
        self.say(word)
        return self.answer()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "runtime"


@pytest.fixture
def ranks(folder: Path) -> Iterator[list[Rank]]:
    """Eight processes that are ready to acquire at once."""
    processes = [Rank(folder, f"run{number}") for number in range(8)]
    for rank in processes:
        assert rank.answer() == ["ready"]
    yield processes
    for rank in processes:
        if rank.process.poll() is None:
            rank.kill()
        for pipe in (rank.process.stdin, rank.process.stdout):
            if pipe:
                pipe.close()


def all_acquire(ranks: list[Rank]) -> Rank:
    """Lets all of them acquire at the same time; the one that leads."""
    for rank in ranks:
        rank.say("acquire")
    answers = {rank.run_id: rank.answer() for rank in ranks}
    (leader,) = (rank for rank in ranks if answers[rank.run_id][0] == "leader")
    assert all(answer[1] == leader.run_id for answer in answers.values())
    return leader


def test_of_eight_ranks_that_come_at_once_one_leads_and_knows_the_seven_others(ranks: list[Rank]) -> None:
    leader = all_acquire(ranks)
    others = [rank.process.pid for rank in ranks if rank is not leader]
    assert leader.ask("look") == ["leader", leader.run_id, *map(str, sorted(others))]


def test_when_the_leader_is_killed_one_of_its_members_can_lead_the_others(ranks: list[Rank]) -> None:
    leader = all_acquire(ranks)
    members = [rank for rank in ranks if rank is not leader]
    leader.kill()
    for member in members:
        member.say("promote")
    answers = {member.run_id: member.answer() for member in members}
    (heir,) = (member for member in members if answers[member.run_id][0] == "leader")
    others = [member for member in members if member is not heir]
    assert all(member.ask("look") == ["member", heir.run_id] for member in others)
    assert heir.ask("look")[2:] == [str(pid) for pid in sorted(member.process.pid for member in others)]


def test_no_member_is_promoted_while_the_leader_lives(ranks: list[Rank]) -> None:
    leader = all_acquire(ranks)
    assert all(rank.ask("promote") == ["member", leader.run_id] for rank in ranks if rank is not leader)


def test_a_killed_leaders_forked_child_does_not_hold_its_lease(ranks: list[Rank]) -> None:
    first, second = ranks[:2]
    assert first.ask("acquire")[0] == "leader"
    assert first.ask("fork")[0] == "leader"
    first.kill()
    assert second.ask("acquire")[:2] == ["leader", second.run_id]


def test_a_lease_that_was_given_back_goes_to_whoever_comes_next(ranks: list[Rank]) -> None:
    first, second = ranks[:2]
    assert first.ask("acquire")[0] == "leader"
    first.say("release")
    first.answer()
    assert second.ask("acquire") == ["leader", second.run_id]


def test_what_a_killed_leader_left_is_cleared_away_by_the_next_of_any_launch_unless_a_member_lives(
    ranks: list[Rank], folder: Path
) -> None:
    first, second = ranks[:2]
    assert first.ask("acquire")[0] == "leader"
    assert second.ask("acquire")[0] == "member"
    first.kill()
    left = sorted(folder.iterdir())
    acquire("another launch", "run8", folder).release()
    assert sorted(folder.iterdir()) == left
    second.kill()
    acquire("another launch", "run9", folder).release()
    assert list(folder.iterdir()) == []


def test_the_lease_of_a_living_leader_is_left_alone(ranks: list[Rank], folder: Path) -> None:
    leader = all_acquire(ranks)
    acquire("another launch", "run8", folder).release()
    assert leader.ask("look")[:2] == ["leader", leader.run_id]
    assert all(rank.ask("promote") == ["member", leader.run_id] for rank in ranks if rank is not leader)


def test_a_killed_member_is_forgotten(ranks: list[Rank]) -> None:
    leader = all_acquire(ranks)
    members = [rank for rank in ranks if rank is not leader]
    members[0].kill()
    members[1].say("release")
    members[1].answer()
    expected = ["leader", leader.run_id, *(str(pid) for pid in sorted(rank.process.pid for rank in members[2:]))]
    deadline_s = monotonic() + 10
    while leader.ask("look") != expected and monotonic() < deadline_s:
        sleep(0.05)
    assert leader.ask("look") == expected


def test_a_nested_measurement_in_the_same_process_is_a_member_of_the_outer(folder: Path) -> None:
    outer, inner = acquire("launch", "outer", folder), acquire("launch", "inner", folder)
    assert isinstance(outer, Leader)
    assert isinstance(inner, Member)
    assert inner.leader_run_id == "outer"
    inner.release()
    outer.release()
    assert list(folder.iterdir()) == []


def test_one_that_signs_off_twice_does_not_sign_off_the_next_of_its_process(folder: Path) -> None:
    leader = acquire("key", "leads", folder)
    first = acquire("key", "first", folder)
    first.release()
    following = acquire("key", "following", folder)
    first.release()
    assert isinstance(leader, Leader)
    assert os.getpid() in leader.member_pids()
    following.release()
    leader.release()


def test_launches_with_different_keys_do_not_meet(folder: Path) -> None:
    keys = ("a/b", "a-b", "a b", "x" * 300, "x" * 301)
    leases = [acquire(key, key, folder) for key in keys]
    assert all(isinstance(lease, Leader) and not lease.warning for lease in leases)
    for lease in leases:
        lease.release()


def test_a_process_that_is_no_rank_leads_alone_and_leaves_no_trace(folder: Path) -> None:
    identity = JobIdentity("slurm-4711", None, None, None, "SLURM_JOB_ID")
    first, second = acquire(identity, "one", folder), acquire(identity, "two", folder)
    assert isinstance(first, Leader)
    assert isinstance(second, Leader)
    assert (first.warning, second.member_pids()) == ("", frozenset())
    first.release()
    assert not folder.exists()


def make_file(folder: Path) -> None:
    folder.write_text("mine")


def make_link(folder: Path) -> None:
    folder.with_name("target").mkdir()
    folder.symlink_to(folder.with_name("target"))


def make_foreign(folder: Path) -> None:
    require_root("make a folder that belongs to another")
    folder.mkdir()
    os.chown(folder, 65534, 65534)


@pytest.mark.parametrize("make", [make_file, make_link, make_foreign])
def test_a_folder_that_is_not_ones_own_is_refused_and_the_job_goes_on_with_a_warning(
    folder: Path, make: object
) -> None:
    assert callable(make)
    make(folder)
    lease = acquire("launch", "run", folder)
    assert isinstance(lease, Leader)
    assert "not a folder of yours" in lease.warning
    assert lease.member_pids() == frozenset()
    lease.release()


def test_a_folder_that_others_could_write_is_closed_to_them(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    acquire("launch", "run", folder).release()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_leases_are_kept_in_the_session_or_among_the_users_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = tmp_path / "session"
    session.mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for runtime, expected in (
        (str(session), session / "dcfoot"),
        ("/no/such/session", tmp_path / f"dcfoot-{os.geteuid()}"),
    ):
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        lease = acquire("launch", "run")
        assert [path.suffix for path in expected.iterdir()] == [".lease"]
        assert expected.stat().st_mode & 0o777 == 0o700
        lease.release()


def test_a_holder_that_does_not_say_who_it_is_is_not_waited_for_for_long(folder: Path) -> None:
    import fcntl

    acquire("launch", "run", folder).release()
    leader = acquire("launch", "run", folder)
    (path,) = folder.glob("*.lease")
    leader.release()
    file = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(file, fcntl.LOCK_EX)
    started_s = monotonic()
    lease = acquire("launch", "run", folder)
    os.close(file)
    assert isinstance(lease, Leader)
    assert "does not say who it is" in lease.warning
    assert monotonic() - started_s < 5.0


@pytest.mark.parametrize(
    "environ",
    [
        {"SLURM_JOB_ID": "4711", "SLURM_PROCID": "0", "SLURM_LOCALID": "0"},  # a batch script (sbatch(1))
        # srun --pty bash
        {"SLURM_JOB_ID": "4711", "SLURM_STEP_ID": "0", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1"},
    ],
)
def test_two_programs_side_by_side_in_one_allocation_are_one_job_and_measured_apart(
    environ: Mapping[str, str], folder: Path
) -> None:
    identity = job_identity(environ)
    assert identity is not None
    assert identity.job == "slurm-4711"
    assert all(isinstance(acquire(identity, name, folder), Leader) for name in ("a", "b"))


def child_says(environ: Mapping[str, str]) -> str:
    """Who measures a child of this process that has `environ`."""
    program = "import os; from dcfoot.lease import measured_by; print(measured_by(os.environ))"
    return subprocess.check_output([sys.executable, "-c", program], env={**os.environ, **environ}, text=True).strip()


def test_a_child_knows_the_live_run_that_measures_it() -> None:
    assert child_says(run_environment("20261124T081500-3f9a1c")) == "20261124T081500-3f9a1c"


def test_a_child_whose_measurer_is_dead_or_another_process_is_not_measured() -> None:
    environ = run_environment("run")
    started, rest = environ["DCFOOT_RUN_PROCESS"].split(" ", 1)
    assert child_says({**environ, "DCFOOT_RUN_PROCESS": f"{int(started) - 1} {rest}"}) == "None"
    with subprocess.Popen(["/bin/true"]) as ended:
        ended.wait()
        assert child_says({**environ, "DCFOOT_RUN_PID": str(ended.pid)}) == "None"


def test_an_environment_that_came_from_another_machine_says_nothing_here() -> None:
    environ = run_environment("run")
    started, _, namespace = environ["DCFOOT_RUN_PROCESS"].split(" ", 2)
    assert child_says({**environ, "DCFOOT_RUN_PROCESS": f"{started} another-boot {namespace}"}) == "None"


def test_a_container_of_this_machine_believes_the_environment_it_was_given() -> None:
    environ = run_environment("run")
    started, boot, _ = environ["DCFOOT_RUN_PROCESS"].split(" ", 2)
    assert child_says({**environ, "DCFOOT_RUN_PROCESS": f"{started} {boot} pid:[1]"}) == "run"


def test_a_bare_process_id_is_believed_of_an_ancestor_only() -> None:
    assert child_says({"DCFOOT_RUN_ID": "run", "DCFOOT_RUN_PID": str(os.getpid())}) == "run"
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as sibling:
        assert child_says({"DCFOOT_RUN_ID": "run", "DCFOOT_RUN_PID": str(sibling.pid)}) == "None"


def test_a_child_of_a_process_that_holds_a_lease_or_has_registered_is_measured(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder.parent))
    assert child_says({}) == "None"
    leader = acquire("launch", "mine")
    assert child_says({}) == "mine"
    assert measured_by({}) is None
    leader.release()
    assert child_says({}) == "None"
    with subprocess.Popen(
        [sys.executable, "-c", RANK_PROGRAM, str(folder.parent / "dcfoot"), "anothers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin
        assert other.stdout
        other.stdin.write("acquire\n")
        other.stdin.flush()
        assert [other.stdout.readline() for _ in range(2)] == ["ready\n", "leader anothers\n"]
        assert child_says({}) == "None"
        member = acquire("launch", "mine")
        assert isinstance(member, Member)
        assert child_says({}) == "anothers"
        member.release()


@pytest.mark.parametrize("environ", [{}, {"DCFOOT_RUN_ID": "run"}, {"DCFOOT_RUN_ID": "run", "DCFOOT_RUN_PID": "x"}])
def test_an_environment_without_a_measurer_names_none(environ: Mapping[str, str]) -> None:
    assert measured_by(environ) is None


def test_a_task_that_is_no_descendant_can_register_with_the_run_that_its_environment_names(folder: Path) -> None:
    environ = run_environment("run")
    assert join(environ, folder) is None
    leader = acquire("run", "run", folder)
    assert isinstance(leader, Leader)
    task = join(environ, folder)
    assert task is not None
    assert leader.member_pids() == {os.getpid()}
    task.release()
    leader.release()
