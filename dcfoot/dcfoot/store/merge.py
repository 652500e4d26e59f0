"""Several measurements of one run, a node each or one after another, as one, with no joule counted twice."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from dcfoot.by_time import joined
from dcfoot.errors import ConfigError, DataMissing
from dcfoot.measurement import ChannelEnergy, Measurement, Phase, RunState
from dcfoot.reading import Meter

STATES_BY_DOUBT = (RunState.RUNNING, RunState.INTERRUPTED, RunState.COMPLETE)
"""A merged run is as unfinished as the least finished of its parts."""


def merge(measurements: Sequence[Measurement]) -> Measurement:
    """One run out of several measurements of it.

    The span is from the first start to the last end; of the pauses in it nothing is known, and they are not counted as
    time of a host (`Measurement.measured_s`). Channels, warnings and phases are joined, those of several hosts
    with the host before their name. A measurement that is given twice counts once, and one that is `part_of` another is
    left out: that other one measured it already.

    Raises
    ------
    DataMissing
        Nothing is left to merge.
    ConfigError
        Two of them metered the same device at the same time.
    """
    parts = _distinct(measurements)
    _refuse_double_counting(parts)
    if len(parts) == 1:
        return _with_remarks(parts[0], _left_out(measurements, parts))
    first = parts[0]
    started_at = first.started_at
    ended_at = max(part.ended_at for part in parts)
    duration_s = max((ended_at - started_at).total_seconds(), *(part.duration_s for part in parts))
    hosts = tuple(dict.fromkeys(host for part in parts for host in part.hosts))
    named = _names_with_host if len(hosts) > 1 else _names_alone
    merged = replace(
        first,
        hosts=hosts,
        ended_at=ended_at,
        duration_s=duration_s,
        exit_status=_exit_status(parts),
        state=min((part.state for part in parts), key=STATES_BY_DOUBT.index),
        channels=_channels(parts),
        measured_s={host: _measured_s(host, parts) for host in hosts},
        tags={key: value for part in reversed(parts) for key, value in part.tags.items()},
        phases=_phases(parts, named),
        by_time=joined(((_late_s(part, first), part.by_time) for part in parts), duration_s),
        gauges=_gauges(parts, named),
        job=_common(part.job for part in parts),
        site_id=_common(part.site_id for part in parts),
        hourly=_common(part.hourly for part in parts),
        overhead_cpu_s=sum(part.overhead_cpu_s for part in parts),
        overhead_rss_bytes=max(part.overhead_rss_bytes for part in parts),
        warnings=tuple(dict.fromkeys(named(part, warning, ": ") for part in parts for warning in part.warnings)),
    )
    return _with_remarks(merged, [*_left_out(measurements, parts), *_disagreements(parts)])


def _distinct(measurements: Sequence[Measurement]) -> Sequence[Measurement]:
    """Those that count, in order of their start."""
    by_id = {measurement.id: measurement for measurement in measurements if measurement.part_of is None}
    if not by_id:
        raise DataMissing("nothing to merge: no run is given that is not a part of another")
    return sorted(by_id.values(), key=lambda part: (part.started_at, part.id))


def _refuse_double_counting(parts: Sequence[Measurement]) -> None:
    for one, other in combinations(parts, 2):
        if one.started_at < other.ended_at and other.started_at < one.ended_at:
            shared = _devices(one) & _devices(other)
            if shared:
                host, _, device = min(shared)
                raise ConfigError(
                    f"runs {one.id} and {other.id} both metered {device} on {host} at the same time; "
                    "together they would count it twice: merge only one of them"
                )


def _devices(part: Measurement) -> set[tuple[str, str, str]]:
    """The devices that a run metered, whatever the meter."""
    channels = (energy.meter.channel for energy in part.channels)
    return {(channel.host, channel.domain, channel.device) for channel in channels}


def _channels(parts: Sequence[Measurement]) -> tuple[ChannelEnergy, ...]:
    """All channels; what one meter saw in several parts, which lie after one another, is added up."""
    by_meter: dict[Meter, ChannelEnergy] = {}
    for part in parts:
        for energy in part.channels:
            known = by_meter.get(energy.meter)
            by_meter[energy.meter] = energy if known is None else _added(known, energy)
    return tuple(by_meter.values())


def _added(one: ChannelEnergy, other: ChannelEnergy) -> ChannelEnergy:
    """The sum of two; their intervals add up end to end, since one rule's error does not average out."""
    return ChannelEnergy(
        meter=one.meter,
        energy_j=one.energy_j + other.energy_j,
        attributed_energy_j=one.attributed_energy_j + other.attributed_energy_j,
        covered_s=one.covered_s + other.covered_s,
        attributed_p5_j=_bound(one, other, one.attributed_p5_j, other.attributed_p5_j),
        attributed_p95_j=_bound(one, other, one.attributed_p95_j, other.attributed_p95_j),
    )


