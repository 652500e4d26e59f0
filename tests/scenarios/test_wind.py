"""Wind power per unit: against windpowerlib, published figures, and what a turbine can."""

from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.errors import ConfigError, DataMissing
from dcfoot.weather.year import Hours, Location
from dcfoot_scenarios.wind import (
    WindFarm,
    at_hub_m_per_s,
    by_curve_ratio,
    density_at_hub_kg_per_m3,
    find_turbine,
    turbine_names,
    wind_per_unit,
)
from simulated.near import near
from simulated.years import greensboro, shared_year, steady

SPEEDS = np.linspace(0, 35, 701)
SEA_LEVEL_KG_PER_M3 = 1.225


def windpowerlib(module: str) -> Any:  # noqa: ANN401
    """It has no types."""
    return import_module(f"windpowerlib.{module}")


@pytest.mark.parametrize("name", turbine_names())
def test_power_by_the_curve_is_windpowerlibs(name: str) -> None:
    turbine = find_turbine(name)
    expected = windpowerlib("power_output").power_curve(
        SPEEDS, turbine.speed_m_per_s, turbine.power_ratio, density_correction=False
    )
    assert by_curve_ratio(turbine, SPEEDS, SEA_LEVEL_KG_PER_M3) == near(expected, abs=1e-12)


@pytest.mark.parametrize(("hub_m", "roughness_m"), [(90.1, 0.03), (120.0, 0.1), (150.0, 0.0002)])
def test_wind_at_the_hub_is_windpowerlibs_logarithmic_profile(hub_m: float, roughness_m: float) -> None:
    expected = windpowerlib("wind_speed").logarithmic_profile(SPEEDS, 10.0, hub_m, roughness_m)
    assert at_hub_m_per_s(SPEEDS, hub_m, roughness_m) == near(expected)


def test_density_at_the_hub_is_windpowerlibs_of_an_ideal_gas_but_for_moisture() -> None:
    weather = steady(location=Location("here", 40.0, 0.0, 1500.0, 0.0))
    density = windpowerlib("density").ideal_gas(
        weather.pressure_pa, 2.0, 120.0, weather.dry_bulb_c - 0.0065 * 120 + 273.15
    )
    assert density_at_hub_kg_per_m3(weather, 120.0) == near(density, rel=1e-3)
    moist = replace(weather, dew_point_c=weather.dry_bulb_c)
    assert (density_at_hub_kg_per_m3(moist, 120.0) < density_at_hub_kg_per_m3(weather, 120.0)).all()


@pytest.mark.parametrize("name", turbine_names())
def test_no_turbine_beats_betz_and_all_reach_their_rated_power(name: str) -> None:
    turbine = find_turbine(name)
    rotor_m = float(name.rpartition("_")[2])
    in_the_wind_mw = 0.5 * SEA_LEVEL_KG_PER_M3 * np.pi * rotor_m**2 / 4 * turbine.speed_m_per_s**3 / 1e6
    assert (turbine.power_ratio * turbine.rated_mw <= 16 / 27 * in_the_wind_mw).all()
    assert turbine.power_ratio.max() == near(1.0, abs=2e-4)  # the archive's 15 MW is of 14,997.6 kW
    assert (np.diff(turbine.speed_m_per_s) > 0).all()


def test_rated_power_and_rotor_are_those_of_the_published_reference_turbines() -> None:
    # IEA Wind Task 37: 3.37 MW, 130 m at 110 m (Bortolotti and others 2019); 15 MW, 240 m at 150 m (Gaertner 2020).
    land, sea = find_turbine("iea_3.4mw_130"), find_turbine("iea_15mw_240")
    assert (land.rated_mw, land.hub_m) == (3.37, 110.0)
    assert (sea.rated_mw, sea.hub_m) == (15.0, 150.0)
    # Rated wind of the second: 10.59 m/s.
    assert float(np.interp(10.59, sea.speed_m_per_s, sea.power_ratio)) > 0.99
    assert float(np.interp(10.0, sea.speed_m_per_s, sea.power_ratio)) < 0.9


def rayleigh(mean_m_per_s: float, count: int = 8760) -> Hours:
    """Winds of which every part of a year's distribution is there once."""
    exceeded = 1 - (np.arange(count) + 0.5) / count
    speeds: Hours = mean_m_per_s / np.sqrt(np.pi / 2) * np.sqrt(-2 * np.log(exceeded))
    return speeds


