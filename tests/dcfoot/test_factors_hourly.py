"""Hours of a grid: which are known, what fills the rest, what a shape says where nobody was asked."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.draws import Spread
from dcfoot.errors import ConfigError, DataMissing
from dcfoot.factors.hourly import HOUR, HourlyFactors, Point, Window, constant, hourly_means
from dcfoot.factors.shapes import shaped
from dcfoot.factors.technology import mix_g_per_kwh, technology_factor, technology_factors
from dcfoot.factors.typical_day import shape_of
from dcfoot.grid import Boundary, BoundaryMismatch, GridFactor, Method, latest_factors
from dcfoot.reading import Basis
from dcfoot.tables import rows
from simulated.environ import unobserved
from simulated.near import near
from simulated.reference import reference_dir
from simulated.repository import ROOT

NEW_YEAR = datetime(2023, 1, 1, tzinfo=UTC)
DAY = Window(NEW_YEAR, 24)
EXACT = Spread.exact(1.0)


def average(zone: str, boundary: str) -> GridFactor:
    (found,) = [
        factor for factor in latest_factors(zone) if factor.boundary == boundary and factor.method is Method.AVERAGE
    ]
    return found


def at(hour: float, g_per_kwh: float, *, length_s: float = 3600.0, estimated: bool = False) -> Point:
    return Point(NEW_YEAR + hour * HOUR, g_per_kwh, length_s, estimated)


def test_a_window_is_kept_in_utc_wherever_it_was_named() -> None:
    shanghai = timezone(timedelta(hours=8))
    window = Window(datetime(2023, 1, 1, 8, tzinfo=shanghai), 2)
    assert window == Window(NEW_YEAR, 2)
    assert window.start.tzinfo is UTC
    assert list(window.starts()) == [NEW_YEAR, NEW_YEAR + HOUR]
    assert window.end == NEW_YEAR + 2 * HOUR


@pytest.mark.parametrize(
    ("start", "hours", "fault"),
    [
        (datetime(2023, 1, 1), 1, "no time zone"),  # noqa: DTZ001 (that is the fault)
        (datetime(2023, 1, 1, 0, 30, tzinfo=UTC), 1, "not the start of an hour"),
        (datetime(2023, 1, 1, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))), 1, "not the start of an hour"),
        (NEW_YEAR, 0, "at least one hour"),
    ],
)
def test_a_window_whose_hours_cannot_be_told_is_refused(start: datetime, hours: int, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        Window(start, hours)


def test_a_window_is_asked_for_in_parts_that_leave_nothing_out() -> None:
    parts = list(Window(NEW_YEAR, 8760).parts(timedelta(days=10)))
    assert {part.hours for part in parts[:-1]} == {240}
    assert sum(part.hours for part in parts) == 8760
    assert all(one.end == other.start for one, other in pairwise(parts))


def test_half_hours_and_quarters_make_the_mean_of_their_hour() -> None:
    points = [
        at(0, 100, length_s=1800),
        at(0.5, 300, length_s=1800),
        *(at(1 + i / 4, i, length_s=900) for i in range(4)),
    ]
    values, estimated = hourly_means(Window(NEW_YEAR, 2), points)
    assert values == near((200.0, 1.5))
    assert estimated == 0.0


def test_an_hour_of_which_less_than_half_is_known_is_not_known() -> None:
    three_quarters = [at(0 + i / 4, 100.0, length_s=900) for i in range(3)]
    one_quarter = [at(1, 100.0, length_s=900)]
    values, _ = hourly_means(Window(NEW_YEAR, 3), three_quarters + one_quarter)
    assert values == (near(100.0), None, None)


def test_an_hour_that_is_given_twice_counts_once_and_the_later_figure_holds() -> None:
    values, _ = hourly_means(Window(NEW_YEAR, 2), [at(0, 100.0), at(1, 50.0), at(0, 120.0)])
    assert values == near((120.0, 50.0))


def test_the_hour_that_clocks_repeat_in_autumn_is_two_hours() -> None:
    # Berlin, 2023-10-29: 02:00 to 03:00 summer time, then 02:00 to 03:00 winter time.
    summer, winter = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
    points = [
        Point(datetime(2023, 10, 29, 2, tzinfo=summer), 100.0),
        Point(datetime(2023, 10, 29, 2, tzinfo=winter), 300.0),
    ]
    values, _ = hourly_means(Window(datetime(2023, 10, 29, tzinfo=UTC), 2), points)
    assert values == near((100.0, 300.0))


def test_points_outside_the_window_are_left_out() -> None:
    values, _ = hourly_means(Window(NEW_YEAR, 1), [at(-1, 9.0), at(0, 100.0), at(1, 9.0)])
    assert values == near((100.0,))


def test_the_estimated_part_is_of_the_known_hours() -> None:
    _, estimated = hourly_means(Window(NEW_YEAR, 4), [at(0, 1.0), at(1, 1.0, estimated=True)])
    assert estimated == 0.5


@given(st.lists(st.floats(0.0, 1000.0), min_size=4, max_size=4), st.permutations(range(4)))
def test_the_order_of_points_does_not_matter(values: list[float], order: list[int]) -> None:
    points = [at(index, value) for index, value in enumerate(values)]
    window = Window(NEW_YEAR, 4)
    assert hourly_means(window, points) == hourly_means(window, [points[index] for index in order])


def with_gap(factor: GridFactor) -> HourlyFactors:
    from dataclasses import replace

    values = (100.0, None, 300.0)
    return replace(
        constant(factor, Window(NEW_YEAR, 3), EXACT), g_per_kwh=values, source="the service", basis=Basis.MEASURED
    )


def test_a_gap_is_filled_by_name_and_the_basis_says_so() -> None:
    factor = average("FRA", "life_cycle")
    series = with_gap(factor)
    assert series.known_ratio == near(2 / 3)
    assert series.mean_g_per_kwh == near(200.0)
    filled = series.filled_by(constant(factor, DAY, EXACT))
    assert filled.g_per_kwh == near((100.0, factor.g_per_kwh.central, 300.0))
    assert filled.basis is Basis.DEFAULT
    assert filled.estimated_ratio == near(1 / 3)
    assert "1 of 3 hours are not known and were filled" in filled.warnings[-1]
    assert "gaps:" in filled.source


def test_a_gap_is_never_filled_from_another_family() -> None:
    series = with_gap(average("CN", "direct"))
    with pytest.raises(BoundaryMismatch):
        series.filled_by(constant(average("CN", "life_cycle"), DAY, EXACT))


def test_without_a_gap_nothing_changes() -> None:
    series = constant(average("FRA", "life_cycle"), DAY, EXACT)
    assert series.filled_by(constant(average("CN", "direct"), DAY, EXACT)) is series


def test_a_year_of_another_clock_is_the_year_that_nearly_all_its_hours_lie_in() -> None:
    for clock, begins in (("+08:00", "2022-12-31T16:00"), ("-08:00", "2023-01-01T08:00")):
        window = Window(datetime.fromisoformat(f"2023-01-01T00:00{clock}"), 8760)
        assert window.start == datetime.fromisoformat(f"{begins}+00:00")
        assert constant(average("CHN", "life_cycle"), window, EXACT).evidence().year == 2023


def test_what_stands_behind_a_series_is_told_in_a_line() -> None:
    evidence = constant(average("FRA", "life_cycle"), DAY, EXACT).evidence()
    assert evidence.what == "hourly grid factors FRA: life_cycle CO2e, average, mean"
    assert evidence.value == near(average("FRA", "life_cycle").g_per_kwh.central)
    assert evidence.note.startswith("2023-01-01 00:00 to 2023-01-01 23:00 UTC")


# Shapes


def test_california_is_clean_at_noon_and_not_at_night() -> None:
    # Solar noon near Los Angeles is 20 h UTC; EIA-930, CISO 2022: the sun makes most of the power of a spring noon.
    factor = average("US-CAMX", "direct")
    april = shaped(factor, Window(datetime(2024, 4, 10, tzinfo=UTC), 24)).g_per_kwh
    noon, night = april[20], april[8]
    assert noon is not None
    assert night is not None
    assert noon < 0.5 * night


def test_a_shape_says_that_it_is_modelled_and_how_far_an_hour_may_lie_from_it() -> None:
    series = shaped(average("DEU", "life_cycle"), DAY)
    assert series.basis is Basis.MODELLED
    assert series.estimated_ratio == 1.0
    assert "shaped by month and hour" in series.source
    assert series.residual.p5 < 0.7
    assert series.residual.p95 > 1.3
    assert series.warnings == ()


@pytest.mark.parametrize("zone", ["CN", "CN-GD"])
def test_china_has_no_shape_and_the_flat_line_says_so_with_a_wide_interval(zone: str) -> None:
    factor = average(zone, "direct")
    series = shaped(factor, DAY)
    assert set(series.g_per_kwh) == {factor.g_per_kwh.central}
    assert series.basis is Basis.DEFAULT
    assert "No hourly shape" in series.warnings[0]
    assert zone in series.warnings[0]
    german = shape_of("DEU", Boundary.DIRECT)
    pjm = shape_of("US-RFCW", Boundary.DIRECT)
    assert german is not None
    assert pjm is not None
    assert series.residual.p95 - series.residual.p5 > pjm.residual.p95 - pjm.residual.p5


def test_a_nations_factor_takes_the_shape_of_the_region_it_stands_in_for() -> None:
    factor = average("USA", "life_cycle")
    window = Window(datetime(2024, 4, 10, tzinfo=UTC), 24)
    regional = shaped(factor, window, "US-CAMX")
    assert regional.g_per_kwh != shaped(factor, window).g_per_kwh
    assert "CISO" in regional.source


def test_a_residual_mix_has_no_shape_of_the_average() -> None:
    from dataclasses import replace

    residual = replace(average("DEU", "life_cycle"), method=Method.RESIDUAL)
    series = shaped(residual, DAY)
    assert len(set(series.g_per_kwh)) == 1
    assert "residual" in series.warnings[0]


@pytest.mark.parametrize("boundary", Boundary)
def test_every_shape_keeps_the_year_near_its_factor(boundary: Boundary) -> None:
    # Weighted by generation the mean is 1 by construction; by the clock it may differ by what demand does in a day.
    for zone in {row["zone"] for row in rows("grid_zones") if row["shape"]}:
        shape = shape_of(zone, boundary)
        if shape is not None:
            cells = [value for month in shape.multipliers for value in month]
            assert len(cells) == 12 * 24
            assert 0.93 < sum(cells) / len(cells) < 1.07
            assert 0 <= shape.residual.p5 < 1 < shape.residual.p95


def test_every_shape_is_of_some_zone_and_every_zone_of_a_known_one() -> None:
    named = {row["shape"] for row in rows("grid_zones")} - {""}
    assert named == {row["shape"] for row in rows("grid_shapes")}


def test_shapes_are_made_of_nothing_but_eia_and_entso_e() -> None:
    assert {row["source"].partition(",")[0] for row in rows("grid_shapes")} == {
        "US EIA",
        "ENTSO-E Transparency Platform",
    }


def derived(action: str) -> str:
    """What the program that makes the shapes says; skips where it has nothing to make them of."""
    reference = reference_dir()
    if reference is None:
        pytest.skip("the hourly years of grids are not here")
    program, folder = ROOT / "benchmarks/derive_grid_shapes.py", reference / "data/hourly_grid"
    command = [sys.executable, str(program), str(folder), action]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=unobserved()).stdout


def test_the_shapes_are_what_the_program_makes_of_the_hourly_years() -> None:
    assert derived("--check") == ""


def test_the_page_says_how_good_they_are_as_the_program_finds_it() -> None:
    page, found = (ROOT / "docs/grid.md").read_text(), derived("--report").splitlines()
    told = [line for line in page.splitlines() if "| life-cycle |" in line]
    assert told
    assert set(told) == {line for line in found if "| life-cycle |" in line}
    of_shapes = [line for line in found if line.split(" | ")[0].strip("| ") in SHAPED]
    inside = [float(line.split("|")[-2].strip(" %")) for line in of_shapes]
    assert len(inside) == 36
    assert 85 < sum(inside) / len(inside) < 95  # the interval is of 90 %


SHAPED = {"US-CAL-CISO", "US-TEX-ERCO", "US-NY-NYIS", "US-MIDA-PJM", "DE-LU", "GB"}
"""The zones of Electricity Maps whose grids have a shape."""


def test_a_series_needs_no_numpy() -> None:
    code = """
