"""``dcfoot calibrate``: a person at a plug meter, a meter's log, readings for runs; shown, replaced, forgotten."""

import io
import json
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from dcfoot.calibration import Point
from dcfoot.cli import main
from dcfoot.errors import DataMissing
from dcfoot.measurement import ChannelEnergy, Measurement
from dcfoot.reading import Domain
from dcfoot.store import RunStore
from dcfoot.wall_readings import STEPS, Desk, EndedError, busy, typed_points
from simulated.machines import SERVER, an_hour, metered
from simulated.measurements import STARTED_AT
from simulated.near import near
from simulated.trees import PowercapTree, ProcTree

USAGE, NO_DATA = 2, 3
HOST = os.uname().nodename

Calibrate = Callable[..., tuple[int, str, str]]


@pytest.fixture
def calibrate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Calibrate:
    """Runs ``dcfoot calibrate`` in an empty folder and returns its exit status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        status = main(["calibrate", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def chips(power_w: float, share: float = 1.0, seconds: float = 600.0) -> tuple[ChannelEnergy, ...]:
    """The meters of a machine's chips, which draw `power_w` together."""
    return tuple(
        metered(domain, part * power_w, share=share, seconds=seconds, host=HOST)
        for domain, part in ((Domain.PACKAGE, 0.75), (Domain.DRAM, 0.25))
    )


def keep(name: str, power_w: float, minute: int, **changes: object) -> Measurement:
    """Keeps a run of ten minutes that began so many minutes after the first."""
    start = STARTED_AT + timedelta(minutes=minute)
    run = replace(
        an_hour(*chips(power_w, share=0.3)),
        id=f"{start:%Y%m%dT%H%M%S}-{minute:06x}",
        name=name,
        hosts=(HOST,),
        started_at=start,
        ended_at=start + timedelta(minutes=10),
        duration_s=600.0,
    )
    run = replace(run, **changes)  # type: ignore[arg-type]
    RunStore().create(run).finish(run)
    return run


@pytest.fixture
def three_runs() -> None:
    """Runs of a machine of 40 W + 1.2 W for a watt of chips: idle, half and full."""
    for number, (name, power_w) in enumerate((("idle", 50.0), ("half", 150.0), ("full", 250.0))):
        keep(name, power_w, 20 * number)


def log_lines(*, minutes: int = 70, period_s: int = 10) -> str:
    """What that machine's wall meter wrote meanwhile; between the runs it is idle."""
    lines = ["time,power_w"]
    for second in range(0, minutes * 60, period_s):
        minute = second / 60
        chips_w = 150.0 if 20 <= minute < 30 else 250.0 if 40 <= minute < 50 else 50.0
        lines.append(f"{(STARTED_AT + timedelta(seconds=second)).isoformat()},{40 + 1.2 * chips_w:.1f}")
    return "\n".join(lines)


@pytest.mark.usefixtures("three_runs")
def test_readings_for_runs_give_the_line_and_say_where_it_is_kept(calibrate: Calibrate, tmp_path: Path) -> None:
    status, out, _ = calibrate("--reading", "idle=100", "--reading", "half=220", "--reading", "full=340,0 W")
    assert status == 0
    assert "wall = 40.0 W + 1.200 x chips" in out
    assert "3 points of " in out
    assert "dram (measured), package (measured)" in out
    assert f"Kept in {tmp_path / 'dcfoot-data' / 'calibration.json'}." in out
    assert "`dcfoot calibrate --remove` undoes it" in out


@pytest.mark.usefixtures("three_runs")
def test_all_of_the_machines_power_counts_not_the_runs_share(calibrate: Calibrate) -> None:
    # Each run had 30 % of its machine; the wall meter saw the machine.
    _, out, _ = calibrate("--json", "--reading", "idle=100", "--reading", "half=220", "--reading", "full=340")
    assert [point["chips_w"] for point in json.loads(out)["points"]] == near([50.0, 150.0, 250.0])


