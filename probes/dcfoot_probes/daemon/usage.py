"""Who used the devices since the frame before, and which parts of them: the answers of probes, added up until a frame.

A part of a device (a MIG instance) has no meter. What it took is a part of what its device did, and stands as a channel
of its own inside the device's, so that whatever is told of channels is told of it too.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from dcfoot.counter import Step
from dcfoot.probe import Part
from dcfoot.reading import Channel, Meter

LEAST_S = 1e-9
"""What an answer weighs at least [s]: the first comes in the moment of opening."""

Uses = Mapping[str, Mapping[int, float]]
"""By device: the share of each process, as `dcfoot.probe.UsesProbe` tells [-]."""


class _Mean:
    """Who used a device over several answers, each weighted by its time."""

    def __init__(self) -> None:
        self._seen_s = 0.0
        self._shares_s: dict[int, float] = {}

    def add(self, shares: Mapping[int, float], seconds: float) -> None:
        weight_s = max(seconds, LEAST_S)
        self._seen_s += weight_s
        for pid, share in shares.items():
            self._shares_s[pid] = self._shares_s.get(pid, 0.0) + share * weight_s

    def mean(self) -> Mapping[int, float]:
        """Shares that add up to the part of the time in which anybody used it."""
        return {pid: share_s / self._seen_s for pid, share_s in self._shares_s.items()}


class _PartSum:
    """What a part took of its device over several answers, each weighted by its time."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.taken_s = 0.0
        self._uses_s: dict[int, float] = {}
        self._known = True

    def add(self, part: Part, weight_s: float) -> None:
        self.taken_s += part.ratio * weight_s
        for pid, ratio in (part.uses or {}).items():
            self._uses_s[pid] = self._uses_s.get(pid, 0.0) + ratio * weight_s
        self._known = self._known and part.uses is not None

    def shares(self) -> Mapping[int, float] | None:
        """By process: its part of what this part took; None where it is not known whose that is."""
        taken_s = self.taken_s
        return {pid: use_s / taken_s for pid, use_s in self._uses_s.items()} if self._known and taken_s > 0.0 else None


class _Parts:
    """The parts of one device over several answers: one that is not in all of them took nothing in the others."""

    def __init__(self) -> None:
        self.sums: dict[Channel, _PartSum] = {}
        self._seen_s = 0.0

    def add(self, parts: Iterable[Part], seconds: float) -> None:
        weight_s = max(seconds, LEAST_S)
        self._seen_s += weight_s
        for part in parts:
            self.sums.setdefault(part.meter.channel, _PartSum(part.meter)).add(part, weight_s)

    def ratio(self, part: _PartSum) -> float:
        """What a part took of the device."""
        return part.taken_s / self._seen_s


class Taken(NamedTuple):
    """What was taken since the frame before, parts of devices included, who used them, and what these parts are."""

    steps: dict[Channel, Step]
    uses: Uses
    parts: Mapping[Channel, Meter]


class DeviceUses:
    """Who used what since it was last taken. Not for several threads."""

    def __init__(self) -> None:
        self._uses: dict[str, _Mean] = {}
        self._parts: dict[str, _Parts] = {}

    def add(self, uses: Uses, parts: Iterable[Part], told_s: float) -> None:
        """Adds an answer.

        Parameters
        ----------
        uses : Mapping[str, Mapping[int, float]]
            By device.
        parts : Iterable of Part
            Of devices that are cut into some.
        told_s : float
            Of how long it tells [s].
        """
        for device, shares in uses.items():
            self._uses.setdefault(device, _Mean()).add(shares, told_s)
        by_device: dict[str, list[Part]] = {}
        for part in parts:
            if part.meter.cut is not None:
                by_device.setdefault(part.meter.cut.device, []).append(part)
        for device in {**uses, **by_device}:
            self._parts.setdefault(device, _Parts()).add(by_device.get(device, ()), told_s)

    def take(self, steps: Mapping[Channel, Step], metered: Iterable[Channel]) -> Taken:
        """Who used the devices in these steps; of a device whose energy comes later it is told then.

        Parameters
        ----------
        steps : Mapping[Channel, Step]
            What the channels took.
        metered : Iterable of Channel
            All that are metered.
        """
        waiting = {channel.device for channel in metered} - {channel.device for channel in steps}
        all_steps, parts = dict(steps), dict[Channel, Meter]()
        uses = {channel.device: self._uses[channel.device].mean() for channel in steps if channel.device in self._uses}
        for channel, step in steps.items():
            cut = self._parts.get(channel.device, _Parts())
            for part_channel, part in cut.sums.items():
                parts[part_channel] = part.meter
                all_steps[part_channel] = step._replace(energy_j=cut.ratio(part) * step.energy_j)
                if (shares := part.shares()) is not None:
                    uses[part_channel.device] = shares
        self._uses = {device: mean for device, mean in self._uses.items() if device in waiting}
        self._parts = {device: means for device, means in self._parts.items() if device in waiting}
        return Taken(all_steps, uses, parts)
