"""Clocks, and what happened to them: suspended machines and stepped wall clocks.

Durations come from the monotonic clock, calendar time from one anchor taken at the start of a run; the wall clock is
only watched.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dcfoot.units import NS_PER_S

STEP_S = 1.0
"""A wall clock that moves by more than this against the machine's own was stepped [s]; NTP slews by at most 500 ppm
(RFC 5905), which is less in any interval that a run watches."""


def _boottime_ns() -> int:
    """Like the monotonic clock, but going on while the machine sleeps (Linux); elsewhere the monotonic clock [ns]."""
    boottime = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(boottime)


@dataclass(frozen=True, slots=True)
class Clock:
    """The three clocks of a machine, each a function that returns nanoseconds; tests hand in their own."""

    monotonic_ns: Callable[[], int] = time.monotonic_ns
    boottime_ns: Callable[[], int] = _boottime_ns
    wall_ns: Callable[[], int] = time.time_ns


class ClockWatch:
    """Anchors a run in calendar time and notices suspends and steps of the wall clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.start_ns = clock.monotonic_ns()
        self._asleep_ns = clock.boottime_ns() - self.start_ns
        self._ahead_ns = clock.wall_ns() - clock.boottime_ns()
        self.started_at = datetime.fromtimestamp(clock.wall_ns() / NS_PER_S, UTC)
        self.suspended_s = 0.0
        self.stepped_s = 0.0

    def elapsed_s(self) -> float:
        """Time since the anchor in which the machine was awake [s]."""
        return (self._clock.monotonic_ns() - self.start_ns) / NS_PER_S

    def at(self, elapsed_s: float) -> datetime:
        """Calendar time of a moment of the run, whatever the wall clock did meanwhile; sleep is part of it."""
        return self.started_at + timedelta(seconds=elapsed_s + self.suspended_s)

    def look(self) -> None:
        """Compares the clocks; to be called now and then."""
        boottime_ns = self._clock.boottime_ns()
        asleep_ns = boottime_ns - self._clock.monotonic_ns()
        if asleep_ns - self._asleep_ns > STEP_S * NS_PER_S:
            self.suspended_s += (asleep_ns - self._asleep_ns) / NS_PER_S
            self._asleep_ns = asleep_ns
        ahead_ns = self._clock.wall_ns() - boottime_ns
        if abs(ahead_ns - self._ahead_ns) > STEP_S * NS_PER_S:
            self.stepped_s += (ahead_ns - self._ahead_ns) / NS_PER_S
            self._ahead_ns = ahead_ns

    def remarks(self) -> list[str]:
        """What a reader of the receipt must know of the clocks."""
        said: list[str] = []
        if self.suspended_s:
            said.append(f"the machine slept for {self.suspended_s:.0f} s; that time is not part of the run's duration")
        if self.stepped_s:
            said.append(f"the wall clock was stepped by {self.stepped_s:+.0f} s; times are counted from the start")
        return said
