"""Jobs come and go between scrapes: what Prometheus makes of the differences adds up to the meter, over any window."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcfoot.counter import Outcome, Step
from dcfoot_probes.daemon.totals import EARLY_S, Totals
from dcfoot_probes.daemon.words import Frame, Snapshot, Split, Unit, UnitKind
from dcfoot_probes.exporters.metrics import METRICS
from simulated.daemons import meter
from simulated.near import near
from simulated.peers import require_peer
from simulated.repository import ROOT
from simulated.snapshots import START_NS, snapshot

SHELL = snapshot()
"""What a daemon knows besides."""

GPU = meter("0")

PARTS = tuple(f"dcfoot_{whose}_energy_joules_total" for whose in ("job", "idle", "unattributed"))
METER = "dcfoot_energy_joules_total"
UNACCOUNTED = "dcfoot_unaccounted_energy_joules"

Scrape = Mapping[str, float]
"""By series: what a scrape saw."""


class Daemon:
    """What a daemon tells of one GPU that draws 300 W, as time goes by."""

    def __init__(self) -> None:
        self.totals = Totals()
        self.second = 0

    def pass_s(self, seconds: int, units: Mapping[Unit, float]) -> None:
        """Units have these parts of the GPU; half of what they leave is idle."""
        left = 1.0 - sum(units.values())
        split = Split(units, left / 2, left / 2)
        for _ in range(seconds):
            self.second += 1
            step = Step(300.0, 1.0, 1.0, Outcome.STEP)
            stamp_ns = START_NS + self.second * 1_000_000_000
            self.totals.add(Frame(stamp_ns, 1.0, {GPU.channel: step}, {GPU.channel: split}, {}, {}), {GPU.channel: GPU})

    def snapshot(self) -> Snapshot:
        channels, units = self.totals.now()
        return replace(SHELL, channels=channels, units=units)

    def scrape(self) -> Scrape:
        now = self.snapshot()
        return {
            series(metric.full_name, metric.labels, labels): value
            for metric in METRICS
            if metric.full_name in {METER, UNACCOUNTED, *PARTS}
            for labels, value in metric.samples(now)
        }


def series(name: str, labels: Sequence[str], values: Sequence[str]) -> str:
    told = ",".join(f'{label}="{value}"' for label, value in zip(("instance", *labels), ("a", *values), strict=True))
    return f"{name}{{{told}}}"


def increase_j(scrapes: Sequence[Scrape], *names: str) -> float:
    """As Prometheus adds up differences of each series, resets included, before it extrapolates them."""
    return sum(
        after[one] - (before[one] if before[one] <= after[one] else 0.0)
        for before, after in pairwise(scrapes)
        for one in after
        if one in before and one.startswith(names)
    )


LIVES = st.lists(
    st.tuples(
        st.sampled_from([1, 7, 30, 60, 61, 90, 200, 1000]),
        st.sampled_from(["7", "8", "1000", "1001"]),
        st.sampled_from([UnitKind.SLURM_JOB, UnitKind.CONTAINER, UnitKind.USER]),
        st.floats(0.0, 1.0),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=30, deadline=None)
@given(LIVES, st.integers(5, int(EARLY_S)), st.data())
def test_differences_of_jobs_idle_and_unattributed_are_the_meters_between_any_two_scrapes(
    lives: list[tuple[int, str, UnitKind, float]], every_s: int, data: st.DataObject
) -> None:
    daemon, scrapes = Daemon(), list[Scrape]()
    for life_s, name, kind, part in lives:
        for _ in range(life_s):
            daemon.pass_s(1, {Unit(kind, name): part, Unit(UnitKind.SERVICE, "ssh"): (1 - part) / 4})
            if daemon.second % every_s == 0:
                scrapes.append(daemon.scrape())
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(scrapes))] * 2)))
    window = scrapes[first:last]
    assert increase_j(window, *PARTS) == near(increase_j(window, METER), rel=1e-9, abs=1e-6)
    assert all(abs(value) < 1e-6 for one in scrapes for name, value in one.items() if name.startswith(UNACCOUNTED))


def test_a_job_is_counted_under_its_own_name_after_its_first_minute() -> None:
    daemon, job = Daemon(), Unit(UnitKind.SLURM_JOB, "7")
    daemon.pass_s(1, {})
    daemon.pass_s(200, {job: 0.5})
    told = daemon.scrape()
    # The first frame in which it is seen, and those of the minute since: 61 s at 150 W.
    ends = 'domain="gpu",device="0",basis="measured"}'
    assert told[f'dcfoot_job_energy_joules_total{{instance="a",kind="slurm_job",job="new",{ends}'] == near(61 * 150.0)
    assert told[f'dcfoot_job_energy_joules_total{{instance="a",kind="slurm_job",job="7",{ends}'] == near(139 * 150.0)


def test_no_number_of_a_user_is_told_and_the_sum_of_all_users_never_falls() -> None:
    daemon, sums_j = Daemon(), list[float]()
    for number in range(30):
        daemon.pass_s(200, {Unit(UnitKind.USER, str(1000 + number), user_id=1000 + number): 0.7})
        told = [one for one in daemon.scrape().items() if 'kind="user"' in one[0]]
        assert [name.partition('job="')[2].partition('"')[0] for name, _ in told] == ["new", "users"]
        sums_j.append(told[1][1])
    assert sums_j == near([(200 - 61) * 210.0 * (number + 1) for number in range(30)])


def one_after_another(life_s: int, hours: int, restart_s: int) -> Iterator[Scrape]:
    """Jobs with 80 % of the GPU, scraped every 15 s; the daemon is started anew in between."""
    daemon = Daemon()
    for second in range(0, hours * 3600, 15):
        if second == restart_s:
            daemon.totals = Totals()
        daemon.pass_s(15, {Unit(UnitKind.SLURM_JOB, str(second // life_s)): 0.8})
        yield daemon.scrape()


def values_of(scrapes: Sequence[Scrape]) -> Iterator[str]:
    """The series as promtool reads them; one that a scrape does not hold any more is stale, as in Prometheus."""
    for name in dict.fromkeys(name for one in scrapes for name in one):
        seen = [one.get(name) for one in scrapes]
        told = [
            "stale" if value is None and before is not None else "_" if value is None else repr(value)
            for before, value in zip([None, *seen], seen, strict=False)
        ]
        yield f"      - {{series: '{name}', values: \"{' '.join(told)}\"}}"


def ratio(window: str, *names: str) -> str:
    """What some counters grew by, over what the meter did."""
    grown = " + ".join(f"sum(increase({name}[{window}]))" for name in names)
    return f"({grown}) / sum(increase({METER}[{window}]))"


@pytest.mark.parametrize("life_s", [15, 60, 600, 2400])
def test_prometheus_and_the_alert_find_that_jobs_that_come_and_go_add_up(life_s: int, tmp_path: Path) -> None:
    scrapes = list(one_after_another(life_s, hours=3, restart_s=5400))
    # Prometheus extrapolates each series to the edges of a window by half a scrape, which 0.5 % has room for.
    told = [
        f"abs({ratio('1h', PARTS[0])} - 0.8) < bool 0.005",
        f"abs({ratio('1h', *PARTS)} - 1) < bool 0.005",
        f"abs({ratio('10m', *PARTS)} - 1) < bool 0.005",
        "abs(sum(dcfoot:unaccounted_ratio:rate5m)) < bool 1e-9",
        "abs(sum(dcfoot:job_power_watts:rate5m) - 240) < bool 1",
    ]
    asked = [(one, at) for one in told for at in (75, 85, 120, 150, 175)]
    (tmp_path / "asked.yml").write_text(asked_of(scrapes, asked))
    command = [str(require_peer("promtool")), "test", "rules", "asked.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def asked_of(scrapes: Sequence[Scrape], asked: Sequence[tuple[str, int]]) -> str:
    """A test of promtool's."""
    rules = [str(ROOT / "deploy/prometheus" / name) for name in ("rules.yml", "alerts.yml")]
    return "\n".join(
        [
            f"rule_files: {rules}",
            "evaluation_interval: 1m",
            "tests:",
            "  - interval: 15s",
            "    input_series:",
            *values_of(scrapes),
            "    promql_expr_test:",
            *(f"      - {{expr: '{one}', eval_time: {at}m, exp_samples: [{{value: 1}}]}}" for one, at in asked),
            "    alert_rule_test:",
            *(
                f"      - {{eval_time: {at}m, alertname: DcfootDoesNotAddUp, exp_alerts: []}}"
                for at in range(10, 180, 5)
            ),
        ]
    )
