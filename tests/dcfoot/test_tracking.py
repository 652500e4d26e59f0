"""`dcfoot.track()` in the process that it measures: blocks, functions of every kind, phases, and what no job may feel.

The meter is a third party's that draws 100 W for ever, so the true energy of every span is known.
"""

import asyncio
import functools
import inspect
import json
import logging
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

import dcfoot
from dcfoot.measurement import ChannelEnergy, Measurement, RunState
from dcfoot.store import RunStore
from dcfoot.tracking import Track
from simulated.near import near
from simulated.third_party import DEVICE, POWER_W, install_meter

SLACK_J = 0.03 * POWER_W
"""What 30 ms of a busy machine between two stamps amounts to [J]."""


@pytest.fixture(autouse=True)
def _meter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(install_meter(tmp_path / "meter")), *sys.path])
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def kept() -> list[Measurement]:
    """The runs in the store, oldest first, phases included."""
    store = RunStore()
    return [store.load(run.id) for run in reversed(store.list())]


def steady(measurement: Measurement | None) -> ChannelEnergy:
    """What the meter of known power saw."""
    assert measurement is not None
    (energy,) = (energy for energy in measurement.channels if energy.meter.channel.device == DEVICE)
    return energy


def shown(run: dcfoot.Run) -> str | None:
    """What a notebook shows where a cell ends in the run (IPython, "Integrating your objects with IPython")."""
    return run._repr_markdown_()  # pyright: ignore[reportPrivateUsage]


def phases_of(measurement: Measurement) -> list[str]:
    return [phase.path for phase in measurement.phases]


