"""Columns come back: integers and doubles bit by bit, energies to a fraction of a tick, sums without drift."""

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot_probes.daemon.store import codec
from simulated.near import near

INTEGERS = st.lists(st.integers(-(2**60), 2**60), min_size=1, max_size=50)
ENERGIES_J = st.lists(st.just(math.nan) | st.floats(0.0, 1e6), min_size=1, max_size=60)


@given(INTEGERS)
def test_integers_come_back_as_they_were_whichever_order_of_differences_is_shortest(values: list[int]) -> None:
    for orders in ((0,), (1,), (2,), (0, 1, 2)):
        assert codec.unpack_integers(codec.pack_integers(values, orders)) == values


@given(st.lists(st.tuples(st.floats(width=32), st.floats()), max_size=50))
def test_columns_of_floats_come_back_bit_by_bit(rows: list[tuple[float, float]]) -> None:
    singles, doubles = array("f", [row[0] for row in rows]), array("d", [row[1] for row in rows])
    back = codec.unpack(codec.pack(singles, doubles), "fd")
    assert [column.tobytes() for column in back] == [singles.tobytes(), doubles.tobytes()]


@given(ENERGIES_J)
def test_a_sealed_ticks_energy_is_right_to_a_2048th_of_the_mean_one_and_so_is_any_sum(energies_j: list[float]) -> None:
    durations_s = [1.0] * len(energies_j)
    block = codec.seal(energies_j, durations_s, durations_s)
    back_j, covered_s = codec.unseal(block, durations_s)
    known_j = [one_j for one_j in energies_j if not math.isnan(one_j)]
    quantum_j = max(math.fsum(known_j) / max(len(known_j), 1) / 2**11, 2.0**-30)
    assert [math.isnan(one_j) for one_j in back_j] == [math.isnan(one_j) for one_j in energies_j]
    assert [covered == 0.0 for covered in covered_s] == [math.isnan(one_j) for one_j in energies_j]
    for first in range(len(energies_j)):
        truth_j = math.fsum(one_j for one_j in energies_j[first:] if not math.isnan(one_j))
        stored_j = math.fsum(one_j for one_j in back_j[first:] if not math.isnan(one_j))
        assert stored_j == near(truth_j, abs=quantum_j * 1.001)


@given(st.lists(st.tuples(st.floats(0.9, 1.1), st.floats(0.0, 12.0)), min_size=1, max_size=60))
def test_sealed_covered_time_is_right_to_two_milliseconds_in_all(ticks: list[tuple[float, float]]) -> None:
    durations_s, covered_s = [list(column) for column in zip(*ticks, strict=True)]
    block = codec.seal([1.0] * len(ticks), covered_s, durations_s)
    back_s = codec.unseal(block, durations_s)[1]
    assert math.fsum(back_s) == near(math.fsum(covered_s), abs=0.002)


def test_an_hour_of_a_steady_channel_takes_a_few_hundred_bytes() -> None:
    block = codec.seal([300.0] * 3600, [1.0] * 3600, [1.0] * 3600)
    assert len(block.energies) < 300
    assert block.uncovered is None
    assert block.known is None


@given(st.integers(0, 2**40), st.lists(st.integers(0, 10**9), min_size=1, max_size=50))
def test_stamps_come_back_to_the_microsecond_and_never_after_the_fact(start_ns: int, steps_ns: list[int]) -> None:
    starts_ns = [start_ns + sum(steps_ns[:place]) for place in range(len(steps_ns))]
    durations_s = [step_ns / 1e9 for step_ns in steps_ns]
    back = codec.unpack_stamps(*codec.pack_stamps(codec.Stamps(starts_ns, durations_s)))
    assert all(0 <= was - now < 1000 for was, now in zip(starts_ns, back.start_ns, strict=True))
    assert math.fsum(back.duration_s) == near(math.fsum(durations_s), abs=2**-20)


@given(st.floats(1e-3, 1e6))
def test_bounds_stay_bounds_in_single_precision(value: float) -> None:
    below, above = array("f", [codec.bound_below(value), codec.bound_above(value)])
    assert below <= value <= above
    assert above - below <= value * 2**-14


@given(st.lists(st.just(math.nan) | st.floats(width=32, allow_nan=False), min_size=1, max_size=40))
def test_gauges_come_back_in_single_precision(figures: list[float]) -> None:
    assert codec.unpack_figures(codec.pack_figures(figures)).tobytes() == array("f", figures).tobytes()


def test_numbered_values_come_back_exactly() -> None:
    values = array("d", [0.1, 0.2, 1.0, 2.0])
    assert list(codec.unpack_numbered(codec.pack_numbered([7, 9], values), "d", 2)) == [(7, 0.1, 1.0), (9, 0.2, 2.0)]


def test_a_changed_byte_is_noticed() -> None:
    packed = bytearray(codec.pack(array("d", range(100))))
    packed[len(packed) // 2] ^= 0x55
    with pytest.raises(codec.BlobDamagedError):
        codec.unpack(bytes(packed), "d")
