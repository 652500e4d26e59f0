"""Solar power per unit: against SAM's PVWatts, pvlib's own chain, and what the sun allows."""

import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcfoot.errors import ConfigError, DataMissing
from dcfoot.weather import Weather
from dcfoot.weather.year import Location
from dcfoot_scenarios.solar import SolarSystem, Tracking, solar_per_unit
from simulated.near import near
from simulated.years import greensboro, shared_year, steady

pvlib: Any = import_module("pvlib")  # has no types

FIXED = SolarSystem(tracking="fixed", tilt_deg=20.0, dc_per_ac_ratio=1.2)
TRACKED = SolarSystem(tracking="single_axis", dc_per_ac_ratio=1.2)
SYSTEMS: dict[Tracking, SolarSystem] = {"fixed": FIXED, "single_axis": TRACKED}

# PVWatts V8 of NREL's SAM (NREL-PySAM 7.1.1), fed with the same hours: 1.2 kW of premium modules, an inverter of 1 kW,
# tilt 20, south, 14 % losses, 96 % inverter, GCR 0.4, albedo 0.2: kWh a year. Its cells warm up slowly, its glass is
# coated and its inverter differs, so that a year may differ by 1 %.
PVWATTS_KWH = {
    ("tmy3_us_las_vegas_nv", "fixed"): 2092.5,
    ("tmy3_us_las_vegas_nv", "single_axis"): 2472.7,
    ("tmyx_us_seattle_wa", "fixed"): 1348.9,
    ("tmyx_us_seattle_wa", "single_axis"): 1573.6,
    ("tmy3_us_ashburn_dulles", "fixed"): 1553.3,
    ("tmy3_us_ashburn_dulles", "single_axis"): 1718.2,
    ("tmy3_us_cheyenne_wy", "fixed"): 1771.7,
    ("tmy3_us_cheyenne_wy", "single_axis"): 1999.0,
}
# The same for Greensboro, by month.
GREENSBORO_FIXED_KWH = (100.32, 107.02, 144.25, 160.2, 159.18, 164.24, 165.19, 161.41, 135.15, 127.33, 93.56, 97.35)
GREENSBORO_TRACKED_KWH = (94.08, 111.17, 158.02, 190.8, 192.07, 202.82, 202.86, 191.02, 152.2, 134.27, 90.57, 89.26)


@pytest.fixture(scope="module")
def weather() -> Weather:
    return greensboro()


@pytest.mark.parametrize(("name", "tracking"), list(PVWATTS_KWH))
def test_a_year_is_that_of_pvwatts(name: str, tracking: Tracking, tmp_path: Path) -> None:
    found = solar_per_unit(shared_year(name), SYSTEMS[tracking], tmp_path)
    assert found.sum() == near(PVWATTS_KWH[name, tracking], rel=0.01)


@pytest.mark.parametrize(
    ("tracking", "kwh"), [("fixed", GREENSBORO_FIXED_KWH), ("single_axis", GREENSBORO_TRACKED_KWH)]
)
def test_each_month_is_that_of_pvwatts(
    tracking: Tracking, kwh: tuple[float, ...], weather: Weather, tmp_path: Path
) -> None:
    hours = solar_per_unit(weather, SYSTEMS[tracking], tmp_path)
    months = np.bincount(weather.month_index, hours)
    assert months.sum() == near(sum(kwh), rel=0.01)
    assert months.tolist() == near(kwh, rel=0.025)


@pytest.mark.filterwarnings("ignore:DatetimeIndex.dayofyear")  # pvlib's, with pandas 3.1
def test_each_hour_of_fixed_modules_is_that_of_pvlibs_own_chain(weather: Weather, tmp_path: Path) -> None:
    pandas: Any = import_module("pandas")
    place = pvlib.location.Location(weather.latitude_deg, weather.longitude_deg, altitude=weather.elevation_m)
    system = pvlib.pvsystem.PVSystem(
        surface_tilt=20,
        surface_azimuth=180,
        albedo=0.2,
        module_parameters={"pdc0": 1.2, "gamma_pdc": -0.0035},
        inverter_parameters={"pdc0": 1 / 0.96, "eta_inv_nom": 0.96},
        losses_parameters={
            **dict.fromkeys(("shading", "snow", "mismatch", "wiring", "connections", "lid"), 0),
            "nameplate_rating": 0,
            "age": 0,
            "availability": 0,
            "soiling": 14,
        },
        temperature_model_parameters=pvlib.temperature.TEMPERATURE_MODEL_PARAMETERS["sapm"]["open_rack_glass_polymer"],
    )
    chain = pvlib.modelchain.ModelChain(
        system, place, aoi_model="physical", spectral_model="no_loss", losses_model="pvwatts"
    )
    middles = pandas.date_range(weather.start, periods=len(weather), freq="h") + pandas.Timedelta(minutes=30)
    columns = {
        "ghi": weather.ghi_w_per_m2,
        "dni": weather.dni_w_per_m2,
        "dhi": weather.dhi_w_per_m2,
        "temp_air": weather.dry_bulb_c,
        "wind_speed": weather.wind_speed_m_per_s,
    }
    chain.run_model(pandas.DataFrame(columns, index=middles))
    expected = np.nan_to_num(chain.results.ac.to_numpy())
    assert solar_per_unit(weather, FIXED, tmp_path) == near(expected, abs=1e-6)


def test_a_megawatt_of_modules_is_less_than_one_of_inverters_by_their_ratio(weather: Weather, tmp_path: Path) -> None:
    of_modules = solar_per_unit(weather, replace(FIXED, nameplate="dc"), tmp_path)
    assert of_modules * 1.2 == near(solar_per_unit(weather, FIXED, tmp_path))
    assert of_modules.max() == near(1 / 1.2)


