"""The page of a study: inputs by words, differences once, nothing from elsewhere, the same page for the same study."""

import re
from dataclasses import replace
from typing import get_args

import pytest

from dcfoot.cooling.catalogue import SYSTEMS
from dcfoot.cooling.parameters import Size
from dcfoot.evidence import Evidence
from dcfoot.facility_library import used_parameters
from dcfoot_scenarios.compare import Comparison, compare
from dcfoot_scenarios.document import document_of, evidence_of
from dcfoot_scenarios.evaluate import evaluate
from dcfoot_scenarios.evidence_words import evidence_called, evidence_source, evidence_value
from dcfoot_scenarios.input_words import input_called, site_called, value_called
from dcfoot_scenarios.library import find_study, study_names
from dcfoot_scenarios.page import render
from dcfoot_scenarios.page_payoff import worth
from dcfoot_scenarios.report_text import WIDTH, figure_lines, lines_of, payoff_lines
from dcfoot_scenarios.study import Study
from simulated.near import near

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    water = {"cooling": "waterside_economizer", "supply": {"solar_mw": 8}}
    keys: dict[str, object] = {
        "study": "hall",
        "title": "A <hall>",
        "uncertainty": {"draws": 30},
        "load": {"it_capacity_mw": 10},
        "baseline": {"site": "dk_copenhagen", "cooling": "air_chiller"},
        "variants": {"water": water},
    }
    return compare(Study.of(keys))


def test_every_number_of_every_cooling_system_has_words_in_both_languages() -> None:
    names = {name for system in SYSTEMS for size in get_args(Size) for name in used_parameters(system, size)}
    assert len(names) > 80
    assert [name for name in names if not CHINESE.search(input_called(name, "zh"))] == []
    assert [name for name in names if "_" in input_called(name, "en") or ": " not in input_called(name, "en")] == []


def test_inputs_of_an_outcome_have_words_and_no_two_the_same(comparison: Comparison) -> None:
    names = {name for outcome in comparison.outcomes.values() for name in outcome.inputs}
    for lang in ("en", "zh"):
        assert len({input_called(name, lang) for name in names}) == len(names)
    assert input_called("chiller.air.cop_ratio", "en") == "air-cooled chillers: rated COP"
    assert input_called("weather/dry_bulb_k", "zh") == "气象：气温"  # noqa: RUF001 - Chinese punctuation is meant
    assert input_called("grid.DNK, life_cycle CO2e, average", "en") == "grid factor: DNK, life-cycle CO2e"
    assert "全生命周期" in input_called("grid.DNK, life_cycle CO2e, average", "zh")
    assert input_called("price.dgx_h100", "en") == "price: NVIDIA DGX H100 server"
    assert input_called("something else", "en") == "something else"


@pytest.mark.parametrize("name", study_names())
def test_every_line_of_evidence_is_called_by_words_in_both_languages(name: str) -> None:
    lines = evidence_of(compare(find_study(name, 0)))
    assert len(lines) > 50
    assert [line.what for line in lines if not CHINESE.search(evidence_called(line, "zh"))] == []
    keys = re.compile(r"^[a-z_]+\.[a-z_.]+$|life_cycle")
    assert [line.what for line in lines if keys.search(evidence_called(line, "en"))] == []
    assert [line.unit for line in lines if evidence_value(line, "zh").endswith(("-", "ratio", " C"))] == []


def test_words_of_ours_are_translated_and_the_title_of_a_source_is_not() -> None:
    line = Evidence("price of battery energy (CHN)", 404, "CNY/kWh", 2025, "CENSA, 2025 mean", True, "a year", "facts")
    assert evidence_called(line, "zh") == "价格：电池容量 (CHN)"  # noqa: RUF001 - Chinese punctuation is meant
    assert evidence_source(line, "zh") == "CENSA, 2025 mean；每年；事实"  # noqa: RUF001
    assert evidence_source(line, "en") == "CENSA, 2025 mean; a year; facts"
    warm = Evidence("air.supply_c", 31.0, "C", 2022, "a choice: what is usual", verified=False)
    assert (evidence_called(warm, "en"), evidence_value(warm, "en")) == ("hall air: supply temperature", "31 °C")
    assert evidence_source(warm, "zh") == "自行选定：what is usual"  # noqa: RUF001


