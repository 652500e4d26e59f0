"""Loads: the profiles against what was published, a file, and a run that was recorded."""

# ruff: noqa: RUF001 - Chinese punctuation is meant.

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.by_time import TimeBook
from dcfoot.errors import ConfigError, DataMissing
from dcfoot.measurement import Measurement, Phase
from dcfoot.reading import Domain
from dcfoot.store import RunStore
from dcfoot.units import NS_PER_S
from dcfoot_scenarios.calendar import Calendar
from dcfoot_scenarios.evidence_words import evidence_called, evidence_source
from dcfoot_scenarios.load import (
    course_of,
    grown_mw,
    load_evidence,
    load_of_file,
    load_ratio,
    profile_names,
    recorded_ratio,
)
from simulated.measurements import STARTED_AT, by_time, energy, finished, gpu, measurement
from simulated.near import near

YEAR = Calendar(datetime(2022, 12, 31, 16, tzinfo=UTC), 8760, 8.0)
DAY = Calendar(YEAR.start, 24, 8.0)


def test_a_flat_load_is_the_capacity_or_the_mean_that_is_said() -> None:
    assert set(load_ratio("flat", YEAR).tolist()) == {1.0}
    assert load_ratio("flat", YEAR, 0.8) == near(np.full(8760, 0.8))


def test_training_draws_97_percent_and_is_interrupted_as_often_and_long_as_llama_3_was() -> None:
    # 466 interruptions in 54 days, and it trained for 90 % of the time (arXiv:2407.21783, 3.3.4); peak 97 % of what is
    # provisioned (doi:10.1145/3620666.3651329).
    ratio = load_ratio("training", YEAR)
    assert ratio.max() == 0.97
    working = (ratio - 0.25) / (0.97 - 0.25)
    assert working.mean() == near(0.90, abs=0.01)
    each_h = 0.10 * 24 * 54 / 466
    interruptions = ((1 - working) / each_h).round()
    assert interruptions.sum() / 365 == near(466 / 54, rel=0.03)


def test_inference_peaks_at_79_percent_and_swings_as_a_public_trace_of_conversations() -> None:
    # Weekdays 2.0 to 1, weekends 1.7 to 1, and 43.2 % fewer requests at weekends.
    ratio = load_ratio("inference", YEAR)
    assert ratio.max() == near(0.79)
    requests = (ratio - 0.25) / (0.79 - 0.25)
    weekend = YEAR.weekday_index >= 5
    assert requests[~weekend].max() / requests[~weekend].min() == near(2.0, rel=0.03)
    assert requests[weekend].max() / requests[weekend].min() == near(1.7, rel=0.03)
    assert requests[weekend].mean() / requests[~weekend].mean() == near(0.568, rel=1e-3)
    assert int(np.argmax(ratio[24 : 2 * 24])) in {13, 14}


def test_inference_goes_by_the_clock_of_people_where_there_is_summer_time() -> None:
    berlin = Calendar(datetime(2022, 12, 31, 23, tzinfo=UTC), 8760, 1.0, "Europe/Berlin")
    winter, summer = (slice(day * 24, (day + 1) * 24) for day in (11, 186))  # a Thursday each
    hours = load_ratio("inference", berlin)
    assert np.roll(hours[winter], -1) == near(hours[summer])


def test_a_profile_that_is_unknown_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"No load profile is called 'trainig'\. Did you mean training\?"):
        load_ratio("trainig", YEAR)
    with pytest.raises(ConfigError, match="name a CSV file or a recorded run"):
        load_ratio("x", YEAR)


@given(st.sampled_from(profile_names()), st.floats(0.01, 1.0))
def test_a_profile_at_any_mean_keeps_it_and_the_capacity(profile: str, mean_ratio: float) -> None:
    ratio = load_ratio(profile, DAY, mean_ratio)
    assert ratio.mean() == near(mean_ratio)
    assert ratio.max() <= 1 + 1e-12
    assert ratio.min() >= 0


def test_a_mean_above_the_capacity_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"mean load is 1\.2 of the capacity"):
        load_ratio("flat", YEAR, 1.2)


