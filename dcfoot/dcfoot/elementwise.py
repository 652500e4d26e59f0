"""The functions that a formula needs beyond ``+ - * / **``, for a float, a NumPy array and a pandas Series alike.

In comes any of the three, out goes the same; with several arguments, one that is an array or a Series decides. Floats
go to `math`, so that a formula used with floats never imports numpy (0.1 s).
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Numbers = float | NDArray[np.float64]
    Condition = bool | NDArray[np.bool] | pd.Series[bool]
else:  # naming the type of an array would import numpy
    Numbers = float
    Condition = object

Value = TypeVar("Value", float, "NDArray[np.float64]", "pd.Series[float]", "Numbers")
"""What a formula takes and gives: a float, an array or a Series; or `Numbers`, where a parameter may be drawn."""


def exp(x: Value) -> Value:
    """The exponential of `x`."""
    result: Value = _call(math.exp, "exp", x)
    return result


def expm1(x: Value) -> Value:
    """``exp(x) - 1`` without losing the digits of a small `x`."""
    result: Value = _call(math.expm1, "expm1", x)
    return result


def log(x: Value) -> Value:
    """The natural logarithm of `x`, which must be above 0."""
    result: Value = _call(math.log, "log", x)
    return result


def log1p(x: Value) -> Value:
    """The natural logarithm of ``1 + x`` without losing the digits of a small `x`, which must be above -1."""
    result: Value = _call(math.log1p, "log1p", x)
    return result


def sqrt(x: Value) -> Value:
    """The square root of `x`, which must not be negative."""
    result: Value = _call(math.sqrt, "sqrt", x)
    return result


def minimum(a: Value, b: Value | float) -> Value:
    """The lesser of `a` and `b`, element by element."""
    result: Value = _call(min, "minimum", a, b)
    return result


def maximum(a: Value, b: Value | float) -> Value:
    """The greater of `a` and `b`, element by element."""
    result: Value = _call(max, "maximum", a, b)
    return result


def clip(x: Value, low: Value | float, high: Value | float) -> Value:
    """`x`, but at least `low` and at most `high`; `high` wins where the two cross."""
    return minimum(maximum(x, low), high)


def where(condition: Condition, a: Value, b: Value | float) -> Value:
    """`a` where the condition holds, else `b`.

    Both are computed before one is chosen: keep the argument of a `log` or `sqrt` in its range with `maximum`.
    """
    result: Value = _choose(condition, a, b)
    return result


# The two below handle what the checkers cannot tell apart; the functions above give the result its type.


def _call(on_floats: Callable[..., float], ufunc: str, *values: object) -> Any:  # noqa: ANN401
    if all(isinstance(value, float | int) for value in values):
        return on_floats(*values)
    import numpy as np

    return getattr(np, ufunc)(*values)


def _choose(condition: Any, a: Any, b: Any) -> Any:  # noqa: ANN401
    if not getattr(condition, "ndim", 0):
        return a if condition else b
    import numpy as np

    chosen = cast("NDArray[np.float64]", np.where(condition, a, b))
    series = cast("Any", type(condition))
    return series(chosen, index=condition.index) if hasattr(condition, "index") else chosen
