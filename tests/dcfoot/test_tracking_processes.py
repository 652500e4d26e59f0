"""`dcfoot.track()` in processes of its own: ranks, children, Ctrl-C, exits, broken homes; its meter draws 100 W."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from dcfoot.measurement import ChannelEnergy, Measurement, RunState
from dcfoot.store import RunStore
from dcfoot.store.merge import merge
from simulated.environ import COVERAGE
from simulated.near import near
from simulated.third_party import DEVICE, POWER_W, install_meter

SLACK_J = 0.2 * POWER_W
"""What 200 ms of a busy machine between two processes' stamps amounts to [J]."""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(install_meter(tmp_path / "meter")),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PYTHONWARNINGS": "error",
    }


def python(code: str, environ: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    """A process that runs `code`, with pipes for its input and output."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output_of(code: str, environ: Mapping[str, str], *arguments: str, status: int = 0) -> str:
    """What `code` prints; it must end with `status` and say nothing on stderr."""
    with python(code, environ, *arguments) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (status, "")
    return out


def kept() -> list[Measurement]:
    store = RunStore()
    return [store.load(run.id) for run in reversed(store.list())]


def steady(measurement: Measurement) -> ChannelEnergy:
    (energy,) = (energy for energy in measurement.channels if energy.meter.channel.device == DEVICE)
    return energy


class TestTheEnd:
    def test_of_the_program_inside_a_block_is_the_programs_own(self, environ: dict[str, str]) -> None:
        code = """
        import dcfoot, sys
        with dcfoot.track():
            sys.exit(5)
        """
        output_of(code, environ, status=5)
        assert (kept()[0].exit_status, kept()[0].state) == (5, RunState.COMPLETE)

    def test_by_ctrl_c_is_pythons_own_and_the_run_is_kept(self, environ: dict[str, str]) -> None:
        code = """
        import dcfoot, time
        with dcfoot.track():
            print("ready", flush=True)
            time.sleep(30)
        """
        with python(code, environ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
        assert process.returncode == -signal.SIGINT
        assert err.endswith("KeyboardInterrupt\n")
        assert "dcfoot" not in err.replace("dcfoot.track()", "")
        assert (kept()[0].exit_status, kept()[0].state) == (130, RunState.INTERRUPTED)

    def test_by_an_exception_prints_the_jobs_own_lines_alone(self, environ: dict[str, str]) -> None:
        code = """
        import dcfoot
        @dcfoot.track
        def train():
            raise ValueError("the job's own")
        train()
        """
        with python(code, environ) as process:
            out, err = process.communicate(timeout=20)
        assert (process.returncode, out) == (1, "")
        assert err.endswith("ValueError: the job's own\n")
        assert "During handling" not in err

    def test_finds_a_block_that_nobody_left_and_keeps_it_without_waiting(self, environ: dict[str, str]) -> None:
        code = """
        import dcfoot
        @dcfoot.track
        def endless():
            while True:
                yield 1
        reader = endless()
        next(reader)
        inner = dcfoot.track("inner")
        inner.__enter__()
        """
        began_s = time.monotonic()
        output_of(code, environ)
        assert time.monotonic() - began_s < 15.0
        (run,) = kept()
        assert (run.state, run.exit_status) == (RunState.COMPLETE, None)
        assert [phase.path for phase in run.phases] == ["inner"]

    @pytest.mark.parametrize("dies", ["os._exit(3)", "os.kill(os.getpid(), 9)"])
    def test_that_nobody_saw_leaves_an_interrupted_run_up_to_two_seconds_before(
        self, environ: dict[str, str], dies: str
    ) -> None:
        code = f"""
        import dcfoot, os, time
        with dcfoot.track() as run, run.phase("all"):
            for _ in range(6):
                with run.phase("half a second"):
                    time.sleep(0.5)
            {dies}
        """
        with python(code, environ) as process:
            process.communicate(timeout=30)
        (run,) = kept()
        assert run.state is RunState.INTERRUPTED
        assert 1.0 <= run.duration_s <= 3.5
        assert steady(run).energy_j >= POWER_W * 1.0
        assert len(run.phases) >= 2

    def test_may_come_while_the_first_readings_are_taken(self, environ: dict[str, str]) -> None:
        code = """
        import dcfoot.tracking, signal, threading, os
        def interrupt():
            os.kill(os.getpid(), signal.SIGINT)
        for delay in (0.0, 0.005, 0.01, 0.02, 0.04):
            try:
                threading.Timer(delay, interrupt).start()
                with dcfoot.track("interrupted"):
                    threading.Event().wait(10)
            except KeyboardInterrupt:
                pass
        with dcfoot.track("after") as run:
            assert run.measured_by is None
        print(sorted(thread.name for thread in threading.enumerate() if thread.is_alive()))
        """
        # Ctrl-C may come between an `open` and its `with`: Python then closes the file itself, and warns of that.
        output_of(code, {**environ, "PYTHONWARNINGS": "error,ignore::ResourceWarning"})
        assert kept()[-1].name == "after"


class TestChildren:
    def test_a_forked_child_that_leaves_the_block_ends_nothing(self, environ: dict[str, str]) -> None:
        code = """
        import dcfoot, os, time
        with dcfoot.track("parent") as run:
            child = os.fork()
            if child == 0:
                assert run.measured_by == run.id is not None
                assert (run.energy_kwh, run.power_w, run.measurement(), run.receipt()) == (None,) * 4
                with run.phase("in the child"):
                    pass
            else:
                os.waitpid(child, 0)
                time.sleep(0.3)
        """
        output_of(code, {**environ, "PYTHONWARNINGS": "ignore::DeprecationWarning"})
        (run,) = kept()
        assert (run.name, run.exit_status, run.phases) == ("parent", 0, ())
        assert steady(run).energy_j >= POWER_W * 0.3

    @pytest.mark.parametrize(
        ("thread", "takes_s", "module"),
        [("dcfoot-keeper", 0.5, "json.encoder"), ("dcfoot-steady", 2.5, "steady_meter")],
    )
    def test_a_forked_child_can_load_what_a_thread_of_ours_was_loading(
        self, environ: dict[str, str], thread: str, takes_s: float, module: str
    ) -> None:
        code = f"""
        import dcfoot, os, signal, sys, threading, time
        loading = threading.Event()
        class Disk:
            def find_spec(self, name, path=None, target=None):
                if (threading.current_thread().name, name) == ({thread!r}, {module!r}):
                    loading.set()
                    time.sleep({takes_s})
        sys.meta_path.insert(0, Disk())
        with dcfoot.track():
            assert loading.wait(5)
            child = os.fork()
            if child == 0:
                signal.alarm(20)
                import {module}
                os._exit(0)
            print(os.waitpid(child, 0)[1])
        """
        # Coverage would have loaded json before.
        bare = {name: value for name, value in environ.items() if name not in COVERAGE}
        assert output_of(code, {**bare, "PYTHONWARNINGS": "ignore::DeprecationWarning"}) == "0\n"

    @pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
    def test_a_child_that_tracks_is_a_part_of_its_parents_run(
        self, environ: dict[str, str], tmp_path: Path, method: str
    ) -> None:
        program = tmp_path / "program.py"
        program.write_text(
            textwrap.dedent("""
            import multiprocessing, sys, time
            import dcfoot

            def work():
                with dcfoot.track("child"):
                    time.sleep(0.3)

            if __name__ == "__main__":
                with dcfoot.track("parent"):
                    child = multiprocessing.get_context(sys.argv[1]).Process(target=work)
                    child.start()
                    child.join()
                    sys.exit(child.exitcode)
            """)
        )
        done = subprocess.run(
            [sys.executable, program, method],
            env={**environ, "PYTHONWARNINGS": "ignore::DeprecationWarning"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        runs = {run.name: run for run in kept()}
        assert (runs["parent"].part_of, runs["child"].part_of) == (None, runs["parent"].id)
        merged = merge(list(runs.values()))
        assert steady(merged).energy_j == near(steady(runs["parent"]).energy_j)

    def test_a_dcfoot_run_inside_a_block_is_a_part_of_it(self, environ: dict[str, str]) -> None:
        code = """
        import dcfoot, subprocess, sys
        with dcfoot.track("outer"):
            subprocess.run([sys.executable, "-m", "dcfoot", "run", "--quiet", "--name", "inner", "true"], check=True)
        """
        output_of(code, environ)
        runs = {run.name: run for run in kept()}
        assert runs["inner"].part_of == runs["outer"].id

    def test_the_environment_of_the_job_is_left_as_it_is(self, environ: dict[str, str]) -> None:
        code = """
        import dcfoot, os
        before = dict(os.environ)
        with dcfoot.track():
            assert dict(os.environ) == before
        assert dict(os.environ) == before
        """
        output_of(code, environ)

    def test_processor_time_of_children_counts_also_of_those_that_have_ended(self, environ: dict[str, str]) -> None:
        burn = "import time; end = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
        code = f"""
        import dcfoot, subprocess, sys
        with dcfoot.track() as run:
            for _ in range(2):
                subprocess.run([sys.executable, "-c", {burn!r}], check=True)
        """
        output_of(code, environ)
        (run,) = kept()
        (package,) = (energy for energy in run.channels if energy.meter.channel.domain == "package")
        assert package.attributed_energy_j > 0.1 * package.energy_j


RANK = """
import os, sys, time
import dcfoot
with dcfoot.track("rank") as run:
    print("ready", flush=True)
    sys.stdin.readline()
    print(run.measured_by is None, run.id, flush=True)
    sys.stdin.readline()
"""

LAUNCHES: Mapping[str, Mapping[str, str]] = {
    "torchrun": {"TORCHELASTIC_RUN_ID": "run-1", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500", "RANK": "{rank}"},
    "mpirun": {"PMIX_NAMESPACE": "prterun-1@1", "OMPI_COMM_WORLD_RANK": "{rank}"},
    "srun": {"SLURM_JOB_ID": "4711", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "{rank}"},
    "no name": {"LOCAL_RANK": "{rank}"},
}


@contextmanager
def ranks(
    environ: Mapping[str, str], launch: Mapping[str, str], number: int = 4
) -> Generator[list[subprocess.Popen[str]], None, None]:
    """So many ranks of a launch, each inside its block."""
    processes = [
        python(RANK, {**environ, **{name: value.format(rank=rank) for name, value in launch.items()}})
        for rank in range(number)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def say(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def ask(process: subprocess.Popen[str]) -> tuple[bool, str]:
    """Whether this rank measures, and the run that holds its energy."""
    say(process)
    assert process.stdout is not None
    measures, run_id = process.stdout.readline().split()
    return measures == "True", run_id


class TestRanks:
    @pytest.mark.parametrize("launch", LAUNCHES.values(), ids=LAUNCHES)
    def test_of_one_launch_are_one_run(self, environ: dict[str, str], launch: Mapping[str, str]) -> None:
        with ranks(environ, launch) as processes:
            began_s = time.monotonic()
            time.sleep(0.5)
            answers = [ask(process) for process in processes]
            lasted_s = time.monotonic() - began_s
            for process in processes:
                say(process)
            assert [process.wait(20) for process in processes] == [0] * 4
        assert sorted(measures for measures, _ in answers) == [False, False, False, True]
        assert len({run_id for _, run_id in answers}) == 1
        (run,) = kept()
        assert POWER_W * lasted_s - SLACK_J <= steady(run).energy_j <= POWER_W * (lasted_s + 3.0)

    def test_of_two_launches_side_by_side_are_two_runs(self, environ: dict[str, str]) -> None:
        other = {**LAUNCHES["torchrun"], "TORCHELASTIC_RUN_ID": "run-2"}
        with ranks(environ, LAUNCHES["torchrun"], 2) as one, ranks(environ, other, 2) as two:
            assert sum(ask(process)[0] for process in one) == 1
            assert sum(ask(process)[0] for process in two) == 1

    def test_go_on_when_the_one_that_measures_is_killed_and_the_two_runs_are_one_job(
        self, environ: dict[str, str]
    ) -> None:
        with ranks(environ, LAUNCHES["torchrun"], 3) as processes:
            answers = [ask(process) for process in processes]
            leader = processes[[measures for measures, _ in answers].index(True)]
            others = [process for process in processes if process is not leader]
            time.sleep(1.5)
            leader.kill()
            time.sleep(4.0)
            for process in others:
                say(process)
            assert [process.wait(20) for process in others] == [0, 0]
        first, second = sorted(kept(), key=lambda run: run.started_at)
        assert (first.state, second.state) == (RunState.INTERRUPTED, RunState.COMPLETE)
        assert first.id in second.warnings[0]
        merged = merge(RunStore().job("torch-run-1"))
        assert steady(merged).energy_j == near(steady(first).energy_j + steady(second).energy_j)
        # 5.5 s less what a killed run may lose and a take-over may take.
        assert POWER_W * 1.5 <= steady(merged).energy_j <= POWER_W * 6.5

    def test_of_one_job_on_several_nodes_are_shown_as_one_run(self, environ: dict[str, str], tmp_path: Path) -> None:
        code = """
        import os, sys, time
        system, _, *rest = os.uname()
        os.uname = lambda: os.uname_result((system, sys.argv[1], *rest))
        import dcfoot
        with dcfoot.track("rank"):
            time.sleep(0.3)
        """
        for node in ("node1", "node2"):
            (tmp_path / node).mkdir()
            output_of(code, {**environ, **LAUNCHES["srun"], "XDG_RUNTIME_DIR": str(tmp_path / node)}, node)
        shown = subprocess.run(
            [sys.executable, "-m", "dcfoot", "show", "--job", "slurm-4711", "--json"],
            env=environ,
            capture_output=True,
            timeout=30,
            check=True,
        )
        receipt = json.loads(shown.stdout)
        assert receipt["run"]["hosts"] == ["node1", "node2"]
        energies = [one["energy_j"] for one in receipt["channels"] if one["device"] == DEVICE]
        assert energies == [near(POWER_W * 0.3, abs=SLACK_J)] * 2


BROKEN = """
import dcfoot, json, time
with dcfoot.track() as run:
    time.sleep(0.2)
print(json.dumps([run.id is not None, (run.measurement() or 1).warnings, run.receipt() is not None]))
"""


class TestBrokenPlaces:
    def measured(self, environ: Mapping[str, str], before: str = "") -> list[str]:
        """The warnings of a run in this environment, which must be measured and have its receipt all the same."""
        has_id, warnings, has_receipt = json.loads(output_of(before + BROKEN, environ))
        assert (has_id, has_receipt) == (True, True)
        return list(warnings)

    def test_a_home_that_does_not_exist_is_a_warning(self, environ: dict[str, str]) -> None:
        lost = {**environ, "HOME": "/proc/nowhere", "DCFOOT_DATA_DIR": "", "XDG_RUNTIME_DIR": "", "XDG_DATA_HOME": ""}
        lost.pop("XDG_CONFIG_HOME")
        assert any("set DCFOOT_DATA_DIR" in warning for warning in self.measured(lost))

    def test_no_place_for_leases_is_no_reason_to_fail(self, environ: dict[str, str]) -> None:
        nowhere = {
            **environ,
            "XDG_RUNTIME_DIR": "",
            "TMPDIR": "/proc/nowhere",
            **LAUNCHES["no name"],
            "LOCAL_RANK": "0",
        }
        assert any("no lease could be had" in warning for warning in self.measured(nowhere))

    def test_a_disk_without_room_is_a_warning(self, environ: dict[str, str]) -> None:
        # Coverage would fail to write, too, and say so.
        environ = {name: value for name, value in environ.items() if name not in COVERAGE}
        before = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        assert any("cannot create the journal" in warning for warning in self.measured(environ, before))

    def test_a_configuration_that_cannot_be_used_is_a_warning_with_file_line_and_key(
        self, environ: dict[str, str], tmp_path: Path
    ) -> None:
        config = tmp_path / "config.toml"
        config.write_text("# mine\ninterval_s = 'often'\n")
        warnings = self.measured({**environ, "DCFOOT_CONFIG": str(config)})
        assert any(f"{config}:2: interval_s: 'often' is not a number" in warning for warning in warnings)

    def test_no_room_for_threads_leaves_the_job_alone(self, environ: dict[str, str]) -> None:
        code = """
        import dcfoot, threading
        def refuse(self):
            raise RuntimeError("can't start new thread")
        threading.Thread.start = refuse
        with dcfoot.track() as run:
            print("the job ran")
        """
        assert output_of(code, environ) == "the job ran\n"

    def test_a_thread_that_finds_no_memory_to_begin_with_is_not_waited_for(self, environ: dict[str, str]) -> None:
        code = """
        import dcfoot, threading
        threading.Thread._bootstrap = lambda self: None  # ended before it said that it runs
        with dcfoot.track() as run:
            print("the job ran")
        """
        began_s = time.monotonic()
        assert output_of(code, environ) == "the job ran\n"
        assert time.monotonic() - began_s < 20.0
