"""From chips to the wall: what a node draws beside the chips that are metered.

What comes in is the mean power of chips and memory, what goes out is the power at the wall plug: regulators of the CPU,
fans, board, network cards, drives, and the loss of the power supply. The constants of a few classes of node stand in
``data/node_classes.csv``, each with its published source and interval; none was fitted to a machine of ours.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dcfoot.draws import Draws, Spread
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence, evidence_of, spread_of
from dcfoot.measurement import Machine
from dcfoot.tables import interval, rows


def psu_loss_w(output_w: float, rated_w: float, efficiencies: tuple[float, float, float]) -> float:
    """Loss of a power supply: two straight lines through its loss at 20, 50 and 100 % load, the first down to no load.

    Each certified efficiency e at load x is a loss of ``x (1/e - 1)`` of the rated power. The line through 20 and 50 %
    gives 90.8 % at 10 % load for an 80 PLUS Titanium supply, of which the programme asks 90 %.

    Source: CLEAResult, 80 PLUS certification levels.

    Parameters
    ----------
    output_w : float
        Power that the supply delivers, at least 0 [W]
    rated_w : float
        Rated output of all supplies that share the load; one that delivers more is rated for what it delivers [W]
    efficiencies : tuple of float
        Efficiency at 20, 50 and 100 % load, in 0..1 [-]
    """
    rated_w = max(rated_w, output_w)
    if rated_w <= 0.0:
        return 0.0
    load = output_w / rated_w
    at_20, at_50, at_100 = (x * (1 / e - 1) for x, e in zip((0.2, 0.5, 1.0), efficiencies, strict=True))
    low = at_50 + (load - 0.5) * (at_50 - at_20) / 0.3
    high = at_50 + (load - 0.5) * (at_100 - at_50) / 0.5
    return rated_w * max(low, high, 0.0)


@dataclass(frozen=True, slots=True)
class NodeParameters:
    """One set of constants of a node; a draw of each `Spread` of its class, or their central values.

    Parameters
    ----------
    fixed_w : float
        Board, drives, network and fans at rest, accelerators' share included [W].
    fan_ratio : float
        Fans, per watt of chips and memory [W/W].
    regulator_ratio : float
        Loss between the supply and the CPU packages, per watt of package [W/W].
    psu_rated_w : float
        Rated output of all supplies that share the load [W].
    psu_efficiencies : tuple of float
        At 20, 50 and 100 % load [-].
    dram_w : float
        Memory that has no meter [W].
    """

    fixed_w: float
    fan_ratio: float
    regulator_ratio: float
    psu_rated_w: float
    psu_efficiencies: tuple[float, float, float]
    dram_w: float = 0.0


def wall_power_w(chips_w: float, package_w: float, node: NodeParameters) -> float:
    """Power at the wall: chips, memory, regulators, fans and board, plus the supply's loss at that load.

    ``dc = (chips + dram) (1 + fans) + package x regulators + fixed``; ``wall = dc + loss(dc)``.

    Parameters
    ----------
    chips_w : float
        What the meters of accelerators, CPU packages and memory see together [W]
    package_w : float
        The CPU packages' part of it: an accelerator's power is taken before its own regulators, a package's after [W]
    node : NodeParameters
        The constants.
    """
    dc_w = (chips_w + node.dram_w) * (1 + node.fan_ratio) + package_w * node.regulator_ratio + node.fixed_w
    return dc_w + psu_loss_w(dc_w, node.psu_rated_w, node.psu_efficiencies)


@dataclass(frozen=True, slots=True)
class NodeClass:
    """A kind of node: each constant with its interval and what stands behind it.

    Parameters
    ----------
    id : str
        ``"laptop"``, ``"workstation"``, ``"server"`` or ``"server_8gpu"``.
    spreads : Mapping[str, Spread]
        By the constant's name, which ends in its unit.
    evidence : tuple of Evidence
        One entry a constant.
    """

    id: str
    spreads: Mapping[str, Spread]
    evidence: tuple[Evidence, ...]

    def parameters(
        self, machine: Machine, draws: Draws, *, dram_metered: bool, host_share: Spread | None = None
    ) -> list[NodeParameters]:
        """The central constants (first) and one set a draw.

        Parameters
        ----------
        machine : Machine
            Its number of accelerators and its memory.
        draws : Draws
            Streams named ``node.<class>.<constant>``.
        dram_metered : bool
            Whether a meter already sees the memory.
        host_share : Spread or None
            The part of board, fans and supplies that is this machine's, for a virtual one [-]; None for all of it.
            Accelerators that are handed through to it are its own.
        """

        def stream(name: str) -> list[float]:
            spread = self.spreads[name]
            key = "psu_efficiency" if name.startswith("psu_efficiency") else name
            return [spread.central, *draws.of(f"node.{self.id}.{key}", spread)]

        share = host_share or Spread.exact(1.0)
        shares = [share.central, *draws.of(f"node.{self.id}.host_share", share)]
        count = len(machine.accelerators)
        gib = 0.0 if dram_metered else machine.memory_gib or 0.0
        fixed, each, fans, regulators, rated, low, middle, full, dram = map(stream, _CONSTANTS)
        return [
            NodeParameters(s * f + count * e, fan, reg, s * watts, (e20, e50, e100), gib * d)
            for s, f, e, fan, reg, watts, e20, e50, e100, d in zip(
                shares, fixed, each, fans, regulators, rated, low, middle, full, dram, strict=True
            )
        ]


HOST_THREADS_COUNT = 256
"""Logical processors of a virtual machine's host, which it does not see: the median of two-socket servers (the source
and the interval stand in data/intervals.csv)."""


def virtual_host_share(machine: Machine) -> Spread:
    """The part of its host that a virtual machine carries: its threads over the host's, at most all of it [-]."""
    threads = machine.cpu_threads or HOST_THREADS_COUNT
    few, many = interval("virtual_host_threads")
    shares = [min(1.0, threads / (HOST_THREADS_COUNT * ratio)) for ratio in (1.0, many, few)]
    return Spread(*shares)


