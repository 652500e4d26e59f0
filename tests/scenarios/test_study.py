"""Study files: what a key means, and that every fault is told at once with its file, line and key."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dcfoot.errors import DataMissing, StudyError
from dcfoot_scenarios.case import case_of
from dcfoot_scenarios.library import EXAMPLE, FOLDER, study_names, study_path
from dcfoot_scenarios.place import place_of
from dcfoot_scenarios.scenario import Scenario
from dcfoot_scenarios.schema import study_schema
from dcfoot_scenarios.study import Study
from dcfoot_scenarios.yaml_file import parse_yaml
from simulated.near import near

KEYS: dict[str, Any] = {
    "study": "north-or-south",
    "load": {"it_capacity_mw": 10},
    "baseline": {"site": "de_frankfurt", "cooling": "air_chiller", "supply": {"solar_mw": 5, "wind_mw": 2}},
    "variants": {"north": {"site": "se_lulea", "supply": {"solar_mw": 7}}, "bare": {"supply": None}},
}


def written(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> list[str]:
    """What is told of a file, without its name."""
    path = written(folder, text)
    with pytest.raises(StudyError) as told:
        Study.read(path)
    return [line.removeprefix(f"{path}:") for line in str(told.value).splitlines()]


def test_a_variant_is_the_baseline_with_its_own_keys_in_the_place_of_the_baselines() -> None:
    study = Study.of(KEYS)
    assert list(study.scenarios) == ["baseline", "north", "bare"]
    north, bare = study.scenarios["north"], study.scenarios["bare"]
    assert (north.site, north.cooling, north.load.it_capacity_mw) == ("se_lulea", "air_chiller", 10)
    assert (north.supply.solar_mw, north.supply.wind_mw) == (7, 2)
    assert (bare.supply.solar_mw, bare.supply.wind_mw) == (0, 0)


def test_every_fault_is_told_at_once_with_its_line_and_the_nearest_key(tmp_path: Path) -> None:
    faults = refused(
        tmp_path,
        "study: a study\n"
        "load: {it_capacty_mw: 30}\n"
        "baseline:\n"
        "  site: cn_shanghai\n"
        "  cooling: air_chiller\n"
        "  supply:\n"
        "    solar_mw: -3\n"
        "variants:\n"
        "  west:\n"
        "    site: nowhere\n"
        "    storage:\n"
        "      battery_mhw: 4\n",
    )
    told = {fault.partition(": ")[0] + ": " + fault.split(": ")[1] for fault in faults}
    assert told == {
        "1: study",
        "2: load.it_capacity_mw",
        "2: load.it_capacty_mw",
        "7: baseline.supply.solar_mw",
        "10: variants.west.site",
        "12: variants.west.storage.battery_mhw",
    }
    assert "Did you mean it_capacity_mw?" in "\n".join(faults)
    assert "Did you mean battery_mw" in "\n".join(faults)


def test_every_wrong_name_is_told_at_once_and_none_waits_for_a_year_to_be_computed(tmp_path: Path) -> None:
    faults = refused(
        tmp_path,
        "study: s\n"
        "load: {it_capacity_mw: 1, profile: trainning}\n"
        "money: {currency: RMB}\n"
        "optimise: {of: [base], minimise: beauty}\n"
        "baseline:\n"
        "  site: norway\n"
        "  cooling: air_chiller\n"
        "  facility: {air.suply_c: 20}\n"
        "  grid: {tariff: shanghai, time_zone: Beijing}\n"
        "  supply: {turbine: large}\n"
        "  servers: {product: dgx}\n"
        "  heat_reuse: {homes: 10, reference: coal}\n"
        "  operation: {curve: V100, setting: a, reference: b, host_w: 1}\n",
    )
    assert {fault.partition(": ")[0] + ": " + fault.split(": ")[1] for fault in faults} == {
        "2: load.profile",
        "3: money.currency",
        "4: optimise.of",
        "4: optimise.minimise",
        "6: baseline.site",
        "8: baseline.facility",
        "9: baseline.grid.tariff",
        "9: baseline.grid.time_zone",
        "10: baseline.supply.turbine",
        "11: baseline.servers.product",
        "12: baseline.heat_reuse.reference",
        "13: baseline.operation.curve",
    }
    told = "\n".join(faults)
    for offered in ("training?", "Write CNY", "no_oslo (Oslo)", "air.supply_c?", "'Asia/Shanghai'"):
        assert offered in told


def test_a_key_that_does_nothing_without_another_is_told(tmp_path: Path) -> None:
    text = (
        "study: s\nbaseline: {site: sg_singapore, cooling: dx}\n"
        "load: {it_capacity_mw: 1, deferrable_ratio: 0.3, curtailed_hours: 20}\n"
        "variants: {stored: {storage: {battery_mwh: 40}}}\n"
    )
    assert [": ".join(fault.split(": ")[:2]) for fault in refused(tmp_path, text)] == [
        "3: load.curtailed_hours",
        "3: load.deferrable_ratio",
        "4: variants.stored.storage.battery_mwh",
    ]
    assert "Add battery_mw: 10 would fill it in 4 hours" in "\n".join(refused(tmp_path, text))
    keys = {"study": "s", "load": {"it_capacity_mw": 1}, "baseline": {"site": "sg_singapore", "cooling": "dx"}}
    stored = keys | {"storage": {"battery_mwh": 40}}
    # A sweep or an optimum gives the other key, a part of the energy is a power; a battery of nothing needs none.
    by_rate = keys | {"storage": {"battery_mwh": 40, "c_rate_per_h": 0.25}}
    assert Study.of(by_rate).baseline.storage.power_mw == near(10.0)
    for alone in ({"c_rate_per_h": 0.25}, {"age_years": 8}):
        with pytest.raises(StudyError, match="Add battery_mwh"):
            Study.of(keys | {"storage": alone})
    assert Study.of(stored | {"sweep": {"over": {"storage.battery_mw": [1, 2]}}}).baseline.storage.battery_mwh == 40
    assert Study.of(stored | {"optimise": {"battery_mw": {}}}).baseline.storage.battery_mwh == 40
    assert Study.of(keys | {"storage": {"battery_mwh": 0}}).baseline.storage.battery_mwh == 0


def test_a_value_that_cannot_be_is_told_once_and_a_wrong_cooling_with_the_nearest(tmp_path: Path) -> None:
    text = (
        "study: x\nload: {it_capacity_mw: 10}\nbaseline: {site: de_frankfurt, cooling: air_chiler}\n"
        "variants:\n  a: {cooling: dx, storage: {battery_mwh: -3}}\n"
    )
    assert refused(tmp_path, text) == [
        "3: baseline.cooling: no cooling system is called 'air_chiler'. Did you mean air_chiller or water_chiller?",
        "5: variants.a.storage.battery_mwh: must be greater than or equal to 0, not -3",
    ]


@pytest.mark.parametrize("name", ["Shanghai", "上海", "cn-shanghai", "cn_shanghai"])
def test_a_city_that_is_a_province_too_has_the_climate_of_the_city(name: str) -> None:
    place = place_of(Study.of(KEYS | {"baseline": {"site": name}, "variants": {}}).baseline)
    assert (place.site.id, place.site.grid_zone) == ("cn_shanghai", "CN-SH")


@pytest.mark.parametrize(
    ("name", "id_"), [("Frankfurt", "de_frankfurt"), ("贵阳", "cn_guiyang"), ("Singapore", "sg_singapore")]
)
def test_a_city_is_a_site_by_its_name(name: str, id_: str) -> None:
    assert place_of(Study.of(KEYS | {"baseline": {"site": name}, "variants": {}}).baseline).site.id == id_


@pytest.mark.parametrize(("name", "offered"), [("cn-guizhou", "cn_guiyang"), ("DE", "de_frankfurt")])
def test_of_a_place_without_a_climate_those_inside_it_are_offered(name: str, offered: str) -> None:
    with pytest.raises(StudyError, match=rf"baseline\.site: .*{offered}.*climate: NAME.*weather: FILE"):
        Study.of(KEYS | {"baseline": {"site": name}, "variants": {}})
    assert Study.of(KEYS | {"baseline": {"site": name, "climate": "cn_guiyang"}, "variants": {}}).baseline.site == name


OWN_SITES = """\
[sites.lab]
country = "CN"
region = "广东"
climate = "Guangzhou"
cooling = "water_chiller"
size = "midsize"
"""


def test_a_site_of_ones_own_is_known_by_the_setting_or_by_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "sites.toml"
    own.write_text(OWN_SITES, encoding="utf-8")
    keys = KEYS | {"baseline": {"site": "lab"}, "variants": {"north": {"site": "se_lulea", "cooling": "dx"}}}
    with pytest.raises(StudyError, match="no site is called 'lab'"):
        Study.of(keys)
    named = Study.read(written(tmp_path, "study: s\nload: {it_capacity_mw: 1}\nsites_file: sites.toml\nsite: lab\n"))
    monkeypatch.setenv("DCFOOT_SITES_FILE", str(own))
    study = Study.of(keys)
    for scenario in (study.baseline, named.baseline, study.baseline.with_(warming_k=1)):
        case = case_of(scenario)
        assert (case.place.site.grid_zone, case.cooling, case.size) == ("CN-GD", "water_chiller", "midsize")
    assert study.scenarios["north"].sites_file is None
    # What the site is belongs to what the study means.
    own.write_text(OWN_SITES.replace("Guangzhou", "Shanghai"), encoding="utf-8")
    assert Study.of(keys).hash != study.hash
    assert place_of(Study.of(keys).baseline).site.climate == "cn_shanghai"
    with pytest.raises(StudyError, match="Did you mean lab"):
        Study.of(keys | {"baseline": {"site": "labb"}})


def test_a_fault_of_the_baseline_is_told_once_though_every_variant_has_it(tmp_path: Path) -> None:
    text = (
        "study: s\nload: {it_capacity_mw: 1}\nbaseline: {site: sg_singapore, cooling: ice}\nvariants: {a: {}, b: {}}\n"
    )
    assert [fault.split(": ")[1] for fault in refused(tmp_path, text)] == ["baseline.cooling"]


def test_norway_is_a_place_and_not_a_no(tmp_path: Path) -> None:
    # YAML 1.1 reads `no` as false, `12:30` as 750 and `1e3` as a text; YAML 1.2 (its core schema) does not.
    keys = parse_yaml("country: no\ntime: 12:30\nprice: 1e3\noctal: 010\n", tmp_path / "s.yaml").values
    assert keys == {"country": "no", "time": "12:30", "price": 1000.0, "octal": 10}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("study: a\nstudy: b\n", "stands twice"),
        ("study: [a\n", "no YAML"),
        (
            "study: s\nbaseline:\n  grid: {price_per_mwh: 1,200}\n",
            "3: price_per_mwh: 1,200 is two values here; write 1200",
        ),
        (
            "study: 2024-01-01\nload: {it_capacity_mw: 1, profile: 2024-01-01}\nbaseline: {site: sg_singapore}\n",
            "2: load.profile: no load profile is called '2024-01-01'",
        ),
        ("- study\n", "keys with values"),
        ("study: s\nbaseline: 3\n", "must be keys with values"),
        ("study: s\nload: {it_capacity_mw: .inf}\nbaseline: {site: sg}\n", "finite number"),
        ("study: s\nload: {it_capacity_mw: .nan}\nbaseline: {site: sg}\n", "finite number"),
        ("study: s\nload: {it_capacity_mw: 1, profile: gone.csv}\nbaseline: {site: sg}\n", "there is no file"),
        ("study: s\nload: {it_capacity_mw: 1}\nbaseline: {site: sg, climate: atlantis}\n", "No climate is known"),
        (
            "study: s\nload: {it_capacity_mw: 1}\nbaseline: {site: sg, grid: {price_per_mwh: 1, tariff: cn_beijing}}\n",
            "give one of them",
        ),
    ],
)
def test_what_is_no_study_is_refused(text: str, said: str, tmp_path: Path) -> None:
    assert said.lower() in "\n".join(refused(tmp_path, text)).lower()


def test_aliases_that_unfold_to_millions_of_values_are_refused_at_once(tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "unfold" in refused(tmp_path, "\n".join(levels))[0]


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="No such file"):
        Study.read(tmp_path / "gone.yaml")
    (tmp_path / "study.yaml").write_bytes(b"study: \xff\xfe")
    with pytest.raises(StudyError, match="UTF-8"):
        Study.read(tmp_path / "study.yaml")


def test_its_hash_is_of_its_meaning_and_not_of_its_writing(tmp_path: Path) -> None:
    one = written(tmp_path, "study: s\nload: {it_capacity_mw: 2}\nbaseline: {site: sg_singapore, cooling: dx}\n")
    first = Study.read(one).hash
    other = written(
        tmp_path, "# a comment\nbaseline:\n  cooling: dx\n  site: sg_singapore\nload: {it_capacity_mw: 2.0}\nstudy: s\n"
    )
    assert Study.read(other).hash == first
    changed = written(tmp_path, "study: s\nload: {it_capacity_mw: 3}\nbaseline: {site: sg_singapore, cooling: dx}\n")
    assert Study.read(changed).hash != first


def test_its_hash_is_of_what_stands_in_its_files_wherever_they_lie(tmp_path: Path) -> None:
    keys = (
        "study: s\nload: {it_capacity_mw: 2, profile: own.csv}\n"
        "baseline: {site: sg_singapore, cooling: dx, supply: {solar_file: sun}}\n"
    )

    def read(folder: str, load: str, sun: str) -> str:
        place = tmp_path / folder
        place.mkdir()
        (place / "own.csv").write_text(load)
        (place / "sun").write_text(sun)
        return Study.read(written(place, keys)).hash

    one = read("one", "load_mw\n1\n", "solar_per_unit\n0\n")
    assert read("other", "load_mw\n1\n", "solar_per_unit\n0\n") == one
    assert read("more", "load_mw\n2\n", "solar_per_unit\n0\n") != one
    assert read("sunny", "load_mw\n1\n", "solar_per_unit\n1\n") != one


def test_a_scenario_is_frozen_and_another_one_has_the_changes() -> None:
    scenario = Study.of(KEYS).baseline
    other = scenario.with_(storage={"battery_mwh": 8}, supply={"wind_mw": 0})
    assert (other.storage.battery_mwh, other.supply.solar_mw, other.supply.wind_mw) == (8, 5, 0)
    assert (scenario.storage.battery_mwh, scenario.supply.wind_mw) == (0, 2)
    with pytest.raises(ValueError, match="frozen"):
        scenario.site = "sg"


def test_the_schema_is_one_and_takes_every_shipped_study_and_refuses_a_wrong_key() -> None:
    schema = study_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    check: Any = jsonschema.Draft202012Validator(schema)
    for name in study_names():
        check.validate(parse_yaml(study_path(name).read_text(encoding="utf-8"), study_path(name)).values)
    assert check.is_valid(KEYS)
    assert not check.is_valid(KEYS | {"variants": {"north": {"sight": "se_lulea"}}})
    assert not check.is_valid(KEYS | {"load": {"it_capacity_mw": "ten"}})


def test_every_key_is_explained_and_every_number_says_its_unit() -> None:
    def told(properties: dict[str, Any]) -> list[str]:
        return [name for name, one in properties.items() if not (one.get("description") or "$ref" in one)]

    schema = Scenario.model_json_schema()
    assert told(schema["properties"]) == []
    assert [told(part["properties"]) for part in schema["$defs"].values() if told(part["properties"])] == []


def test_the_example_is_a_study_once_it_has_a_name(tmp_path: Path) -> None:
    text = (FOLDER / f"{EXAMPLE}.yaml").read_text(encoding="utf-8").replace("{name}", "mine")
    assert Study.read(written(tmp_path, text)).name == "mine"
