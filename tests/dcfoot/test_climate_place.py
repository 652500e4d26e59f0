"""Which climate stands for a place: by name or by coordinates, and none where none is near."""

from math import pi

import pytest

from dcfoot.climate_place import climate_name, distance_km, find_climate_id, nearest_climate
from dcfoot.errors import DataMissing
from dcfoot.tables import rows
from simulated.near import near
from simulated.reference import facts


def test_distances_are_those_of_a_sphere() -> None:
    assert distance_km(0, 0, 90, 0) == near(6371 * pi / 2)
    assert distance_km(0, 170, 0, -170) == near(6371 * pi / 9)
    # London Heathrow to Paris Orly: 366 km (great circle of the airports' reference points).
    assert distance_km(51.4706, -0.4619, 48.7253, 2.3594) == near(366, abs=2)


def test_a_point_takes_the_climate_within_a_hundred_kilometres_or_none() -> None:
    assert nearest_climate(39.04, -77.49) == "us_ashburn"
    assert nearest_climate(38.15, -77.49) == "us_ashburn"  # 0.89 degrees of latitude: 99 km
    assert nearest_climate(38.10, -77.49) is None  # 105 km
    assert nearest_climate(0, -150) is None


@pytest.mark.parametrize("name", ["cn_guiyang", "Guiyang", "贵阳", "guiyang"])
def test_a_climate_answers_to_its_names(name: str) -> None:
    assert find_climate_id(name) == "cn_guiyang"
    assert climate_name("cn_guiyang").startswith("Guiyang")


def test_a_climate_that_is_not_known_offers_the_nearest() -> None:
    with pytest.raises(DataMissing, match="cn_guiyang"):
        find_climate_id("cn_guiyan")


def test_the_climates_of_sites_follow_from_their_coordinates() -> None:
    for row in rows("site_climates"):
        assert nearest_climate(float(row["latitude_deg"]), float(row["longitude_deg"])) == row["climate"]
        assert float(row["distance_km"]) <= 100


def test_no_site_with_a_climate_near_it_was_left_out_and_the_coordinates_are_the_sources() -> None:
    shipped = {row["id"]: (float(row["latitude_deg"]), float(row["longitude_deg"])) for row in rows("site_climates")}
    known = {row["id"] for row in rows("sites")}
    source = {row["id"]: (float(row["lat"]), float(row["lon"])) for row in facts("cloud_regions_geo")}
    near_one = {name: point for name, point in source.items() if name in known and nearest_climate(*point)}
    assert shipped.keys() == near_one.keys()
    for name, point in shipped.items():
        assert point == near(near_one[name], abs=1e-4)
