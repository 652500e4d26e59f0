"""What a setting of the machines does to power and time: a power cap, a clock limit, other hardware, another model.

What comes in are `OperatingPoint`s (energy and time per unit of work, at the wall: the host's watts count), from
recorded runs or a published curve; what goes out is a `Change` that turns the IT power of one setting into another's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dcfoot.elementwise import Numbers
from dcfoot.evidence import Evidence
from dcfoot.measurement import Measurement


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What a unit of work takes at one setting.

    Parameters
    ----------
    setting : str
        ``"cap 250 W"``.
    time_s : float
        Time per unit of work [s].
    node_energy_j : float
        Energy per unit of work at the wall, the host included [J].
    accelerator_energy_j : float or None
        The accelerators' part of it; None where it is not known [J].
    evidence : Evidence
        What stands behind it.
    """

    setting: str
    time_s: float
    node_energy_j: float
    accelerator_energy_j: float | None
    evidence: Evidence

    @property
    def node_power_w(self) -> float:
        """Power at the wall while it works [W]."""
        return self.node_energy_j / self.time_s


@dataclass(frozen=True, slots=True)
class Change:
    """What going from one setting to another does.

    Parameters
    ----------
    power_ratio : float
        IT power while working, after over before [-].
    time_ratio : float
        Time per unit of work, after over before [-].
    """

    power_ratio: float
    time_ratio: float

    @property
    def energy_ratio(self) -> float:
        """Energy per unit of work, after over before [-]."""
        return self.power_ratio * self.time_ratio

    def same_work(
        self, it_mw: Numbers, busy_ratio: Numbers = 1.0, idle_power_ratio: Numbers = 0.0
    ) -> tuple[Numbers, Numbers]:
        """IT power for the same work, and how many machines that takes, of those before [MW, -]."""
        raise NotImplementedError

    def same_machines(self, it_mw: Numbers) -> Numbers:
        """IT power of the same machines, as busy as before; they do `1 / time_ratio` of the work [MW]."""
        return it_mw * self.power_ratio


def change(before: OperatingPoint, after: OperatingPoint) -> Change:
    """From one setting to another."""
    return Change(after.node_power_w / before.node_power_w, after.time_s / before.time_s)


def recorded(runs: Mapping[str, Measurement], work: Mapping[str, float]) -> Sequence[OperatingPoint]:
    """The points of recorded runs, by the setting's name, each of which did so much work."""
    raise NotImplementedError


def published(curve: str, host_w: float) -> Sequence[OperatingPoint]:
    """The points of a shipped curve of accelerators, with what the host draws beside each [W]."""
    raise NotImplementedError


def best(points: Sequence[OperatingPoint], *, slowdown_ratio: float | None = None) -> OperatingPoint:
    """The point of least energy at the wall, among those that take at most so many times the shortest time."""
    raise NotImplementedError
