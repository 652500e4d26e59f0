"""Measures one run from start to stop: sampler, attribution, phases and journal put together.

`Tracker` is what `dcfoot run` and `dcfoot.track()` use. It raises nothing after it was constructed: what goes wrong
becomes a warning on the receipt.
"""

import logging
import os
import resource
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic_ns, thread_time
from typing import Protocol

from dcfoot.activity import Activity, ProcessTree, cgroup_seconds, job_cgroup, machine_seconds
from dcfoot.clock import Clock, ClockWatch
from dcfoot.errors import StoreError
from dcfoot.machine import describe_machine
from dcfoot.measurement import ChannelEnergy, Measurement, RunState
from dcfoot.phases import PhaseBook
from dcfoot.probe import ProbeEntry, Surroundings
from dcfoot.reading import Basis, Domain
from dcfoot.sampler import Sampler
from dcfoot.threads import Beginning
from dcfoot.units import NS_PER_S

PROGRESS_PERIOD_S = 1.0
"""How often the journal is written [s]: a killed run loses at most this and one tick."""

FINISH_TIMEOUT_S = 5.0
"""How long the end of a run waits for a slow disk [s]."""

MODULES_TIMEOUT_S = 2.0
"""How long a fork waits for modules that are being loaded [s] (a choice: as long as the start of a run waits for its
probes; a driver that hangs must not hold up the job for longer)."""

BYTES_PER_RUSAGE_RSS = 1 if sys.platform == "darwin" else 1024
"""Unit of `ru_maxrss`: kibibytes on Linux (getrusage(2)), bytes on macOS."""

logger = logging.getLogger("dcfoot.tracker")


