"""The daemon's page in a real browser: the snapshot's values, both languages, nothing from elsewhere, no complaint."""

import re
from collections.abc import Generator, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from dcfoot_probes.daemon.http.listen import Listen
from dcfoot_probes.daemon.words import StoreState, Wasted
from simulated.browser import Browser, Page
from simulated.near import near
from simulated.serving import Steady, Told, serving
from simulated.snapshots import HOST, PERSONAL, part_time, snapshot, with_wall

needs_browser = pytest.mark.peer("chromium")

VALUES = """(query => Object.fromEntries([...document.querySelectorAll(query)].map(
    ({ dataset: told, id }) => [told.device ?? told.unit ?? told.waste ?? id, Number(told.value)])))"""

CHART = "[...document.querySelectorAll('.u-legend .u-label')].map(label => label.textContent)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def told() -> Generator[Told]:
    with serving(snapshot(2, 9), reader=Steady) as running:
        yield running


def opened(browser: Browser, told: Told) -> Page:
    page = browser.open(f"{told.url}/")
    page.wait_for("document.querySelector('#rung-facility .value')")
    page.wait_for("document.querySelector('.u-legend .u-label')")
    return page


def script(name: str) -> str:
    return files("dcfoot_probes.daemon.http").joinpath("page", name).read_text(encoding="utf-8")


@needs_browser
def test_the_page_shows_what_the_snapshot_holds(browser: Browser, told: Told, tmp_path: Path) -> None:
    page = opened(browser, told)
    known = told.snapshot
    assert known.ladder
    rungs = page.value(f"{VALUES}('#rungs .value')")
    assert len(rungs) == 1  # they have no id of their own
    for rung, power in known.ladder.power_w.items():
        assert power
        card = page.value(f"document.getElementById('rung-{rung}').innerText")
        assert page.value(f"Number(document.querySelector('#rung-{rung} .value').dataset.value)") == power.value
        assert {"measured": "measured", "modelled": "modelled", "default": "typical value"}[power.basis] in card
    devices = page.value(f"{VALUES}('#devices tbody tr')")
    assert devices == {one.meter.channel.device: one.power_w for one in known.channels}
    units = page.value(f"{VALUES}('#units [data-unit]')")
    assert units == near({f"{one.unit.kind}/{one.unit.id}": one.power_w for one in known.units[:7]}, abs=1e-3)
    whole_j = sum(one.energy_j for one in known.channels)
    rest = page.value(f"{VALUES}('#units-idle, #units-unattributed, #units-others')")
    assert rest == near(
        {"units-idle": whole_j / 8, "units-unattributed": whole_j / 16, "units-others": whole_j * 13 / 72}
    )
    since = page.value(f"{VALUES}('#since tr')")
    assert since["carbon-location-direct"] == 512.0
    assert since["water-offsite"] == 2.5
    [now, earlier], [total] = known.waste.findings, [one for one in known.waste.totals if one.amount.energy_kwh]
    assert page.value(f"{VALUES}('#waste [data-waste]')") == {
        f"{one.kind}/{one.device}": one.amount.energy_kwh for one in (now, earlier)
    }
    assert page.value(f"{VALUES}('#waste-allocated_idle')") == {"waste-allocated_idle": total.amount.energy_kwh}
    waste = page.value("document.getElementById('waste').innerText")
    said = ("given, unused", "Slurm job 1000", "62.5 Wh", "32 g", "125 mL", "0.0156 EUR", "CO2, location, direct")
    assert [words for words in (*said, "counted since the start, 9 Oct 2025") if words not in waste] == []
    assert "No price is set" not in waste
    assert page.value("document.getElementById('waste').clientWidth") > 1000  # as wide as the page
    assert "Permission denied" in page.value("document.querySelector('[data-probe=acpi_power_meter]').innerText")
    assert page.value(CHART) == ["GPU", "processor", "memory"]
    assert page.value("document.title") == f"dcfoot · {HOST}"
    assert PERSONAL not in page.value("document.body.innerText")
    assert page.complaints == []
    assert [one for one in page.asked if not one.startswith((told.url, "data:"))] == []
    assert page.picture(tmp_path / "page.png").stat().st_size > 20_000


