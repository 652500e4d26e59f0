"""Whatever is known of who used a device, the parts are all of it and no more."""

from hypothesis import given
from hypothesis import strategies as st

from dcfoot_probes.daemon.split import Claims, device_split, processor_split
from dcfoot_probes.daemon.words import Split, Unit, UnitKind
from simulated.near import near

units = st.integers(1, 12).map(lambda number: Unit(UnitKind.CONTAINER, f"{number}"))
seconds = st.floats(0.0, 1e6)
microseconds = st.integers(0, 10**8).map(lambda us: us / 1e6)


def whole_of(split: Split) -> float:
    return sum(split.units.values()) + split.idle + split.unattributed


def least_of(split: Split) -> float:
    return min([*split.units.values(), split.idle, split.unattributed])


@given(st.dictionaries(units, seconds), seconds, seconds)
def test_the_parts_of_the_processors_are_the_whole_whatever_the_clocks_say(
    units_s: dict[Unit, float], busy_s: float, idle_s: float
) -> None:
    split = processor_split(units_s, busy_s, idle_s)
    assert abs(whole_of(split) - 1.0) <= 1e-12
    assert least_of(split) >= 0.0


@given(
    st.lists(st.tuples(st.dictionaries(units, seconds), seconds, seconds, st.floats(0.0, 1e9)), min_size=1, max_size=20)
)
def test_units_and_idle_and_unattributed_are_the_meter_over_any_window(
    ticks: list[tuple[dict[Unit, float], float, float, float]],
) -> None:
    meter_j = sum(energy_j for *_, energy_j in ticks)
    splits = [(processor_split(units_s, busy_s, idle_s), energy_j) for units_s, busy_s, idle_s, energy_j in ticks]
    parts_j = sum(
        energy_j * part
        for split, energy_j in splits
        for part in (*split.units.values(), split.idle, split.unattributed)
    )
    assert parts_j == near(meter_j, rel=1e-12)


@given(st.dictionaries(st.integers(1, 99), st.floats(0.0, 1.0)), st.lists(units, min_size=1) | st.none())
def test_the_parts_of_a_device_are_the_whole_whoever_is_known(
    uses: dict[int, float], owners: list[Unit] | None
) -> None:
    split = device_split(uses, lambda pid: owners[pid % len(owners)] if owners and pid % 3 else None)
    assert abs(whole_of(split) - 1.0) <= 1e-12
    assert least_of(split) >= 0.0


def test_a_busy_second_weighs_one_and_an_idle_one_a_sixth() -> None:
    one, other = Unit(UnitKind.USER, "1"), Unit(UnitKind.USER, "2")
    split = processor_split({one: 2.0, other: 1.0}, 4.0, 12.0)
    weight = 4.0 + 0.17 * 12.0  # SPECpower's idle over full load, by hand
    assert split.units == {one: near(2.0 / weight), other: near(1.0 / weight)}
    assert split.unattributed == near(1.0 / weight)
    assert split.idle == near(0.17 * 12.0 / weight)


def test_a_device_that_nobody_used_is_idle() -> None:
    assert device_split({}, lambda _: None) == Split({}, 1.0, 0.0)


def test_where_no_time_passed_nobody_can_be_named() -> None:
    assert processor_split({}, 0.0, 0.0) == Split({}, 0.0, 1.0)


def test_a_process_that_nobody_knows_leaves_its_part_unattributed() -> None:
    job = Unit(UnitKind.SLURM_JOB, "7")
    split = device_split({1: 0.5, 2: 0.25, 3: 0.25}, {1: job, 2: job}.get)
    assert split == Split({job: 0.75}, 0.0, 0.25)


class TestClaims:
    def test_time_that_is_found_late_is_paid_as_soon_as_there_is_room(self) -> None:
        late, claims = Unit(UnitKind.USER, "1"), Claims()
        paid_s = [claims.settle(found_s, 1.0) for found_s in ({late: 2.5}, {}, {}, {})]
        assert [sum(each.values()) for each in paid_s] == near([1.0, 1.0, 0.5, 0.0])

    @given(st.lists(st.tuples(st.dictionaries(units, microseconds), microseconds), max_size=20))
    def test_no_more_is_paid_than_was_found_or_is_there(self, ticks: list[tuple[dict[Unit, float], float]]) -> None:
        claims, paid_s, found_s = Claims(), 0.0, 0.0
        for found, left_s in ticks:
            paid = sum(claims.settle(found, left_s).values())
            paid_s, found_s = paid_s + paid, found_s + sum(found.values())
            assert 0.0 <= paid <= left_s * (1.0 + 1e-12)
            assert paid_s <= found_s * (1.0 + 1e-9)