@pytest.mark.parametrize(
    ("column", "value"), [("load_mw", 15), ("load_kw", 15000), ("load_ratio", 0.5), ("load_percent", 50)]
)
def test_a_file_of_power_or_of_shares_gives_the_share_of_the_capacity(
    tmp_path: Path, column: str, value: float
) -> None:
    path = tmp_path / "load.csv"
    path.write_text("\n".join([column, *[str(value)] * 24]))
    assert load_of_file(path, DAY, 30.0) == near(np.full(24, 0.5))


def test_a_file_above_the_capacity_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "load.csv"
    path.write_text("\n".join(["load_mw", *["31"] * 24]))
    with pytest.raises(ConfigError, match=r"load_mw is 31, above the IT capacity of 30\.\n"):
        load_of_file(path, DAY, 30.0)
    path.write_text("\n".join(["load_mw", *["27000"] * 24]))
    with pytest.raises(ConfigError, match=r"of 30\. If it is in kW, call the column load_kw\."):
        load_of_file(path, DAY, 30.0)
    path.write_text("\n".join(["load_kw", *["27000"] * 24]))
    assert load_of_file(path, DAY, 30.0) == near([0.9] * 24)


# --- a run that was recorded


def run(duration_s: float, energy_j: float, *phases: Phase) -> Measurement:
    channels = (energy(gpu(), energy_j, covered_s=duration_s),)
    return finished(replace(measurement(duration_s=duration_s), channels=channels, phases=phases))


def phase(start_s: float, end_s: float, power_w: float, path: str = "train") -> Phase:
    return Phase(path, start_s, end_s, {"gpu": power_w * (end_s - start_s)})


H = 3600.0
ONE_DAY = run(24 * H, 3000 * H + 12 * H * 600 + 6 * H * 100, phase(2 * H, 14 * H, 600), phase(18 * H, 24 * H, 100))
"""600 W from 2 to 14 h, 100 W from 18 h to the end, and 3000 Wh in the six hours between: 500 W."""


def test_the_course_of_a_run_has_its_phases_and_the_mean_of_the_rest_between() -> None:
    course = course_of(ONE_DAY)
    assert course.ends_s.tolist() == near([2 * H, 14 * H, 18 * H, 24 * H, 24 * H])
    assert course.power_w[:4].tolist() == near([500, 600, 500, 100])
    assert course.energy_j == near(ONE_DAY.channels[0].attributed_energy_j)


def test_a_phase_inside_another_is_counted_once() -> None:
    nested = replace(ONE_DAY, phases=(phase(3 * H, 4 * H, 9000, "train/step"), *ONE_DAY.phases))
    assert course_of(nested).power_w[:4].tolist() == near([500, 600, 500, 100])


def test_the_hours_of_a_recorded_day_come_again_every_day() -> None:
    ratio = recorded_ratio(course_of(ONE_DAY), YEAR)
    day = [*[500 / 600] * 2, *[1.0] * 12, *[500 / 600] * 4, *[100 / 600] * 6]
    assert ratio == near(np.tile(day, 365))


def test_a_run_that_does_not_fill_hours_keeps_its_energy_over_many_rounds() -> None:
    course = course_of(run(2500.0, 400 * 2500.0, phase(0.0, 1000.0, 900.0)))
    ratio = recorded_ratio(course, YEAR)
    most_w = 400 / ratio.mean()
    assert 400 < most_w < 900
    assert ratio.max() == 1.0


def test_a_run_of_minutes_without_phases_is_a_flat_load() -> None:
    assert recorded_ratio(course_of(run(600.0, 60_000.0)), DAY) == near(np.ones(24))


