"""A `Measurement` as plain JSON values, and back; nothing is lost on the way.

It comes in parts, by how often they change: `static_to_json` (known at the start), `totals_to_json` (cumulative, so
that the newest one makes all before it needless), `phase_to_json` and `steps_to_json` (added piece by piece).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from dcfoot.by_time import STEP_LEAST_S, STEPS_MOST, EnergyByTime, Steps, fitted, halved
from dcfoot.measurement import ChannelEnergy, Machine, Measurement, Phase, RunState
from dcfoot.reading import Basis, Channel, Domain, Kind, Meter

Json = dict[str, Any]
"""A JSON object."""


def to_json(measurement: Measurement) -> Json:
    """The whole measurement as one JSON object."""
    return {
        **static_to_json(measurement),
        **totals_to_json(measurement),
        "phases": [phase_to_json(phase) for phase in measurement.phases],
        "by_time": steps_to_json(measurement.by_time.step_s, known_parts(measurement.by_time), slice(0, STEPS_MOST)),
    }


def from_json(document: Mapping[str, Any]) -> Measurement:
    """The inverse of `to_json`. Raises KeyError, TypeError or ValueError where `document` is not of that form."""
    steps = StepsReader()
    steps.read(document["by_time"])
    return assemble(document, document, [phase_from_json(phase) for phase in document["phases"]], steps)


def static_to_json(measurement: Measurement) -> Json:
    """What is known when a run starts, its meters included."""
    return {
        "id": measurement.id,
        "name": measurement.name,
        "command": measurement.command,
        "hosts": measurement.hosts,
        "started_at": measurement.started_at.isoformat(),
        "machine": asdict(measurement.machine),
        "tags": dict(measurement.tags),
        "job": measurement.job,
        "part_of": measurement.part_of,
        "site_id": measurement.site_id,
        "hourly": measurement.hourly,
        "meters": [asdict(channel.meter) for channel in measurement.channels],
    }


def totals_to_json(measurement: Measurement) -> Json:
    """What a run amounts to so far; the rows of `energies` are in the order of `meters`."""
    return {
        "ended_at": measurement.ended_at.isoformat(),
        "duration_s": measurement.duration_s,
        "exit_status": measurement.exit_status,
        "state": measurement.state,
        "energies": [_energy_to_row(channel) for channel in measurement.channels],
        "gauges": {device: dict(figures) for device, figures in measurement.gauges.items()},
        "overhead_cpu_s": measurement.overhead_cpu_s,
        "overhead_rss_bytes": measurement.overhead_rss_bytes,
        "warnings": measurement.warnings,
        "measured_s": dict(measurement.measured_s),
    }


def phase_to_json(phase: Phase) -> Json:
    """One phase."""
    return {"path": phase.path, "start_s": phase.start_s, "end_s": phase.end_s, "energy_j": dict(phase.energy_j)}


def phase_from_json(document: Mapping[str, Any]) -> Phase:
    """The inverse of `phase_to_json`."""
    return Phase(document["path"], document["start_s"], document["end_s"], document["energy_j"])


def steps_to_json(step_s: float, known_uj: Mapping[str, Steps], some: slice) -> Json:
    """Some steps of the energy by time, of which `known_parts` came in."""
    return {
        "step_s": step_s,
        "first": some.start,
        "energy_uj": {domain: steps[some] for domain, steps in known_uj.items()},
    }


def known_parts(by_time: EnergyByTime) -> Mapping[str, Steps]:
    """By domain the steps up to the last of which something is known [uJ]."""
    return {domain: _known_part(steps) for domain, steps in by_time.energy_uj.items()}


def _known_part(steps: Steps) -> Steps:
    count = len(steps)
    while count and steps[count - 1] is None:
        count -= 1
    return steps[:count]


class StepsReader:
    """Puts pieces of the energy by time together, each of which is newer than those before.

    A piece stands in the place of all from its first step on; one of longer steps makes those before it as long.
    """

    def __init__(self) -> None:
        self.is_whole = True
        self._step_s = STEP_LEAST_S
        self._end = 0
        self._steps: dict[str, list[int | None]] = {}

    def read(self, document: Mapping[str, Any]) -> None:
        """Takes a piece. Raises KeyError, TypeError or ValueError where it is not of its form."""
        first, energy_uj = document["first"], document["energy_uj"]
        self._lengthen(document["step_s"])
        self.is_whole = self.is_whole and first <= self._end
        self._end = first + max(map(len, energy_uj.values()), default=0)
        for domain in dict.fromkeys([*self._steps, *energy_uj]):
            steps = self._steps.setdefault(domain, [])
            steps += [None] * (first - len(steps))
            steps[first:] = energy_uj.get(domain, ())

    def by_time(self, duration_s: float) -> EnergyByTime:
        """All together, for a run that lasts `duration_s` [s]."""
        return fitted(self._step_s, duration_s, self._steps)

    def _lengthen(self, step_s: float) -> None:
        while self._step_s < step_s:
            self._step_s *= 2
            self._end = (self._end + 1) // 2
            self._steps = {domain: halved(steps) for domain, steps in self._steps.items()}


def assemble(
    static: Mapping[str, Any], totals: Mapping[str, Any], phases: Sequence[Phase], steps: StepsReader
) -> Measurement:
    """Puts the parts together. Raises KeyError, TypeError or ValueError where one is not of its form."""
    return Measurement(
        id=static["id"],
        name=static["name"],
        command=tuple(static["command"]),
        hosts=tuple(static["hosts"]),
        started_at=datetime.fromisoformat(static["started_at"]),
        ended_at=datetime.fromisoformat(totals["ended_at"]),
        duration_s=totals["duration_s"],
        exit_status=totals["exit_status"],
        state=RunState(totals["state"]),
        channels=tuple(
            _energy_from_row(_meter_from_json(meter), row)
            for meter, row in zip(static["meters"], totals["energies"], strict=True)
        ),
        machine=_machine_from_json(static["machine"]),
        tags=dict(static["tags"]),
        phases=tuple(phases),
        by_time=steps.by_time(totals["duration_s"]),
        gauges=dict(totals["gauges"]),
        job=static["job"],
        part_of=static["part_of"],
        site_id=static["site_id"],
        hourly=static.get("hourly"),  # older journals have none
        overhead_cpu_s=totals["overhead_cpu_s"],
        overhead_rss_bytes=totals["overhead_rss_bytes"],
        warnings=tuple(totals["warnings"]),
        measured_s=dict(totals.get("measured_s", {})),  # older journals have none: they were never merged
    )


def _energy_to_row(channel: ChannelEnergy) -> list[float | None]:
    return [
        channel.energy_j,
        channel.attributed_energy_j,
        channel.covered_s,
        channel.attributed_p5_j,
        channel.attributed_p95_j,
    ]


def _energy_from_row(meter: Meter, row: Sequence[Any]) -> ChannelEnergy:
    energy_j, attributed_energy_j, covered_s, attributed_p5_j, attributed_p95_j = row
    return ChannelEnergy(meter, energy_j, attributed_energy_j, covered_s, attributed_p5_j, attributed_p95_j)


def _meter_from_json(document: Mapping[str, Any]) -> Meter:
    fields: Json = {
        **document,
        "channel": _channel_from_json(document["channel"]),
        "kind": Kind(document["kind"]),
    }
    return Meter(**fields)


def _channel_from_json(document: Mapping[str, Any]) -> Channel:
    return Channel(document["host"], Domain(document["domain"]), document["device"], Basis(document["basis"]))


def _machine_from_json(document: Mapping[str, Any]) -> Machine:
    fields: Json = {**document, "accelerators": tuple(document["accelerators"])}
    return Machine(**fields)
