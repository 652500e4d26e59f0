"""Water of power stations and of mixes: the published medians, their evidence, and what a mix may not do."""

import math
from statistics import pstdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.errors import DataMissing
from dcfoot.tables import rows
from dcfoot.water.generation import Station, mix_l_per_kwh, mix_water, station_water, stations
from simulated.near import near
from simulated.reference import facts

SHARES = st.dictionaries(st.sampled_from(stations()), st.floats(0.01, 1e3), min_size=1, max_size=6)

BOTH_KNOWN = [station for station in stations() if station_water(*station).withdrawal_l_per_kwh is not None]


def test_the_medians_of_macknick_stand_as_published() -> None:
    # NREL/TP-6A20-50900: 672, 687, 198 and 26 gal/MWh, by the litre.
    assert consumed(("nuclear", "tower")) == near(2.544, abs=5e-4)
    assert consumed(("coal", "tower")) == near(2.601, abs=5e-4)
    assert consumed(("gas combined cycle", "tower")) == near(0.750, abs=5e-4)
    assert consumed(("solar", "")) == near(0.098, abs=5e-4)
    assert consumed(("wind", "")) == near(0.0)


def test_every_shipped_figure_is_that_of_the_collected_table() -> None:
    collected = {float(row["value"]) for row in facts("water_tech") if row["unit"] == "gal/MWh"}
    shipped = {float(row["central"]) for row in rows("water_tech")}
    assert shipped <= collected


@pytest.mark.parametrize("station", BOTH_KNOWN, ids=lambda station: " ".join(station).strip())
def test_a_station_takes_at_least_what_it_consumes(station: Station) -> None:
    water = station_water(*station)
    gone, taken = water.consumption_l_per_kwh, water.withdrawal_l_per_kwh
    assert gone is not None
    assert taken is not None
    assert gone.spread.central <= taken.spread.central
    assert gone.spread.p5 <= taken.spread.p5
    assert gone.spread.p95 <= taken.spread.p95


def test_once_through_cooling_takes_far_more_and_consumes_less_than_a_tower() -> None:
    for technology in ("nuclear", "coal", "gas combined cycle"):
        tower, once = station_water(technology, "tower"), station_water(technology, "once-through")
        assert tower.withdrawal_l_per_kwh is not None
        assert once.withdrawal_l_per_kwh is not None
        assert once.withdrawal_l_per_kwh.spread.central > 30 * tower.withdrawal_l_per_kwh.spread.central
        assert consumed((technology, "once-through")) < consumed((technology, "tower"))


def test_only_checked_medians_count_as_verified() -> None:
    verified = {
        (*station, metric)
        for station in stations()
        for metric, fact in (
            ("consumption", station_water(*station).consumption_l_per_kwh),
            ("withdrawal", station_water(*station).withdrawal_l_per_kwh),
        )
        if fact and fact.evidence.verified
    }
    assert ("nuclear", "tower", "withdrawal") in verified
    assert ("nuclear", "once-through", "withdrawal") not in verified  # one transcription
    assert ("geothermal flash", "tower", "consumption") not in verified  # the two editions differ


def test_a_station_that_is_not_in_the_table_is_an_error_that_offers_what_is() -> None:
    with pytest.raises(DataMissing, match="'tower', 'once-through'"):
        station_water("nuclear", "dry")
    with pytest.raises(DataMissing, match="biomass"):
        station_water("tidal")


@given(SHARES)
def test_a_mix_lies_between_its_stations_and_takes_at_least_what_it_consumes(shares: dict[Station, float]) -> None:
    each = [consumed(station) for station in shares]
    mixed = mix_water(shares)
    assert mixed.consumption_l_per_kwh is not None
    central = mixed.consumption_l_per_kwh.spread.central
    assert min(each) * (1 - 1e-9) <= central <= max(each) * (1 + 1e-9)
    if mixed.withdrawal_l_per_kwh:
        assert mixed.withdrawal_l_per_kwh.spread.central >= central * (1 - 1e-9)


