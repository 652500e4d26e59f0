"""One checked reader of hourly series: what is taken, and what is refused with file and line."""

import gzip
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.errors import ConfigError, DataMissing
from dcfoot_scenarios.calendar import Calendar
from dcfoot_scenarios.profiles import Wanted, read_profile
from simulated.near import near

HOUR = timedelta(hours=1)
BERLIN_H = 1.0
LOCAL = datetime(2023, 1, 1)  # noqa: DTZ001 (the place's standard time)
YEAR = Calendar(datetime(2022, 12, 31, 23, tzinfo=UTC), 8760, BERLIN_H)
LEAP_YEAR = Calendar(datetime(2023, 12, 31, 23, tzinfo=UTC), 8784, BERLIN_H)
LOAD = Wanted("load_mw", most=30.0, most_is="the IT capacity")

Line = tuple[str, str]


def lines(count: int = 8760, first: datetime = LOCAL, value: Callable[[int], str] = lambda _: "20.5") -> list[Line]:
    return [(f"{first + hour * HOUR:%Y-%m-%dT%H:%M}", value(hour)) for hour in range(count)]


def write(folder: Path, some: Sequence[Line], head: str = "time,load_mw") -> Path:
    path = folder / "load.csv"
    path.write_text("\n".join([head, *(",".join(line) for line in some)]) + "\n")
    return path


def refused(path: Path, calendar: Calendar = YEAR, wanted: Wanted = LOAD) -> str:
    with pytest.raises(ConfigError) as told:
        read_profile(path, wanted, calendar)
    return str(told.value)


def test_a_year_of_hours_is_read_in_their_order(tmp_path: Path) -> None:
    path = write(tmp_path, lines(value=lambda hour: str(hour / 1000)))
    found = read_profile(path, LOAD, YEAR)
    assert found.tolist() == near([hour / 1000 for hour in range(8760)])


def test_a_packed_file_with_comments_and_other_columns_is_read(tmp_path: Path) -> None:
    text = "\n".join(["# made by a meter", "time,note,LOAD_MW", *(f"{time},x,{value}" for time, value in lines())])
    path = tmp_path / "load.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert read_profile(path, LOAD, YEAR).sum() == near(20.5 * 8760)


@pytest.mark.parametrize(("column", "value"), [("load_kw", "20500"), ("load_mwh", "20.5"), ("load_w", "20500000")])
def test_the_same_quantity_in_another_unit_is_converted(tmp_path: Path, column: str, value: str) -> None:
    path = write(tmp_path, lines(value=lambda _: value), f"time,{column}")
    assert read_profile(path, LOAD, YEAR)[0] == near(20.5)


def test_a_price_per_kilowatt_hour_is_a_thousand_times_one_per_megawatt_hour_and_may_be_negative(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, lines(value=lambda hour: "-0.02" if hour else "0.65"), "time,price_cny_per_kwh")
    found = read_profile(path, Wanted("price_cny_per_mwh", least=-inf), YEAR)
    assert found[:2].tolist() == near([650.0, -20.0])


@pytest.mark.parametrize("column", ["solar_per_unit", "solar_ratio", "solar_percent"])
def test_a_share_is_read_as_a_ratio_or_in_percent(tmp_path: Path, column: str) -> None:
    path = write(tmp_path, lines(value=lambda _: "40" if column.endswith("percent") else "0.4"), f"time,{column}")
    assert read_profile(path, Wanted("solar_per_unit", most=1.0, most_is="the nameplate"), YEAR)[0] == near(0.4)


def test_prices_in_another_currency_are_not_taken(tmp_path: Path) -> None:
    path = write(tmp_path, lines(), "time,price_eur_per_mwh")
    told = refused(path, wanted=Wanted("price_cny_per_mwh", least=-inf))
    assert told.endswith("load.csv:1: there is no column price_cny_per_mwh. Did you mean price_eur_per_mwh?")


def test_two_columns_of_one_quantity_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, lines(), "load_kw,load_mw")
    assert "load_kw and load_mw are both load_mw; keep one" in refused(path)


def test_times_with_their_offset_are_read_by_standard_time_also_where_clocks_change(tmp_path: Path) -> None:
    utc = [(YEAR.start + hour * HOUR).isoformat() for hour in range(8760)]
    path = write(tmp_path, [(time, str(hour % 24)) for hour, time in enumerate(utc)])
    assert read_profile(path, LOAD, YEAR)[:25].tolist() == near([*range(24), 0])
    summer = timezone(timedelta(hours=2))
    in_summer_time = [(YEAR.start + hour * HOUR).astimezone(summer).isoformat() for hour in range(8760)]
    path = write(tmp_path, [(time, "1") for time in in_summer_time])
    assert len(read_profile(path, LOAD, YEAR)) == 8760


def test_a_file_of_another_year_of_the_same_length_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path, lines(first=datetime(2022, 1, 1)))  # noqa: DTZ001
    assert len(read_profile(path, LOAD, YEAR)) == 8760


def test_a_file_without_times_needs_as_many_rows_as_the_study_has_hours(tmp_path: Path) -> None:
    path = tmp_path / "load.csv"
    path.write_text("load_mw\n" + "20.5\n" * 8760)
    assert len(read_profile(path, LOAD, YEAR)) == 8760
    path.write_text("load_mw\n" + "20.5\n" * 8759)
    assert refused(path).endswith("load.csv:8760: there are 8759 hours; the study has 8760.")


def test_a_gap_is_named_with_its_line(tmp_path: Path) -> None:
    some = lines()
    del some[100:103]
    assert refused(write(tmp_path, some)).endswith(
        "load.csv:102: 3 hours are missing before 01-05 07:00; every hour needs a line."
    )


