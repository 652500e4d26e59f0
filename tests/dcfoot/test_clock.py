"""What happens to clocks: a laptop sleeps, somebody sets the date, NTP slews, a leap day comes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dcfoot.clock import STEP_S, Clock, ClockWatch
from simulated.near import near


@dataclass
class Machine:
    """A machine's clocks, moved by hand; it was awake for `awake_s` since it was started [s]."""

    awake_s: float = 5_000.0
    asleep_s: float = 0.0
    set_s: float = datetime(2028, 2, 28, 23, 59, 50, tzinfo=UTC).timestamp()

    def clock(self) -> Clock:
        return Clock(
            monotonic_ns=lambda: round(self.awake_s * 1e9),
            boottime_ns=lambda: round((self.awake_s + self.asleep_s) * 1e9),
            wall_ns=lambda: round((self.set_s + self.awake_s + self.asleep_s) * 1e9),
        )


def test_a_run_over_a_leap_day_ends_on_it() -> None:
    machine = Machine(awake_s=0.0)
    watch = ClockWatch(machine.clock())
    machine.awake_s += 20.0
    watch.look()
    assert watch.at(watch.elapsed_s()) == datetime(2028, 2, 29, 0, 0, 10, tzinfo=UTC)
    assert watch.remarks() == []


def test_sleep_is_no_part_of_the_duration_but_of_the_calendar() -> None:
    machine = Machine()
    watch = ClockWatch(machine.clock())
    machine.awake_s += 10.0
    machine.asleep_s += 3_600.0
    watch.look()
    machine.awake_s += 10.0
    watch.look()
    assert watch.elapsed_s() == near(20.0)
    assert watch.at(watch.elapsed_s()) - watch.started_at == timedelta(seconds=3_620)
    assert watch.remarks() == ["the machine slept for 3600 s; that time is not part of the run's duration"]


def test_a_clock_that_is_set_moves_neither_duration_nor_end() -> None:
    machine = Machine()
    watch = ClockWatch(machine.clock())
    for step_s in (-7_200.0, 86_400.0):
        machine.awake_s += 5.0
        machine.set_s += step_s
        watch.look()
    assert watch.elapsed_s() == near(10.0)
    assert watch.at(watch.elapsed_s()) - watch.started_at == timedelta(seconds=10)
    assert watch.remarks() == ["the wall clock was stepped by +79200 s; times are counted from the start"]


def test_sleep_and_a_step_at_once_are_told_apart() -> None:
    machine = Machine()
    watch = ClockWatch(machine.clock())
    machine.asleep_s += 60.0
    machine.set_s -= 30.0
    watch.look()
    assert (watch.suspended_s, watch.stepped_s) == (near(60.0), near(-30.0))


@given(st.lists(st.floats(-STEP_S, STEP_S), min_size=1, max_size=20))
def test_what_ntp_slews_is_no_step(drifts: list[float]) -> None:
    machine = Machine()
    watch = ClockWatch(machine.clock())
    before_s = machine.set_s
    for drift in drifts:
        machine.awake_s += 1.0
        machine.set_s = before_s + 0.9 * drift
        watch.look()
    assert watch.remarks() == []


def test_the_clocks_of_this_machine_go_together() -> None:
    watch = ClockWatch(Clock())
    watch.look()
    assert 0.0 <= watch.elapsed_s() < 5.0
    assert abs(watch.started_at - datetime.now(UTC)) < timedelta(seconds=5)
    assert watch.remarks() == []
