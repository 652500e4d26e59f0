"""The terminal's receipt: aligned, within its width, honest, complete in both languages."""

# ruff: noqa: RUF001 - Chinese punctuation and typographic signs are what is tested.

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcfoot.assessment import assess
from dcfoot.footprint import Footprint
from dcfoot.measurement import Machine, Measurement
from dcfoot.receipt.advice import next_step
from dcfoot.receipt.build import receipt
from dcfoot.receipt.contract import PhaseJson, ReceiptJson
from dcfoot.receipt.layout import display_width
from dcfoot.receipt.sentences import said_in
from dcfoot.receipt.text import encodable, render
from dcfoot.receipt.view import duration
from dcfoot.receipt.words import CHINESE, ENGLISH, words
from dcfoot.site import Site, resolve_site
from simulated.footprints import FOOTPRINTS, SITES
from simulated.measurements import MEASUREMENTS, measurement
from simulated.near import near
from simulated.receipts import ALL, cpu_only, gpu_node, interrupted, merged, nothing_readable

SAMPLES = pytest.mark.parametrize("make", ALL.values(), ids=ALL.keys())
LANGS = pytest.mark.parametrize("lang", ["en", "zh"])
Make = Callable[[], ReceiptJson]


def rows(text: str, title: str) -> list[str]:
    """The lines below a title, up to the next empty one."""
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(title))
    return lines[at + 1 : next((i for i in range(at, len(lines)) if not lines[i]), len(lines))]


def column_of(line: str, word: str) -> int:
    """Where on the terminal a word begins, and -1 where the line has none."""
    return display_width(line[: line.index(word)]) if word in line else -1


@SAMPLES
@LANGS
@pytest.mark.parametrize("width", [60, 72, 80, 100, 110])
def test_no_line_is_wider_than_the_terminal(make: Make, lang: str, width: int) -> None:
    wide = [line for line in render(make(), width=width, lang=lang).splitlines() if display_width(line) > width]
    assert wide == []


@SAMPLES
@LANGS
def test_no_line_ends_in_blanks(make: Make, lang: str) -> None:
    assert [line for line in render(make(), width=80, lang=lang).splitlines() if line != line.rstrip()] == []


@settings(max_examples=40)
@given(MEASUREMENTS, FOOTPRINTS, SITES, st.sampled_from(["en", "zh"]), st.integers(60, 110))
def test_any_receipt_can_be_printed_within_any_width_and_cannot_steer_the_terminal(
    measured: Measurement, footprint: Footprint, site: Site, lang: str, width: int
) -> None:
    text = render(receipt(measured, footprint, site), width=width, lang=lang)
    assert all(display_width(line) <= width for line in text.splitlines())
    assert "\x1b" not in text
    assert "\r" not in text


@SAMPLES
@LANGS
def test_the_bases_of_all_figures_stand_in_one_column(make: Make, lang: str) -> None:
    said = words(lang)
    text = render(make(), width=80, lang=lang)
    begins: set[int] = set()
    for title in (said.energy, said.carbon, said.water_and_more):
        if any(line.startswith(title) for line in text.splitlines()):
            for line in rows(text, title):
                # The basis is the last word of a figure's line, but for the bar.
                found = re.search(rf"  ({'|'.join((*said.bases.values(), said.not_known))})(  [█▒]+)?$", line)
                if found and re.search(r"\d|" + said.not_known, line):
                    begins.add(display_width(line[: found.start(1)]))
    assert len(begins) == 1


@SAMPLES
@LANGS
def test_the_columns_of_the_meters_are_aligned(make: Make, lang: str) -> None:
    said = words(lang)
    lines = rows(render(make(), width=100, lang=lang), said.meters)
    bases = [column_of(line, word) for line in lines for word in said.bases.values() if f"  {word}" in line]
    percents = [column_of(line, " %") for line in lines if " %" in line]
    assert len(set(bases)) <= 1
    assert len(set(percents)) <= 1


@SAMPLES
@LANGS
def test_no_figure_is_printed_without_its_basis(make: Make, lang: str) -> None:
    said = words(lang)
    text = render(make(), width=80, lang=lang)
    bases = "|".join(said.bases.values())
    units = r"\d\s(?:µWh|mWh|Wh|kWh|MWh|GWh|µg|mg|g|kg|t|µL|mL|L|m³)\b"
    sources = set(rows(text, said.sources))
    for line in text.splitlines():
        if line not in sources and re.search(units, line):
            assert re.search(bases, line), line


@LANGS
def test_a_rung_that_is_not_known_says_so_and_shows_no_number(lang: str) -> None:
    said = words(lang)
    ladder = rows(render(nothing_readable(), width=80, lang=lang), said.energy)[1:]
    assert len(ladder) == 4
    assert all(line.endswith(said.not_known) and not re.search(r"\d", line) for line in ladder)


