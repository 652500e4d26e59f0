"""Why a facility's meters say something else than its model: which part takes more, and whether that grows.

In come the model's parts hour by hour and the residual; out go findings, the likeliest first. Each part of the model
has a course of its own over days and seasons (chillers with the wet bulb, towers with frost, losses with the load), so
the course of the residual points at one. What points at none is not named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from dcfoot.facility_model import FacilityState
from dcfoot.units import H_PER_YEAR

Hours = NDArray[np.float64]

DAY_HOURS = 24
"""Residuals are taken by day: those of neighbouring hours say the same."""

LEAST_DAYS = 28
"""Four weeks; fewer show neither a season nor a trend (a choice)."""

LEAST_GAIN = 10.0
"""A part is named if it lowers the Bayesian information criterion by this much: "very strong" in Kass and Raftery 1995,
doi:10.1080/01621459.1995.10476572."""

SURE_DEVIATIONS = 4.0
"""A level or a drift is told if it lies so many standard errors from nothing (a choice: with some ten parts and two
numbers each, one in a thousand years of meters would be named for nothing)."""

MOST_FINDINGS = 2
"""More parts than two at once cannot be told apart within a year (a choice)."""

STEADY = "steady"
"""What does not vary: losses and lights, and whatever the model does not have."""

NAMES = {
    "ups_ratio": "the UPS",
    "distribution_ratio": "power distribution",
    "fan_ratio": "the air handlers' fans",
    "pump_ratio": "pumps",
    "chiller_ratio": "the chillers",
    "rejection_fan_ratio": "the fans of towers or dry coolers",
    "humidifier_ratio": "humidifiers",
    "evaporation_l_per_kwh": "the towers' evaporation",
    "blowdown_l_per_kwh": "blowdown",
    "pad_l_per_kwh": "pads",
    "humidification_l_per_kwh": "humidification",
    STEADY: "something that does not vary with weather or load",
}
"""For people."""

POWER_PARTS = tuple(name for name in NAMES if name.endswith("_ratio"))
WATER_PARTS = tuple(name for name in NAMES if name.endswith("_l_per_kwh"))


@dataclass(frozen=True, slots=True)
class Finding:
    """A part that explains a residual.

    Parameters
    ----------
    part : str
        A part of `FacilityState`, or ``"steady"``.
    level_ratio : float
        How much more it takes than modelled in the middle of the time, over what is modelled; of ``"steady"``: in units
        of the residual [-]
    drift_ratio_per_year : float
        How fast that grows; 0 where no drift is sure [1/year]
    explained_ratio : float
        The part of the residual's mean square that it explains [-]
    """

    part: str
    level_ratio: float
    drift_ratio_per_year: float
    explained_ratio: float

    def __str__(self) -> str:
        """One sentence for people."""
        unit = 100 if self.part != STEADY else 1
        form = "{:+.0f} %" if self.part != STEADY else "{:+.3f}"
        text = f"{NAMES[self.part]}: {form.format(self.level_ratio * unit)} against the model"
        if self.drift_ratio_per_year:
            text += f", drifting by {form.format(self.drift_ratio_per_year * unit)} a year"
        return text


def explain_power(state: FacilityState, pue_residual_ratio: Hours) -> tuple[Finding, ...]:
    """Which parts explain a residual of PUE, the likeliest first; none where nothing is sure.

    Parameters
    ----------
    state : FacilityState
        The model, hour by hour.
    pue_residual_ratio : array
        Measured less modelled, NaN where nothing was measured [-]
    """
    return _explain({name: getattr(state, name) for name in POWER_PARTS}, pue_residual_ratio)


def explain_water(state: FacilityState, wue_residual_l_per_kwh: Hours) -> tuple[Finding, ...]:
    """Which parts explain a residual of WUE, the likeliest first; none where nothing is sure.

    Parameters
    ----------
    state : FacilityState
        The model, hour by hour.
    wue_residual_l_per_kwh : array
        Measured less modelled, NaN where nothing was measured [L/kWh]
    """
    return _explain({name: getattr(state, name) for name in WATER_PARTS}, wue_residual_l_per_kwh)


def _explain(parts: Mapping[str, Hours | float], residual: Hours) -> tuple[Finding, ...]:
    days = residual.size // DAY_HOURS
    by_day = _daily(residual, days)
    known = ~np.isnan(by_day)
    if known.sum() < LEAST_DAYS:
        return ()
    years = (np.arange(days)[known] - np.arange(days)[known].mean()) * DAY_HOURS / H_PER_YEAR
    y = by_day[known]
    courses = {name: _daily(np.broadcast_to(v, residual.shape), days)[known] for name, v in parts.items()}
    courses = {name: course for name, course in courses.items() if _varies(course)} | {STEADY: np.ones_like(y)}
    chosen: list[str] = []
    while len(chosen) < MOST_FINDINGS:
        before = _columns(courses, chosen, years)
        gains = {
            name: _gain(y, before, _columns(courses, [*chosen, name], years))
            for name in sorted(courses.keys() - chosen)
        }
        best = max(gains, key=lambda name: gains[name], default=None)
        if best is None or gains[best] < LEAST_GAIN:
            break
        chosen.append(best)
    return _findings(y, courses, chosen, years)


def _daily(values: Hours, days: int) -> Hours:
    """Means of whole days; NaN where an hour is missing."""
    means: Hours = values[: days * DAY_HOURS].reshape(days, DAY_HOURS).mean(axis=1)
    return means


def _varies(course: Hours) -> bool:
    """Whether it can be told from what does not: by more than 2 % of its mean (a choice)."""
    return bool(course.mean() > 0 and course.std() > 0.02 * course.mean())


def _columns(courses: Mapping[str, Hours], names: list[str], years: Hours) -> Hours:
    """Level and drift of each part, side by side."""
    columns = [column for name in names for column in (courses[name], courses[name] * years)]
    return np.stack(columns, axis=1) if columns else np.empty((years.size, 0))


def _fit(y: Hours, x: Hours) -> tuple[Hours, float, float]:
    """Least squares: coefficients, the sum of squares that is left, and how many independent days the days are worth.

    What is left of one day resembles the day before; ``n (1 - r) / (1 + r)`` days are worth as much as `n` independent
    ones (Bayley and Hammersley 1946, doi:10.2307/2983560).
    """
    coefficients = np.linalg.pinv(x) @ y
    left = y - x @ coefficients
    squares: float = float(left @ left) + 1e-12 * float(y @ y) + 1e-300
    r: float = min(max(float(left[1:] @ left[:-1]) / squares, 0.0), 0.99)
    return coefficients, squares, y.size * (1 - r) / (1 + r)


def _gain(y: Hours, before: Hours, after: Hours) -> float:
    """By how much more columns lower the Bayesian information criterion, for the days that are then independent."""
    _, less_squares, worth = _fit(y, after)
    added = after.shape[1] - before.shape[1]
    gain: float = worth * log(_fit(y, before)[1] / less_squares) - added * log(worth + 1)
    return gain


def _findings(y: Hours, courses: Mapping[str, Hours], chosen: list[str], years: Hours) -> tuple[Finding, ...]:
    """The parts whose level or drift is sure."""
    x = _columns(courses, chosen, years)
    coefficients, squares, worth = _fit(y, x)
    spread = squares / max(y.size - x.shape[1], 1) * y.size / worth
    errors = np.sqrt(np.diag(np.linalg.pinv(x.T @ x)) * spread)
    sure = np.abs(coefficients) > SURE_DEVIATIONS * errors
    found: list[Finding] = []
    for i, name in enumerate(chosen):
        level, drift = (float(coefficients[j]) if sure[j] else 0.0 for j in (2 * i, 2 * i + 1))
        others = _fit(y, _columns(courses, [other for other in chosen if other != name], years))[1]
        if level or drift:
            found.append(Finding(name, level, drift, (others - squares) / float(y @ y)))
    return tuple(found)
