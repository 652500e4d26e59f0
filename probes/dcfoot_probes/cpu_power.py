"""What a processor is rated at: its TDP by name, and what is taken where the name tells nothing.

In comes the machine, out goes the power of all its processors at full load with the interval that the way deserves. The
names are those of codecarbon's table of 4,900 parts, which is read as a file: importing codecarbon costs seconds.
"""

import re
from collections.abc import Iterator
from math import exp, hypot, log
from pathlib import Path
from typing import NamedTuple

from dcfoot.measurement import Machine

TABLES = Path(__file__).parent / "data"

MODEL_GAIN_P5, MODEL_GAIN_P95, MODEL_RESULTS_COUNT = 0.27, 1.62, 608
"""True energy of a processor over rated power times load curve, from 608 SPECpower_ssj2008 results of 2016 to 2026, at
full load and at half of the time idle. The lower bound is the 5th percentile of the wall power less everything that is
not processor, the upper one the 95th percentile of the whole wall power (tests/probes/test_cpu_power.py derives
both)."""

MODEL_SOURCE = (
    "TDP: codecarbon's cpu_power.csv; load curve: Dell R830, R740, R640, R940 of 2016-2017 (SPECpower_ssj2008, whole "
    "servers at the wall); interval: 608 SPECpower_ssj2008 results of 2016-2026"
)


class WattsPerThread(NamedTuple):
    """Rated power of a thread, over the parts of a vendor [W]: what is taken for a part without a name."""

    central_w: float
    p5_w: float
    p95_w: float
    parts_count: int


WATTS_PER_THREAD = {
    "AuthenticAMD": WattsPerThread(2.19, 1.37, 5.00, 32),
    "GenuineIntel": WattsPerThread(3.47, 2.25, 6.25, 71),
    "": WattsPerThread(3.20, 1.56, 6.25, 103),
}
"""Median, 5th and 95th percentile of TDP over threads in ``data/server_cpus.csv``, parts of 2016 and later, by
``vendor_id``; the last for every other vendor."""


class RatedPower(NamedTuple):
    """Power of this machine's processors at full load, and how that is known.

    Parameters
    ----------
    power_w : float
        Of all of them together; in a virtual machine, of its threads [W].
    gain_p5, gain_p95 : float
        True energy over that of the model.
    how : str
        One clause for people.
    source : str
        Where the figures come from.
    """

    power_w: float
    gain_p5: float
    gain_p95: float
    how: str
    source: str


class ServerCpu(NamedTuple):
    """A row of ``server_cpus.csv``: threads of one package, and its rated power [W]."""

    threads_count: int
    tdp_w: float


def rated_power(machine: Machine, vendor_id: str) -> RatedPower:
    """The rated power of a machine's processors.

    On real hardware that is the part's TDP times the sockets; in a virtual machine, its threads' part of that. Where
    the name or the part's number of threads is not known, threads times the usual watts of a thread.

    Parameters
    ----------
    machine : Machine
        With `cpu_threads` known.
    vendor_id : str
        As cpuinfo gives it.
    """
    listed = server_cpu(machine.cpu_name or "")
    tdp = tdp_w(machine.cpu_name or "") or (listed.tdp_w if listed else None)
    threads = machine.cpu_threads or 1
    if tdp and not machine.virtual:
        sockets = machine.cpu_sockets or 1
        return RatedPower(tdp * sockets, MODEL_GAIN_P5, MODEL_GAIN_P95, f"{sockets} x TDP of {tdp:g} W", MODEL_SOURCE)
    if tdp and listed:
        how = f"{threads} of {listed.threads_count} threads of a TDP of {tdp:g} W"
        return RatedPower(tdp * threads / listed.threads_count, MODEL_GAIN_P5, MODEL_GAIN_P95, how, MODEL_SOURCE)
    return _by_threads(threads, WATTS_PER_THREAD.get(vendor_id, WATTS_PER_THREAD[""]))


def _by_threads(threads: int, usual: WattsPerThread) -> RatedPower:
    return RatedPower(
        threads * usual.central_w,
        _together(MODEL_GAIN_P5, usual.p5_w / usual.central_w),
        _together(MODEL_GAIN_P95, usual.p95_w / usual.central_w),
        f"{threads} threads of {usual.central_w:g} W, the part not being known",
        f"{MODEL_SOURCE}; watts per thread: {usual.parts_count} server processors (SPECpower_ssj2008, codecarbon)",
    )


def _together(one: float, other: float) -> float:
    """A percentile of the product of two independent factors, from the same percentile of each (log-normal)."""
    return exp((1 if one > 1 else -1) * hypot(log(one), log(other)))


def plain_name(name: str) -> str:
    """A processor's name without what vendors put around it: marks, clock, number of cores, graphics."""
    text = _MARKS.sub(" ", name.lower().split("@", maxsplit=1)[0])
    return " ".join(_GRAPHICS.split(text, maxsplit=1)[0].replace(",", " ").split()).replace(" -", "-")


_MARKS = re.compile(
    r"\((?:r|tm|c)\)|[®™]|\b(?:cpu|processor|apu|\d+th gen)\b"
    r"|\b(?:\d+|dual|triple|quad|four|six|eight|twelve|sixteen)-cores?\b"
)
_GRAPHICS = re.compile(r"\s(?:with|w/)\s")


def tdp_w(name: str) -> float | None:
    """The TDP of a part by its name as the kernel gives it, from codecarbon's table [W]; None where it has none."""
    plain = plain_name(name)
    token = _model_token(plain)
    table = _codecarbon_table()
    if table is None or not token:
        return None
    rows = [(plain_name(row).split(), watts) for row, watts in _rows_with(token, table)]
    words = plain.split()
    same = {watts for row, watts in rows if row == words}
    near = {watts for row, watts in rows if token in row and (set(row) <= set(words) or set(words) <= set(row))}
    found = same or near
    return found.pop() if len(found) == 1 else None


def _model_token(plain: str) -> str:
    """The word that tells one part from another: the last with at least three digits (``7742``, ``i7-8700k``)."""
    return next((word for word in reversed(plain.split()) if sum(map(str.isdigit, word)) >= 3), "")


def _rows_with(token: str, table: str) -> Iterator[tuple[str, float]]:
    """Name and TDP of each row that holds the token. The table is searched, not parsed: 0.1 ms instead of 30."""
    at = table.find(token)
    while at >= 0:
        end = table.find("\n", at) % (len(table) + 1)
        name, _, watts = table[table.rfind("\n", 0, at) + 1 : end].rpartition(",")
        if watts.strip().replace(".", "", 1).isdecimal():
            yield name.strip('"'), float(watts)
        at = table.find(token, end)


def _codecarbon_table() -> str | None:
    """The table of processors that codecarbon ships, in small letters; None where it is not there."""
    from importlib.util import find_spec

    spec = find_spec("codecarbon")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        try:
            return (Path(folder) / "data/hardware/cpu_power.csv").read_text(encoding="utf-8").lower()
        except OSError:
            continue
    return None


def server_cpu(name: str) -> ServerCpu | None:
    """A server processor by its name as the kernel gives it; None where the table has none."""
    plain = plain_name(name)
    for row in (TABLES / "server_cpus.csv").read_text(encoding="utf-8").splitlines()[1:]:
        listed, cores, threads_per_core, tdp, *_ = row.split(",")
        if listed == plain:
            return ServerCpu(int(cores) * int(threads_per_core), float(tdp))
    return None
