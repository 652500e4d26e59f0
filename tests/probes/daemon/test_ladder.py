"""The daemon's ladder is the receipt's, added up: over any windows it comes to what one of the whole time says."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcfoot.assessment import assess
from dcfoot.counter import Outcome, Step
from dcfoot.footprint import Footprint
from dcfoot.measurement import ChannelEnergy, Machine, Measurement, RunState
from dcfoot.quantity import Quantity
from dcfoot.reading import Channel, Cut, Domain, Meter
from dcfoot.site import resolve_site
from dcfoot_probes.daemon.ladder import DRAWS, RUNGS, WINDOW_S, Ladders, Place
from dcfoot_probes.daemon.words import Frame, Ladder
from simulated.daemons import HOST, meter
from simulated.near import near

MACHINE = Machine("Intel(R) Xeon(R) Platinum 8480+", 2, 224, 2048.0, ("NVIDIA H100 80GB HBM3",) * 2)
POWERS_W = {
    meter("GPU-0"): 300.0,
    meter("GPU-1"): 500.0,
    meter("package-0", Domain.PACKAGE): 150.0,
    meter("package-1", Domain.PACKAGE): 170.0,
    meter("dram-0", Domain.DRAM): 30.0,
}
METERS: Mapping[Channel, Meter] = {one.channel: one for one in POWERS_W}
PLACE = Place(resolve_site(country="FR"), MACHINE)
START = datetime(2026, 6, 1, 12, tzinfo=UTC)


def frame(
    end_s: float, duration_s: float = 1.0, missing: Callable[[Meter], bool] = lambda _: False, late_s: float = 0.0
) -> Frame:
    """All at their power; those that are missing give no step, and the others `late_s` more than the frame's time."""
    steps = {
        one.channel: Step(watts * (duration_s + late_s), duration_s + late_s, duration_s + late_s, Outcome.STEP)
        for one, watts in POWERS_W.items()
        if not missing(one)
    }
    return Frame(round((START.timestamp() + end_s) * 1e9), duration_s, steps, {}, {}, {})


def receipt_of(seconds: float) -> Footprint:
    """What the receipt's own function says of the whole time."""
    channels = [ChannelEnergy(one, watts * seconds, watts * seconds, seconds) for one, watts in POWERS_W.items()]
    measurement = Measurement(
        HOST, "whole", (), (HOST,), START, START + timedelta(seconds=seconds), seconds, None, RunState.RUNNING,
        tuple(channels), MACHINE,
    )  # fmt: skip
    return PLACE.assessed(measurement)


def same(one: Quantity | None, other: Quantity | None) -> bool:
    assert one is not None
    assert other is not None
    assert one.basis is other.basis
    return (one.value, one.p5, one.p95) == near((other.value, other.p5, other.p95), rel=1e-9)


def ladder_of(ladders: Ladders) -> Ladder:
    return ladders.now()


@settings(max_examples=20)  # each of three minutes of frames
@given(asked=st.sets(st.integers(1, 179)))
def test_whenever_somebody_asks_it_comes_to_what_a_receipt_of_the_whole_time_says(asked: set[int]) -> None:
    ladders = Ladders(PLACE, HOST)
    for second in range(1, 181):
        ladders.add(frame(second), METERS)
        if second in asked:
            ladders.now()
    found, whole = ladder_of(ladders), receipt_of(180.0)
    for rung in whole.rungs:
        assert same(found.energy_kwh[rung.name], rung.energy_kwh)
    assert same(found.water_l["onsite"], whole.water_onsite_l)
    assert same(found.water_l["offsite"], whole.water_offsite_l)
    assert [(one.method, one.boundary, one.gas) for one in found.carbon] == [
        (one.method, one.boundary, one.gas) for one in whole.carbon
    ]
    assert all(same(one.value_g, other.value) for one, other in zip(found.carbon, whole.carbon, strict=True))


