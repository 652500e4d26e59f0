"""Settings: the environment, a ``dcfoot.toml`` in the working directory, the user's file, the system's; nearest first.

What comes in are the environment and the working directory, what goes out is a frozen `Settings` that knows where each
value came from. All faults are found in one pass, each with its file, line and key.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

from dcfoot import judges
from dcfoot.errors import ConfigError
from dcfoot.judges import Given, Judge, UnfitValueError

SYSTEM_FILE = Path("/etc/dcfoot/config.toml")
"""The machine's own settings: where an administrator looks for them (hier(7))."""

TABLE = "daemon"
"""The table of the daemon's own settings (`dcfoot.daemon_settings`)."""

FILE_NAME = "dcfoot.toml"
"""A project's own settings, in the working directory."""

OTHER_VARIABLES = frozenset(
    {
        *("DCFOOT_ROOT", "DCFOOT_RUN_ID", "DCFOOT_RUN_PID", "DCFOOT_RUN_PROCESS"),
        *("DCFOOT_REFERENCE_DIR", "DCFOOT_NVML_SCRIPT"),
        "DCFOOT_HOURLY_URL",
    }
)
"""Variables that are ours and no settings: what a job is told (`dcfoot.lease`), what our own tests are told, another
root of a service (`dcfoot.sources.hourly_source`)."""

LANGUAGES = ("en", "zh")
"""Languages of the receipt (ISO 639-1)."""

DEFAULT = "default"
"""Origin of a value that nobody set."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user chose. None is "not chosen".

    Parameters
    ----------
    site : str or None
        Where the computing happens: an id of `dcfoot sites`.
    country : str or None
        Or the country, by code or name.
    region : str or None
        Or its province, grid region or state.
    sites_file : Path or None
        A TOML file with sites of the user's own (`dcfoot.site_file`).
    factors_package : Path or None
        A data package with grid factors of the user's own (`dcfoot.factors.package`).
    hourly : str or None
        Where the grid's hours come from: a service or a file (`dcfoot.sources.hourly_source`).
    interval_s : float
        Time between readings [s].
    data_dir : Path or None
        Where runs are kept; None for the user's data folder.
    node_class : str or None
        What the machine is; None to guess from its parts.
    electricity_price_per_kwh : float or None
        What a kilowatt-hour costs, in `currency` [1/kWh].
    currency : str or None
        ISO 4217 code of the price's currency.
    lang : str
        Language of the receipt, ISO 639-1.
    whole_node : bool
        Whether a receipt counts the whole machine instead of the run's share.
    read : tuple of str
        Addresses of exporters whose meters are read too (`dcfoot.probe.with_readers`).
    origins : Mapping[str, str]
        Where each value that somebody set came from.
    """

    site: str | None = None
    country: str | None = None
    region: str | None = None
    sites_file: Path | None = None
    factors_package: Path | None = None
    hourly: str | None = None
    interval_s: float = 1.0
    data_dir: Path | None = None
    node_class: str | None = None
    electricity_price_per_kwh: float | None = None
    currency: str | None = None
    lang: str = "en"
    whole_node: bool = False
    read: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict[str, str])

    def origin(self, key: str) -> str:
        """Where the value of `key` came from: ``FILE:LINE``, ``environment: VARIABLE`` or ``default``."""
        return self.origins.get(key, DEFAULT)