@LANGS
def test_the_world_average_is_said_loudly_before_any_figure(lang: str) -> None:
    said = words(lang)
    text = render(cpu_only(), width=110, lang=lang)
    assert text.index(said.no_site) < text.index(said.energy)
    assert "!! " + said.no_site in text
    assert said.no_site not in render(gpu_node(), width=110, lang=lang)


def test_the_models_own_warning_about_the_site_is_not_repeated() -> None:
    site = resolve_site()
    measured = measurement()
    made = receipt(measured, assess(measured, site), site)
    assert any("WORLD AVERAGES" in warning for warning in made["warnings"])
    text = render(made, width=80)
    assert text.count("WORLD AVERAGE") == 1


def test_the_value_of_a_rung_is_its_energy_in_the_unit_that_fits() -> None:
    # 5.07 kWh with an interval of 0.97 to 1.04 of it: 4.9179 to 5.2728 kWh.
    (first, *_), text = gpu_node()["ladder"], render(gpu_node(), width=80)
    assert first["energy_kwh"] == near(5.07)
    assert re.search(r"accelerator +5\.07 kWh +4\.91 – 5\.28 +measured", text)


def test_direct_and_life_cycle_carbon_are_apart_and_never_added() -> None:
    text = render(gpu_node(), width=80)
    carbon = rows(text, "Carbon")
    assert [line.split()[:2] for line in carbon[:2]] == [["CO2", "direct,"], ["CO2e", "life"]]
    assert "never add" in carbon[2]
    only_one = gpu_node()
    del only_one["footprint"]["carbon"][0]
    assert "never add" not in render(only_one, width=80)


def test_methods_that_differ_are_named_at_each_figure() -> None:
    made = gpu_node()
    made["footprint"]["carbon"][1]["method"] = "market"
    carbon = rows(render(made, width=100), "Carbon")
    assert "CO2 direct, location, 2023" in carbon[0]
    assert "CO2e life cycle, market, 2024" in carbon[1]


def test_zones_that_differ_are_named_at_each_figure() -> None:
    made = gpu_node()
    assert "CN" not in "".join(rows(render(made, width=80), "Carbon"))
    made["footprint"]["carbon"][0]["zone"] = "CN-GD"
    carbon = rows(render(made, width=80), "Carbon")
    assert "CO2 direct, CN-GD, 2023" in carbon[0]
    assert "CO2e life cycle, CN, 2024" in carbon[1]


def test_many_alike_meters_are_one_line_that_adds_them_up_and_has_the_worst_coverage() -> None:
    # 0.60 + 0.61 + ... + 0.67 kWh = 5.08 kWh in an hour; one GPU was known for 41.2 % of it.
    line = next(line for line in render(interrupted(), width=100).splitlines() if "8 × GPU" in line)
    assert "NVIDIA H100 80GB HBM3" in line
    assert "5,080 Wh" in line
    assert "5.08 kW " in line
    assert "41 %" in line


def test_a_models_number_is_no_devices_number() -> None:
    made = merged()
    for channel in made["channels"]:
        channel["name"] = "NVIDIA GeForce RTX 4090"
    assert "128 × GPU NVIDIA GeForce RTX 4090" in render(made, width=110)


def test_sources_are_named_with_year_and_unverified_ones_are_marked() -> None:
    text = render(gpu_node(), width=110)
    assert "PUE 1.56 (2024): Uptime Institute" in text
    assert "EWIF 1.8 L/kWh (2012) [unverified]: Macknick" in text
    assert "EU household 3,525 kWh/year (2024): Eurostat" in text


def test_dcfoots_own_cost_is_on_the_receipt() -> None:
    text = render(gpu_node(), width=80)
    assert "dcfoot itself: 0.412 s of CPU time (measured), 17.4 MB of memory" in text


@pytest.mark.parametrize(
    ("make", "step"),
    [
        (nothing_readable, "no_meter"),
        (cpu_only, "no_site"),
        (interrupted, "gaps"),
        (gpu_node, "node"),
    ],
)
def test_one_sentence_says_what_to_do_next(make: Make, step: str) -> None:
    made = make()
    assert next_step(made) == step
    text = " ".join(render(made, width=110).split())
    assert ENGLISH.next_steps[step].format(run=made["run"]["id"]) in text


def test_a_modelled_meter_at_a_named_site_leads_to_the_doctor() -> None:
    made = cpu_only()
    made["site"]["chosen"] = True
    assert next_step(made) == "modelled"


@SAMPLES
@LANGS
def test_colour_adds_nothing_but_colour(make: Make, lang: str) -> None:
    coloured = render(make(), width=80, lang=lang, colour=True)
    assert "\x1b[" in coloured
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in plain.splitlines()] == [
        line.rstrip() for line in render(make(), width=80, lang=lang).splitlines()
    ]


