"""What the probe and the tables of the exporters share.

A page becomes `Sample`s; an exporter's table makes of those a `Seen` for each device: a meter and its integer now.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dcfoot.reading import Meter
from dcfoot_probes.readers.here import Here

COUNTER_PERIOD_S = 5.0
"""How often an exporter is asked at least [s] (a choice: a page costs its exporter up to some ten milliseconds of
processor time, and a counter misses nothing in between)."""

POWER_PERIOD_S = 1.0
"""How often it is asked for power that it reads when it is asked [s] (a choice: as often as frames are made)."""

COUNT_MOST = 2**63
"""Counters of hardware and of these programs have 64 bits at most; what is more is none."""


class Sample(NamedTuple):
    """One line of the text.

    Parameters
    ----------
    name : str
        Of the metric.
    labels : Mapping[str, str]
        Whose.
    value : float
        In the metric's unit; may be anything, also not a number.
    """

    name: str
    labels: Mapping[str, str]
    value: float

    def counted(self, times: float = 1.0) -> int | None:
        """The value as the integer that a meter gives; None where it is none that can be.

        Parameters
        ----------
        times : float
            What to multiply it by: 1e6 makes microjoules of joules.
        """
        scaled = self.value * times
        return round(scaled) if 0.0 <= scaled < COUNT_MOST else None


class Seen(NamedTuple):
    """What an exporter tells of one device now: by which meter, and its integer."""

    meter: Meter
    value: int


@dataclass(frozen=True, slots=True)
class Exporter:
    """What the metrics of one exporter mean.

    Parameters
    ----------
    name : str
        Its own.
    names : tuple of str
        How the names of metrics begin that tell something.
    host_labels : tuple of str
        Labels that name the machine, the first that is there.
    is_live : bool
        Whether it reads the hardware when it is asked; else it tells what it read some time before.
    seen : Callable[[Sequence[Sample], Here], Iterator[Seen]]
        Makes meters of samples.
    remedy : str
        The command that mends it where it runs and tells of no energy.
    """

    name: str
    names: tuple[str, ...]
    host_labels: tuple[str, ...]
    is_live: bool
    seen: Callable[[Sequence[Sample], Here], Iterator[Seen]]
    remedy: str
