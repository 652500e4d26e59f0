"""A handler for codecarbon: keeps what its tracker measured as a run of dcfoot.

    from codecarbon import EmissionsTracker
    from dcfoot.codecarbon_output import DcfootOutput

    tracker = EmissionsTracker(output_handlers=[DcfootOutput(receipt=Path("receipt.json"))])

The run is then in `dcfoot runs`, and `dcfoot show` takes codecarbon's chips up the ladder. codecarbon calls handlers in
the training process and lets their exceptions through, so nothing here raises: what goes wrong is in codecarbon's log.
"""

import os
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

from codecarbon.external.logger import logger
from codecarbon.output_methods.base_output import BaseOutput
from codecarbon.output_methods.emissions_data import EmissionsData

from dcfoot.account import choose_site, receipt_of, site_of
from dcfoot.config import load
from dcfoot.errors import DcfootError
from dcfoot.measurement import Measurement, RunState
from dcfoot.receipt.reader import dumps
from dcfoot.sources.codecarbon import measurement_of
from dcfoot.store import Journal, RunStore


class DcfootOutput(BaseOutput):
    """Keeps codecarbon's result as a run, and writes its receipt if asked.

    Parameters
    ----------
    receipt : Path or None
        Where to write the receipt as JSON when the tracker stops.
    site : str or None
        Where it runs: a site of `dcfoot sites`; None for the configured one, else codecarbon's country.
    data_dir : Path or None
        Where runs are kept; None for the configured folder.
    cpu_measured : bool
        Whether codecarbon reads RAPL here (its log says so); otherwise its CPU energy counts as modelled.

    Raises
    ------
    ConfigError
        The site is unknown or the configuration cannot be used: now, before anything is measured.
    """

    def __init__(
        self,
        *,
        receipt: Path | None = None,
        site: str | None = None,
        data_dir: Path | None = None,
        cpu_measured: bool = False,
    ) -> None:
        self._settings = load(os.environ, Path.cwd())
        self._site = choose_site(self._settings, site)
        self._receipt = receipt
        self._store = RunStore(data_dir or self._settings.data_dir)
        self._cpu_measured = cpu_measured
        self._journal: Journal | None = None
        self._last: Measurement | None = None

    def out(self, total: EmissionsData, delta: EmissionsData) -> None:  # noqa: ARG002 - codecarbon's signature
        """Keeps the run as it stands; `total` is cumulative, so `delta` is not needed."""
        self._safely(lambda: self._keep(total))

    def exit(self) -> None:
        """Keeps the run as complete and writes the receipt. codecarbon calls it when its tracker stops."""
        self._safely(self._finish)

    def _keep(self, total: EmissionsData) -> None:
        self._last = self._measurement(total)
        if self._journal is None:
            self._journal = self._store.create(self._last)
        else:
            self._journal.progress(self._last)

    def _measurement(self, total: EmissionsData) -> Measurement:
        """The run so far. Its start is reckoned back from a stamp in whole seconds: the first reckoning stands."""
        host = os.uname().nodename
        now = measurement_of(asdict(total), host=host, cpu_measured=self._cpu_measured, state=RunState.RUNNING)
        run_id, started_at = (self._last.id, self._last.started_at) if self._last else (now.id, now.started_at)
        ended_at = started_at + timedelta(seconds=now.duration_s)
        site_id = self._site.id if self._site.chosen else now.site_id
        return replace(now, id=run_id, started_at=started_at, ended_at=ended_at, site_id=site_id)

    def _finish(self) -> None:
        if self._last is None:
            return
        done, journal = replace(self._last, state=RunState.COMPLETE), self._journal
        self._journal = self._last = None
        if journal is not None:
            self._safely(lambda: journal.finish(done))
        if self._receipt is not None:
            receipt = receipt_of(done, self._settings, site_of(done, self._settings))
            self._receipt.write_text(dumps(receipt), encoding="utf-8")

    def _safely(self, action: Callable[[], None]) -> None:
        """Does it; a fault goes to codecarbon's log, since an exception would end the training that it measures."""
        try:
            action()
        except (DcfootError, OSError, ValueError, TypeError, KeyError) as fault:
            logger.warning("dcfoot could not keep this run: %s: %s", type(fault).__name__, fault)