@pytest.mark.parametrize(
    ("lang", "title", "of", "scale"),
    [
        ("en", "Power by time", "this run's share, GPU (measured), CPU (measured)", "a full bar is 5.90 kW, a column"),
        ("zh", "功率随时间的变化", "本次运行的份额，GPU（实测），CPU（实测）", "满格为 5.90 kW，每列"),
    ],
)
def test_power_by_time_is_drawn_with_its_scale(lang: str, title: str, of: str, scale: str) -> None:
    text = render(gpu_node(), width=110, lang=lang)
    bars, legend = rows(text, title)
    assert of in text
    assert bars == f"   ▂{'█' * 19}▃{'█' * 6}"
    assert legend.strip().startswith(scale)
    assert words(lang).power_gap in legend


def test_a_receipt_without_power_by_time_draws_none() -> None:
    assert "Power by time" not in render(cpu_only(), width=80)


def test_bars_have_a_stand_in_where_a_terminal_lacks_them() -> None:
    assert f"   :{'#' * 19}-{'#' * 6}\n" in encodable(render(gpu_node(), width=80), "ascii")


def test_a_terminal_without_these_signs_gets_ascii_of_the_same_width() -> None:
    text = render(gpu_node(), width=80)
    plain = encodable(text, "ascii")
    assert plain.isascii()
    assert [len(line) for line in plain.splitlines()] == [len(line) for line in text.splitlines()]
    assert encodable(text, "utf-8") == text


@SAMPLES
def test_the_chinese_receipt_says_every_label_in_chinese(make: Make) -> None:
    text = render(make(), width=110, lang="zh")
    sources = set(rows(text, CHINESE.sources))
    english = [value for value in ENGLISH._asdict().values() if isinstance(value, str) and value.isalpha()]
    allowed = {"en", "PUE"}
    for line in set(text.splitlines()) - sources:
        assert not [word for word in english if word not in allowed and re.search(rf"\b{word}\b", line)], line


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"{\w*}", text))


def test_both_languages_have_a_word_for_the_same_things() -> None:
    for english, chinese in zip(ENGLISH, CHINESE, strict=True):
        assert type(english) is type(chinese)
        if isinstance(english, dict) and isinstance(chinese, dict):
            assert list(english) == list(chinese)
        if isinstance(english, str) and isinstance(chinese, str):
            assert placeholders(english) == placeholders(chinese)


@pytest.mark.parametrize(
    "measured",
    [
        measurement(),
        replace(measurement(), channels=()),
        replace(measurement(), machine=Machine(accelerators=("NVIDIA H100",) * 4)),
        replace(measurement(), machine=Machine(virtual=True, accelerators_known=False)),
    ],
    ids=["gpu", "nothing", "gpus", "virtual"],
)
def test_what_the_model_warns_of_and_notes_is_said_in_chinese(measured: Measurement) -> None:
    footprint = assess(measured, resolve_site(country="fr"))
    sentences = [*footprint.warnings, *(rung.note for rung in footprint.rungs if rung.note)]
    assert sentences
    assert [sentence for sentence in sentences if not re.search("[一-龥]", said_in(sentence, "zh"))] == []


def test_a_sentence_that_is_not_known_stays_as_it_is() -> None:
    assert said_in("GPU 0 fell off the bus", "zh") == "GPU 0 fell off the bus"


@pytest.mark.parametrize("asked", ["zh", "zh_CN.UTF-8", "zh-Hans", "ZH"])
def test_regional_forms_of_chinese_are_chinese(asked: str) -> None:
    assert words(asked) is CHINESE


@pytest.mark.parametrize("asked", ["en", "", "C", "fr"])
def test_every_other_language_is_english(asked: str) -> None:
    assert words(asked) is ENGLISH


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.51, "0.510 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (93.0, "1 min 33 s"),
        (3599.7, "1 h 00 min 00 s"),
        (3734.0, "1 h 02 min 14 s"),
        (93_784.0, "1 d 02 h 03 min"),
    ],
)
def test_durations_read_naturally(seconds: float, text: str) -> None:
    assert duration(seconds, ENGLISH) == text


def test_a_job_that_a_signal_ended_says_which() -> None:
    made = gpu_node()
    made["run"]["exit_status"] = 137
    assert "ended by signal 9" in render(made, width=110)


def test_a_part_of_another_run_says_that_the_two_are_not_added() -> None:
    made = gpu_node()
    made["run"]["part_of"] = "20261124T081400-aaaaaa"
    assert "Measured inside run 20261124T081400-aaaaaa: do not add the two." in render(made, width=110)


def test_a_phase_that_came_a_thousand_times_is_one_line_that_adds_them_up() -> None:
    made = gpu_node()
    steps = [
        PhaseJson(path="step", start_s=3.0 * n, end_s=3.0 * n + 2.0, energy_j={"gpu": 7_200.0}) for n in range(1_000)
    ]
    made["phases"] = [*made["phases"], *steps]
    lines = rows(render(made, width=110), "Phases")
    # 1,000 x 2 s; 1,000 x 7,200 J = 2 kWh.
    assert len(lines) == 3
    assert lines[2].strip().startswith("step × 1,000: 33 min 20 s, GPU 2,000 Wh (measured)")
