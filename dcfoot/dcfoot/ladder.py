"""The boundary ladder: from metered channels to the energy of accelerators, host and node, each with its draws.

What comes in is a `Measurement`, what goes out is an `Energy` for each rung, or None where a rung is not known. Rungs
are cumulative: the node contains the host, the host contains the accelerators.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from dcfoot.calibration import Calibration
from dcfoot.draws import Draws, Spread
from dcfoot.measurement import ChannelEnergy, Machine, Measurement
from dcfoot.node import NodeClass, virtual_host_share, wall_power_w
from dcfoot.reading import Basis, Domain


@dataclass(frozen=True, slots=True)
class Energy:
    """An energy that is not exactly known.

    Parameters
    ----------
    value_j : float
        The central value [J].
    draws_j : Sequence[float]
        What it may be, one a draw [J].
    basis : Basis
        The worst of what went in.
    """

    value_j: float
    draws_j: Sequence[float]
    basis: Basis

    def plus(self, other: "Energy") -> "Energy":
        """The sum, draw by draw."""
        draws = [a + b for a, b in zip(self.draws_j, other.draws_j, strict=True)]
        return Energy(self.value_j + other.value_j, draws, Basis.worst(self.basis, other.basis))

    def at_least(self, other: "Energy") -> "Energy":
        """The larger of the two, draw by draw; the basis is the worse one where the other's value is taken."""
        return self._limited(other, max)

    def at_most(self, other: "Energy") -> "Energy":
        """The smaller of the two, draw by draw; the basis is the worse one where the other's value is taken."""
        return self._limited(other, min)

    def _limited(self, other: "Energy", choose: Callable[[float, float], float]) -> "Energy":
        draws = [choose(a, b) for a, b in zip(self.draws_j, other.draws_j, strict=True)]
        value_j = choose(self.value_j, other.value_j)
        return Energy(value_j, draws, self.basis if value_j == self.value_j else Basis.worst(self.basis, other.basis))


def total(energies: Iterable[Energy], count: int) -> Energy:
    """The sum of `energies`; exactly 0 J, measured, for none."""
    summed = Energy(0.0, [0.0] * count, Basis.MEASURED)
    for energy in energies:
        summed = summed.plus(energy)
    return summed


@dataclass(frozen=True, slots=True)
class Ladder:
    """The energy of each rung up to the wall; None is "not known".

    Parameters
    ----------
    accelerator, host, node : Energy or None
        Cumulative.
    notes : dict
        By rung: what the reader must know of it.
    warnings : tuple of str
        What is wrong or missing.
    """

    accelerator: Energy | None
    host: Energy | None
    node: Energy | None
    notes: dict[str, str]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Approach:
    """How the ladder is to be climbed.

    Parameters
    ----------
    draws : Draws
        The streams of the run.
    whole_node : bool
        Whether to count what the meters saw, not the run's share of it.
    node_class : NodeClass
        For a node without a meter at the wall.
    calibration : Calibration or None
        A fit to this host's wall meter; it takes the place of the class.
    """

    draws: Draws
    whole_node: bool
    node_class: NodeClass
    calibration: Calibration | None


def true_energy(channel: ChannelEnergy, duration_s: float, *, as_read: bool = False) -> Spread:
    """What the meter of `channel` should have seen, the gaps of the run included in the upper bound [J].

    The central value is what the meter said; the interval is the meter's own. In time that is not covered the mean
    power may have gone on: that widens the upper bound and is not extrapolated into the central value.

    Parameters
    ----------
    channel : ChannelEnergy
        With `covered_s` > 0.
    duration_s : float
        The run's duration [s].
    as_read : bool
        Leaves the meter's own interval out: for what was fitted to the same meter's readings, its error is in the fit.
    """
    read_j, known_s = channel.energy_j, channel.covered_s
    low, high = (read_j, read_j) if as_read else channel.meter.true_energy_j(read_j, known_s)
    gap_s = max(0.0, duration_s - known_s)
    return Spread(read_j, min(read_j, low), max(read_j, high) + gap_s * read_j / known_s)


