"""Whether this machine has what the daemon's settings name: files that can be used, a group, a place for the store.

Asked before the daemon starts and by ``dcfoot config validate``; it makes nothing and opens no address.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from dcfoot.config import Settings
from dcfoot.daemon_settings import DaemonSettings
from dcfoot.errors import ConfigError, DcfootError
from dcfoot.judges import OFF
from dcfoot.store.runstore import default_data_dir
from dcfoot_probes.daemon.store.disk import require_writable

STORE_NAME = "daemon.sqlite"
"""The file of frames, beside the runs."""


def faults(settings: Settings, own: DaemonSettings) -> Iterator[str]:
    """A line for each, with the file and the line of the setting.

    Parameters
    ----------
    settings, own : Settings, DaemonSettings
        Of them, only what somebody set is looked at.
    """
    checks = (
        ("daemon.store" if own.store else "data_dir", lambda: require_writable(store_path(settings, own))),
        ("daemon.token_file", lambda: _check_token(own)),
        ("daemon.tls_certificate_file", lambda: _check_tls(own)),
        ("daemon.socket_group", lambda: _check_group(own)),
    )
    for key, check in checks:
        if key in own.origins:
            yield from _told(key, own.origins[key], check)


def require_fit(settings: Settings, own: DaemonSettings) -> None:
    """Raises `ConfigError` with every fault."""
    found = list(faults(settings, own))
    if found:
        raise ConfigError("\n".join(found))


def store_path(settings: Settings, own: DaemonSettings) -> Path:
    """The file in which frames are kept. Raises `StoreError` where there is no folder for it."""
    return own.store or (settings.data_dir or default_data_dir()) / STORE_NAME


def _told(key: str, origin: str, check: Callable[[], None]) -> Iterator[str]:
    try:
        check()
    except DcfootError as fault:
        said = str(fault)
        yield f"{origin}: {said if said.startswith(key) else f'{key}: {said}'}"


def _check_token(own: DaemonSettings) -> None:
    if own.token_file is not None and own.listen != OFF:
        from dcfoot_probes.daemon.http.listen import token_in

        token_in(own.token_file)


def _check_tls(own: DaemonSettings) -> None:
    if own.tls_certificate_file is not None and own.tls_key_file is not None and own.listen != OFF:
        from dcfoot_probes.daemon.http.listen import Listen

        Listen("127.0.0.1", 0, "", own.tls_certificate_file, own.tls_key_file).context()


def _check_group(own: DaemonSettings) -> None:
    if own.socket_group is not None and own.socket != OFF:
        from dcfoot_probes.daemon.http.local import group_number

        group_number(own.socket_group)
