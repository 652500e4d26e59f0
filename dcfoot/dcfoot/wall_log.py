"""Reads what a wall meter wrote: a CSV of time and power, from a plug meter's app or a PDU's export.

What comes in is a file in whatever dress such exports wear (any of three separators, decimal commas, W or kW, ISO 8601
or epoch times), what goes out is the meter's mean power over a span of time. All faults are told at once, each with
file, line and column.
"""

import csv
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from pathlib import Path
from statistics import median

from dcfoot.errors import ConfigError, DataMissing

LEAST_SAMPLES = 5
"""A span must hold so many samples: the two at its edges, which count the meter's period before or after, then weigh
little (a choice)."""

GAP_PERIODS = 3.0
"""A meter that was silent for longer than this many of its periods has a gap (as for dcfoot's own power meters)."""

FAULTS_SHOWN = 5
"""More faults of one file tell nobody more."""

_TIME = re.compile(r"time|date|zeit|datum|epoch|unix|horodat|fecha|时间|时刻|日期|^ts$")
_POWER = re.compile(r"power|watt|leistung|puissance|potencia|功率|(^|[^a-z])k?w($|[^a-z])")
_NO_POWER = re.compile(
    r"wh\b|kwh|energy|energie|factor|apparent|reactive|limit|电量|因数|[^a-z]k?va|(^|[^a-z])(max|min|peak)([^a-z]|imum|$)"
)
"""Words in the headers of exports: a column of energy, of apparent power or of a maximum is none of the mean power."""

_KILO = re.compile(r"(^|[^a-z])kw|kilowatt|千瓦")
_UNCLEAR = re.compile(r"(^|[^a-z])mw")
"""Milliwatts in one export and megawatts in another."""

_ABSENT = frozenset({"", "-", "--", "n/a", "na", "nan", "null", "none", "?"})
"""What exports write where the meter gave nothing."""

_EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""From which size on an epoch time counts nanoseconds, microseconds or milliseconds: 1e11 s is the year 5138."""


@dataclass(frozen=True, slots=True)
class WallLog:
    """What a wall meter saw.

    Parameters
    ----------
    times_s : Sequence[float]
        When, since the epoch, ascending [s].
    powers_w : Sequence[float]
        How much [W].
    local_zone : bool
        Whether the file's times name no zone, so that this machine's was taken.
    """

    times_s: Sequence[float]
    powers_w: Sequence[float]
    local_zone: bool = False

    @property
    def period_s(self) -> float:
        """The usual time between two samples [s]."""
        return median(later - earlier for earlier, later in pairwise(self.times_s)) if len(self.times_s) > 1 else 0.0

    def mean_w(self, start: datetime, end: datetime) -> float:
        """Mean power from `start` to `end`, samples joined by straight lines [W].

        Raises
        ------
        DataMissing
            The meter was silent for a part of that time, or gave too few samples in it.
        """
        begin_s, finish_s = start.timestamp(), end.timestamp()
        inside = range(bisect_left(self.times_s, begin_s), bisect_right(self.times_s, finish_s))
        if len(inside) < LEAST_SAMPLES:
            raise DataMissing(f"{len(inside)} samples of the wall meter; {LEAST_SAMPLES} are needed")
        corners = [begin_s, *(self.times_s[index] for index in inside), finish_s]
        longest_s = max(later - earlier for earlier, later in pairwise(corners))
        if longest_s > GAP_PERIODS * self.period_s:
            raise DataMissing(f"the wall meter was silent for {longest_s:.0f} s of it")
        heights = [self._at(begin_s), *(self.powers_w[index] for index in inside), self._at(finish_s)]
        spans_s = (later - earlier for earlier, later in pairwise(corners))
        means_w = ((one + other) / 2 for one, other in pairwise(heights))
        return sum(span * mean for span, mean in zip(spans_s, means_w, strict=True)) / (finish_s - begin_s)

    def _at(self, time_s: float) -> float:
        """The power at a moment: on the line between its neighbours, or the only neighbour's [W]."""
        after = bisect_left(self.times_s, time_s)
        if after in {0, len(self.times_s)}:
            return self.powers_w[min(after, len(self.times_s) - 1)]
        (t0, t1), (p0, p1) = self.times_s[after - 1 : after + 1], self.powers_w[after - 1 : after + 1]
        return p0 + (p1 - p0) * (time_s - t0) / (t1 - t0) if t1 > t0 else p1


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns to read, where their names leave a choice.

    Parameters
    ----------
    time, power : str or None
        The column's name as it stands in the file; None to find it.
    zone : tzinfo or None
        Of times that name none; None for this machine's.
    """

    time: str | None = None
    power: str | None = None
    zone: tzinfo | None = None


def read_wall_log(path: Path, columns: Columns = Columns()) -> WallLog:
    """What the file `path` says.

    Raises
    ------
    ConfigError
        The file cannot be read, or holds faults: each with file, line and column.
    DataMissing
        It holds no sample.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(f"{path}: the wall meter's file cannot be read: {fault}") from fault
    reader = _Reader(path, columns)
    samples = sorted(reader.samples(text.splitlines()))
    if reader.faults:
        more = len(reader.faults) - FAULTS_SHOWN
        raise ConfigError("\n".join([*reader.faults[:FAULTS_SHOWN], *([f"... and {more} more"] if more > 0 else [])]))
    if not samples:
        raise DataMissing(f"{path} holds no sample of time and power.")
    return WallLog([time_s for time_s, _ in samples], [power_w for _, power_w in samples], reader.local_zone)


