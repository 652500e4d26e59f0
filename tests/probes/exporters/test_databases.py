"""A real Prometheus and a real VictoriaMetrics: scraped and written to, they answer with what the snapshot holds."""

import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from dcfoot_probes.daemon.words import Snapshot
from dcfoot_probes.exporters import remote_write
from dcfoot_probes.exporters.push import Push, Target
from simulated.databases import Database, Series, prometheus, until, victoria_metrics
from simulated.near import near
from simulated.serving import Told, serving
from simulated.snapshots import HOST, snapshot

Start = Callable[[Path, int | None], AbstractContextManager[Database]]

KINDS: dict[str, Start] = {"prometheus": prometheus, "victoria-metrics": victoria_metrics}

JOBS = "sum by (domain, device) (dcfoot_job_energy_joules_total)"


@pytest.fixture(scope="module")
def told() -> Generator[Told]:
    """A daemon's server whose last frame is of now, for a database takes nothing else."""
    with serving(current()) as server:
        yield server


def current() -> Snapshot:
    known = snapshot()
    return replace(known, utc_ns=time.time_ns(), started_utc_ns=time.time_ns() - 3_600_000_000_000)


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.peer(name)) for name in KINDS])
def database(
    request: pytest.FixtureRequest, told: Told, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Database]:
    """One that scrapes the server."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp(request.param)
        yield stack.enter_context(KINDS[request.param](folder, told.port))


def values(found: Series, *labels: str) -> dict[tuple[str, ...], float]:
    return {tuple(dict(one).get(label, "") for label in labels): value for one, value in found.items()}


def meters() -> dict[tuple[str, ...], float]:
    return {(str(one.meter.channel.domain), one.meter.channel.device): one.energy_j for one in snapshot().channels}


def test_it_scrapes_the_daemon_and_answers_with_the_same_values(database: Database) -> None:
    found = values(database.wait("dcfoot_energy_joules_total", more_than=5), "domain", "device")
    assert found == near(meters())
    assert set(database.query("up").values()) == {1.0}


def test_the_label_job_is_that_of_the_unit(database: Database) -> None:
    found = values(database.wait("dcfoot_job_power_watts"), "kind", "job")
    assert {job for _, job in found} == {one.unit.id for one in snapshot().units}


def test_jobs_idle_and_unattributed_add_up_to_the_meter_in_a_query(database: Database) -> None:
    rest = "dcfoot_idle_energy_joules_total + dcfoot_unattributed_energy_joules_total"
    database.wait("dcfoot_job_energy_joules_total", more_than=17)
    missing = f"sum by (domain, device) (dcfoot_energy_joules_total - ({rest})) - {JOBS}"
    found = database.query(missing)
    assert len(found) == 6
    assert all(abs(value) < 1e-6 for value in found.values())


def test_what_is_written_to_it_comes_back_with_the_same_values_and_stamps(database: Database) -> None:
    other = replace(current(), host="another-host")
    Target(f"{database.url}/api/v1/write", remote_write.body_of, remote_write.HEADERS).send(other)
    expression = 'dcfoot_energy_joules_total{instance="another-host"}'
    at_s = other.utc_ns // 1_000_000 / 1000
    assert values(database.wait(expression, at_s, more_than=5), "domain", "device") == near(meters())
    (seen,) = database.query('timestamp(dcfoot_last_reading_timestamp_seconds{instance="another-host"})', at_s).values()
    assert seen == near(at_s, abs=1e-3)


def test_a_push_goes_on_until_it_is_stopped(database: Database) -> None:
    target = Target(f"{database.url}/api/v1/write", remote_write.body_of, remote_write.HEADERS, period_s=0.2)
    push = Push(target, lambda: replace(current(), host="pushed"))
    push.start()
    try:
        found = database.wait('changes(dcfoot_last_reading_timestamp_seconds{instance="pushed"}[1m]) > 1')
    finally:
        push.stop()
    assert len(found) == 1
    assert (push.failures, push.said) == (0, "")


def test_a_server_that_is_away_is_told_of_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    tried = Event()

    def known() -> Snapshot:
        tried.set()
        return replace(snapshot(), host=HOST)

    push = Push(Target("http://127.0.0.1:9/", remote_write.body_of, period_s=0.01), known)
    push.start()
    until(lambda: push.failures > 2, "three tries")
    push.stop()
    assert tried.is_set()
    assert "refused" in push.said
    assert [record.message for record in caplog.records] == [
        "http://127.0.0.1:9/ does not take the metrics: <urlopen error [Errno 111] Connection refused>"
    ]
