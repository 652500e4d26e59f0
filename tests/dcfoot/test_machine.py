"""What the machine is made of, read from trees in the shape of sysfs and procfs."""

from pathlib import Path
from time import thread_time

import pytest

from dcfoot.machine import describe_machine, numbers_in
from dcfoot.probe import Surroundings
from simulated.trees import PciTree, ProcTree, surroundings_of, write

PCI_IDS = """# The PCI ID repository, a few lines of it
1002  Advanced Micro Devices, Inc. [AMD/ATI]
\t740f  Aldebaran/MI200 [Instinct MI210]
10de  NVIDIA Corporation
\t20b2  GA100 [A100 SXM4 80GB]
\t2330  GH100 [H100 SXM5 80GB]
\t\t10de 16c1  a board
14e4  Broadcom Inc.
\t2684  not an NVIDIA card
"""


def server(root: Path) -> Path:
    """Two Xeons, 512 GiB, a console chip, and a PCI bus."""
    proc = ProcTree(root)
    proc.cpuinfo("Intel(R) Xeon(R) Platinum 8480+", processors=4)
    proc.topology(sockets=2, threads=8)
    proc.meminfo(512)
    PciTree(root).device("0000:02:00.0", "1a03", "2000", "030000")
    return root


def test_a_server_is_described_from_its_files(tmp_path: Path) -> None:
    machine = describe_machine(surroundings_of(server(tmp_path)))
    assert (machine.cpu_name, machine.cpu_sockets, machine.cpu_threads, machine.memory_gib, machine.virtual) == (
        "Intel(R) Xeon(R) Platinum 8480+",
        2,
        8,
        512.0,
        False,
    )
    assert machine.accelerators == ()
    assert machine.accelerators_known


def test_accelerators_are_named_by_the_pci_repository_and_consoles_and_sound_are_none(tmp_path: Path) -> None:
    server(tmp_path)
    write(tmp_path / "usr/share/misc/pci.ids", PCI_IDS)
    bus = PciTree(tmp_path)
    bus.device("0000:8a:00.0", "10de", "2330", "030200")
    bus.device("0000:17:00.0", "10de", "20b2", "030200")
    bus.device("0000:17:00.1", "10de", "1aef", "040300")
    bus.device("0000:c1:00.0", "1002", "740f", "038000")
    bus.device("0000:c5:00.0", "10de", "2684", "030200")
    assert describe_machine(surroundings_of(tmp_path)).accelerators == (
        "NVIDIA A100 SXM4 80GB",
        "NVIDIA H100 SXM5 80GB",
        "AMD Instinct MI210",
        "NVIDIA accelerator 10de:2684",
    )


def test_the_drivers_own_name_comes_first(tmp_path: Path) -> None:
    server(tmp_path)
    PciTree(tmp_path).device("0000:17:00.0", "10de", "20b2", "030200")
    write(tmp_path / "proc/driver/nvidia/gpus/0000:17:00.0/information", "Model: \t\t NVIDIA A100-SXM4-80GB\nIRQ: 1")
    folder = PciTree(tmp_path).device("0000:c1:00.0", "1002", "74a1", "120000")
    write(folder / "product_name", "AMD Instinct MI300X")
    assert describe_machine(surroundings_of(tmp_path)).accelerators == ("NVIDIA A100-SXM4-80GB", "AMD Instinct MI300X")


@pytest.mark.parametrize(
    ("address", "vendor", "device"), [("0000:00:02.0", "8086", "a780"), ("0000:09:00.0", "1002", "164e")]
)
def test_graphics_inside_the_processor_are_no_accelerator(
    tmp_path: Path, address: str, vendor: str, device: str
) -> None:
    server(tmp_path)
    PciTree(tmp_path).device(address, vendor, device, "030000")
    assert describe_machine(surroundings_of(tmp_path)).accelerators == ()


def test_a_bus_that_cannot_be_listed_is_not_a_machine_without_accelerators(tmp_path: Path) -> None:
    ProcTree(tmp_path).cpuinfo("AMD EPYC")
    assert not describe_machine(surroundings_of(tmp_path)).accelerators_known
    (tmp_path / "sys/bus/platform").mkdir(parents=True)
    assert describe_machine(surroundings_of(tmp_path)).accelerators_known


@pytest.mark.parametrize(("flags", "virtual"), [("fpu hypervisor avx", True), ("fpu avx", False)])
def test_the_processor_tells_whether_it_is_a_virtual_one(tmp_path: Path, flags: str, virtual: bool) -> None:
    ProcTree(tmp_path).cpuinfo("AMD EPYC", flags=flags)
    # An EC2 metal instance has the same DMI vendor as a virtual one: on x86 the processor decides.
    write(tmp_path / "sys/class/dmi/id/product_name", "KVM")
    assert describe_machine(surroundings_of(tmp_path)).virtual is virtual


def test_an_arm_processor_is_named_by_its_codes_and_virtual_by_its_board(tmp_path: Path) -> None:
    write(tmp_path / "proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd4f\nFeatures\t: fp")
    write(tmp_path / "sys/class/dmi/id/product_name", "KVM Virtual Machine")
    machine = describe_machine(surroundings_of(tmp_path))
    assert (machine.cpu_name, machine.virtual) == ("Arm Neoverse-V2", True)


def test_what_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    machine = describe_machine(surroundings_of(tmp_path))
    assert (machine.cpu_name, machine.cpu_sockets, machine.cpu_threads, machine.memory_gib) == (None, None, None, None)


def test_threads_are_counted_from_the_load_where_sysfs_is_hidden(tmp_path: Path) -> None:
    ProcTree(tmp_path).stat(1, 1, processors=6)
    assert describe_machine(surroundings_of(tmp_path)).cpu_threads == 6


def test_the_kernels_lists_of_numbers_are_read() -> None:
    assert list(numbers_in("0-2,7,10-11")) == [0, 1, 2, 7, 10, 11]
    assert list(numbers_in("")) == []


def test_a_large_server_is_described_in_milliseconds(tmp_path: Path) -> None:
    server(tmp_path)
    ProcTree(tmp_path).topology(sockets=2, threads=256)
    for number in range(200):
        PciTree(tmp_path).device(f"0000:{number:02x}:00.0", "8086", "1234", "060400")
    took_s: list[float] = []
    for _ in range(10):
        began_s = thread_time()
        describe_machine(surroundings_of(tmp_path))
        took_s.append(thread_time() - began_s)
    assert min(took_s) < 0.03


def test_this_machine_is_described() -> None:
    machine = describe_machine(Surroundings())
    assert machine.cpu_threads
    assert machine.memory_gib