@needs_browser
def test_every_tick_moves_it(browser: Browser, told: Told) -> None:
    page = opened(browser, told)
    known = told.snapshot
    told.snapshot = replace(known, channels=[known.channels[0]._replace(power_w=None), *known.channels[1:]])
    told.tick()
    page.wait_for("document.querySelector('#devices [data-device=GPU-0000]').innerText.includes('not known')")
    told.snapshot = replace(told.snapshot, store=StoreState(said="no space left on the disk", lost_frames=3))
    told.tick()
    page.wait_for("document.getElementById('store').innerText.includes('no space left on the disk; 3 readings lost')")
    assert page.complaints == []


@needs_browser
def test_it_speaks_chinese_and_remembers_that(browser: Browser, told: Told) -> None:
    page = opened(browser, told)
    page.value("document.getElementById('language').click()")
    text = page.value("document.body.innerText")
    for said in ("加速器", "启动以来", "设备", "谁在使用", "实测", "模型估算", "未归属", "探针与存储"):
        assert said in text
    left = set(
        re.findall(r"[A-Za-z]{6,}", re.sub(r"Permission denied.*|[\w-]*(?:GPU|package|NVIDIA|Intel).*", "", text))
    )
    assert left <= {"dcfoot", "server", "English", "nvidia", "metrics", "openapi", "market"}
    assert page.value("document.documentElement.lang") == "zh-CN"
    again = opened(browser, told)
    assert again.value("document.getElementById('language').textContent") == "English"
    again.value("document.getElementById('language').click()")
    assert page.complaints + again.complaints == []


@needs_browser
def test_beside_a_meter_of_the_whole_node_no_joule_is_shown_twice(browser: Browser) -> None:
    known = snapshot(units=2)
    devices_j = sum(one.energy_j for one in known.channels)
    with serving(with_wall(known)) as told:
        page = opened(browser, told)
        rest = page.value(f"{VALUES}('#units-idle, #units-unattributed, #units-others')")
    # The wall sees as much again as the devices, of whose energy the units have 13/16.
    expected = {"units-idle": devices_j / 8, "units-unattributed": devices_j * (1 + 1 / 16), "units-others": 0.0}
    assert rest == near(expected, abs=devices_j * 1e-6)


@needs_browser
def test_a_browser_in_chinese_gets_chinese(browser: Browser, told: Told) -> None:
    page = opened(browser, told)
    page.value("localStorage.clear()")
    page.call("Emulation.setUserAgentOverride", userAgent="Chrome", acceptLanguage="zh-CN")
    page.call("Page.reload")
    page.wait_for("document.body && document.body.innerText.includes('加速器')")


@needs_browser
def test_a_daemon_that_is_gone_is_told_and_found_again(browser: Browser) -> None:
    with serving(snapshot()) as told:
        page = browser.open(f"{told.url}/")
        page.wait_for("document.querySelector('#rung-node .value')")
        port = told.port
    page.wait_for("document.getElementById('state').innerText.includes('no connection')")
    with serving(snapshot(), Listen("127.0.0.1", port)):
        page.wait_for("document.getElementById('state').innerText.includes('live')")


@needs_browser
def test_a_machine_without_ladder_and_store_is_shown_as_far_as_it_is_known(browser: Browser) -> None:
    with serving(replace(snapshot(units=0), ladder=None)) as told:
        page = opened(browser, told)
        assert page.value("document.getElementById('rung-node').innerText").endswith("not known")
        assert len(page.value(f"{VALUES}('#devices tbody tr')")) == 6
    assert [one for one in page.complaints if "503" not in one] == []  # of the past, which there is none