class Journal(Protocol):
    """Where a run is kept while it lasts. Every method may raise `StoreError`."""

    def progress(self, measurement: Measurement) -> None:
        """Keeps the run as it stands."""
        ...

    def finish(self, measurement: Measurement) -> None:
        """Keeps the finished run."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """What a run is called and where it belongs; the fields are those of `Measurement`."""

    id: str
    name: str
    command: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    job: str | None = None
    part_of: str | None = None
    site_id: str | None = None
    hourly: str | None = None
    warnings: tuple[str, ...] = ()


class Consumer:
    """The processes a run consists of, and the processor time they took.

    Parameters
    ----------
    roots : Callable[[], Iterable[int]]
        The processes to begin with.
    root : Path
        The filesystem root below which ``proc`` and ``sys`` are read.
    reaped_s : Callable[[], float]
        Processor time of children that this process waited for, if they belong to the run [s].
    """

    def __init__(
        self, roots: Callable[[], Iterable[int]], root: Path = Path("/"), reaped_s: Callable[[], float] = float
    ) -> None:
        self._proc = root / "proc"
        self._tree = ProcessTree(roots, self._proc, reaped_s)
        self._cgroup = job_cgroup(self._proc, root / "sys/fs/cgroup")
        self._lock = Lock()

    def pids(self) -> AbstractSet[int]:
        """The processes; whether one belongs to them is looked up when it is asked."""
        return self._tree

    def activity(self) -> Activity | None:
        """Processor time of the run and of the machine so far; None where this system does not tell."""
        try:
            with self._lock:
                own_s = cgroup_seconds(self._cgroup) if self._cgroup else self._tree.cpu_s()
                return Activity(own_s, *machine_seconds(self._proc))
        except (OSError, ValueError, StopIteration):
            logger.debug("no processor times", exc_info=True)
            return None


class Tracker:
    """Measures one run.

    Parameters
    ----------
    subject : Subject
        What the run is.
    consumer : Consumer
        Whose energy it is.
    probes : Iterable of ProbeEntry
        The meters to try.
    open_journal : Callable[[Measurement], Journal] or None
        Opens the run's journal; None keeps nothing.
    interval_s : float
        How often counters are read [s].
    own_process : bool
        Whether this process is dcfoot's own, so that all its CPU time and memory are overhead.
    surroundings, clock :
        The machine; tests hand in their own.
    on_progress : Callable[[Tracker], None]
        Called about once a second from a thread of its own.
    """

    def __init__(
        self,
        subject: Subject,
        consumer: Consumer,
        probes: Iterable[ProbeEntry],
        *,
        open_journal: Callable[[Measurement], Journal] | None = None,
        interval_s: float = 1.0,
        own_process: bool = False,
        surroundings: Surroundings | None = None,
        clock: Clock | None = None,
        on_progress: Callable[["Tracker"], None] = lambda _: None,
    ) -> None:
        self._subject = subject
        self._surroundings = surroundings or Surroundings()
        self._clock = clock or Clock()
        self._watch = ClockWatch(self._clock)
        self._phases = PhaseBook(self._watch.start_ns)
        self._own_process = own_process
        self._open_journal = open_journal
        self._on_progress = on_progress
        self._journal: Journal | None = None
        self._store_remark: str | None = None
        self._keeper_cpu_s = 0.0
        self._begun, self._stop, self._kept = Event(), Event(), Event()
        self._opened = Event()
        self._final: Measurement | None = None
        self._duration_s: float | None = None
        self._exit_status: int | None = None
        self._machine = describe_machine(self._surroundings)
        self._sampler = Sampler(
            probes,
            self._surroundings,
            activity=consumer.activity,
            pids=consumer.pids,
            interval_s=interval_s,
            on_record=self._phases.book,
        )
        self._loading = [*self._sampler.loaded, self._opened]

    def start(self) -> None:
        """Takes the first readings; the run begins when this returns."""
        # Where there is no room for all threads, a run that is kept is worth more than a meter.
        self._sampler.start(Beginning(Thread(target=self._keep, name="dcfoot-keeper", daemon=True), self._not_begun))
        self._watch = ClockWatch(self._clock)
        self._phases.start_ns = self._watch.start_ns
        self._sampler.ledger.start(self._watch.start_ns)

    def job_started(self) -> None:
        """Tells the probes that the job now runs, so that they may take their time to make the start exact."""
        self._sampler.job_started.set()
        self._begun.set()

    def await_modules(self) -> None:
        """Waits until no thread of the run is loading modules, in all at most `MODULES_TIMEOUT_S`.

        To be called before a fork: the child, in which those threads are not, would wait for ever for such a module.
        """
        loading, self._loading = self._loading, []
        deadline_ns = monotonic_ns() + round(MODULES_TIMEOUT_S * NS_PER_S)
        for loaded in loading:
            loaded.wait(max(0.0, (deadline_ns - monotonic_ns()) / NS_PER_S))

    def abandon(self) -> None:
        """Ends the run of a job that could not be started; nothing of it is kept."""
        self._stop.set()
        self._begun.set()
        self._sampler.stop()

    def stop(self, exit_status: int | None = None, state: RunState = RunState.COMPLETE) -> Measurement:
        """Takes the last readings, closes the journal and returns what was measured.

        Parameters
        ----------
        exit_status : int or None
            The job's, as a shell shows it.
        state : RunState
            ``INTERRUPTED`` where a signal ended the job.
        """
        self.take_last_readings(exit_status, state)
        if not self._kept.wait(FINISH_TIMEOUT_S):
            self._store_remark = f"the store did not answer within {FINISH_TIMEOUT_S:.0f} s; this run may not be kept"
        return self.snapshot()

    def take_last_readings(self, exit_status: int | None = None, state: RunState = RunState.COMPLETE) -> None:
        """Ends the run, as `stop` does, but waits for no disk: another may measure while the journal is closed."""
        if self._final is None:
            self._duration_s = self._watch.elapsed_s()
            self._exit_status = exit_status
            self._sampler.stop()
            self._phases.close()
            self._watch.look()
            self._final = self._measurement(state)
            self._stop.set()
            self._begun.set()

    def snapshot(self) -> Measurement:
        """What was measured so far."""
        return self._with_store_remark(self._final or self._measurement(RunState.RUNNING))

    @property
    def store_remark(self) -> str | None:
        """Why the run is not kept, or only in part; None where nothing is missing."""
        return self._store_remark

    @property
    def id(self) -> str:
        """The run's id."""
        return self._subject.id

    @property
    def elapsed_s(self) -> float:
        """Time since the start [s]."""
        return self._watch.elapsed_s() if self._duration_s is None else self._duration_s

    @property
    def power_w(self) -> float | None:
        """Power of everything metered on this machine, at the last tick [W]; None where nothing is known."""
        return self._sampler.ledger.power_w()

    @property
    def energy_j(self) -> float | None:
        """The run's energy so far over all meters that do not lie inside one another [J]; None where there is none."""
        chips = _chips(self._sampler.ledger.energies())
        return sum(energy.attributed_energy_j for energy in chips) if chips else None

    @property
    def basis(self) -> Basis | None:
        """The worst basis of what `energy_j` adds up; None where there is nothing."""
        bases = [chip.meter.channel.basis for chip in _chips(self._sampler.ledger.energies())]
        return Basis.worst(*bases) if bases else None

    @contextmanager
    def phase(self, name: str) -> Generator[None, None, None]:
        """Measures a part of the run under a name; phases may nest."""
        opened = self._phases.begin(name, self._clock.monotonic_ns())
        self._sampler.poke()
        try:
            yield
        finally:
            self._phases.end(opened, self._clock.monotonic_ns())
            self._sampler.poke()

    def _not_begun(self, fault: RuntimeError) -> None:
        self._store_remark = self._not_kept(str(fault))
        self._opened.set()
        self._kept.set()

    def _keep(self) -> None:
        """The keeper thread: the journal may be on a disk that hangs, which must hold up nobody else."""
        self._begun.wait()
        if not self._stop.is_set():
            self._write(lambda _: None)
        self._opened.set()
        while not self._stop.wait(PROGRESS_PERIOD_S):
            self._watch.look()
            self._write(lambda journal: journal.progress(self._measurement(RunState.RUNNING)))
            self._on_progress(self)
            self._keeper_cpu_s = thread_time()
        if self._final is not None:
            final = self._final
            self._write(lambda journal: journal.finish(final))
        self._kept.set()

    def _write(self, write: Callable[[Journal], None]) -> None:
        """Writes to the journal, opening it first; a store that fails is said once and asked again the next time."""
        if self._open_journal is None:
            return
        try:
            if self._journal is None:
                self._journal = self._open_journal(self._measurement(RunState.RUNNING))
            write(self._journal)
            self._store_remark = None
        except StoreError as fault:
            self._store_remark = self._not_kept(str(fault))
        except Exception as fault:  # a store must not end the keeper, whatever it raises
            logger.debug("journal failed", exc_info=True)
            self._store_remark = self._not_kept(f"{type(fault).__name__}: {fault}")

    def _not_kept(self, why: str) -> str:
        return f"this run is {'not kept' if self._journal is None else 'kept only in part'}: {why}"

    def _with_store_remark(self, measurement: Measurement) -> Measurement:
        if self._store_remark is None:
            return measurement
        return replace(measurement, warnings=(*measurement.warnings, self._store_remark))

    def _measurement(self, state: RunState) -> Measurement:
        subject = self._subject
        duration_s = self.elapsed_s
        energies, by_time = self._sampler.ledger.state(duration_s)
        return Measurement(
            id=subject.id,
            name=subject.name,
            command=subject.command,
            hosts=(self._surroundings.host,),
            started_at=self._watch.started_at,
            ended_at=self._watch.at(duration_s),
            duration_s=duration_s,
            exit_status=self._exit_status,
            state=state,
            channels=with_node_share(energies),
            machine=self._machine,
            tags=subject.tags,
            phases=self._phases.phases(),
            by_time=by_time,
            gauges=self._sampler.gauges(),
            job=subject.job,
            part_of=subject.part_of,
            site_id=subject.site_id,
            hourly=subject.hourly,
            overhead_cpu_s=self._overhead_cpu_s(),
            overhead_rss_bytes=self._overhead_rss_bytes(),
            warnings=tuple(
                dict.fromkeys(
                    [*subject.warnings, *self._sampler.remarks(), *self._phases.remarks(), *self._watch.remarks()]
                )
            ),
        )

    def _overhead_cpu_s(self) -> float:
        if not self._own_process:
            return self._sampler.cpu_s() + self._keeper_cpu_s
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime

    def _overhead_rss_bytes(self) -> int:
        if not self._own_process:
            return 0
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_RUSAGE_RSS


