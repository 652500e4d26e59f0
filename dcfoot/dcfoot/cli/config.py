"""``dcfoot config``: the settings that hold here, where each came from, and what is wrong with them."""

import argparse
import os
import sys
from pathlib import Path

from dcfoot.account import check_sites_file
from dcfoot.config import Settings, files, keys, load, unknown_variables
from dcfoot.errors import ConfigError, DcfootError

HELP = "show the settings and where each came from, or check them"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the actions of ``dcfoot config``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="every setting, its value, and where it came from")
    show.add_argument("--json", action="store_true", help="as JSON, to stdout")
    actions.add_parser("validate", help="name every fault, with its file and line")


def execute(arguments: argparse.Namespace) -> int:
    """Shows or checks the settings. Raises `ConfigError` with every fault."""
    settings = load(os.environ, Path.cwd())
    if arguments.action == "validate":
        _check_variables()
        _check_place(settings)
        sys.stderr.write(f"The settings are valid. Files: {_files()}.\n")
    elif arguments.json:
        _print_json(settings)
    else:
        _print_table(settings)
    return 0


def _check_variables() -> None:
    unknown = unknown_variables(os.environ)
    if unknown:
        raise ConfigError("\n".join(unknown))


def _check_place(settings: Settings) -> None:
    """Raises `ConfigError` where there is no such site, country or region, or a file of the user's is unfit."""
    from dcfoot.site import resolve_site

    check_sites_file(settings)
    try:
        resolve_site(settings.site, settings.country, settings.region, settings.sites_file)
    except ConfigError as fault:
        where = "; ".join(
            f"{key} from {settings.origin(key)}" for key in ("site", "country", "region") if _set(settings, key)
        )
        raise ConfigError(f"{where}: {fault}") from fault
    if settings.factors_package is not None:
        from dcfoot.factors.package import read_package

        read_package(settings.factors_package)
    if settings.hourly is not None:
        from dcfoot.account import choose_hourly, choose_site

        try:
            choose_hourly(settings, choose_site(settings), settings.hourly)
        except DcfootError as fault:
            raise ConfigError(f"{settings.origin('hourly')}: {fault}") from fault


def _set(settings: Settings, key: str) -> bool:
    return key in settings.origins


def _files() -> str:
    found = [str(path) for path in files(os.environ, Path.cwd()) if path.exists()]
    return ", ".join(found) or "none"


def _print_table(settings: Settings) -> None:
    rows = [(key, _shown(getattr(settings, key)), settings.origin(key)) for key in keys()]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for key, value, origin in rows:
        print(f"{key:<{widths[0]}}  {value:<{widths[1]}}  {origin}")


def _print_json(settings: Settings) -> None:
    import json

    document = {key: {"value": _plain(getattr(settings, key)), "origin": settings.origin(key)} for key in keys()}
    print(json.dumps(document, indent=2))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "not set" if value is None else str(value)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
