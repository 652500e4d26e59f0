"""What the daemon says to the service manager and its journal, and how it takes new settings: by real sockets."""

import logging
import os
import signal
import socket
import time
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from dcfoot.config import Settings
from dcfoot.daemon_settings import DaemonSettings, chosen_probes
from dcfoot.errors import ConfigError, DcfootError
from dcfoot.probe import Surroundings, installed_probes
from dcfoot_probes.daemon.service import Service, only_one, retention_of, runtime_folder
from dcfoot_probes.daemon.store import Retention
from dcfoot_probes.daemon.systemd import JournalFormatter, Notifier, is_journal
from simulated.daemons import Device, meter
from simulated.trees import PciTree


@pytest.fixture
def manager(tmp_path: Path) -> Generator[socket.socket]:
    """The service manager's end of NOTIFY_SOCKET."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5.0)
        yield listening


def heard(manager: socket.socket) -> list[str]:
    manager.setblocking(False)
    said: list[str] = []
    while True:
        try:
            said += manager.recv(4096).decode().splitlines()
        except BlockingIOError:
            return said


class Editable:
    """Settings that a test changes, and that have a fault when it says so."""

    def __init__(self, probes: tuple[str, ...] = ()) -> None:
        self.settings = Settings(country="FR")
        self.own = DaemonSettings(interval_s=0.05, probes=probes)
        self.fault = ""

    def __call__(self) -> tuple[Settings, DaemonSettings]:
        if self.fault:
            raise ConfigError(self.fault)
        return self.settings, self.own


def service(
    source: Editable, *devices: Device, root: Path = Path("/"), environ: Mapping[str, str] | None = None
) -> Service:
    surroundings = Surroundings("box", root, {})
    return Service(source, surroundings, [device.entry() for device in devices], environ or {})


def run_until_done(daemon: Service, *, after_s: float = 0.4) -> None:
    """In this thread, as the daemon would; signals that a test sends come in between."""

    def stop(_number: int, _frame: object) -> None:
        daemon.loop.stop()

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, after_s)
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        daemon.run()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        for number, handler in kept.items():
            signal.signal(number, handler)


def test_the_service_manager_hears_of_readiness_once_of_life_in_time_and_of_the_end(
    manager: socket.socket, tmp_path: Path
) -> None:
    device = Device(time.monotonic_ns)
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000", "WATCHDOG_PID": str(os.getpid())}
    run_until_done(service(Editable(), device, environ=environ), after_s=0.52)
    said = heard(manager)
    assert (said[0], said[-1]) == ("READY=1", "STOPPING=1")
    assert said.count("READY=1") == 1
    assert 4 <= said.count("WATCHDOG=1") <= 6


def test_another_processs_watchdog_is_not_fed(manager: socket.socket, tmp_path: Path) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"})
    notifier.lives(10**12)
    notifier.close()
    assert heard(manager) == []


def test_an_abstract_socket_is_found_and_one_that_is_gone_is_no_reason_to_stop() -> None:
    name = f"dcfoot-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        notifier = Notifier({"NOTIFY_SOCKET": f"@{name}"})
        notifier.ready()
        assert heard(manager) == ["READY=1"]
    notifier.stopping()
    notifier.close()


def test_a_reload_is_announced_before_and_after_and_takes_the_new_settings(
    manager: socket.socket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = Device(time.monotonic_ns, meter("1"), name="one"), Device(time.monotonic_ns, meter("2"), name="two")
    source = Editable(probes=("one",))
    daemon = service(source, one, two, environ={"NOTIFY_SOCKET": str(tmp_path / "notify")})
    source.own = replace(source.own, probes=("two",), listen="off", interval_s=0.1)
    source.settings = Settings(country="PL")
    with caplog.at_level(logging.INFO, "dcfoot_probes"):
        daemon.loop.call(daemon.reload)
        run_until_done(daemon)
    assert (one.opened, one.closed, two.opened) == (1, 1, 1)
    snapshot = daemon.snapshots.snapshot()
    assert (snapshot.interval_s, list(snapshot.probes)) == (0.1, ["two"])
    assert snapshot.ladder
    assert snapshot.ladder.site == "pl"
    assert daemon.snapshots.ladders.place.site.id == "pl"
    reloading, monotonic, ready, *_ = heard(manager)
    assert (reloading, ready) == ("RELOADING=1", "READY=1")
    assert 0 <= time.monotonic_ns() / 1000 - int(monotonic.removeprefix("MONOTONIC_USEC=")) < 60e6
    assert any("daemon.listen: used from the next start on" in record.getMessage() for record in caplog.records)


def test_exporters_that_the_settings_name_are_read_and_a_reload_takes_others() -> None:
    source = Editable()
    source.settings = Settings(country="FR", read=("http://127.0.0.1:9/metrics", "http://127.0.0.1:9/all"))
    reader = [entry for entry in installed_probes() if entry.name == "reader"]
    daemon = Service(source, Surroundings("box", Path("/"), {}), reader, {})
    run_until_done(daemon)
    probes = daemon.snapshots.snapshot().probes
    assert set(probes) == {"reader@127.0.0.1:9", "reader@127.0.0.1:9/all"}
    assert all(not state.up and "refused" in state.said for state in probes.values())
    source.settings = Settings(country="FR", read=("http://127.0.0.1:9/all#box",))
    source.settings, changed = Settings(country="FR"), source.settings
    daemon = Service(source, Surroundings("box", Path("/"), {}), reader, {})
    source.settings = changed
    daemon.loop.call(daemon.reload)
    run_until_done(daemon)
    assert set(daemon.snapshots.snapshot().probes) == {"reader@127.0.0.1:9/all#box"}


def test_settings_with_a_fault_leave_those_that_there_are(caplog: pytest.LogCaptureFixture) -> None:
    device = Device(time.monotonic_ns)
    source = Editable()
    daemon = service(source, device)
    source.fault = "config.toml:3: daemon.units: 'maybe' is neither true nor false"
    daemon.loop.call(daemon.reload)
    run_until_done(daemon)
    assert any(source.fault in record.getMessage() for record in caplog.records)
    assert daemon.snapshots.snapshot().probes["device"].up
    source.fault, source.settings = "", Settings(site="atlantis")
    daemon.reload()
    assert daemon.snapshots.ladders.place.site.id == "fr"


def test_a_snapshot_says_what_the_daemon_knows_and_what_it_takes_itself() -> None:
    device = Device(time.monotonic_ns)
    began_ns = time.time_ns()
    daemon = service(Editable(), device)
    run_until_done(daemon)
    snapshot = daemon.snapshots.snapshot()
    assert (snapshot.host, snapshot.units) == ("box", [])
    assert began_ns <= snapshot.started_utc_ns < snapshot.utc_ns <= time.time_ns()
    (channel,) = snapshot.channels
    assert 90.0 < (channel.power_w or 0.0) < 110.0
    assert 0.0 < channel.energy_j < 100.0
    assert channel.energy_j == channel.unattributed_j
    assert 0.0 < snapshot.cpu_s <= time.process_time()
    assert 5e6 < snapshot.rss_bytes < 4e9


def test_a_device_that_comes_onto_the_bus_has_every_probe_look_again(tmp_path: Path) -> None:
    device = Device(time.monotonic_ns)
    daemon = service(Editable(), device, root=tmp_path)
    daemon.loop.call(daemon.look_at_bus)
    PciTree(tmp_path).device("0000:18:00.0", "10de", "2330", "030200")
    run_until_done(daemon, after_s=0.2)
    assert device.opened == 2
    daemon.look_at_bus()
    run_until_done(service(Editable(), device, root=tmp_path), after_s=0.1)
    assert device.opened == 3


def test_a_probe_that_is_not_installed_is_named_with_the_nearest_that_is() -> None:
    devices = [Device(time.monotonic_ns, name=name) for name in ("rapl", "nvidia")]
    own = DaemonSettings(probes=("rappl",), probes_off=("nvidia",), origins={"daemon.probes": "a.toml:2"})
    with pytest.raises(ConfigError) as raised:
        chosen_probes(own, [device.entry() for device in devices])
    assert str(raised.value).startswith("a.toml:2: daemon.probes: no probe is called 'rappl'; Did you mean rapl?")


def test_there_is_one_daemon_and_another_is_told_which(tmp_path: Path) -> None:
    environ = {"RUNTIME_DIRECTORY": str(tmp_path / "run")}
    with (
        only_one(environ),
        pytest.raises(DcfootError, match=f"a daemon runs already: process {os.getpid()}"),
        only_one(environ),
    ):
        pass
    with only_one(environ):
        pass


def test_without_a_choice_frames_are_kept_as_long_as_the_store_keeps_them() -> None:
    assert retention_of(DaemonSettings()) == Retention()
    assert retention_of(DaemonSettings(keep_parts_days=7)) == replace(Retention(), parts_days=7)


def test_the_runtime_folder_is_the_first_that_systemd_names(tmp_path: Path) -> None:
    assert runtime_folder({"RUNTIME_DIRECTORY": f"{tmp_path / 'a'}:{tmp_path / 'b'}"}) == tmp_path / "a"
    assert (tmp_path / "a").is_dir()


@pytest.mark.parametrize(
    ("level", "line"),
    [(logging.ERROR, "<3>rapl: gone\n<3>for good"), (logging.WARNING, "<4>rapl: gone\n<4>for good"),
     (logging.INFO, "<6>rapl: gone\n<6>for good"), (logging.DEBUG, "<7>rapl: gone\n<7>for good")],
)  # fmt: skip
def test_each_line_for_the_journal_stands_behind_its_priority(level: int, line: str) -> None:
    # sd-daemon(3): SD_ERR "<3>", SD_WARNING "<4>", SD_INFO "<6>", SD_DEBUG "<7>"
    record = logging.LogRecord("dcfoot.daemon", level, "", 0, "%s: gone\nfor good", ("rapl",), None)
    assert JournalFormatter("%(message)s").format(record) == line


def test_a_stream_is_the_journals_if_device_and_inode_are_those_that_systemd_names(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        found = os.fstat(stream.fileno())
        named = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert is_journal(named, stream)
        assert not is_journal({"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino + 1}"}, stream)
        assert not is_journal({}, stream)
    assert not is_journal(named, stream)
