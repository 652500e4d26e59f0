"""``dcfoot.track()``: measures the process it is called in, as a context manager or a decorator.

Nothing of it raises into the job, prints, or waits longer than the meters need. A mistake in its arguments becomes a
warning on the receipt.
"""

import functools
import inspect
import logging
import os
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar, Token
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, TypeVar, cast

from dcfoot.account import choose_site
from dcfoot.config import Settings, load
from dcfoot.errors import ConfigError
from dcfoot.lease import JobIdentity, Leader, Member, job_identity, join, measured_by
from dcfoot.measurement import Measurement
from dcfoot.measurer import Measurer, taken_over_warning
from dcfoot.probe import installed_probes
from dcfoot.store import RunStore
from dcfoot.tracker import Consumer, Subject, Tracker, new_run_id
from dcfoot.units import J_PER_KWH

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger("dcfoot")
logger.addHandler(logging.NullHandler())

_CURRENT: ContextVar["Run | None"] = ContextVar("dcfoot_run", default=None)


class Run:
    """A running or finished measurement, as the job sees it. Every figure is None while it is not known.

    Where another measurer on this machine already measures this process (an enclosing `track()`, another rank of the
    same job), a run measures nothing itself: `measured_by` names the run whose receipt holds its energy.
    """

    def __init__(self, measurer: Measurer | None = None, measured_by: str | None = None) -> None:
        self._measurer = measurer
        self._measured_by = measured_by

    @property
    def _tracker(self) -> Tracker | None:
        return self._measurer.tracker if self._measurer else None

    @property
    def measured_by(self) -> str | None:
        """The run that holds this process's energy, where that is another; None where it is this one."""
        if self._measurer is None:
            return self._measured_by
        return None if self._measurer.tracker else self._measurer.run_id

    @property
    def id(self) -> str | None:
        """Where to find it: ``dcfoot show ID``."""
        return self._measurer.run_id if self._measurer else self._measured_by

    @property
    def power_w(self) -> float | None:
        """Power of everything that is metered on this machine [W]."""
        return self._tracker.power_w if self._tracker else None

    @property
    def energy_kwh(self) -> float | None:
        """The run's share of the metered energy so far [kWh]: chips, not the wall."""
        energy_j = self._tracker.energy_j if self._tracker else None
        return None if energy_j is None else energy_j / J_PER_KWH

    @property
    def elapsed_s(self) -> float | None:
        """Time since the start [s]."""
        return self._tracker.elapsed_s if self._tracker else None

    def phase(self, name: str) -> AbstractContextManager[None]:
        """A part of the run with an energy of its own; phases may nest."""
        return self._tracker.phase(name) if self._tracker else nullcontext()

    def measurement(self) -> Measurement | None:
        """What was measured so far."""
        return self._tracker.snapshot() if self._tracker else None

    def receipt(self, *, whole_node: bool = False) -> Mapping[str, object] | None:
        """The receipt so far, in the form of ``dcfoot.receipt/1``; None where another run holds the energy.

        Parameters
        ----------
        whole_node : bool
            Count everything the machine's meters saw instead of this run's share.

        """
        measurement = self.measurement()
        if measurement is None:
            return None
        from dcfoot.account import receipt_of, site_of

        settings, _ = _settings(os.environ)
        receipt = receipt_of(measurement, settings, site_of(measurement, settings), whole_node=whole_node)
        return cast("Mapping[str, object]", receipt)


