"""What every service of hourly grid factors shares: the question, how long an answer is good, the series it becomes."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from dcfoot.draws import Spread
from dcfoot.errors import ConfigError, ServiceUnavailable
from dcfoot.factors.hourly import HourlyFactors, Point, Window, hourly_means
from dcfoot.grid import Boundary, Method
from dcfoot.reading import Basis
from dcfoot.tables import interval
from dcfoot.web import Answer, Service, Web

SETTLED_AFTER = timedelta(days=14)
"""Services revise the last days; what is older is not asked for again. A choice: ENTSO-E's members have five days
(Regulation (EU) 543/2013), EIA's authorities a few more."""

GASES = {Boundary.DIRECT: "CO2", Boundary.LIFE_CYCLE: "CO2e"}
"""The gas of a family where intensities are made of generation, and in a file that says none."""

KEEP_SETTLED_S = 365 * 24 * 3600.0
"""How long an answer about settled hours is good [s]."""

KEEP_FRESH_S = 15 * 60.0
"""How long an answer about the last days is good [s]. A choice: services step by 5 to 60 minutes."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a service.

    Parameters
    ----------
    zone : str
        As in `dcfoot.grid`.
    service_zone : str
        What the service calls it.
    window : Window
        Which hours.
    boundary : Boundary
        Direct or life-cycle.
    method : Method
        Average or marginal.
    """

    zone: str
    service_zone: str
    window: Window
    boundary: Boundary
    method: Method = Method.AVERAGE

    def require(self, service: Service, boundaries: Sequence[Boundary], methods: Sequence[Method]) -> None:
        """Refuses what the service does not offer. Raises `ConfigError`."""
        if self.boundary not in boundaries:
            offered = " or ".join(boundaries)
            raise ConfigError(f"{service.name} offers {offered} factors, not {self.boundary}.")
        if self.method not in methods:
            offered = " or ".join(methods)
            raise ConfigError(f"{service.name} offers {offered} factors, not {self.method}.")


def keep_s(window: Window, web: Web) -> float:
    """How long an answer about these hours is good [s]."""
    return KEEP_SETTLED_S if web.time - window.end > SETTLED_AFTER else KEEP_FRESH_S


def series(
    query: Query, service: Service, points: Iterable[Point], gas: str, answers: Sequence[Answer], source: str = ""
) -> HourlyFactors:
    """The hours that the points of a service make.

    Raises
    ------
    ServiceUnavailable
        None of the hours is known.
    """
    values, estimated = hourly_means(query.window, points)
    return series_of(query, service, values, gas, answers, source, estimated)


def series_of(
    query: Query,
    service: Service,
    values: tuple[float | None, ...],
    gas: str,
    answers: Sequence[Answer],
    source: str = "",
    estimated_ratio: float = 0.0,
) -> HourlyFactors:
    """The same of values by hour."""
    if all(value is None for value in values):
        raise ServiceUnavailable(
            f"{service.name} has nothing on {query.service_zone} from {query.window.start:%Y-%m-%d %H:%M} to "
            f"{query.window.end:%Y-%m-%d %H:%M} UTC."
        )
    return HourlyFactors(
        query.zone,
        query.boundary,
        gas,
        query.method,
        query.window.start,
        values,
        Spread(1.0, *interval("grid_service")),
        Spread.exact(1.0),
        Basis.MODELLED,
        f"{service.name}, zone {query.service_zone}{source}",
        estimated_ratio,
        tuple(_stale(service, answers)),
        service.licence,
    )


def _stale(service: Service, answers: Sequence[Answer]) -> Iterator[str]:
    oldest = min((answer.fetched_at for answer in answers if answer.stale), default=None)
    if oldest is not None:
        yield f"{service.name} does not answer at present; what it said on {oldest:%Y-%m-%d %H:%M} UTC stands in."


@contextmanager
def as_documented(service: Service, *answers: Answer) -> Generator[None]:
    """Whatever goes wrong in reading answers is their fault: they are not kept. Raises `ServiceUnavailable`."""
    try:
        yield
    except (ServiceUnavailable, KeyError, TypeError, ValueError, AttributeError) as fault:
        for answer in answers:
            answer.forget()
        if isinstance(fault, ServiceUnavailable):
            raise
        raise ServiceUnavailable(f"{service.name} answers other than it documents ({fault!r}).") from fault


def objects(value: object) -> list[Mapping[str, object]]:
    """A list of JSON objects. Raises `TypeError` where it is something else."""
    if not isinstance(value, list):
        raise TypeError(f"a list was expected, not {value!r:.80}")
    return [mapping(item) for item in cast("list[object]", value)]


def mapping(value: object) -> Mapping[str, object]:
    """A JSON object. Raises `TypeError` where it is something else."""
    if not isinstance(value, dict):
        raise TypeError(f"an object was expected, not {value!r:.80}")
    return cast("Mapping[str, object]", value)


def number(value: object) -> float | None:
    """A number, also one in quotes; None for null. Raises `TypeError` or `ValueError` where it is something else."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(f"a number was expected, not {value!r:.80}")
    return float(value)
