"""A user's own sites in TOML: what is stated is taken, what is left out is the country's, faults come all at once."""

from pathlib import Path

import pytest

from dcfoot.errors import ConfigError
from dcfoot.evidence import Fact
from dcfoot.grid import Boundary, Method
from dcfoot.reading import Basis
from dcfoot.site import Site, resolve_site
from dcfoot.site_file import read_sites
from simulated.near import near

WHOLE = """\
# Our sites.
[sites.lab]
name = "Our machine room"
region = "广东"
pue = {value = 1.25, p5 = 1.2, p95 = 1.35}
wue_l_per_kwh = 0.4
ewif_l_per_kwh = 3.1
lifetime_years = 5
source = "metering report 2025"
year = 2025

[[sites.lab.factors]]
boundary = "direct"
gas = "CO2"
method = "residual"
g_per_kwh = 310
year = 2025
source = "supplier's disclosure"

[sites.plain]
country = "FR"
"""


def read(tmp_path: Path, text: str) -> dict[str, Site]:
    path = tmp_path / "sites.toml"
    path.write_text(text, encoding="utf-8")
    return read_sites(path)


def faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, text)
    return [line.removeprefix(f"{tmp_path / 'sites.toml'}:") for line in str(raised.value).splitlines()]


def known(fact: Fact | None) -> Fact:
    assert fact is not None
    return fact


def test_what_the_user_states_is_taken_with_its_interval_and_called_unverified(tmp_path: Path) -> None:
    lab = read(tmp_path, WHOLE)["lab"]
    pue = known(lab.pue)
    assert (lab.id, lab.name, lab.country, lab.chosen) == ("lab", "Our machine room", "CHN", True)
    assert (pue.spread.p5, pue.spread.central, pue.spread.p95, pue.basis) == (1.2, 1.25, 1.35, Basis.MODELLED)
    assert (pue.evidence.what, pue.evidence.source, pue.evidence.year) == ("PUE (lab)", "metering report 2025", 2025)
    assert not pue.evidence.verified
    stated = (lab.wue_l_per_kwh, lab.ewif_l_per_kwh, lab.lifetime_years)
    assert [known(fact).spread.central for fact in stated] == near([0.4, 3.1, 5.0])


def test_a_number_alone_is_taken_as_exact(tmp_path: Path) -> None:
    wue = known(read(tmp_path, WHOLE)["lab"].wue_l_per_kwh).spread
    assert wue.p5 == wue.central == wue.p95 == 0.4


def test_factors_of_the_users_own_replace_the_countrys(tmp_path: Path) -> None:
    lab = read(tmp_path, WHOLE)["lab"]
    (factor,) = lab.factors
    assert (factor.boundary, factor.gas, factor.method) == (Boundary.DIRECT, "CO2", Method.RESIDUAL)
    assert (factor.g_per_kwh.central, factor.source, factor.verified) == (310.0, "supplier's disclosure", False)
    assert lab.grid_zone == factor.zone == "lab"


def test_what_is_left_out_comes_from_the_country(tmp_path: Path) -> None:
    plain, france = read(tmp_path, WHOLE)["plain"], resolve_site(country="FR")
    assert (plain.pue, plain.wue_l_per_kwh, plain.ewif_l_per_kwh) == (
        france.pue,
        france.wue_l_per_kwh,
        france.ewif_l_per_kwh,
    )
    assert (plain.factors, plain.grid_zone, plain.lifetime_years) == (france.factors, "FRA", None)
    assert plain.name == "plain"


def test_all_faults_are_told_at_once_each_with_line_and_key(tmp_path: Path) -> None:
    text = """\
[sites.lab]
cuontry = "FR"
pue = 0.9
wue_l_per_kwh = "much"

[sites.other]
country = "Frnace"
pue = {value = 1.2, p5 = 1.3, p95 = 1.4}
ewif_l_per_kwh = true
lifetime_years = nan

[[sites.other.factors]]
boundary = "dirct"
gas = "CO2"
method = "average"
g_per_kwh = -5
"""
    told = faults(tmp_path, text)
    assert [line.partition(": ")[0] for line in told] == ["2", "3", "4", "7", "8", "9", "10", "12", "13", "16"]
    assert "sites.lab.cuontry: unknown key. Did you mean country?" in told[0]
    assert "sites.lab.pue: must be at least 1" in told[1]
    assert "sites.lab.wue_l_per_kwh: must be a number" in told[2]
    assert "Did you mean France" in told[3]
    assert "p5 <= value <= p95" in told[4]
    assert "sites.other.factors.year: must be a year" in told[7]
    assert "must be one of direct, life_cycle" in told[8]
    assert "Did you mean direct?" in told[8]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[sites.lab\n", "sites.toml:1: this is not TOML"),
        ("pue = 1.2\n", "there is no table [sites.NAME]"),
        ("[sites.lab]\nfactors = 3\n", "must be a list of tables"),
        ("[sites.lab]\npue = {value = 1.2, p50 = 1.1}\n", "must be a number or {value, p5, p95}"),
    ],
)
def test_a_file_of_another_form_is_refused_and_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "sites.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        read_sites(path)
    assert str(path) in str(raised.value)
    assert said in str(raised.value)


