"""``dcfoot config``: the settings that hold here, where each came from, and what is wrong with them."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

from dcfoot.account import check_sites_file, configured_site
from dcfoot.config import DEFAULT, Settings, files, keys, unknown_variables
from dcfoot.daemon_settings import DaemonSettings, chosen_probes, load_daemon, load_usable
from dcfoot.daemon_settings import keys as daemon_keys
from dcfoot.errors import ConfigError, DcfootError
from dcfoot.opened_probes import own_probes

HELP = "show the settings and where each came from, or check them"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the actions of ``dcfoot config``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="every setting, its value, and where it came from")
    show.add_argument("--json", action="store_true", help="as JSON, to stdout")
    actions.add_parser("validate", help="name every fault, with its file and line")


def execute(arguments: argparse.Namespace) -> int:
    """Shows or checks the settings. Raises `ConfigError` with every fault."""
    if arguments.action == "validate":
        _validate()
        return 0
    rows = _rows(*load_daemon(os.environ, Path.cwd()))
    if arguments.json:
        _print_json(rows)
    else:
        _print_table(rows)
    return 0


def _validate() -> None:
    """Raises `ConfigError` with a line for each fault of all that can be set."""
    from dcfoot_probes.daemon.fitness import faults as unfit

    settings, daemon, faults = load_usable(os.environ, Path.cwd())
    faults.extend(unknown_variables(os.environ, daemon_keys()))
    checks = (
        lambda: _check_place(settings),
        lambda: _check_package(settings),
        lambda: chosen_probes(daemon, own_probes()),
    )
    faults.extend(fault for check in checks for fault in _faults_of(check))
    faults.extend(unfit(settings, daemon))
    if faults:
        raise ConfigError("\n".join(faults))
    sys.stderr.write(f"The settings are valid. Files: {_files()}.\n")


def _faults_of(check: Callable[[], object]) -> Iterator[str]:
    try:
        check()
    except DcfootError as fault:
        yield str(fault)


def _check_place(settings: Settings) -> None:
    """Raises `ConfigError` where there is no such site, country or region, or a file of the user's is unfit."""
    check_sites_file(settings)
    configured_site(settings)
    if settings.hourly is not None:
        from dcfoot.account import choose_hourly, choose_site

        try:
            choose_hourly(settings, choose_site(settings), settings.hourly)
        except DcfootError as fault:
            raise ConfigError(f"{settings.origin('hourly')}: {fault}") from fault


def _check_package(settings: Settings) -> None:
    if settings.factors_package is not None:
        from dcfoot.factors.package import read_package

        read_package(settings.factors_package)


def _files() -> str:
    found = [str(path) for path in files(os.environ, Path.cwd()) if path.exists()]
    return ", ".join(found) or "none"


def _rows(settings: Settings, daemon: DaemonSettings) -> list[tuple[str, object, str]]:
    """Each setting, its value, and where it came from."""
    own = [(key, getattr(daemon, key.rpartition(".")[2])) for key in daemon_keys()]
    values = [*((key, getattr(settings, key)) for key in keys()), *own]
    return [(key, value, settings.origins.get(key, DEFAULT)) for key, value in values]


def _print_table(rows: Sequence[tuple[str, object, str]]) -> None:
    shown = [(key, _shown(key, value), origin) for key, value, origin in rows]
    widths = [max(len(row[column]) for row in shown) for column in range(2)]
    for key, value, origin in shown:
        print(f"{key:<{widths[0]}}  {value:<{widths[1]}}  {origin}")


def _print_json(rows: Sequence[tuple[str, object, str]]) -> None:
    import json

    print(json.dumps({key: {"value": _plain(key, value), "origin": origin} for key, value, origin in rows}, indent=2))


def _shown(key: str, value: object) -> str:
    plain = _plain(key, value)
    if isinstance(plain, bool):
        return str(plain).lower()
    if isinstance(value, tuple):
        return ", ".join(cast("tuple[str, ...]", value)) or "not set"
    return "not set" if plain is None else str(plain)


def _plain(key: str, value: object) -> object:
    """As it could stand in a file."""
    if key.endswith("_mode"):
        return f"{value:04o}"
    return str(value) if isinstance(value, Path) else value
