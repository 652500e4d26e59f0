"""``dcfoot.track()``: measures the process it is called in, as a context manager or a decorator.

One block of a process measures, the first that was entered; a block that is entered while it lasts is a phase of it,
whatever thread or task it is in, so that no joule counts twice. Where the first ends before the others, the next goes
on measuring. Nothing of it raises into the job, prints, or waits longer than the meters need: a mistake in its
arguments becomes a warning on the receipt.
"""

import atexit
import logging
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import ParamSpec, TypeVar, cast, overload

from dcfoot.account import choose_hourly, choose_site, receipt_of
from dcfoot.config import Settings, load, unknown_variables
from dcfoot.errors import ConfigError, DcfootError
from dcfoot.judges import INTERVAL_MAX_S, INTERVAL_MIN_S
from dcfoot.lease import JobIdentity, Leader, Member, job_identity, join, measured_by
from dcfoot.measurement import Measurement, RunState
from dcfoot.measurer import Measurer, taken_over_warning
from dcfoot.opened_probes import probes_here
from dcfoot.probe import Surroundings, installed_probes, with_readers
from dcfoot.receipt.contract import ReceiptJson
from dcfoot.receipt.file import ReceiptFile
from dcfoot.site import Site, resolve_site
from dcfoot.store import RunStore
from dcfoot.tracker import Consumer, Subject, Tracker, new_run_id
from dcfoot.units import J_PER_KWH
from dcfoot.wrapping import wrapped

P = ParamSpec("P")
R = TypeVar("R")

INTERRUPTED_STATUS = 130
"""What a shell shows of a program that Ctrl-C ended: 128 + SIGINT (POSIX, "Exit Status for Commands")."""

logger = logging.getLogger("dcfoot")
logger.addHandler(logging.NullHandler())


