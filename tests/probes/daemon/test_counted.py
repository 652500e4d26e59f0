"""Running totals for clients, and readings on demand: what is counted adds up, and many who ask are one reading."""

import time
from threading import Thread

from hypothesis import given
from hypothesis import strategies as st

from dcfoot.counter import Outcome, Step
from dcfoot_probes.daemon.counted import GONE_AFTER_S, Counted
from dcfoot_probes.daemon.demand import READS_AT_ONCE, READS_PER_S, Demand
from simulated import daemons, trees
from simulated.near import near

SECOND_NS = 1_000_000_000
GPU = daemons.meter("GPU-1")

shares = st.one_of(
    st.none(),
    st.dictionaries(st.integers(1, 4), st.floats(0.1, 1.0), max_size=3).map(
        lambda of: {pid: share / max(sum(of.values()), 1.5) for pid, share in of.items()}
    ),
)


def step(energy_j: float, outcome: Outcome = Outcome.STEP) -> Step:
    return Step(energy_j, 1.0, 1.0, outcome)


@given(st.lists(st.tuples(st.floats(0.0, 1e3), shares), max_size=20))
def test_processes_unused_and_unknown_add_up_to_the_meter(steps: list[tuple[float, dict[int, float] | None]]) -> None:
    counted = Counted()
    counted.keep(["gpu"], {GPU.channel: GPU})
    for second, (energy_j, of) in enumerate(steps):
        counted.add("gpu", GPU, step(energy_j), second * SECOND_NS)
        counted.part("gpu", {} if of is None else {GPU.channel.device: of})
    for total in counted.metered().meters:
        assert total.energy_j == near(sum(energy_j for energy_j, _ in steps))
        assert total.covered_s == len(steps)
        parted = total.parted
        assert parted is not None
        assert parted.parted_j == near(total.energy_j)
        assert parted.unused_j + parted.unknown_j + sum(parted.users_j.values()) == near(total.energy_j)


def test_a_reading_that_cannot_be_is_not_counted_and_a_process_long_gone_not_told() -> None:
    counted = Counted()
    counted.keep(["gpu"], {GPU.channel: GPU})
    counted.add("gpu", GPU, step(10.0), SECOND_NS)
    counted.part("gpu", {GPU.channel.device: {7: 1.0}})
    counted.add("gpu", GPU, step(99.0, Outcome.IMPLAUSIBLE), 2 * SECOND_NS)
    later_ns = round((GONE_AFTER_S + 2) * SECOND_NS)
    counted.add("gpu", GPU, step(5.0), later_ns)
    counted.part("gpu", {GPU.channel.device: {8: 1.0}})
    (total,) = counted.metered().meters
    assert (total.energy_j, total.time_ns) == (15.0, later_ns)
    assert total.parted is not None
    assert total.parted.users_j == {8: 5.0}
    assert total.parted.parted_j == 15.0


def test_readings_between_ticks_move_the_counters_and_not_the_frames() -> None:
    clock = trees.Clock()
    device = daemons.Device(clock, power_w=100.0)
    device.users = {"0": {7: 1.0}}
    with daemons.running(clock, device) as running:
        running.tick()
        asking = Thread(target=running.loop.demand.read)
        clock.pass_s(0.25)
        asking.start()
        running.until(lambda: running.loop.demand.is_due)
        device.users = {"0": {8: 1.0}}
        running.loop._gather(0.25)  # pyright: ignore[reportPrivateUsage] (the loop stands still here)
        asking.join(5.0)
        (total,) = running.supervisor.channels.counted.metered().meters
        assert total.energy_j == near(125.0)
        device.users = {"0": {7: 1.0}}
        frame = running.tick(0.75)
        (total,) = running.supervisor.channels.counted.metered().meters
        assert [one.energy_j for one in frame.steps.values()] == [near(100.0)]
        assert total.energy_j == near(200.0)
        assert total.parted is not None
        assert total.parted.users_j == near({7: 175.0, 8: 25.0})


def test_however_many_ask_few_readings_are_made() -> None:
    made: list[float] = []

    def read() -> None:
        demand.begin()
        made.append(time.monotonic())
        time.sleep(0.002)
        demand.end()

    demand = Demand(lambda: Thread(target=read).start())
    served: list[bool] = []

    def ask() -> None:
        for _ in range(30):
            asked_s = time.monotonic()
            served.append(demand.read(5.0))
            assert any(asked_s <= moment <= time.monotonic() for moment in made)

    begun_s = time.monotonic()
    clients = [Thread(target=ask) for _ in range(20)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    took_s = time.monotonic() - begun_s
    assert served == [True] * 600
    assert len(made) <= READS_AT_ONCE + READS_PER_S * took_s + 1
    # 30 questions in a row, of which the first few are answered at once.
    assert took_s > (30 - READS_AT_ONCE - 1) / READS_PER_S


def test_a_loop_that_stands_still_is_not_waited_for() -> None:
    begun_s = time.monotonic()
    assert not Demand(lambda: None).read(0.2)
    assert 0.15 < time.monotonic() - begun_s < 2.0
