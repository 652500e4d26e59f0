"""Answers of weather services on the web, kept on disk: the past does not change, so each is asked for once.

In comes an address and its parameters, out goes the JSON. `requests` is loaded here only, when something is asked for.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from dcfoot.errors import DataMissing
from dcfoot.weather.calendar import Where
from dcfoot.weather.year import Hours, Location

TIMEOUT_S = 60.0
"""A choice: a year of hours takes these services a few seconds."""

_RETRIES = 2
_BUSY = (429, 502, 503, 504)
"""Answers that say "later": asked again after 0.5 and 1 s (a choice)."""

_COMPLAINTS = ("reason", "message", "messages", "detail", "errors")
"""Where services say why they refuse: Open-Meteo, PVGIS, NASA POWER."""

_NEAR_M = 100.0
"""A difference of elevation worth a word (a choice: 0.65 K in the standard atmosphere)."""

Answer = Any
"""JSON."""


@dataclass(frozen=True, slots=True)
class Request:
    """A question to a weather service.

    Parameters
    ----------
    service : str
        Its name, for people.
    url : str
        Its address; a test has another.
    parameters : mapping
        What is asked.
    cache : Path or None
        The folder of answers; None for the user's cache.
    """

    service: str
    url: str
    parameters: Mapping[str, str]
    cache: Path | None = None

    def answer(self, timeout_s: float = TIMEOUT_S) -> Answer:
        """The service's answer, from the disk if it was asked before.

        Parameters
        ----------
        timeout_s : float
            How long to wait for it [s]

        Raises
        ------
        DataMissing
            It does not answer, refuses, or answers no JSON.
        """
        try:
            return json.loads(self._kept_at().read_bytes())
        except (OSError, ValueError):
            return self._asked(timeout_s)

    def keep(self, answer: Answer) -> None:
        """Keeps an answer that has proved good; whoever cannot write a cache asks again the next time."""
        path = self._kept_at()
        part = path.with_suffix(".part")
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(answer), encoding="utf-8")
            part.replace(path)

    def _kept_at(self) -> Path:
        question = json.dumps([self.url, sorted(self.parameters.items())])
        return (self.cache or default_cache()) / f"{sha256(question.encode()).hexdigest()[:32]}.json"

    def _asked(self, timeout_s: float) -> Answer:
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3.util import Retry

        again = Retry(_RETRIES, status_forcelist=_BUSY, backoff_factor=0.5, raise_on_status=False)
        try:
            with requests.Session() as session:
                session.mount(self.url, HTTPAdapter(max_retries=again))
                response = session.get(self.url, params=self.parameters, timeout=timeout_s)
        except requests.RequestException as fault:
            raise DataMissing(
                f"{self.service} does not answer ({fault}). The typical year and weather files work without a network."
            ) from fault
        try:
            answer: Answer = response.json()
        except ValueError:
            raise DataMissing(
                f"{self.service} answered {response.status_code} {response.reason}, and no JSON."
            ) from None
        if not response.ok:
            said = next((answer[key] for key in _COMPLAINTS if key in answer), answer)
            raise DataMissing(f"{self.service} refused the request ({response.status_code}): {said}")
        return answer


def default_cache() -> Path:
    """Where answers are kept: the user's cache."""
    from platformdirs import user_cache_path

    return user_cache_path("dcfoot") / "weather"


def hours_of_year(location: Location, year: int) -> tuple[datetime, int]:
    """The first hour of a year by the place's standard time, in UTC, and the number of its hours.

    Services give whole hours of UTC: where standard time is half an hour off, the year begins half an hour early.

    Parameters
    ----------
    location : Location
        The place.
    year : int
        The year.
    """
    start, end = (location.year_start(y).replace(minute=0) for y in (year, year + 1))
    return start, (end - start) // timedelta(hours=1)


def placed(times: Sequence[datetime], values: Sequence[float | None], start: datetime, length: int) -> Hours:
    """Values at the hours that begin at `times` as a series of `length` hours from `start`; NaN where there is none.

    Parameters
    ----------
    times : sequence of datetime
        In UTC.
    values : sequence of float or None
        One a time.
    start : datetime
        In UTC.
    length : int
        Of the series [h]
    """
    series = np.full(length, np.nan)
    for time, value in zip(times, values, strict=True):
        place = (time - start) // timedelta(hours=1)
        if value is not None and 0 <= place < length:
            series[place] = value
    return series


def moments(name: str, start: datetime) -> Where:
    """What names an hour of a service's answer in a message."""
    return lambda hour: f"{name}, {start + timedelta(hours=hour):%Y-%m-%d %H:%M}Z"


def utc(text: str, form: str) -> datetime:
    """A time as a service writes it, all in UTC."""
    return datetime.strptime(text, form).replace(tzinfo=UTC)


def at(answer: Answer, *path: str | int) -> Answer:
    """What stands at this path of the answer.

    Raises
    ------
    DataMissing
        Nothing does: the service has changed, or is another.
    """
    found = answer
    for step in path:
        try:
            found = found[step]
        except (KeyError, IndexError, TypeError):
            raise DataMissing(f"The answer has no {'.'.join(map(str, path))}: it is not what was asked for.") from None
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
