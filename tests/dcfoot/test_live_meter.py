"""A facility's present power, read from a file or an address, goes before the model, and never stops a receipt."""

import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dcfoot.account import receipt_of
from dcfoot.cli import main
from dcfoot.config import Settings
from dcfoot.errors import ConfigError, DataMissing
from dcfoot.measurement import Machine, Measurement, RunState
from dcfoot.reading import Domain
from dcfoot.receipt.contract import QuantityJson, ReceiptJson
from dcfoot.site import LiveMeter, Site
from dcfoot.site_file import read_sites
from dcfoot.sources.live_meter import live_hour
from simulated.measurements import energy, gpu, measurement
from simulated.near import near
from simulated.web_service import Reply, WebService, as_json

LEFT_OUT = "The facility's meters are left out."


def site_of(folder: Path, meter: str) -> Site:
    keys = f'country = "FR"\nclimate = "Paris"\ncooling = "water_chiller"\nmeter = {{{meter}}}\n'
    (folder / "sites.toml").write_text(f"[sites.lab]\n{keys}", encoding="utf-8")
    return read_sites(folder / "sites.toml")["lab"]


def run(ended_s_ago: float = 1.0, hours: float = 0.5) -> Measurement:
    channels = (energy(gpu(name, domain=of), 3.6e6, 1.0, 3600 * hours) for name, of in DEVICES.items())
    end = datetime.now(UTC) - timedelta(seconds=ended_s_ago)
    made = measurement("r-1", 3600 * hours, *channels)
    machine = Machine("AMD EPYC 7763", 1, 128, 256.0)
    start = end - timedelta(hours=hours)
    return replace(made, started_at=start, ended_at=end, state=RunState.COMPLETE, exit_status=0, machine=machine)


DEVICES = {"gpu-0": Domain.GPU, "package-0": Domain.PACKAGE}


def receipt_at(folder: Path, meter: str, made: Measurement | None = None) -> ReceiptJson:
    return receipt_of(made or run(), Settings(), site_of(folder, meter))


def pue(receipt: ReceiptJson) -> QuantityJson:
    known = receipt["footprint"]["pue"]
    assert known is not None
    return known


def left_out(receipt: ReceiptJson) -> str:
    """Why the reading is not used; the model then stands in its place."""
    assert pue(receipt)["basis"] == "modelled"
    (warning,) = [one for one in receipt["warnings"] if one.startswith(LEFT_OUT)]
    return warning


@pytest.fixture
def lines() -> Iterator[WebService]:
    body = (
        b"# HELP facility_power_w Power of the hall.\n# TYPE facility_power_w gauge\n"
        b'facility_power_w{hall="a, {1}"} 1.5e5\nit_power_kw 100\nother_total 3 1700000000000\n'
    )
    with WebService([Reply(body)]) as service:
        yield service


def test_the_present_pue_of_an_address_is_that_of_the_hour_up_to_it(tmp_path: Path) -> None:
    with WebService([as_json({"pue": 1.31, "time": datetime.now(UTC).isoformat()})]) as service:
        receipt = receipt_at(tmp_path, f'live = "{service.url}/pue?hall=a"')
    assert (service.asked[0].path, service.asked[0].parameters) == ("/pue", {"hall": "a"})
    assert (pue(receipt)["value"], pue(receipt)["basis"]) == (near(1.31), "measured")
    # Two meters of 1 % each, and 0.6 % for the hour that the moment stands for.
    doubt_ratio = (2 * 0.01**2 + 0.006**2) ** 0.5
    assert pue(receipt)["p95"] - pue(receipt)["value"] == near(1.31 * doubt_ratio, rel=0.05)
    sources = {source["what"]: source["source"] for source in receipt["sources"]}
    assert "the facility's live reading, 127.0.0.1" in sources["PUE at these hours, metered"]


def test_two_powers_in_lines_of_prometheus_make_a_pue(tmp_path: Path, lines: WebService) -> None:
    receipt = receipt_at(tmp_path, f'live = "{lines.url}/metrics"')
    assert (pue(receipt)["value"], pue(receipt)["basis"]) == (near(1.5), "measured")


def test_the_answer_of_prometheus_to_a_query_is_the_pue(tmp_path: Path) -> None:
    value = {"metric": {"hall": "a"}, "value": [time.time(), "1.27"]}
    answer = {"status": "success", "data": {"resultType": "vector", "result": [value]}}
    with WebService([as_json(answer)]) as service:
        receipt = receipt_at(tmp_path, f'live = "{service.url}/api/v1/query?query=pue"')
    assert service.asked[0].parameters == {"query": "pue"}
    assert pue(receipt)["value"] == near(1.27)


def test_a_file_counts_from_when_it_was_written(tmp_path: Path) -> None:
    reading = tmp_path / "pue.json"
    reading.write_text('{"facility_power_kw": 120, "it_power_kw": 100}')
    assert pue(receipt_at(tmp_path, 'live = "pue.json"'))["value"] == near(1.2)
    old_s = time.time() - 3600
    os.utime(reading, (old_s, old_s))
    assert "pue.json is stale: it is of" in left_out(receipt_at(tmp_path, 'live = "pue.json"'))


