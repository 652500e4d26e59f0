"""Measured beats modelled: what a facility's own meters say, hour by hour, in the place of the model.

In come the model's hours and what was metered (power and water, or one PUE for a period); out go hours in which each
figure says whether it was measured, and the residual that `dcfoot.facility_drift` explains. A live reading is one hour.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from dcfoot.errors import ConfigError, DataMissing
from dcfoot.facility import LEAST_PUE, Category, at_it_inlet
from dcfoot.facility_model import FacilityState

Hours = NDArray[np.float64]
"""One value an hour; NaN where there is none."""

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, eq=False)
class MeteredHours:
    """What the meters of a facility say of hours that follow each other. NaN is "not known".

    Parameters
    ----------
    start : datetime
        The start of the first hour, in UTC.
    facility_power_w, it_power_w : array
        Mean power of the whole facility, and of its IT equipment where `category` says [W]
    water_l : array or None
        Water taken in [L]
    category : str
        Where the IT power is metered.
    """

    start: datetime
    facility_power_w: Hours
    it_power_w: Hours
    water_l: Hours | None = None
    category: Category = "PUE3"


@dataclass(frozen=True, slots=True)
class StatedPue:
    """One PUE for a period, as an operator states it.

    Parameters
    ----------
    pue : float
        Of the whole period [-]
    category : str
        Where its IT energy was metered.
    start, end : datetime
        The period, in UTC.
    """

    pue: float
    category: Category
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, eq=False)
class MeteredFacility:
    """PUE and WUE hour by hour, measured where there was a meter.

    Parameters
    ----------
    pue, wue_l_per_kwh : array
        At the IT equipment's inlet [-], [L/kWh]
    pue_is_measured, wue_is_measured : array of bool
        Whether the hour's own meters say so; elsewhere it is modelled.
    pue_residual_ratio, wue_residual_l_per_kwh : array
        Measured less modelled; NaN where nothing was measured [-], [L/kWh]
    """

    pue: Hours
    wue_l_per_kwh: Hours
    pue_is_measured: NDArray[np.bool]
    wue_is_measured: NDArray[np.bool]
    pue_residual_ratio: Hours
    wue_residual_l_per_kwh: Hours


def metered_facility(state: FacilityState, start: datetime, metered: MeteredHours) -> MeteredFacility:
    """The model's hours, with the meters' in their place where there are any.

    Parameters
    ----------
    state : FacilityState
        The model, hour by hour, for the weather and the load of these hours.
    start : datetime
        The start of the model's first hour, in UTC.
    metered : MeteredHours
        What the meters say.

    Raises
    ------
    DataMissing
        Model and meters have no hour in common.
    ConfigError
        In an hour the facility draws less than its IT equipment.
    """
    count = max(np.size(state.pue), np.size(state.wue_l_per_kwh))
    modelled_pue, modelled_wue, distribution = (
        np.broadcast_to(values, (count,)) for values in (state.pue, state.wue_l_per_kwh, state.distribution_ratio)
    )
    offset = round((metered.start - start) / HOUR)
    if not -metered.it_power_w.size < offset < count:
        raise DataMissing(f"The meters' hours from {metered.start:%Y-%m-%d} on are none of those that are modelled.")
    facility_w, it_w = (_placed(values, offset, count) for values in (metered.facility_power_w, metered.it_power_w))
    it_w = it_w / at_it_inlet(metered.category, distribution)
    with np.errstate(divide="ignore", invalid="ignore"):
        pue = np.where(it_w > 0, facility_w / it_w, np.nan)
        water_l = np.full(count, np.nan) if metered.water_l is None else _placed(metered.water_l, offset, count)
        wue = np.where(it_w > 0, water_l / (it_w / 1000), np.nan)
    if np.nanmin(pue, initial=np.inf) < LEAST_PUE:
        hour = start + int(np.nanargmin(pue)) * HOUR
        raise ConfigError(
            f"In the hour from {hour:%Y-%m-%d %H}:00 UTC the facility draws {np.nanmin(pue):.3f} times what its IT "
            "equipment draws. It cannot draw less: are the two meters exchanged, or in different units?"
        )
    return MeteredFacility(
        np.where(np.isnan(pue), modelled_pue, pue),
        np.where(np.isnan(wue), modelled_wue, wue),
        ~np.isnan(pue),
        ~np.isnan(wue),
        pue - modelled_pue,
        wue - modelled_wue,
    )


def _placed(values: Hours, offset: int, count: int) -> Hours:
    """The meters' hours among the model's, which begin `offset` hours earlier."""
    placed = np.full(count, np.nan)
    first, last = max(offset, 0), min(offset + values.size, count)
    placed[first:last] = values[first - offset : last - offset]
    return placed


def stated_facility(
    state: FacilityState, it_load_ratio: Hours | float, start: datetime, stated: StatedPue
) -> MeteredFacility:
    """The model's hours, with its overhead scaled so that a stated PUE holds over its period.

    The mean is then the stated one; when in the period it was more or less is the model's word, and stays "modelled".

    Parameters
    ----------
    state : FacilityState
        The model, hour by hour.
    it_load_ratio : array or float
        IT power over IT capacity, by hour [-]
    start : datetime
        The start of the model's first hour, in UTC.
    stated : StatedPue
        What was stated.

    Raises
    ------
    DataMissing
        The period has no hour in common with the model's.
    ConfigError
        The stated PUE is below 1.
    """
    if stated.pue < 1:
        raise ConfigError(f"A PUE of {stated.pue} was stated; a facility draws at least what its IT equipment draws.")
    count = max(np.size(state.pue), np.size(it_load_ratio), np.size(state.wue_l_per_kwh))
    modelled, wue, load, distribution = (
        np.broadcast_to(values, (count,))
        for values in (state.pue, state.wue_l_per_kwh, it_load_ratio, state.distribution_ratio)
    )
    first, last = (round((moment - start) / HOUR) for moment in (stated.start, stated.end))
    inside = (np.arange(count) >= first) & (np.arange(count) < last)
    if not inside.any():
        raise DataMissing(f"The period from {stated.start:%Y-%m-%d} on has no hour of those that are modelled.")
    weights = load * inside
    mean, loss = (float(np.average(values, weights=weights)) for values in (modelled, distribution))
    scale = (stated.pue * at_it_inlet(stated.category, loss) - 1) / (mean - 1)
    nowhere = np.zeros(count, dtype=np.bool)
    pue = np.where(inside, 1 + (modelled - 1) * scale, modelled)
    nothing = np.full(count, np.nan)
    return MeteredFacility(pue, np.array(wue), nowhere, nowhere, nothing, nothing)
