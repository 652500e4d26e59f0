"""A test against the clock says nothing where the machine had no time for it: such a failure is tried again.

Only where tasks waited for a processor while the test ran, or where a helper found that what it should set up had no
time to be set up (`StarvedError`): a failure on a machine that had time is a failure.
"""

import os
import sys
import time
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

TRIES = 3
WAITED_RATIO = 0.2
"""Where some task waited for a processor for more of the time than this, the machine was too busy (a choice: a test
with a job beside it makes a few hundredths on two free cores)."""


class StarvedError(Exception):
    """What a test is about did not take place: the machine came too late to what should have been there first."""


PRESSURE = Path("/proc/pressure/cpu")


def waited_s() -> float:
    """Time so far in which some task had to wait for a processor, or the host kept ours [s] (kernel, psi.rst)."""
    try:
        some = PRESSURE.read_text().split("total=")[1].split()[0]
    except (OSError, IndexError):  # a kernel without pressure stall information: by the load of the last minute
        busy = os.getloadavg()[0] > (os.cpu_count() or 1) + 1
        return time.monotonic() if busy else 0.0
    stolen = Path("/proc/stat").read_text().split(maxsplit=9)[8]
    return int(some) / 1e6 + int(stolen) / os.sysconf("SC_CLK_TCK")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Runs a test, again where it failed while the machine was too busy."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports, waited_ratio = _tried(item, nextitem)
    for _ in range(TRIES - 1):
        failed = [report for report in reports if report.failed]
        if not failed or not (waited_ratio >= WAITED_RATIO or any(map(_is_starved, failed))):
            break
        print(f"\n{item.nodeid} failed on a busy machine (waited {waited_ratio:.0%}): again", file=sys.__stderr__)
        item._initrequest()  # type: ignore[attr-defined]
        reports, waited_ratio = _tried(item, nextitem)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _tried(item: pytest.Item, nextitem: pytest.Item | None) -> tuple[list[pytest.TestReport], float]:
    """What became of a test, and for how much of its time some task waited for a processor."""
    began_s, before_s = time.monotonic(), waited_s()
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    return reports, (waited_s() - before_s) / max(time.monotonic() - began_s, 1e-3)


def _is_starved(report: pytest.TestReport) -> bool:
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash is not None and StarvedError.__name__ in crash.message