def load(environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> Settings:
    """The settings that hold here; the daemon's are passed over, so that a fault in them is no other command's.

    Parameters
    ----------
    environ : Mapping[str, str] or None
        None for this process's environment.
    cwd : Path or None
        The working directory; None for this process's.

    Raises
    ------
    ConfigError
        Something cannot be used. The message has a line for each fault: ``FILE:LINE: key: what is wrong``.
    """
    return settled(judged(environ, cwd, JUDGES))


@dataclass(frozen=True, slots=True)
class Found:
    """What is set and can be used, where each was set, and a line for each fault."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    origins: dict[str, str] = field(default_factory=dict[str, str])
    problems: list[str] = field(default_factory=list[str])


def judged(environ: Mapping[str, str] | None, cwd: Path | None, known: Mapping[str, Judge]) -> Found:
    """Every setting of `known` that is set anywhere. The other parameters are those of `load`."""
    found = Found()
    places = os.environ if environ is None else environ, _here() if cwd is None else cwd
    for given in _given(*places, known, found.problems):
        try:
            found.values[given.key] = known[given.key](given)
        except UnfitValueError as fault:
            found.problems.append(f"{given.origin}: {given.key}: {fault}")
            continue
        found.origins[given.key] = given.origin
    found.problems.extend(_contradictions(found.values, found.origins))
    return found


def settled(found: Found) -> Settings:
    """The settings. Raises `ConfigError` where there are faults."""
    if found.problems:
        raise ConfigError("\n".join(found.problems))
    return usable(found)


def usable(found: Found) -> Settings:
    """The settings that have no fault; the others as if nobody had set them."""
    return Settings(**{key: value for key, value in found.values.items() if key in JUDGES}, origins=found.origins)


def _here() -> Path:
    """The working directory; a relative path where it was deleted, so that nothing is found there."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path()


def files(environ: Mapping[str, str], cwd: Path) -> Sequence[Path]:
    """The files that are read if they are there, the farthest first; each overrides those before it."""
    named = environ.get("DCFOOT_CONFIG")
    users = Path(named) if named else _users_file(environ)
    return (SYSTEM_FILE, *([users] if users else []), cwd / FILE_NAME)


def variable(key: str) -> str:
    """A setting's environment variable: ``DCFOOT_SITE`` for ``site``, ``DCFOOT_DAEMON_UNITS`` for ``daemon.units``."""
    return f"DCFOOT_{key.upper().replace('.', '_')}"


def keys() -> Sequence[str]:
    """Every setting, in order."""
    return [one.name for one in fields(Settings) if one.name != "origins"]


def _users_file(environ: Mapping[str, str]) -> Path | None:
    """The user's own file; None where there is no home."""
    named = environ.get("XDG_CONFIG_HOME")
    if named and Path(named).is_absolute():
        return Path(named) / "dcfoot" / "config.toml"
    from platformdirs import user_config_path

    folder = user_config_path("dcfoot", appauthor=False)
    return folder / "config.toml" if folder.is_absolute() else None


def _given(environ: Mapping[str, str], cwd: Path, known: Mapping[str, Judge], problems: list[str]) -> Iterator[Given]:
    """Every value that is set anywhere, the farthest first."""
    for path in files(environ, cwd):
        text = _text_of(path, problems, must_exist=str(path) == environ.get("DCFOOT_CONFIG"))
        if text is not None:
            yield from _given_in_file(path, text, known, problems)
    for key in known:
        text = environ.get(variable(key), "").strip()
        if text:
            yield Given(key, text, f"environment: {variable(key)}", cwd)


def _text_of(path: Path, problems: list[str], *, must_exist: bool) -> str | None:
    try:
        if not must_exist and path.exists() and not path.is_file():  # a pipe that nobody writes to would hold us up
            problems.append(f"{path}: cannot be read: it is not a regular file")
            return None
        return path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        if must_exist:
            problems.append(f"{path}: there is no such file; DCFOOT_CONFIG names it")
    except (OSError, UnicodeDecodeError) as fault:
        # What the administrator keeps from a user is no fault of the user's.
        if path != SYSTEM_FILE or not isinstance(fault, PermissionError):
            problems.append(f"{path}: cannot be read: {fault}")
    return None


def _given_in_file(path: Path, text: str, known: Mapping[str, Judge], problems: list[str]) -> Iterator[Given]:
    lines = text.split("\n")  # of TOML's; `splitlines` knows more ends of a line
    for key, value, line in _flat(_parse(path, text, problems), lines):
        if key in known:
            yield Given(key, value, f"{path}:{line}", path.parent)
        elif key not in JUDGES and not (key.startswith(f"{TABLE}.") and _is_without_daemon(known)):
            problems.append(f"{path}:{line}: {key}: {_unknown(key, known)}")


def _flat(document: Mapping[str, object], lines: Sequence[str]) -> Iterator[tuple[str, object, int]]:
    """Each key with its value and its line; those of the daemon's table behind its name and a dot."""
    for key, value in document.items():
        line = _line_of(key, lines)
        if key == TABLE and isinstance(value, dict):
            for name, inner in cast("dict[str, object]", value).items():
                yield f"{TABLE}.{name}", inner, line - 1 + _line_of(name, lines[line - 1 :], rf"(?:{TABLE}\s*\.\s*)?")
        else:
            yield key, value, line


def _is_without_daemon(known: Mapping[str, Judge]) -> bool:
    return not any(key.startswith(f"{TABLE}.") for key in known)


def _parse(path: Path, text: str, problems: list[str]) -> Mapping[str, object]:
    import tomllib  # 15 ms: only where there is a file

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as fault:  # a number of 5,000 digits; a list in a list in a list
        problems.append(toml_fault(path, text, fault))
        return {}


def toml_fault(path: Path, text: str, fault: Exception) -> str:
    """What the parser of TOML says, as ``FILE:LINE: what is wrong``."""
    found = re.search(r" \(at line (\d+), column (\d+)\)$", str(fault))
    line = found[1] if found else str(1 + text.removesuffix("\n").count("\n"))
    what = str(fault)[: found.start()] if found else str(fault)
    return f"{path}:{line}: this is not TOML: {what}"


def _line_of(key: str, lines: Sequence[str], before: str = "") -> int:
    """The line that sets `key` or opens the table of that name; tomllib does not tell."""
    setting = re.compile(rf"""\s*\[{{0,2}}\s*{before}["']?{re.escape(key)}["']?\s*[=.\]]""")
    return next((number for number, line in enumerate(lines, 1) if setting.match(line)), 1)


def _unknown(key: str, known: Iterable[str]) -> str:
    table, dot, _ = key.rpartition(".")
    beside = [name for name in known if name.rpartition(".")[:2] == (table, dot)]
    return f"there is no such setting; {_nearest(key, beside)}"


def _nearest(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    nearest = get_close_matches(name, known, n=1)
    return f"did you mean {nearest[0]}?" if nearest else f"the settings are {', '.join(known)}"


def unknown_variables(environ: Mapping[str, str], more: Iterable[str] = ()) -> Sequence[str]:
    """A sentence for each variable of the environment that is called like a setting and is none.

    They are no faults of a run, for they may be another program's; without `more`, the daemon's are its own affair.

    Parameters
    ----------
    environ : Mapping[str, str]
        The environment.
    more : Iterable of str
        Settings in tables.
    """
    known = [*map(variable, (*keys(), *more)), "DCFOOT_CONFIG"]
    others = () if more else variable(f"{TABLE}.")
    return [
        f"environment: {name}: there is no such setting; {_nearest(name, known)}"
        for name in sorted(environ)
        if name.startswith("DCFOOT_") and name not in OTHER_VARIABLES and name not in known
        if not name.startswith(others)
    ]


def _price(given: Given) -> float:
    price = judges.number(given)
    if not 0.0 <= price < float("inf"):
        raise UnfitValueError(f"{price:g} is not a price")
    return price


def _hourly(given: Given) -> str:
    """A service's name as it is, a file's with its folder; whether there is such a one is asked where it is used."""
    name = judges.text(given)
    return str(judges.path(given)) if name.lower().endswith(".csv") else name


def _addresses(given: Given) -> tuple[str, ...]:
    """Addresses of pages over HTTP; behind a ``#`` may stand a name."""
    from urllib.parse import urlsplit

    addresses = judges.names(given)
    for address in addresses:
        try:
            place = urlsplit(address)
            is_fit = place.scheme in {"http", "https"} and bool(place.hostname) and place.port != 0
        except ValueError:
            is_fit = False
        if not is_fit or "@" in address or not address.isprintable() or " " in address:
            raise UnfitValueError(f"{address!r} is not an address such as http://127.0.0.1:9400/metrics")
    return addresses


def _currency(given: Given) -> str:
    code = judges.text(given)
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        raise UnfitValueError(f"{code!r} is not an ISO 4217 code such as EUR or CNY")
    return code


def _node_class(given: Given) -> str:
    from dcfoot.node import node_class

    name = judges.text(given)
    try:
        return node_class(name).id
    except ConfigError as fault:
        raise UnfitValueError(str(fault)) from fault


JUDGES: Mapping[str, Judge] = {
    "site": judges.text,
    "country": judges.text,
    "region": judges.text,
    "sites_file": judges.path,
    "factors_package": judges.path,
    "hourly": _hourly,
    "interval_s": judges.interval_s,
    "data_dir": judges.path,
    "node_class": _node_class,
    "electricity_price_per_kwh": _price,
    "currency": _currency,
    "lang": judges.one_of(LANGUAGES, "a language of the receipt"),
    "whole_node": judges.flag,
    "read": _addresses,
}
"""How each setting is judged."""


def _contradictions(values: Mapping[str, object], origins: Mapping[str, str]) -> Iterator[str]:
    if "electricity_price_per_kwh" in values and "currency" not in values:
        yield (
            f"{origins['electricity_price_per_kwh']}: electricity_price_per_kwh: a price needs its currency; "
            'set currency too (such as currency = "EUR")'
        )
