"""Calibration: a host's own line from chips to the wall, fitted to a wall meter.

What comes in is pairs of chip power and wall power, what goes out is ``wall = overhead + slope x chips`` with its
intervals, kept as JSON by host in the data directory. Too few points, too narrow a range, or a line that physics does
not allow is refused.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from dcfoot.draws import Z95, Draws, Spread
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence

FILE_NAME = "calibration.json"
SCHEMA = "dcfoot.calibration/1"

LEAST_POINTS = 3
"""Two points give a line but no notion of its error."""

LEAST_SPAN_RATIO = 0.15
"""The chips' power must vary by at least this part of the largest wall power: below it a slope is mostly the meter's
resolution (a plug meter of 1 W on a 300 W machine gives the slope to 3 % over 45 W)."""

SLOPE_RANGE = (0.98, 1.8)
"""No power supply gives more than it takes (2 % is left to the meters), and none in use is below 60 %."""


@dataclass(frozen=True, slots=True)
class Point:
    """One steady moment: mean power of all metered chips and of the wall [W]."""

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
        Standard error of the slope, widened for few points [-].
    centre_chips_w, centre_wall_w : float
        Mean of the points [W].
    centre_error_w : float
        Standard error of the height there, widened for few points [W].
    residual_w : float
        Standard deviation of the points around the line [W].
    points : int
        How many there were.
    domains : tuple of str
        What the chips' power was the sum of: a calibration holds for the same meters only.
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
    points: int
    domains: tuple[str, ...]
    source: str
    fitted_at: str

    @property
    def overhead_w(self) -> float:
        """What the machine draws beside its chips, at the line's foot [W]."""
        return self.wall_w(0.0)

    @property
    def overhead_error_w(self) -> float:
        """Standard error of the overhead [W]."""
        return math.hypot(self.centre_error_w, self.slope_error * self.centre_chips_w)

    def wall_w(self, chips_w: float) -> float:
        """Power at the wall for this power of the chips [W]."""
        return self.centre_wall_w + self.slope * (chips_w - self.centre_chips_w)

    def draws_w(self, chips_w: Sequence[float], draws: Draws) -> list[float]:
        """Power at the wall, one a draw, never below the chips' own [W]."""
        slopes = draws.of("calibration.slope", _normal(self.slope, self.slope_error))
        heights = draws.of("calibration.height", _normal(self.centre_wall_w, self.centre_error_w))
        rest = draws.of("calibration.residual", _normal(0.0, self.residual_w))
        return [
            max(chip, height + slope * (chip - self.centre_chips_w) + residual)
            for chip, slope, height, residual in zip(chips_w, slopes, heights, rest, strict=True)
        ]

    def evidence(self) -> tuple[Evidence, ...]:
        """The lines for a receipt's sources."""
        year = int(self.fitted_at[:4])
        note = f"{self.points} points, residual {self.residual_w:.1f} W"
        return (
            Evidence("node: calibrated overhead", self.overhead_w, "W", year, self.source, verified=True, note=note),
            Evidence("node: calibrated slope", self.slope, "W/W", year, self.source, verified=True, note=note),
        )


def _normal(central: float, error: float) -> Spread:
    return Spread(central, central - Z95 * error, central + Z95 * error, float("-inf"))


def fit(points: Sequence[Point], *, host: str, domains: Iterable[str], source: str, fitted_at: str) -> Calibration:
    """The least-squares line through `points`.

    Parameters
    ----------
    points : Sequence[Point]
        At least three, over a range of powers: idle, half load, full load.
    host, domains, source, fitted_at
        What goes on the record; see `Calibration`.

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
        raise ConfigError(f"The chips' power varies by {span:.0f} W only: take readings from idle to full load.")
    count = len(points)
    mean_chip, mean_wall = sum(chips) / count, sum(walls) / count
    sxx = sum((x - mean_chip) ** 2 for x in chips)
    slope = sum((x - mean_chip) * (y - mean_wall) for x, y in zip(chips, walls, strict=True)) / sxx
    squares = sum((y - mean_wall - slope * (x - mean_chip)) ** 2 for x, y in zip(chips, walls, strict=True))
    residual = math.sqrt(squares / (count - 2)) * student_factor(count - 2)
    _require_physical(slope, mean_wall - slope * mean_chip, residual)
    return Calibration(
        host,
        slope,
        residual / math.sqrt(sxx),
        mean_chip,
        mean_wall,
        residual / math.sqrt(count),
        residual,
        count,
        tuple(sorted(set(domains))),
        source,
        fitted_at,
    )


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


def _require_physical(slope: float, overhead_w: float, residual_w: float) -> None:
    low, high = SLOPE_RANGE
    if not low <= slope <= high:
        raise ConfigError(
            f"The wall rises by {slope:.2f} W for a watt of chips; a power supply allows {low} to {high}. "
            "Are the meter's clock and unit right, and is nothing else on the plug?"
        )
    if overhead_w < -2 * residual_w:
        raise ConfigError(
            f"The line gives the machine {overhead_w:.0f} W beside its chips: wall and chips do not belong together."
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
    """
    path = _folder(data_dir) / FILE_NAME
    entry = _read(path).get(host)
    if entry is None:
        return None
    try:
        fields: dict[str, Any] = {**entry, "domains": tuple(cast("list[str]", entry["domains"]))}
        return Calibration(**fields)
    except (KeyError, TypeError) as error:
        raise ConfigError(
            f"{path}: the entry {host!r} cannot be used ({error}); run `dcfoot calibrate` again."
        ) from error


def save_calibration(data_dir: Path | None, calibration: Calibration) -> Path:
    """Writes `calibration` beside those of other hosts and returns the file; the old one stays whole until the new is.

    Raises
    ------
    ConfigError
        The present file is not ours, or the directory cannot be written.
    """
    import json  # only where a file is written

    path = _folder(data_dir) / FILE_NAME
    hosts = {**_read(path), calibration.host: asdict(calibration)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps({"schema": SCHEMA, "hosts": hosts}, indent=2, ensure_ascii=False) + "\n", "utf-8")
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: the calibration cannot be written: {error}") from error
    return path


def _folder(data_dir: Path | None) -> Path:
    from dcfoot.store.runstore import default_data_dir  # the store's modules: only where a calibration is looked for

    return data_dir or default_data_dir()


def _read(path: Path) -> dict[str, dict[str, Any]]:
    import json  # only where a file is read

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: the calibration cannot be read: {error}") from error
    table = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    if table.get("schema") != SCHEMA or not isinstance(table.get("hosts"), dict):
        raise ConfigError(f"{path}: this is no calibration of the form {SCHEMA}.")
    return cast("dict[str, dict[str, Any]]", table["hosts"])
