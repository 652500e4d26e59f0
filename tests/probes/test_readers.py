"""What exporters tell on published pages, over real HTTP: units, names, updates, gaps; and pages that mean harm."""

import gzip
import socket
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dcfoot.counter import Integral, Outcome, Step, integral_of
from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.ledger import EnergyLedger, total_j, worth_keeping
from dcfoot.reading import Channel, Domain, Kind, Meter, Reading
from dcfoot_probes.readers.page import LINE_BYTES, TIMEOUT_S, read_page
from dcfoot_probes.readers.reader import NAMES, Reader
from simulated.databases import free_port
from simulated.exporters import ADA, page
from simulated.near import near
from simulated.trees import Clock, PowercapTree, ProcTree, surroundings_of
from simulated.web_service import Asked, Reply, WebService

DCGM_ADA, DCGM_MIG = page("dcgm_ada"), page("dcgm_mig")
KEPLER_OLD, KEPLER_MODELLED = page("kepler_old"), page("kepler_modelled")
KEPLER_NEW, KEPLER_AGGREGATED = page("kepler_new"), page("kepler_aggregated")
SCAPHANDRE = page("scaphandre")


class Told:
    """An exporter whose page a test may change."""

    def __init__(self, page: str | bytes) -> None:
        self.page: str | bytes = page
        self.clock = Clock()
        self.url = ""

    def answer(self, asked: Asked) -> Reply:
        assert asked.path == "/metrics"
        text = self.page.encode() if isinstance(self.page, str) else self.page
        return Reply(text, headers={"Content-Type": "text/plain; version=0.0.4"})

    def reader(self, root: Path, alias: str = "") -> Reader:
        return Reader(surroundings_of(root, self.clock), f"{self.url}/metrics{alias}")


def heard(reader: Reader) -> Sequence[Reading]:
    """What it reads; nothing while the first update is awaited."""
    try:
        return reader.read()
    except ProbeTransient as transient:
        if "is awaited" in str(transient):
            return ()
        raise


@contextmanager
def telling(page: str) -> Generator[Told]:
    told = Told(page)
    with WebService(told.answer) as service:
        told.url = service.url
        yield told


def meters_of(root: Path, page: str) -> dict[str, Meter]:
    with telling(page) as told:
        return {meter.channel.device: meter for meter in told.reader(root).open()}


def dcgm(energy_mj: object, power_w: object = 300.0, host: str = 'Hostname="node"') -> str:
    labels = f'gpu="0",UUID="GPU-1",device="nvidia0",modelName="NVIDIA A100-SXM4-80GB",{host}'
    return (
        f"DCGM_FI_DEV_POWER_USAGE{{{labels}}} {power_w}\nDCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{{{labels}}} {energy_mj}\n"
    )


def test_a_gpu_is_known_by_its_uuid_and_counted_in_millijoules(tmp_path: Path) -> None:
    meter = meters_of(tmp_path, DCGM_ADA)[ADA]
    assert meter.channel == Channel("box", Domain.GPU, ADA)
    assert (meter.name, meter.method) == ("NVIDIA RTX 6000 Ada Generation", "dcgm_exporter.total_energy")
    assert (meter.kind, meter.unit, meter.relayed) == (Kind.COUNTER, 1e-3, True)
    # The gain is that of NVML's own counter; the sensor of this generation sees all of the time.
    assert (meter.gain_p5, meter.gain_p95, meter.observed_ratio) == (near(1 / 1.06363), near(1 / 0.905003), 1.0)


def test_what_nvml_reads_goes_before_what_dcgm_tells_of_the_same_device(tmp_path: Path) -> None:
    relayed = meters_of(tmp_path, DCGM_ADA)[ADA]
    direct = Meter(Channel("box", Domain.GPU, ADA), "NVIDIA RTX 6000 Ada", "nvml.total_energy", Kind.COUNTER, 1e-3)
    other = Meter(Channel("box", Domain.GPU, "GPU-other"), "another", "nvml.total_energy", Kind.COUNTER, 1e-3)
    assert worth_keeping([relayed, direct, other]) == [direct, other]
    assert worth_keeping([relayed, other]) == [other, relayed]


