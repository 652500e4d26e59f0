"""Grid factors hour by hour: what every file, service and shape gives, and every accounting takes.

What comes in are points in time with their grams per kilowatt-hour, what goes out is a frozen series of one family:
direct or life-cycle, never both. An hour that nobody knows is None until somebody fills it by name.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil

from dcfoot.draws import Spread
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence
from dcfoot.grid import Boundary, GridFactor, Method, require_same_boundary
from dcfoot.reading import Basis
from dcfoot.units import S_PER_H

HOUR = timedelta(hours=1)

INSTANT_S = 1e-6
"""How long an instant is taken to be [s]: the least step of `datetime`."""

LEAST_KNOWN_RATIO = 0.5
"""An hour counts as known if points stand for at least this part of it [-]. A choice: the larger part decides."""


@dataclass(frozen=True, slots=True)
class Window:
    """Whole hours, one after the other.

    Parameters
    ----------
    start : datetime
        The start of the first hour; brought to UTC.
    hours : int
        How many [h]

    Raises
    ------
    ConfigError
        The start is not on the hour or has no time zone, or there is no hour.
    """

    start: datetime
    hours: int

    def __post_init__(self) -> None:
        """Refuses a window whose hours cannot be told, and brings its start to UTC."""
        if self.start.tzinfo is None:
            raise ConfigError(f"{self.start.isoformat()} has no time zone: which hour it is cannot be told.")
        if self.start.astimezone(UTC).replace(minute=0, second=0, microsecond=0) != self.start:
            raise ConfigError(f"{self.start.isoformat()} is not the start of an hour in UTC.")
        if self.hours < 1:
            raise ConfigError(f"A window has at least one hour, not {self.hours}.")
        object.__setattr__(self, "start", self.start.astimezone(UTC))

    @staticmethod
    def around(start: datetime, end: datetime) -> "Window":
        """The hours that a stretch of time touches, one at least.

        Parameters
        ----------
        start, end : datetime
            With their time zone.
        """
        first = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return Window(first, max(1, ceil((end - first) / HOUR)))

    @property
    def end(self) -> datetime:
        """The end of the last hour."""
        return self.start + self.hours * HOUR

    @property
    def year(self) -> int:
        """The year that it is about, that of its middle: a year of China's clocks begins in UTC's December before."""
        return (self.start + self.hours / 2 * HOUR).year

    def starts(self) -> Iterator[datetime]:
        """The start of each hour."""
        return (self.start + index * HOUR for index in range(self.hours))

    def parts(self, longest: timedelta) -> Iterator["Window"]:
        """The same hours in windows of at most `longest`: services answer only so much at once."""
        step = int(longest / HOUR)
        for first in range(0, self.hours, step):
            yield Window(self.start + first * HOUR, min(step, self.hours - first))


@dataclass(frozen=True, slots=True)
class Point:
    """What somebody states for a stretch of time.

    Parameters
    ----------
    start : datetime
        Where it begins, with its time zone.
    value : float
        In the unit of the series: grams per kilowatt-hour, megawatts.
    length_s : float
        How long it holds [s]
    estimated : bool
        Whether its author filled it in instead of measuring it.
    """

    start: datetime
    value: float
    length_s: float = S_PER_H
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class HourlyFactors:
    """The factors of a zone, hour by hour, of one family.

    Parameters
    ----------
    zone : str
        As in `GridFactor`.
    boundary, gas, method
        The family, as in `GridFactor`.
    start : datetime
        The start of the first hour, in UTC; the others follow in steps of one hour.
    g_per_kwh : tuple
        One value an hour; None where it is not known [g/kWh]
    level : Spread
        True over stated, of all hours together: the yearly factor's doubt [-]
    residual : Spread
        True over stated, of one hour beside the others: what a shape does not know [-]
    basis : Basis
        `MEASURED` for the operator's own hours, `MODELLED` for a service's model or a shape, `DEFAULT` for a flat line.
    source : str
        Who says so.
    estimated_ratio : float
        The part of the hours that somebody filled in [-]
    warnings : tuple of str
        What the reader must know.
    licence : str
        Of the data; empty where it is not known.
    """

    zone: str
    boundary: Boundary
    gas: str
    method: Method
    start: datetime
    g_per_kwh: tuple[float | None, ...]
    level: Spread
    residual: Spread
    basis: Basis
    source: str
    estimated_ratio: float = 0.0
    warnings: tuple[str, ...] = ()
    licence: str = ""

    @property
    def family(self) -> tuple[Boundary, str, Method]:
        """What it can be compared with: boundary, gas and method."""
        return self.boundary, self.gas, self.method

    @property
    def window(self) -> Window:
        """The hours that it is about."""
        return Window(self.start, len(self.g_per_kwh))

    @property
    def known_ratio(self) -> float:
        """The part of the hours that is known [-]."""
        return 1 - self.g_per_kwh.count(None) / len(self.g_per_kwh)

    @property
    def mean_g_per_kwh(self) -> float | None:
        """The mean over the known hours, each counted once; None where none is known [g/kWh]."""
        known = [value for value in self.g_per_kwh if value is not None]
        return sum(known) / len(known) if known else None

    def mean_over(self, start: datetime, end: datetime) -> float | None:
        """The mean over a stretch of time, each hour by its part of it; None where one of them is not known [g/kWh].

        Parameters
        ----------
        start, end : datetime
            With their time zone; an instant has the factor of its hour.
        """
        seconds = max((end - start).total_seconds(), INSTANT_S)
        parts = [
            (self.g_per_kwh[index], part_s)
            for index, part_s in _seconds_by_hour(self.window, start.astimezone(UTC), seconds)
        ]
        known = [(value, part_s) for value, part_s in parts if value is not None]
        if len(known) < Window.around(start, end).hours:
            return None
        return sum(value * part_s for value, part_s in known) / sum(part_s for _, part_s in known)

    def within(self, window: Window) -> "HourlyFactors":
        """The same at other hours; what lies outside its own is not known."""
        own = dict(zip(self.window.starts(), self.g_per_kwh, strict=True))
        return replace(self, start=window.start, g_per_kwh=tuple(own.get(start) for start in window.starts()))

    def by_calendar(self, window: Window) -> "HourlyFactors":
        """The same at the hours of another year: each has that of its month, day and hour, if there is one."""
        own = {
            (at.month, at.day, at.hour): value for at, value in zip(self.window.starts(), self.g_per_kwh, strict=True)
        }
        values = tuple(own.get((at.month, at.day, at.hour)) for at in window.starts())
        of = "" if window.year == self.window.year else f", hours of {self.window.year}"
        return replace(self, start=window.start, g_per_kwh=values, source=f"{self.source}{of}")

    def filled_by(self, other: "HourlyFactors") -> "HourlyFactors":
        """The same with each unknown hour taken from `other`, and a warning that says so.

        Its doubt is that of both, each by its part of the hours.

        Raises
        ------
        BoundaryMismatch
            The two are of different families.
        """
        missing = self.g_per_kwh.count(None)
        if not missing:
            return self
        require_same_boundary((self.boundary, self.gas), (other.boundary, other.gas))
        hours = len(self.g_per_kwh)
        part = missing / hours
        theirs = dict(zip(other.window.starts(), other.g_per_kwh, strict=True))
        pairs = zip(self.window.starts(), self.g_per_kwh, strict=True)
        return replace(
            self,
            g_per_kwh=tuple(theirs.get(start) if value is None else value for start, value in pairs),
            level=self.level.scaled(1 - part) + other.level.scaled(part),
            residual=self.residual.scaled(1 - part) + other.residual.scaled(part),
            basis=Basis.worst(self.basis, other.basis),
            source=f"{self.source}; gaps: {other.source}",
            estimated_ratio=min(1.0, self.estimated_ratio + part),
            warnings=(*self.warnings, f"{missing} of {hours} hours are not known and were filled: {other.source}."),
        )

    def warned(self, warning: str) -> "HourlyFactors":
        """The same with one more thing that the reader must know."""
        return replace(self, warnings=(*self.warnings, warning))

    def evidence(self) -> Evidence:
        """The line for a receipt's sources: the mean of the hours."""
        last = self.start + (len(self.g_per_kwh) - 1) * HOUR
        what = f"hourly grid factors {self.zone}: {self.boundary} {self.gas}, {self.method}, mean"
        note = f"{self.start:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC, {self.estimated_ratio:.0%} estimated"
        return Evidence(
            what,
            self.mean_g_per_kwh or 0.0,
            "g/kWh",
            self.window.year,
            self.source,
            verified=False,
            note=note,
            licence=self.licence,
        )


