"""The hours of a study: months, days of the week and hours by the clock of the place."""

from datetime import UTC, datetime

import numpy as np
import pytest

from dcfoot.errors import ConfigError
from dcfoot_scenarios.calendar import Calendar

SHANGHAI = Calendar(datetime(2022, 12, 31, 16, tzinfo=UTC), 8760, 8.0)
BERLIN = Calendar(datetime(2022, 12, 31, 23, tzinfo=UTC), 8760, 1.0, "Europe/Berlin")


def test_the_months_of_a_year_have_their_days() -> None:
    days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert np.bincount(SHANGHAI.month_index).tolist() == [24 * day for day in days]


def test_the_first_day_of_2023_is_a_sunday_and_its_hours_are_counted_from_midnight() -> None:
    assert SHANGHAI.weekday_index[:25].tolist() == [6] * 24 + [0]
    assert SHANGHAI.hour_index[:25].tolist() == [*range(24), 0]


def test_where_clocks_change_an_hour_is_left_out_in_spring_and_comes_twice_in_autumn() -> None:
    # EU: the last Sundays of March and October at 01:00 UTC; in 2023 the 26th and the 29th.
    times = BERLIN.civil_times.astype(str).tolist()
    spring, autumn = times.index("2023-03-26T01:00"), times.index("2023-10-29T02:00")
    assert times[spring + 1] == "2023-03-26T03:00"
    assert times[autumn + 1] == "2023-10-29T02:00"
    assert times[-1] == "2023-12-31T23:00"


def test_weather_goes_by_standard_time_all_year() -> None:
    steps = np.diff(BERLIN.standard_times)
    assert set(steps.astype(int)) == {60}


def test_a_place_half_an_hour_off_utc_has_whole_hours_of_its_own() -> None:
    mumbai = Calendar(datetime(2022, 12, 31, 18, 30, tzinfo=UTC), 24, 5.5, "Asia/Kolkata")
    assert mumbai.hour_index.tolist() == list(range(24))


def test_a_time_zone_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no time zone 'Europe/Berlln'"):
        Calendar(SHANGHAI.start, 24, 1.0, "Europe/Berlln").civil_times  # noqa: B018
