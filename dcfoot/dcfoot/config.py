"""Settings: from the environment, from a ``dcfoot.toml`` in the working directory, from the user's file; nearest first.

What comes in are the environment and the working directory, what goes out is a frozen `Settings` that knows where each
value came from. All faults are found in one pass, each with its file, line and key.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from dcfoot.errors import ConfigError

FILE_NAME = "dcfoot.toml"
"""A project's own settings, in the working directory."""

INTERVAL_MAX_S = 60.0
"""The longest time between readings [s]: a RAPL counter wraps around in about 60 s when power is high (Intel SDM vol.
3B, "Package RAPL Domain": MSR_PKG_ENERGY_STATUS)."""

INTERVAL_MIN_S = 0.05
"""Counters step every 1 ms (RAPL) to 100 ms (NVML); reading faster than 20 Hz only adds cost [s]."""

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
    origins: Mapping[str, str] = field(default_factory=dict[str, str])

    def origin(self, key: str) -> str:
        """Where the value of `key` came from: ``FILE:LINE``, ``environment: VARIABLE`` or ``default``."""
        return self.origins.get(key, DEFAULT)


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was found, not yet judged.

    Parameters
    ----------
    key : str
        The setting's name.
    value : object
        Text from the environment, or what TOML makes of it.
    origin : str
        Where it was found.
    folder : Path
        What a relative path is relative to.
    """

    key: str
    value: object
    origin: str
    folder: Path


class UnfitValueError(ValueError):
    """A value cannot be used; the message says what is wrong with it."""


def load(environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> Settings:
    """The settings that hold here.

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
    problems: list[str] = []
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for given in _given(os.environ if environ is None else environ, _here() if cwd is None else cwd, problems):
        try:
            value = _judge(given)
        except UnfitValueError as fault:
            problems.append(f"{given.origin}: {given.key}: {fault}")
            continue
        values[given.key], origins[given.key] = value, given.origin
    problems += _contradictions(values, origins)
    if problems:
        raise ConfigError("\n".join(problems))
    return Settings(**values, origins=origins)


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
    return (*([users] if users else []), cwd / FILE_NAME)


def variable(key: str) -> str:
    """The environment variable of a setting: ``DCFOOT_SITE`` for ``site``."""
    return f"DCFOOT_{key.upper()}"


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


def _given(environ: Mapping[str, str], cwd: Path, problems: list[str]) -> Iterator[Given]:
    """Every value that is set anywhere, the farthest first."""
    for path in files(environ, cwd):
        yield from _given_in_file(path, problems, must_exist=str(path) == environ.get("DCFOOT_CONFIG"))
    for key in keys():
        text = environ.get(variable(key), "").strip()
        if text:
            yield Given(key, text, f"environment: {variable(key)}", cwd)


def _given_in_file(path: Path, problems: list[str], *, must_exist: bool) -> Iterator[Given]:
    if not must_exist and path.exists() and not path.is_file():  # a pipe that nobody writes to would hold us up
        problems.append(f"{path}: cannot be read: it is not a regular file")
        return
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        if must_exist:
            problems.append(f"{path}: there is no such file; DCFOOT_CONFIG names it")
        return
    except (OSError, UnicodeDecodeError) as fault:
        problems.append(f"{path}: cannot be read: {fault}")
        return
    document = _parse(path, text, problems)
    lines = text.splitlines()
    for key, value in document.items():
        origin = f"{path}:{_line_of(key, lines)}"
        if key in keys():
            yield Given(key, value, origin, path.parent)
        else:
            problems.append(f"{origin}: {key}: {_unknown(key)}")


def _parse(path: Path, text: str, problems: list[str]) -> Mapping[str, object]:
    import tomllib  # 15 ms: only where there is a file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        problems.append(toml_fault(path, text, fault))
        return {}


def toml_fault(path: Path, text: str, fault: ValueError) -> str:
    """What the parser of TOML says, as ``FILE:LINE: what is wrong``."""
    found = re.search(r" \(at line (\d+), column (\d+)\)$", str(fault))
    line = found[1] if found else str(max(1, len(text.splitlines())))
    what = str(fault)[: found.start()] if found else str(fault)
    return f"{path}:{line}: this is not TOML: {what}"


