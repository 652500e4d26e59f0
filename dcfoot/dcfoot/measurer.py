"""Measures a run if it is this process's turn: of several ranks on a machine one measures for all.

In come who this process is and a way to make a `Tracker`, out comes a `Measurement`, or none where another run holds
the energy. A rank that waits takes over when its measurer is gone, so that a killed leader costs a gap and not the rest
of the job.
"""

import logging
from collections.abc import Callable
from functools import partial
from threading import Event, Lock, Thread

from dcfoot.lease import JobIdentity, Leader, Member, acquire
from dcfoot.measurement import Measurement, RunState
from dcfoot.threads import Beginning, begin
from dcfoot.tracker import MODULES_TIMEOUT_S, Tracker

TAKE_OVER_PERIOD_S = 2.0
"""How often a waiting rank looks whether its measurer is gone [s]: as much as a killed run may lose."""

logger = logging.getLogger("dcfoot.measurer")


def taken_over_warning(run_id: str) -> str:
    """What the receipt of a run that took over from another must say."""
    return f"measured only from where the measurer before it ended; the time until then is in {run_id}"


class Measurer:
    """One process of a job: it measures, or another does.

    Parameters
    ----------
    identity : JobIdentity or None
        The job that this process is a part of: the ranks of one launch share a measurer. Others measure themselves and
        what registers with them by the run's id.
    run_id : str
        The run that this process measures when it is its turn.
    make_tracker : Callable[[Leader, str | None], Tracker]
        Makes the tracker; told of the lease, and of the run that was taken over if there is one.
    """

    def __init__(
        self, identity: JobIdentity | None, run_id: str, make_tracker: Callable[[Leader, str | None], Tracker]
    ) -> None:
        self._make_tracker = make_tracker
        self._lease = acquire(identity if identity is not None and identity.launch is not None else run_id, run_id)
        self._tracker: Tracker | None = None
        self._turn = Lock()
        self._stopping = Event()

    @property
    def tracker(self) -> Tracker | None:
        """The tracker while this process measures, and after; None where it does not."""
        return self._tracker

    @property
    def run_id(self) -> str:
        """The run that holds this process's energy."""
        return self._lease.run_id if isinstance(self._lease, Leader) else self._lease.leader_run_id

    def start(self) -> None:
        """Takes the first readings, or begins to wait for a turn."""
        if isinstance(self._lease, Leader):
            self._tracker = self._make_tracker(self._lease, None)
            self._tracker.start()
        else:
            waiting = Thread(target=self._wait, args=(self._lease,), name="dcfoot-waiting", daemon=True)
            begin([Beginning(waiting, partial(logger.debug, "nobody will take over: %s"))])

    def job_started(self) -> None:
        """Tells the probes that the job now runs."""
        if self._tracker is not None:
            self._tracker.job_started()

    def await_modules(self) -> None:
        """Waits, but not for long, until no thread of ours is loading modules: to be called before a fork."""
        if self._turn.acquire(timeout=MODULES_TIMEOUT_S):
            self._turn.release()
        if self._tracker is not None:
            self._tracker.await_modules()

    def abandon(self) -> None:
        """Ends the run of a job that could not be started."""
        self._stopping.set()
        with self._turn:
            if self._tracker is not None:
                self._tracker.abandon()
            self._lease.release()

    def take_last_readings(self, exit_status: int | None, state: RunState) -> None:
        """Ends the run and gives the lease back, so that another may measure; `stop` waits until it is kept."""
        self._stopping.set()
        with self._turn:
            try:
                if self._tracker is not None:
                    self._tracker.take_last_readings(exit_status, state)
            finally:
                self._lease.release()

    def stop(self, exit_status: int | None = None, state: RunState = RunState.COMPLETE) -> Measurement | None:
        """Takes the last readings and gives the lease back; None where another run holds the energy."""
        self.take_last_readings(exit_status, state)
        return self._tracker.stop(exit_status, state) if self._tracker else None

    def _wait(self, member: Member) -> None:
        while not self._stopping.wait(TAKE_OVER_PERIOD_S):
            with self._turn:
                if self._stopping.is_set() or self._took_over(member):
                    return

    def _took_over(self, member: Member) -> bool:
        before = member.leader_run_id
        leader = member.try_promote()
        if leader is None:
            return False
        self._lease = leader
        try:
            tracker = self._make_tracker(leader, before)
            tracker.start()
            tracker.job_started()
            self._tracker = tracker
        except Exception:  # nobody measures then; the job goes on
            logger.debug("could not take over", exc_info=True)
        return True
