"""The probe that takes the daemon's meters: counters that may begin anew, whose share it is, what nobody else opens."""

import socket
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic_ns

import pytest

from dcfoot.counter import Outcome, integral_of
from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.opened_probes import probes_here
from dcfoot.probe import ProbeEntry, Surroundings
from dcfoot.reading import Basis, Domain, Kind, Meter, Reading
from dcfoot_probes.daemon.http.local import Local
from dcfoot_probes.daemon.http.server import HttpServer
from dcfoot_probes.daemon.http.sources import Sources
from dcfoot_probes.daemon.words import Metered, MeterTotal, Parted
from dcfoot_probes.served import RENEWED, Served
from simulated import snapshots
from simulated.near import near

SECOND_NS = 1_000_000_000
OURS, THEIRS = 4001, 4002

PACKAGE = replace(snapshots.meter(Domain.PACKAGE, "package-0", "Xeon"), method="rapl.powercap", gain_p5=0.95)
GPU = replace(
    snapshots.meter(Domain.GPU, "GPU-1", "A100"), observed_ratio=0.25, power_floor_w=50.0, power_ceiling_w=400.0
)


@dataclass
class Daemon:
    """A daemon whose counters are told what to show."""

    path: Path
    server: HttpServer | None = None
    started_ns: int = field(default_factory=monotonic_ns)
    totals: dict[str, MeterTotal] = field(default_factory=dict[str, MeterTotal])
    asked_count: int = 0

    def start(self) -> None:
        sources = Sources(snapshots.snapshot, metered=self.metered, read_now=self.asked)
        self.server = HttpServer(Local(self.path), sources)
        self.server.start()

    def stop(self) -> None:
        if self.server:
            self.server.stop()
            self.server = None

    def asked(self) -> None:
        self.asked_count += 1

    def metered(self) -> Metered:
        return Metered(self.started_ns, ("nvidia", "rapl"), list(self.totals.values()))

    def show(
        self,
        meter: Meter,
        energy_j: float,
        covered_s: float,
        users_j: Mapping[int, float] | None = None,
        unused_j: float = 0.0,
        unknown_j: float = 0.0,
    ) -> None:
        parted = None
        if users_j is not None:
            parted = Parted(sum(users_j.values()) + unused_j + unknown_j, unused_j, unknown_j, users_j)
        time_ns = self.started_ns + round(covered_s * SECOND_NS)
        probe = "nvidia" if meter is GPU else "rapl"
        self.totals[meter.name] = MeterTotal(probe, meter, energy_j, covered_s, time_ns, 0, parted)


@pytest.fixture
def daemon() -> Generator[Daemon]:
    with TemporaryDirectory() as folder:
        running = Daemon(Path(folder) / "d.sock")
        running.show(PACKAGE, 100.0, 10.0)
        running.start()
        yield running
        running.stop()


def surroundings(daemon: Daemon, **environ: str) -> Surroundings:
    return Surroundings("box", Path("/"), {"DCFOOT_DAEMON_SOCKET": str(daemon.path), **environ})


def opened(daemon: Daemon, **environ: str) -> Served:
    probe = Served(surroundings(daemon, **environ))
    probe.open()
    return probe


def test_a_meter_comes_over_as_the_daemon_describes_it(daemon: Daemon) -> None:
    daemon.show(GPU, 5.0, 10.0, {})
    package, gpu = Served(surroundings(daemon)).open()
    assert (package.method, package.kind) == ("rapl.powercap through the daemon", Kind.COUNTER)
    assert package.channel == replace(PACKAGE.channel, host="box")
    assert package.channel.basis is Basis.MEASURED
    assert package.true_energy_j(100.0, 1.0) == PACKAGE.true_energy_j(100.0, 1.0)
    assert gpu.true_energy_j(100.0, 1.0) == GPU.true_energy_j(100.0, 1.0)


def test_every_reading_is_made_for_us_and_one_without_news_is_left_out(daemon: Daemon) -> None:
    probe = opened(daemon)
    (first,) = probe.read_start()
    assert (first.value, first.covered_ns, first.time_ns) == (
        100_000_000,
        10 * SECOND_NS,
        daemon.started_ns + 10 * SECOND_NS,
    )
    assert probe.read() == []
    assert daemon.asked_count == 3


def booked(meter: Meter, readings: Sequence[Reading]) -> list[tuple[float, float, Outcome]]:
    integral = integral_of(meter)
    return [(step.energy_j, step.covered_s, step.outcome) for step in map(integral.add, readings)]


def test_what_the_daemon_did_not_see_is_not_covered(daemon: Daemon) -> None:
    probe = Served(surroundings(daemon))
    (meter,) = probe.open()
    readings = [*probe.read()]
    daemon.show(PACKAGE, 150.0, 12.0)
    daemon.totals["Xeon"] = daemon.totals["Xeon"]._replace(time_ns=daemon.started_ns + 20 * SECOND_NS)
    readings += probe.read()
    assert booked(meter, readings)[1] == (near(50.0), near(2.0), Outcome.STEP)


