"""Follows a sensor that publishes once a period while it is read at other moments.

In comes what was read and when; out comes each publication once, with the moment it appeared, as well as that can be
told: from the beat of the period, corrected by every change that was seen too early or too late for it.
"""

from dcfoot.units import NS_PER_S
from dcfoot_probes.nvidia.edges import Publication


class Follower:
    """The publications of one sensor.

    Parameters
    ----------
    period_s : float
        How often it publishes [s].
    """

    def __init__(self, period_s: float) -> None:
        self.period_ns = round(period_s * NS_PER_S)
        self.latest: Publication | None = None
        self.before: Publication | None = None
        self._read_ns = 0

    def see(self, value: int, time_ns: int) -> Publication | None:
        """Takes what was read at a moment; the publication that it shows, where that is a new one."""
        read_ns, self._read_ns = self._read_ns, time_ns
        if self.latest is None:
            return self._publish(value, time_ns)
        due_ns = self._due(time_ns)
        if value != self.latest.value:
            due_ns = self._moved_between(due_ns, read_ns, time_ns)
        elif due_ns <= read_ns:
            return None
        return self._publish(value, due_ns)

    def know(self, publication: Publication) -> None:
        """Takes a publication whose moment was watched for."""
        self._publish(publication.value, publication.time_ns)
        self._read_ns = max(self._read_ns, publication.time_ns)

    def next_after(self, publication: Publication) -> Publication:
        """The same value at the first beat after a moment."""
        return Publication(publication.value, self._due(publication.time_ns) + self.period_ns)

    def _publish(self, value: int, time_ns: int) -> Publication:
        self.before, self.latest = self.latest, Publication(value, time_ns)
        return self.latest

    def _due(self, time_ns: int) -> int:
        """The last beat before a moment."""
        latest = self.latest
        if latest is None:
            return time_ns
        return time_ns - (time_ns - latest.time_ns) % self.period_ns

    def _moved_between(self, due_ns: int, after_ns: int, until_ns: int) -> int:
        """A change was seen between two reads: the beat, moved there by the shorter way where it lies outside."""
        if due_ns > after_ns:
            return due_ns
        late_ns = after_ns - due_ns
        early_ns = due_ns + self.period_ns - until_ns
        return after_ns + 1 if late_ns <= early_ns else until_ns