@needs_browser
def test_why_intervals_are_wide_is_said_where_a_sensor_looks_a_part_of_the_time(browser: Browser) -> None:
    for known, said in ((part_time(snapshot()), "looks 25 % of the time"), (snapshot(), "")):
        with serving(known) as told:
            text = opened(browser, told).value("document.getElementById('blind').innerText")
        assert said in text
        assert bool(text) == bool(said)


@needs_browser
def test_without_a_price_the_page_says_that_there_is_none(browser: Browser) -> None:
    known = snapshot()
    free = replace(known, waste=Wasted(rates=known.waste.rates._replace(cost=None, currency="")))
    with serving(free) as told:
        page = opened(browser, told)
        said = page.value("document.getElementById('waste').innerText")
        assert "none was found" in said
        assert "No price is set (electricity_price_per_kwh)" in said
        assert "EUR" not in said


@needs_browser
@pytest.mark.parametrize("width", [360, 1920])
def test_it_fits_a_telephone_and_a_wall(browser: Browser, told: Told, width: int) -> None:
    page = opened(browser, told)
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
    page.wait_for(f"document.documentElement.scrollWidth <= {width}")


CONTAINER = "8f3a" * 16

SEEN = """(cell => cell.getBoundingClientRect().right <= cell.closest('.wide').getBoundingClientRect().right)"""


@needs_browser
@pytest.mark.parametrize("width", [1130, 1000, 390])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_whatever_a_unit_is_called_its_share_is_seen(browser: Browser, tmp_path: Path, width: int, lang: str) -> None:
    known = snapshot(2, 6)
    names = [CONTAINER, "kubepods-burstable-pod3f2b-system-serviced-with-a-long-name.slice", *"1234"]
    units = [one._replace(unit=replace(one.unit, id=name)) for one, name in zip(known.units, names, strict=True)]
    [now, *earlier] = known.waste.findings
    waste = known.waste._replace(findings=[now._replace(units=(units[0].unit,)), *earlier])
    with serving(replace(known, units=units, waste=waste), reader=Steady) as told:
        page = opened(browser, told)
        page.value(f"localStorage.setItem('dcfoot-language', '{lang}')")
        page.call("Page.reload")
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        page.wait_for("document.querySelector('#units [data-unit]')")
        cells = "[...document.querySelectorAll('#units tbody tr td:last-child')]"
        assert page.value(f"{cells}.length") == len(units) + 3
        assert page.value(f"{cells}.every({SEEN})")
        bases = "[...document.querySelectorAll('#devices tbody tr td:last-child')]"
        assert width < 480 or page.value(f"{bases}.every({SEEN})")
        first = "document.querySelector('#units [data-unit] td span')"
        assert page.value(f"{first}.textContent") == CONTAINER[:12]
        assert page.value(f"{first}.title") == CONTAINER
        assert CONTAINER not in page.value("document.body.innerText")
        page.picture(tmp_path / f"page-{width}-{lang}.png", whole=True)
        page.value("localStorage.clear()")
    assert page.complaints == []


def words() -> dict[str, set[str]]:
    """What each language has."""
    found: dict[str, set[str]] = {}
    for lang, block in re.findall(r"^  (en|zh): \{\n(.*?)^  \},$", script("words.js"), re.MULTILINE | re.DOTALL):
        found[lang] = set(re.findall(r"(\w+): \"", block))
    return found


def test_every_word_is_known_in_both_languages() -> None:
    known = words()
    said: set[Any] = {*re.findall(r'say\("(\w+)"', script("page.js"))}
    said |= {*re.findall(r'data-(?:word|label)="(\w+)"', script("page.html"))}
    assert len(known["en"]) > 50
    assert known["en"] == known["zh"]
    assert said <= known["en"]


def test_the_page_names_nothing_that_is_elsewhere() -> None:
    for name in ("page.html", "page.css", "page.js", "words.js"):
        assert re.findall(r"(?:https?:)?//\w[\w.]+\.\w+", script(name)) == []


def test_the_chart_comes_with_its_licence() -> None:
    assert "MIT License" in script("uplot.LICENSE")
    assert "uPlot (v1.6.32)" in script("uplot.js")