def virtual_host_evidence(machine: Machine) -> Evidence:
    """The line for a receipt's sources."""
    row = next(row for row in rows("intervals") if row["what"] == "virtual_host_threads")
    share = virtual_host_share(machine)
    note = f"{machine.cpu_threads or 'unknown'} threads; 5 - 95 % {share.p5:.3g} to {share.p95:.3g}"
    return replace(evidence_of(row, "node: part of the host", "p95"), value=share.central, note=note)


_CONSTANTS = (
    "fixed_w",
    "per_accelerator_w",
    "fan_ratio",
    "regulator_ratio",
    "psu_rated_w",
    "psu_efficiency_20_ratio",
    "psu_efficiency_50_ratio",
    "psu_efficiency_100_ratio",
    "dram_w_per_gib",
)


def node_class(name: str) -> NodeClass:
    """The class called `name`, from the shipped table.

    Raises
    ------
    ConfigError
        There is no such class; the message lists those that exist.
    """
    table = rows("node_classes")
    mine = [row for row in table if row["node_class"] == name]
    if not mine:
        known = ", ".join(sorted({row["node_class"] for row in table}))
        raise ConfigError(f"There is no node class {name!r}; there are: {known}.")
    spreads = {row["what"]: spread_of(row) for row in mine}
    evidence = tuple(evidence_of(row, f"node {name}: {row['what']}", "central") for row in mine)
    return NodeClass(name, spreads, evidence)


_DESKTOP_CPU = re.compile(r"core\(tm\)|core ultra|ryzen|xeon(\(r\))? w|pentium|celeron|athlon|apple")
"""Names of processors of desktops, laptops and workstations, in lower case; "core" alone is none of them, since AMD
writes "EPYC 7763 64-Core Processor"."""

_MOBILE_CPU = re.compile(
    r"i[3579]-\d{3,5}(u|y|h[kqx]?|p|g\d|m|[mx]m|mq|hf)\b"  # Core i7-8650U, i7-1165G7, i7-9750H
    r"|(ultra|core\(tm\)) \d \d{3}(u|v|hx?)\b"  # Core Ultra 7 155H, Core 5 120U
    r"|ryzen.* \d{4}(u|h[sx]?)\b|ryzen ai|apple"  # Ryzen 7 PRO 6850U, Ryzen 9 7940HS
)
"""Processors for laptops, in lower case, by the suffixes that Intel and AMD give them. The small machines that use them
too draw like a laptop."""

_BASEBOARD = re.compile(r"sxm|\b(h100|h200|h800|h20|b200|b300|gb200|gb300|mi250x?|mi3\d\d\w?|gaudi\d?|ascend 910\w?)\b")
"""Accelerators that sit on a baseboard with switches of their own (SXM, OAM), unless named PCIe or NVL."""

_BASEBOARD_COUNT = 4
"""The smallest baseboard: NVIDIA HGX comes with 4 or 8 GPUs."""


def guess_node_class(machine: Machine) -> NodeClass:
    """The class that `machine` most likely belongs to: by its accelerators first, then by its CPU's name.

    Four or more accelerators of a baseboard make an 8-GPU server (its fixed power is counted per accelerator); a
    mobile CPU makes a laptop, a desktop's a workstation; everything else, and what is not known, is a server.
    """
    if sum(map(_is_on_a_baseboard, machine.accelerators)) >= _BASEBOARD_COUNT:
        return node_class("server_8gpu")
    cpu = (machine.cpu_name or "").lower()
    if machine.virtual or (machine.cpu_sockets or 1) > 1 or not _DESKTOP_CPU.search(cpu):
        return node_class("server")
    return node_class("laptop" if _MOBILE_CPU.search(cpu) else "workstation")


def _is_on_a_baseboard(name: str) -> bool:
    wanted = name.lower()
    return bool(_BASEBOARD.search(wanted)) and not re.search("pcie|nvl", wanted)