def test_a_plants_place_and_a_cooling_system_are_called_by_name() -> None:
    assert input_called("yield.solar, cn_zhongwei", "en") == "yield: solar plant, Zhongwei/Zhongning"
    assert "中卫" in input_called("yield.solar, cn_zhongwei", "zh")
    assert value_called("cooling", "dx", "zh") == "直膨式空调"
    assert (site_called("se_lulea", "zh"), site_called("my hall", "en")) == ("吕勒奥", "my hall")


def test_a_lever_is_called_as_the_page_calls_it(comparison: Comparison) -> None:
    levers = [lever for figure in comparison.telling for lever in comparison.levers("water", figure, 3)]
    assert levers
    for lang in ("en", "zh"):
        page = render(comparison, lang)
        assert [lever.name for lever in levers if f">{lever.called(lang)}</span>" not in page] == []


def test_a_figure_that_is_another_in_every_scenario_is_told_once(comparison: Comparison) -> None:
    # Without contracts, carbon by market is carbon by location.
    assert {"carbon_location_hourly_t", "carbon_market_hourly_t"} <= set(comparison.decisive)
    assert "carbon_market_hourly_t" not in comparison.telling
    assert "Carbon, market, by the hour: " not in render(comparison)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_page_is_whole_in_itself_and_the_same_each_time(comparison: Comparison, lang: str) -> None:
    page = render(comparison, lang)
    assert page == render(comparison, lang)
    assert "<h1>A &lt;hall&gt;</h1>" in page
    assert not re.search(r"<(?:script|link|iframe)|(?:src|href)=\"(?!#|data:)", page)
    assert "life_cycle" not in re.sub(r"title=\"[^\"]*\"|<details>.*", "", page, flags=re.DOTALL)


@pytest.fixture(scope="module")
def sized() -> Comparison:
    """Sizes that were sought, beside a variant that pays nothing back."""
    keys: dict[str, object] = {
        "study": "sized",
        "uncertainty": {"draws": 20},
        "load": {"it_capacity_mw": 10},
        "money": {"currency": "EUR", "rates": {"USD": 0.9}},
        "baseline": {"site": "dk_copenhagen", "cooling": "air_chiller", "grid": {"price_per_mwh": 90}},
        "variants": {"dear": {"other_capex": 1e7}},
        "optimise": {
            "wind_mw": {"most": 40},
            "cfe_contracted_ratio_min": 0.3,
            "front": "cfe_contracted_ratio_min",
            "front_values": [0.4],
        },
    }
    return compare(Study.of(keys))


def test_page_and_terminal_tell_what_a_decision_pays_for_and_the_sizes_that_were_found(sized: Comparison) -> None:
    found = sized.optimised
    assert found is not None
    wind = f"{found.sizing.sizes['wind_mw']:,.1f}"
    page, chinese, terminal = render(sized), render(sized, "zh"), "\n".join(lines_of(sized))
    assert f"wind, MW: {wind}" in terminal
    for whole, called, never in (
        (page, "wind, MW", "never within its life"),
        (chinese, "风电，MW", "使用期内无法收回"),  # noqa: RUF001
    ):
        assert re.search(rf"{called}.*>{wind}<", whole)
        invested = re.search(r'<table id="payoff">.*?</table>', whole, re.DOTALL)
        assert invested is not None
        assert ">10.00<" in invested[0]
        assert f">{never}<" in invested[0]
    assert "Does not pay: 10.00 M EUR more invested" in terminal
    assert document_of(sized)["optimised"]["sizes"] == dict(found.sizing.sizes)


