"""Follows a sensor that publishes once a period while it is read at other moments.

In comes what was read and when; out comes each publication once, with the moment it appeared, as well as that can be
told: a change was published between two reads, and a whole number of periods after the change before.
"""

from collections.abc import Sequence

from dcfoot.units import NS_PER_S
from dcfoot_probes.nvidia.edges import Publication

DRIFT_RATIO = 0.02
"""How far a period may be from the usual one (Yang et al. 2024: 100 to 102 ms where 100 are usual)."""


class Follower:
    """The publications of one sensor.

    Parameters
    ----------
    period_s : float
        How often it publishes [s].
    """

    def __init__(self, period_s: float) -> None:
        self.period_ns = round(period_s * NS_PER_S)
        self._drift_ns = round(DRIFT_RATIO * period_s * NS_PER_S)
        self._value: int | None = None
        self._read_ns = 0
        # The latest publication came after the one moment, and not after the other.
        self._after_ns = self._until_ns = 0

    def see(self, value: int, time_ns: int) -> Publication | None:
        """Takes what was read at a moment; the publication that it shows, where that is a new one."""
        read_ns, self._read_ns = self._read_ns, time_ns
        if self._value is None:
            return self._publish(value, time_ns - self.period_ns, time_ns)
        after_ns, until_ns = self._beat_before(time_ns)
        if value == self._value:
            return None if _middle(after_ns, until_ns) <= read_ns else self._publish(value, after_ns, until_ns)
        if until_ns <= read_ns or after_ns >= time_ns:
            return self._publish(value, read_ns, time_ns)
        return self._publish(value, max(after_ns, read_ns), min(until_ns, time_ns))

    def know(self, publication: Publication) -> None:
        """Takes a publication whose moment was watched for."""
        self._publish(publication.value, publication.time_ns, publication.time_ns)
        self._read_ns = max(self._read_ns, publication.time_ns)

    @property
    def unsure_ns(self) -> int:
        """How much earlier or later than told the latest publication may have come [ns]."""
        return (self._until_ns - self._after_ns) // 2

    def with_silent(self, before: Publication, seen: Sequence[Publication]) -> list[Publication]:
        """Publications that were seen since a moment, and between them those that changed nothing."""
        known = [before]
        for publication in seen:
            last = known[-1]
            beats = (publication.time_ns - last.time_ns - self.period_ns // 4) // self.period_ns
            times_ns = (publication.time_ns - beat * self.period_ns for beat in range(beats, 0, -1))
            known += [*(Publication(last.value, time_ns) for time_ns in times_ns), publication]
        return known[1:]

    def silent_until(self, before: Publication, time_ns: int) -> list[Publication]:
        """Publications since one that changed nothing, up to a moment until which it was watched."""
        self._read_ns = max(self._read_ns, time_ns)
        beats = (time_ns - before.time_ns) // self.period_ns
        return [Publication(before.value, before.time_ns + beat * self.period_ns) for beat in range(1, beats + 1)]

    def beat_ns(self, time_ns: int) -> int:
        """When it last published before a moment [ns]."""
        return _middle(*self._beat_before(time_ns))

    def _publish(self, value: int, after_ns: int, until_ns: int) -> Publication:
        self._value, self._after_ns, self._until_ns = value, after_ns, until_ns
        return Publication(value, _middle(after_ns, until_ns))

    def _beat_before(self, time_ns: int) -> tuple[int, int]:
        """Between which moments the last publication before this one must have come."""
        beats = (time_ns - _middle(self._after_ns, self._until_ns)) // self.period_ns
        moved_ns, drift_ns = beats * self.period_ns, abs(beats) * self._drift_ns
        return self._after_ns + moved_ns - drift_ns, self._until_ns + moved_ns + drift_ns


def _middle(after_ns: int, until_ns: int) -> int:
    return (after_ns + until_ns) // 2