def test_a_counter_that_is_collected_every_30_s_gives_the_power_of_the_time_between_its_updates(tmp_path: Path) -> None:
    """A GPU at 400 W, then at 100 W: no step shows the 30-fold power of an update that comes in one second."""
    with telling("") as told:
        ledger, published_mj = EnergyLedger(), [0]
        steps: list[Step] = []
        told.page = dcgm(7_000_000)
        reader = told.reader(tmp_path)
        (meter,) = reader.open()
        ledger.open(meter)
        integral = integral_of(meter)
        for second in range(600):
            if second % 30 == 17:  # the exporter's own beat, which is nobody else's
                power_w = 400 if second < 300 else 100
                published_mj.append(published_mj[-1] + power_w * 30_000)
                told.page = dcgm(7_000_000 + published_mj[-1])
            for reading in heard(reader):
                ledger.add(reading)
                steps.append(integral.add(reading))
            told.clock.pass_s(1.0)
    (energy,) = ledger.energies()
    # From the first update that was seen, for it is not known what the value before it was of.
    assert energy.energy_j == near((published_mj[-1] - published_mj[1]) / 1000)
    assert energy.covered_s == near(30.0 * (len(published_mj) - 2), abs=5.0)
    assert {step.outcome for step in steps} == {Outcome.FIRST, Outcome.STEP}
    powers_w = [step.energy_j / step.covered_s for step in steps if step.covered_s]
    assert 400.0 * 30 / 25 >= max(powers_w) > 300.0


def test_until_the_first_update_there_is_no_reading_and_that_is_said(tmp_path: Path) -> None:
    with telling(dcgm(7_000_000)) as told:
        reader = told.reader(tmp_path)
        reader.open()
        with pytest.raises(ProbeTransient, match="its next update is awaited"):
            reader.read()
        told.clock.pass_s(5.0)
        told.page = dcgm(7_100_000)
        assert [reading.value for reading in reader.read()] == [7_100_000]


def test_a_gpu_in_mig_instances_is_one_meter_and_its_newest_count_is_taken(tmp_path: Path) -> None:
    with telling(DCGM_MIG) as told:
        reader = told.reader(tmp_path)
        assert [meter.channel.device for meter in reader.open()] == [
            "GPU-265c9814-6156-355b-e589-ff2064894f16",
            "GPU-2d20791a-b4a6-ba59-97f1-e95b99fe5b49",
        ]
        heard(reader)
        told.page = DCGM_MIG.replace("126272101025", "126272111111").replace("134473486744", "134473500000")
        told.clock.pass_s(5.0)
        assert [reading.value for reading in heard(reader)] == [126272111111, 134473500000]


BLANKS = [0x7FFFFFF0, 0x7FFFFFF2, 140737488355328.0, 140737488355330.0, 9223372036854775794, "NaN", "+Inf", -1, 0]


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_is_no_energy_and_power_takes_its_place(tmp_path: Path, blank: object) -> None:
    meter = meters_of(tmp_path, dcgm(blank))["GPU-1"]
    assert (meter.method, meter.kind) == ("dcgm_exporter.power_usage", Kind.POWER)


@pytest.mark.parametrize("blank", BLANKS[:-1])
def test_a_device_of_which_all_is_blank_is_not_metered(tmp_path: Path, blank: object) -> None:
    with telling(dcgm(blank, blank)) as told, pytest.raises(ProbeUnavailable, match="no energy"):
        told.reader(tmp_path).open()


def test_a_blank_in_the_midst_is_a_gap_that_the_counter_bridges(tmp_path: Path) -> None:
    with telling(dcgm(1_000_000)) as told:
        reader = told.reader(tmp_path)
        ledger = EnergyLedger()
        ledger.open(*reader.open())
        for energy_mj in (1_000_000, 2_000_000, 9223372036854775794, "NaN", 3_000_000):
            told.page = dcgm(energy_mj)
            for reading in heard(reader):
                ledger.add(reading)
            told.clock.pass_s(30.0)
    (energy,) = ledger.energies()
    assert (energy.energy_j, energy.covered_s) == (near(1000.0), near(90.0))