def test_the_american_turbine_of_2019_gives_what_american_farms_of_its_time_gave() -> None:
    # NREL's reference project has 7.89 m/s at the hub (Stehly and others 2020, 2019 Cost of Wind Energy Review, 4.3.2);
    # farms built in 2014 and 2015 gave 41 % of their nameplate in 2015 and after (Wiser and Bolinger, LBNL).
    turbine = find_turbine("nrel_2.6mw_121")
    gross = by_curve_ratio(turbine, rayleigh(7.89), SEA_LEVEL_KG_PER_M3).mean()
    assert gross * 0.85 == near(0.41, abs=0.03)


def test_losses_and_height_and_rough_land_go_the_right_way() -> None:
    weather = greensboro()
    farms = {
        "as is": WindFarm(),
        "lossless": WindFarm(losses_ratio=0.0),
        "higher": WindFarm(hub_m=160.0),
        "woods": WindFarm(hub_m=120.0, roughness_m=0.4),
    }
    given = {name: wind_per_unit(weather, farm).mean() for name, farm in farms.items()}
    assert given["as is"] == near(0.85 * given["lossless"])
    assert given["higher"] > given["as is"]
    # Wind at 10 m is slowed by rough land, so that more of it is found above.
    assert given["woods"] > given["as is"]


def test_thin_air_gives_less_as_the_cube_root_of_its_density_slows_the_wind() -> None:
    # IEC 61400-12-1, equation 5: 10 % thinner air counts as wind slower by 0.9^(1/3), of which power has the cube.
    turbine = find_turbine("nrel_5.5mw_175")
    speeds = np.array([7.0])
    slower = speeds * float(np.cbrt(0.9))
    expected = np.interp(slower, turbine.speed_m_per_s, turbine.power_ratio)
    assert by_curve_ratio(turbine, speeds, 0.9 * SEA_LEVEL_KG_PER_M3) == near(expected)


def test_a_turbine_stops_in_a_storm_by_the_wind_itself_not_by_that_of_standard_air() -> None:
    turbine = find_turbine("iea_15mw_240")
    for density in (1.0, 1.4):
        power = by_curve_ratio(turbine, np.array([24.99, 25.01]), density)
        assert power.tolist() == near([1.0, 0.0], abs=1e-3)


@given(
    st.lists(st.floats(0, 60), min_size=24, max_size=24),
    st.sampled_from(turbine_names()),
    st.floats(0.0002, 1.0),
    st.floats(10, 200),
)
def test_power_is_never_negative_nor_above_the_nameplate(
    speeds: list[float], name: str, roughness_m: float, hub_m: float
) -> None:
    weather = steady(wind_speed_m_per_s=np.array(speeds))
    hours = wind_per_unit(weather, WindFarm(name, hub_m, roughness_m, 0.1))
    assert hours.min() >= 0
    assert hours.max() <= 0.9


def test_a_windy_place_gives_more_than_a_still_one() -> None:
    cheyenne, beijing = (wind_per_unit(shared_year(name)) for name in ("tmy3_us_cheyenne_wy", "uci_cn_beijing_2011"))
    # Cheyenne's plain is among America's best (about 40 %); a mast in the city of Beijing is no place for a farm.
    assert 0.33 < cheyenne.mean() < 0.45
    assert beijing.mean() < 0.2


def test_the_same_weather_gives_the_same_array_and_nobody_may_change_it() -> None:
    weather = steady(wind_speed_m_per_s=np.full(24, 8.0))
    hours = wind_per_unit(weather)
    assert wind_per_unit(weather) is hours
    with pytest.raises(ValueError, match="read-only"):
        hours[0] = 1.0


def test_a_weather_without_wind_says_what_to_do() -> None:
    with pytest.raises(DataMissing, match=r"Nowhere has no wind.*wind profile"):
        wind_per_unit(steady())


def test_a_turbine_that_is_unknown_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"No turbine is called 'iea_15mw'\. Did you mean iea_15mw_240"):
        find_turbine("iea_15mw")
    with pytest.raises(ConfigError, match=r"There are: nrel_2\.6mw_121, "):
        find_turbine("x")


@pytest.mark.parametrize(
    ("farm", "told"),
    [
        ({"losses_ratio": -0.1}, r"losses_ratio of a wind farm is -0\.1"),
        ({"roughness_m": 0.0}, "roughness_m is 0"),
        ({"hub_m": 5.0}, "hub_m is 5"),
    ],
)
def test_a_farm_that_cannot_be_is_refused(farm: dict[str, float], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        WindFarm(**farm)  # type: ignore[arg-type]
