"""All hours at once give what one hour after the other gives, and a year can end where it began."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dcfoot_scenarios.scan import Steps, before, states
from simulated.near import near

Row = tuple[float, float, float, float]


def ordered(keep: float, add: float, one: float, other: float) -> Row:
    return keep, add, min(one, other), max(one, other)


bound = st.floats(-50.0, 50.0)
rows = st.lists(st.builds(ordered, st.floats(0.0, 1.0), st.floats(-30.0, 30.0), bound, bound), min_size=1, max_size=70)


def steps_of(some: list[Row]) -> Steps:
    return Steps(*np.array(some).T)


def one_by_one(some: list[Row], state: float) -> list[float]:
    found: list[float] = []
    for keep, add, low, high in some:
        state = min(max(keep * state + add, low), high)
        found.append(state)
    return found


@given(rows, bound)
def test_all_hours_at_once_are_one_after_the_other(some: list[Row], start: float) -> None:
    assert states(steps_of(some), np.array([start])).tolist() == near(one_by_one(some, start), abs=1e-9)


@given(rows, bound)
def test_steps_that_keep_all_need_no_ratio(some: list[Row], start: float) -> None:
    kept = [(1.0, add, low, high) for _, add, low, high in some]
    found = states(steps_of(some)._replace(keep=None), np.array([start]))
    assert found.tolist() == near(one_by_one(kept, start), abs=1e-9)


@given(rows)
def test_a_cycle_ends_where_it_began(some: list[Row]) -> None:
    found = states(steps_of(some), None)
    assert found.tolist() == near(one_by_one(some, float(found[-1])), abs=1e-6)


@given(st.lists(rows, min_size=2, max_size=4), st.booleans())
def test_rows_side_by_side_do_not_see_one_another(many: list[list[Row]], cyclic: bool) -> None:
    count = min(map(len, many))
    start = None if cyclic else np.zeros((len(many), 1))
    together = states(Steps(*np.moveaxis(np.array([some[:count] for some in many]), -1, 0)), start)
    for row, some in zip(together, many, strict=True):
        alone = states(steps_of(some[:count]), None if cyclic else np.zeros(1))
        assert row.tolist() == near(alone.tolist(), abs=1e-12)  # more rows, another order of sums


def cycle(keep: float, add: list[float], high: float = 10.0) -> NDArray[np.float64]:
    return states(steps_of([(keep, one, 0.0, high) for one in add]), None)


def test_of_all_cycles_without_drift_the_lowest_is_taken() -> None:
    assert cycle(1.0, [3.0, -2.0, -1.0]).tolist() == [3.0, 1.0, 0.0]


def test_what_gains_in_every_round_ends_full_and_what_loses_empty() -> None:
    assert cycle(1.0, [3.0, -2.0]).tolist() == [10.0, 8.0]
    assert cycle(1.0, [2.0, -3.0]).tolist() == [2.0, 0.0]


def test_with_losses_the_cycle_settles_between_the_bounds() -> None:
    # 0.5 x 2 + 3 = 4, and 0.5 x 4 + 0 = 2 again.
    assert cycle(0.5, [3.0, 0.0]).tolist() == near([4.0, 2.0])


def test_the_state_before_an_hour_is_that_after_the_last() -> None:
    after = np.array([1.0, 2.0, 3.0])
    assert before(after, None).tolist() == [3.0, 1.0, 2.0]
    assert before(after, np.array([7.0])).tolist() == [7.0, 1.0, 2.0]
