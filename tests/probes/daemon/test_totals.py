"""Totals: units, idle and unattributed add up to the meter, whatever comes and goes."""

from collections.abc import Mapping
from threading import Thread

from hypothesis import given
from hypothesis import strategies as st

from dcfoot.counter import Outcome, Step
from dcfoot.reading import Channel, Domain, Meter
from dcfoot_probes.daemon.totals import GONE, GONE_AFTER_S, Totals
from dcfoot_probes.daemon.words import Frame, Split, Unit, UnitKind, UnitTotal
from simulated.daemons import meter
from simulated.near import near

UNITS = [Unit(UnitKind.CONTAINER, name) for name in "abcd"]
METERS = [meter("0"), meter("1"), meter("0", Domain.PACKAGE)]
CHANNELS: Mapping[Channel, Meter] = {one.channel: one for one in METERS}
START_NS = 1_700_000_000_000_000_000


def frame(
    second: float, energies_j: Mapping[Channel, float], splits: Mapping[Channel, Split], duration_s: float = 1.0
) -> Frame:
    steps = {channel: Step(joules, duration_s, duration_s, Outcome.STEP) for channel, joules in energies_j.items()}
    return Frame(START_NS + round(second * 1e9), duration_s, steps, splits, {}, {})


@st.composite
def splits(draw: st.DrawFn) -> Split:
    weights = draw(st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6).filter(lambda drawn: sum(drawn) > 0.01))
    idle, unattributed, *parts = [weight / sum(weights) for weight in weights]
    return Split(dict(zip(UNITS, parts, strict=True)), idle, unattributed)


FRAMES = st.lists(
    st.dictionaries(st.sampled_from(list(CHANNELS)), st.tuples(st.floats(0.0, 1e4), st.none() | splits())), max_size=30
)


@given(FRAMES, st.booleans())
def test_units_idle_and_unattributed_add_up_to_the_meter_also_of_units_that_are_gone(
    ticks: list[dict[Channel, tuple[float, Split | None]]], rare: bool
) -> None:
    totals, pace_s = Totals(), 2 * GONE_AFTER_S if rare else 1.0
    for number, tick in enumerate(ticks):
        energies = {channel: joules for channel, (joules, _) in tick.items()}
        divided = {channel: split for channel, (_, split) in tick.items() if split is not None}
        totals.add(frame(pace_s * number, energies, divided, pace_s), CHANNELS)
    for channel in totals.now().channels:
        name = channel.meter.channel
        units_j = sum(unit.energy_j.get(name, 0.0) for unit in totals.now().units)
        assert channel.energy_j == near(sum(tick[name][0] for tick in ticks if name in tick), rel=1e-9)
        assert units_j + channel.idle_j + channel.unattributed_j == near(channel.energy_j, rel=1e-9, abs=1e-9)


def unit_of(totals: Totals, unit: Unit) -> UnitTotal | None:
    return next((total for total in totals.now().units if total.unit == unit), None)


def test_a_channel_without_a_split_is_nobodys_that_is_known() -> None:
    totals = Totals()
    totals.add(frame(0, {METERS[0].channel: 50.0}, {}), CHANNELS)
    first, *_ = totals.now().channels
    assert (first.energy_j, first.idle_j, first.unattributed_j, first.covered_s) == (50.0, 0.0, 50.0, 1.0)


def test_the_power_of_a_tick_without_a_reading_is_not_known_and_never_that_of_the_tick_before() -> None:
    totals = Totals()
    totals.add(frame(0, {METERS[0].channel: 50.0}, {}), CHANNELS)
    assert [channel.power_w for channel in totals.now().channels] == [50.0, None, None]
    totals.add(frame(1, {METERS[1].channel: 70.0}, {}), CHANNELS)
    assert [channel.power_w for channel in totals.now().channels] == [None, 70.0, None]
    assert totals.now().channels[0].energy_j == 50.0