@dataclass
class _Reader:
    """One file while it is read."""

    path: Path
    columns: Columns
    faults: list[str] = field(default_factory=list[str])
    local_zone: bool = False

    def samples(self, lines: Sequence[str]) -> list[tuple[float, float]]:
        separator = _separator(lines)
        numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and line.lstrip()[0] != "#"]
        rows = [(number, next(csv.reader([line], delimiter=separator))) for number, line in numbered]
        if not rows:
            return []
        head = [cell.strip() for cell in rows[0][1]]
        if len(head) == 2 and number_of(head[1]) is not None:
            head, body = ["time", "power"], rows
        else:
            body = rows[1:]
        times, power = self._time_columns(head), self._power_column(head)
        name = head[power]
        if _UNCLEAR.search(name.lower()):
            raise ConfigError(self._fault(rows[0][0], name, "mW may be milli- or megawatts: name it in W or kW"))
        watts = 1000.0 if _KILO.search(name.lower()) else 1.0
        found = (self._sample(number, row, head, times, power, watts) for number, row in body)
        return [sample for sample in found if sample is not None]

    def _sample(
        self, line: int, row: Sequence[str], head: Sequence[str], times: Sequence[int], power: int, watts: float
    ) -> tuple[float, float] | None:
        cells = [cell.strip() for cell in row] + [""] * (len(head) - len(row))
        if cells[power].lower() in _ABSENT:
            return None
        value = number_of(cells[power])
        if value is None or value < 0:
            self.faults.append(self._fault(line, head[power], f"{cells[power]!r} is no power; give it in W or kW"))
        time_s = self._time_s(" ".join(cells[column] for column in times))
        if time_s is None:
            written = " ".join(cells[column] for column in times)
            told = f"{written!r} is no time; write 2026-11-24T08:15:00Z or seconds since 1970"
            self.faults.append(self._fault(line, head[times[0]], told))
        return None if value is None or time_s is None else (time_s, value * watts)

    def _time_s(self, text: str) -> float | None:
        number = number_of(text) if re.fullmatch(r"[\d.]+", text) else None
        if number is not None and len(text) > 8:
            return number / next((unit for least, unit in _EPOCH_UNITS if number >= least), 1.0)
        try:
            moment = datetime.fromisoformat(text.replace("/", "-"))
        except ValueError:
            return None
        if moment.tzinfo is None:
            self.local_zone = self.local_zone or self.columns.zone is None
            moment = moment.replace(tzinfo=self.columns.zone) if self.columns.zone else moment.astimezone()
        return moment.astimezone(UTC).timestamp()

    def _time_columns(self, head: Sequence[str]) -> list[int]:
        """The column of the time; two where date and time of day stand apart."""
        if self.columns.time is not None:
            return [self._named(head, self.columns.time)]
        found = [index for index, name in enumerate(head) if _TIME.search(name.lower())]
        if len(found) == 2 and re.search(r"date|datum|fecha|日期", head[found[0]].lower()):
            return found
        return [self._only(head, found, "time", "--time-column")]

    def _power_column(self, head: Sequence[str]) -> int:
        if self.columns.power is not None:
            return self._named(head, self.columns.power)
        called = [(index, name.lower()) for index, name in enumerate(head)]
        found = [index for index, name in called if _POWER.search(name) and not _NO_POWER.search(name)]
        return self._only(head, found, "power", "--power-column")

    def _named(self, head: Sequence[str], name: str) -> int:
        if name in head:
            return head.index(name)
        raise ConfigError(f"{self.path}:1: there is no column {name!r}; there are: {', '.join(head)}.")

    def _only(self, head: Sequence[str], found: Sequence[int], what: str, option: str) -> int:
        if len(found) == 1:
            return found[0]
        which = "several columns could be" if found else "no column looks like"
        names = ", ".join(head[index] for index in found) if found else ", ".join(head)
        raise ConfigError(f"{self.path}:1: {which} the {what}: {names}. Name it with {option}.")

    def _fault(self, line: int, column: str, told: str) -> str:
        return f"{self.path}:{line}: {column}: {told}"


def _separator(lines: Sequence[str]) -> str:
    """The separator that the first line with one has most of; a comma where there is none."""
    first = next((line for line in lines if line.strip() and line.lstrip()[0] != "#"), "")
    counts: Callable[[str], int] = first.count
    return max((",", ";", "\t"), key=counts)


def number_of(text: str) -> float | None:
    """A number as people and exports write it, with a decimal point or comma, perhaps with its unit behind it."""
    plain = re.sub(r"\s*k?W(att)?$", "", text.strip(), flags=re.IGNORECASE).replace("\u00a0", "").replace(" ", "")
    comma, point = plain.rfind(","), plain.rfind(".")
    if comma > point:
        plain = plain.replace(".", "").replace(",", ".")
    elif comma >= 0:
        plain = plain.replace(",", "")
    try:
        number = float(plain)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
