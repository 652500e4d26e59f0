"""The daemon put together: probes, loop, store, totals, and what the machine's administrator can tell it.

SIGTERM and SIGINT end it after a last frame, SIGHUP has the settings read again, SIGUSR1 asks for ten frames a second
for a minute.
"""

import gc
import logging
import os
import signal
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from pwd import getpwuid
from queue import SimpleQueue

from dcfoot.account import choose_site
from dcfoot.calibration import load_calibration
from dcfoot.config import Settings
from dcfoot.daemon_client import SYSTEM_FOLDER, users_folder
from dcfoot.daemon_settings import DaemonSettings, chosen_probes, keys
from dcfoot.errors import DcfootError
from dcfoot.lease import Member, acquire
from dcfoot.machine import describe_machine
from dcfoot.probe import ProbeEntry, Surroundings, with_readers
from dcfoot.reading import Channel, Meter
from dcfoot_probes.daemon.fitness import require_fit, store_path
from dcfoot_probes.daemon.http.sources import Sources
from dcfoot_probes.daemon.ladder import Ladders, Place
from dcfoot_probes.daemon.loop import Loop, Splitter, Unattributed
from dcfoot_probes.daemon.snapshots import Snapshots
from dcfoot_probes.daemon.speaking import Speaking
from dcfoot_probes.daemon.store import FrameReader, FrameStore, Retention
from dcfoot_probes.daemon.supervisor import Supervisor
from dcfoot_probes.daemon.systemd import Notifier
from dcfoot_probes.daemon.units import Units
from dcfoot_probes.daemon.wasting import nobody
from dcfoot_probes.daemon.words import Frame
from dcfoot_probes.daemon.worker import Call
from dcfoot_probes.sysfs import names_in

PRIORITY = 5
"""How far the daemon stands back behind the machine's work (nice(2); a choice: it gets its half percent of a core on a
busy machine all the same, and never before a job that waits)."""

AT_ONCE = frozenset({"interval_s", "units", "probes", "probes_off"})
"""Settings that a reload changes; the others are used from the next start on."""

logger = logging.getLogger(__name__)


Source = Callable[[], tuple[Settings, DaemonSettings]]
"""Reads the settings; raises `ConfigError`."""


class Service:
    """One daemon, from its settings to its end.

    Parameters
    ----------
    source : Source
        Where the settings come from, now and at each reload.
    surroundings : Surroundings
        The machine.
    installed : Sequence of ProbeEntry
        The probes that there are.
    environ : Mapping[str, str]
        What the service manager tells.

    Raises
    ------
    DcfootError
        The settings cannot be used, or the store cannot be opened.
    """

    def __init__(
        self,
        source: Source,
        surroundings: Surroundings,
        installed: Sequence[ProbeEntry],
        environ: Mapping[str, str],
    ) -> None:
        self._source = source
        self._surroundings = surroundings
        self._installed = installed
        self._notifier = Notifier(environ)
        settings, self._own = source()
        require_fit(settings, self._own)
        self._entries = with_readers(chosen_probes(self._own, installed), settings.read)
        self._bus = _devices(surroundings)
        ladders = Ladders(self._place(settings), surroundings.host)
        path = store_path(settings, self._own)
        self.store = FrameStore(path, keep=retention_of(self._own))
        self.snapshots = Snapshots(surroundings.host, ladders, self.store.state, time.time_ns())
        inbox: SimpleQueue[Call] = SimpleQueue()
        self._supervisor = Supervisor(surroundings, inbox)
        self.loop = Loop(
            self._supervisor,
            inbox,
            self._splitter(),
            (self.snapshots.add, self._keep, self._speak, self._live),
            interval_s=self._own.interval_s,
            seldom=self.look_at_bus,
        )
        sources = Sources(
            self.snapshots.snapshot,
            partial(FrameReader, path),
            self._own.names,
            metered=self._supervisor.channels.counted.metered,
            read_now=self.loop.demand.read,
        )
        self.speaking = Speaking(self._own, sources, runtime_folder(environ) or users_folder(environ))
        self._is_ready = False

    def run(self) -> None:
        """Runs until it is told to stop; to be called in the main thread."""
        self._heed_signals()
        logger.info("the daemon starts; its probes are %s", ", ".join(entry.name for entry in self._entries))
        self._supervisor.employ(self._entries)
        self.speaking.start()
        try:
            self.loop.run()
        finally:
            self._notifier.stopping()
            self.speaking.stop()
            self.store.close()
            self._notifier.close()
        logger.info("the daemon has ended")

    def reload(self) -> None:
        """Reads the settings again; where they have a fault, those that there are stay. In the loop's thread."""
        self._notifier.reloading(time.monotonic_ns())
        try:
            settings, own = self._source()
            entries = with_readers(chosen_probes(own, self._installed), settings.read)
            place = self._place(settings)
            self.speaking.renew()
        except DcfootError as fault:
            logger.error("the settings stay as they were: %s", fault)  # noqa: TRY400 (it says where, and that is not here)
        else:
            self._change(own, entries)
            self.snapshots.ladders.place = place
            logger.info("the settings were read again")
        self._notifier.ready()

    def _change(self, own: DaemonSettings, entries: list[ProbeEntry]) -> None:
        before, self._own, self._entries = self._own, own, entries
        names = {key: key.rpartition(".")[2] for key in keys()}
        changed = [key for key, name in names.items() if getattr(before, name) != getattr(own, name)]
        later = [key for key in changed if names[key] not in AT_ONCE]
        if later:
            logger.warning("%s: used from the next start on", ", ".join(later))
        self._supervisor.employ(entries)
        self.loop.pace(own.interval_s)
        if before.units != own.units:
            self.loop.splitter = self._splitter()

    def _splitter(self) -> Splitter:
        if not self._own.units:
            self.snapshots.wasting.allocated = nobody
            return Unattributed()
        units = Units(self._surroundings.root)
        self.snapshots.wasting.allocated = units.allocated
        return units

    def _place(self, settings: Settings) -> Place:
        """Raises `DcfootError` where the site or the calibration cannot be used."""
        return Place(
            choose_site(settings),
            describe_machine(self._surroundings),
            settings.node_class,
            load_calibration(settings.data_dir, self._surroundings.host),
            settings.electricity_price_per_kwh,
            settings.currency,
        )

    def _keep(self, frame: Frame, meters: Mapping[Channel, Meter], interval_s: float) -> None:
        del meters, interval_s
        self.store.add(frame)

    def _speak(self, frame: Frame, meters: Mapping[Channel, Meter], interval_s: float) -> None:
        self.speaking.tick(frame, meters, interval_s)

    def _live(self, frame: Frame, meters: Mapping[Channel, Meter], interval_s: float) -> None:
        """Tells the service manager that frames are made."""
        del frame, meters, interval_s
        if not self._is_ready:
            self._is_ready = True
            gc.freeze()  # what is there now stays: no more looking through it for garbage
            self._notifier.ready()
        self._notifier.lives(time.monotonic_ns())

    def look_at_bus(self) -> None:
        """Devices that came or went are seen when a probe is opened anew."""
        bus = _devices(self._surroundings)
        if bus != self._bus:
            logger.info("the devices on the bus have changed; every probe is opened anew")
            self._bus = bus
            self._supervisor.look_again()

    def _heed_signals(self) -> None:
        calls: dict[int, Call] = {
            signal.SIGTERM: self.loop.stop,
            signal.SIGINT: self.loop.stop,
            signal.SIGHUP: lambda: self.loop.call(self.reload),
            signal.SIGUSR1: self.loop.faster,
        }
        for number, call in calls.items():
            signal.signal(number, partial(_on_signal, call))


