"""dcfoot doctor: what it says of good, absent, broken and hanging probes, and what mends them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from time import monotonic_ns

import pytest

from dcfoot.cli import main
from dcfoot.cli.doctor import as_json, as_text
from dcfoot.doctor import Finding, accuracy_text, examine, metered_domains
from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.measurement import Machine
from dcfoot.probe import Probe, ProbeEntry, Surroundings
from dcfoot.reading import Basis, Channel, Domain, Kind, Meter, Reading


def meter(domain: Domain, kind: Kind = Kind.COUNTER, basis: Basis = Basis.MEASURED) -> Meter:
    channel = Channel("box", domain, f"{domain}-0", basis)
    return Meter(channel, f"{domain} of the box", "test.method", kind, 1e-6, gain_p5=0.905, gain_p95=1.064)


@dataclass
class Bench:
    """A meter on a bench that draws 100 W, counted in microjoules; or shows microwatts."""

    metered: Meter
    name: str = "bench"

    def open(self) -> Sequence[Meter]:
        return (self.metered,)

    def read(self) -> Sequence[Reading]:
        now_ns = monotonic_ns()
        value = now_ns // 10 if self.metered.kind is Kind.COUNTER else 100_000_000
        return (Reading(self.metered, value, now_ns),)

    def close(self) -> None:
        pass


class Locked(Bench):
    def open(self) -> Sequence[Meter]:
        raise ProbeUnavailable("the door is locked", "sudo open door\nsudo keep door open")


class Silent(Bench):
    def read(self) -> Sequence[Reading]:
        raise ProbeTransient("no answer today")


class Broken(Bench):
    def open(self) -> Sequence[Meter]:
        raise KeyError("libamd_smi.so")


class Hanging(Bench):
    released = Event()

    def open(self) -> Sequence[Meter]:
        self.released.wait()
        return ()


def entry(name: str, make: Callable[[], Probe]) -> ProbeEntry:
    return ProbeEntry(name, lambda: lambda _surroundings: make())


def finding_of(make: Callable[[], Probe]) -> Finding:
    (finding,) = examine(Surroundings(), [entry("bench", make)])
    return finding


@pytest.mark.parametrize("kind", [Kind.COUNTER, Kind.POWER, Kind.POWER_AVERAGE])
def test_a_meter_that_can_be_read_shows_its_power_now(kind: Kind) -> None:
    (found,) = finding_of(lambda: Bench(meter(Domain.GPU, kind))).meters
    assert found.power_now_w is not None
    assert 99.0 < found.power_now_w < 101.0
    assert (found.domain, found.method, found.basis) == ("gpu", "test.method", "measured")


def test_accuracy_is_told_as_how_far_the_truth_may_lie() -> None:
    # -9.5 to +6.4 %: the spread of boards in Yang et al. 2024, arXiv:2312.02741.
    assert accuracy_text(meter(Domain.GPU)) == "-9.5..+6.4 %"


def test_a_part_time_sensor_says_how_much_it_sees() -> None:
    channel = Channel("box", Domain.GPU, "0")
    part_time = Meter(channel, "", "", Kind.POWER, 1.0, gain_p5=0.9, gain_p95=1.1, observed_ratio=0.25)
    assert accuracy_text(part_time) == "-10..+10 %, sees 25 % of the time"


def test_an_accuracy_that_nobody_states_is_not_known() -> None:
    assert accuracy_text(Meter(Channel("box", Domain.GPU, "0"), "", "", Kind.POWER, 1.0)) == "not known"


def test_a_locked_meter_comes_with_the_commands_that_open_it() -> None:
    finding = finding_of(lambda: Locked(meter(Domain.PACKAGE)))
    assert (finding.available, finding.reason) == (False, "the door is locked")
    assert finding.remedy.splitlines() == ["sudo open door", "sudo keep door open"]


def test_a_meter_that_does_not_answer_is_found_without_a_reading() -> None:
    finding = finding_of(lambda: Silent(meter(Domain.PACKAGE)))
    assert finding.available
    assert finding.reason == "no answer today"
    assert finding.meters[0].power_now_w is None


def test_a_probe_that_breaks_is_a_finding_and_no_crash() -> None:
    finding = finding_of(lambda: Broken(meter(Domain.GPU)))
    assert (finding.available, finding.reason) == (False, "failed: KeyError: 'libamd_smi.so'")


def test_a_driver_that_hangs_is_a_finding_and_holds_nobody_up() -> None:
    good, hanging = examine(
        Surroundings(),
        [
            entry("good", lambda: Bench(meter(Domain.GPU))),
            entry("hanging", lambda: Hanging(meter(Domain.GPU))),
        ],
        patience_s=0.4,
    )
    Hanging.released.set()
    assert good.meters
    assert "did not answer within" in hanging.reason


def test_each_domain_goes_by_its_best_basis() -> None:
    findings = examine(
        Surroundings(),
        [
            entry("modelled", lambda: Bench(meter(Domain.PACKAGE, basis=Basis.MODELLED))),
            entry("measured", lambda: Bench(meter(Domain.PACKAGE))),
            entry("memory", lambda: Bench(meter(Domain.DRAM, basis=Basis.MODELLED))),
        ],
    )
    assert metered_domains(findings) == {"package": "measured", "dram": "modelled"}


def test_the_text_shows_each_meter_and_puts_what_can_be_mended_first() -> None:
    findings = examine(
        Surroundings(),
        [
            entry("absent", lambda: Broken(meter(Domain.GPU))),
            entry("locked", lambda: Locked(meter(Domain.PACKAGE))),
            entry("bench", lambda: Bench(meter(Domain.DRAM))),
        ],
    )
    lines = list(as_text(Machine("Xeon", 2, 8, 512.0, ("NVIDIA A100",)), findings))
    assert lines[0] == "Xeon; 2 x socket, 8 threads; 512 GiB; NVIDIA A100"
    assert any(line.startswith("dram of the box") and " W  -9.5..+6.4 %  " in line for line in lines)
    assert "1 of 1 accelerators cannot be metered." in lines
    locked, absent = (next(i for i, line in enumerate(lines) if name in line) for name in ("locked", "absent"))
    assert locked < absent
    assert lines[locked + 1].strip() == "$ sudo open door"


def test_the_columns_stand_under_each_other() -> None:
    findings = examine(Surroundings(), [entry("bench", partial(Bench, meter(domain))) for domain in list(Domain)[:4]])
    table = list(as_text(Machine(), findings))[2:7]
    assert len({line.index("test.method") for line in table[1:]} | {table[0].index("method")}) == 1


def test_json_holds_the_same_findings() -> None:
    findings = examine(Surroundings(), [entry("locked", lambda: Locked(meter(Domain.PACKAGE)))])
    document = json.loads(as_json(Machine("Xeon"), findings))
    assert document["schema"] == "dcfoot.doctor/1"
    assert document["machine"]["cpu_name"] == "Xeon"
    assert document["probes"][0]["remedy"] == "sudo open door\nsudo keep door open"


def test_the_command_examines_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["domains"]["package"] in {"measured", "modelled"}
    assert {probe["probe"] for probe in document["probes"]} >= {"rapl", "modelled_cpu"}


def test_a_machine_that_can_meter_nothing_has_exit_status_3(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A site directory without entry points, as where dcfoot's metadata is missing.
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    assert main(["doctor"]) == 3
    assert "Nothing can be metered or modelled here." in capsys.readouterr().out
