"""From readings of all probes to what each channel took since the frame before, each joule once.

In come the meters of probes as they are opened and closed and what they read; out goes a `Step` a channel. Of meters
that see the same thing only the best is booked, also when it comes later than the others.
"""

from collections.abc import Mapping, Sequence

from dcfoot.counter import Integral, Outcome, Step, integral_of
from dcfoot.ledger import worth_keeping
from dcfoot.reading import Channel, Meter, Reading
from dcfoot_probes.daemon.counted import Counted


class Channels:
    """The channels of a machine whose devices come and go. Not for several threads."""

    def __init__(self) -> None:
        self._offered: dict[str, list[Meter]] = {}
        self._known: dict[int, Meter] = {}
        self._integrals: dict[int, Integral] = {}
        self._steps: dict[Channel, Step] = {}
        self.meters: Mapping[Channel, Meter] = {}
        self.counted = Counted()

    def offer(self, probe: str, meters: Sequence[Meter]) -> None:
        """A probe was opened: these are its meters, and a new integral begins for each."""
        self._offered[probe] = list(meters)
        self._choose()

    def withdraw(self, probe: str) -> None:
        """A probe was closed."""
        if self._offered.pop(probe, None) is not None:
            self._choose()

    def begin_anew(self) -> None:
        """Nothing is bridged from the last readings to the next: the machine slept in between."""
        self._integrals = {key: integral_of(self._known[key]) for key in self._integrals}

    def add(self, probe: str, readings: Sequence[Reading]) -> None:
        """Books what a probe has read; a meter that it did not name when it was opened has just woken up."""
        for reading in readings:
            meter = reading.meter
            if id(meter) not in self._known:
                self._offered.setdefault(probe, []).append(meter)
                self._choose()
            integral = self._integrals.get(id(meter))
            if integral is not None:
                step = integral.add(reading)
                self.counted.add(probe, meter, step, reading.time_ns)
                self._book(meter.channel, step)

    def take(self) -> dict[Channel, Step]:
        """What each channel took since the last call; one that nothing is known of is left out."""
        taken, self._steps = self._steps, {}
        return taken

    def _book(self, channel: Channel, step: Step) -> None:
        if step.energy_j <= 0.0 and step.covered_s <= 0.0:
            return
        before = self._steps.get(channel)
        self._steps[channel] = step if before is None else _joined(before, step)

    def _choose(self) -> None:
        """Probes in the order of their names, so that which of two equals is kept does not depend on who was first."""
        offered = [meter for _, meters in sorted(self._offered.items()) for meter in meters]
        kept = worth_keeping(offered)
        self._known = {id(meter): meter for meter in offered}
        self._integrals = {id(meter): self._integrals.get(id(meter)) or integral_of(meter) for meter in kept}
        self.meters = {meter.channel: meter for meter in kept}
        self.counted.keep(self._offered, self.meters)


def _joined(before: Step, after: Step) -> Step:
    """Two steps of one channel as one; of what they were, what is not ordinary is told."""
    outcome = before.outcome if after.outcome is Outcome.STEP else after.outcome
    return Step(
        before.energy_j + after.energy_j,
        before.elapsed_s + after.elapsed_s,
        before.covered_s + after.covered_s,
        outcome,
    )