def test_power_every_30_s_is_integrated_and_told_to_be_rough(tmp_path: Path) -> None:
    with telling("") as told:
        told.page = dcgm(0, 250)
        reader = told.reader(tmp_path)
        ledger = EnergyLedger()
        (meter,) = reader.open()
        ledger.open(meter)
        for second in range(0, 300, 5):
            told.page = dcgm(0, 250 if second % 60 < 30 else 250.001)  # a sensor's last digit moves
            for reading in heard(reader):
                ledger.add(reading)
            told.clock.pass_s(5.0)
    (energy,) = ledger.energies()
    assert energy.energy_j == near(250.0 * energy.covered_s, rel=1e-5)
    assert energy.covered_s == near(240.0)
    assert (meter.gain_p5, meter.gain_p95) < (0.5, 2.3)
    assert meter.gain_p95 > 2.0


@pytest.mark.parametrize("host", ['Hostname="ed7e7a5e585f"', 'hostname="ed7e7a5e585f"', 'Hostname="box"', 'pod="x"'])
def test_at_this_machines_own_address_a_containers_name_is_this_machine(tmp_path: Path, host: str) -> None:
    meter = meters_of(tmp_path, dcgm(5_000, host=host))["GPU-1"]
    assert meter.channel.host == "box"


def elsewhere(told: Told) -> None:
    """The same server by a name that could be anybody's: inet_aton's short form of 127.0.0.1."""
    told.url = told.url.replace("127.0.0.1", "127.1")


@pytest.mark.parametrize("host", ['Hostname="gpu-9"', 'hostname="gpu-9.example.org"'])
def test_elsewhere_an_exporter_must_say_this_machines_name(tmp_path: Path, host: str) -> None:
    with telling(dcgm(5_000, host=host)) as told:
        elsewhere(told)
        with pytest.raises(ProbeUnavailable) as raised:
            told.reader(tmp_path).open()
        assert "gpu-9" in raised.value.reason
        assert "this one is called box" in raised.value.reason
        alias = raised.value.remedy.partition("#")[2].split()[0]
        (meter,) = told.reader(tmp_path, f"#{alias}").open()
        assert meter.channel.host == "box"
        for same in ('Hostname="box"', 'hostname="box.example.org"'):
            told.page = dcgm(5_000, host=same)
            assert len(told.reader(tmp_path).open()) == 1


def test_elsewhere_an_exporter_that_names_no_machine_must_be_said_to_be_this_one(tmp_path: Path) -> None:
    with telling(SCAPHANDRE) as told:
        elsewhere(told)
        with pytest.raises(ProbeUnavailable, match="does not tell of which machine"):
            told.reader(tmp_path).open()
        assert len(told.reader(tmp_path, "#box").open()) == 4


def test_a_page_of_another_machine_at_the_same_address_is_a_gap(tmp_path: Path) -> None:
    with telling(dcgm(5_000)) as told:
        reader = told.reader(tmp_path)
        reader.open()
        heard(reader)
        told.page = dcgm(900_000_000_000, host='Hostname="another"')
        told.clock.pass_s(5.0)
        assert list(heard(reader)) == []


def test_a_page_that_stays_the_same_is_a_fault_and_no_energy(tmp_path: Path) -> None:
    with telling(dcgm(5_000_000)) as told:
        reader = told.reader(tmp_path)
        ledger = EnergyLedger()
        ledger.open(*reader.open())
        heard(reader)
        told.page = dcgm(6_000_000)
        for _ in range(19):
            told.clock.pass_s(5.0)
            for reading in heard(reader):
                ledger.add(reading)
        told.clock.pass_s(5.0)
        with pytest.raises(ProbeTransient, match="has told the same for 95 s"):
            heard(reader)
        told.page = dcgm(7_000_000)
        told.clock.pass_s(5.0)
        for reading in heard(reader):
            ledger.add(reading)
    (energy,) = ledger.energies()
    assert (energy.energy_j, energy.covered_s) == (near(1_000.0), near(100.0))


