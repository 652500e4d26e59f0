"""What an idle GPU costs, by hand: 60 W for an hour is 0.06 kWh."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.counter import Outcome, Step
from dcfoot.reading import Channel, Domain
from dcfoot_probes.daemon.waste import Finding, Rates, Span, Waste, find_waste, span_of
from dcfoot_probes.daemon.words import Frame, Split, Unit, UnitKind
from simulated.near import near

JOB = frozenset({Unit(UnitKind.SLURM_JOB, "7")})
OTHER = frozenset({Unit(UnitKind.USER, "1000")})
NOON_NS = 1_790_000_000_000_000_000
MINUTE_NS = 60 * 1_000_000_000
RATES = Rates(g_per_kwh=500.0, l_per_kwh=2.0, price_per_kwh=0.25, currency="EUR")

IDLE = Span(0, 60.0, 60.0 * 60.0, 0.0, 300.0, 700.0)
WORKING = Span(0, 60.0, 600.0 * 60.0, 0.95, 1900.0, 700.0, users=JOB, allocated=JOB)
GIVEN = IDLE._replace(allocated=JOB)
HOLDING = IDLE._replace(users=JOB, sm_clock_mhz=1900.0)
SLOW = WORKING._replace(energy_j=200.0 * 60.0, sm_clock_mhz=900.0)


def day(*minutes: tuple[Span, int]) -> list[Span]:
    """So many minutes of each, one after the other from noon."""
    spans = [span for span, count in minutes for _ in range(count)]
    return [span._replace(utc_ns=NOON_NS + number * MINUTE_NS) for number, span in enumerate(spans)]


def found(*minutes: tuple[Span, int]) -> list[Finding]:
    return find_waste("GPU-1", day(*minutes), RATES)


def test_a_gpu_that_a_job_was_given_and_does_not_use_is_found_and_priced() -> None:
    [finding] = found((WORKING, 5), (GIVEN, 60), (WORKING, 5))
    assert (finding.kind, finding.device, finding.units) == (Waste.ALLOCATED_IDLE, "GPU-1", JOB)
    assert (finding.since_utc_ns, finding.until_utc_ns) == (NOON_NS + 5 * MINUTE_NS, NOON_NS + 65 * MINUTE_NS)
    assert (finding.energy_kwh, finding.carbon_g, finding.water_l) == (near(0.06), near(30.0), near(0.12))
    assert finding.cost == (near(0.015), "EUR")


@pytest.mark.parametrize(
    ("minutes", "kind"),
    [
        ([(HOLDING, 15)], Waste.HELD),
        ([(WORKING, 1), (HOLDING, 15)], Waste.STOPPED),
        # Who holds it now is not who computed before.
        ([(WORKING._replace(users=OTHER), 1), (HOLDING, 15)], Waste.HELD),
        ([(WORKING, 1), (SLOW, 15)], Waste.SLOW),
    ],
)
def test_each_kind_of_waste_is_told_from_the_others(minutes: Sequence[tuple[Span, int]], kind: Waste) -> None:
    assert [finding.kind for finding in found(*minutes)] == [kind]


@pytest.mark.parametrize(
    "minutes",
    [
        [(IDLE, 600)],  # nobody's
        [(WORKING, 600)],
        [(GIVEN, 14)],  # too short
        [(GIVEN, 14), (WORKING, 1), (GIVEN, 14)],
        [(WORKING, 1), (SLOW._replace(energy_j=690.0 * 60.0), 60)],  # held down by its power limit
        [(WORKING, 1), (SLOW._replace(utilisation_ratio=0.5), 60)],  # waits for data
        [(HOLDING._replace(utilisation_ratio=None), 60)],  # nothing is told
    ],
)
def test_what_is_no_waste_is_not_told(minutes: Sequence[tuple[Span, int]]) -> None:
    assert found(*minutes) == []


def test_a_break_ends_a_finding() -> None:
    spans = day((GIVEN, 30))
    assert [len(find_waste("GPU-1", part, RATES)) for part in (spans, spans[:10] + spans[20:])] == [1, 0]


def test_what_a_rate_is_not_known_for_is_not_known() -> None:
    [finding] = find_waste("GPU-1", day((GIVEN, 60)), Rates())
    assert (finding.energy_kwh, finding.carbon_g, finding.water_l, finding.cost) == (near(0.06), None, None, None)


@given(st.lists(st.tuples(st.sampled_from([IDLE, WORKING, GIVEN, HOLDING, SLOW]), st.integers(1, 40)), max_size=8))
def test_no_energy_is_wasted_twice(minutes: list[tuple[Span, int]]) -> None:
    findings = found(*minutes)
    assert (
        sum(finding.energy_kwh for finding in findings) * 3.6e6 <= sum(span.energy_j for span in day(*minutes)) + 1e-6
    )
    ends = [(finding.since_utc_ns, finding.until_utc_ns) for finding in findings]
    assert all(end <= start for (_, end), (start, _) in pairwise(ends))


def test_frames_of_a_minute_make_a_span() -> None:
    channel = Channel("box", Domain.GPU, "GPU-1")
    gauges = {"GPU-1": {"utilisation_ratio": 0.0, "sm_clock_mhz": 300.0, "power_limit_w": 700.0}}
    split = Split(dict.fromkeys(JOB, 1.0), 0.0, 0.0)
    first = Frame(NOON_NS, 1.0, {channel: Step(60.0, 1.0, 1.0, Outcome.STEP)}, {channel: split}, gauges, {})
    frames = [first, replace(first, utc_ns=NOON_NS + 1_000_000_000, gauges={}, splits={}, steps={})]
    expected = Span(NOON_NS - 1_000_000_000, 2.0, 60.0, 0.0, 300.0, 700.0, JOB, OTHER)
    assert span_of(frames, channel, OTHER) == expected
    assert span_of([], channel) is None
