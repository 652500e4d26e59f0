"""One body of a formula serves a float, an array and a Series, and a float never needs numpy."""

import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.elementwise import Value, clip, exp, expm1, log, log1p, maximum, minimum, sqrt, where
from simulated.environ import unobserved
from simulated.near import near

numbers = st.lists(st.floats(0.01, 500.0), min_size=1, max_size=20)


def every_function(x: Value) -> Value:
    """A formula that uses each of them; `x` above 0."""
    bent = where(x < 3.0, sqrt(x), log(x) + 1.0) + expm1(-log1p(x))
    return clip(exp(-bent), 1e-3, 0.5) + minimum(maximum(x, 2.0), 7.0 - bent)


@given(numbers)
def test_an_array_gives_what_its_floats_give(values: list[float]) -> None:
    assert every_function(np.array(values)).tolist() == near([every_function(value) for value in values], rel=1e-14)


@given(numbers)
def test_a_series_stays_a_series_and_keeps_its_index(values: list[float]) -> None:
    index = range(7, 7 + len(values))
    series = every_function(pd.Series(values, index=index))
    assert isinstance(series, pd.Series)
    assert list(series.index) == list(index)
    assert series.tolist() == near([every_function(value) for value in values], rel=1e-14)


def test_a_float_stays_a_float() -> None:
    assert every_function(2.0) == near(math.exp(2 / 3 - math.sqrt(2)) + 2.0)
    assert isinstance(every_function(2.0), float)


def test_arrays_of_different_shapes_broadcast() -> None:
    hours, draws = np.array([1.0, 5.0]), np.array([[0.0], [4.0], [9.0]])
    assert maximum(draws, hours).tolist() == [[1.0, 5.0], [4.0, 5.0], [9.0, 9.0]]
    assert where(draws > 1.0, draws, hours).tolist() == [[1.0, 5.0], [4.0, 4.0], [9.0, 9.0]]


@pytest.mark.parametrize(("low", "high", "expected"), [(0.0, 1.0, 1.0), (7.0, 9.0, 7.0), (7.0, 1.0, 1.0)])
def test_clip_keeps_its_bounds_and_the_upper_wins(low: float, high: float, expected: float) -> None:
    assert clip(5.0, low, high) == expected
    assert clip(np.array([5.0]), low, high).tolist() == [expected]


def test_formulas_on_floats_never_load_numpy() -> None:
    code = """
import sys
from dcfoot.psychrometrics import dew_point_c, vapour_pressure_pa, wet_bulb_c
wet_bulb_c(20.0, 0.008, 101325.0), dew_point_c(vapour_pressure_pa(0.008, 101325.0))
print("numpy" in sys.modules, "pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], env=unobserved(), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