@pytest.mark.usefixtures("three_runs")
def test_a_log_makes_a_point_of_every_run_that_it_covers(calibrate: Calibrate, tmp_path: Path) -> None:
    keep("long before", 99.0, -600)
    keep("after", 50.0, 65)
    keep("elsewhere", 50.0, 5, hosts=("another-machine",))
    (tmp_path / "wall.csv").write_text(log_lines())
    status, out, err = calibrate("wall.csv", "--json")
    document = json.loads(out)
    assert status == 0
    assert document["schema"] == "dcfoot.calibration/1"
    assert document["calibration"]["slope"] == near(1.2, rel=0.01)
    assert document["calibration"]["overhead_w"] == near(40.0, abs=1.0)
    assert document["calibration"]["source"].startswith("wall meter: wall.csv, fitted 20")
    assert [point["label"].split()[0] for point in document["points"]] == ["full", "half", "idle"]
    assert [point["wall_w"] for point in document["points"]] == near([340.0, 220.0, 100.0], rel=0.01)
    assert document["left_out"][0]["label"].startswith("after")
    assert "left out: after" in err
    assert "was silent for 310 s of it" in err  # from 69:50 to the run's end at 75:00


@pytest.mark.usefixtures("three_runs")
def test_the_text_shows_each_point_beside_the_line(calibrate: Calibrate, tmp_path: Path) -> None:
    (tmp_path / "wall.csv").write_text(log_lines())
    _, out, _ = calibrate("wall.csv")
    table = [line for line in out.splitlines() if line.endswith(")") and " W  " in line]
    assert [line.split()[-2] for line in table[:3]] == ["idle", "half", "full"]
    assert "± 2 %  (--meter-accuracy)" in out


@pytest.mark.usefixtures("three_runs")
def test_what_is_kept_can_be_shown_replaced_and_forgotten(calibrate: Calibrate) -> None:
    readings = ("--reading", "idle=100", "--reading", "half=220", "--reading", "full=340")
    assert calibrate("--show")[0] == NO_DATA
    calibrate(*readings)
    status, out, _ = calibrate("--show")
    assert (status, "wall = 40.0 W + 1.200 x chips" in out) == (0, True)
    assert json.loads(calibrate("--show", "--json")[1])["calibration"]["slope"] == near(1.2)
    assert "It takes the place of the one of " in calibrate(*readings, "--meter-accuracy", "1")[1]
    assert calibrate("--remove")[0] == 0
    assert calibrate("--remove")[0] == NO_DATA
    assert calibrate("--show")[0] == NO_DATA


@pytest.mark.usefixtures("three_runs")
def test_a_broken_file_of_before_is_told_and_not_written_over(calibrate: Calibrate, tmp_path: Path) -> None:
    readings = ("--reading", "idle=100", "--reading", "half=220", "--reading", "full=340")
    (tmp_path / "dcfoot-data" / "calibration.json").write_text("{")
    status, _, err = calibrate(*readings)
    assert (status, "calibration.json: the calibration cannot be read" in err) == (USAGE, True)
    assert (tmp_path / "dcfoot-data" / "calibration.json").read_text() == "{"