class track:  # noqa: N801 - used like a function, as `contextlib.suppress` is
    """Measures this process and its children.

    Use it as ``with dcfoot.track("name") as run:``, or as a decorator of a function, a coroutine function, a generator.

    Parameters
    ----------
    name : str or None
        Name of the run; None for the decorated function's, or ``"track"``.
    site, country, region : str or None
        Where it runs (`dcfoot sites`).
    tags : Mapping[str, str] or None
        Something to find it by.
    receipt : str or Path or None
        A file to write the receipt to, as JSON, at the end.
    interval_s : float or None
        Seconds between readings; None for the configured value.
    """

    def __init__(
        self,
        name: str | Callable[P, R] | None = None,
        *,
        site: str | None = None,
        country: str | None = None,
        region: str | None = None,
        tags: Mapping[str, str] | None = None,
        receipt: str | Path | None = None,
        interval_s: float | None = None,
    ) -> None:
        self._name = name if isinstance(name, str) else None
        self._place = (site, country, region)
        self._tags = dict(tags or {})
        self._receipt = None if receipt is None else Path(receipt)
        self._interval_s = interval_s
        self._run: Run | None = None
        self._measurer: Measurer | None = None
        self._joined: Member | None = None
        self._phase: AbstractContextManager[None] | None = None
        self._token: Token[Run | None] | None = None
        self._pid = 0

    def __enter__(self) -> Run:
        """Starts measuring; returns when the first readings are taken."""
        self._pid = os.getpid()
        try:
            self._run = self._begin()
        except Exception:  # whatever fails in us, the job goes on
            logger.warning("dcfoot could not start measuring", exc_info=True)
            self._run = Run()
        self._token = _CURRENT.set(self._run)
        return self._run

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops measuring and keeps the run; never swallows the job's exception."""
        try:
            self._end(failed=kind is not None)
        except Exception:  # the same
            logger.warning("dcfoot could not finish measuring", exc_info=True)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Measures every call of `function`, until its coroutine or generator has ended."""
        return cast("Callable[P, R]", _wrapped(function, self._again))

    def _again(self, name: str) -> "track":
        site, country, region = self._place
        return track(
            self._name or name,
            site=site,
            country=country,
            region=region,
            tags=self._tags,
            receipt=self._receipt,
            interval_s=self._interval_s,
        )

    def _begin(self) -> Run:
        outer = _CURRENT.get()
        if outer is not None and outer.measured_by is None and outer.id is not None:
            self._phase = outer.phase(self._name or "track")
            self._phase.__enter__()
            return Run(measured_by=outer.id)
        identity = job_identity(os.environ)
        run_id = new_run_id()
        key = identity if identity is not None and identity.launch is not None else run_id
        self._joined = join(os.environ)
        self._measurer = Measurer(key, run_id, lambda lease, taken_over: self._tracker(lease, taken_over, identity))
        self._measurer.start()
        self._measurer.job_started()
        return Run(self._measurer)

    def _tracker(self, lease: Leader, taken_over: str | None, identity: JobIdentity | None) -> Tracker:
        settings, warnings = _settings(os.environ)
        site_id, misplaced = _site_id(settings, self._place)
        warnings = [*warnings, *misplaced, *([lease.warning] if lease.warning else [])]
        if taken_over is not None:
            warnings.append(taken_over_warning(taken_over))
        subject = Subject(
            id=lease.run_id,
            name=self._name or "track",
            tags=self._tags,
            job=identity.job if identity else None,
            part_of=measured_by(os.environ),
            site_id=site_id,
            warnings=tuple(warnings),
        )
        return Tracker(
            subject,
            Consumer(lambda: {os.getpid(), *lease.member_pids()}),
            installed_probes(),
            open_journal=RunStore(settings.data_dir).create,
            interval_s=self._interval_s or settings.interval_s,
        )

    def _end(self, *, failed: bool) -> None:
        if self._token is not None:
            _CURRENT.set(self._token.old_value if isinstance(self._token.old_value, Run) else None)
        if os.getpid() != self._pid:
            # A child that was forked inside the block leaves it too; the run is its parent's.
            return
        if self._phase is not None:
            self._phase.__exit__(None, None, None)
        if self._joined is not None:
            self._joined.release()
        if self._measurer is not None:
            measured = self._measurer.stop(int(failed))
            if measured is not None and self._receipt is not None and self._run is not None:
                _write(self._receipt, self._run)


def _settings(environ: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """The configuration; where it cannot be used, the defaults and a warning, since a job must not fail for it."""
    try:
        return load(environ, Path.cwd()), []
    except ConfigError as fault:
        return Settings(), [f"the configuration was not used: {fault}"]


def _site_id(settings: Settings, place: tuple[str | None, str | None, str | None]) -> tuple[str | None, list[str]]:
    """The site that was asked for; where there is none of that name, none and a warning."""
    try:
        site = choose_site(settings, *place)
    except ConfigError as fault:
        return None, [f"no site was used: {fault}"]
    return (site.id if site.chosen else None), []


def _write(path: Path, run: Run) -> None:
    import json

    path.write_text(json.dumps(run.receipt(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _wrapped(function: Callable[..., object], again: Callable[[str], track]) -> Callable[..., object]:
    name = getattr(function, "__qualname__", "track")
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def coroutine(*args: object, **kwargs: object) -> object:
            with again(name):
                return await function(*args, **kwargs)

        return coroutine
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def async_generator(*args: object, **kwargs: object) -> AsyncGenerator[object, None]:
            with again(name):
                async for item in function(*args, **kwargs):
                    yield item

        return async_generator
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generator(*args: object, **kwargs: object) -> Generator[object, object, object]:
            with again(name):
                return (yield from cast("Generator[object, object, object]", function(*args, **kwargs)))

        return generator

    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        with again(name):
            return function(*args, **kwargs)

    return call