def test_no_hour_gives_more_than_the_inverter_or_anything_at_night(weather: Weather, tmp_path: Path) -> None:
    for system in SYSTEMS.values():
        hours = solar_per_unit(weather, system, tmp_path)
        assert hours.max() <= 1
        assert hours.min() == 0
        assert weather.ghi_w_per_m2 is not None
        assert not hours[weather.ghi_w_per_m2 == 0].any()


def test_a_tracker_gives_more_than_fixed_modules_and_losses_take_their_share(weather: Weather, tmp_path: Path) -> None:
    fixed, tracked = (solar_per_unit(weather, system, tmp_path).sum() for system in (FIXED, TRACKED))
    assert 1.08 < tracked / fixed < 1.25
    small = replace(FIXED, dc_per_ac_ratio=0.7)  # the inverter never limits
    lossy, lossless = (
        solar_per_unit(weather, replace(small, losses_ratio=losses), tmp_path).sum() for losses in (0.2, 0.0)
    )
    assert lossy / lossless == near(0.8, abs=0.005)


def test_south_of_the_equator_modules_look_north(tmp_path: Path) -> None:
    hours = 24
    sun = np.maximum(np.sin(2 * np.pi * (np.arange(hours) + 0.5 - 6) / 24), 0)
    for latitude, towards_equator, away in ((35.0, 180.0, 0.0), (-35.0, 0.0, 180.0)):
        place = Location("here", latitude, 0.0, 0.0, 0.0)
        noon = steady(hours, place, ghi_w_per_m2=700 * sun, dni_w_per_m2=750 * sun, dhi_w_per_m2=100 * sun)
        systems = [replace(FIXED, tilt_deg=30.0, azimuth_deg=azimuth) for azimuth in (None, towards_equator, away)]
        default, towards, turned = (solar_per_unit(noon, system, tmp_path).sum() for system in systems)
        assert default == near(towards)
        assert default > 1.2 * turned


def test_modules_are_tilted_by_the_latitude_but_not_steeper_than_forty_degrees(tmp_path: Path) -> None:
    ones = np.ones(24)
    for latitude, tilt in ((25.0, 25.0), (65.0, 40.0)):
        weather = steady(24, Location("here", latitude, 0.0, 0.0, 0.0), ghi_w_per_m2=300 * ones)
        given = solar_per_unit(weather, replace(FIXED, tilt_deg=tilt), tmp_path)
        assert solar_per_unit(weather, replace(FIXED, tilt_deg=None), tmp_path) == near(given)


def test_where_only_global_irradiance_is_known_the_year_is_nearly_the_same(weather: Weather, tmp_path: Path) -> None:
    # Erbs, Klein and Duffie 1982 tell beam from diffuse by the clearness of an hour, without bias over a year.
    known = solar_per_unit(weather, FIXED, tmp_path).sum()
    only_global = replace(weather, dni_w_per_m2=None, dhi_w_per_m2=None)
    assert solar_per_unit(only_global, FIXED, tmp_path).sum() == near(known, rel=0.03)


def test_a_weather_without_sun_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match=r"Nowhere has no irradiance.*solar profile"):
        solar_per_unit(steady(), FIXED, tmp_path)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"losses_ratio": 1.0}, "losses_ratio of a solar plant is 1"),
        ({"dc_per_ac_ratio": -1.2}, r"dc_per_ac_ratio is -1\.2"),
        ({"tilt_deg": 91.0}, "tilt_deg is 91"),
    ],
)
def test_a_plant_that_cannot_be_is_refused(fields: dict[str, float], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        SolarSystem(**fields)  # type: ignore[arg-type]


def test_nothing_loads_pvlib_until_the_sun_is_asked_for() -> None:
    code = "import dcfoot_scenarios.solar, dcfoot_scenarios.resource, sys; print('pvlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# --- years are kept


def test_the_same_weather_gives_the_same_array_and_nobody_may_change_it(weather: Weather, tmp_path: Path) -> None:
    hours = solar_per_unit(weather, FIXED, tmp_path)
    assert solar_per_unit(weather, FIXED, tmp_path) is hours
    with pytest.raises(ValueError, match="read-only"):
        hours[0] = 1.0


def test_a_kept_year_is_read_by_its_content_whatever_object_holds_it(weather: Weather, tmp_path: Path) -> None:
    hours = solar_per_unit(weather, FIXED, tmp_path)
    kept = list(tmp_path.iterdir())
    again = solar_per_unit(replace(weather), FIXED, tmp_path)
    assert again is not hours
    assert (again == hours).all()
    assert list(tmp_path.iterdir()) == kept


def test_another_plant_or_another_weather_is_another_year(weather: Weather, tmp_path: Path) -> None:
    solar_per_unit(weather, FIXED, tmp_path)
    solar_per_unit(weather, TRACKED, tmp_path)
    solar_per_unit(weather.warmer(1.0), FIXED, tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("rubbish", [b"", b"\x93NUMPY", b"no array"])
def test_a_damaged_file_is_reckoned_again(rubbish: bytes, weather: Weather, tmp_path: Path) -> None:
    expected = solar_per_unit(weather, FIXED, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(rubbish)
    assert (solar_per_unit(replace(weather), FIXED, tmp_path) == expected).all()


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(weather: Weather, tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("in the way")
    assert solar_per_unit(weather, FIXED, nowhere).sum() > 1000