@pytest.mark.usefixtures("three_runs")
def test_the_meters_accuracy_is_in_the_interval(calibrate: Calibrate) -> None:
    readings = ("--reading", "idle=100", "--reading", "half=220", "--reading", "full=340")
    _, out, _ = calibrate(*readings, "--meter-accuracy", "5%", "--json")
    assert json.loads(out)["calibration"]["wall_error_ratio"] == 0.05


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--reading", "idle"), USAGE, "'idle' is not RUN=WATTS"),
        (("--reading", "idle=-3"), USAGE, "is not RUN=WATTS"),
        (("--meter-accuracy", "50"), USAGE, "is not a percentage from 0 to 20"),
        (("--timezone", "Mars/Olympus"), USAGE, "is no time zone that this machine knows"),
        (("--reading", "nothing=100"), NO_DATA, "no run 'nothing'"),
        (("--reading", "idle=100", "--reading", "half=220"), USAGE, "2 points are too few"),
        (("wall.csv", "--reading", "idle=100"), USAGE, "are two ways: give one of them"),
        (("nowhere.csv",), USAGE, "nowhere.csv: the wall meter's file cannot be read"),
        (("--host", "another-machine"), USAGE, "cannot be read from here"),
        (("--host", "another-machine", "--reading", "idle=100"), USAGE, f"was on {HOST}, not on another-machine"),
    ],
)
@pytest.mark.usefixtures("three_runs")
def test_what_cannot_be_done_says_why_and_what_to_do(
    calibrate: Calibrate, arguments: tuple[str, ...], status: int, said: str
) -> None:
    try:
        got, _, err = calibrate(*arguments)
    except SystemExit as ended:
        got, err = int(str(ended.code)), ""
    assert got == status
    assert not err or said in err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"channels": chips(50.0)[:1], "machine": replace(SERVER, accelerators_known=False)}, "not every chip"),
        ({"channels": chips(50.0, seconds=300.0)}, "known for 50% of it"),
        ({"part_of": "20261124T080000-ffffff"}, "a part of run 20261124T080000-ffffff"),
    ],
)
def test_a_run_that_is_no_point_says_why(calibrate: Calibrate, changes: dict[str, object], said: str) -> None:
    keep("odd", 50.0, 0, **changes)
    status, _, err = calibrate("--reading", "odd=100")
    assert (status, said in err) == (NO_DATA, True)


@pytest.mark.usefixtures("three_runs")
def test_runs_with_other_meters_are_left_out_and_named(calibrate: Calibrate) -> None:
    keep("fewer", 80.0, 60, channels=chips(80.0)[:1])
    readings = ("--reading", "idle=100", "--reading", "half=220", "--reading", "full=340", "--reading", "fewer=130")
    status, out, err = calibrate(*readings)
    assert (status, "3 points of" in out) == (0, True)
    assert "left out: fewer" in err
    assert "made with other meters: package (measured)" in err


def test_a_log_that_no_run_matches_says_so_and_how_to_get_runs(calibrate: Calibrate, tmp_path: Path) -> None:
    (tmp_path / "wall.csv").write_text(log_lines())
    status, _, err = calibrate("wall.csv")
    assert status == NO_DATA
    assert "(2026-11-24 08:15:00 to 2026-11-24 09:24:50 UTC)" in err
    assert "dcfoot run --name idle -- sleep 300" in err


