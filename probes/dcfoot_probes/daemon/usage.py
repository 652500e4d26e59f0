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


class _PartMean:
    """What a part took of its device over several answers."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self._ratio = _Mean()
        self._uses = _Mean()
        self._known = True

    def add(self, part: Part, seconds: float) -> None:
        self._ratio.add({0: part.ratio}, seconds)
        self._uses.add(part.uses or {}, seconds)
        self._known = self._known and part.uses is not None

    @property
    def ratio(self) -> float:
        return self._ratio.mean()[0]

    def shares(self) -> Mapping[int, float] | None:
        """By process: its part of what this part took; None where it is not known whose that is."""
        ratio = self.ratio
        return {pid: use / ratio for pid, use in self._uses.mean().items()} if self._known and ratio > 0.0 else None


class Taken(NamedTuple):
    """What was taken since the frame before, parts of devices included, who used them, and what these parts are."""

    steps: dict[Channel, Step]
    uses: Uses
    parts: Mapping[Channel, Meter]


class DeviceUses:
    """Who used what since it was last taken. Not for several threads."""

    def __init__(self) -> None:
        self._uses: dict[str, _Mean] = {}
        self._parts: dict[str, dict[Channel, _PartMean]] = {}

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
        for part in parts:
            if part.meter.cut is not None:
                of_device = self._parts.setdefault(part.meter.cut.device, {})
                of_device.setdefault(part.meter.channel, _PartMean(part.meter)).add(part, told_s)

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
            for part in self._parts.get(channel.device, {}).values():
                parts[part.meter.channel] = part.meter
                all_steps[part.meter.channel] = step._replace(energy_j=part.ratio * step.energy_j)
                if (shares := part.shares()) is not None:
                    uses[part.meter.channel.device] = shares
        self._uses = {device: mean for device, mean in self._uses.items() if device in waiting}
        self._parts = {device: means for device, means in self._parts.items() if device in waiting}
        return Taken(all_steps, uses, parts)
