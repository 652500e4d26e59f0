"""Phases share out the energy between their marks, whatever order they end in and however many there are."""

import threading
import tracemalloc
from collections.abc import Sequence
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.counter import Outcome
from dcfoot.ledger import EnergyRecord
from dcfoot.measurement import Phase
from dcfoot.phases import MOST_PHASES, MOST_WAITING, PhaseBook
from dcfoot.reading import Channel, Domain
from dcfoot.units import NS_PER_S
from simulated.near import near

GPU = Channel("node-1", Domain.GPU, "GPU-1")
DRAM = Channel("node-1", Domain.DRAM, "dram-0")


def ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)


def book(kept: PhaseBook, start_s: float, end_s: float, energy_j: float, channel: Channel = GPU) -> None:
    kept.book(EnergyRecord(channel, ns(start_s), ns(end_s), energy_j, energy_j, end_s - start_s, Outcome.STEP))


def energies(kept: PhaseBook) -> dict[str, dict[str, float]]:
    return {phase.path: dict(phase.energy_j) for phase in kept.phases()}


def test_phases_share_out_the_energy_between_their_marks() -> None:
    kept = PhaseBook(0)
    book(kept, 0, 0, 0.0)
    whole = kept.begin("train", 0)
    book(kept, 0, 1, 100.0)
    inner = kept.begin("epoch", ns(1.5))
    book(kept, 1, 2, 200.0)
    kept.end(inner, ns(2.25))
    book(kept, 2, 3, 400.0)
    kept.end(whole, ns(3))
    assert energies(kept)["train"] == {"gpu": near(700.0)}
    # Half of the second second's 200 J and a quarter of the third's 400 J.
    assert energies(kept)["train/epoch"] == {"gpu": near(200.0)}
    assert [(phase.start_s, phase.end_s) for phase in kept.phases()] == [(1.5, 2.25), (0.0, 3.0)]


STEPS = st.lists(st.tuples(st.floats(0.01, 10.0), st.floats(0.0, 1e6)), min_size=1, max_size=12)
CUTS = st.lists(st.floats(0.0, 1.0), max_size=8)


@given(gpu=STEPS, dram=STEPS, cuts=CUTS)
def test_phases_that_cover_a_run_add_up_to_its_energy(
    gpu: list[tuple[float, float]], dram: list[tuple[float, float]], cuts: list[float]
) -> None:
    kept = PhaseBook(0)
    bookings = sorted([*_bookings(gpu, GPU), *_bookings(dram, DRAM)], key=lambda record: record.end_ns)
    end_ns = bookings[-1].end_ns
    for channel in (GPU, DRAM):
        book(kept, 0, 0, 0.0, channel)
    moments = [0, *sorted(round(cut * end_ns) for cut in cuts), end_ns]
    phase = kept.begin("0", 0)
    for number, moment_ns in enumerate(moments[1:], 1):
        while bookings and bookings[0].end_ns < moment_ns:
            kept.book(bookings.pop(0))
        kept.end(phase, moment_ns)
        phase = kept.begin(str(number), moment_ns)
    for record in bookings:
        kept.book(record)
    kept.close()
    assert sum(phase.energy_j.get("gpu", 0.0) for phase in kept.phases()) == near(_total_j(gpu), abs=1e-6)
    assert sum(phase.energy_j.get("dram", 0.0) for phase in kept.phases()) == near(_total_j(dram), abs=1e-6)
    assert all(energy_j >= -1e-6 for phase in kept.phases() for energy_j in phase.energy_j.values())


def _bookings(steps: Sequence[tuple[float, float]], channel: Channel) -> list[EnergyRecord]:
    records: list[EnergyRecord] = []
    now_ns = 0
    for lasts_s, energy_j in steps:
        start_ns, now_ns = now_ns, now_ns + ns(lasts_s)
        records.append(EnergyRecord(channel, start_ns, now_ns, energy_j, energy_j, lasts_s, Outcome.STEP))
    return records


def _total_j(steps: Sequence[tuple[float, float]]) -> float:
    return sum(energy_j for _, energy_j in steps)


@pytest.mark.parametrize(
    ("energy_j", "chips_j", "power_w"),
    [
        ({"gpu": 60.0, "package": 40.0}, 100.0, 50.0),
        ({"gpu": 60.0, "package": 40.0, "node": 150.0}, 100.0, 50.0),  # the node's meter sees the chips again
        ({"node": 150.0}, None, None),
        ({}, None, None),
    ],
)
def test_the_chips_of_a_phase_are_counted_once(
    energy_j: dict[str, float], chips_j: float | None, power_w: float | None
) -> None:
    phase = Phase("train", 3.0, 5.0, energy_j)
    assert (phase.duration_s, phase.chips_energy_j, phase.average_power_w) == (2.0, chips_j, power_w)


