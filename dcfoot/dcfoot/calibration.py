"""Calibration: a host's own line from chips to the wall, fitted to a wall meter.

What comes in is pairs of chip power and wall power, what goes out is ``wall = overhead + slope x chips`` with its
intervals, kept as JSON by host in the data directory. Too few points, too narrow a range, or a line that physics does
not allow is refused.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, cast

from dcfoot.draws import Z95, Draws, Spread
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence
from dcfoot.measurement import ChannelEnergy

FILE_NAME = "calibration.json"
SCHEMA = "dcfoot.calibration/1"

LEAST_POINTS = 3
"""Two points give a line but no notion of its error."""

LEAST_SPAN_RATIO = 0.15
"""The chips' power must vary by at least this part of the largest wall power: below it a slope is mostly the meter's
resolution (a plug meter of 1 W on a 300 W machine gives the slope to 3 % over 45 W)."""

SLOPE_RANGE = (0.98, 1.8)
"""No power supply gives more than it takes (2 % is left to the meters), and none in use is below 60 %."""

WALL_ERROR_RATIO = 0.02
"""How far a wall meter may be off, 5-95 % (IEC 62053-21, class 2; plug meters claim the same). No residual shows it:
a meter that reads 2 % high does so at every point."""

RESOLUTION_W = 1.0
"""Plug meters show whole watts: however well the points happen to lie, they scatter by 1/sqrt(12) of it [W]."""


@dataclass(frozen=True, slots=True)
class Point:
    """One steady moment, or one run: mean power of all metered chips and of the wall [W]."""

    chips_w: float
    wall_w: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """A host's line from chips to the wall.

    The line is kept at the centre of its points, where its height and its slope are independent.

    Parameters
    ----------
    host : str
        The machine's name.
    slope : float
        Watts at the wall per watt of chips: one over the supply's efficiency, with fans and regulators [-].
    slope_error : float
        Standard error of the slope [-].
    centre_chips_w, centre_wall_w : float
        Mean of the points [W].
    centre_error_w : float
        Standard error of the height there [W].
    residual_w : float
        Standard deviation of the points around the line [W].
    wall_error_ratio : float
        How far the wall meter itself may be off, 5-95 % [-].
    points : int
        How many there were.
    meters : tuple of str
        What the chips' power was the sum of (`meters_of`): a calibration holds for the same meters only.
    source : str
        The meter's file or "typed readings", and the date.
    fitted_at : str
        Date and time, UTC, ISO 8601.
    """

    host: str
    slope: float
    slope_error: float
    centre_chips_w: float
    centre_wall_w: float
    centre_error_w: float
    residual_w: float
    wall_error_ratio: float
    points: int
    meters: tuple[str, ...]
    source: str
    fitted_at: str

    @property
    def overhead_w(self) -> float:
        """What the machine draws beside its chips, at the line's foot [W]."""
        return self.wall_w(0.0)

    @property
    def reach_ratio(self) -> float:
        """What takes a standard error of this line to its 5-95 % interval, few points included [-]."""
        return Z95 * student_factor(self.points - 2)

    def wall_w(self, chips_w: float) -> float:
        """Power at the wall for this power of the chips [W]."""
        return self.centre_wall_w + self.slope * (chips_w - self.centre_chips_w)

    def wall_reach_w(self, chips_w: float) -> float:
        """How far the wall may lie from the line, 5-95 % on either side, the meter's own accuracy included [W]."""
        fitted_w = math.hypot(self.centre_error_w, self.slope_error * (chips_w - self.centre_chips_w))
        return math.hypot(self.reach_ratio * fitted_w, self.wall_error_ratio * self.wall_w(chips_w))

    def draws_w(self, chips_w: Sequence[float], draws: Draws) -> list[float]:
        """Power at the wall, one a draw, never below the chips' own [W]."""
        slopes = draws.of("calibration.slope", self._around(self.slope, self.slope_error))
        heights = draws.of("calibration.height", self._around(self.centre_wall_w, self.centre_error_w))
        rest = draws.of("calibration.residual", self._around(0.0, self.residual_w))
        meter = Spread.around(1.0, 1 - self.wall_error_ratio, 1 + self.wall_error_ratio)
        gains = draws.of("calibration.wall_meter", meter)
        return [
            max(chip, gain * (height + slope * (chip - self.centre_chips_w) + residual))
            for chip, slope, height, residual, gain in zip(chips_w, slopes, heights, rest, gains, strict=True)
        ]

    def evidence(self) -> tuple[Evidence, ...]:
        """The lines for a receipt's sources."""
        year = int(self.fitted_at[:4])
        note = f"{self.points} points, residual {self.residual_w:.1f} W, wall meter good to {self.wall_error_ratio:.1%}"
        return (
            Evidence("node: calibrated overhead", self.overhead_w, "W", year, self.source, verified=True, note=note),
            Evidence("node: calibrated slope", self.slope, "W/W", year, self.source, verified=True, note=note),
        )

    def _around(self, central: float, error: float) -> Spread:
        return Spread(central, central - self.reach_ratio * error, central + self.reach_ratio * error, float("-inf"))