def test_a_restarted_counter_gives_what_it_shows_since(tmp_path: Path) -> None:
    with telling(dcgm(5_000_000)) as told:
        reader = told.reader(tmp_path)
        ledger = EnergyLedger()
        ledger.open(*reader.open())
        for energy_mj in (5_000_000, 8_000_000, 11_000_000, 2_000_000):  # 300 W, then a driver that was reloaded
            told.page = dcgm(energy_mj)
            for reading in heard(reader):
                ledger.add(reading)
            told.clock.pass_s(10.0)
    (energy,) = ledger.energies()
    assert (energy.energy_j, energy.covered_s) == (near(5_000.0), near(10.0 + 2_000.0 / 300.0))


def energy_between(root: Path, before: str, after: str) -> dict[str, float]:
    """What each device used between two pages of an exporter that reads the hardware when it is asked."""
    with telling(before) as told:
        reader = told.reader(root)
        ledger = EnergyLedger()
        for meter in reader.open():
            ledger.open(meter)
        for text in (before, after):
            told.page = text
            for reading in heard(reader):
                ledger.add(reading)
            told.clock.pass_s(10.0)
    total_j(ledger.energies())  # raises where one lies inside another
    return {one.meter.channel.device: one.energy_j for one in ledger.energies()}


def test_scaphandre_is_its_sockets_and_their_memory_and_never_the_host_on_top(tmp_path: Path) -> None:
    after = SCAPHANDRE.replace("100000000", "105000000").replace("30000000", "32000000")
    found = energy_between(tmp_path, SCAPHANDRE, after)
    assert found == {"package-0": near(5.0), "package-1": 0.0, "dram-0": 0.0, "dram-1": near(2.0)}


def test_the_first_release_of_scaphandre_whose_helps_name_other_metrics_is_read_too(tmp_path: Path) -> None:
    assert list(meters_of(tmp_path, page("scaphandre_first"))) == ["package-0"]


def test_scaphandres_platform_is_taken_only_where_no_socket_is_told_of(tmp_path: Path) -> None:
    platform = "scaph_host_rapl_psys_microjoules 900000000\n"
    assert list(meters_of(tmp_path, platform)) == ["psys"]
    assert "psys" not in meters_of(tmp_path, SCAPHANDRE + platform)


def test_counters_that_scaphandre_hands_on_wrap_where_this_machines_do(tmp_path: Path) -> None:
    PowercapTree(tmp_path).zone("intel-rapl:0", "package-0", range_uj=1_000_000_000)
    meters = meters_of(tmp_path, SCAPHANDRE)
    assert (meters["package-0"].wrap_count, meters["package-1"].wrap_count) == (1_000_000_001, None)


def test_an_old_kepler_is_the_sum_of_its_two_modes(tmp_path: Path) -> None:
    (meter,) = meters_of(tmp_path, KEPLER_OLD).values()
    assert (meter.channel.device, meter.method, meter.wrap_count) == ("package-0", "kepler.joules", None)
    with telling(KEPLER_OLD) as told:
        reader = told.reader(tmp_path)
        reader.open()
        heard(reader)
        told.clock.pass_s(5.0)
        told.page = KEPLER_OLD.replace("151.503", "161.503").replace("55646.229", "55650.229")
        (reading,) = heard(reader)
    assert reading.value * meter.unit == near(161.503 + 55650.229)


@pytest.mark.parametrize(
    ("page", "told_why"),
    [(KEPLER_MODELLED, "Kepler models package"), (KEPLER_OLD.splitlines()[0] + "\n", "only a part of package-0")],
)
def test_what_kepler_models_or_tells_only_in_part_is_not_read(tmp_path: Path, page: str, told_why: str) -> None:
    with telling(page) as told:
        reader = told.reader(tmp_path)
        with pytest.raises(ProbeUnavailable, match="no energy"):
            reader.open()
        assert told_why in " ".join(reader.notes)


def test_a_new_kepler_is_its_package_and_memory_and_gpus_by_uuid(tmp_path: Path) -> None:
    ProcTree(tmp_path).cpuinfo("Intel(R) Xeon(R)")
    meters = meters_of(tmp_path, KEPLER_NEW)
    assert {device: (one.channel.domain, one.method) for device, one in meters.items()} == {
        "package-0": (Domain.PACKAGE, "kepler.joules"),
        "dram-0": (Domain.DRAM, "kepler.joules"),
        "GPU-0c7f": (Domain.GPU, "kepler.gpu_watts"),
    }
    assert (meters["package-0"].gain_p5, meters["package-0"].gain_p95) == (0.95, 1.05)