class TestABlock:
    def test_holds_the_energy_between_its_edges_and_is_kept(self) -> None:
        with dcfoot.track("training", tags={"team": "nlp"}, country="FR") as run:
            began_s = time.monotonic()
            time.sleep(0.4)
            lasted_s = time.monotonic() - began_s
        (measured,) = kept()
        assert steady(measured).energy_j == near(POWER_W * lasted_s, abs=SLACK_J)
        assert (measured.id, measured.name, dict(measured.tags)) == (run.id, "training", {"team": "nlp"})
        assert (measured.state, measured.exit_status, measured.site_id) == (RunState.COMPLETE, 0, "fr")
        assert measured.duration_s == near(lasted_s, abs=0.1)

    def test_has_live_totals_that_grow_and_stand_still_after_the_end(self) -> None:
        with dcfoot.track() as run:
            seen: list[float] = []
            for _ in range(3):
                time.sleep(0.3)
                seen.append(run.energy_kwh or 0.0)
            assert run.power_w is not None
            assert run.power_w >= POWER_W * 0.99
            assert run.elapsed_s == near(0.9, abs=0.3)
            assert run.measured_by is None
            assert steady(run.measurement()).energy_j > 0.0
        assert 0.0 < seen[0] < seen[1] < seen[2]
        after = (run.energy_kwh, run.elapsed_s)
        time.sleep(0.1)
        assert (run.energy_kwh, run.elapsed_s) == after

    def test_gives_its_receipt_while_it_lasts_and_after(self) -> None:
        with dcfoot.track("training", country="FR") as run:
            time.sleep(0.15)
            early = run.receipt()
        late = run.receipt(whole_node=True)
        assert early is not None
        assert late is not None
        assert early["schema"] == late["schema"] == "dcfoot.receipt/1"
        assert (early["ladder_basis"], late["ladder_basis"]) == ("share", "whole_node")
        assert late["run"]["id"] == run.id
        assert late["site"]["grid_zone"] == "FRA"

    def test_gives_the_receipt_of_the_same_run_elsewhere(self) -> None:
        with dcfoot.track("training", country="FR") as run:
            time.sleep(0.15)
        here, there = run.receipt(), run.receipt(country="CN", region="Guangdong")
        assert here is not None
        assert there is not None
        assert (here["site"]["grid_zone"], there["site"]["grid_zone"]) == ("FRA", "CN-GD")
        assert here["footprint"]["it_energy_kwh"] == there["footprint"]["it_energy_kwh"]
        assert here["footprint"]["carbon"] != there["footprint"]["carbon"]

    def test_shows_its_receipt_in_a_notebook(self) -> None:
        with dcfoot.track("in a notebook", country="FR") as run:
            assert "# in a notebook: receipt" in (shown(run) or "")
            with dcfoot.track("inner") as inner:
                pass
        assert "France" in (shown(run) or "")
        assert shown(inner) is None  # another run holds its energy

    def test_writes_the_receipt_to_the_file_that_was_asked_for_wherever_the_job_went(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with dcfoot.track(receipt="receipt.json") as run:
            monkeypatch.chdir("/")
        assert json.loads((tmp_path / "receipt.json").read_text())["run"]["id"] == run.id

    def test_may_be_entered_again(self) -> None:
        block = dcfoot.track("again")
        with block as first:
            pass
        with block as second:
            pass
        assert first.id != second.id
        assert [run.name for run in kept()] == ["again", "again"]

    @pytest.mark.parametrize(
        ("fault", "status", "state"),
        [
            (ValueError("the job's own"), 1, RunState.COMPLETE),
            (SystemExit(7), 7, RunState.COMPLETE),
            (SystemExit(), 0, RunState.COMPLETE),
            (SystemExit("a message"), 1, RunState.COMPLETE),
            (KeyboardInterrupt(), 130, RunState.INTERRUPTED),
        ],
        ids=repr,
    )
    def test_lets_the_jobs_exception_pass_unchanged_and_keeps_how_it_ended(
        self, fault: BaseException, status: int, state: RunState
    ) -> None:
        with pytest.raises(type(fault)) as caught, dcfoot.track():
            raise fault
        assert caught.value is fault
        assert (fault.__cause__, fault.__context__) == (None, None)
        (measured,) = kept()
        assert (measured.exit_status, measured.state) == (status, state)


@dcfoot.track
def doubled(number: int, *, add: int = 0) -> int:
    """Twice the number."""
    return 2 * number + add


class Trainer:
    def __init__(self) -> None:
        self.steps = 0

    @dcfoot.track("fit")
    def fit(self, steps: int) -> "Trainer":
        self.steps += steps
        return self

    @dcfoot.track
    @staticmethod
    def shape() -> str:
        return "static"

    @dcfoot.track
    @classmethod
    def make(cls) -> "Trainer":
        return cls()


class TestAFunction:
    def test_returns_what_it_returns_and_is_a_run_a_call(self) -> None:
        assert doubled(2) == 4
        assert doubled(2, add=1) == 5
        assert [run.name for run in kept()] == ["doubled", "doubled"]

    def test_keeps_its_name_its_signature_and_its_documentation(self) -> None:
        assert (doubled.__name__, doubled.__doc__) == ("doubled", "Twice the number.")
        assert list(inspect.signature(doubled).parameters) == ["number", "add"]

    def test_may_be_a_method_of_any_kind(self) -> None:
        trainer = Trainer.make()
        assert trainer.fit(3).steps == 3
        assert Trainer.shape() == trainer.shape() == "static"
        assert [run.name for run in kept()] == ["Trainer.make", "fit", "Trainer.shape", "Trainer.shape"]

    def test_may_be_a_partial_function(self) -> None:
        assert dcfoot.track("partial")(functools.partial(max, 3))(5) == 5
        assert [run.name for run in kept()] == ["partial"]

    def test_that_calls_itself_is_one_run_that_counts_once(self) -> None:
        @dcfoot.track
        def factorial(number: int) -> int:
            time.sleep(0.02)
            return number * factorial(number - 1) if number else 1

        began_s = time.monotonic()
        assert factorial(5) == 120
        (measured,) = kept()
        assert steady(measured).energy_j <= POWER_W * (time.monotonic() - began_s)

    def test_raises_what_it_raises(self) -> None:
        fault = LookupError("nothing there")

        @dcfoot.track
        def fail() -> None:
            raise fault

        with pytest.raises(LookupError) as caught:
            fail()
        assert caught.value is fault
        assert kept()[0].exit_status == 1


Log = list[str]


def echo(log: Log) -> Generator[str, str, str]:
    """Notes what is sent and thrown into it, and how it ends."""
    answer = "first"
    try:
        while answer != "stop":
            try:
                answer = yield f"got {answer}"
            except ValueError as fault:
                answer = f"caught {fault}"
    except GeneratorExit:
        log.append("closed")
        raise
    finally:
        log.append("finally")
    return "returned"


async def async_echo(log: Log) -> AsyncGenerator[str, str]:
    """The same, as an asynchronous generator."""
    answer = "first"
    try:
        while answer != "stop":
            try:
                answer = yield f"got {answer}"
            except ValueError as fault:
                answer = f"caught {fault}"
            await asyncio.sleep(0)
    except GeneratorExit:
        log.append("closed")
        raise
    finally:
        log.append("finally")


class TestAGenerator:
    def test_is_measured_to_its_end_with_what_its_reader_does_meanwhile(self) -> None:
        @dcfoot.track
        def batches() -> Generator[int, None, None]:
            yield from range(3)

        for _ in batches():
            time.sleep(0.1)
        (measured,) = kept()
        assert steady(measured).energy_j == near(POWER_W * 0.3, abs=2 * SLACK_J)

    def test_gets_what_is_sent_and_thrown_and_its_result_comes_out(self) -> None:
        log: Log = []
        generator = dcfoot.track(echo)(log)
        assert next(generator) == "got first"
        assert generator.send("hello") == "got hello"
        assert generator.throw(ValueError("this")) == "got caught this"
        with pytest.raises(StopIteration) as ended:
            generator.send("stop")
        assert (ended.value.value, log) == ("returned", ["finally"])

    def test_that_is_closed_early_is_complete(self) -> None:
        log: Log = []
        generator = dcfoot.track(echo)(log)
        next(generator)
        generator.close()
        assert log == ["closed", "finally"]
        (measured,) = kept()
        assert (measured.state, measured.exit_status) == (RunState.COMPLETE, 0)

    def test_is_still_a_generator_function(self) -> None:
        assert inspect.isgeneratorfunction(dcfoot.track(echo))
        assert inspect.isasyncgenfunction(dcfoot.track(async_echo))


class TestACoroutine:
    def test_is_measured_until_it_has_ended(self) -> None:
        @dcfoot.track
        async def train() -> str:
            await asyncio.sleep(0.3)
            return "trained"

        assert inspect.iscoroutinefunction(train)
        assert asyncio.run(train()) == "trained"
        (measured,) = kept()
        assert steady(measured).energy_j == near(POWER_W * 0.3, abs=2 * SLACK_J)

    def test_may_use_the_block_as_its_own(self) -> None:
        async def train() -> str | None:
            async with dcfoot.track("block") as run:
                await asyncio.sleep(0.2)
            return run.id

        (measured,) = (RunStore().load(str(asyncio.run(train()))),)
        assert steady(measured).energy_j == near(POWER_W * 0.2, abs=2 * SLACK_J)

    def test_that_is_cancelled_says_so_to_whoever_waits(self) -> None:
        @dcfoot.track
        async def forever() -> None:
            await asyncio.sleep(60)

        async def main() -> None:
            task = asyncio.create_task(forever())
            await asyncio.sleep(0.05)
            task.cancel()
            await task

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(main())
        (measured,) = kept()
        assert (measured.state, measured.exit_status) == (RunState.INTERRUPTED, None)

    def test_of_several_that_overlap_no_second_counts_twice_and_none_is_missing(self) -> None:
        @dcfoot.track
        async def work(duration_s: float) -> None:
            await asyncio.sleep(duration_s)

        async def main() -> None:
            await asyncio.gather(work(0.2), work(0.5), work(0.8))

        asyncio.run(main())
        runs = kept()
        assert sum(steady(run).energy_j for run in runs) == near(POWER_W * 0.8, abs=5 * SLACK_J)
        assert len(runs) == 3
        assert all("measured only from where the measurer before it ended" in run.warnings[0] for run in runs[1:])

    def test_generator_gets_what_is_sent_and_thrown(self) -> None:
        log: Log = []

        async def main() -> None:
            generator = dcfoot.track(async_echo)(log)
            assert await anext(generator) == "got first"
            assert await generator.asend("hello") == "got hello"
            assert await generator.athrow(ValueError("this")) == "got caught this"
            with pytest.raises(StopAsyncIteration):
                await generator.asend("stop")

        asyncio.run(main())
        assert log == ["finally"]
        assert kept()[0].exit_status == 0

    @pytest.mark.parametrize("closes", [True, False])
    def test_generator_that_is_left_early_ends_as_it_would_without_us(self, *, closes: bool) -> None:
        async def leave(generator: AsyncGenerator[str, str]) -> None:
            async for _ in generator:
                break
            if closes:
                await generator.aclose()

        tracked: Log = []
        alone: Log = []
        asyncio.run(leave(dcfoot.track(async_echo)(tracked)))
        asyncio.run(leave(async_echo(alone)))
        assert tracked == alone
        assert "finally" in alone
        assert len(kept()) == 1

    def test_generator_raises_what_it_raises_and_what_it_does_not_catch(self) -> None:
        fault, thrown = LookupError("its own"), RuntimeError("thrown in")

        @dcfoot.track
        async def failing() -> AsyncGenerator[int, None]:
            yield 1
            raise fault

        async def drained() -> None:
            async for _ in failing():
                pass

        async def thrown_into() -> None:
            generator = dcfoot.track(async_echo)([])
            await anext(generator)
            await generator.athrow(thrown)

        for run, expected in ((drained, fault), (thrown_into, thrown)):
            with pytest.raises(type(expected)) as caught:
                asyncio.run(run())
            assert caught.value is expected


class TestPhases:
    def test_that_follow_one_another_add_up_to_the_phase_around_them(self) -> None:
        with dcfoot.track() as run, run.phase("train"):
            for epoch in range(3):
                with run.phase(f"epoch {epoch}"):
                    time.sleep(0.12)
        (measured,) = kept()
        energy_j = {phase.path: phase.energy_j["gpu"] for phase in measured.phases}
        assert list(energy_j) == ["train/epoch 0", "train/epoch 1", "train/epoch 2", "train"]
        inner_j = sum(energy_j[f"train/epoch {epoch}"] for epoch in range(3))
        assert inner_j == near(energy_j["train"], abs=SLACK_J)
        assert energy_j["train"] <= steady(measured).attributed_energy_j
        assert energy_j["train"] == near(POWER_W * 0.36, abs=2 * SLACK_J)

    def test_are_closed_by_an_exception_that_passes(self) -> None:
        with pytest.raises(ValueError, match="in a phase"), dcfoot.track() as run, run.phase("bad"):
            raise ValueError("in a phase")
        assert phases_of(kept()[0]) == ["bad"]

    def test_take_any_name(self) -> None:
        phase: Callable[[object], AbstractContextManager[None]]
        with dcfoot.track() as run:
            phase = run.phase  # type: ignore[assignment]  # a mistake that must not reach the job
            with phase(7):
                pass
        assert phases_of(kept()[0]) == ["7"]

    def test_opened_in_a_generator_do_not_stay_around_its_reader(self) -> None:
        with dcfoot.track() as run:

            def batches() -> Generator[int, None, None]:
                with run.phase("load"):
                    yield 1

            reader = batches()
            next(reader)
            with run.phase("outer"):
                reader.close()
                with run.phase("inner"):
                    pass
            with run.phase("after"):
                pass
        assert phases_of(kept()[0]) == ["load", "load/outer/inner", "load/outer", "after"]

    def test_of_an_asynchronous_generator_that_is_closed_elsewhere_raise_nothing(self) -> None:
        with dcfoot.track() as run:

            async def stream() -> AsyncGenerator[int, None]:
                with run.phase("stream"):
                    yield 1
                    yield 2

            async def begin(generator: AsyncGenerator[int, None]) -> None:
                await anext(generator)

            async def main() -> None:
                generator = stream()
                await asyncio.create_task(begin(generator))
                await generator.aclose()

            asyncio.run(main())
        assert phases_of(kept()[0]) == ["stream"]

    def test_after_the_end_are_nothing(self) -> None:
        with dcfoot.track() as run:
            pass
        with run.phase("too late"):
            pass
        assert kept()[0].phases == ()


class TestBlocksInBlocks:
    def test_an_inner_block_is_a_phase_of_the_outer_and_measures_nothing_itself(self) -> None:
        with dcfoot.track("outer") as outer, dcfoot.track("inner", receipt="no.json") as inner:
            time.sleep(0.2)
            with inner.phase("step"):
                time.sleep(0.1)
            assert inner.measured_by == inner.id == outer.id
            assert (inner.energy_kwh, inner.measurement(), inner.receipt()) == (None, None, None)
        (measured,) = kept()
        energy_j = {phase.path: phase.energy_j["gpu"] for phase in measured.phases}
        assert energy_j["inner"] == near(POWER_W * 0.3, abs=2 * SLACK_J)
        assert energy_j["inner/step"] == near(POWER_W * 0.1, abs=2 * SLACK_J)
        assert not Path("no.json").exists()

    def test_where_the_first_ends_before_the_second_the_second_goes_on_measuring(self) -> None:
        first, second = dcfoot.track("first"), dcfoot.track("second", receipt="second.json")
        one = first.__enter__()
        time.sleep(0.2)
        other = second.__enter__()
        assert other.measured_by == one.id
        time.sleep(0.2)
        first.__exit__(None, None, None)
        assert other.measured_by is None
        assert other.id != one.id
        time.sleep(0.3)
        second.__exit__(None, None, None)
        early, late = kept()
        assert steady(early).energy_j == near(POWER_W * 0.4, abs=3 * SLACK_J)
        assert steady(late).energy_j == near(POWER_W * 0.3, abs=3 * SLACK_J)
        for run in (early, late):  # each has its own time, from its own start
            steps = run.by_time.energy_uj[steady(run).meter.channel.domain]
            assert run.by_time.power_w(steps)[1:-1] == near([POWER_W] * (len(steps) - 2), rel=0.05)
            assert sum(filter(None, steps)) == near(steady(run).attributed_energy_j * 1e6, abs=0.51)
        assert phases_of(early) == ["second"]
        assert early.id in late.warnings[0]
        assert Path("second.json").exists()

    def test_threads_that_each_track_are_counted_once(self) -> None:
        def work() -> None:
            with dcfoot.track("thread"):
                time.sleep(0.3)

        began_s = time.monotonic()
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(steady(run).energy_j for run in kept()) <= POWER_W * (time.monotonic() - began_s)
        assert sum(steady(run).energy_j for run in kept()) >= POWER_W * 0.28

    def test_after_a_block_the_next_measures_anew_whatever_a_generator_left_open(self) -> None:
        @dcfoot.track("generator")
        def endless() -> Generator[int, None, None]:
            while True:
                yield 1

        reader = endless()
        next(reader)
        with dcfoot.track("block") as inside:
            assert inside.measured_by is not None
        reader.close()
        with dcfoot.track("after") as after:
            assert after.measured_by is None
        assert [run.name for run in kept()] == ["generator", "after"]

    def test_inside_dcfoot_run_a_block_is_a_part_of_its_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from dcfoot.lease import run_environment

        for name, value in run_environment("20261124T081500-3f9a1c").items():
            monkeypatch.setenv(name, value)
        with dcfoot.track():
            pass
        assert kept()[0].part_of == "20261124T081500-3f9a1c"


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"site": "atlantis"}, "no site was used: No site is called 'atlantis'"),
            ({"site": 7}, "no site was used: site=7 is not a text"),
            ({"receipt": "/no/such/folder/receipt.json"}, "the receipt was not written to a file: /no/such/folder"),
            ({"receipt": ""}, "the receipt was not written to a file: the name of the file is empty"),
            ({"interval_s": 0.0}, "interval_s=0.0 was not used"),
            ({"interval_s": -1.0}, "interval_s=-1.0 was not used"),
            ({"interval_s": "often"}, "interval_s='often' was not used"),
            ({"tags": ["no", "mapping"]}, "no tags were kept"),
            ({"receipt": 7.5}, "the receipt was not written"),
        ],
        ids=str,
    )
    def test_in_the_arguments_become_a_warning_and_the_run_is_measured(
        self, arguments: dict[str, object], said: str
    ) -> None:
        track: Callable[..., Track] = dcfoot.track
        with track(**arguments):
            time.sleep(0.1)
        (measured,) = kept()
        assert any(said in warning for warning in measured.warnings)
        assert steady(measured).energy_j > 0.0

    def test_in_the_name_of_another_site_become_a_warning_of_its_receipt(self) -> None:
        with dcfoot.track(country="FR") as run:
            pass
        there, here = run.receipt(country="Frnace"), run.receipt()
        assert there is not None
        assert here is not None
        assert "No country is called 'Frnace'. Did you mean" in there["warnings"][0]
        assert not there["site"]["chosen"]
        assert (here["site"]["grid_zone"], here["warnings"]) == ("FRA", there["warnings"][2:])

    def test_in_the_name_of_a_variable_become_a_warning(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DCFOOT_CUONTRY", "FR")
        with dcfoot.track():
            pass
        assert "DCFOOT_CUONTRY: there is no such setting; did you mean DCFOOT_COUNTRY?" in kept()[0].warnings[0]

    @pytest.mark.parametrize(
        ("text", "said"), [("sites = 'x'", "dcfoot.toml:1: sites:"), ("site = 'atlantis'", "No site is called")]
    )
    def test_in_the_configuration_become_a_warning_and_there_is_a_receipt(
        self, tmp_path: Path, text: str, said: str
    ) -> None:
        (tmp_path / "dcfoot.toml").write_text(text)
        with dcfoot.track() as run:
            pass
        receipt = run.receipt()
        assert receipt is not None
        assert any(said in warning for warning in receipt["warnings"])

    def test_a_receipt_file_that_cannot_be_written_is_told_to_the_log_alone(
        self, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with dcfoot.track(receipt="/no/such/folder/receipt.json"):
            pass
        assert "/no/such/folder" in caplog.text
        assert len(kept()) == 1
        assert capfd.readouterr() == ("", "")

    def test_a_receipt_file_that_can_no_longer_be_written_is_told_to_the_log_alone(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        folder = tmp_path / "folder"
        folder.mkdir()
        with dcfoot.track(receipt=folder / "receipt.json") as run:
            folder.rmdir()
        assert [(record.name, record.levelname) for record in caplog.records] == [("dcfoot", "WARNING")]
        assert f"no receipt of {run.id}: {folder}/receipt.json could not be written" in caplog.text
        assert capfd.readouterr() == ("", "")

    def test_a_working_directory_that_is_gone_is_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()
        with dcfoot.track(receipt="lost.json") as run:
            pass
        assert run.measurement() is not None
        monkeypatch.chdir(tmp_path)


class TestWhatAJobMustNotFeel:
    def test_nothing_is_printed_logged_or_left_behind(self, capfd: pytest.CaptureFixture[str]) -> None:
        root = logging.getLogger()
        before = (root.handlers[:], root.level, logging.root.manager.disable, sys.excepthook, threading.excepthook)
        with dcfoot.track() as run, run.phase("step"):
            time.sleep(0.05)
        after = (root.handlers[:], root.level, logging.root.manager.disable, sys.excepthook, threading.excepthook)
        assert after == before
        assert capfd.readouterr() == ("", "")
        ours = [thread for thread in threading.enumerate() if thread.name.startswith("dcfoot")]
        for thread in ours:
            thread.join(2.0)
        assert not any(thread.is_alive() for thread in ours)

    def test_a_block_costs_little_however_often_it_is_inside_another(self) -> None:
        @dcfoot.track
        def step() -> None:
            pass

        with dcfoot.track():
            began_s = time.perf_counter()
            for _ in range(1_000):
                step()
            taken_s = time.perf_counter() - began_s
        assert taken_s / 1_000 < 1e-3  # 50 us on a quiet machine