import sys
from datetime import UTC, datetime
from dcfoot.factors.hourly import Window
from dcfoot.factors.shapes import shaped
from dcfoot.grid import latest_factors
shaped(latest_factors("FRA")[0], Window(datetime(2024, 1, 1, tzinfo=UTC), 8784))
print("numpy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=unobserved())
    assert done.stdout == "False\n"


# Technologies


def test_a_mix_is_weighted_by_generation() -> None:
    # IPCC AR5 medians: half coal (820), half wind (11) is 415.5; of stack emissions, half of 760.
    generation = {"coal": 10.0, "wind": 10.0}
    assert mix_g_per_kwh(generation, Boundary.LIFE_CYCLE) == near(415.5)
    assert mix_g_per_kwh(generation, Boundary.DIRECT) == near(380.0)


def test_a_fuel_that_is_not_known_and_what_storage_gives_back_take_no_part() -> None:
    plain, more = {"gas": 10.0}, {"gas": 10.0, "other": 90.0, "phs": -30.0}
    assert mix_g_per_kwh(more, Boundary.LIFE_CYCLE) == mix_g_per_kwh(plain, Boundary.LIFE_CYCLE) == near(490.0)


def test_a_station_that_draws_power_counts_as_standing_still() -> None:
    assert mix_g_per_kwh({"gas": 10.0, "coal": -1.0}, Boundary.LIFE_CYCLE) == near(490.0)


def test_nothing_that_is_known_is_said_to_be_missing() -> None:
    with pytest.raises(DataMissing, match="other"):
        mix_g_per_kwh({"other": 5.0}, Boundary.DIRECT)


def test_each_technology_has_both_families_with_its_range() -> None:
    direct = {factor.technology for factor in technology_factors() if factor.boundary is Boundary.DIRECT}
    burnt = {"coal", "gas", "oil"}
    for technology in direct:
        one, other = (technology_factor(technology, boundary) for boundary in Boundary)
        assert one is not None
        assert other is not None
        assert one.g_per_kwh.central <= other.g_per_kwh.central
        assert (one.g_per_kwh.central > 0) == (technology in burnt)


def test_chinas_footprint_factors_by_technology_are_the_newest_that_were_published() -> None:
    # 生态环境部 2025-10-23: coal 0.924 kg/kWh for 2024; of the sun the last that is known is 0.0545 of 2023.
    coal = technology_factor("coal", Boundary.LIFE_CYCLE, "CN")
    sun = technology_factor("solar", Boundary.LIFE_CYCLE, "CN")
    assert coal is not None
    assert sun is not None
    assert (coal.year, coal.g_per_kwh.central, coal.verified) == (2024, 924.0, False)
    assert (sun.year, sun.g_per_kwh.central, sun.verified) == (2023, 54.5, True)
