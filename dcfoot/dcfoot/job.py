"""Runs a command as if we were not there: its terminal, process group, signals and exit status are its own.

The command shares our process group, so the terminal's signals reach it directly. The main thread does nothing but wait
for signals; those that somebody sent to us alone are passed on, those that the terminal sent to the whole group are not
sent twice. When the group is stopped we stop too, so that the shell sees what it would have seen.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

CANNOT_START = 125
CANNOT_EXECUTE = 126
NOT_FOUND = 127
"""Exit statuses for a job that could not be run, as `env` gives them (GNU coreutils manual, env invocation)."""

GRACE_S = 0.02
"""How long a signal is held back, to see whether it was sent to the whole group and ended the job already [s]."""

SENT_BY_PROCESS = frozenset({0, -1, -6})
"""si_code of signals that a process sent: SI_USER, SI_QUEUE, SI_TKILL (sigaction(2)); the terminal's are SI_KERNEL."""

STOPPING = frozenset({signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU})
PASSED_ON = frozenset(
    {
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGQUIT,
        signal.SIGTERM,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGALRM,
        signal.SIGWINCH,
        signal.SIGCONT,
    }
)
RESTORED = frozenset({signal.SIGPIPE, signal.SIGXFSZ})
"""Signals that Python ignores at start and that a job must find at their default (signal module documentation)."""

PR_SET_CHILD_SUBREAPER = 36
"""prctl(2), linux/prctl.h."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended.

    Parameters
    ----------
    status : int
        As a shell shows it: the exit status, or 128 plus the number of the signal.
    signal_number : int or None
        The signal that ended it.
    """

    status: int
    signal_number: int | None = None


class JobNotStartedError(Exception):
    """The command could not be run; `status` is what to exit with."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Job:
    """A command running as our child.

    Must be constructed and waited for in the main thread. `block_signals` has to be called before any thread is
    started, so that every thread leaves signals to the main one.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], unblocked: frozenset[int]) -> None:
        try:
            self.pid = os.posix_spawnp(
                command[0],
                list(command),
                environ,
                setsigmask=sorted(unblocked),
                setsigdef=sorted(RESTORED),
            )
        except OSError as fault:
            raise _not_started(command[0], fault) from fault

    def wait(self, on_wake: Callable[[], None] = lambda: None) -> Ended:
        """Waits for the job's main process to end, passing signals on; reaps orphans on the way."""
        while True:
            ended = self._reap()
            if ended is not None:
                return ended
            info = signal.sigwaitinfo({signal.SIGCHLD, *PASSED_ON, *STOPPING})
            if info.si_signo != signal.SIGCHLD:
                ended = self._handle(info)
                if ended is not None:
                    return ended
            on_wake()

    def _reap(self) -> Ended | None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return None
                if pid == self.pid:
                    return _ended(status)
        return None

    def _handle(self, info: "signal.struct_siginfo") -> Ended | None:
        number, to_us_alone = info.si_signo, info.si_code in SENT_BY_PROCESS
        if to_us_alone and number != signal.SIGCONT:
            signal.sigtimedwait({signal.SIGCHLD}, GRACE_S)
            ended = self._reap()
            if ended is not None:
                return ended
        if to_us_alone:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
        if number in STOPPING:
            # Not SIGTSTP again: it is blocked here. The shell sees a stopped job either way, and continues the group.
            os.kill(os.getpid(), signal.SIGSTOP)
        return None


def block_signals() -> frozenset[int]:
    """Blocks what `Job.wait` waits for, in this thread and those it starts; returns the mask that the job must get."""
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        # Left to us by a careless parent, it would have the kernel throw the job's exit status away.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, *PASSED_ON, *STOPPING})
    return frozenset(int(number) for number in before)


def adopt_orphans() -> None:
    """Makes processes that outlive their parents our children, so that their processor time is counted (Linux only)."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_like(ended: Ended) -> int:
    """Ends this process as the job ended: by the same signal, or by returning the status to exit with."""
    if ended.signal_number is None:
        return ended.status
    import resource

    number = ended.signal_number
    # The job has left its core; ours would only overwrite it.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    return ended.status


def _ended(wait_status: int) -> Ended:
    if os.WIFSIGNALED(wait_status):
        number = os.WTERMSIG(wait_status)
        return Ended(128 + number, number)
    return Ended(os.WEXITSTATUS(wait_status))


def _not_started(program: str, fault: OSError) -> JobNotStartedError:
    if fault.errno in {errno.ENOENT, errno.ENOTDIR}:
        return JobNotStartedError(f"{program}: command not found", NOT_FOUND)
    if fault.errno in {errno.EACCES, errno.ENOEXEC, errno.EISDIR, errno.E2BIG, errno.ELOOP, errno.ENAMETOOLONG}:
        return JobNotStartedError(f"{program}: cannot be executed: {fault.strerror}", CANNOT_EXECUTE)
    return JobNotStartedError(f"{program}: cannot be started: {fault.strerror}", CANNOT_START)