def test_without_a_terminal_there_is_nobody_to_ask_and_the_other_ways_are_shown(
    calibrate: Calibrate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        status, _, err = calibrate()
    assert status == USAGE
    assert "dcfoot calibrate wall.csv" in err


# A person at a plug meter.


@dataclass
class Bench:
    """A machine of 40 W + 1.2 W for a watt of chips on a bench, whose chips draw 50 W idle and 250 W full."""

    answers: list[str]
    chips_w: float = 50.0
    energy_j: float = 0.0
    clock_s: float = 0.0
    said: list[str] = field(default_factory=list[str])
    asked: list[str] = field(default_factory=list[str])

    def desk(self) -> Desk:
        return Desk(self.look, self.ask, self.said.append, self.wait, self.load)

    def look(self) -> Measurement:
        seen = [
            replace(chip, energy_j=part * self.energy_j, covered_s=self.clock_s)
            for chip, part in zip(chips(1.0), (0.75, 0.25), strict=True)
        ]
        return replace(an_hour(*seen), hosts=(HOST,))

    def wait(self, seconds: float) -> None:
        self.clock_s += seconds
        self.energy_j += seconds * self.chips_w

    @contextmanager
    def load(self, part: float) -> Generator[None, None, None]:
        self.chips_w = 50.0 + 200.0 * part
        yield
        self.chips_w = 50.0

    def ask(self, question: str) -> str:
        self.wait(7.0)  # people take their time
        self.asked.append(question)
        if not self.answers:
            raise EOFError
        answer = self.answers.pop(0)
        return f"{40 + 1.2 * self.chips_w:.0f}" if answer == "read" else answer


def test_a_person_is_led_through_three_loads() -> None:
    bench = Bench(["read", "read", "read", "done"])
    points, meters = typed_points(bench.desk())
    assert meters == ("dram (measured)", "package (measured)")
    assert points == {
        "idle": Point(near(50.0), 100.0),  # type: ignore[arg-type]
        "half": Point(near(150.0), 220.0),  # type: ignore[arg-type]
        "full": Point(near(250.0), 340.0),  # type: ignore[arg-type]
    }
    assert [name for line in bench.said for name, _, _ in STEPS if f", {name}:" in line] == ["idle", "half", "full"]


def test_more_loads_can_be_added_and_a_reading_repeated_or_corrected() -> None:
    bench = Bench(["", "61 watts?", "read", "read", "read", "", "read", "done"])
    points, _ = typed_points(bench.desk())
    assert list(points) == ["idle", "half", "full", "load 4"]
    assert points["idle"] == Point(near(50.0), 100.0)  # type: ignore[arg-type]
    assert any("'61 watts?' is no power in W" in line for line in bench.said)
    assert "chips 50.0 W" in bench.asked[0]


@pytest.mark.parametrize("answers", [["q"], ["read", "Q"], ["read", "read", "read"], []])
def test_a_person_is_yielding_at_any_question(answers: list[str]) -> None:
    with pytest.raises(EndedError):
        typed_points(Bench(answers).desk())


def test_a_machine_whose_chips_cannot_all_be_seen_is_told_before_anything_is_asked() -> None:
    bench = Bench([])
    blind = replace(bench.desk(), look=lambda: an_hour(machine=SERVER))
    with pytest.raises(DataMissing, match="dcfoot doctor"):
        typed_points(blind)
    assert bench.asked == []


class Typed(io.StringIO):
    """A terminal at which these lines are typed."""

    def isatty(self) -> bool:
        return True


def test_the_command_asks_at_the_terminal_and_watches_the_machines_own_meters(
    calibrate: Calibrate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A machine of 30 W whatever its load: found out, and no line is made of it.
    tree = PowercapTree(tmp_path / "root").zone("intel-rapl:0", "package-0").zone("intel-rapl:0:0", "dram")
    ProcTree(tree.root).cpuinfo("Intel(R) Xeon(R) Gold 6330")
    (tree.root / "sys/bus/pci/devices").mkdir(parents=True)
    monkeypatch.setenv("DCFOOT_ROOT", str(tree.root))
    for seconds in ("SETTLE_S", "WINDOW_S"):
        monkeypatch.setattr(f"dcfoot.wall_readings.{seconds}", 1.2)
    monkeypatch.setattr("sys.stdin", Typed("61\n62\n63\ndone\n"))
    with tree.running({"intel-rapl:0": 25.0, "intel-rapl:0:0": 5.0}):
        status, out, err = calibrate()
    assert "The chips' power is the sum of: dram (measured), package (measured)." in out
    assert status == USAGE
    # On a busy machine the meters' own stamps wander, and the line may be refused for its slope instead.
    assert "of 63 W at the wall: take readings from idle to full load" in err or "a power supply allows" in err


def test_ctrl_c_keeps_nothing(calibrate: Calibrate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dcfoot.cli.calibrate._from_person", interrupted)
    status, _, err = calibrate()
    assert (status, "nothing was kept" in err) == (130, True)
    assert not (tmp_path / "dcfoot-data").exists()


def test_a_load_keeps_processors_busy_and_leaves_nothing_behind() -> None:
    import psutil

    me = psutil.Process()
    with busy(1.0):
        burners = me.children()
        assert len(burners) == len(os.sched_getaffinity(0))
    assert not [burner for burner in burners if burner.is_running()]
    with busy(0.0):
        assert me.children() == []