@given(SHARES, st.floats(0.1, 10.0))
def test_only_the_proportions_of_a_mix_count(shares: dict[Station, float], factor: float) -> None:
    once, again = mix_water(shares), mix_water({station: share * factor for station, share in shares.items()})
    assert once.consumption_l_per_kwh is not None
    assert again.consumption_l_per_kwh is not None
    assert once.consumption_l_per_kwh.spread.central == near(again.consumption_l_per_kwh.spread.central)


def test_a_mix_is_verified_only_if_each_of_its_figures_is_and_names_them() -> None:
    good = mix_water({("nuclear", "tower"): 3.0, ("wind", ""): 1.0}).consumption_l_per_kwh
    mixed = mix_water({("nuclear", "tower"): 3.0, ("geothermal flash", "tower"): 1.0}).consumption_l_per_kwh
    assert good is not None
    assert good.evidence.verified
    assert good.spread.central == near(2.544 * 0.75, abs=5e-4)
    assert good.evidence.note == "75% nuclear tower, 25% wind"
    assert mixed is not None
    assert not mixed.evidence.verified


def test_the_withdrawal_of_a_mix_is_not_known_where_that_of_one_station_is_not() -> None:
    assert mix_water({("coal", "tower"): 1.0, ("hydro", ""): 1.0}).withdrawal_l_per_kwh is None


def test_a_mix_by_the_hour_gives_the_same_as_each_hour_alone() -> None:
    generation = {"coal": np.array([1.0, 3.0]), "wind": np.array([1.0, 1.0])}
    l_per_kwh = {"coal": 2.6, "wind": 0.0}
    assert mix_l_per_kwh(generation, l_per_kwh).tolist() == near([1.3, 1.95])
    assert mix_l_per_kwh({"coal": 3.0, "wind": 1.0}, l_per_kwh) == near(1.95)


def test_a_fuel_without_a_factor_is_an_error_and_not_zero() -> None:
    with pytest.raises(DataMissing, match="tidal"):
        mix_l_per_kwh({"coal": 1.0, "tidal": 1.0}, {"coal": 2.6})
    with pytest.raises(DataMissing, match="empty mix"):
        mix_l_per_kwh({}, {"coal": 2.6})


def test_a_countrys_own_figure_is_not_bettered_by_its_mix() -> None:
    """Why a country without a published figure takes the world's, and not its mix with the medians.

    Over the countries of which WRI publishes a figure, the mix misses it by more than the world's mean does.
    """
    wri = {
        row["location"]: float(row["value"])
        for row in facts("water_country")
        if row["metric"].startswith("EWIF") and row["verified"] == "yes"
    }
    mixes: dict[str, dict[str, float]] = {}
    for row in facts("grid_country_mix"):
        mixes.setdefault(row["iso3"], {})[row["fuel"]] = float(row["value"])
    stands_for = {
        "coal": ("coal", "tower"),
        "gas": ("gas combined cycle", "tower"),
        "oil": ("gas steam", "tower"),
        "nuclear": ("nuclear", "tower"),
        "biofuel": ("biomass", "tower"),
        "hydroelectricity": ("hydro", ""),
        "solar": ("solar", ""),
        "wind": ("wind", ""),
    }
    l_per_kwh = {fuel: consumed(station) for fuel, station in stands_for.items()}
    countries = wri.keys() & mixes.keys()
    by_mix = [math.log(wri[country] / mix_l_per_kwh(mixes[country], l_per_kwh)) for country in countries]
    by_world = [math.log(wri[country]) for country in countries]
    assert len(countries) == 49
    assert pstdev(by_mix) == near(0.684, abs=5e-3)
    assert pstdev(by_world) == near(0.644, abs=5e-3)


def consumed(station: Station) -> float:
    fact = station_water(*station).consumption_l_per_kwh
    assert fact is not None
    return fact.spread.central