@pytest.mark.parametrize("shown_j", [30.0, 500.0])
def test_a_daemon_that_is_started_anew_is_a_reset_whatever_its_counter_shows(daemon: Daemon, shown_j: float) -> None:
    probe = Served(surroundings(daemon))
    (meter,) = probe.open()
    readings = [*probe.read()]
    daemon.stop()
    with pytest.raises(ProbeTransient, match="no daemon answers"):
        probe.read()
    daemon.started_ns += 60 * SECOND_NS
    daemon.show(PACKAGE, shown_j, 5.0)
    daemon.start()
    readings += probe.read()
    daemon.show(PACKAGE, shown_j + 10.0, 6.0)
    readings += probe.read()
    steps = booked(meter, readings)
    assert [outcome for *_, outcome in steps] == [Outcome.FIRST, Outcome.RESET, Outcome.STEP, Outcome.STEP]
    assert sum(energy_j for energy_j, *_ in steps) == near(shown_j + 10.0)
    assert sum(covered_s for _, covered_s, _ in steps) == near(6.0)
    assert probe.notes == [RENEWED]


class TestWhoseAGpuIs:
    def ratio(
        self,
        daemon: Daemon,
        after_j: Mapping[int, float],
        unused_j: float = 0.0,
        unknown_j: float = 0.0,
        **environ: str,
    ) -> float | None:
        daemon.show(GPU, 100.0, 10.0, {THEIRS: 100.0})
        probe = opened(daemon, **environ)
        probe.read_start()
        whole_j = 100.0 + sum(after_j.values()) + unused_j + unknown_j
        after_j = {**after_j, THEIRS: 100.0 + after_j.get(THEIRS, 0.0)}
        daemon.show(GPU, whole_j, 11.0, after_j, unused_j, unknown_j)
        probe.read()
        return probe.use_ratio({OURS})["GPU-1"]

    def test_it_is_the_energy_of_the_runs_processes(self, daemon: Daemon) -> None:
        assert self.ratio(daemon, {OURS: 30.0, THEIRS: 90.0}) == near(0.25)

    def test_unused_it_is_the_runs_if_it_was_given_to_it(self, daemon: Daemon) -> None:
        assert self.ratio(daemon, {OURS: 30.0}, 10.0) == near(0.75)
        assert self.ratio(daemon, {OURS: 30.0}, 10.0, CUDA_VISIBLE_DEVICES="0") == near(1.0)
        assert self.ratio(daemon, {OURS: 30.0}, 10.0, CUDA_VISIBLE_DEVICES="GPU-2") == near(0.75)

    def test_what_cannot_be_seen_is_not_known(self, daemon: Daemon) -> None:
        assert self.ratio(daemon, {OURS: 30.0}, unknown_j=1.0) is None

    def test_a_process_that_has_ended_was_still_the_runs(self, daemon: Daemon) -> None:
        daemon.show(GPU, 0.0, 10.0, {})
        probe = opened(daemon)
        probe.read_start()
        daemon.show(GPU, 10.0, 11.0, {OURS: 10.0})
        probe.read()
        assert probe.use_ratio({OURS}) == {"GPU-1": 1.0}
        daemon.show(GPU, 20.0, 12.0, {OURS: 15.0, THEIRS: 5.0})
        probe.read()
        assert probe.use_ratio(set()) == {"GPU-1": near(0.5)}

    def test_a_meter_without_users_has_no_share_of_its_own(self, daemon: Daemon) -> None:
        probe = opened(daemon)
        probe.read_start()
        assert probe.use_ratio({OURS}) == {}


def entries(*names: str) -> list[ProbeEntry]:
    return [ProbeEntry(name, lambda: Served) for name in names]


def test_what_the_daemon_reads_no_one_else_opens(daemon: Daemon) -> None:
    installed = entries("hwmon", "nvidia", "rapl", "served")
    assert [one.name for one in probes_here(surroundings(daemon), installed)] == ["served", "hwmon"]
    daemon.totals.clear()  # it has only just been started
    assert [one.name for one in probes_here(surroundings(daemon), installed)] == ["hwmon", "nvidia", "rapl"]
    daemon.stop()
    assert [one.name for one in probes_here(surroundings(daemon), installed)] == ["hwmon", "nvidia", "rapl"]
    told = probes_here(surroundings(daemon), installed, also_absent=True)
    assert [one.name for one in told] == ["served", "hwmon", "nvidia", "rapl"]
    with pytest.raises(ProbeUnavailable, match="no daemon answers"):
        Served(surroundings(daemon)).open()


def test_clocks_that_are_apart_are_brought_together(daemon: Daemon) -> None:
    ahead_ns = 3600 * SECOND_NS  # as in another time namespace
    there = replace(surroundings(daemon), clock_ns=lambda: monotonic_ns() + ahead_ns)
    probe = Served(there)
    probe.open()
    (reading,) = probe.read()
    assert reading.time_ns - daemon.started_ns == near(10 * SECOND_NS + ahead_ns, abs=0.1 * SECOND_NS)


def test_a_daemon_that_is_there_and_silent_is_told_of_and_takes_no_probe_of_ours_away(daemon: Daemon) -> None:
    daemon.stop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.bind(str(daemon.path))
        silent.listen(8)
        names = [entry.name for entry in probes_here(surroundings(daemon), entries("served", "nvidia", "rapl"))]
        assert names == ["served", "nvidia", "rapl"]
        with pytest.raises(ProbeTransient, match="is not in this run: the daemon does not answer in time"):
            opened(daemon)


def test_what_an_exporter_told_the_daemon_is_not_told_on(daemon: Daemon) -> None:
    daemon.show(PACKAGE, 30.0, 1.0)
    daemon.show(replace(GPU, relayed=True), 30.0, 1.0)
    assert [meter.channel.domain for meter in opened(daemon).open()] == [Domain.PACKAGE]
