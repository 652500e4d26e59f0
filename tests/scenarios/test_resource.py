"""Sun and wind from a yearly figure: the figure is kept, and a plant gives nearly what it does with measured hours."""

from pathlib import Path

import numpy as np
import pytest

from dcfoot.errors import ConfigError
from dcfoot.weather import find_climate, typical_year
from dcfoot_scenarios.resource import with_sun, with_wind, year_with_resource
from dcfoot_scenarios.solar import SolarSystem, solar_per_unit
from simulated.near import near
from simulated.years import shared_year, steady

HUAILAI = find_climate("cn_huailai")
"""Its climate says nothing of sun and wind."""


@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("tmy3_us_las_vegas_nv", 0.02),
        ("tmy3_us_ashburn_dulles", 0.02),
        ("tmy3_us_cheyenne_wy", 0.02),
        ("tmy3_us_atlanta_ga", 0.02),
        # Its winters are cloudier than its summers, which a yearly figure cannot say.
        ("tmyx_us_seattle_wa", 0.06),
    ],
)
def test_a_plant_under_the_sun_of_a_yearly_figure_gives_what_it_does_under_the_real_one(
    name: str, within: float, tmp_path: Path
) -> None:
    real = shared_year(name)
    assert real.ghi_w_per_m2 is not None
    synthesised = with_sun(real, float(real.ghi_w_per_m2.sum()) / 1000)
    expected, found = (solar_per_unit(weather, SolarSystem(), tmp_path).sum() for weather in (real, synthesised))
    assert found == near(expected, rel=within)


def test_the_years_irradiation_is_the_figure_and_its_parts_add_up() -> None:
    weather = with_sun(typical_year(HUAILAI), 1650.0)
    assert weather.ghi_w_per_m2 is not None
    assert weather.dni_w_per_m2 is not None
    assert weather.dhi_w_per_m2 is not None
    assert weather.ghi_w_per_m2.sum() / 1000 == near(1650.0)
    assert (weather.dhi_w_per_m2 <= weather.ghi_w_per_m2 + 1e-9).all()
    summer, winter = (weather.ghi_w_per_m2[weather.month_index == month].sum() for month in (5, 11))
    assert summer > 1.8 * winter


def test_the_years_wind_has_the_mean_and_the_distribution_that_it_should() -> None:
    weather = with_wind(typical_year(HUAILAI), 5.0)
    assert weather.wind_speed_m_per_s is not None
    assert weather.wind_speed_m_per_s.mean() == near(5.0)
    # Rayleigh's deviation is 0.52 of its mean (IEC 61400-1); the course of the day adds a little.
    assert np.std(weather.wind_speed_m_per_s) / 5.0 == near(0.55, abs=0.05)


def test_the_figure_and_who_gave_it_stand_in_the_evidence() -> None:
    evidence = with_sun(typical_year(HUAILAI), 1650.0).evidence[-1]
    assert (evidence.value, evidence.unit, evidence.source) == (1650.0, "kWh/m2", "the user")
    known = year_with_resource(find_climate("cn_zhongwei")).evidence[-1]
    assert known.unit == "kWh/m2"
    assert "4947~6102 MJ/m2" in known.source
    assert 4947 / 3.6 < known.value < 6102 / 3.6
    assert not known.verified


def test_a_place_whose_climate_has_sun_keeps_it_and_one_without_a_figure_stays_unknown() -> None:
    ashburn = find_climate("us_ashburn")
    assert np.array_equal(year_with_resource(ashburn).ghi_w_per_m2, typical_year(ashburn).ghi_w_per_m2)  # type: ignore[arg-type]
    assert year_with_resource(HUAILAI).ghi_w_per_m2 is None


def test_figures_of_no_place_and_years_that_are_none_are_refused() -> None:
    year = typical_year(HUAILAI)
    with pytest.raises(ConfigError, match="irradiation of 4000 kWh/m2 is that of no place"):
        with_sun(year, 4000.0)
    with pytest.raises(ConfigError, match="mean wind of 40 m/s"):
        with_wind(year, 40.0)
    with pytest.raises(ConfigError, match="needs 8760 hours"):
        with_sun(steady(), 1650.0)
