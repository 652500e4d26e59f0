"""Runs a command as if we were not there: its terminal, process group, signals and exit status are its own.

The command shares our process group, so what is sent to the group reaches it directly. The main thread does nothing
but wait for signals; those that were sent to us alone are passed on, those that the whole group got are not sent twice.
When the command is stopped we stop by the same signal, so that the shell sees what it would have seen.
"""

import errno
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

CANNOT_START = 125
CANNOT_EXECUTE = 126
NOT_FOUND = 127
"""Exit statuses for a job that could not be run, as `env` gives them (GNU coreutils manual, env invocation)."""

GRACE_S = 0.02
"""How long a signal is held back, to see whether others got it too, or it ended the job already [s]."""

SENT_BY_PROCESS = frozenset({0, -1, -6})
"""si_code of signals that a process sent: SI_USER, SI_QUEUE, SI_TKILL (sigaction(2)); the terminal's are SI_KERNEL."""

STOPPING = frozenset({signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU})
HARMLESS_TWICE = frozenset({signal.SIGCONT, signal.SIGWINCH})
NOT_OURS = frozenset({signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ})
"""Signals that cannot be waited for, are about our children, or come of our own writing."""

AWAITED = frozenset(int(number) for number in signal.valid_signals()) - NOT_OURS
RESTORED = frozenset({signal.SIGPIPE, signal.SIGXFSZ})
"""Signals that Python ignores at start and that a job must find at their default (signal module documentation)."""

PR_SET_CHILD_SUBREAPER = 36
"""prctl(2), linux/prctl.h."""

M_ARENA_MAX = -8
"""mallopt(3), malloc.h: without it each thread reserves 64 MiB of addresses."""

THREAD_STACK_BYTES = 1 << 20
"""Of each of our threads, instead of glibc's 8 MiB [B] (a choice: twice what macOS gives a thread)."""


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


