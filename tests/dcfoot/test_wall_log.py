"""A wall meter's file: the dresses that exports wear, means over time, and faults with file, line and column."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.errors import ConfigError, DataMissing
from dcfoot.wall_log import Columns, WallLog, number_of, read_wall_log
from simulated.near import near

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
EPOCH_S = START.timestamp()
FIRST, SECOND = "2026-11-24T08:00:00Z", "2026-11-24T08:00:10Z"


@pytest.fixture
def wall(tmp_path: Path) -> Path:
    return tmp_path / "wall.csv"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


DRESSES = {
    "ISO 8601 with a zone": "time,power_w\n2026-11-24T08:00:00Z,61.5\n2026-11-24T09:00:10+01:00,62",
    "a blank instead of T": "Timestamp,Power (W)\n2026-11-24 08:00:00+00:00,61.5\n2026-11-24 08:00:10+00:00,62",
    "slashes": "date time,Watts\n2026/11/24 08:00:00Z,61.5 W\n2026/11/24 08:00:10Z,62 W",
    "epoch seconds": f"epoch,watt\n{EPOCH_S:.0f},61.5\n{EPOCH_S + 10:.0f},62",
    "epoch milliseconds": f"ts,active_power_w\n{EPOCH_S * 1e3:.0f},61.5\n{(EPOCH_S + 10) * 1e3:.0f},62",
    "epoch nanoseconds": f"ts,w\n{int(EPOCH_S) * 10**9},61.5\n{(int(EPOCH_S) + 10) * 10**9},62",
    "kilowatts": "time,Power [kW]\n2026-11-24T08:00:00Z,0.0615\n2026-11-24T08:00:10Z,0.062",
    "German": "\ufeffDatum;Uhrzeit;Leistung (W);Energie (kWh)\n2026-11-24;08:00:00Z;61,5;1\n2026-11-24;08:00:10Z;62;1",
    "Chinese": "时间,功率(W),电量(kWh)\n2026-11-24T08:00:00Z,61.5,3\n2026-11-24T08:00:10Z,62,3",
    "tabs": "Time\tWall power, W\tPower factor\n2026-11-24T08:00:00Z\t61.5\t0.9\n2026-11-24T08:00:10Z\t62\t0.9",
    "no header": "2026-11-24T08:00:00Z,61.5\n2026-11-24T08:00:10Z,62",
    "remarks and empty lines": "# PDU 3\n\ntime,power\n2026-11-24T08:00:00Z,61.5\n\n2026-11-24T08:00:10Z,62\n",
    "gaps": f"time,power\n{FIRST},61.5\n2026-11-24T08:00:05Z,N/A\n2026-11-24T08:00:06Z,\n{SECOND},62",
    "the newest first": "time,power\n2026-11-24T08:00:10Z,62\n2026-11-24T08:00:00Z,61.5",
    "maxima beside": f"time,power_avg_w,power_max_w,apparent_power_va\n{FIRST},61.5,90,70\n{SECOND},62,90,70",
}


@pytest.mark.parametrize("text", DRESSES.values(), ids=DRESSES.keys())
def test_a_log_is_read_in_whatever_dress(wall: Path, text: str) -> None:
    wall.write_text(text, encoding="utf-8")
    log = read_wall_log(wall)
    assert list(log.times_s) == near([EPOCH_S, EPOCH_S + 10.0])
    assert list(log.powers_w) == near([61.5, 62.0])
    assert not log.local_zone


def test_times_without_a_zone_are_this_machines_and_the_log_says_so(
    wall: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall.write_text("time,power\n2026-11-24 08:00:00,61.5\n2026-11-24 08:00:10,62\n")
    shanghai = read_wall_log(wall, Columns(zone=ZoneInfo("Asia/Shanghai")))
    assert shanghai.times_s[0] == EPOCH_S - 8 * 3600
    assert not shanghai.local_zone
    import time

    with monkeypatch.context() as patched:
        patched.setenv("TZ", "America/New_York")
        time.tzset()
        local = read_wall_log(wall)
    time.tzset()
    assert local.times_s[0] == EPOCH_S + 5 * 3600
    assert local.local_zone


def test_columns_can_be_named_where_their_names_leave_a_choice(wall: Path) -> None:
    wall.write_text("time,inlet_w,outlet_w\n2026-11-24T08:00:00Z,61.5,55\n2026-11-24T08:00:10Z,62,56\n")
    with pytest.raises(ConfigError, match=r"wall\.csv:1: several columns could be the power: inlet_w, outlet_w"):
        read_wall_log(wall)
    assert list(read_wall_log(wall, Columns(power="outlet_w")).powers_w) == [55.0, 56.0]
    with pytest.raises(ConfigError, match="there is no column 'outlet'; there are: time, inlet_w, outlet_w"):
        read_wall_log(wall, Columns(power="outlet"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("when,power\nnow,3\n", "no column looks like the time: when, power. Name it with --time-column"),
        ("time,volts\n1,230\n", "no column looks like the power: time, volts. Name it with --power-column"),
        ("time,energy_kwh\n1,230\n", "no column looks like the power"),
        ("time,power (mW)\n1,230\n", "mW may be milli- or megawatts"),
    ],
)
def test_a_file_without_the_columns_says_what_it_has_and_what_to_do(wall: Path, text: str, said: str) -> None:
    wall.write_text(text)
    with pytest.raises(ConfigError) as raised:
        read_wall_log(wall)
    assert str(raised.value).startswith(f"{wall}:1: ")
    assert said in str(raised.value)


def test_all_faults_are_told_each_with_line_and_column(wall: Path) -> None:
    wall.write_text("# PDU\ntime,power\n2026-11-24T08:00:00Z,much\nyesterday,61\n2026-11-24T08:00:10Z,-3\n")
    with pytest.raises(ConfigError) as raised:
        read_wall_log(wall)
    told = [line.removeprefix(f"{wall}:") for line in str(raised.value).splitlines()]
    assert told == [
        "3: power: 'much' is no power; give it in W or kW",
        "4: time: 'yesterday' is no time; write 2026-11-24T08:15:00Z or seconds since 1970",
        "5: power: '-3' is no power; give it in W or kW",
    ]


def test_of_many_faults_the_first_are_told(wall: Path) -> None:
    wall.write_text("time,power\n" + "never,61\n" * 100)
    with pytest.raises(ConfigError, match=r"\.\.\. and 95 more"):
        read_wall_log(wall)


@pytest.mark.parametrize("text", ["", "\n\n", "time,power\n", "time,power\n2026-11-24T08:00:00Z,N/A\n"])
def test_a_file_without_a_sample_is_no_data(wall: Path, text: str) -> None:
    wall.write_text(text)
    with pytest.raises(DataMissing, match="holds no sample"):
        read_wall_log(wall)


def test_a_file_that_cannot_be_read_is_named(wall: Path) -> None:
    with pytest.raises(ConfigError, match=r"wall\.csv: the wall meter's file cannot be read"):
        read_wall_log(wall)
    wall.write_bytes(b"\xff\xfe\x00t")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_wall_log(wall)


# Means.


def log_of(period_s: float, powers_w: list[float]) -> WallLog:
    return WallLog([EPOCH_S + number * period_s for number in range(len(powers_w))], powers_w)


def test_the_mean_is_the_area_under_the_samples() -> None:
    # A ramp of 1 W a second: between 2.5 and 7.5 s its mean is 5 W.
    assert log_of(1.0, [float(n) for n in range(11)]).mean_w(at(2.5), at(7.5)) == near(5.0)


def test_a_span_beyond_the_samples_takes_the_nearest_for_the_edge() -> None:
    assert log_of(1.0, [5.0] * 11).mean_w(at(-0.5), at(10.5)) == near(5.0)


@given(st.floats(0.1, 1000.0), st.lists(st.floats(0.0, 5000.0), min_size=6, max_size=40))
def test_the_mean_lies_between_the_least_and_the_most(period_s: float, powers_w: list[float]) -> None:
    log = log_of(period_s, powers_w)
    mean_w = log.mean_w(START, at(period_s * (len(powers_w) - 1)))
    assert min(powers_w) - 1e-6 <= mean_w <= max(powers_w) + 1e-6


def test_a_span_with_few_samples_or_a_gap_is_not_known() -> None:
    log = log_of(10.0, [100.0] * 7)
    with pytest.raises(DataMissing, match="4 samples of the wall meter; 5 are needed"):
        log.mean_w(at(5.0), at(45.0))
    with pytest.raises(DataMissing, match="was silent for 60 s of it"):
        log.mean_w(at(0.0), at(120.0))
    gap = WallLog([EPOCH_S + s for s in (0, 10, 20, 30, 90, 100, 110)], [100.0] * 7)
    with pytest.raises(DataMissing, match="was silent for 60 s of it"):
        gap.mean_w(at(0.0), at(110.0))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("61.5", 61.5),
        ("61,5", 61.5),
        (" 61.5 W", 61.5),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1 234.5", 1234.5),
        ("6e1", 60.0),
        ("", None),
        ("W", None),
        ("sixty", None),
        ("inf", None),
    ],
)
def test_numbers_as_people_write_them(text: str, value: float | None) -> None:
    assert number_of(text) == value