def serve(source: Source, surroundings: Surroundings, installed: Sequence[ProbeEntry]) -> None:
    """Runs the daemon of this machine until it is told to stop.

    Raises
    ------
    DcfootError
        Another one runs, the settings cannot be used, or the store cannot be opened.
    """
    with only_one(os.environ):
        stand_back()
        Service(source, surroundings, installed, os.environ).run()


def retention_of(own: DaemonSettings) -> Retention:
    """For how long frames are kept."""
    return Retention(own.keep_ticks_days, own.keep_minutes_days, own.keep_parts_days, own.keep_hours_days)


def stand_back() -> None:
    """Lets the machine's work go before."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, max(PRIORITY, os.getpriority(os.PRIO_PROCESS, 0)))


@contextmanager
def only_one(environ: Mapping[str, str]) -> Generator[None]:
    """Holds the lease of this machine's daemon. Raises `DcfootError` where another has it."""
    folder = runtime_folder(environ)
    place = folder / "lease" if folder else users_folder(environ)
    if folder:
        _require_own(folder, is_shared=True)
    _require_own(place, is_shared=False)
    lease = acquire("daemon", str(os.getpid()), folder and place)
    if isinstance(lease, Member):
        lease.release()
        raise DcfootError(
            f"a daemon runs already: process {lease.leader_run_id}. `kill {lease.leader_run_id}` ends it."
        )
    if lease.warning:
        logger.warning("whether another daemon runs cannot be told: %s", lease.warning)
    try:
        yield
    finally:
        lease.release()


def _require_own(path: Path, *, is_shared: bool) -> None:
    """Raises `DcfootError` where a folder is another user's; one that is shared, where we may not write to it."""
    with suppress(OSError):
        owner = path.stat().st_uid
        if owner != os.geteuid() and not (is_shared and os.access(path, os.W_OK)):
            raise DcfootError(
                f"the daemon's folder {path} belongs to {_user(owner)}, whose daemon may run. Run this as that user, "
                f"or remove the folder once none runs (`rm -r {path}`), or name another: RUNTIME_DIRECTORY=DIR."
            )


def _user(number: int) -> str:
    try:
        return getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def runtime_folder(environ: Mapping[str, str]) -> Path | None:
    """Where the daemon keeps what others on this machine look for; None for the user's own folder.

    It is the one that systemd made (RuntimeDirectory= in systemd.exec(5)), root's is the same without systemd.
    """
    named = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    folder = Path(named) if named else SYSTEM_FOLDER if os.geteuid() == 0 else None
    if folder is not None:
        with suppress(OSError):
            folder.mkdir(mode=0o755, exist_ok=True)
    return folder


def _on_signal(call: Call, _number: int, _frame: object) -> None:
    call()


def _devices(surroundings: Surroundings) -> list[str]:
    """The addresses of all devices on the PCI bus."""
    return names_in(surroundings.root / "sys/bus/pci/devices")