class Run:
    """A running or finished measurement, as the job sees it. Every figure is None while it is not known.

    A run measures nothing itself where another already measures this process: an enclosing or earlier `track()`,
    another rank of the same job, the parent of a forked child. `measured_by` then names the run that holds its energy.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._measurer: Measurer | None = None
        self._is_inner = False
        self._settings = Settings()
        self._site: Site | None = None
        self._hourly: str | None = None

    def follow(self, measurer: Measurer, settings: Settings, site: Site, hourly: str | None) -> None:
        """Says from now on what its own `measurer` measures. Called by `track`."""
        self._measurer, self._settings, self._site, self._is_inner = measurer, settings, site, False
        self._hourly = hourly

    def follow_other(self, measurer: Measurer | None) -> None:
        """Says from now on who measures it. Called by `track`."""
        self._measurer, self._is_inner = measurer, True

    @property
    def _tracker(self) -> Tracker | None:
        """What measures this process, this run itself or another of the process; its threads are no forked child's."""
        return self._measurer.tracker if self._measurer and self._pid == os.getpid() else None

    @property
    def _own_tracker(self) -> Tracker | None:
        return None if self._is_inner else self._tracker

    @property
    def measured_by(self) -> str | None:
        """The run that holds this process's energy, where that is another; None where it is this one."""
        return None if self._own_tracker else self.id

    @property
    def id(self) -> str | None:
        """Where to find it: ``dcfoot show ID``."""
        return self._measurer.run_id if self._measurer else None

    @property
    def power_w(self) -> float | None:
        """Power of everything that is metered on this machine [W]."""
        return self._tracker.power_w if self._tracker else None

    @property
    def energy_kwh(self) -> float | None:
        """The run's share of the metered energy so far [kWh]: chips, not the wall."""
        energy_j = self._own_tracker.energy_j if self._own_tracker else None
        return None if energy_j is None else energy_j / J_PER_KWH

    @property
    def elapsed_s(self) -> float | None:
        """Time since the start [s]."""
        return self._own_tracker.elapsed_s if self._own_tracker else None

    def phase(self, name: str) -> AbstractContextManager[None]:
        """A part of the run with an energy of its own; phases may nest."""
        return self._tracker.phase(str(name)) if self._tracker else nullcontext()

    def measurement(self) -> Measurement | None:
        """What was measured so far; None where another run holds the energy."""
        return self._own_tracker.snapshot() if self._own_tracker else None

    def receipt(
        self,
        *,
        whole_node: bool = False,
        site: str | None = None,
        country: str | None = None,
        region: str | None = None,
    ) -> ReceiptJson | None:
        """The receipt so far, in the form of ``dcfoot.receipt/1``; None where there is none, as the log explains.

        Once the run has ended, the service that it was given for the grid's hours is asked, for ten seconds at most.

        Parameters
        ----------
        whole_node : bool
            Count everything the machine's meters saw instead of this run's share.
        site, country, region : str or None
            As if it had run there (`dcfoot sites`); none of them: where it did.
        """
        asked = _Asked(site=site, country=country, region=region) if site or country or region else None
        return self._receipt(asked, whole_node=whole_node, ask=True)

    def at_end(self) -> ReceiptJson | None:
        """The receipt as it stands when the run ends: the job goes on, so nobody is asked. Called by `track`."""
        return self._receipt(None, whole_node=False, ask=False)

    def _receipt(self, asked: "_Asked | None", *, whole_node: bool, ask: bool) -> ReceiptJson | None:
        try:
            measurement = self.measurement()
            if measurement is None or self._site is None:
                return None
            place, warnings = self._site, list[str]()
            if asked is not None:
                place = _site(self._settings, asked, warnings)
            told = replace(measurement, warnings=(*warnings, *measurement.warnings))
            return receipt_of(told, self._settings, place, whole_node=whole_node, hourly=self._hourly, ask=ask)
        except Exception:  # whatever fails in us, the job goes on
            logger.warning("dcfoot could not make a receipt", exc_info=True)
            return None

    def _repr_markdown_(self) -> str | None:
        """The receipt, which a notebook shows where a cell ends in the run."""
        from dcfoot.receipt.markdown import render

        receipt = self.receipt()
        return None if receipt is None else render(receipt)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The arguments of `track`, as they came: not one of them is judged before the block is entered."""

    name: object = None
    site: str | None = None
    country: str | None = None
    region: str | None = None
    tags: Mapping[str, str] | None = None
    receipt: str | Path | None = None
    interval_s: float | None = None
    hourly: str | Path | None = None


@dataclass(eq=False, slots=True)
class _Block:
    """One entry into a `with` statement."""

    asked: _Asked
    run: Run = field(default_factory=Run)
    measurer: Measurer | None = None
    joined: Member | None = None
    phase: ExitStack = field(default_factory=ExitStack)
    receipt: ReceiptFile | None = None

    @property
    def name(self) -> str:
        return "track" if self.asked.name is None else str(self.asked.name)

    def measure(self, taken_over: str | None) -> None:
        """Starts a run; `taken_over` is the run that measured this process before."""
        settings, warnings = _settings()
        site = _site(settings, self.asked, warnings)
        hourly = _hourly(settings, self.asked, site, warnings)
        identity = job_identity(os.environ)
        self.receipt = _receipt(self.asked, warnings)
        self.joined = join(os.environ)

        def tracker(lease: Leader, before: str | None) -> Tracker:
            more = [lease.warning] if lease.warning else []
            if before or taken_over:
                more.append(taken_over_warning(before or taken_over or ""))
            return self._tracker(lease, identity, settings, site, hourly, [*warnings, *more])

        self.measurer = Measurer(identity, new_run_id(), tracker)
        self.run.follow(self.measurer, settings, site, hourly)
        self.measurer.start()
        self.measurer.job_started()

    def join(self, measuring: "_Block") -> None:
        """Becomes a phase of a block that measures."""
        self.run.follow_other(measuring.measurer)
        self.phase.enter_context(measuring.run.phase(self.name))

    def end_phase(self) -> None:
        """Ends the phase that it is, if it is one."""
        self.phase.close()

    def take_last_readings(self, exit_status: int | None, state: RunState) -> None:
        """Ends the run that it measured, if it did; from here on another may."""
        if self.joined is not None:
            self.joined.release()
        if self.measurer is not None:
            self.measurer.take_last_readings(exit_status, state)

    def keep(self, exit_status: int | None, state: RunState) -> None:
        """Waits until the run is kept, if it measured one, and writes the receipt that was asked for."""
        if self.measurer is None:
            return
        measured = self.measurer.stop(exit_status, state)
        receipt = self.run.at_end() if measured is not None and self.receipt is not None else None
        if self.receipt is not None and receipt is not None:
            try:
                self.receipt.write(receipt)
            except ConfigError as fault:
                logger.warning("no receipt of %s: %s", self.run.id, fault)

    def abandon(self) -> None:
        """Gives up a run that did not begin."""
        self.end_phase()
        if self.joined is not None:
            self.joined.release()
        if self.measurer is not None:
            self.measurer.abandon()

    def _tracker(
        self,
        lease: Leader,
        identity: JobIdentity | None,
        settings: Settings,
        site: Site,
        hourly: str | None,
        warnings: list[str],
    ) -> Tracker:
        interval_s = _interval_s(settings, self.asked, warnings)
        subject = Subject(
            id=lease.run_id,
            name=self.name,
            tags=_tags(self.asked, warnings),
            job=identity.job if identity else None,
            part_of=measured_by(os.environ),
            site_id=site.id if site.chosen else None,
            hourly=hourly,
            warnings=tuple(warnings),
        )
        return Tracker(
            subject,
            Consumer(lambda: {os.getpid(), *lease.member_pids()}),
            probes_here(Surroundings(), with_readers(installed_probes(), settings.read)),
            open_journal=RunStore(settings.data_dir).create,
            interval_s=interval_s,
        )


class Track:
    """What `track` returns: a context manager that may be entered again, and a decorator."""

    def __init__(self, asked: _Asked) -> None:
        self._asked = asked
        self._entered: list[_Block] = []

    def __enter__(self) -> Run:
        """Starts measuring; returns when the first readings are taken."""
        block = _Block(self._asked)
        self._entered.append(block)
        _PROCESS.enter(block)
        return block.run

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops measuring and keeps the run; never swallows the job's exception."""
        _PROCESS.leave(self._entered.pop(), *_ending(fault))

    async def __aenter__(self) -> Run:
        """The same in an ``async with``."""
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The same in an ``async with``."""
        self.__exit__(kind, fault, trace)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Measures every call of `function`, until its coroutine or generator has ended."""
        name = getattr(function, "__qualname__", None) if self._asked.name is None else self._asked.name
        asked = replace(self._asked, name=name)
        return wrapped(function, lambda: Track(asked))


