"""The parts by themselves: publications told from reads, the beat of a counter, the check of counter against power."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcfoot.reading import Channel, Domain, Kind, Meter
from dcfoot.units import NS_PER_S
from dcfoot_probes.nvidia.check import PowerCheck
from dcfoot_probes.nvidia.edges import Publication, await_publications, prompt_look
from dcfoot_probes.nvidia.nvml import NvmlFault
from dcfoot_probes.nvidia.publications import Follower
from dcfoot_probes.nvidia.source import beat_of
from simulated.near import near

MS = 1_000_000
PERIOD_NS = 100 * MS


class Sensor:
    """Publishes the number of the period once a period, on a clock that only moves when it is read."""

    def __init__(self, phase_ns: int, period_ns: int = PERIOD_NS, steps_ns: Sequence[int] = (MS // 2,)) -> None:
        self.now_ns = 0
        self._phase_ns = phase_ns
        self._period_ns = period_ns
        self._steps_ns = steps_ns
        self._asked = 0

    def clock_ns(self) -> int:
        self._asked += 1
        self.now_ns += self._steps_ns[self._asked % len(self._steps_ns)]
        return self.now_ns

    def read(self) -> int:
        return (self.now_ns - self._phase_ns) // self._period_ns

    def published_ns(self, value: int) -> int:
        return self._phase_ns + value * self._period_ns


class TestFollower:
    @given(st.integers(0, 99), st.lists(st.integers(20, 70), min_size=20, max_size=60))
    def test_each_change_is_told_once_and_to_within_the_time_between_two_reads(
        self, phase_ms: int, steps_ms: list[int]
    ) -> None:
        sensor, follower = Sensor(phase_ms * MS), Follower(0.1)
        told: list[Publication] = []
        for step_ms in steps_ms:
            sensor.now_ns += step_ms * MS
            publication = follower.see(sensor.read(), sensor.now_ns)
            told += [publication] if publication else []
        changes = [after for before, after in pairwise(told) if after.value != before.value]
        assert [change.value for change in changes] == sorted({change.value for change in changes})
        errors_ms = [abs(change.time_ns - sensor.published_ns(change.value)) / MS for change in changes]
        assert max(errors_ms, default=0.0) <= 70
        assert [publication.time_ns for publication in told] == sorted({p.time_ns for p in told})

    @given(st.integers(0, 99))
    def test_a_moment_that_was_watched_for_is_kept_through_changes_that_nobody_saw(self, phase_ms: int) -> None:
        follower, sensor = Follower(0.1), Sensor(phase_ms * MS)
        follower.see(0, 0)
        follower.know(Publication(1, sensor.published_ns(1)))
        told = [follower.see(1, now_ms * MS) for now_ms in range(210, 2_000, 45)]
        moments_ns = [publication.time_ns for publication in told if publication]
        assert moments_ns[0] >= sensor.published_ns(1)
        assert {(moment_ns - phase_ms * MS) % PERIOD_NS for moment_ns in moments_ns} == {0}
        assert {round((after - before) / MS) for before, after in pairwise(moments_ns)} == {100}

    def test_a_value_that_stands_still_was_published_in_between(self) -> None:
        start, change = Publication(7, 0), Publication(9, 350 * MS)
        known = Follower(0.1).with_silent(start, [change])
        assert [(p.value, p.time_ns // MS) for p in known] == [(7, 50), (7, 150), (7, 250), (9, 350)]


class TestEdges:
    @settings(max_examples=25)  # each sleeps for two periods
    @given(st.integers(0, 99), st.sampled_from([20 * MS, PERIOD_NS, 104 * MS]))
    def test_watching_tells_two_publications_to_a_few_milliseconds(self, phase_ms: int, period_ns: int) -> None:
        sensor = Sensor(phase_ms * MS, period_ns)
        held = Publication(sensor.read(), sensor.now_ns)
        seen = await_publications({"gpu": sensor.read}, {"gpu": held}, sensor.clock_ns)["gpu"]
        assert len(seen) == 2
        for publication in seen:
            assert publication.time_ns == near(sensor.published_ns(publication.value), abs=3 * MS)

    def test_an_answer_that_comes_back_late_was_given_when_it_was_asked_for(self) -> None:
        # Another thread is busy: after each call Python's lock is waited for, 5 ms on each (sys.getswitchinterval).
        sensor = Sensor(0, steps_ns=(2 * MS, 5 * MS))
        held = prompt_look(sensor.read, sensor.clock_ns)
        seen = await_publications({"gpu": sensor.read}, {"gpu": held}, sensor.clock_ns)["gpu"]
        for publication in seen:
            assert publication.time_ns == near(sensor.published_ns(publication.value), abs=publication.unsure_ns + MS)

    def test_a_sensor_that_stands_still_is_not_waited_for_in_vain(self) -> None:
        sensor = Sensor(0, period_ns=10**12, steps_ns=(2 * MS,))
        held = Publication(sensor.read(), 0)
        assert await_publications({"gpu": sensor.read}, {"gpu": held}, sensor.clock_ns) == {"gpu": []}
        assert sensor.now_ns < 300 * MS

    def test_a_sensor_that_fails_is_left_and_the_others_are_watched(self) -> None:
        def fails() -> int:
            raise NvmlFault(15)

        sensor = Sensor(0)
        held = Publication(sensor.read(), 0)
        seen = await_publications({"lost": fails, "gpu": sensor.read}, {"lost": held, "gpu": held}, sensor.clock_ns)
        assert (len(seen["lost"]), len(seen["gpu"])) == (0, 2)

    def test_the_promptest_of_several_looks_counts(self) -> None:
        sensor = Sensor(0, steps_ns=(0, 30 * MS, 0, 30 * MS, 0, MS // 10))
        look = prompt_look(sensor.read, sensor.clock_ns)
        assert look.unsure_ns <= MS // 20

    def test_two_moments_tell_the_first_better_than_it_alone(self) -> None:
        # 100 ms after a poll that came 30 ms late, the next one was prompt: 200 W.
        late, prompt = Publication(0, 115 * MS, 15 * MS), Publication(20_000, 202 * MS, 1 * MS)
        beat = beat_of([late, prompt])
        assert (beat.first_ns / MS, beat.period_s, beat.power_mw) == near((102.0, 0.1, 200_000.0))

    def test_a_counter_of_another_period_has_its_own_beat(self) -> None:
        beat = beat_of([Publication(0, 40 * MS, MS), Publication(4_000, 60 * MS, MS)])
        assert (beat.first_ns / MS, beat.period_s, beat.power_mw) == near((40.0, 0.02, 200_000.0))


class TestCheck:
    @staticmethod
    def verdict(counted_w: float, shown_w: Sequence[float], observed_ratio: float = 1.0) -> str:
        check = PowerCheck()
        for second, power_w in enumerate(shown_w):
            check.add(second * NS_PER_S, round(second * counted_w * 1e3), round(power_w * 1e3))
        return check.verdict(observed_ratio)

    @pytest.mark.parametrize("counted_w", [195.0, 200.0, 208.0])
    def test_within_what_nvml_states_of_its_power_nothing_is_said(self, counted_w: float) -> None:
        assert self.verdict(counted_w, [200.0] * 60) == ""

    @pytest.mark.parametrize(("counted_w", "said"), [(114.0, "-43 %"), (260.0, "+30 %")])
    def test_a_counter_that_is_off_is_told(self, counted_w: float, said: str) -> None:
        verdict = self.verdict(counted_w, [200.0] * 60)
        assert said in verdict
        assert verdict.endswith("one of the two is wrong")

    def test_too_little_is_no_ground_for_a_verdict(self) -> None:
        assert self.verdict(114.0, [200.0] * 9) == ""

    def test_power_that_varies_is_allowed_the_error_of_its_mean(self) -> None:
        # 300 W for a fifth of the time: 108 W on average, of which 20 looks happened to see 132 W.
        assert self.verdict(108.0, ([300.0] * 3 + [60.0] * 7) * 2) == ""

    def test_a_part_time_sensor_may_be_in_step_with_the_load(self) -> None:
        assert "looks 25% of the time" in self.verdict(180.0, [300.0] * 30, observed_ratio=0.25)

    def test_a_restart_is_left_out(self) -> None:
        check = PowerCheck()
        for second in range(40):
            check.add(second * NS_PER_S, (second % 20) * 200_000, 200_000)
        assert check.verdict(1.0) == ""


def test_what_a_part_time_sensor_does_not_see_lies_between_idle_and_the_limit() -> None:
    channel = Channel("node-1", Domain.GPU, "GPU-1")
    meter = Meter(
        channel,
        "A100",
        "nvml.total_energy",
        Kind.COUNTER,
        1e-3,
        observed_ratio=0.25,
        power_floor_w=50,
        power_ceiling_w=440,
    )
    # 200 W over 10 s, of which a quarter was seen: 500 J and 7.5 s of anything from 50 to 440 W.
    assert meter.true_energy_j(2000.0, 10.0) == near((500.0 + 375.0, 500.0 + 3300.0))