def meters_of(chips: Iterable[ChannelEnergy]) -> tuple[str, ...]:
    """What a chips' power is the sum of, as it is kept: ``("gpu (measured)", "package (modelled)")``."""
    channels = (energy.meter.channel for energy in chips)
    return tuple(sorted({f"{channel.domain} ({channel.basis})" for channel in channels}))


def fit(
    points: Sequence[Point],
    *,
    host: str,
    meters: tuple[str, ...],
    source: str,
    fitted_at: str,
    wall_error_ratio: float = WALL_ERROR_RATIO,
) -> Calibration:
    """The least-squares line through `points`.

    Parameters
    ----------
    points : Sequence[Point]
        At least three, over a range of powers: idle, half load, full load.
    host, meters, source, fitted_at
        What goes on the record; see `Calibration`.
    wall_error_ratio : float
        How far the wall meter may be off, 5-95 % [-].

    Raises
    ------
    ConfigError
        There are too few points, their range is too narrow, or the line is not physical; the message says what to do.
    """
    if len(points) < LEAST_POINTS:
        raise ConfigError(f"{len(points)} points are too few: take at least {LEAST_POINTS}, from idle to full load.")
    chips, walls = [point.chips_w for point in points], [point.wall_w for point in points]
    span = max(chips) - min(chips)
    if span < LEAST_SPAN_RATIO * max(walls):
        raise ConfigError(
            f"The chips' power varies by {span:.3g} W only, of {max(walls):.3g} W at the wall: "
            "take readings from idle to full load."
        )
    count = len(points)
    mean_chip, mean_wall = sum(chips) / count, sum(walls) / count
    sxx = sum((x - mean_chip) ** 2 for x in chips)
    slope = sum((x - mean_chip) * (y - mean_wall) for x, y in zip(chips, walls, strict=True)) / sxx
    squares = sum((y - mean_wall - slope * (x - mean_chip)) ** 2 for x, y in zip(chips, walls, strict=True))
    residual = max(math.sqrt(squares / (count - 2)), RESOLUTION_W / math.sqrt(12))
    fitted = Calibration(
        host,
        slope,
        residual / math.sqrt(sxx),
        mean_chip,
        mean_wall,
        residual / math.sqrt(count),
        residual,
        wall_error_ratio,
        count,
        meters,
        source,
        fitted_at,
    )
    _require_physical(fitted)
    return fitted


def student_factor(freedom: int) -> float:
    """How much wider Student's 5-95 % interval is than the normal one, for `freedom` degrees of freedom [-].

    Source: Abramowitz and Stegun 1964, 26.7.5, four terms; for 1 and 2 degrees the exact quantiles 6.314 and 2.920.
    """
    exact = {1: 6.313751514675, 2: 2.919985580355}
    if freedom in exact:
        return exact[freedom] / Z95
    z = Z95
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return math.fsum(term / float(freedom) ** power for power, term in enumerate(terms)) / Z95