def hourly_means(window: Window, points: Iterable[Point]) -> tuple[tuple[float | None, ...], float]:
    """The mean of each hour, and the part of the known hours that is estimated.

    A point that is given twice counts once, the later one: services revise. An hour less than half of which is known is
    not known.

    Parameters
    ----------
    window : Window
        Which hours; points outside are left out.
    points : iterable of Point
        In any order.
    """
    latest = {point.start.astimezone(UTC): point for point in points}
    cells = [_Cell() for _ in range(window.hours)]
    for start, point in latest.items():
        for index, seconds in _seconds_by_hour(window, start, point.length_s):
            cells[index].add(point, seconds)
    known = [cell for cell in cells if cell.known]
    estimated = sum(cell.estimated for cell in known) / len(known) if known else 0.0
    return tuple(cell.mean for cell in cells), estimated


@dataclass
class _Cell:
    """One hour while its points are gathered."""

    known_s: float = 0.0
    weighted: float = 0.0  # values by the seconds that they hold
    estimated: bool = False

    def add(self, point: Point, seconds: float) -> None:
        self.known_s += seconds
        self.weighted += point.value * seconds
        self.estimated = self.estimated or point.estimated

    @property
    def known(self) -> bool:
        return self.known_s >= LEAST_KNOWN_RATIO * S_PER_H

    @property
    def mean(self) -> float | None:
        return self.weighted / self.known_s if self.known else None