def run_energy(channel: ChannelEnergy, duration_s: float, draws: Draws) -> Energy:
    """The run's share of a channel.

    Gains of devices of one method are drawn together: ten boards of one make may all read low. A share smaller than
    what the meter saw is a rule's result, so it is modelled.
    """
    truth = metered_energy(channel, duration_s, draws)
    read_j, share_j = channel.energy_j, channel.attributed_energy_j
    low = share_j if channel.attributed_p5_j is None else min(share_j, channel.attributed_p5_j)
    high = share_j if channel.attributed_p95_j is None else max(share_j, channel.attributed_p95_j)
    if read_j <= 0 or (low == share_j == high == read_j):
        return truth
    spread = Spread(share_j / read_j, low / read_j, high / read_j)
    shares = draws.of(f"attribution.{channel.meter.channel.domain}", spread)
    part = [min(1.0, share) * energy for share, energy in zip(shares, truth.draws_j, strict=True)]
    modelled = Basis.MODELLED if share_j < read_j * (1 - 1e-9) else Basis.MEASURED
    return Energy(share_j, part, Basis.worst(truth.basis, modelled))


def metered_energy(channel: ChannelEnergy, duration_s: float, draws: Draws, *, as_read: bool = False) -> Energy:
    """All that the meter of a channel saw."""
    spread = true_energy(channel, duration_s, as_read=as_read)
    values = draws.of(f"meter.{channel.meter.method}", spread)
    return Energy(channel.energy_j, values, channel.meter.channel.basis)


@dataclass(frozen=True)
class _Host:
    """The channels of one host, by what they are to the ladder, and the run that they belong to."""

    machine: Machine
    duration_s: float
    approach: Approach
    channels: tuple[ChannelEnergy, ...]

    def of(self, *domains: Domain) -> tuple[ChannelEnergy, ...]:
        return _of(self.channels, *domains)

    def metered(self, channels: Iterable[ChannelEnergy], *, as_read: bool = False) -> Energy:
        draws = self.approach.draws
        return total((metered_energy(c, self.duration_s, draws, as_read=as_read) for c in channels), draws.count)

    def counted(self, channels: Iterable[ChannelEnergy]) -> Energy:
        if self.approach.whole_node:
            return self.metered(channels)
        draws = self.approach.draws
        return total((run_energy(c, self.duration_s, draws) for c in channels), draws.count)

    @property
    def processors(self) -> tuple[ChannelEnergy, ...]:
        return processors_of(self.channels)

    @cached_property
    def chips(self) -> tuple[ChannelEnergy, ...] | None:
        return chips_of(self.channels, self.machine)

    @cached_property
    def metered_chips(self) -> Energy:
        return self.metered(self.chips or ())

    @cached_property
    def counted_chips(self) -> Energy:
        return self.counted(self.chips or ())

    @property
    def dram_metered(self) -> bool:
        return bool(self.of(Domain.DRAM, Domain.MODULE, Domain.PLATFORM))

    @property
    def memory_is_guessed(self) -> bool:
        """Whether the node's model adds the memory by its size."""
        modelled = self.chips is not None and not self.of(Domain.NODE) and not self.approach.calibration
        return modelled and not self.dram_metered

    @property
    def accelerator(self) -> Energy | None:
        channels = self.of(Domain.GPU)
        return None if not channels and _has_accelerators(self.machine) else self.counted(channels)

    @property
    def host(self) -> Energy | None:
        return None if self.chips is None else self.counted_chips

    @property
    def node(self) -> Energy | None:
        """What the meter at the wall saw, else the model; of either the part that the run has of the chips' energy."""
        wall = self.of(Domain.NODE)
        if wall and self.chips is None:
            return self.counted(wall)
        whole = self.metered(wall) if wall else self._modelled_node()
        return whole and self._share_of(whole)

    @property
    def wall_rules(self) -> bool:
        """Whether a meter stands behind the wall and only a model behind the chips: then the model gives way."""
        wall = self.of(Domain.NODE)
        metered = bool(wall) and self.metered(wall).basis is Basis.MEASURED
        return (metered or self.approach.calibration is not None) and self.metered_chips.basis is not Basis.MEASURED

    def _share_of(self, whole: Energy) -> Energy:
        metered, counted = self.metered_chips, self.counted_chips
        share = _ratio(counted.value_j, metered.value_j)
        shares = map(_ratio, counted.draws_j, metered.draws_j)
        draws = [part * energy for part, energy in zip(shares, whole.draws_j, strict=True)]
        rule = Basis.MODELLED if share < 1 - 1e-9 else Basis.MEASURED
        return Energy(share * whole.value_j, draws, Basis.worst(whole.basis, rule))

    def _modelled_node(self) -> Energy | None:
        """Wall energy for the mean power of all chips."""
        if self.chips is None or self.duration_s <= 0:
            return None
        fitted = self.approach.calibration
        walls = self._calibrated(fitted, self.chips) if fitted else self._from_class()
        value_j, *draws_j = [watts * self.duration_s for watts in walls]
        return Energy(value_j, draws_j, Basis.worst(Basis.MODELLED, self.metered_chips.basis))

    def _from_class(self) -> list[float]:
        """Watts at the wall: the central value, then one a draw."""
        chips, processors = self.metered_chips, self.metered(self.processors)
        parameters = self.approach.node_class.parameters(
            self.machine,
            self.approach.draws,
            dram_metered=self.dram_metered,
            host_share=virtual_host_share(self.machine) if self.machine.virtual else None,
        )
        inputs = zip(
            (chips.value_j, *chips.draws_j), (processors.value_j, *processors.draws_j), parameters, strict=True
        )
        time = self.duration_s
        return [wall_power_w(chip / time, package / time, node) for chip, package, node in inputs]

    def _calibrated(self, fitted: Calibration, channels: Iterable[ChannelEnergy]) -> list[float]:
        chips = self.metered(channels, as_read=True)
        watts = [energy / self.duration_s for energy in chips.draws_j]
        central = chips.value_j / self.duration_s
        return [max(central, fitted.wall_w(central)), *fitted.draws_w(watts, self.approach.draws)]


