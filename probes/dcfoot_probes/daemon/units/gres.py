"""Which accelerator Slurm means by a number: by the order of gres.conf, or by what Slurm detects itself.

``SLURM_JOB_GPUS`` holds the indices of Slurm's records, not the numbers of files (gres_common.c of Slurm's
src/plugins/gres/common). Records stand in the order in which gres.conf names files. Those that AutoDetect finds stand
in the order of the bus, and with ``AutoDetect=nvidia``, which knows no links, in that of their files' names
(``_sort_gpu_by_links_order`` and ``_sort_gpu_by_file`` in src/plugins/gres/gpu/gres_gpu.c). All of them count devices
that sleep or have no meter too.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dcfoot_probes.nvidia.bus import gpus_on_bus
from dcfoot_probes.sysfs import text_of

CONFIGURATIONS = ("etc/slurm/gres.conf", "run/slurm/conf/gres.conf")
"""The administrator's file, and slurmd's copy of the controller's (gres.conf(5), "Configless Slurm")."""

NVIDIA_FILE = re.compile(r"/dev/nvidia(\d+)")
"""A device's file, which bears its minor number (NVIDIA driver README, "nvidia-modprobe")."""


def numbered(root: Path) -> Sequence[str]:
    """The UUID of each accelerator by Slurm's number, empty where it is not known.

    Parameters
    ----------
    root : Path
        Below it are ``etc``, ``run``, ``proc`` and ``sys``.
    """
    gpus = gpus_on_bus(root)
    bus = [gpu.uuid for gpu in gpus]
    try:
        lines = _of_this_node(root)
        files = [file for line in lines for file in _files_in(line)]
    except ValueError:  # a list that is none
        return bus
    detected = {line["autodetect"].lower() for line in lines if "autodetect" in line}
    if "off" in detected or (not detected and files):
        uuids = {gpu.minor: gpu.uuid for gpu in gpus}
        return [uuids.get(found[1], "") if found else "" for found in map(NVIDIA_FILE.fullmatch, files)]
    return [gpu.uuid for gpu in sorted(gpus, key=lambda gpu: gpu.minor)] if "nvidia" in detected else bus


def _of_this_node(root: Path) -> Sequence[Mapping[str, str]]:
    texts = (text_of(root / path) for path in CONFIGURATIONS)
    lines = _lines(next((text for text in texts if text), ""))
    host = (text_of(root / "proc/sys/kernel/hostname") or "").partition(".")[0]
    return [line for line in lines if "nodename" not in line or host in listed(line["nodename"])]


def _lines(text: str) -> Iterator[Mapping[str, str]]:
    """Each line's parameters, whose names have no case; a line may go on behind a backslash."""
    for line in text.replace("\\\n", " ").splitlines():
        pairs = (word.partition("=") for word in line.partition("#")[0].split())
        yield {name.lower(): value for name, _, value in pairs}


def _files_in(line: Mapping[str, str]) -> Iterator[str]:
    if line.get("name", "").lower() == "gpu":
        yield from listed(line.get("file", ""))
        yield from list(listed(line.get("multiplefiles", "")))[:1]  # together they are one


def listed(text: str) -> Iterator[str]:
    """The names that a host list stands for: ``gpu[08-10],x`` is gpu08, gpu09, gpu10 and x. Raises ValueError."""
    for one in filter(None, re.split(r",(?![^\[]*\])", text)):
        yield from _expanded(one)


def _expanded(text: str) -> Iterator[str]:
    head, bracket, rest = text.partition("[")
    ranges, end, tail = rest.partition("]")
    if bool(bracket) is not bool(end):
        raise ValueError(text)
    if not bracket:
        yield text
        return
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        for number in range(int(first), int(last or first) + 1):
            yield from (f"{head}{number:0{len(first)}}{rest}" for rest in _expanded(tail))