class Witness:
    """A process of our group that lets every signal wait: what waits for it was sent to the group and not to us alone.

    It is a `cat` that reads a pipe of ours, so that it ends when we do, even by SIGKILL. Where it cannot be had, or not
    be looked at (procfs), the terminal's signals count as sent to the group, those of processes as sent to us.
    """

    def __init__(self) -> None:
        reads, self._writes = os.pipe()
        null = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
        try:
            self.pid = os.posix_spawnp(
                "cat",
                ["cat"],
                {},
                file_actions=[(os.POSIX_SPAWN_DUP2, reads, 0), null, (os.POSIX_SPAWN_DUP2, 1, 2)],
                setsigmask=signal.valid_signals(),
            )
        except OSError:
            self.pid = 0
        os.close(reads)

    def saw(self, info: "signal.struct_siginfo") -> bool:
        """Whether it got that signal too: ``ShdPnd`` in ``/proc/<pid>/status`` (proc_pid_status(5))."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_bytes()
            pending = int(status.partition(b"ShdPnd:")[2].split(maxsplit=1)[0], 16)
        except (OSError, ValueError, IndexError):
            return info.si_code not in SENT_BY_PROCESS
        return bool(pending >> (info.si_signo - 1) & 1)

    def dismiss(self) -> None:
        """Lets it end."""
        os.close(self._writes)


class Job:
    """A command running as our child.

    Must be constructed and waited for in the main thread. `block_signals` has to be called before any thread is
    started, so that every thread leaves signals to the main one.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], unblocked: frozenset[int]) -> None:
        self._witness = Witness()
        self._early = signal.sigpending()
        self._stopped_by: int | None = None
        self._shall_stop = False
        try:
            self.pid = os.posix_spawnp(
                command[0],
                list(command),
                environ,
                setsigmask=sorted(unblocked),
                setsigdef=sorted(RESTORED),
            )
        except (OSError, ValueError) as fault:
            self._witness.dismiss()
            raise _not_started(command[0], fault) from fault

    def pids(self) -> set[int]:
        """The job's main process, and those that outlived their parents: our children, but for the witness."""
        try:
            listed = Path(f"/proc/self/task/{os.getpid()}/children").read_bytes().split()
        except OSError:  # a kernel without CONFIG_PROC_CHILDREN
            return {self.pid}
        return {self.pid, *map(int, listed)} - {self._witness.pid}

    def wait(self) -> Ended:
        """Waits for the job's main process to end, passing signals on; reaps orphans on the way."""
        while True:
            ended = self._reap()
            if ended is None:
                self._stop_with_it()
                info = signal.sigwaitinfo({signal.SIGCHLD, *AWAITED})
                ended = None if info.si_signo == signal.SIGCHLD else self._handle(info)
            if ended is not None:
                self._witness.dismiss()
                return ended

    def _reap(self) -> Ended | None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
                if pid == 0:
                    return None
                if pid != self.pid:
                    continue
                if os.WIFSTOPPED(status):
                    self._stopped_by = os.WSTOPSIG(status)
                elif os.WIFCONTINUED(status):
                    self._stopped_by = None
                else:
                    return _ended(status)
        return None

    def _handle(self, info: "signal.struct_siginfo") -> Ended | None:
        number = info.si_signo
        if number in HARMLESS_TWICE:
            self._shall_stop &= number != signal.SIGCONT
            if info.si_code in SENT_BY_PROCESS:
                self._send(number)
            return None
        self._shall_stop |= number in STOPPING
        if number in self._early:  # it came before there was a job
            self._early -= {number}
            self._send(number)
            self._renew_witness()
            return None
        if not self._witness.saw(info):
            # It may be on its way to the others of the group, or sent to each of them in turn.
            signal.sigtimedwait({signal.SIGCHLD}, GRACE_S)
            ended = self._reap()
            if ended is not None:
                return ended
        if self._witness.saw(info):
            self._renew_witness()
        else:
            self._send(number)
        return None

    def _renew_witness(self) -> None:
        self._witness.dismiss()
        self._witness = Witness()

    def _send(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def _stop_with_it(self) -> None:
        """Stops us by the signal that stopped the job, if somebody asked for it: a job may refuse or take its time.

        One that was stopped alone may be continued alone, so we do not stop with that.
        """
        if self._shall_stop and self._stopped_by is not None:
            number, self._shall_stop = self._stopped_by, False
            if number != signal.SIGSTOP:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
            os.kill(os.getpid(), number)
            signal.pthread_sigmask(signal.SIG_BLOCK, {*STOPPING})


def block_signals() -> frozenset[int]:
    """Blocks what `Job.wait` waits for, in this thread and those it starts; returns the mask that the job must get."""
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        # Left to us by a careless parent, it would have the kernel throw the job's exit status away.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, *AWAITED})
    return frozenset(int(number) for number in before)


def adopt_orphans() -> None:
    """Makes processes that outlive their parents our children, so that their processor time is counted (Linux only)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def prepare_for_threads() -> None:
    """Has our threads leave the job what a limit on address space or files leaves; called before the first of them.

    All of them share one heap, so that what one gives back another takes: a daemon's memory stays where it was.

    What ends a thread is loaded while there are files left to open: glibc aborts the process if it cannot then.
    """
    import ctypes
    import threading

    threading.stack_size(THREAD_STACK_BYTES)
    with suppress(OSError, AttributeError):  # another C library has neither
        ctypes.CDLL("libgcc_s.so.1")
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


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


def _not_started(program: str, fault: OSError | ValueError) -> JobNotStartedError:
    if not isinstance(fault, OSError):  # a name without a letter
        return JobNotStartedError(f"{program!r}: command not found", NOT_FOUND)
    if fault.errno in {errno.ENOENT, errno.ENOTDIR}:
        return JobNotStartedError(f"{program}: command not found", NOT_FOUND)
    if fault.errno in {errno.EACCES, errno.ENOEXEC, errno.EISDIR, errno.E2BIG, errno.ELOOP, errno.ENAMETOOLONG}:
        return JobNotStartedError(f"{program}: cannot be executed: {fault.strerror}", CANNOT_EXECUTE)
    return JobNotStartedError(f"{program}: cannot be started: {fault.strerror}", CANNOT_START)