def test_a_part_of_a_device_adds_nothing_to_the_ladder_and_holds_it_up_nowhere() -> None:
    part = replace(meter("MIG-0", Domain.GPU_INSTANCE), cut=Cut("GPU-0", 1, "3g.40gb"))
    ladders, with_part = Ladders(PLACE, HOST), Ladders(PLACE, HOST)
    for second in range(1, 4):
        whole = frame(second)
        steps = {**whole.steps, part.channel: Step(100.0, 1.0, 1.0, Outcome.STEP)} if second == 1 else whole.steps
        ladders.add(whole, METERS)
        with_part.add(replace(whole, steps=steps), {**METERS, part.channel: part})
    assert with_part.now() == ladders.now()
    assert with_part.now().power_w["accelerator"] is not None


def test_power_is_that_since_the_ladder_before_and_the_chips_are_what_their_meters_say() -> None:
    ladders = Ladders(PLACE, HOST)
    ladders.add(frame(1), METERS)
    power = {rung: quantity.value for rung, quantity in ladder_of(ladders).power_w.items() if quantity}
    assert list(power) == list(RUNGS)
    assert (power["accelerator"], power["host"]) == (near(800.0), near(1150.0))
    assert power["host"] < power["node"] < power["facility"]


def test_nobody_makes_it_be_worked_out_more_often_than_once_a_second() -> None:
    ladders = Ladders(PLACE, HOST)
    ladders.add(frame(0.4, 0.4), METERS)
    first = ladders.now()
    ladders.add(frame(1.0, 0.6), METERS)
    assert ladders.now() is first
    ladders.add(frame(1.5, 0.5), METERS)
    assert ladders.now() is not first


def test_from_the_start_there_is_one_whose_figures_are_known_with_the_first_frame() -> None:
    ladders = Ladders(PLACE, HOST)
    before = ladders.now()
    assert (before.site, before.power_w, before.carbon) == ("fr", dict.fromkeys(RUNGS), [])
    ladders.add(frame(0.05, 0.05), METERS)
    accelerators = ladders.now().power_w["accelerator"]
    assert accelerators
    assert accelerators.value == near(800.0)


def test_where_nobody_asks_it_is_worked_out_once_a_minute() -> None:
    ladders = Ladders(PLACE, HOST)
    for second in range(1, 61):
        ladders.add(frame(second), METERS)
    ladders.add(frame(60.5, 0.5), METERS)
    accelerators = ladder_of(ladders).energy_kwh["accelerator"]
    assert accelerators is not None
    assert accelerators.value == near(800.0 * 60 / 3.6e6, rel=1e-9)  # without the half second since


def is_processor(one: Meter) -> bool:
    return one.channel.domain is Domain.PACKAGE


def test_a_reading_that_is_late_belongs_to_the_window_that_it_came_late_for() -> None:
    ladders = Ladders(PLACE, HOST)
    ladders.add(frame(1), METERS)
    before = ladder_of(ladders)
    ladders.add(frame(2, missing=is_processor), METERS)
    assert ladders.now() is before
    late = frame(3)
    steps = {**late.steps, **{c: s for c, s in frame(3, late_s=1.0).steps.items() if c.domain is Domain.PACKAGE}}
    ladders.add(Frame(late.utc_ns, 1.0, steps, {}, {}, {}), METERS)
    whole = receipt_of(3.0)
    assert all(same(ladder_of(ladders).energy_kwh[rung.name], rung.energy_kwh) for rung in whole.rungs)


def test_a_minute_without_the_processors_widens_the_bound_of_the_node_and_adds_nothing_to_its_value() -> None:
    ladders = Ladders(PLACE, HOST)
    for second in range(1, 61):
        ladders.add(frame(second), METERS)
    before = ladder_of(ladders)
    for second in range(61, 121):
        ladders.add(frame(second, missing=is_processor), METERS)
    after = ladder_of(ladders)
    assert after.power_w["node"] is None
    node, node_before = after.energy_kwh["node"], before.energy_kwh["node"]
    assert node is not None
    assert node_before is not None
    assert (node.value, node.p5) == (node_before.value, node_before.p5)
    assert node.p95 - node_before.p95 == near(node_before.value)  # as much as the minute before
    gpus = after.energy_kwh["accelerator"]
    assert gpus is not None
    assert gpus.value == near(800.0 * 120 / 3.6e6)