def test_an_hour_that_comes_twice_where_clocks_are_set_back_is_named_with_what_to_do(tmp_path: Path) -> None:
    some = lines()
    at = next(index for index, (time, _) in enumerate(some) if time == "2023-10-29T02:00")
    told = refused(write(tmp_path, [*some[: at + 1], *some[at:-1]]))
    assert f"load.csv:{at + 3}: the hour from 10-29 02:00 comes twice. Where clocks are set back" in told


def test_an_hour_that_is_left_out_where_clocks_are_set_forward_is_named_with_what_to_do(tmp_path: Path) -> None:
    some = [line for line in lines() if line[0] != "2023-03-26T02:00"]
    told = refused(write(tmp_path, some))
    assert "an hour is missing before 03-26 03:00" in told
    assert "Where clocks are set forward, write times with their offset." in told


def test_8784_hours_for_a_year_of_8760_name_29_february(tmp_path: Path) -> None:
    path = write(tmp_path, lines(8784, datetime(2024, 1, 1)))  # noqa: DTZ001
    told = refused(path)
    assert "load.csv:1418: 29 February is not in the study's year; the study has 8760: take out the 24 lines" in told
    assert len(read_profile(path, LOAD, LEAP_YEAR)) == 8784


def test_8784_hours_without_times_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "load.csv"
    path.write_text("load_mw\n" + "20.5\n" * 8784)
    assert "there are 8784 hours; the study has 8760: take out the 24 lines of 29 February" in refused(path)


def test_8760_hours_for_a_leap_year_name_29_february(tmp_path: Path) -> None:
    told = refused(write(tmp_path, lines()), LEAP_YEAR)
    assert "load.csv:1418: 29 February is missing; the study has 8784: add 29 February" in told


def test_a_file_that_ends_early_says_where(tmp_path: Path) -> None:
    assert "load.csv:101: here the file ends, after 100 hours; the study has 8760." in refused(
        write(tmp_path, lines(100))
    )


@pytest.mark.parametrize("text", ["", "nan", "NaN", "inf", "n/a", "-"])
def test_what_is_no_number_is_named_with_its_line_and_never_guessed(tmp_path: Path, text: str) -> None:
    told = refused(write(tmp_path, lines(value=lambda hour: text if hour == 7 else "1")))
    assert told.endswith(f"load.csv:9: load_mw is {text!r}; every hour needs a number, none is guessed.")


def test_a_row_that_is_cut_short_is_named_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, lines())
    path.write_text(path.read_text().replace("2023-01-01T05:00,20.5", "2023-01-01T05:00"))
    assert "load.csv:7: load_mw is ''" in refused(path)


def test_a_negative_value_and_one_above_the_nameplate_are_named_in_the_unit_of_the_file(tmp_path: Path) -> None:
    values = {3: "-1", 5: "30001"}
    path = write(tmp_path, lines(value=lambda hour: values.get(hour, "30000")), "time,load_kw")
    assert refused(path).splitlines() == [
        f"{path}:5: load_kw is -1; it cannot be below 0.",
        f"{path}:7: load_kw is 30001, above the IT capacity of 30000.",
    ]


def test_all_faults_are_told_at_once_up_to_ten(tmp_path: Path) -> None:
    told = refused(write(tmp_path, lines(value=lambda hour: "x" if hour < 30 else "1"))).splitlines()
    assert len(told) == 11
    assert told[-1].endswith("load.csv: and 20 more")


@pytest.mark.parametrize(
    ("time", "fault"),
    [
        ("yesterday", "the time is 'yesterday'; it must be like"),
        ("2023-01-01T00:30", "is not the start of an hour"),
        ("2023-01-01T03:00", "here should be the hour from 01-01 00:00, and there is the one from 01-01 03:00"),
    ],
)
def test_a_time_that_cannot_be_is_named_with_its_line(tmp_path: Path, time: str, fault: str) -> None:
    some = lines()
    some[0] = (time, "1")
    assert f"load.csv:2: {fault}" in refused(write(tmp_path, some)).replace(f"{time} is not", "is not")


def test_hours_that_run_backwards_are_named(tmp_path: Path) -> None:
    some = lines()
    some[5], some[6] = some[6], some[5]
    assert "load.csv:7: an hour is missing before 01-01 06:00" in refused(write(tmp_path, some))
    some = lines()
    some[6] = some[2]
    assert "load.csv:8: the hour from 01-01 02:00 comes after the one from 01-01 05:00." in refused(
        write(tmp_path, some)
    )


def test_an_empty_file_and_no_file_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "load.csv"
    with pytest.raises(DataMissing, match="There is no file"):
        read_profile(path, LOAD, YEAR)
    path.write_text("time,load_mw\n")
    assert refused(path) == f"{path} holds no hours."


@given(st.lists(st.sampled_from(["1", "", "x", "-3", "1e9", "nan"]), min_size=1, max_size=24))
def test_whatever_a_file_holds_the_answer_is_its_numbers_or_an_error_that_names_each_bad_line(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("profiles")
    calendar = Calendar(YEAR.start, len(cells), BERLIN_H)
    path = write(folder, lines(len(cells), value=lambda hour: cells[hour]))
    bad = [index + 2 for index, cell in enumerate(cells) if cell != "1"]
    if not bad:
        assert read_profile(path, LOAD, calendar).tolist() == [1.0] * len(cells)
        return
    told = refused(path, calendar).splitlines()
    assert [int(line.split(":")[1]) for line in told[:10]] == bad[:10]
