"""Several measurements of one run as one: every joule once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.errors import ConfigError, DataMissing
from dcfoot.measurement import Measurement, Phase, RunState
from dcfoot.reading import Domain
from dcfoot.store.merge import merge
from simulated.measurements import STARTED_AT, by_time, energy, finished, gpu, measurement
from simulated.near import near


def node(number: int, energy_j: float = 1000.0, start_s: float = 0.0, duration_s: float = 10.0) -> Measurement:
    """A finished run on a machine of its own with one GPU."""
    meter = gpu("GPU-0", f"node{number}")
    run = measurement(f"20261124T08150{number}-abcdef", duration_s, energy(meter, energy_j, 0.5, duration_s))
    return finished(moved(run, start_s))


def moved(run: Measurement, start_s: float) -> Measurement:
    """The same run, started later."""
    started_at = STARTED_AT + timedelta(seconds=start_s)
    return replace(run, started_at=started_at, ended_at=started_at + timedelta(seconds=run.duration_s))


def attributed_j(run: Measurement) -> float:
    return sum(channel.attributed_energy_j for channel in run.channels)


def test_nodes_of_one_run_become_one_run_over_all_hosts_with_all_channels() -> None:
    merged = merge([node(1, 1000.0), node(2, 3000.0, start_s=2.0, duration_s=12.0)])
    assert merged.hosts == ("node1", "node2")
    assert [channel.energy_j for channel in merged.channels] == [1000.0, 3000.0]
    assert (merged.id, merged.started_at) == (node(1).id, STARTED_AT)
    assert merged.duration_s == 14.0
    assert merged.ended_at == STARTED_AT + timedelta(seconds=14)
    assert (merged.state, merged.exit_status) == (RunState.COMPLETE, 0)


@st.composite
def distinct_nodes(draw: st.DrawFn) -> list[Measurement]:
    count = draw(st.integers(1, 6))
    figures = st.tuples(st.floats(0, 1e9), st.floats(0, 1e4), st.floats(0.1, 1e5))
    return [node(number, *draw(figures)) for number in range(count)]


@given(distinct_nodes(), st.randoms(), st.lists(st.integers(0, 5), max_size=4))
def test_the_energy_of_the_merge_is_the_sum_over_the_distinct_runs_in_any_order_and_however_often_given(
    nodes: list[Measurement],
    random: Random,
    again: list[int],
) -> None:
    given_ = [*nodes, *(nodes[number % len(nodes)] for number in again)]
    given_ += [replace(run, id=f"{run.id}-part", part_of=run.id) for run in nodes[:2]]
    random.shuffle(given_)
    merged = merge(given_)
    assert attributed_j(merged) == near(sum(attributed_j(run) for run in nodes), rel=1e-12)
    assert set(merged.hosts) == {run.hosts[0] for run in nodes}
    assert all(merged.started_at <= run.started_at and run.ended_at <= merged.ended_at for run in nodes)


def test_the_powers_of_several_nodes_add_up_by_time() -> None:
    one, other = by_time(node(1), power_w=100), by_time(node(2, start_s=5.0), power_w=200)
    merged = merge([one, other]).by_time.at_most(15)
    assert merged.power_w(merged.energy_uj["gpu"]) == near([100.0] * 5 + [300.0] * 5 + [200.0] * 5)


def test_a_part_of_which_nothing_is_known_by_time_adds_nothing_to_the_power_of_the_others() -> None:
    def walled(number: int, start_s: float) -> Measurement:
        wall = gpu("wall", f"node{number}", Domain.NODE)
        run = measurement(f"20261124T08150{number}-abcdef", 10.0, energy(wall, 4000.0, 0.25, 10.0))
        return finished(moved(run, start_s))

    known = by_time(walled(2, 10.0), power_w=400, domain=Domain.NODE)
    merged = merge([walled(1, 0.0), known]).shared_by_time.at_most(20)
    powers_w = merged.power_w(merged.energy_uj[Domain.NODE])
    assert powers_w[:10] == [None] * 10
    assert powers_w[10:] == near([100.0] * 10)


def test_one_run_merged_alone_is_itself() -> None:
    assert merge([node(1), node(1)]) == node(1)


def test_a_device_that_two_runs_metered_at_the_same_time_is_not_counted_twice() -> None:
    first, second = node(1), replace(node(1), id="20261124T090000-ffffff")
    with pytest.raises(ConfigError, match=f"{first.id} and {second.id} both metered GPU-0 on node1 at the same time"):
        merge([first, second])


def test_a_restarted_run_adds_up_on_the_same_device() -> None:
    second = moved(replace(node(1, 500.0), id="20261124T090000-ffffff", exit_status=3), 100.0)
    merged = merge([second, node(1, 1000.0)])
    (channel,) = merged.channels
    assert (channel.energy_j, channel.attributed_energy_j, channel.covered_s) == (1500.0, 750.0, 20.0)
    assert merged.duration_s == 110.0
    assert merged.exit_status == 3


def test_a_host_was_measured_while_any_of_its_runs_was_and_pauses_are_nobodys() -> None:
    again = moved(replace(node(1), id="20261124T090000-ffffff"), 100.0)
    other_gpu = replace(gpu("GPU-1", "node1"))
    beside = moved(measurement("20261124T090005-eeeeee", 10.0, energy(other_gpu, 100.0, 0.5, 10.0)), 105.0)
    merged = merge([node(1), again, finished(beside), node(2, duration_s=7.0)])
    assert merged.measured_s == {"node1": 25.0, "node2": 7.0}
    assert merged.measured_on_s("node1") == 25.0


def test_an_uncertain_share_and_an_exact_one_have_an_interval_together() -> None:
    first = node(1, 1000.0)
    (channel,) = first.channels
    first = replace(first, channels=(replace(channel, attributed_p5_j=400.0, attributed_p95_j=650.0),))
    second = moved(replace(node(1, 500.0), id="20261124T090000-ffffff"), 100.0)
    (merged,) = merge([first, second]).channels
    assert (merged.attributed_p5_j, merged.attributed_energy_j, merged.attributed_p95_j) == (650.0, 750.0, 900.0)


def test_a_part_whose_whole_is_not_given_is_left_out_and_named() -> None:
    part = replace(node(2), part_of="20261124T000000-000000")
    merged = merge([node(1), part])
    assert merged.hosts == ("node1",)
    assert f"run {part.id} is left out: it is a part of run 20261124T000000-000000" in merged.warnings[0]


@pytest.mark.parametrize("nothing", [[], [replace(node(1), part_of="another")]])
def test_nothing_to_merge_is_said(nothing: Sequence[Measurement]) -> None:
    with pytest.raises(DataMissing, match="nothing to merge"):
        merge(nothing)


@pytest.mark.parametrize(
    ("states", "merged"),
    [
        ([RunState.COMPLETE, RunState.INTERRUPTED], RunState.INTERRUPTED),
        ([RunState.INTERRUPTED, RunState.RUNNING, RunState.COMPLETE], RunState.RUNNING),
    ],
)
def test_a_merged_run_is_as_unfinished_as_its_least_finished_part(states: list[RunState], merged: RunState) -> None:
    assert merge([replace(node(n), state=state) for n, state in enumerate(states)]).state is merged


@pytest.mark.parametrize(("statuses", "merged"), [([0, None], None), ([0, 7], 7), ([None, 7], 7), ([0, 0], 0)])
def test_a_merged_run_failed_if_one_part_failed(statuses: list[int | None], merged: int | None) -> None:
    assert merge([replace(node(n), exit_status=status) for n, status in enumerate(statuses)]).exit_status == merged


def test_phases_gauges_and_warnings_of_several_hosts_say_whose_they_are_on_one_time() -> None:
    parts = [
        replace(
            node(number, start_s=late_s),
            phases=(Phase("train", 1.0, 4.0, {"gpu": 50.0}),),
            gauges={"package-0": {"utilisation_ratio": utilisation}},
            warnings=("a gap",),
        )
        for number, late_s, utilisation in ((1, 0.0, 0.2), (2, 2.0, 0.6))
    ]
    merged = merge(parts)
    assert [(phase.path, phase.start_s, phase.end_s) for phase in merged.phases] == [
        ("node1/train", 1.0, 4.0),
        ("node2/train", 3.0, 6.0),
    ]
    assert merged.gauges["node2/package-0"] == {"utilisation_ratio": 0.6}
    assert merged.warnings == ("node1: a gap", "node2: a gap")


def test_gauges_of_one_device_over_several_parts_are_weighed_by_time() -> None:
    short = replace(node(1, duration_s=10.0), gauges={"GPU-0": {"temperature_c": 40.0}})
    long = replace(node(1, duration_s=30.0), id="20261124T090000-ffffff", gauges={"GPU-0": {"temperature_c": 80.0}})
    # (10 s x 40 C + 30 s x 80 C) / 40 s
    assert merge([short, moved(long, 100.0)]).gauges == {"GPU-0": {"temperature_c": 70.0}}


def test_different_sites_are_not_decided_between() -> None:
    merged = merge([replace(node(1), site_id="fr"), replace(node(2), site_id="de")])
    assert merged.site_id is None
    assert "different sites" in merged.warnings[0]


def test_several_devices_and_domains_of_one_host_are_all_kept() -> None:
    meters = [gpu("A"), gpu("B"), gpu("A", domain=Domain.DRAM)]
    run = measurement("20261124T081500-3f9a1c", 10.0, *(energy(meter, 10.0) for meter in meters))
    assert [channel.meter for channel in merge([run, node(2)]).channels[:3]] == meters
