"""What the clients of weather services share: asking, hours of a year, and where a value stands in an answer."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from dcfoot.errors import ConfigError, DataMissing, ServiceUnavailable
from dcfoot.weather.calendar import Where
from dcfoot.weather.year import Hours, Location, Weather
from dcfoot.web import Service, Web, json_object

TIMEOUT_S = 60.0
"""How long a service may take [s]. A choice: a year of hours takes these some seconds, at times half a minute."""

SETTLED_AFTER = timedelta(days=180)
"""Reanalyses are final after some months (ERA5: three; MERRA-2 with CERES: up to six)."""

KEEP_SETTLED_S, KEEP_FRESH_S = 365 * 24 * 3600.0, 24 * 3600.0
"""How long an answer about a year that is settled is good, and one about a year that is not [s]. A choice."""

_NEAR_M = 100.0
"""A difference of elevation worth a word (a choice: 0.65 K in the standard atmosphere)."""

Document = Any
"""A JSON object, or a part of it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a weather service.

    Parameters
    ----------
    service : Service
        Whom.
    path : str
        Below its root.
    parameters : mapping
        Of the question.
    until : datetime
        The end of the hours that are asked for, in UTC.
    """

    service: Service
    path: str
    parameters: Mapping[str, str]
    until: datetime

    def weather(self, web: Web | None, read: Callable[[Document], Weather]) -> Weather:
        """The answer as `read` makes it; one that cannot be read is not kept.

        Parameters
        ----------
        web : Web or None
            The door to the network, with its cache; None for the user's own.
        read : callable
            From the JSON to the weather.

        Raises
        ------
        ServiceUnavailable
            There is no answer; the message says what works without.
        ConfigError
            It has a gap, or a value that cannot be.
        """
        web = web or Web(timeout_s=TIMEOUT_S)
        keep_s = KEEP_SETTLED_S if web.time - self.until > SETTLED_AFTER else KEEP_FRESH_S
        try:
            answer = web.get(self.service, self.path, self.parameters, keep_s=keep_s)
        except ServiceUnavailable as fault:
            hint = "The typical year and weather files work without a network."
            raise ServiceUnavailable(f"{fault} {hint}", passing=fault.passing, body=fault.body) from fault
        try:
            return read(json_object(answer, self.service))
        except (ConfigError, DataMissing):
            answer.forget()
            raise


@dataclass(frozen=True, slots=True)
class AskedYear:
    """A year by a place's standard time, in whole hours of UTC: where it is half an hour off, half an hour early.

    Parameters
    ----------
    location : Location
        The place.
    year : int
        The year.
    """

    location: Location
    year: int

    @property
    def start(self) -> datetime:
        """The start of its first hour, in UTC."""
        return self.location.year_start(self.year).replace(minute=0)

    @property
    def end(self) -> datetime:
        """The end of its last hour."""
        return self.location.year_start(self.year + 1).replace(minute=0)

    @property
    def coordinates(self) -> Mapping[str, str]:
        """Where it is, as services are asked."""
        return {"latitude": f"{self.location.latitude_deg:.4f}", "longitude": f"{self.location.longitude_deg:.4f}"}

    def placed(self, times: Iterable[datetime], values: Iterable[float | None]) -> Hours:
        """Values at the hours that begin at `times` as a series of the year, in their unit; NaN where there is none.

        Parameters
        ----------
        times : iterable of datetime
            In UTC.
        values : iterable of float or None
            One a time.
        """
        start, hour = self.start, timedelta(hours=1)
        series = np.full((self.end - start) // hour, np.nan)
        for time, value in zip(times, values, strict=True):
            place = (time - start) // hour
            if value is not None and 0 <= place < len(series):
                series[place] = value
        return series


def moments(name: str, start: datetime) -> Where:
    """What names an hour of a service's answer in a message."""
    return lambda hour: f"{name}, {start + timedelta(hours=hour):%Y-%m-%d %H:%M}Z"


def utc(text: str, form: str) -> datetime:
    """A time as a service writes it, all in UTC."""
    return datetime.strptime(text, form).replace(tzinfo=UTC)


def at(document: Document, *path: str | int) -> Document:
    """What stands at this path of an answer.

    Raises
    ------
    ServiceUnavailable
        Nothing does: the service has changed, or is another.
    """
    found = document
    for step in path:
        try:
            found = found[step]
        except (KeyError, IndexError, TypeError):
            missing = ".".join(map(str, path))
            raise ServiceUnavailable(f"The answer has no {missing}: it is not what was asked for.") from None
    return found


def elevation_notes(location: Location, elevation_m: float) -> tuple[str, ...]:
    """What to say where a service's values are for another elevation than the place's.

    Parameters
    ----------
    location : Location
        The place.
    elevation_m : float
        That the values are for [m]
    """
    if abs(elevation_m - location.elevation_m) <= _NEAR_M:
        return ()
    return (f"the values are for {elevation_m:.0f} m above sea level; the place lies at {location.elevation_m:.0f} m",)
