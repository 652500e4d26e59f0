"""Places answer to the names that people type, and say what they could have meant."""

import pytest

from dcfoot.errors import ConfigError
from dcfoot.places import all_places, find_country, find_place, find_region, national_zone, nearest


@pytest.mark.parametrize("name", ["FR", "fr", "FRA", "France", "france", "法国"])
def test_a_country_answers_to_its_codes_and_its_names(name: str) -> None:
    assert find_country(name).zone == "FRA"


@pytest.mark.parametrize("name", ["CN", "China", "中国", "PRC", "People's Republic of China", "中华人民共和国"])
def test_china_answers_to_all_of_its_names(name: str) -> None:
    assert find_country(name).zone == "CHN"


@pytest.mark.parametrize("name", ["广东", "广东省", "Guangdong", "guang dong", "GD", "CN-GD"])
def test_a_province_answers_to_chinese_pinyin_and_codes(name: str) -> None:
    assert find_region(name).zone == "CN-GD"


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("RFCW", "US-RFCW"),
        ("Texas", "US-TX"),
        ("华东", "CN-EAST"),
        ("内蒙古自治区", "CN-NM"),
        ("Inner Mongolia", "CN-NM"),
    ],
)
def test_regions_states_and_subregions_are_found(name: str, zone: str) -> None:
    assert find_region(name).zone == zone


def test_the_two_shanxi_are_told_apart() -> None:
    assert find_region("陕西").zone == find_region("Shaanxi").zone == "CN-SN"
    assert find_region("山西").zone == find_region("Shanxi").zone == "CN-SX"


def test_a_code_that_several_regions_share_is_refused_until_the_country_is_named() -> None:
    with pytest.raises(ConfigError, match=r"Sichuan \(cn-sichuan\).*South Carolina \(us-sc\)"):
        find_region("SC")
    assert find_region("SC", "USA").zone == "US-SC"


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("cn", "CHN"),
        ("cn-guangdong", "CN-GD"),
        ("cn-gd", "CN-GD"),
        ("us-tx", "US-TX"),
        ("us-ca", "US-CA"),
        ("us-rfcw", "US-RFCW"),
        ("广东", "CN-GD"),
        ("Texas", "US-TX"),
        ("ca", "CAN"),
        ("de", "DEU"),
    ],
)
def test_a_site_may_be_the_name_of_a_place(name: str, zone: str) -> None:
    place = find_place(name)
    assert place is not None
    assert place.zone == zone


def test_the_country_and_the_state_of_one_name_are_not_confused() -> None:
    with pytest.raises(ConfigError, match=r"Georgia \(ge\) or Georgia \(us-ga\)"):
        find_place("Georgia")
    assert find_country("Georgia").zone == "GEO"
    assert find_region("Georgia").zone == "US-GA"


def test_a_name_that_means_nothing_is_no_place() -> None:
    assert find_place("atlantis") is None
    assert find_place("cn-atlantis") is None
    assert find_place("-") is None


@pytest.mark.parametrize(
    ("find", "name", "offered"),
    [(find_country, "Frnace", "France"), (find_region, "Guangdnog", "Guangdong"), (find_region, "Texsa", "Texas")],
)
def test_an_unknown_name_is_refused_with_the_nearest(find: type, name: str, offered: str) -> None:
    with pytest.raises(ConfigError, match=f"Did you mean.*{offered}"):
        find(name)


def test_a_country_without_regions_says_to_leave_the_region_out() -> None:
    with pytest.raises(ConfigError, match="leave the region out"):
        find_region("Bavaria", "DEU")


def test_every_place_is_found_by_its_own_id() -> None:
    for place in all_places():
        assert find_place(place.id) == place


def test_every_place_has_a_country() -> None:
    nations = {place.zone for place in all_places() if place.level == "country"}
    assert {place.country for place in all_places()} == nations


def test_two_nations_publish_under_a_zone_of_their_own() -> None:
    assert (national_zone("CHN"), national_zone("USA"), national_zone("FRA")) == ("CN", "US", "FRA")


def test_nothing_is_offered_where_nothing_is_near() -> None:
    assert nearest("xyzzy", ["France", "Texas"]) == ""
