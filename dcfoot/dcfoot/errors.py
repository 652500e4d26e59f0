"""The errors dcfoot raises; each says what happened, where, and what to do.

    DcfootError
    ├── ConfigError          a setting, site, factor or option that cannot be used (exit status 2)
    ├── DataMissing          what was asked for is not there (exit status 3)
    │   ├── ServiceUnavailable   a service on the network does not answer, or not as it documents
    │   └── DaemonUnavailable    no daemon of this machine answers; carries what mends it
    ├── StudyError           a what-if study that cannot be read or solved (exit status 2)
    ├── StoreError           the store of runs cannot be read or written
    ├── ProbeUnavailable     a meter is not there or not readable; carries the command that mends it
    └── ProbeTransient       a meter did not answer this time; the ledger records a gap
        └── ProbeAwaiting        it is well and has nothing to tell yet: the same gap, and no failure

The exit statuses are given in `dcfoot.cli`.
"""


class DcfootError(Exception):
    """Base of every error that dcfoot raises on purpose."""


class ConfigError(DcfootError):
    """A setting cannot be used; the message names file, line and key where there are any."""


class DataMissing(DcfootError):
    """What was asked for (a run, a factor, a file) does not exist; the message names the nearest that does."""


class ServiceUnavailable(DataMissing):
    """A service on the network does not answer, refuses, or answers other than it documents.

    Parameters
    ----------
    message : str
        Which service, what it said, and what to do.
    passing : bool
        Whether the same question may be answered later: a time-out, a limit of requests, a fault of the service.
    body : bytes
        All that it said.
    """

    def __init__(self, message: str, *, passing: bool = False, body: bytes = b"") -> None:
        super().__init__(message)
        self.passing = passing
        self.body = body


class DaemonUnavailable(DataMissing):
    """No daemon of this machine answers, or not as it documents.

    Parameters
    ----------
    reason : str
        What was found, in one sentence.
    remedy : str
        The exact command that mends it; empty where it is to ask again.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason} {remedy}".strip())
        self.reason = reason
        self.remedy = remedy


class DaemonSilent(DaemonUnavailable):
    """A daemon is there and does not answer, or broke off."""


class StudyError(DcfootError):
    """A study cannot be read or solved; the message lists every fault with file, line and key."""


class StoreError(DcfootError):
    """The store of runs cannot be read or written; the message says where it is and what to do."""


class ProbeUnavailable(DcfootError):
    """A meter is absent or not readable on this machine.

    Parameters
    ----------
    reason : str
        What was found, in one sentence.
    remedy : str
        The exact command or step that mends it; empty where nothing can be done (the hardware is not there).
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason} {remedy}".strip())
        self.reason = reason
        self.remedy = remedy


class ProbeTransient(DcfootError):
    """A meter did not answer this time. The sampler goes on; the ledger records a gap."""


class ProbeAwaiting(ProbeTransient):
    """A meter is well and has nothing to tell yet: a gap that is no failure."""
