"""Parquet for analysts: by day and host, what channels came to by the minute, and whose it was by the hour.

    FOLDER/energy/date=2026-11-26/host=gpu01/minutes.parquet
    FOLDER/units/date=2026-11-26/host=gpu01/hours.parquet

Needs the extra `parquet`. pandas, DuckDB and Dask read a folder as one table, with the date and the host as columns.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from importlib import import_module
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

from dcfoot.errors import ConfigError, StoreError
from dcfoot.reading import Channel
from dcfoot_probes.daemon.store.batch import DAY_NS, HOUR_NS
from dcfoot_probes.daemon.store.reader import FrameReader

ENDING = ".parquet"

EPOCH_DAY = date(1970, 1, 1).toordinal()

Row = tuple[object, ...]

CHANNEL_FIELDS = (("start", "time"), ("domain", "string"), ("device", "string"), ("basis", "string"))
ENERGY_FIELDS = (
    *CHANNEL_FIELDS,
    *((name, "double") for name in ("energy_j", "covered_s", "mean_w", "least_w", "most_w")),
)
UNITS_FIELDS = (
    *CHANNEL_FIELDS,
    *(("kind", "string"), ("unit", "string"), ("name", "string"), ("user_id", "int64"), ("energy_j", "double")),
)
"""Columns of the files, and their types as Arrow calls them."""


def export_day(reader: FrameReader, folder: Path, day: date, *, with_names: bool = False) -> Sequence[Path]:
    """Writes a day (of UTC), replacing what was written of it before; gives the files that it wrote.

    Raises `ConfigError` where pyarrow is missing, `StoreError` where the store or the folder is at fault.

    Parameters
    ----------
    reader : FrameReader
        The store.
    folder : Path
        Where to.
    day : date
        Which.
    with_names : bool
        Whether units are told by names, which may be those of users and jobs, and by users' numbers.
    """
    start_ns = (day.toordinal() - EPOCH_DAY) * DAY_NS
    written: list[Path] = []
    for host in {channel.host: None for channel in reader.channels()}:
        channels = [channel for channel in reader.channels() if channel.host == host]
        place = Path(f"date={day}") / f"host={quote(host, safe='')}"
        minutes = list(_minutes(reader, channels, start_ns))
        if minutes:
            written.append(_write(folder / "energy" / place / f"minutes{ENDING}", ENERGY_FIELDS, minutes))
        hours = list(_hours(reader, channels, start_ns, with_names=with_names))
        if hours:
            written.append(_write(folder / "units" / place / f"hours{ENDING}", UNITS_FIELDS, hours))
    return written


def _minutes(reader: FrameReader, channels: Iterable[Channel], start_ns: int) -> Iterator[Row]:
    for channel in channels:
        for sample in reader.minutes(channel, start_ns, start_ns + DAY_NS):
            mean_w = sample.energy_j / sample.covered_s if sample.covered_s else None
            powers = (mean_w, sample.least_w, sample.most_w)
            yield (sample.start_ns, *_words(channel), sample.energy_j, sample.covered_s, *powers)


def _hours(reader: FrameReader, channels: Sequence[Channel], start_ns: int, *, with_names: bool) -> Iterator[Row]:
    for hour_ns in range(start_ns, start_ns + DAY_NS, HOUR_NS):
        for channel, shares in reader.units(hour_ns, hour_ns + HOUR_NS).items():
            if channel not in channels:
                continue
            at, of = (hour_ns, *_words(channel)), shares if with_names else shares.without_users()
            for unit, energy_j in of.units.items():
                known = (unit.name, unit.user_id) if with_names else (None, None)
                yield (*at, unit.kind.value, unit.id, *known, energy_j)
            yield (*at, "idle", None, None, None, shares.idle_j)
            yield (*at, "unattributed", None, None, None, shares.unattributed_j)


def _words(channel: Channel) -> tuple[str, str, str]:
    return channel.domain.value, channel.device, channel.basis.value


def _write(path: Path, fields: Sequence[tuple[str, str]], rows: Sequence[Row]) -> Path:
    """A file that is whole or not there: readers look for names that end in ``.parquet``."""
    arrow, parquet = _pyarrow(), _pyarrow(ENDING)
    types = [arrow.timestamp("ns", "UTC") if of == "time" else arrow.type_for_alias(of) for _, of in fields]
    columns = [arrow.array(column, of) for column, of in zip(zip(*rows, strict=True), types, strict=True)]
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(arrow.table(columns, [name for name, _ in fields]), draft, compression="zstd")
        draft.replace(path)
    except OSError as fault:
        raise StoreError(f"cannot export to {path} ({fault}); is there room, and may you write there?") from fault
    finally:
        with suppress(OSError):
            draft.unlink()
    return path


def _pyarrow(module: str = "") -> ModuleType:
    try:
        return import_module(f"pyarrow{module}")  # by name: it has no types, and costs a second
    except ImportError as missing:
        raise ConfigError("exporting needs pyarrow, the extra parquet: pip install 'dcfoot[parquet]'") from missing