def test_a_units_power_leaves_out_what_lies_in_another_domain() -> None:
    nested = [meter("package-0", Domain.PACKAGE), meter("core-0", Domain.CORE), meter("0")]
    totals, all_a = Totals(), Split({UNITS[0]: 1.0}, 0.0, 0.0)
    energies = dict(zip((one.channel for one in nested), (100.0, 60.0, 300.0), strict=True))
    totals.add(frame(0, energies, dict.fromkeys(energies, all_a)), {one.channel: one for one in nested})
    (unit,) = totals.now().units
    assert unit.power_w == near(400.0)
    assert sum(unit.energy_j.values()) == near(460.0)  # by channel all are kept, for none of them is a sum


def test_what_nobody_is_known_to_have_had_of_a_gpu_is_no_units_by_its_instances_either() -> None:
    whole, instance, wall = meter("0"), meter("MIG-0", Domain.GPU_INSTANCE), meter("wall", Domain.NODE)
    totals, all_a = Totals(), Split({UNITS[0]: 1.0}, 0.0, 0.0)
    energies = {whole.channel: 300.0, instance.channel: 200.0, wall.channel: 900.0}
    metered = {one.channel: one for one in (whole, instance, wall)}
    totals.add(frame(0, energies, {instance.channel: all_a}), metered)
    assert [unit.power_w for unit in totals.now().units] == [0.0]
    totals.add(frame(1, energies, dict.fromkeys((whole.channel, instance.channel), all_a)), metered)
    assert [unit.power_w for unit in totals.now().units] == [300.0]


def test_a_unit_that_is_gone_is_told_of_for_a_while_and_then_as_one_with_all_that_are() -> None:
    totals, channel = Totals(), METERS[0].channel
    for number, unit in enumerate(UNITS):
        totals.add(frame(number, {channel: 10.0}, {channel: Split({unit: 1.0}, 0.0, 0.0)}), CHANNELS)
    busy = Split({UNITS[3]: 1.0}, 0.0, 0.0)
    totals.add(frame(600, {channel: 10.0}, {channel: busy}, 600.0), CHANNELS)
    assert {unit.unit for unit in totals.now().units} == set(UNITS)
    totals.add(frame(1000, {channel: 10.0}, {channel: busy}, 400.0), CHANNELS)
    assert {unit.unit for unit in totals.now().units} == {UNITS[3], GONE}
    gone = unit_of(totals, GONE)
    assert gone is not None
    assert gone.energy_j == {channel: 30.0}
    assert (gone.first_utc_ns, gone.last_utc_ns) == (START_NS, START_NS + 2_000_000_000)


def test_a_year_of_short_containers_takes_no_more_room_than_those_of_the_last_minutes() -> None:
    totals, channel = Totals(), METERS[0].channel
    for minute in range(2_000):
        unit = Unit(UnitKind.CONTAINER, f"short-{minute}")
        totals.add(frame(60.0 * minute, {channel: 1.0}, {channel: Split({unit: 1.0}, 0.0, 0.0)}, 60.0), CHANNELS)
    assert len(totals.now().units) < 20
    assert sum(unit.energy_j[channel] for unit in totals.now().units) == 2_000.0


def test_whoever_asks_while_frames_are_added_sees_whole_frames() -> None:
    totals, channel = Totals(), METERS[0].channel
    half = Split({UNITS[0]: 0.5}, 0.5, 0.0)

    def add() -> None:
        for second in range(3_000):
            totals.add(frame(second, {channel: 2.0}, {channel: half}), CHANNELS)

    thread = Thread(target=add)
    thread.start()
    seen = 0.0
    while thread.is_alive():
        for unit in totals.now().units:
            assert unit.energy_j[channel] >= seen
            assert unit.energy_j[channel] % 1.0 == 0.0
            seen = unit.energy_j[channel]
    thread.join()
    assert totals.now().channels[0].energy_j == 6_000.0
