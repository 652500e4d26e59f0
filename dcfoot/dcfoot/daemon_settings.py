"""The daemon's own settings: the table ``[daemon]`` of the files that `dcfoot.config` reads.

To add one: a field of `DaemonSettings` with its default, its judge in `JUDGES`, its row in ``docs/configuration.md``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from dcfoot import judges
from dcfoot.config import DEFAULT, TABLE, Settings, judged, usable
from dcfoot.config import JUDGES as OTHERS
from dcfoot.errors import ConfigError
from dcfoot.judges import OFF, Given, Judge, UnfitValueError
from dcfoot.places import nearest
from dcfoot.probe import ProbeEntry

LOOPBACK = ("127.", "localhost:", "[::1]:")
"""How addresses begin that only this machine can reach (RFC 5735, RFC 4291)."""

MODE_MAX = 0o777
"""Permissions of a file (chmod(2))."""

DAYS_MAX = 36_525
"""A hundred years [days]: what is longer is a slip of the finger."""


@dataclass(frozen=True, slots=True)
class DaemonSettings:
    """What the operator chose. None is "not chosen".

    Parameters
    ----------
    interval_s : float
        Time between frames [s].
    store : Path or None
        The file in which frames are kept; None for ``daemon.sqlite`` in the folder of runs.
    keep_ticks_days, keep_minutes_days, keep_parts_days, keep_hours_days : int
        How long frames, the channels' minutes, the users' minutes and the hours of both are kept [days].
    units : bool
        Whether energy is divided among those who used it.
    names : bool
        Whether the server tells jobs and users by name; else by number alone.
    probes, probes_off : tuple of str
        Only these probes, empty for all that are installed; and of them not these.
    listen : str
        Address and port of the HTTP server, or ``"off"``.
    token_file, tls_certificate_file, tls_key_file : Path or None
        What whoever asks over the network must know; by what the server is known.
    socket : Path, "off" or None
        The Unix socket for others on this machine; None for the usual one.
    socket_group : str or None
        The group that may ask there, by name or number; None for the daemon's own.
    socket_mode : int
        Its permissions.
    otlp_url, remote_write_url : str or None
        Where OpenTelemetry's and Prometheus' protocol are sent to.
    origins : Mapping[str, str]
        Where each value that somebody set came from.
    """

    interval_s: float = 1.0
    store: Path | None = None
    keep_ticks_days: int = 400
    keep_minutes_days: int = 1827
    keep_parts_days: int = 92
    keep_hours_days: int = 3653
    units: bool = True
    names: bool = False
    probes: tuple[str, ...] = ()
    probes_off: tuple[str, ...] = ()
    listen: str = "127.0.0.1:8376"
    token_file: Path | None = None
    tls_certificate_file: Path | None = None
    tls_key_file: Path | None = None
    socket: Path | str | None = None
    socket_group: str | None = None
    socket_mode: int = 0o660
    otlp_url: str | None = None
    remote_write_url: str | None = None
    origins: Mapping[str, str] = field(default_factory=dict[str, str])

    def uses(self, probe: str) -> bool:
        """Whether the probe of this name is to be read."""
        return probe not in self.probes_off and (not self.probes or probe in self.probes)


def chosen_probes(own: DaemonSettings, installed: Iterable[ProbeEntry]) -> list[ProbeEntry]:
    """The probes that are to be read. Raises `ConfigError` where one is named that is not installed."""
    known = {entry.name: entry for entry in installed}
    faults = [
        f"{own.origins.get(key, DEFAULT)}: {key}: no probe is called {name!r};{nearest(name, known)} there are "
        f"{', '.join(known)}"
        for key, names in ((f"{TABLE}.probes", own.probes), (f"{TABLE}.probes_off", own.probes_off))
        for name in names
        if name not in known
    ]
    if faults:
        raise ConfigError("\n".join(faults))
    return [entry for name, entry in known.items() if own.uses(name)]


def keys() -> list[str]:
    """Every setting, in order, as ``daemon.NAME``."""
    return [f"{TABLE}.{one.name}" for one in fields(DaemonSettings) if one.name != "origins"]


def _days(given: Given) -> int:
    days = judges.number(given)
    if not (1 <= days <= DAYS_MAX and days == int(days)):
        raise UnfitValueError(f"{given.value!r} is not a whole number of days from 1 to {DAYS_MAX}")
    return int(days)


def _address(given: Given) -> str:
    address = judges.text(given)
    host, colon, port = address.rpartition(":")
    if address != OFF and not (colon and host and port.isdecimal() and int(port) <= 65_535):
        raise UnfitValueError(f"{address!r} is neither HOST:PORT nor {OFF!r}")
    return address


def _mode(given: Given) -> int:
    """Permissions as a text of octal digits, or TOML's own octal number."""
    value = given.value
    if isinstance(value, str) and value.strip() and all(digit in "01234567" for digit in value.strip()):
        value = int(value, 8)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MODE_MAX:
        raise UnfitValueError(f'{given.value!r} is not a file\'s mode such as "0660"')
    return value