def test_room_for_a_size_that_binds_is_called_as_the_size_is_and_a_plant_that_stands_is_no_limit() -> None:
    grid, supply = {"price_per_mwh": 900}, {"solar_mw": 5}
    keys: dict[str, object] = {
        "study": "bound",
        "uncertainty": {"draws": 0},
        "load": {"it_capacity_mw": 10},
        "money": {"currency": "EUR", "rates": {"USD": 0.9}},
        "baseline": {"site": "dk_copenhagen", "cooling": "air_chiller", "grid": grid, "supply": supply},
        "optimise": {"wind_mw": {"most": 5}, "minimise": "cost"},
    }
    found = compare(Study.of(keys))
    for lang, costs, called in (("en", "What a limit costs", "wind, MW"), ("zh", "影子价格", "风电，MW")):  # noqa: RUF001
        (line,) = [line for line in lines_of(found, lang) if costs in line]
        assert called in line


def test_whether_it_pays_is_as_certain_as_the_draws_are(sized: Comparison) -> None:
    # What 10 M EUR more buys nothing for, in every draw: the present value is what is spent.
    gain = sized.payoff("dear").money
    assert gain is not None
    assert worth(sized, "dear").value == near(gain.net_present_value)
    assert "Does not pay" in next(payoff_lines(sized, "dear"))
    lost = sized.outcomes["dear"].drawn["net_present_cost"] - sized.baseline.drawn["net_present_cost"]
    assert worth(sized, "dear").better_ratio == 0
    drawn = {**sized.outcomes["dear"].drawn, "net_present_cost": sized.baseline.drawn["net_present_cost"].copy()}
    drawn["net_present_cost"][::2] -= 1.0
    drawn["net_present_cost"][1::2] += lost[1::2]
    half = replace(sized, outcomes={**sized.outcomes, "dear": replace(sized.outcomes["dear"], drawn=drawn)})
    assert re.match(
        r"Undecided, pays in 50% of the draws.*net present value -[\d.]+ M EUR \(5 - 95 %: ",
        next(payoff_lines(half, "dear")),
    )


def test_a_note_says_whose_it_is_unless_it_is_everybodys(comparison: Comparison) -> None:
    limited = replace(
        comparison,
        outcomes={
            **comparison.outcomes,
            "limit": evaluate(comparison.baseline.scenario.with_(grid={"import_limit_mw": 5})),
        },
    )
    told = " ".join("\n".join(lines_of(limited)).split())
    assert "- limit: it breaks grid.import_limit_mw, 5 MW, in 8,760 hours" in told
    assert "limit beside the baseline No difference in energy, carbon, water on site or cost." in told
    assert "<strong>limit</strong>: it breaks" in render(limited)


def test_the_terminal_calls_inputs_by_their_words_and_tells_a_difference_once(comparison: Comparison) -> None:
    terminal = "\n".join(lines_of(comparison))
    hung = re.findall(r"hangs on ([^:]+: [^:]+):", terminal)
    assert len(hung) > 2
    assert [name for name in hung if "_" in name] == []
    assert "Carbon, market, by the hour: " not in terminal


def test_no_number_is_cut_however_many_scenarios_there_are(comparison: Comparison) -> None:
    many = {f"variant-{number}": comparison.baseline for number in range(12)}
    lines = list(figure_lines(replace(comparison, outcomes={**comparison.outcomes, **many})))
    assert max(map(len, lines)) <= WIDTH
    assert [line for line in lines if re.search(r"\d…", line)] == []
    energy = f"{comparison.baseline.figures['it_energy_mwh']:,.0f}"
    told = sum(line.count(energy) for line in lines if line.startswith("  IT energy"))
    tables = sum(line.startswith("  IT energy") for line in lines)
    assert tables > 1
    assert told == 14 + (tables - 1)  # the baseline is beside all of them