def test_kepler_packages_in_one_give_way_to_meters_of_each(tmp_path: Path) -> None:
    together = list(meters_of(tmp_path, KEPLER_AGGREGATED).values())
    apart = list(meters_of(tmp_path, SCAPHANDRE).values())
    assert [one.channel.device for one in together] == ["dram", "package"]
    assert worth_keeping(together) == together
    assert worth_keeping([*together, *apart]) == apart


def test_a_page_that_is_packed_is_unpacked(tmp_path: Path) -> None:
    def packed(asked: Asked) -> Reply:
        assert "gzip" in asked.headers["accept-encoding"]
        return Reply(gzip.compress(SCAPHANDRE.encode()), headers={"Content-Encoding": "gzip"})

    with WebService(packed) as service:
        assert len(Reader(surroundings_of(tmp_path), f"{service.url}/metrics").open()) == 4


def never_ending_line() -> Reply:
    return Reply(b"scaph_socket_energy_microjoules" + b"x" * 2 * LINE_BYTES)


def bomb() -> Reply:
    return Reply(gzip.compress(bytes(200 * 1024 * 1024)), headers={"Content-Encoding": "gzip"})


def torn() -> Reply:
    return Reply(gzip.compress(SCAPHANDRE.encode())[:40], headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize(
    "reply",
    [
        bomb,
        lambda: Reply(b"not gzip", headers={"Content-Encoding": "gzip"}),
        lambda: Reply(b"", 500),
        lambda: Reply(b"", 302, {"Location": "http://127.0.0.1:1/"}),
        lambda: Reply(SCAPHANDRE.encode(), delay_s=TIMEOUT_S + 1.0),
    ],
)
def test_a_page_that_cannot_be_read_is_a_fault_of_this_time(tmp_path: Path, reply: Callable[[], Reply]) -> None:
    with WebService([reply()]) as service, pytest.raises(ProbeTransient, match="cannot be read"):
        Reader(surroundings_of(tmp_path), f"{service.url}/metrics").open()


@pytest.mark.parametrize(
    "page", [torn(), never_ending_line(), Reply(b"<html>hello</html>\n"), Reply(b"\xff\xfe\x00\n"), Reply()]
)
def test_a_page_of_something_else_tells_of_no_energy(tmp_path: Path, page: Reply) -> None:
    with WebService([page]) as service, pytest.raises(ProbeUnavailable, match="no energy that is known"):
        Reader(surroundings_of(tmp_path), f"{service.url}/metrics").open()


def test_a_label_without_measure_is_passed_over_and_the_other_meters_are_read(tmp_path: Path) -> None:
    endless = "x" * 100_000
    power = 'DCGM_FI_DEV_POWER_USAGE{UUID="GPU-2",modelName="%s"} 300\n'
    pod = dcgm(1).replace('gpu="0"', f'pod="{endless}"')
    assert meters_of(tmp_path, pod + dcgm(7_000_000))["GPU-1"].name == "NVIDIA A100-SXM4-80GB"
    assert list(meters_of(tmp_path, dcgm(7_000_000) + power % endless)) == ["GPU-1"]
    long_name = meters_of(tmp_path, dcgm(7_000_000) + power % endless[:2_000])
    assert long_name["GPU-2"].name == "GPU-2"


def test_a_number_that_was_cut_off_is_not_read(tmp_path: Path) -> None:
    cut = SCAPHANDRE[: SCAPHANDRE.index('"1"} 200000000') + len('"1"} 2000')]
    assert list(meters_of(tmp_path, cut)) == ["package-0"]


def test_a_server_that_drips_is_left_in_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                while not ended.wait(0.1):
                    connection.sendall(b"#")

        thread = threading.Thread(target=drip)
        thread.start()
        began_s = monotonic()
        with pytest.raises(ProbeTransient, match="too long"):
            Reader(surroundings_of(tmp_path), f"http://127.0.0.1:{server.getsockname()[1]}/").open()
        took_s = monotonic() - began_s
        ended.set()
        thread.join()
    assert took_s < TIMEOUT_S + 1.0


def test_an_exporter_that_is_not_there_is_a_fault_of_this_time(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/metrics"
    with pytest.raises(ProbeTransient, match=f"{url} cannot be read: .*refused"):
        Reader(surroundings_of(tmp_path), url).open()


def test_without_an_address_it_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(ProbeUnavailable) as raised:
        Reader(surroundings_of(tmp_path)).open()
    assert "DCFOOT_READ=" in raised.value.remedy


NAMES_OF_METRICS = st.sampled_from(
    [
        *NAMES,
        *("node_rapl_package_joules_total", "node_rapl_package_0_die_1_joules_total", "node_rapl_dram_joules_total"),
        *("node_hwmon_power_average_watt", "scaph_socket_energy_microjoules", "scaph_domain_energy_microjoules"),
    ]
)
LABELS = st.dictionaries(
    st.sampled_from(
        [
            *("UUID", "uuid", "Hostname", "modelName", "zone", "path", "package", "mode", "source", "index", "chip"),
            *("chip_name", "socket_id", "domain_name", "gpu_uuid", "node_name"),
        ]
    ),
    st.sampled_from(["0", "package", "dram", "idle", "dynamic", "rapl-sysfs", "amdgpu", "0000:00:08_1_0000:c4:00_0"])
    | st.sampled_from(["acpi000d:00", "intel-rapl:0", "intel-rapl:", ":::", "/", "aggregated-", ""])
    | st.text(max_size=8).map(lambda text: text.replace("\n", "").replace('"', "").replace("\\", "")),
    max_size=4,
)
VALUES = st.floats(allow_nan=True).map(repr) | st.integers().map(str) | st.text(max_size=6)


def line(name: str, labels: Mapping[str, str], value: str) -> str:
    told = ",".join(f'{key}="{text}"' for key, text in labels.items())
    return f"{name}{{{told}}} {value}"


LINES = st.builds(line, NAMES_OF_METRICS, LABELS, VALUES)
PAGES = st.lists(LINES | st.text(max_size=60), max_size=8).map("\n".join).map(lambda text: f"{text}\n".encode())


@pytest.fixture(scope="module")
def anything() -> Generator[Told]:
    with telling("") as told:
        yield told


@given(pages=st.lists(PAGES | st.binary(max_size=200), min_size=2, max_size=4))
@example(pages=[b'DCGM_FI_DEV_POWER_USAGE{UUID="x"} 1e308\n'] * 2)
@example(pages=[b'kepler_node_cpu_joules_total{zone="package",path="aggregated-package"} 1e300\n'] * 2)
def test_whatever_a_page_says_nothing_is_raised_and_no_energy_is_negative(anything: Told, pages: list[bytes]) -> None:
    reader = anything.reader(Path("/nowhere"))
    integrals: dict[int, tuple[Meter, Integral]] = {}
    for text in pages:
        anything.clock.pass_s(30.0)
        anything.page = text
        for reading in heard(reader):
            assert reading.value >= 0
            meter, integral = integrals.setdefault(id(reading.meter), (reading.meter, integral_of(reading.meter)))
            step = integral.add(reading)
            assert 0.0 <= step.energy_j <= meter.power_max_w * 30.0 * len(pages)
            assert 0.0 <= step.covered_s <= 30.0 * len(pages)


def pieces(page: bytes, cuts: Sequence[int]) -> Sequence[bytes]:
    """The page in pieces of these lengths, as the network might bring it."""
    parts: list[bytes] = []
    for cut in cuts:
        parts.append(page[:cut])
        page = page[cut:]
    return [*parts, page]


@given(page=PAGES, cuts=st.lists(st.integers(0, 40)))
def test_how_the_network_cuts_a_page_changes_nothing(page: bytes, cuts: Sequence[int]) -> None:
    whole, cut = read_page([page], NAMES), read_page(pieces(page, cuts), NAMES)
    assert repr(whole) == repr(cut)  # not a number is not itself