def test_a_run_from_the_store_is_read_with_its_phases(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    journal = store.create(ONE_DAY)
    journal.finish(ONE_DAY)
    assert store.load("last").started_at == STARTED_AT
    assert course_of(store.load("last")).power_w.tolist() == near(course_of(ONE_DAY).power_w.tolist())


def test_a_run_that_keeps_its_power_by_time_is_followed_by_time() -> None:
    book = TimeBook(start_ns=0)
    for quarter in range(4 * 24):
        power_w = 100.0 if quarter < 4 * 6 else 400.0
        book.book("gpu", (quarter + 1) * 900 * NS_PER_S, 900.0, power_w * 900.0)
    energy_j = 24 * H * 325.0
    day = replace(run(24 * H, energy_j), by_time=book.by_time(24 * H))
    assert course_of(day).energy_j == near(energy_j)
    # The edge at six lies in the middle of a step of 64 s, whose 32 s at 400 - 250 W are 1.3 % of the hour before.
    assert recorded_ratio(course_of(day), YEAR) == near(np.tile([0.25] * 6 + [1.0] * 18, 365), rel=0.014)
    told = load_evidence(day)
    assert (told.value, told.unit, told.source) == (near(325.0), "W", f"recorded run {day.id}")
    assert told.note == "its power by time, in steps of 64 s"
    assert load_evidence(ONE_DAY).note == "its phases and the mean between"


def test_where_every_node_has_a_meter_its_power_is_the_load_and_where_nothing_is_known_nothing_is_counted() -> None:
    book = TimeBook(start_ns=0)
    book.book("gpu", 10 * NS_PER_S, 10.0, 1000.0)
    book.book("node", 4 * NS_PER_S, 4.0, 4000.0)
    wall = energy(gpu("wall", domain=Domain.NODE), 4000.0)
    chips = replace(run(10.0, 1000.0), by_time=book.by_time(10.0))
    assert course_of(chips).energy_j == near(1000.0)
    at_wall = replace(chips, channels=(*chips.channels, wall))
    course = course_of(at_wall)
    assert course.energy_j == near(4000.0)
    assert course.power_w.max() == near(1000.0)
    assert course.power_w[-1] == 0.0
    line = load_evidence(at_wall)
    assert line.note.endswith("; 60.0% of its time is not known and counts as nothing")
    assert evidence_source(line, "zh").endswith("；其中 60.0% 的时间情况不明，按零计")


def test_what_the_load_stands_on_is_said_in_both_languages() -> None:
    line = load_evidence(by_time(run(600.0, 60_000.0)))
    assert evidence_called(line, "en") == "load: mean power of a recorded run"
    assert evidence_source(line, "en").endswith("; its power by time, in steps of 0.5 s")
    assert evidence_called(line, "zh") == "负荷：实测运行的平均功率"
    assert evidence_source(line, "zh").endswith("；其功率随时间的变化，步长 0.5 秒")
    assert evidence_source(load_evidence(ONE_DAY), "zh").endswith("；其各阶段，其间取平均值")


def test_a_run_in_which_nothing_was_metered_says_what_to_do() -> None:
    with pytest.raises(DataMissing, match="dcfoot doctor"):
        course_of(replace(ONE_DAY, channels=()))
    with pytest.raises(DataMissing, match="drew no power"):
        recorded_ratio(course_of(run(600.0, 0.0)), DAY)


@given(
    st.lists(st.floats(0, 1e6), min_size=4, max_size=4, unique=True).map(sorted), st.floats(0, 1e4), st.floats(0, 1e4)
)
def test_a_course_keeps_the_energy_of_its_run(times_s: list[float], power_w: float, rest_w: float) -> None:
    first, second = phase(times_s[0], times_s[1], power_w), phase(times_s[2], times_s[3], 2 * power_w)
    duration_s = times_s[3] + 10.0
    rest_s = duration_s - (times_s[1] - times_s[0]) - (times_s[3] - times_s[2])
    total_j = first.energy_j["gpu"] + second.energy_j["gpu"] + rest_w * rest_s
    course = course_of(run(duration_s, total_j, first, second))
    assert course.energy_j == near(total_j, rel=1e-6, abs=1e-3)
    assert course.power_w.min() >= 0


def test_growth_is_compound_and_ends_at_the_capacity() -> None:
    assert grown_mw(10.0, 0.1, 2, 30.0) == near(12.1)
    assert grown_mw(10.0, 0.5, 10, 30.0) == 30.0
    assert grown_mw(np.array([10.0, 20.0]), 0.5, 1, 25.0) == near([15.0, 25.0])