def _chips(energies: Iterable[ChannelEnergy]) -> list[ChannelEnergy]:
    """The channels that chips are metered by: all but the node's own, which contains them."""
    return [energy for energy in energies if energy.meter.channel.domain is not Domain.NODE]


def with_node_share(energies: Iterable[ChannelEnergy]) -> tuple[ChannelEnergy, ...]:
    """Gives a meter of the whole node the share that the run has of the chips inside it.

    Processor time says nothing of a node with accelerators, so the node follows the joules of its chips. Where no chip
    is metered, the share that was booked stands.
    """
    known = tuple(energies)
    chips = _chips(known)
    metered_j = sum(chip.energy_j for chip in chips)
    if metered_j <= 0.0:
        return known
    share = sum(chip.attributed_energy_j for chip in chips) / metered_j
    return tuple(
        replace(energy, attributed_energy_j=energy.energy_j * share)
        if energy.meter.channel.domain is Domain.NODE
        else energy
        for energy in known
    )


def new_run_id(clock: Clock | None = None) -> str:
    """An id that sorts by time and is unique across machines: UTC to the second, 12 bits of its fraction, 24 random."""
    from datetime import UTC, datetime

    second, fraction_ns = divmod((clock or Clock()).wall_ns(), NS_PER_S)
    stamp = datetime.fromtimestamp(second, UTC).strftime("%Y%m%dT%H%M%S")
    return f"{stamp}-{(fraction_ns << 12) // NS_PER_S:03x}{os.urandom(3).hex()}"