def _bound(one: ChannelEnergy, other: ChannelEnergy, one_j: float | None, other_j: float | None) -> float | None:
    """The sum of two bounds, of which None stands for the value itself."""
    if one_j is None and other_j is None:
        return None
    return (one.attributed_energy_j if one_j is None else one_j) + (
        other.attributed_energy_j if other_j is None else other_j
    )


def _measured_s(host: str, parts: Sequence[Measurement]) -> float:
    """How long a host was measured by any of the parts, which are in order of their start [s]."""
    total_s = 0.0
    until = parts[0].started_at
    for part in parts:
        if host in part.hosts:
            overlap_s = max((until - part.started_at).total_seconds(), 0.0)
            total_s += max(part.measured_on_s(host) - overlap_s, 0.0)
            until = max(until, part.ended_at)
    return total_s


Named = Callable[[Measurement, str, str], str]


def _names_with_host(part: Measurement, name: str, separator: str) -> str:
    return f"{part.hosts[0]}{separator}{name}"


def _names_alone(_part: Measurement, name: str, _separator: str) -> str:
    return name


def _phases(parts: Sequence[Measurement], named: Named) -> tuple[Phase, ...]:
    """Every phase on the merged run's time, in order of its end."""
    return tuple(sorted((phase for part in parts for phase in _shifted(part, parts[0], named)), key=lambda p: p.end_s))


def _late_s(part: Measurement, first: Measurement) -> float:
    """How much later than the first it began [s]."""
    return (part.started_at - first.started_at).total_seconds()


def _shifted(part: Measurement, first: Measurement, named: Named) -> Iterator[Phase]:
    late_s = _late_s(part, first)
    for phase in part.phases:
        yield Phase(named(part, phase.path, "/"), phase.start_s + late_s, phase.end_s + late_s, phase.energy_j)


def _gauges(parts: Sequence[Measurement], named: Named) -> Mapping[str, Mapping[str, float]]:
    """By device: the mean over the parts that know a figure, weighed by their duration."""
    weighed: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for part in parts:
        for device, figures in part.gauges.items():
            for figure, value in figures.items():
                of_device = weighed.setdefault(named(part, device, "/"), {})
                of_device.setdefault(figure, []).append((part.duration_s, value))
    return {
        device: {figure: _mean(values) for figure, values in figures.items()} for device, figures in weighed.items()
    }


def _mean(weighed: Sequence[tuple[float, float]]) -> float:
    total = sum(weight for weight, _ in weighed)
    if total <= 0.0:
        return sum(value for _, value in weighed) / len(weighed)
    return sum(weight * value for weight, value in weighed) / total


def _exit_status(parts: Sequence[Measurement]) -> int | None:
    """The first that is not 0, as a launcher reports it; None where an end was not seen and nothing failed."""
    statuses = [part.exit_status for part in parts]
    failed = next((status for status in statuses if status), None)
    return None if failed is None and None in statuses else failed or 0


def _common(values: Iterable[str | None]) -> str | None:
    """What all agree on."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def _left_out(measurements: Iterable[Measurement], parts: Sequence[Measurement]) -> Iterator[str]:
    ids = {part.id for part in parts}
    for measurement in measurements:
        if measurement.part_of is not None and measurement.part_of not in ids:
            yield (
                f"run {measurement.id} is left out: it is a part of run {measurement.part_of}, "
                "which is not among those that were merged"
            )


def _disagreements(parts: Sequence[Measurement]) -> Iterator[str]:
    if len({part.site_id for part in parts}) > 1:
        yield "the merged runs name different sites; none of them is taken"


def _with_remarks(measurement: Measurement, remarks: Iterable[str]) -> Measurement:
    return replace(measurement, warnings=tuple(dict.fromkeys([*measurement.warnings, *remarks])))