def _seconds_by_hour(window: Window, start: datetime, length_s: float) -> Iterator[tuple[int, float]]:
    """The hours that a stretch of time touches, with the seconds of it that lie in each."""
    first_s = (start - window.start).total_seconds()
    last_s = first_s + length_s
    for index in range(max(0, int(first_s // S_PER_H)), window.hours):
        inside_s = min(last_s, (index + 1) * S_PER_H) - max(first_s, index * S_PER_H)
        if inside_s <= 0:
            return
        yield index, inside_s


def constant(factor: GridFactor, window: Window, residual: Spread, warnings: Sequence[str] = ()) -> HourlyFactors:
    """A yearly factor for every hour alike.

    Parameters
    ----------
    factor : GridFactor
        The year's.
    window : Window
        Which hours.
    residual : Spread
        How far one hour may lie from it: true over stated [-]
    warnings : sequence of str
        What the reader must know.
    """
    return HourlyFactors(
        factor.zone,
        factor.boundary,
        factor.gas,
        factor.method,
        window.start,
        (factor.g_per_kwh.central,) * window.hours,
        relative(factor.g_per_kwh),
        residual,
        Basis.DEFAULT,
        f"{factor.source} ({factor.year}), the same at every hour",
        warnings=tuple(warnings),
        licence=factor.licence,
    )


def relative(spread: Spread) -> Spread:
    """A spread as a ratio to its central value [-]."""
    return spread.scaled(1 / spread.central) if spread.central else Spread.exact(1.0)
