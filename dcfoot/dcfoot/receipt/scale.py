"""Numbers as a person reads them: a fitting unit, three significant digits, an interval rounded outwards.

Comes in: a float in a base unit (kWh, g, L, W). Goes out: text and the symbol of its unit.
"""

# ruff: noqa: RUF001 - an en dash between two numbers is meant.

from collections.abc import Callable, Iterable
from math import ceil, floor, log10
from typing import NamedTuple


class Scale(NamedTuple):
    """A unit and how many base units it holds."""

    symbol: str
    base_count: float


ENERGY_KWH = (
    Scale("µWh", 1e-9),
    Scale("mWh", 1e-6),
    Scale("Wh", 1e-3),
    Scale("kWh", 1.0),
    Scale("MWh", 1e3),
    Scale("GWh", 1e6),
)
"""Scales of an energy in kWh."""

MASS_G = (Scale("µg", 1e-6), Scale("mg", 1e-3), Scale("g", 1.0), Scale("kg", 1e3), Scale("t", 1e6), Scale("kt", 1e9))
"""Scales of a mass in g."""

VOLUME_L = (Scale("µL", 1e-6), Scale("mL", 1e-3), Scale("L", 1.0), Scale("m³", 1e3))
"""Scales of a volume in L."""

POWER_W = (Scale("mW", 1e-3), Scale("W", 1.0), Scale("kW", 1e3), Scale("MW", 1e6))
"""Scales of a power in W."""

SIZE_BYTES = (Scale("B", 1.0), Scale("kB", 1e3), Scale("MB", 1e6), Scale("GB", 1e9), Scale("TB", 1e12))
"""Scales of a size in bytes."""

PURE = (Scale("", 1.0),)
"""Scale of a pure number or of money."""

SIGNIFICANT_DIGITS = 3
_UNREADABLY_SMALL, _UNREADABLY_LARGE = 0.1, 10_000.0
"""Outside of these a number is hard to read in a column."""

_LEAST_EXPONENT, _MOST_WRITTEN_OUT = -6, 1e7
"""Smaller is "less than a millionth", larger is written with an exponent: no column is wide enough for more."""

_FLOAT_NOISE = 1e-9
"""What the division by a scale may add to a number that was round before it."""


class Shown(NamedTuple):
    """A value with its interval, as text in one unit."""

    value: str
    unit: str
    p5: str
    p95: str

    @property
    def interval(self) -> str:
        """The interval, in the unit of the value."""
        return f"{self.p5} – {self.p95}"


def _exponent(value: float) -> int:
    """The power of ten of the last of three significant digits."""
    rounded = float(f"{abs(value):.{SIGNIFICANT_DIGITS - 1}e}")
    return floor(log10(rounded)) - SIGNIFICANT_DIGITS + 1 if rounded else 0


def number(value: float) -> str:
    """`value`, at least 0, with three significant digits. What is not zero never reads as zero."""
    return _written(value, _exponent(value), round)


def _written(value: float, exponent: int, rounding: Callable[[float], int]) -> str:
    """`value` rounded to a multiple of ``10**exponent`` by `round`, `floor` or `ceil`."""
    exponent = max(_LEAST_EXPONENT, exponent)
    noise = 0.0 if rounding is round else _FLOAT_NOISE if rounding is floor else -_FLOAT_NOISE
    steps = rounding(value / 10.0**exponent + noise)
    places = max(0, -exponent)
    if value > 0 and not steps:
        return f"<{10.0**exponent:,.{places}f}"
    rounded = steps * 10.0**exponent
    return f"{rounded:,.{places}f}" if rounded < _MOST_WRITTEN_OUT else f"{rounded:.{SIGNIFICANT_DIGITS - 1}e}"


def fitting(scales: tuple[Scale, ...], value: float) -> Scale:
    """The largest scale in which `value`, rounded, reads as 1 or more; zero stands in base units."""
    rounded = float(f"{abs(value):.{SIGNIFICANT_DIGITS - 1}e}")
    if not rounded:
        return next(scale for scale in scales if scale.base_count == 1.0)
    fits = [scale for scale in scales if rounded >= scale.base_count * (1 - _FLOAT_NOISE)]
    return fits[-1] if fits else scales[0]


def common(scales: tuple[Scale, ...], values: Iterable[float]) -> Scale | None:
    """One scale in which a whole column is easy to read; None where there is none, so that each fits its own."""
    known = [value for value in values if value]
    if not known:
        return fitting(scales, 0.0)
    for scale in (fitting(scales, max(known)), fitting(scales, min(known))):
        if min(known) / scale.base_count >= _UNREADABLY_SMALL and max(known) / scale.base_count < _UNREADABLY_LARGE:
            return scale
    return None


def amount(value: float, scales: tuple[Scale, ...], scale: Scale | None = None) -> str:
    """`value`, at least 0, with its unit: in `scale`, or in the one that fits."""
    scale = scale or fitting(scales, value)
    return f"{number(value / scale.base_count)} {scale.symbol}"


def show(value: float, p5: float, p95: float, scales: tuple[Scale, ...], scale: Scale | None = None) -> Shown:
    """`value` and its interval in `scale`, or in the one that fits the value (the interval's top, for a zero).

    The interval has the digits of its upper end and is rounded outwards, so that it holds the value on paper as well.
    """
    scale = scale or fitting(scales, value or p95)
    value, p5, p95 = (x / scale.base_count for x in (value, p5, p95))
    exponent = _exponent(p95)
    return Shown(number(value), scale.symbol, _written(p5, exponent, floor), _written(p95, exponent, ceil))


def percent(ratio: float) -> str:
    """A ratio in percent, rounded down, so that what is not whole never reads as 100 %, nor what is there as 0 %."""
    if ratio >= 1.0 or not ratio:
        return f"{ratio * 100:.0f} %"
    tenths = floor(ratio * 1000 + _FLOAT_NOISE)
    if not tenths:
        return "<0.1 %"
    return f"{tenths // 10} %" if 100 <= tenths < 990 else f"{tenths / 10:.1f} %"