def _line_of(key: str, lines: Sequence[str]) -> int:
    """The line that sets `key` or opens the table of that name; tomllib does not tell."""
    setting = re.compile(rf"""\s*\[{{0,2}}\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
    return next((number for number, line in enumerate(lines, 1) if setting.match(line)), 1)


def _unknown(key: str) -> str:
    return f"there is no such setting; {_nearest(key, keys())}"


def _nearest(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    nearest = get_close_matches(name, known, n=1)
    return f"did you mean {nearest[0]}?" if nearest else f"the settings are {', '.join(known)}"


def unknown_variables(environ: Mapping[str, str]) -> Sequence[str]:
    """A sentence for each variable of the environment that is called like a setting and is none.

    They are no faults of a run, for they may be another program's.
    """
    settings = [*map(variable, keys()), "DCFOOT_CONFIG"]
    return [
        f"environment: {name}: there is no such setting; {_nearest(name, settings)}"
        for name in sorted(environ)
        if name.startswith("DCFOOT_") and name not in settings and name not in OTHER_VARIABLES
    ]


def _judge(given: Given) -> object:
    """The value in its setting's type. Raises `UnfitValueError`."""
    return JUDGES[given.key](given)


def _text(given: Given) -> str:
    if not isinstance(given.value, str) or not given.value.strip():
        raise UnfitValueError(f"{given.value!r} is not a text")
    return given.value.strip()


def _number(given: Given) -> float:
    value = given.value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnfitValueError(f"{value!r} is not a number")
    try:
        return float(value)
    except ValueError:
        raise UnfitValueError(f"{value!r} is not a number") from None


def _interval_s(given: Given) -> float:
    interval_s = _number(given)
    if not INTERVAL_MIN_S <= interval_s <= INTERVAL_MAX_S:
        raise UnfitValueError(
            f"{interval_s:g} is not a number of seconds from {INTERVAL_MIN_S:g} to {INTERVAL_MAX_S:g}"
        )
    return interval_s


def _price(given: Given) -> float:
    price = _number(given)
    if not 0.0 <= price < float("inf"):
        raise UnfitValueError(f"{price:g} is not a price")
    return price


def _path(given: Given) -> Path:
    try:
        return given.folder / Path(_text(given)).expanduser()
    except RuntimeError:
        raise UnfitValueError(f"{given.value!r} is in a home folder that is not known") from None


def _hourly(given: Given) -> str:
    """A service's name as it is, a file's with its folder; whether there is such a one is asked where it is used."""
    name = _text(given)
    return str(_path(given)) if name.lower().endswith(".csv") else name


def _currency(given: Given) -> str:
    code = _text(given)
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        raise UnfitValueError(f"{code!r} is not an ISO 4217 code such as EUR or CNY")
    return code


def _language(given: Given) -> str:
    code = _text(given)
    if code not in LANGUAGES:
        raise UnfitValueError(f"{code!r} is not a language of the receipt; there are {', '.join(LANGUAGES)}")
    return code


def _node_class(given: Given) -> str:
    from dcfoot.node import node_class

    name = _text(given)
    try:
        return node_class(name).id
    except ConfigError as fault:
        raise UnfitValueError(str(fault)) from fault


YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})


def _flag(given: Given) -> bool:
    if isinstance(given.value, bool):
        return given.value
    word = given.value.lower() if isinstance(given.value, str) else ""
    if word in YES | NO:
        return word in YES
    raise UnfitValueError(f"{given.value!r} is neither true nor false")


JUDGES: Mapping[str, Callable[[Given], object]] = {
    "site": _text,
    "country": _text,
    "region": _text,
    "sites_file": _path,
    "factors_package": _path,
    "hourly": _hourly,
    "interval_s": _interval_s,
    "data_dir": _path,
    "node_class": _node_class,
    "electricity_price_per_kwh": _price,
    "currency": _currency,
    "lang": _language,
    "whole_node": _flag,
}
"""How each setting is judged."""


def _contradictions(values: Mapping[str, object], origins: Mapping[str, str]) -> Iterator[str]:
    if "electricity_price_per_kwh" in values and "currency" not in values:
        yield (
            f"{origins['electricity_price_per_kwh']}: electricity_price_per_kwh: a price needs its currency; "
            'set currency too (such as currency = "EUR")'
        )