def test_a_file_that_is_not_there_is_refused_and_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: the file of sites cannot be read"):
        read_sites(tmp_path / "nowhere.toml")


# Where it lies, and how it is cooled.


@pytest.mark.parametrize("where", ['climate = "贵阳"', "latitude_deg = 26.6\nlongitude_deg = 106.7"])
def test_a_site_takes_the_climate_that_it_names_or_that_is_near(tmp_path: Path, where: str) -> None:
    assert read(tmp_path, f"[sites.lab]\n{where}\n")["lab"].climate == "cn_guiyang"


def test_far_from_every_climate_none_is_known(tmp_path: Path) -> None:
    assert read(tmp_path, "[sites.lab]\nlatitude_deg = 0\nlongitude_deg = -150\n")["lab"].climate is None


def test_climate_and_cooling_give_the_figures_that_are_left_out(tmp_path: Path) -> None:
    text = '[sites.lab]\nclimate = "Guiyang"\ncooling = "dx"\n'
    large, small = (read(tmp_path, f"{text}{size}")["lab"] for size in ("", 'size = "small"\n'))
    assert known(large.pue).basis is Basis.MODELLED
    # Room units without an economizer: Lei and Masanet's case 10 has 1.8 to 2.5.
    assert 1.3 < known(large.pue).spread.central < known(small.pue).spread.central < 2.5
    assert (large.cooling, large.size, small.size) == ("dx", "large", "small")
    assert "Guiyang" in known(large.pue).evidence.source


def test_a_known_load_moves_the_models_figures_and_leaves_a_stated_one(tmp_path: Path) -> None:
    text = '[sites.lab]\nclimate = "Guiyang"\ncooling = "water_chiller"\nwue_l_per_kwh = 0.4\n'
    loads = ("", "it_load_ratio = 0.25\n", "it_load_ratio = 0.5\n", "it_load_ratio = 1\n")
    usual, quarter, half, full = (read(tmp_path, f"{text}{load}")["lab"] for load in loads)
    # Fixed losses weigh most in an empty hall; pumps and fans grow faster than the load of a full one.
    assert known(half.pue).spread.central < known(quarter.pue).spread.central
    assert known(half.pue).spread.central < known(usual.pue).spread.central < known(full.pue).spread.central
    assert known(quarter.pue).evidence.note == "a typical year, at a load of 25 %"
    assert known(quarter.wue_l_per_kwh) == known(usual.wue_l_per_kwh)


def test_a_load_beyond_what_the_model_knows_is_refused_with_its_line(tmp_path: Path) -> None:
    (told,) = faults(tmp_path, "[sites.lab]\nit_load_ratio = 45\n")
    assert told == "2: sites.lab.it_load_ratio: must be a number from 0.25 to 1, not 45"


def test_a_stated_pue_goes_before_the_models(tmp_path: Path) -> None:
    lab = read(tmp_path, '[sites.lab]\nclimate = "Guiyang"\ncooling = "dx"\npue = 1.31\n')["lab"]
    assert known(lab.pue).spread.central == 1.31
    assert known(lab.wue_l_per_kwh).evidence.what == "WUE (dx, large, cn_guiyang)"


def test_faults_of_place_and_cooling_are_told_with_their_lines(tmp_path: Path) -> None:
    text = '[sites.a]\nclimate = "Guiyan"\ncooling = "magic"\nsize = "huge"\n[sites.b]\nlatitude_deg = 91\n'
    told = faults(tmp_path, f"{text}[sites.c]\nlongitude_deg = 5\n")
    assert [line.split(": ")[0] for line in told] == ["2", "3", "4", "6", "7"]
    assert "cn_guiyang" in told[0]
    assert "direct_liquid" in told[1]
    assert "midsize" in told[2]
    assert "from -90 to 90" in told[3]
    assert "go together" in told[4]
