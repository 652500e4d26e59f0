"""codecarbon's results as runs: its vocabulary ends here.

In comes one record of codecarbon (a row of ``emissions.csv``, or the `EmissionsData` that its handlers get), out goes
a `Measurement`. codecarbon multiplies every energy by its PUE before it reports it (``_do_measurements`` in 3.3.2), so
each is divided by it, once: what is left is the energy of the chips, which dcfoot's own ladder takes to the wall.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import product
from math import isfinite
from pathlib import Path

from dcfoot.errors import ConfigError, DataMissing
from dcfoot.measurement import ChannelEnergy, Machine, Measurement, RunState
from dcfoot.reading import Basis, Channel, Domain, Kind, Meter
from dcfoot.units import J_PER_KWH

Record = Mapping[str, object]
"""What codecarbon reports of a run, under its own names."""

UNKNOWN_HOST = "codecarbon"
"""Stands for the host, which codecarbon does not record."""

SUM_TOLERANCE_RATIO = 0.001
"""Parts that miss the total by more than this were not written by one codecarbon."""

UNSEEN = (
    "measured by codecarbon: fans, mainboard, network cards and the loss of the power supply are not in its figures; "
    "accelerators other than NVIDIA's and AMD's are not either"
)
"""What codecarbon does not see, in a sentence."""

WHOLE_MACHINE = "codecarbon counted the whole machine: other programs and the idle time are charged to this run"
LOST_GPU = "codecarbon saw GPUs but reported no energy of them: their energy is not known"


@dataclass(frozen=True, slots=True)
class _Part:
    """A column of energy: what it is a meter of, and how well codecarbon knows it."""

    column: str
    domain: Domain
    basis: Basis
    gain_p5: float
    gain_p95: float
    source: str


_GPU = _Part(
    "gpu_energy",
    Domain.GPU,
    Basis.MEASURED,
    1 / 1.064,
    1 / 0.905,
    "Yang et al. 2024, arXiv:2312.02741: 19 boards read -9.5 to +6.4 % against an external meter",
)
_CPU_MODELLED = _Part(
    "cpu_energy",
    Domain.PACKAGE,
    Basis.MODELLED,
    0.4,
    2.0,
    "codecarbon assumes half of the TDP where it cannot do better; SPECpower_ssj2008 servers of 2013-2021 draw from "
    "about 0.2 of full power when idle (medians 0.14 to 0.30) to all of it",
)
_CPU_MEASURED = _Part(
    "cpu_energy",
    Domain.PACKAGE,
    Basis.MEASURED,
    0.95,
    1.05,
    "judgement: RAPL counters are a few percent off (Khan et al. 2018, doi:10.1145/3177754)",
)
_RAM = _Part(
    "ram_energy",
    Domain.DRAM,
    Basis.MODELLED,
    0.5,
    2.0,
    "judgement: codecarbon takes 5 W for a module that it guesses from the memory's size, load not considered",
)


def read_emissions_csv(
    path: Path, *, host: str = UNKNOWN_HOST, timezone: tzinfo | None = None, cpu_measured: bool = False
) -> list[Measurement]:
    """The runs in an ``emissions.csv``, in order of the file.

    A run that was flushed stands in several rows whose figures are cumulative; the last of them counts.

    Parameters
    ----------
    path : Path
        The file.
    host : str
        Where it ran; codecarbon does not say.
    timezone : tzinfo or None
        Of the time stamps, which codecarbon writes in local time without a zone; None for this machine's.
    cpu_measured : bool
        Whether codecarbon read RAPL, which it says in its log but not in the file; otherwise the CPU's energy counts as
        modelled.

    Raises
    ------
    DataMissing
        There is no such file.
    ConfigError
        It cannot be read, or a row is not codecarbon's; the message says which and why.
    """
    rows: dict[str, tuple[int, Record]] = {}
    for number, row in _rows(path):
        run = str(row.get("run_id") or number)
        rows[run] = (number, row)
    measurements: list[Measurement] = []
    for number, row in rows.values():
        try:
            measurements.append(measurement_of(row, host=host, timezone=timezone, cpu_measured=cpu_measured))
        except ConfigError as fault:
            message = f"{path}:{number}: {fault}"
            raise ConfigError(message) from fault
    return measurements


def measurement_of(
    record: Record,
    *,
    host: str = UNKNOWN_HOST,
    timezone: tzinfo | None = None,
    cpu_measured: bool = False,
    state: RunState = RunState.COMPLETE,
) -> Measurement:
    """One record as a run.

    Parameters
    ----------
    record : Record
        codecarbon's names and values; text is understood as well.
    host, timezone, cpu_measured
        As for `read_emissions_csv`.
    state : RunState
        Whether codecarbon's end was seen.

    Raises
    ------
    ConfigError
        A figure is missing or cannot be; the message names it.
    """
    pue = _pue(record)
    duration_s = _number(record, "duration")
    parts = (_GPU, _CPU_MEASURED if cpu_measured else _CPU_MODELLED, _RAM)
    channels = tuple(channel for part in parts for channel in _channel(part, record, pue, host, duration_s))
    ended_at = _moment(record, timezone)
    started_at = ended_at - timedelta(seconds=duration_s)
    return Measurement(
        id=_run_id(record, started_at),
        name=_text(record, "project_name") or "codecarbon",
        command=(),
        hosts=(host,),
        started_at=started_at,
        ended_at=ended_at,
        duration_s=duration_s,
        exit_status=None,
        state=state,
        channels=channels,
        machine=_machine(record),
        tags=_tags(record),
        site_id=_site_id(record),
        warnings=tuple(_remarks(record, pue)),
    )


def _rows(path: Path) -> Iterator[tuple[int, Record]]:
    import csv  # only here

    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            yield from ((reader.line_num, row) for row in reader)
    except (FileNotFoundError, NotADirectoryError):
        message = f"There is no file {path}."
        raise DataMissing(message) from None
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        message = f"{path} cannot be read as CSV: {fault}"
        raise ConfigError(message) from fault


def _text(record: Record, name: str) -> str:
    value = record.get(name)
    return "" if value is None else str(value).strip()


def _number(record: Record, name: str) -> float:
    text = _text(record, name)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (isfinite(value) and value >= 0):
        found = repr(text) if text else "missing (codecarbon has written it since version 2)"
        message = f"{name} is {found}; it must be a number that is not negative."
        raise ConfigError(message)
    return value


def _pue(record: Record) -> float:
    """The factor that is in every energy already; 1 in files from before codecarbon had one."""
    pue = _number(record, "pue") if _text(record, "pue") else 1.0
    if pue < 1:
        message = f"pue is {pue:g}; a PUE is at least 1 (ISO/IEC 30134-2)."
        raise ConfigError(message)
    return pue


def _channel(part: _Part, record: Record, pue: float, host: str, duration_s: float) -> Iterator[ChannelEnergy]:
    """The channel of a part that codecarbon has an energy of: what it reports as 0 it has not metered."""
    energy_j = _number(record, part.column) / pue * J_PER_KWH
    if not energy_j:
        return
    name = part.column.removesuffix("_energy")
    meter = Meter(
        Channel(host, part.domain, f"codecarbon-{name}", part.basis),
        _names(record)[part.domain],
        f"codecarbon.{name}",
        Kind.COUNTER,
        J_PER_KWH,
        gain_p5=part.gain_p5,
        gain_p95=part.gain_p95,
        source=part.source,
    )
    yield ChannelEnergy(meter, energy_j, energy_j, duration_s)


def _names(record: Record) -> Mapping[Domain, str]:
    size = _text(record, "ram_total_size")
    return {
        Domain.GPU: _text(record, "gpu_model") or "GPU",
        Domain.PACKAGE: _text(record, "cpu_model") or "CPU",
        Domain.DRAM: f"{float(size):.0f} GiB" if size else "memory",
    }


def _moment(record: Record, timezone: tzinfo | None) -> datetime:
    text = _text(record, "timestamp")
    try:
        written = datetime.fromisoformat(text)
    except ValueError:
        message = f"timestamp is {text!r}; it must be a time such as 2026-11-24T08:15:00."
        raise ConfigError(message) from None
    if written.tzinfo is None and timezone is not None:
        written = written.replace(tzinfo=timezone)
    return written.astimezone(UTC)


def _run_id(record: Record, started_at: datetime) -> str:
    """The same for the same run, however often it is read."""
    from zlib import crc32

    mark = _text(record, "run_id") or f"{crc32(repr(sorted(record.items())).encode()):08x}"
    return f"{started_at:%Y%m%dT%H%M%S}-{mark.replace('-', '')[:6]}"


def _machine(record: Record) -> Machine:
    threads, size, gpus = (_text(record, name) for name in ("cpu_count", "ram_total_size", "gpu_count"))
    return Machine(
        cpu_name=_text(record, "cpu_model") or None,
        cpu_threads=int(float(threads)) if threads else None,
        memory_gib=float(size) if size else None,
        accelerators=_accelerators(_text(record, "gpu_model"), int(float(gpus)) if gpus else 0),
    )


def _accelerators(models: str, count: int) -> tuple[str, ...]:
    """``"1 x NVIDIA L42 x NVIDIA A100"`` as one name each.

    codecarbon puts no mark between models, so that a name's last digits and the next count run together; of the ways to
    read it, the one whose counts add up to `count` is meant.
    """
    first, *rest = models.split(" x ")
    if not rest or not first.isdecimal():
        return ()
    joints = [_joints(part) for part in rest[:-1]]
    for chosen in product(*joints):
        counts = [int(first), *(number for _, number in chosen)]
        names = [*(name for name, _ in chosen), rest[-1]]
        if not count or sum(counts) == count:
            return tuple(name for name, number in zip(names, counts, strict=True) for _ in range(number))
    return ()


def _joints(part: str) -> list[tuple[str, int]]:
    """The ways to read a name with the next model's count at its end, the shortest count first."""
    stem = part.rstrip("0123456789")
    return [(part[:end], int(part[end:])) for end in range(len(part) - 1, len(stem) - 1, -1)]