def _url(given: Given) -> str:
    address = judges.text(given)
    if not address.startswith(("http://", "https://")):
        raise UnfitValueError(f"{address!r} is not an address that begins with http:// or https://")
    return address


JUDGES: Mapping[str, Judge] = {
    "daemon.interval_s": judges.interval_s,
    "daemon.store": judges.path,
    "daemon.keep_ticks_days": _days,
    "daemon.keep_minutes_days": _days,
    "daemon.keep_parts_days": _days,
    "daemon.keep_hours_days": _days,
    "daemon.units": judges.flag,
    "daemon.names": judges.flag,
    "daemon.probes": judges.names,
    "daemon.probes_off": judges.names,
    "daemon.listen": _address,
    "daemon.token_file": judges.path,
    "daemon.tls_certificate_file": judges.path,
    "daemon.tls_key_file": judges.path,
    "daemon.socket": judges.path_or_off,
    "daemon.socket_group": judges.text,
    "daemon.socket_mode": _mode,
    "daemon.otlp_url": _url,
    "daemon.remote_write_url": _url,
}
"""How each setting is judged."""


def load_daemon(environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> tuple[Settings, DaemonSettings]:
    """The settings that hold here, and the daemon's. Parameters and errors are those of `dcfoot.config.load`."""
    settings, own, problems = load_usable(environ, cwd)
    if problems:
        raise ConfigError("\n".join(problems))
    return settings, own


def load_usable(
    environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> tuple[Settings, DaemonSettings, list[str]]:
    """The same without those that have a fault, and a line for each fault: so that what is left can be checked too."""
    found = judged(environ, cwd, {**OTHERS, **JUDGES})
    found.problems.extend(_contradictions(found.values, found.origins))
    own = {key.removeprefix(f"{TABLE}."): value for key, value in found.values.items() if key in JUDGES}
    return usable(found), DaemonSettings(**own, origins=found.origins), found.problems


def _contradictions(values: Mapping[str, object], origins: Mapping[str, str]) -> Iterator[str]:
    address = str(values.get("daemon.listen", OFF))
    private = ("daemon.token_file", "daemon.tls_certificate_file", "daemon.tls_key_file")
    missing = [key for key in private if key not in values]
    if address != OFF and not address.startswith(LOOPBACK) and missing:
        yield (
            f"{origins['daemon.listen']}: daemon.listen: {address} can be reached from the network; set "
            f"{', '.join(missing)} too, or listen on 127.0.0.1"
        )
    pair = ("daemon.tls_certificate_file", "daemon.tls_key_file")
    for key, other in (pair, pair[::-1]):
        if key in values and other not in values:
            yield f"{origins[key]}: {key}: it needs {other} beside it"
