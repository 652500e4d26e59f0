"""A user's own factors: a Frictionless data package, read and judged by hand.

    factors/
      datapackage.json      names the table, its columns, sources and licences
      grid_factors.csv      zone,boundary,gas,method,year,g_per_kwh,source and what else the schema names

Follows the Data Package and Table Schema specifications (specs.frictionlessdata.io, v1 and v2) as far as such a package
needs them. All faults are told at once, each with file, line and column; nothing is guessed.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import cast

from dcfoot.draws import Spread
from dcfoot.errors import ConfigError
from dcfoot.factors.plausible import implausible
from dcfoot.grid import Boundary, GridFactor, Method
from dcfoot.places import nearest
from dcfoot.reading import Basis
from dcfoot.tables import interval

DESCRIPTOR = "datapackage.json"

RESOURCE = "grid_factors"
"""The resource of a package that holds factors; others are left alone."""

GASES = ("CO2", "CO2e")

REQUIRED = {
    "zone": ("string",),
    "boundary": ("string",),
    "gas": ("string",),
    "method": ("string",),
    "year": ("integer", "year"),
    "g_per_kwh": ("number", "integer"),
    "source": ("string",),
}
"""Columns that a table of factors must have, with the types of Table Schema that fit."""

OPTIONAL = {
    "name": ("string",),
    "technology": ("string",),
    "p5_g_per_kwh": ("number", "integer"),
    "p95_g_per_kwh": ("number", "integer"),
    "verified": ("boolean",),
    "url": ("string",),
    "note": ("string",),
}
"""Columns that are understood; others are left alone."""

TRUE_VALUES = frozenset({"true", "True", "TRUE", "1"})
FALSE_VALUES = frozenset({"false", "False", "FALSE", "0"})
"""How a boolean is written unless the field says otherwise (Table Schema, "boolean")."""

Object = Mapping[str, object]


@dataclass
class _Faults:
    """What was found wrong so far."""

    told: list[str] = field(default_factory=list[str])

    def add(self, path: Path, line: int, where: str, message: str) -> None:
        self.told.append(f"{path}:{line}: {where}: {message}")

    def raise_any(self) -> None:
        if self.told:
            raise ConfigError("\n".join(self.told))


@dataclass(frozen=True)
class _Table:
    """The resource of the factors: where its rows are and how they are written."""

    files: tuple[Path, ...]
    columns: Mapping[str, str]
    missing: frozenset[str]
    delimiter: str
    encoding: str
    package: str
    url: str


def read_package(path: Path) -> tuple[GridFactor, ...]:
    """The factors of a package.

    Parameters
    ----------
    path : Path
        The folder of the package, or its descriptor.

    Raises
    ------
    ConfigError
        It cannot be read or holds faults: each with file, line and column.
    """
    descriptor = path / DESCRIPTOR if path.is_dir() else path
    faults = _Faults()
    text, document = _document(descriptor)
    table = _table(descriptor, text, document, faults)
    faults.raise_any()
    seen: dict[tuple[object, ...], str] = {}
    factors = [factor for file in table.files for factor in _factors(file, table, seen, faults)]
    faults.raise_any()
    return tuple(factors)


def _document(path: Path) -> tuple[str, Object]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        document: object = json.loads(text)
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(f"{path}: the package of factors cannot be read: {fault}") from fault
    except json.JSONDecodeError as fault:
        raise ConfigError(f"{path}:{fault.lineno}: this is not JSON: {fault.msg} (column {fault.colno})") from fault
    if not isinstance(document, dict):
        raise ConfigError(f"{path}:1: a data package is a JSON object")
    return text, cast("Object", document)


def _table(path: Path, text: str, document: Object, faults: _Faults) -> _Table:
    resources = _objects(document.get("resources"))
    resource = next((one for one in resources if one.get("name") == RESOURCE), None)
    if resource is None:
        names = [str(one.get("name")) for one in resources]
        raise ConfigError(
            f"{path}:{_line(text, 'resources')}: resources: none is called {RESOURCE}.{nearest(RESOURCE, names)}"
        )
    schema = resource.get("schema")
    if isinstance(schema, str):
        text, schema = _document(path.parent / schema)
        path = path.parent / str(resource["schema"])
    fields = _objects(cast("Object", schema).get("fields")) if isinstance(schema, dict) else []
    columns = {str(one.get("name")): str(one.get("type", "string")) for one in fields}
    _check_columns(path, text, columns, faults)
    missing = cast("Object", schema).get("missingValues", [""]) if isinstance(schema, dict) else [""]
    dialect = resource.get("dialect")
    sources = _objects(resource.get("sources") or document.get("sources"))
    return _Table(
        tuple(_files(path, text, resource.get("path"), faults)),
        columns,
        frozenset(map(str, cast("list[object]", missing))) if isinstance(missing, list) else frozenset({""}),
        str(cast("Object", dialect).get("delimiter", ",")) if isinstance(dialect, dict) else ",",
        str(resource.get("encoding", "utf-8")),
        str(document.get("title") or document.get("name") or path.parent.name),
        str(sources[0].get("path", "")) if sources else "",
    )


def _check_columns(path: Path, text: str, columns: Mapping[str, str], faults: _Faults) -> None:
    for name, types in (REQUIRED | OPTIONAL).items():
        if name not in columns:
            if name in REQUIRED:
                message = f"there is no field {name}.{nearest(name, columns)}"
                faults.add(path, _line(text, "fields"), "schema.fields", message)
        elif columns[name] not in types:
            message = f"must be of type {' or '.join(types)}, not {columns[name]}"
            faults.add(path, _line(text, name, value=True), f"schema.fields.{name}", message)


def _files(path: Path, text: str, named: object, faults: _Faults) -> Iterator[Path]:
    names = [str(one) for one in cast("list[object]", named)] if isinstance(named, list) else [named]
    for name in names:
        if not isinstance(name, str) or not name:
            faults.add(path, _line(text, RESOURCE, value=True), f"resources.{RESOURCE}.path", "names no file")
        elif "://" in name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            message = f'{name!r} must be a file beside the descriptor (Data Package, "data location")'
            faults.add(path, _line(text, name, value=True), f"resources.{RESOURCE}.path", message)
        else:
            yield path.parent / name


def _objects(value: object) -> list[Object]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("Object", item) for item in items if isinstance(item, dict)]


def _line(text: str, word: str, *, value: bool = False) -> int:
    """The first line that holds a key, or a text, of the descriptor; json does not tell."""
    wanted = json.dumps(word) if value else f"{json.dumps(word)}:"
    compact = (line.replace(" :", ":") for line in text.splitlines())
    return next((number for number, line in enumerate(compact, 1) if wanted in line), 1)


def _factors(file: Path, table: _Table, seen: dict[tuple[object, ...], str], faults: _Faults) -> Iterator[GridFactor]:
    try:
        with file.open(encoding=table.encoding, newline="") as opened:
            reader = csv.DictReader(opened, delimiter=table.delimiter, strict=True)
            _check_head(file, [*(reader.fieldnames or ())], table, faults)
            for row in reader:
                yield from _row(file, reader.line_num, row, table, seen, faults)
    except (OSError, UnicodeDecodeError, LookupError, csv.Error, TypeError) as fault:
        raise ConfigError(f"{file}: cannot be read as the table that the package describes: {fault}") from fault


def _check_head(file: Path, names: Sequence[str], table: _Table, faults: _Faults) -> None:
    names = [name.removeprefix("\ufeff") for name in names]
    for name in table.columns:
        if name not in names:
            faults.add(file, 1, name, f"the schema has this field, the table has not.{nearest(name, names)}")
    faults.raise_any()


def _row(
    file: Path,
    line: int,
    row: Mapping[str | None, object],
    table: _Table,
    seen: dict[tuple[object, ...], str],
    faults: _Faults,
) -> Iterator[GridFactor]:
    if None in row or None in row.values():
        faults.add(file, line, "row", f"has not the {len(table.columns)} cells that the schema names")
        return
    before = len(faults.told)
    cells = {str(name): "" if value in table.missing else str(value).strip() for name, value in row.items()}
    reader = _Row(file, line, cells, faults)
    factor = reader.factor(table)
    if len(faults.told) > before:
        return
    key = (factor.zone, factor.boundary, factor.gas, factor.method, factor.technology, factor.year)
    if key in seen:
        faults.add(file, line, "zone", f"the same zone, family, method and year stand in {seen[key]}")
        return
    seen[key] = f"{file.name}:{line}"
    yield factor


@dataclass(frozen=True)
class _Row:
    """One row while it is read."""

    file: Path
    line: int
    cells: Mapping[str, str]
    faults: _Faults

    def factor(self, table: _Table) -> GridFactor:
        """The factor; what is wrong with it is told, and something harmless put in its place."""
        zone, source = self.text("zone"), self.text("source")
        boundary = Boundary(self.choice("boundary", tuple(Boundary)))
        note = "; ".join(filter(None, (self.cells.get("note", ""), f"{table.package}, {self.file.name}:{self.line}")))
        return GridFactor(
            zone,
            self.cells.get("name") or zone,
            boundary,
            self.choice("gas", GASES),
            Method(self.choice("method", tuple(Method))),
            self.year(),
            self.spread(boundary),
            Basis.MODELLED,
            source,
            self.flag("verified"),
            self.cells.get("url") or table.url,
            note,
            self.cells.get("technology", ""),
        )

    def fault(self, column: str, message: str) -> None:
        self.faults.add(self.file, self.line, column, message)

    def text(self, column: str) -> str:
        if not self.cells[column]:
            self.fault(column, "is empty")
        return self.cells[column]

    def choice(self, column: str, known: Sequence[str]) -> str:
        value = self.cells[column]
        if value in known:
            return value
        self.fault(column, f"{value!r} is not one of {', '.join(known)}.{nearest(value, known)}")
        return known[0]

    def year(self) -> int:
        value = self.cells["year"]
        if value.isdecimal() and 1900 <= int(value) <= 2200:
            return int(value)
        self.fault("year", f"{value!r} is not a year")
        return 0

    def flag(self, column: str) -> bool:
        value = self.cells.get(column, "")
        if value and value not in TRUE_VALUES | FALSE_VALUES:
            self.fault(column, f"{value!r} is neither true nor false")
        return value in TRUE_VALUES

    def number(self, column: str) -> float | None:
        value = self.cells.get(column, "")
        if not value:
            return None
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if isfinite(number) and number >= 0:
            return number
        self.fault(column, f"{value!r} is not a number that is at least 0")
        return None

    def spread(self, boundary: Boundary) -> Spread:
        """As stated, else what a yearly factor is off by the time that it is used."""
        central = self.number("g_per_kwh")
        if central is None:
            if not self.cells["g_per_kwh"]:
                self.fault("g_per_kwh", "is empty")
            return Spread.exact(0.0)
        doubt = implausible(central, boundary) if not self.cells.get("technology") else ""
        if doubt:
            self.fault("g_per_kwh", doubt)
        usual = Spread.around(central, *interval("grid_average"))
        low, high = self.number("p5_g_per_kwh"), self.number("p95_g_per_kwh")
        try:
            return Spread(central, usual.p5 if low is None else low, usual.p95 if high is None else high)
        except ValueError:
            self.fault("p5_g_per_kwh", "must be in the order p5 <= g_per_kwh <= p95")
            return usual
