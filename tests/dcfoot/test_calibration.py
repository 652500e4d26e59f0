"""A line from chips to the wall: fitted right, as wide as its points deserve, refused where it cannot be, kept."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.account import receipt_of
from dcfoot.calibration import (
    FILE_NAME,
    RESOLUTION_W,
    Calibration,
    Point,
    fit,
    load_calibration,
    meters_of,
    remove_calibration,
    save_calibration,
    student_factor,
)
from dcfoot.config import Settings
from dcfoot.draws import Draws
from dcfoot.errors import ConfigError
from dcfoot.quantity import Quantity
from dcfoot.reading import Basis, Domain
from dcfoot.site import resolve_site
from simulated.machines import an_hour, metered
from simulated.near import near


def line_of(*points: tuple[float, float], wall_error_ratio: float = 0.0, host: str = "node1") -> Calibration:
    return fit(
        [Point(*point) for point in points],
        host=host,
        meters=("dram (measured)", "package (measured)"),
        source="a plug meter",
        fitted_at="2026-11-24T08:00:00+00:00",
        wall_error_ratio=wall_error_ratio,
    )


EXACT = ((50.0, 100.0), (150.0, 220.0), (250.0, 340.0))
"""40 W beside the chips and 1.2 W a watt, without any scatter."""

ANSCOMBE = (
    (100, 80.4),
    (80, 69.5),
    (130, 75.8),
    (90, 88.1),
    (110, 83.3),
    (140, 99.6),
    (60, 72.4),
    (40, 42.6),
    (120, 108.4),
    (70, 48.2),
    (50, 56.8),
)
"""Anscombe 1973, The American Statistician 27, first set, times ten: a line of which every text gives the figures."""


def test_points_on_a_line_give_the_line() -> None:
    line = line_of(*EXACT)
    assert (line.slope, line.overhead_w) == near((1.2, 40.0))
    assert line.wall_w(100.0) == near(160.0)


def test_the_line_and_its_errors_are_the_published_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    # y = 3.00 + 0.500 x; standard errors 1.125 and 0.118; residual 1.237 (all but the slope times ten here).
    monkeypatch.setattr("dcfoot.calibration.SLOPE_RANGE", (0.0, 2.0))
    line = line_of(*ANSCOMBE)
    assert line.overhead_w == near(30.0, abs=0.1)
    assert line.slope == near(0.500, abs=0.001)
    assert line.slope_error == near(0.118, abs=0.001)
    assert line.residual_w == near(12.37, abs=0.01)
    foot_w = line.wall_reach_w(0.0) / line.reach_ratio
    assert foot_w == near(11.25, abs=0.01)


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    # Student's t, one-sided 95 %: Abramowitz and Stegun 1964, table 26.10.
    [(1, 6.314), (2, 2.920), (3, 2.353), (4, 2.132), (5, 2.015), (10, 1.812), (30, 1.697), (10_000, 1.645)],
)
def test_few_points_widen_the_interval_as_students_distribution_says(freedom: int, quantile: float) -> None:
    assert 1.6448536 * student_factor(freedom) == near(quantile, rel=0.003)


@given(st.floats(0.0, 500.0), st.floats(1.0, 1.7), st.lists(st.floats(0.0, 1000.0), min_size=3, max_size=9))
def test_any_physical_line_is_found_again(overhead: float, slope: float, chips: list[float]) -> None:
    points = [(x, overhead + slope * x) for x in (0.0, 1000.0, *chips)]
    line = line_of(*points)
    assert (line.slope, line.overhead_w) == near((slope, overhead), abs=1e-6)


def test_the_order_of_the_points_does_not_matter() -> None:
    assert line_of(*EXACT).slope == near(line_of(*reversed(EXACT)).slope)


def test_the_interval_has_the_meters_own_error_though_every_point_lies_on_the_line() -> None:
    chips = [200.0] * 300
    walls = line_of(*EXACT, *EXACT, *EXACT, wall_error_ratio=0.02).draws_w(chips, Draws("seed"))
    quantity = Quantity.from_draws(280.0, walls, Basis.MODELLED)
    assert (quantity.p5, quantity.p95) == near((280 * 0.98, 280 * 1.02), abs=0.3)


def test_no_fit_is_better_than_the_meter_shows() -> None:
    assert line_of(*EXACT).residual_w == near(RESOLUTION_W / math.sqrt(12))


def test_the_wall_is_never_drawn_below_the_chips() -> None:
    line = line_of((50.0, 52.0), (150.0, 156.0), (250.0, 261.0))
    assert min(w - 500.0 for w in line.draws_w([500.0] * 300, Draws("seed"))) >= 0.0


def test_the_interval_of_a_line_reaches_its_true_value_nine_times_in_ten() -> None:
    # 200 calibrations of a machine of 40 W + 1.2 x, from five points with a scatter of 3 W; the truth at 180 W.
    draws = Draws("scatter", 200)
    hits = 0
    for number in range(200):
        noise = [3.0 * draws.normal(f"point {k}")[number] for k in range(5)]
        line = line_of(*((x, 40 + 1.2 * x + e) for x, e in zip((40.0, 90.0, 140.0, 190.0, 240.0), noise, strict=True)))
        hits += abs(line.wall_w(180.0) - (40 + 1.2 * 180)) <= line.wall_reach_w(180.0)
    # 90 % of 200 is 180, give or take two standard deviations of 4.2.
    assert 171 <= hits <= 189


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (EXACT[:2], "2 points are too few"),
        (((200.0, 300.0), (205.0, 306.0), (210.0, 312.0)), "varies by 10 W only"),
        (((50.0, 100.0), (150.0, 160.0), (250.0, 220.0)), "rises by 0.60 W"),
        (((50.0, 100.0), (150.0, 320.0), (250.0, 540.0)), "rises by 2.20 W"),
        (((50.0, 20.0), (150.0, 140.0), (250.0, 260.0)), "these are not one machine's"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_what_to_do(points: tuple[tuple[float, float], ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        line_of(*points)


def test_the_meters_are_named_by_what_they_see_and_how() -> None:
    chips = (
        metered(Domain.GPU, 1.0),
        metered(Domain.GPU, 1.0, device="1"),
        metered(Domain.DRAM, 1.0, basis=Basis.MODELLED),
    )
    assert meters_of(chips) == ("dram (modelled)", "gpu (measured)")


def test_its_evidence_names_the_meter_and_how_well_it_fitted() -> None:
    overhead, slope = line_of(*EXACT, wall_error_ratio=0.02).evidence()
    assert (overhead.value, slope.value, overhead.year) == (near(40.0), near(1.2), 2026)
    assert overhead.note == "3 points, residual 0.3 W, wall meter good to 2.0%"


# Kept.


def test_a_calibration_is_kept_by_host_and_found_again(tmp_path: Path) -> None:
    one, two = line_of(*EXACT, host="node1"), line_of(*EXACT, host="node2")
    path = save_calibration(tmp_path / "new", one)
    save_calibration(tmp_path / "new", two)
    assert path == tmp_path / "new" / FILE_NAME
    assert load_calibration(tmp_path / "new", "node1") == one
    assert load_calibration(tmp_path / "new", "node2") == two
    assert load_calibration(tmp_path / "new", "node3") is None


def test_a_new_one_takes_the_place_of_the_old_and_it_can_be_forgotten(tmp_path: Path) -> None:
    save_calibration(tmp_path, line_of(*EXACT))
    newer = replace(line_of(*EXACT), source="another meter")
    save_calibration(tmp_path, newer)
    assert load_calibration(tmp_path, "node1") == newer
    assert remove_calibration(tmp_path, "node1")
    assert load_calibration(tmp_path, "node1") is None
    assert not remove_calibration(tmp_path, "node1")


def test_where_there_is_no_folder_there_is_no_calibration(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("taken")
    assert load_calibration(tmp_path / "nowhere", "node1") is None
    assert load_calibration(tmp_path / "file", "node1") is None


BROKEN = {
    "no JSON": "{",
    "another form": '{"schema": "dcfoot.calibration/99", "hosts": {}}',
    "a list": "[]",
    "not an entry": '{"schema": "dcfoot.calibration/1", "hosts": {"node1": 3}}',
    "a missing figure": '{"schema": "dcfoot.calibration/1", "hosts": {"node1": {"host": "node1"}}}',
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_cannot_be_used_is_refused_and_named(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(ConfigError, match=FILE_NAME):
        load_calibration(tmp_path, "node1")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slope", "steep"),
        ("slope", None),
        ("residual_w", math.nan),
        ("fitted_at", "yesterday"),
        ("meters", 7),
        ("points", "x"),
    ],
)
def test_a_figure_that_was_edited_into_nonsense_is_refused(tmp_path: Path, field: str, value: object) -> None:
    path = save_calibration(tmp_path, line_of(*EXACT))
    content = json.loads(path.read_text())
    content["hosts"]["node1"][field] = value
    path.write_text(json.dumps(content))
    with pytest.raises(ConfigError, match="run `dcfoot calibrate` again"):
        load_calibration(tmp_path, "node1")


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_calibration_costs_the_receipt_a_warning_and_nothing_more(tmp_path: Path, text: str) -> None:
    run, settings = an_hour(metered(Domain.PACKAGE, 180.0), metered(Domain.DRAM, 20.0)), Settings(data_dir=tmp_path)
    without = receipt_of(run, settings, resolve_site("fr"))
    (tmp_path / FILE_NAME).write_text(text)
    made = receipt_of(run, settings, resolve_site("fr"))
    assert made["footprint"] == without["footprint"]
    (told,) = [warning for warning in made["warnings"] if warning not in without["warnings"]]
    assert told.startswith("The calibration is left out. ")
    assert str(tmp_path / FILE_NAME) in told


def test_a_kept_calibration_is_on_the_receipts_of_its_host(tmp_path: Path) -> None:
    save_calibration(tmp_path, line_of(*EXACT))
    run, settings = an_hour(metered(Domain.PACKAGE, 180.0), metered(Domain.DRAM, 20.0)), Settings(data_dir=tmp_path)
    node = receipt_of(run, settings, resolve_site("fr"))["ladder"][2]
    assert node["energy_kwh"] == near(0.280)
    assert node["note"] == "modelled: fitted to this machine's wall meter"
