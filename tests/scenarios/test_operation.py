"""Power caps by published curves and recorded runs: compared at the wall, where the host's watts count."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dcfoot.errors import DataMissing, StudyError
from dcfoot.measurement import Machine, Measurement
from dcfoot.reading import Basis, Channel, Domain, Kind, Meter
from dcfoot.store import RunStore
from dcfoot_scenarios.evaluate import evaluate
from dcfoot_scenarios.operation import Change, at_setting, change, curve_names, least_energy, published, recorded
from dcfoot_scenarios.scenario import Operation, Scenario
from simulated.measurements import energy, finished, gpu, measurement
from simulated.near import near
from simulated.reference import facts

LARGE, SMALL = "V100, ResNet-50, batch of 256", "V100, ResNet-50, batch of 8"
"""Of Zeus (NSDI 2023): epochs of ImageNet on a V100 at limits of 100 to 250 W, its own."""

RATIOS = st.floats(0.2, 3.0)
SHARES = st.floats(0.05, 1.0)


def idle_w(percent: int) -> float:
    """What servers of two sockets draw at the wall when they do nothing: SPECpower results of 2021 and later [W]."""
    servers = facts("servers_specpower")
    ranked = sorted(float(row["idle_w"]) for row in servers if row["chips"] == "2" and int(row["year"]) >= 2021)
    return ranked[round(percent / 100 * (len(ranked) - 1))]


def test_a_published_curve_by_itself_is_that_of_the_accelerator() -> None:
    # Zeus: 150 W for 4148.66 s an epoch at 144.59 W on average; 3514.99 s at 220.25 W without a cap.
    points = published(LARGE, host_w=0.0)
    assert [point.setting for point in points] == [f"cap {cap} W" for cap in range(100, 251, 25)]
    assert at_setting(points, "cap 150 W").accelerator_energy_j == near(599_874, rel=1e-4)
    assert at_setting(points, "cap 250 W").node_energy_j == near(774_177, rel=1e-4)
    assert least_energy(points).setting == "cap 150 W"


def test_the_best_cap_of_a_node_is_higher_than_that_of_its_accelerator() -> None:
    # One card in a server that draws 147 W beside it, as half of all do even when they do nothing.
    host_w = idle_w(50)
    assert host_w == 147
    assert least_energy(published(LARGE, host_w)).setting == "cap 175 W"


def test_a_cap_that_is_best_for_the_accelerator_costs_energy_at_the_node() -> None:
    assert least_energy(published(SMALL, host_w=0.0)).setting == "cap 100 W"
    points = published(SMALL, host_w=idle_w(95))
    capped, free = at_setting(points, "cap 100 W"), at_setting(points, "cap 250 W")
    assert capped.accelerator_energy_j is not None
    assert free.accelerator_energy_j is not None
    # By hand: 98.93 W x 8184.28 s is 38 % less than 220.67 W x 5892.98 s; with 236 W more, it is 2 % more.
    assert capped.accelerator_energy_j / free.accelerator_energy_j == near(0.6226, abs=1e-4)
    assert capped.node_energy_j / free.node_energy_j == near(1.0186, abs=1e-4)
    assert change(free, capped).energy_ratio > 1


@given(st.floats(0.0, 1000.0), st.floats(0.0, 1000.0), st.sampled_from(curve_names()))
def test_the_more_a_host_draws_the_faster_the_best_setting(one_w: float, other_w: float, curve: str) -> None:
    less, more = (least_energy(published(curve, host_w)) for host_w in sorted((one_w, other_w)))
    assert more.time_s <= less.time_s


def test_a_limit_on_the_slowdown_leaves_the_slow_settings_out() -> None:
    points = published(LARGE, host_w=0.0)
    assert least_energy(points, slowdown_ratio=1.10).setting == "cap 175 W"
    assert least_energy(points, slowdown_ratio=1.0).setting == "cap 250 W"


def test_one_setting_is_no_comparison() -> None:
    with pytest.raises(StudyError, match="two or more"):
        least_energy(published(LARGE, 0.0)[:1])


def test_a_curve_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(DataMissing, match="There are: V100, ResNet-50, batch of 256"):
        published("H900", 0.0)
    with pytest.raises(StudyError, match="Did you mean cap 250 W"):
        at_setting(published(LARGE, 0.0), "cap 252 W")
    with pytest.raises(StudyError, match="no less than nothing"):
        published(LARGE, -1.0)


def test_machines_that_always_work_take_more_of_them_for_the_same_work() -> None:
    slower = Change(power_ratio=0.7, time_ratio=1.2)
    assert slower.machines_ratio(1.0) == near(1.2)
    assert slower.same_work_mw(10.0) == near(8.4)  # 10 x 0.7 x 1.2
    assert slower.same_machines_mw(10.0) == near(7.0)


def test_machines_that_were_idle_half_the_time_do_slower_work_in_it() -> None:
    # Ten of them: 5 at 1 kW at work and 5 at 0.4 kW idle are 7 kW; then 6 at 0.7 kW and 4 at 0.4 kW are 5.8 kW.
    slower = Change(power_ratio=0.7, time_ratio=1.2)
    assert slower.machines_ratio(0.5) == 1.0
    assert slower.same_work_mw(0.007, busy_ratio=0.5, idle_power_ratio=0.4) == near(0.0058)


@given(RATIOS, RATIOS, SHARES)
def test_the_same_work_takes_energy_by_its_ratio_where_idle_machines_draw_nothing(
    power: float, time: float, busy: float
) -> None:
    made = Change(power, time)
    assert made.same_work_mw(10.0, busy) == near(10.0 * made.energy_ratio)


@given(RATIOS, RATIOS, SHARES, SHARES)
def test_no_change_changes_nothing_and_machines_never_fall_short(
    power: float, time: float, busy: float, idle: float
) -> None:
    assert Change(1.0, 1.0).same_work_mw(10.0, busy, idle) == near(10.0)
    made = Change(power, time)
    assert made.machines_ratio(busy) >= busy * time
    assert made.machines_ratio(busy) >= 1.0


@given(RATIOS, RATIOS, RATIOS, RATIOS)
def test_two_changes_of_machines_that_always_work_are_one(a: float, b: float, c: float, d: float) -> None:
    there = Change(a, b).same_machines_mw(10.0)
    assert Change(c, d).same_machines_mw(there) == near(Change(a * c, b * d).same_machines_mw(10.0))


def capped_run(number: int, duration_s: float, card_j: float, wall_j: float | None) -> Measurement:
    """A run on a node with one card and two packages, and a meter at the wall where `wall_j` is known."""
    package = Meter(Channel("node1", Domain.PACKAGE, "0"), "Xeon", "rapl", Kind.COUNTER, 1e-6)
    wall = Meter(Channel("node1", Domain.NODE, "psu"), "wall", "redfish", Kind.COUNTER, 1.0)
    metered = [energy(gpu(), card_j, covered_s=duration_s), energy(package, 60.0 * duration_s, covered_s=duration_s)]
    if wall_j is not None:
        metered.append(energy(wall, wall_j, covered_s=duration_s))
    return finished(measurement(f"20261124T{number:06}-abcdef", duration_s, *metered))


def kept(store: RunStore, run: Measurement) -> Measurement:
    """The run as the store gives it back."""
    store.create(run).finish(run)
    return store.load(run.id)


def test_recorded_runs_at_two_caps_are_compared_by_their_meter_at_the_wall(tmp_path: Path) -> None:
    # A thousand steps: 100 s at 300 W and 500 W at the wall, or 125 s at 220 W and 410 W: the card saves, the node not.
    store = RunStore(tmp_path)
    free = recorded("free", kept(store, capped_run(1, 100.0, 30_000.0, 50_000.0)), 1000)
    capped = recorded("cap 220 W", kept(store, capped_run(2, 125.0, 27_500.0, 51_250.0)), 1000)
    assert (free.time_s, free.node_energy_j, free.accelerator_energy_j) == near((0.1, 50.0, 30.0))
    assert free.basis is Basis.MEASURED
    assert free.evidence.source == "recorded run 20261124T000001-abcdef"
    made = change(free, capped)
    assert (made.power_ratio, made.time_ratio, made.energy_ratio) == near((0.82, 1.25, 1.025))
    assert least_energy([free, capped]) is free


def test_a_scenario_runs_its_machines_as_recorded_runs_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DCFOOT_DATA_DIR", str(tmp_path))
    store = RunStore(tmp_path)
    kept(store, capped_run(1, 100.0, 30_000.0, 50_000.0))
    kept(store, capped_run(2, 125.0, 27_500.0, 51_250.0))
    runs = [
        {"run": "20261124T000001", "setting": "free", "work_count": 1000},
        {"run": "20261124T000002", "setting": "cap 220 W", "work_count": 1000},
    ]
    operation = {"runs": runs, "reference": "free", "setting": "cap 220 W"}
    usual = {"site": "cn_shanghai", "cooling": "air_chiller", "load": {"it_capacity_mw": 10}}
    bare = evaluate(Scenario.model_validate(usual)).figures
    capped = evaluate(Scenario.model_validate(usual | {"operation": operation})).figures
    # By the meter at the wall: 51,250 J instead of 50,000 J for the same steps, which take a quarter longer.
    assert capped["it_energy_mwh"] / bare["it_energy_mwh"] == near(51_250 / 50_000)
    assert capped["embodied_servers_t"] / bare["embodied_servers_t"] == near(1.25)


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({}, "give one of them"),
        ({"curve": LARGE}, "say what its host draws"),
        ({"curve": LARGE, "host_w": 1, "runs": [{"run": "a", "setting": "a", "work_count": 1}]}, "give one of them"),
        ({"runs": [{"run": "a", "setting": "a", "work_count": 0}]}, "greater than 0"),
    ],
)
def test_an_operation_that_says_too_little_or_too_much_is_refused(keys: dict[str, object], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        Operation.model_validate({"setting": "a", "reference": "a"} | keys)


def test_a_node_without_a_meter_at_the_wall_is_modelled_and_says_so() -> None:
    point = recorded("free", capped_run(1, 100.0, 30_000.0, None), 1000, node_class="server")
    assert point.basis is Basis.MODELLED
    assert point.node_power_w > 360  # the card and the packages alone


def test_a_run_whose_node_is_not_known_says_so() -> None:
    bare = measurement("20261124T000001-abcdef", 100.0)  # a card, and nothing of its host
    assert bare.machine == Machine()
    with pytest.raises(DataMissing, match="energy at the wall is not known"):
        recorded("free", bare, 1000)


@pytest.mark.parametrize("work", [0.0, -1.0, float("nan")])
def test_a_run_without_work_is_refused(work: float) -> None:
    with pytest.raises(StudyError, match="how much work it did"):
        recorded("free", capped_run(1, 100.0, 30_000.0, 50_000.0), work)


def test_the_shipped_curves_say_where_they_are_from() -> None:
    for name in curve_names():
        for point in published(name, 0.0):
            assert "NSDI 2023" in point.evidence.source
            assert point.evidence.licence == "Zeus (Apache-2.0)"
            assert point.basis is Basis.MODELLED