@overload
def track(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def track(
    name: str | None = None,
    *,
    site: str | None = None,
    country: str | None = None,
    region: str | None = None,
    tags: Mapping[str, str] | None = None,
    receipt: str | Path | None = None,
    interval_s: float | None = None,
    hourly: str | Path | None = None,
) -> Track: ...
def track(
    name: object = None,
    *,
    site: str | None = None,
    country: str | None = None,
    region: str | None = None,
    tags: Mapping[str, str] | None = None,
    receipt: str | Path | None = None,
    interval_s: float | None = None,
    hourly: str | Path | None = None,
) -> object:
    """Measures this process and its children.

    Use it as ``with dcfoot.track("name") as run:``, or as a decorator, with or without arguments, of a function, a
    coroutine function, a generator.

    Parameters
    ----------
    name : str or None
        Name of the run; None for the decorated function's, or ``"track"``.
    site, country, region : str or None
        Where it runs (`dcfoot sites`).
    tags : Mapping[str, str] or None
        Something to find it by.
    receipt : str or Path or None
        A file to write the receipt to, as JSON, at the end; none is written where another run holds the energy.
    interval_s : float or None
        Seconds between readings; None for the configured value.
    hourly : str or Path or None
        Where its grid's actual hours come from: a service or a file, as ``dcfoot run --hourly`` takes it; None for the
        configured source.
    """
    if callable(name) or isinstance(name, classmethod):
        return Track(_Asked())(cast("Callable[..., object]", name))
    return Track(_Asked(name, site, country, region, tags, receipt, interval_s, hourly))


class _Process:
    """The blocks that this process is in, in the order in which they were entered: one of them measures."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._lock = RLock()  # a signal's handler may enter a block while the main thread does
        self._watches = False

    def enter(self, block: _Block) -> None:
        """Starts a block: as a phase of the one that measures, if there is one."""
        with self._lock:
            self._watch()
            self._blocks.append(block)
            try:
                self._begin(block)
            except Exception:  # whatever fails in us, the job goes on
                logger.warning("dcfoot could not start measuring", exc_info=True)
            except BaseException:  # Ctrl-C: the block will not be entered, so nobody will leave it
                self._blocks.remove(block)
                block.abandon()
                raise

    def leave(self, block: _Block, exit_status: int | None, state: RunState) -> None:
        """Ends a block; if it measured, the next one goes on."""
        with self._lock:
            if block not in self._blocks:  # of the parent that we were forked from, or ended with the interpreter
                return
            self._blocks.remove(block)
            try:
                self._end(block, exit_status, state)
            except Exception:  # the same
                logger.warning("dcfoot could not finish measuring", exc_info=True)

    def leave_all(self) -> None:
        """Ends what a generator that nobody finished has begun, while the threads that measure still run."""
        while self._blocks:
            self.leave(self._blocks[-1], None, RunState.COMPLETE)

    def await_modules(self) -> None:
        """Before a fork: what a thread of ours is loading at that moment would be half loaded in the child for ever."""
        for block in tuple(self._blocks):
            if block.measurer is not None:
                block.measurer.await_modules()

    def forget(self) -> None:
        """In a forked child: what the parent has begun is not ours to end, and its lock may be held for ever."""
        self._blocks, self._lock = [], RLock()

    def _watch(self) -> None:
        if not self._watches:
            os.register_at_fork(before=self.await_modules, after_in_child=self.forget)
            atexit.register(self.leave_all)
            self._watches = True

    def _begin(self, block: _Block, taken_over: str | None = None) -> None:
        measuring = next((other for other in self._blocks if other.measurer), None)
        if measuring is None:
            block.measure(taken_over)
        else:
            block.join(measuring)

    def _end(self, block: _Block, exit_status: int | None, state: RunState) -> None:
        followers = self._blocks if block.measurer else []
        for one in (*followers, block):
            one.end_phase()
        block.take_last_readings(exit_status, state)
        try:
            for follower in followers:
                self._begin(follower, taken_over=block.run.id)
        finally:
            block.keep(exit_status, state)


_PROCESS = _Process()


def _ending(fault: BaseException | None) -> tuple[int | None, RunState]:
    """The exit status and the state of a block that ended so."""
    if fault is None or isinstance(fault, GeneratorExit):  # who closes a generator early has had enough of it
        return 0, RunState.COMPLETE
    if _is_cancellation(fault):  # whoever cancels a task stops it, and nothing has failed
        return None, RunState.INTERRUPTED
    if isinstance(fault, KeyboardInterrupt):
        return INTERRUPTED_STATUS, RunState.INTERRUPTED
    code = fault.code if isinstance(fault, SystemExit) else 1
    return (code & 0xFF if isinstance(code, int) else int(code is not None)), RunState.COMPLETE


def _is_cancellation(fault: BaseException) -> bool:
    asyncio = sys.modules.get("asyncio")  # a job that does not use it need not load it
    return asyncio is not None and isinstance(fault, asyncio.CancelledError)


def _settings() -> tuple[Settings, list[str]]:
    """The configuration; where it cannot be used, the defaults and a warning, since a job must not fail for it."""
    try:
        return load(os.environ), [*unknown_variables(os.environ)]
    except ConfigError as fault:
        return Settings(), [f"the configuration was not used: {fault}"]


def _site(settings: Settings, asked: _Asked, warnings: list[str]) -> Site:
    """The site that was asked for, else the configured one; where there is none of that name, none and a warning."""
    named: dict[str, object] = {"site": asked.site, "country": asked.country, "region": asked.region}
    unfit = [f"{what}={name!r} is not a text" for what, name in named.items() if not isinstance(name, str | None)]
    try:
        if not unfit:
            return choose_site(settings, asked.site, asked.country, asked.region)
    except ConfigError as fault:
        unfit = [str(fault)]
    warnings.append(f"no site was used: {'; '.join(unfit)}")
    return resolve_site()


def _hourly(settings: Settings, asked: _Asked, site: Site, warnings: list[str]) -> str | None:
    """The source that was asked for, else the configured one; where it cannot be used, none and a warning."""
    try:
        named = None if asked.hourly is None else os.fspath(asked.hourly)
        elsewhere = bool(asked.site or asked.country or asked.region)
        return choose_hourly(settings, site, named, elsewhere=elsewhere)
    except (TypeError, DcfootError) as fault:
        warnings.append(f"no source of the grid's hours was used: {fault}")
        return None


def _receipt(asked: _Asked, warnings: list[str]) -> ReceiptFile | None:
    """The file, wherever the job may go meanwhile."""
    try:
        return None if asked.receipt is None else ReceiptFile(asked.receipt)
    except (TypeError, ConfigError) as fault:
        logger.warning("no receipt will be written: %s", fault)
        warnings.append(f"the receipt was not written to a file: {fault}")
        return None


def _tags(asked: _Asked, warnings: list[str]) -> dict[str, str]:
    try:
        return {str(key): str(value) for key, value in dict(asked.tags or {}).items()}
    except (TypeError, ValueError):
        warnings.append(f"no tags were kept: {asked.tags!r} is no mapping")
        return {}


def _interval_s(settings: Settings, asked: _Asked, warnings: list[str]) -> float:
    try:
        if asked.interval_s is None or INTERVAL_MIN_S <= asked.interval_s <= INTERVAL_MAX_S:
            return settings.interval_s if asked.interval_s is None else float(asked.interval_s)
    except TypeError:
        pass
    warnings.append(
        f"interval_s={asked.interval_s!r} was not used: it is not a number of seconds from {INTERVAL_MIN_S:g} to "
        f"{INTERVAL_MAX_S:g}"
    )
    return settings.interval_s