def test_a_phase_of_no_time_has_no_power() -> None:
    assert Phase("mark", 3.0, 3.0, {"gpu": 0.0}).average_power_w is None


def test_a_phase_is_told_only_when_its_energy_is_settled() -> None:
    kept = PhaseBook(0)
    book(kept, 0, 0, 0.0)
    kept.end(kept.begin("step", ns(0.1)), ns(0.2))
    assert kept.phases() == ()
    book(kept, 0, 1, 100.0)
    assert energies(kept) == {"step": {"gpu": near(10.0)}}


def test_phases_need_not_end_in_the_order_of_a_stack() -> None:
    kept = PhaseBook(0)
    book(kept, 0, 0, 0.0)
    first = kept.begin("first", 0)
    second = kept.begin("second", ns(1))
    kept.end(first, ns(2))
    third = kept.begin("third", ns(2))
    kept.end(second, ns(3))
    kept.end(third, ns(4))
    kept.end(kept.begin("alone", ns(4)), ns(5))
    book(kept, 0, 5, 500.0)
    assert energies(kept) == {
        "first": {"gpu": near(200.0)},
        "first/second": {"gpu": near(200.0)},
        "first/second/third": {"gpu": near(200.0)},
        "alone": {"gpu": near(100.0)},
    }


def test_a_phase_inside_one_of_its_own_name_is_a_part_of_it() -> None:
    kept = PhaseBook(0)
    opened = [kept.begin("fibonacci", ns(n)) for n in range(2_000)]
    for phase in reversed(opened):
        kept.end(phase, ns(2_000))
    kept.close()
    assert [phase.path for phase in kept.phases()] == ["fibonacci"]


def test_phases_of_another_run_are_not_around_a_phase() -> None:
    one, other = PhaseBook(0), PhaseBook(0)
    left_open = one.begin("never ended", 0)
    other.end(other.begin("step", ns(1)), ns(2))
    other.close()
    assert [phase.path for phase in other.phases()] == ["step"]
    one.end(left_open, ns(3))


def test_each_thread_nests_its_own_phases() -> None:
    kept = PhaseBook(0)
    outer = kept.begin("main", 0)
    thread = threading.Thread(target=lambda: kept.end(kept.begin("worker", ns(1)), ns(2)))
    thread.start()
    thread.join()
    kept.end(outer, ns(3))
    kept.close()
    assert [phase.path for phase in kept.phases()] == ["worker", "main"]


def test_a_channel_that_comes_late_counts_from_its_first_reading() -> None:
    kept = PhaseBook(0)
    book(kept, 0, 0, 0.0)
    phase = kept.begin("train", ns(1))
    book(kept, 0, 2, 200.0)
    book(kept, 1.5, 2, 30.0, DRAM)
    kept.end(phase, ns(2))
    kept.close()
    assert energies(kept) == {"train": {"gpu": near(100.0), "dram": near(30.0)}}


def test_a_channel_that_falls_silent_holds_up_a_bounded_number_of_phases() -> None:
    kept = PhaseBook(0)
    book(kept, 0, 0, 0.0)
    book(kept, 0, 0, 0.0, DRAM)
    for second in range(2 * MOST_WAITING):
        kept.end(kept.begin("step", ns(second)), ns(second + 1))
        book(kept, second, second + 1, 100.0)
    assert len(kept.phases()) >= MOST_WAITING
    assert all(phase.energy_j == {"gpu": near(100.0), "dram": 0.0} for phase in kept.phases())


def test_after_very_many_phases_those_of_one_name_are_one_and_nothing_is_lost() -> None:
    kept = PhaseBook(0)
    book(kept, 0, 0, 0.0)
    for number in range(MOST_PHASES + 1_000):
        kept.end(kept.begin("even" if number % 2 == 0 else "odd", ns(number)), ns(number + 0.5))
        book(kept, number, number + 1, 10.0)
    kept.close()
    phases = kept.phases()
    assert len(phases) == MOST_PHASES + 2
    assert [(phase.path, phase.end_s - phase.start_s) for phase in phases[-2:]] == [
        ("even", near(250.0)),
        ("odd", near(250.0)),
    ]
    assert sum(phase.energy_j["gpu"] for phase in phases) == near(5.0 * (MOST_PHASES + 1_000))
    assert kept.remarks()


def test_very_many_steps_take_bounded_memory_and_microseconds_each() -> None:
    kept = PhaseBook(0)
    book(kept, 0, 0, 0.0)
    tracemalloc.start()
    began_s = perf_counter()
    for number in range(3 * MOST_PHASES):
        kept.end(kept.begin("step", ns(number)), ns(number + 1))
        if number % 100 == 0:
            book(kept, number - 100, number, 10.0)
    taken_s, (_, peak_bytes) = perf_counter() - began_s, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 20e6
    assert taken_s / (3 * MOST_PHASES) < 500e-6  # 20 us when not traced