def _of(channels: Iterable[ChannelEnergy], *domains: Domain) -> tuple[ChannelEnergy, ...]:
    return tuple(c for c in channels if c.meter.channel.domain in domains)


def processors_of(channels: Sequence[ChannelEnergy]) -> tuple[ChannelEnergy, ...]:
    """A host's packages, or what stands in for them: cores with uncore, or the platform."""
    cores = _of(channels, Domain.CORE)
    alternatives = (_of(channels, Domain.PACKAGE), (*cores, *_of(channels, Domain.UNCORE)) if cores else ())
    return next((found for found in alternatives if found), _of(channels, Domain.PLATFORM))


def chips_of(channels: Sequence[ChannelEnergy], machine: Machine) -> tuple[ChannelEnergy, ...] | None:
    """The channels of one host that make up its host rung, none inside another; None where a part has no meter.

    A module holds its accelerators, processors and memory; a platform meter holds the memory.
    """
    modules = _of(channels, Domain.MODULE)
    if modules:
        return modules
    accelerators, processors = _of(channels, Domain.GPU), processors_of(channels)
    if not processors or (_has_accelerators(machine) and not accelerators):
        return None
    memory_inside = bool(_of(processors, Domain.PLATFORM))
    return (*accelerators, *processors, *(() if memory_inside else _of(channels, Domain.DRAM)))


def counted_ratio(measurement: Measurement, *, whole_node: bool) -> float | None:
    """The run's part of what its machines' chips took [-]; None where nothing was metered.

    Where not every chip of a host has a meter, the meters that it has stand in.
    """
    chips = [chip for host in hosts_of(measurement) for chip in chips_of(host, measurement.machine) or host]
    metered_j = sum(chip.energy_j for chip in chips)
    if metered_j <= 0:
        return None
    return 1.0 if whole_node else min(1.0, sum(chip.attributed_energy_j for chip in chips) / metered_j)


def hosts_of(measurement: Measurement) -> Sequence[tuple[ChannelEnergy, ...]]:
    """The channels that gave readings, host by host; one host without channels where there are none."""
    names = sorted({c.meter.channel.host for c in measurement.channels}) or [""]
    known = [c for c in measurement.channels if c.covered_s > 0]
    return [tuple(c for c in known if c.meter.channel.host == name) for name in names]


def _has_accelerators(machine: Machine) -> bool:
    """Whether it has, or may have, an accelerator."""
    return bool(machine.accelerators) or not machine.accelerators_known


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def climb(measurement: Measurement, approach: Approach) -> Ladder:
    """The ladder of a run, over all its hosts."""
    known = hosts_of(measurement)
    hosts = [_host(measurement, approach, channels) for channels in known]
    count = approach.draws.count
    accelerator = _all([host.accelerator for host in hosts], count)
    host = _all([host.host for host in hosts], count)
    node = _all([host.node for host in hosts], count)
    ladder = Ladder(accelerator, host, node, _notes(hosts, measurement), tuple(_warnings(hosts, measurement)))
    return _ordered(ladder, wall_rules=all(host.wall_rules for host in hosts))