def _tags(record: Record) -> Mapping[str, str]:
    """What else codecarbon said, to be compared: its own figures stay its own."""
    names = {
        "codecarbon_version": "codecarbon_version",
        "codecarbon_run_id": "run_id",
        "codecarbon_experiment_id": "experiment_id",
        "codecarbon_emissions_kg": "emissions",
        "codecarbon_pue": "pue",
    }
    return {tag: _text(record, name) for tag, name in names.items() if _text(record, name)}


def _site_id(record: Record) -> str | None:
    """The country that codecarbon was told, or found out from the address of the machine."""
    from dcfoot.places import find_country

    code = _text(record, "country_iso_code")
    try:
        return find_country(code).id if code else None
    except ConfigError:
        return None


def _remarks(record: Record, pue: float) -> Iterator[str]:
    yield UNSEEN
    if _text(record, "tracking_mode") == "machine":
        yield WHOLE_MACHINE
    if pue != 1:
        yield f"codecarbon's PUE of {pue:g} was taken out of its energies; the site's PUE is used instead"
    if _text(record, "gpu_model") and not _number(record, "gpu_energy"):
        yield LOST_GPU
    yield from _sum_remarks(record, [_number(record, part.column) for part in (_GPU, _CPU_MODELLED, _RAM)])


def _sum_remarks(record: Record, parts_kwh: Sequence[float]) -> Iterator[str]:
    total_kwh = _number(record, "energy_consumed")
    if abs(total_kwh - sum(parts_kwh)) > SUM_TOLERANCE_RATIO * max(total_kwh, sum(parts_kwh)):
        yield f"codecarbon's total of {total_kwh:.3g} kWh is not the sum of its parts, {sum(parts_kwh):.3g} kWh"
