"""Weather files: units, hours, gaps, codes of missing values; what a file does not say is not guessed."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.errors import ConfigError, DataMissing
from dcfoot.psychrometrics import dew_point_c
from dcfoot.reading import Basis
from dcfoot.weather import Location, read_csv, read_epw, read_file, read_tmy3
from dcfoot.weather.columns import QUANTITIES, read_header
from dcfoot.weather.folder import index_of, read_year
from simulated.near import near
from simulated.oracles import psychrolib_wet_bulb_c
from simulated.reference import reference_dir
from simulated.weather_files import hours, without, write_epw, write_tmy3

HERE = Location("here", 50.0, 8.0, 100.0, 1.0)
DAY = hours(24, datetime(2023, 12, 31))  # noqa: DTZ001 (the place's standard time)


def csv(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


# --- EnergyPlus


def test_an_epw_file_gives_the_place_and_every_hour_labelled_by_its_start(tmp_path: Path) -> None:
    weather = read_epw(write_epw(tmp_path / "a.epw", hours(8760)))
    assert (weather.place, weather.elevation_m, weather.utc_offset_hours) == ("Dulles", 82.0, -5.0)
    assert (weather.latitude_deg, weather.longitude_deg) == (38.98, -77.47)
    assert weather.start == datetime(2023, 1, 1, 5, tzinfo=UTC)
    assert len(weather) == 8760
    assert weather.dry_bulb_c[:3].tolist() == near([20.0, 20.1, 20.2])
    assert weather.pressure_pa[0] == 100_000.0
    assert str(weather.local_times[0]) == "2023-01-01T00:00"
    assert np.bincount(weather.month_index).tolist() == [
        24 * d for d in (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    ]
    assert weather.basis is Basis.MODELLED
    assert "724030" in weather.evidence[0].source


def test_dew_point_and_wet_bulb_are_those_of_the_handbook(tmp_path: Path) -> None:
    weather = read_epw(write_epw(tmp_path / "a.epw", DAY))
    assert weather.dew_point_c[0] == near(10.0, abs=1e-6)
    expected_c = psychrolib_wet_bulb_c(20.0, float(weather.humidity_ratio_kg_per_kg[0]), 100_000.0)
    assert weather.wet_bulb_c[0] == near(expected_c, abs=0.01)


def test_below_freezing_meteorology_s_dew_point_over_water_becomes_a_frost_point(tmp_path: Path) -> None:
    # Saturation over water at -10 C is 286 Pa (any table); over ice it is reached at -8.9 C.
    weather = read_epw(write_epw(tmp_path / "a.epw", without(DAY, dry_bulb_c=-2.0, dew_point_c=-10.0)))
    assert weather.dew_point_c[0] == near(dew_point_c(286.5), abs=0.05)
    assert weather.dew_point_c[0] == near(-8.9, abs=0.1)


def test_moisture_beyond_saturation_is_saturation(tmp_path: Path) -> None:
    weather = read_epw(write_epw(tmp_path / "a.epw", without(DAY, dry_bulb_c=-10.0, dew_point_c=-10.0)))
    assert weather.relative_humidity_ratio.tolist() == [1.0] * 24
    assert weather.wet_bulb_c.tolist() == near([-10.0] * 24, abs=1e-6)


def test_where_the_dew_point_is_missing_the_relative_humidity_counts(tmp_path: Path) -> None:
    weather = read_epw(write_epw(tmp_path / "a.epw", without(DAY, dew_point_c=99.9, humidity_percent=50.0)))
    assert weather.relative_humidity_ratio.tolist() == near([0.5] * 24)


def test_a_missing_pressure_is_that_of_the_elevation_and_is_noted(tmp_path: Path) -> None:
    weather = read_epw(write_epw(tmp_path / "a.epw", without(DAY, pressure_pa=999_999.0)))
    assert weather.pressure_pa[0] == near(101_325 * (1 - 2.25577e-5 * 82) ** 5.2559)
    assert any("pressure" in note for note in weather.notes)


def test_wind_and_sun_that_are_missing_are_not_known(tmp_path: Path) -> None:
    some = [*without(DAY[:1], wind=999.0), *DAY[1:]]
    weather = read_epw(write_epw(tmp_path / "a.epw", without(some, ghi=9999.0)))
    assert weather.wind_speed_m_per_s is None
    assert weather.ghi_w_per_m2 is None
    assert weather.dni_w_per_m2 is not None
    assert any("wind_speed_m_per_s is not known: 1 of 24" in note for note in weather.notes)


def test_a_missing_dry_bulb_is_an_error_with_its_line(tmp_path: Path) -> None:
    some = [*DAY[:5], *without(DAY[5:6], dry_bulb_c=99.9), *DAY[6:]]
    path = write_epw(tmp_path / "a.epw", some)
    with pytest.raises(ConfigError, match=r"a\.epw:14: the dry bulb is missing here, and in 1 of 24 hours"):
        read_epw(path)


def test_short_gaps_are_interpolated_only_where_that_is_asked_for(tmp_path: Path) -> None:
    some = [*DAY[:5], *without(DAY[5:7], dry_bulb_c=99.9), *DAY[7:]]
    weather = read_epw(write_epw(tmp_path / "a.epw", some), fill_hours=3)
    assert weather.dry_bulb_c[4:8].tolist() == near([20.4, 20.5, 20.6, 20.7])
    assert "dry_bulb_c: 2 missing hours were interpolated" in weather.notes
    with pytest.raises(ConfigError, match="missing"):
        read_epw(tmp_path / "a.epw", fill_hours=1)


def test_a_file_that_was_cut_short_is_an_error_with_its_last_line(tmp_path: Path) -> None:
    path = write_epw(tmp_path / "a.epw", hours(5000))
    with pytest.raises(ConfigError, match=r"a\.epw:5008: the file is cut short: .* 12/31"):
        read_epw(path)


def test_a_line_that_was_cut_short_is_an_error_with_its_number(tmp_path: Path) -> None:
    path = write_epw(tmp_path / "a.epw", DAY)
    path.write_text(path.read_text()[: -len(",16.0,77777,9,999999999,20,0.1,0,88,0.2,0,0\n") - 12])
    with pytest.raises(ConfigError, match=r"a\.epw:32: the line has \d+ fields"):
        read_epw(path)


@pytest.mark.parametrize(("spoil", "message"), [(1, "hours are missing"), (-1, "hours are missing")])
def test_an_hour_that_is_missing_or_doubled_is_an_error_with_its_line(tmp_path: Path, spoil: int, message: str) -> None:
    some = [*DAY[:10], *DAY[10 + spoil :]]
    path = write_epw(tmp_path / "a.epw", some)
    with pytest.raises(ConfigError, match=rf"a\.epw:19: .*{message}"):
        read_epw(path)


def test_a_value_in_another_unit_is_an_error(tmp_path: Path) -> None:
    path = write_epw(tmp_path / "a.epw", without(DAY, pressure_pa=1000.0))
    with pytest.raises(ConfigError, match=r"a\.epw:9: pressure_pa is 1000, beyond 31000 to 120000: is its unit right"):
        read_epw(path)


def test_months_of_different_years_are_dated_as_a_typical_year(tmp_path: Path) -> None:
    january, february = hours(744, datetime(1999, 1, 1)), hours(672, datetime(2005, 2, 1))  # noqa: DTZ001
    weather = read_epw(write_epw(tmp_path / "a.epw", [*january, *february], last="2/28"))
    assert weather.start == datetime(2023, 1, 1, 5, tzinfo=UTC)


def test_a_leap_year_keeps_its_29_february(tmp_path: Path) -> None:
    weather = read_epw(write_epw(tmp_path / "a.epw", hours(8784, datetime(2024, 1, 1))))  # noqa: DTZ001
    assert len(weather) == 8784
    assert weather.start == datetime(2024, 1, 1, 5, tzinfo=UTC)
    assert np.count_nonzero(weather.month_index == 1) == 29 * 24


def test_a_leap_year_that_leaves_out_its_29_february_is_dated_as_a_typical_year(tmp_path: Path) -> None:
    some = [hour for hour in hours(8784, datetime(2024, 1, 1)) if (hour.begins.month, hour.begins.day) != (2, 29)]  # noqa: DTZ001
    weather = read_epw(write_epw(tmp_path / "a.epw", some))
    assert (len(weather), weather.start.year) == (8760, 2023)


def test_a_file_of_something_else_is_no_epw_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a\.epw:1: an EPW file begins with LOCATION"):
        read_epw(csv(tmp_path / "a.epw", "hello\n"))
    with pytest.raises(DataMissing, match="There is no file"):
        read_epw(tmp_path / "b.epw")


# --- TMY3


def test_a_tmy3_file_gives_the_same_weather_as_the_epw_file_made_of_it(tmp_path: Path) -> None:
    some = without(DAY, ghi=300.0, dni=200.0, dhi=150.0)
    epw, tmy3 = read_epw(write_epw(tmp_path / "a.epw", some)), read_tmy3(write_tmy3(tmp_path / "a.csv", some))
    assert tmy3.start == epw.start
    for name in ("dry_bulb_c", "wet_bulb_c", "pressure_pa", "ghi_w_per_m2", "dhi_w_per_m2", "wind_speed_m_per_s"):
        assert getattr(tmy3, name).tolist() == near(getattr(epw, name).tolist()), name
    assert (tmy3.latitude_deg, tmy3.elevation_m) == (38.983, 82.0)


def test_minus_9900_is_missing_in_a_tmy3_file(tmp_path: Path) -> None:
    path = write_tmy3(tmp_path / "a.csv", without(DAY, wind=-9900.0))
    assert read_tmy3(path).wind_speed_m_per_s is None


# --- plain CSV


def test_a_plain_file_may_have_its_columns_in_any_order_unit_and_spelling(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "a.csv",
        "# from our roof\nRH [%],wind speed (km/h),colour,temp_f,time,Pressure (hPa)\n"
        "50,36,red,68,2024-03-01T00:00+01:00,990\n50,36,red,50,2024-03-01T00:00Z,990\n",
    )
    weather = read_csv(path, HERE)
    assert weather.start == datetime(2024, 2, 29, 23, tzinfo=UTC)
    assert weather.dry_bulb_c.tolist() == near([20.0, 10.0])
    assert weather.relative_humidity_ratio.tolist() == near([0.5, 0.5])
    assert weather.wind_speed_m_per_s is not None
    assert weather.wind_speed_m_per_s.tolist() == near([10.0, 10.0])
    assert weather.pressure_pa.tolist() == near([99_000.0, 99_000.0])
    assert (weather.basis, weather.evidence[0].year) == (Basis.MEASURED, 2024)


def test_hours_may_be_numbered_by_their_start_or_by_their_end(tmp_path: Path) -> None:
    by_start = "".join(f"1,1,{hour},{hour},50\n" for hour in range(24))
    by_end = "".join(f"1,1,{hour + 1},{hour},50\n" for hour in range(24))
    head = "month,day,hour,dry_bulb_c,rh_percent\n"
    first = read_csv(csv(tmp_path / "a.csv", head + by_start), HERE)
    second = read_csv(csv(tmp_path / "b.csv", head + by_end), HERE)
    assert first.start == second.start == datetime(2022, 12, 31, 23, tzinfo=UTC)
    assert first.dry_bulb_c.tolist() == second.dry_bulb_c.tolist()


def test_a_time_without_a_zone_is_the_place_s_standard_time_unless_its_column_says_utc(tmp_path: Path) -> None:
    line = "2024-03-01T00:00,20,50\n"
    local = read_csv(csv(tmp_path / "a.csv", f"Time,temp_c,rh %\n{line}"), HERE)
    utc = read_csv(csv(tmp_path / "b.csv", f"time UTC,temp_c,rh %\n{line}"), HERE)
    assert (local.start, utc.start) == (datetime(2024, 2, 29, 23, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC))


def test_a_year_is_stated_only_where_the_file_states_it(tmp_path: Path) -> None:
    with_year = read_csv(csv(tmp_path / "a.csv", "year,month,day,hour,temp_c,rh %\n2019,1,1,0,20,50\n"), HERE)
    without_year = read_csv(csv(tmp_path / "b.csv", "month,day,hour,temp_c,rh %\n1,1,0,20,50\n"), HERE)
    assert (with_year.evidence[0].year, without_year.evidence[0].year) == (2019, None)
    assert (with_year.start.year, without_year.start.year) == (2018, 2022)


def test_a_wet_bulb_is_moisture_enough(tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", "time,dry_bulb_c,wet_bulb_c\n2024-03-01T00:00,25,18\n")
    assert read_csv(path, HERE).wet_bulb_c.tolist() == near([18.0], abs=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,temperature,rh_percent\n2024-01-01T00:00,20,50\n", r"a\.csv:1: Column 'temperature' has no unit"),
        ("time,temp [R],rh_percent\n2024-01-01T00:00,20,50\n", r"a\.csv:1: Column 'temp \[R\]' has the unit 'R'"),
        ("time,temp_c,t_db_c,rh %\n2024-01-01T00:00,20,20,50\n", r"a\.csv:1: columns 'temp_c' and 't_db_c' are both"),
        ("temp_c,rh %\n20,50\n", r"a\.csv:1: there must be a column 'time'"),
        ("time,temp_c\n2024-01-01T00:00,20\n", r"a\.csv:2: there must be a dry bulb and one of"),
        ("time,temp_c,rh %\n2024-01-01T00:00,warm,50\n", r"a\.csv:2: temp_c is 'warm'; it must be a number"),
        ("time,temp_c,rh %\nyesterday,20,50\n", r"a\.csv:2: the time is 'yesterday'"),
        ("time,temp_c,rh %\n2024-01-01T00:30,20,50\n", r"a\.csv:2: .* is not at the start of an hour"),
        ("month,day,hour,temp_c,rh %\n2,30,0,20,50\n", r"a\.csv:2: 2023-2-30 hour 0 is no date"),
        ("month,day,hour,temp_c,rh %\n2,3,0.5,20,50\n", r"a\.csv:2: hour is '0.5'; it must be a whole number"),
        ("time,temp_c,rh %\n", r"a\.csv: there are no hours in it"),
        ("", r"a\.csv is empty"),
    ],
)
def test_what_a_plain_file_does_not_say_is_an_error_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_csv(csv(tmp_path / "a.csv", text), HERE)


@pytest.mark.parametrize("unit", ["C", "°C", "degC", "F", "K"])
@given(value_c=st.floats(-40.0, 50.0))
def test_a_temperature_is_the_same_in_every_unit(unit: str, value_c: float) -> None:
    written = {"F": value_c * 9 / 5 + 32, "K": value_c + 273.15}.get(unit, value_c)
    found = read_header(f"Dry-bulb ({unit})")
    assert found is not None
    name, convert = found
    assert name == "dry_bulb_c"
    assert convert(np.array([written]))[0] == near(value_c, abs=1e-9)


@pytest.mark.parametrize("name", QUANTITIES)
def test_a_series_own_name_is_a_title_that_is_understood(name: str) -> None:
    found = read_header(name)
    assert found is not None
    assert found[0] == name
    assert found[1](np.array([0.5])).tolist() == [0.5]


@pytest.mark.parametrize("title", ["GHI source", "GHI uncert (%)", "Dry-bulb uncert (code)", "Wdir (degrees)", "site"])
def test_columns_that_are_not_weather_are_passed_over(title: str) -> None:
    assert read_header(title) is None


# --- any file


def test_a_file_is_read_by_its_ending_and_first_lines(tmp_path: Path) -> None:
    epw, tmy3 = write_epw(tmp_path / "a.EPW", DAY), write_tmy3(tmp_path / "a.csv", DAY)
    packed = tmp_path / "b.epw.gz"
    packed.write_bytes(gzip.compress(epw.read_bytes()))
    plain = csv(tmp_path / "c.csv", "time,temp_c,rh %\n2024-01-01T00:00,20,50\n")
    assert read_file(epw).place == read_file(packed).place == "Dulles"
    assert read_file(tmy3).place.endswith("VA")
    assert read_file(plain, HERE).place == "here"
    with pytest.raises(ConfigError, match="does not say where it is"):
        read_file(plain)
    with pytest.raises(ConfigError, match=r"end in \.epw or \.csv"):
        read_file(tmp_path / "a.xls")


def test_a_packed_file_that_was_cut_short_is_an_error(tmp_path: Path) -> None:
    packed = tmp_path / "b.epw.gz"
    packed.write_bytes(gzip.compress(write_epw(tmp_path / "a.epw", DAY).read_bytes())[:-20])
    with pytest.raises(ConfigError, match="cannot be read"):
        read_epw(packed)


def test_a_name_in_an_old_encoding_is_read(tmp_path: Path) -> None:
    path = write_epw(tmp_path / "a.epw", DAY)
    path.write_bytes(path.read_bytes().replace(b"Dulles", "Malmö".encode("latin-1")))
    assert read_epw(path).place == "Malmö"


# --- the years that are kept beside this repository


@pytest.mark.parametrize(
    "name", ["tmy3_us_ashburn_dulles.csv.gz", "openmeteo_in_mumbai_2023.csv.gz", "uci_cn_beijing_2011.csv.gz"]
)
def test_a_real_year_has_the_means_that_its_index_states(name: str) -> None:
    reference = reference_dir()
    if reference is None:
        pytest.skip("the published references are not beside this repository")
    folder = reference / "data" / "weather"
    about, weather = index_of(folder)[name], read_year(folder / name)
    assert len(weather) == int(about["rows"])
    assert weather.dry_bulb_c.mean() == near(float(about["t_mean"]), abs=0.006)
    assert weather.wet_bulb_c.mean() == near(float(about["t_wb_mean"]), abs=0.06)
    if about["ghi_kwh_m2"]:
        assert weather.ghi_w_per_m2 is not None
        assert weather.ghi_w_per_m2.sum() / 1000 == near(float(about["ghi_kwh_m2"]), abs=0.6)


def test_a_folder_without_an_index_and_a_file_that_it_does_not_name_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match=r"no index\.csv"):
        read_year(tmp_path / "a.csv.gz")
    (tmp_path / "index.csv").write_text("file,place\n")
    with pytest.raises(DataMissing, match=r"does not name a\.csv\.gz"):
        read_year(tmp_path / "a.csv.gz")