def test_behind_the_ups_the_loss_of_distribution_is_added(tmp_path: Path) -> None:
    (tmp_path / "pue.json").write_text('{"pue": 1.3}')
    # A large hall loses 1 % in distribution (Lei and Masanet's range is 0 to 2 %).
    assert pue(receipt_at(tmp_path, 'live = "pue.json", category = "PUE1"'))["value"] == near(1.3 * 1.01)


def test_of_a_longer_run_the_reading_is_the_last_hour_and_the_model_the_others(tmp_path: Path) -> None:
    (tmp_path / "pue.json").write_text('{"pue": 1.9}')
    modelled = pue(receipt_at(tmp_path, 'live = "nowhere.json"', run(hours=4.0)))["value"]
    mixed = pue(receipt_at(tmp_path, 'live = "pue.json"', run(hours=4.0)))
    assert (mixed["value"], mixed["basis"]) == (near((1.9 + 3 * modelled) / 4, rel=0.01), "modelled")


def test_of_a_run_that_ended_earlier_nobody_is_asked(tmp_path: Path, lines: WebService) -> None:
    receipt = receipt_at(tmp_path, f'live = "{lines.url}"', run(ended_s_ago=7200))
    assert "tells of the present hour, and this run ended before it" in left_out(receipt)
    assert not lines.asked


def test_while_the_job_goes_on_nobody_is_asked(tmp_path: Path, lines: WebService) -> None:
    receipt = receipt_at(tmp_path, f'live = "{lines.url}"', replace(run(), state=RunState.RUNNING))
    assert "is asked when the job has ended" in left_out(receipt)
    assert not lines.asked


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(status=404, body=b"no such page"), "answers HTTP 404: no such page"),
        (Reply(b"<html>sign in</html>"), "it tells none of these"),
        (Reply(b"{"), "neither JSON nor Prometheus' lines that make sense"),
        (Reply(b"\xff\xfe"), "it tells none of these"),
        (as_json({"pue": "high"}), "neither JSON nor Prometheus' lines that make sense"),
        (as_json({"pue": 1.2, "time": "2026-01-01T00:00"}), "neither JSON nor"),
        (as_json({"pue": 1.2, "time": "2026-01-01T00:00Z"}), "is stale: it is of 2026-01-01 00:00 UTC"),
        (as_json({"status": "success", "data": {"result": []}}), "neither JSON nor"),
        (as_json({"facility_power_kw": 120}), "it tells facility_power_kw"),
        (as_json({"facility_power_kw": 120, "it_power_kw": 0}), "above 0 of its IT equipment"),
        (as_json({"facility_power_kw": 100, "it_power_kw": 120}), "are the two meters exchanged"),
        (Reply(b'pue{hall="a"} 1.2\npue{hall="b"} 1.3\n'), "neither JSON nor"),
        (Reply(b"pue NaN\n"), "must tell `pue`"),
    ],
)
def test_what_is_no_reading_costs_a_warning_and_never_the_receipt(tmp_path: Path, reply: Reply, said: str) -> None:
    with WebService([reply]) as service:
        assert said in left_out(receipt_at(tmp_path, f'live = "{service.url}"'))


def test_an_address_where_nobody_listens_costs_a_warning(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening
        receipt = receipt_at(tmp_path, f'live = "http://user:secret@127.0.0.1:{taken.getsockname()[1]}/"')
    assert "127.0.0.1 cannot be reached" in left_out(receipt)
    assert "secret" not in json.dumps(receipt)


def test_nobody_waits_for_a_slow_facility() -> None:
    with WebService([replace(as_json({"pue": 1.2}), delay_s=2.5)]) as service:
        began_s = time.monotonic()
        with pytest.raises(DataMissing, match=r"did not answer within 0.2 s|cannot be reached"):
            live_hour(LiveMeter(service.url), datetime.now(UTC), 0.2)
        assert time.monotonic() - began_s < 2.0


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('live = "ftp://host/pue"', "live must be a file or begin with http:// or https://"),
        ('live = "http://"', "live must be a file or begin with http:// or https://"),
        ('live = "pue.json", file = "meters.csv"', "must be the name of a file, {file, category} or {live, category}"),
    ],
)
def test_faults_of_a_live_reading_are_told_with_their_line(tmp_path: Path, keys: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        site_of(tmp_path, keys)
    assert f"sites.toml:5: sites.lab.meter: {said}" in str(raised.value)


def test_the_page_of_a_site_shows_the_present_reading_or_why_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site_of(tmp_path, 'live = "pue.json"')
    monkeypatch.setenv("DCFOOT_SITES_FILE", str(tmp_path / "sites.toml"))
    assert main(["sites", "lab"]) == 0
    assert "Its live reading is not known." in capsys.readouterr().out
    (tmp_path / "pue.json").write_text('{"pue": 1.31}')
    assert main(["sites", "lab"]) == 0
    assert "Now a PUE of 1.310 (pue.json, PUE3," in capsys.readouterr().out
    assert main(["sites", "lab", "--json"]) == 0
    live = json.loads(capsys.readouterr().out)["live"]
    assert (live["pue"], live["fault"]) == (1.31, "")