def _host(measurement: Measurement, approach: Approach, channels: tuple[ChannelEnergy, ...]) -> _Host:
    name = channels[0].meter.channel.host if channels else ""
    return _Host(measurement.machine, measurement.measured_on_s(name), approach, channels)


def _all(energies: Sequence[Energy | None], count: int) -> Energy | None:
    known = [energy for energy in energies if energy is not None]
    return total(known, count) if len(known) == len(energies) else None


def _ordered(ladder: Ladder, *, wall_rules: bool) -> Ladder:
    """No rung below one that it contains.

    Meters that contradict each other are told, and the larger one is taken; but a model of the chips never overrules a
    meter at the wall.
    """
    accelerator, host, node, told = ladder.accelerator, ladder.host, ladder.node, list(ladder.warnings)
    if node and wall_rules:
        below = host or accelerator
        if below and _exceeds(below, node):
            told.append("The model of the chips gives more than the meter at the wall, which is taken instead.")
        accelerator, host = accelerator and accelerator.at_most(node), host and host.at_most(node)
    if host and accelerator:
        if _exceeds(accelerator, host):
            told.append("The accelerators' meters read more than the meter of the module that holds them.")
        host = host.at_least(accelerator)
    below = host or accelerator
    if node and below:
        if _exceeds(below, node):
            told.append("The node's meter reads less than the meters of its chips together; the larger is taken.")
        node = node.at_least(below)
    return replace(ladder, accelerator=accelerator, host=host, node=node, warnings=tuple(told))


def _exceeds(one: Energy, other: Energy) -> bool:
    return one.value_j > other.value_j * (1 + 1e-9)


def _notes(hosts: Sequence[_Host], measurement: Measurement) -> dict[str, str]:
    first, machine = hosts[0], measurement.machine
    notes: dict[str, str] = {}
    if not first.of(Domain.GPU):
        notes["accelerator"] = "not metered" if _has_accelerators(machine) else "no accelerator on the bus"
    if first.of(Domain.MODULE):
        notes["host"] = "from the module's own meter"
    elif not first.processors:
        notes["host"] = "no meter of the processors"
    elif not first.of(Domain.PACKAGE):
        notes["host"] = "from the meter of " + ("cores" if first.of(Domain.CORE) else "the platform")
    elif not first.dram_metered:
        notes["host"] = "memory has no meter; it is counted in the node"
    if first.of(Domain.NODE):
        notes["node"] = "from the meter at the wall or the supply's input"
    elif first.approach.calibration:
        notes["node"] = "modelled: fitted to this machine's wall meter"
    elif first.chips is not None:
        notes["node"] = f"modelled: a node of the class {first.approach.node_class.id}"
    if machine.virtual and notes.get("node", "").startswith("modelled: a node of the class"):
        notes["node"] += "; a virtual machine: its threads' part of a host that is not known"
    return notes


def _warnings(hosts: Sequence[_Host], measurement: Measurement) -> Iterable[str]:
    if not any(host.channels for host in hosts):
        yield "Nothing was metered: no energy of this run is known."
        return
    machine = measurement.machine
    for host in hosts:
        metered = len(host.of(Domain.GPU))
        if len(hosts) == 1 and 0 < metered < len(machine.accelerators):
            yield f"{metered} of {len(machine.accelerators)} accelerators were metered; the others are not counted."
    if machine.memory_gib is None and any(host.memory_is_guessed for host in hosts):
        yield "The size of the memory is not known and it has no meter: it is missing in the node."
    if not machine.accelerators_known and not any(host.of(Domain.GPU) for host in hosts):
        yield "The bus could not be listed: whether there is an accelerator is not known."
    for channel in measurement.channels:
        duration_s = measurement.measured_on_s(channel.meter.channel.host)
        ratio = channel.covered_s / duration_s if duration_s > 0 else 1.0
        if ratio < 0.99:
            name = f"{channel.meter.channel.domain} {channel.meter.channel.device}"
            yield f"{name} was known for {ratio:.0%} of the run; its upper bound covers the gap, its value does not."