def _require_physical(line: Calibration) -> None:
    low, high = SLOPE_RANGE
    if not low <= line.slope <= high:
        raise ConfigError(
            f"The wall rises by {line.slope:.2f} W for a watt of chips; a power supply allows {low} to {high}. "
            "Are the meter's clock and unit right, and is nothing else on the plug?"
        )
    if line.overhead_w < -line.wall_reach_w(0.0):
        raise ConfigError(
            f"The line gives the machine {line.overhead_w:.0f} W beside its chips: these are not one machine's."
        )


def load_calibration(data_dir: Path | None, host: str) -> Calibration | None:
    """The calibration of `host`, or None where there is none.

    Parameters
    ----------
    data_dir : Path or None
        Where the data are; None for ``$DCFOOT_DATA_DIR``, else the user's data folder.
    host : str
        The machine's name.

    Raises
    ------
    ConfigError
        The file is there but is not ours or cannot be read.
    StoreError
        The user has no data folder.
    """
    path = file_of(data_dir)
    entry = _read(path).get(host)
    return None if entry is None else _from_json(entry, path, host)


def save_calibration(data_dir: Path | None, calibration: Calibration) -> Path:
    """Writes `calibration` beside those of other hosts and returns the file; the old one stays whole until the new is.

    Raises
    ------
    ConfigError
        The present file is not ours, or the directory cannot be written.
    StoreError
        The user has no data folder.
    """
    path = file_of(data_dir)
    _write(path, {**_read(path), calibration.host: asdict(calibration)})
    return path


def remove_calibration(data_dir: Path | None, host: str) -> bool:
    """Forgets the calibration of `host`; False where there was none. Raises like `save_calibration`."""
    path = file_of(data_dir)
    hosts = _read(path)
    if host not in hosts:
        return False
    _write(path, {name: entry for name, entry in hosts.items() if name != host})
    return True


def file_of(data_dir: Path | None) -> Path:
    """Where calibrations are kept. Raises `StoreError` where the user has no data folder."""
    from dcfoot.store.runstore import default_data_dir  # the store's modules: only where a calibration is looked for

    return (data_dir or default_data_dir()) / FILE_NAME


def _from_json(entry: object, path: Path, host: str) -> Calibration:
    """One entry, each of its figures judged: what stands in a file may have been edited."""
    try:
        values = {field.name: cast("dict[str, Any]", entry)[field.name] for field in fields(Calibration)}
        for field in fields(Calibration):
            if field.type is float:
                values[field.name] = _finite(values[field.name])
        values["points"] = max(LEAST_POINTS, int(values["points"]))
        values["meters"] = tuple(map(str, values["meters"]))
        int(values["fitted_at"][:4])
        return Calibration(**values)
    except (KeyError, TypeError, ValueError) as fault:
        raise ConfigError(
            f"{path}: the entry {host!r} cannot be used ({type(fault).__name__}: {fault}); "
            "run `dcfoot calibrate` again, or `dcfoot calibrate --remove`."
        ) from fault


def _finite(value: object) -> float:
    number = float(value) if isinstance(value, int | float) else math.nan
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is no number")
    return number


def _write(path: Path, hosts: dict[str, Any]) -> None:
    import json  # only where a file is written

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps({"schema": SCHEMA, "hosts": hosts}, indent=2, ensure_ascii=False) + "\n", "utf-8")
        fresh.replace(path)
    except OSError as fault:
        raise ConfigError(f"{path}: the calibration cannot be written: {fault}") from fault


def _read(path: Path) -> dict[str, Any]:
    import json  # only where a file is read

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError) as fault:
        raise ConfigError(f"{path}: the calibration cannot be read: {fault}") from fault
    table = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    if table.get("schema") != SCHEMA or not isinstance(table.get("hosts"), dict):
        raise ConfigError(f"{path}: this is no calibration of the form {SCHEMA}; move it away and calibrate again.")
    return cast("dict[str, Any]", table["hosts"])