def test_of_what_an_exporter_tells_every_five_seconds_the_power_now_is_its_own_at_every_moment() -> None:
    ladders, told = Ladders(PLACE, HOST), set[float]()
    exporter = next(one for one in POWERS_W if one.channel.device == "GPU-1")
    for second in range(1, 31):
        late = frame(second, missing=lambda one: one is exporter)
        if second % 5 == 0:
            late = Frame(
                late.utc_ns, 1.0, {**late.steps, exporter.channel: Step(2500.0, 5.0, 5.0, Outcome.STEP)}, {}, {}, {}
            )
        ladders.add(late, METERS)
        power = ladders.now().power_w["accelerator"]
        if power is not None:
            told.add(round(power.value, 6))
    assert told == {800.0}


def test_a_minute_of_which_a_part_is_known_has_no_power_now() -> None:
    ladders = Ladders(PLACE, HOST)
    for second in range(1, 61):
        ladders.add(frame(second, missing=lambda _: second > 20), METERS)  # noqa: B023 (called at once)
    ladder = ladders.now()
    assert ladder.power_w["accelerator"] is None
    gpus = ladder.energy_kwh["accelerator"]
    assert gpus is not None
    assert gpus.value == near(800.0 * 20 / 3.6e6)


def test_what_was_never_known_is_not_known_and_never_nothing() -> None:
    ladders = Ladders(PLACE, HOST)
    gpus = {channel: one for channel, one in METERS.items() if channel.domain is Domain.GPU}
    for second in range(1, 4):
        ladders.add(frame(second, missing=lambda one: one.channel not in gpus), gpus)
    found = ladder_of(ladders)
    assert found.energy_kwh["accelerator"] is not None
    assert [found.energy_kwh[rung] for rung in ("host", "node", "facility")] == [None] * 3
    assert (found.carbon, found.water_l) == ([], {"onsite": None, "offsite": None})


def test_another_place_counts_from_then_on() -> None:
    ladders = Ladders(PLACE, HOST)
    ladders.add(frame(1), METERS)
    france = ladder_of(ladders)
    ladders.place = Place(resolve_site(country="PL"), MACHINE)
    ladders.add(frame(2), METERS)
    both = ladder_of(ladders)
    assert both.site != france.site
    assert both.carbon[0].value_g.value > 5 * france.carbon[0].value_g.value  # Poland's grid is far from France's


@pytest.mark.parametrize("site", ["gcp-us-central1", "world"])
def test_a_minute_costs_milliseconds(site: str) -> None:
    ladders = Ladders(Place(resolve_site(site), MACHINE), HOST)
    ladders.add(frame(0), METERS)
    ladders.now()  # reads the tables
    began_s = time.process_time()
    for minute in range(5):
        ladders.add(frame(WINDOW_S * minute, WINDOW_S), METERS)
    assert (time.process_time() - began_s) / 5 < 0.05


def test_the_interval_of_fewer_draws_is_that_of_a_receipt_within_its_own_scatter() -> None:
    ladders = Ladders(PLACE, HOST)
    ladders.add(frame(60, 60.0), METERS)
    channels = tuple(ChannelEnergy(one, watts * 60, watts * 60, 60.0) for one, watts in POWERS_W.items())
    measurement = Measurement(
        HOST, "", (), (HOST,), START, START + timedelta(seconds=60), 60.0, None, RunState.RUNNING, channels, MACHINE
    )
    many = assess(measurement, PLACE.site, whole_node=True, draws=10 * DRAWS).facility_energy_kwh
    few = ladder_of(ladders).energy_kwh["facility"]
    assert many is not None
    assert few is not None
    assert (few.p5, few.p95) == near((many.p5, many.p95), rel=0.05)
