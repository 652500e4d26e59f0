"""Hours added up to calendar months, so that water can be read beside the dry season."""

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray


def monthly_l(hourly_l: NDArray[np.float64], start: datetime, utc_offset_h: float = 0.0) -> NDArray[np.float64]:
    """The litres of each calendar month, January first; hours of several years meet in one month.

    Parameters
    ----------
    hourly_l : array
        Litres by hour, hours on the last axis [L]
    start : datetime
        Start of the first hour, aware, UTC
    utc_offset_h : float
        Local standard time minus UTC; months are local [h]
    """
    first = start + timedelta(hours=utc_offset_h)
    months = np.array([(first + timedelta(hours=hour)).month for hour in range(hourly_l.shape[-1])])
    return np.stack([hourly_l[..., months == month].sum(axis=-1) for month in range(1, 13)], axis=-1)
