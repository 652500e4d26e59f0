"""What a setting of the machines does to power and time: a power cap, a clock limit, other hardware, another model.

What comes in are `OperatingPoint`s (energy and time per unit of work, at the wall: the host's watts count), from
recorded runs or a published curve; what goes out is a `Change` that turns the IT power of one setting into another's.

A cap that is best for the accelerator by itself makes the work take longer, and the host draws its watts all that time:
so points are compared at the wall, never at the accelerator.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dcfoot.assessment import assess
from dcfoot.calibration import Calibration
from dcfoot.elementwise import Numbers, Value, maximum
from dcfoot.errors import DataMissing, StudyError
from dcfoot.evidence import Evidence
from dcfoot.measurement import Measurement
from dcfoot.places import nearest
from dcfoot.reading import Basis
from dcfoot.site import world_site
from dcfoot.tables import Row, is_verified
from dcfoot.units import J_PER_KWH
from dcfoot_scenarios.tables import rows


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
    basis : Basis
        Of the energy at the wall.
    evidence : Evidence
        What stands behind it.
    """

    setting: str
    time_s: float
    node_energy_j: float
    accelerator_energy_j: float | None
    basis: Basis
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

    def same_machines_mw(self, it_mw: Numbers) -> Numbers:
        """IT power of the same machines, as busy as before: they do ``1 / time_ratio`` of the work [MW].

        Parameters
        ----------
        it_mw : float or array
            Before, of machines that work all the time [MW]
        """
        return it_mw * self.power_ratio

    def machines_ratio(self, busy_ratio: Value) -> Value:
        """Machines that the same work takes, of those that there are: more than 1 where they are no longer enough [-].

        Parameters
        ----------
        busy_ratio : float or array
            Part of the time that they worked before [-]
        """
        return maximum(busy_ratio * self.time_ratio, 1.0)

    def same_work_mw(self, it_mw: Numbers, busy_ratio: Numbers = 1.0, idle_power_ratio: Numbers = 0.0) -> Numbers:
        """IT power for the same work: machines that take longer are idle less, and where they do not suffice, more.

        ``P (b t p + (m - b t) i) / (b + (1 - b) i)``, with m from `machines_ratio`.

        Parameters
        ----------
        it_mw : float or array
            Before, on average, P [MW]
        busy_ratio : float or array
            Part of the time that machines worked before, b [-]
        idle_power_ratio : float or array
            What a machine draws when it is idle, over what it drew at work before, i [-]
        """
        busy = busy_ratio * self.time_ratio
        idle = (self.machines_ratio(busy_ratio) - busy) * idle_power_ratio
        before = busy_ratio + (1 - busy_ratio) * idle_power_ratio
        return it_mw * (busy * self.power_ratio + idle) / before


def change(before: OperatingPoint, after: OperatingPoint) -> Change:
    """What going from one setting to another does.

    Parameters
    ----------
    before, after : OperatingPoint
        Of the same unit of work.
    """
    return Change(after.node_power_w / before.node_power_w, after.time_s / before.time_s)


def at_setting(points: Sequence[OperatingPoint], setting: str) -> OperatingPoint:
    """The point of this setting.

    Parameters
    ----------
    points : sequence of OperatingPoint
        Of a curve, or of recorded runs.
    setting : str
        ``"cap 250 W"``.

    Raises
    ------
    StudyError
        There is none; the message lists those that there are.
    """
    found = next((point for point in points if point.setting == setting), None)
    if found is None:
        known = [point.setting for point in points]
        raise StudyError(f"There is no setting {setting!r}.{nearest(setting, known)} There are: {', '.join(known)}.")
    return found


def least_energy(points: Sequence[OperatingPoint], slowdown_ratio: float | None = None) -> OperatingPoint:
    """The point that takes the least energy at the wall.

    Parameters
    ----------
    points : sequence of OperatingPoint
        Two settings or more, of the same unit of work.
    slowdown_ratio : float or None
        Leaves out what takes more than so many times the shortest time; None for no limit [-].

    Raises
    ------
    StudyError
        There are fewer than two settings: nothing can be compared.
    """
    if len({point.setting for point in points}) < 2:
        raise StudyError("Settings are compared: give the runs of two or more.")
    shortest_s = min(point.time_s for point in points)
    most_s = float("inf") if slowdown_ratio is None else slowdown_ratio * shortest_s
    return min(
        (point for point in points if point.time_s <= max(most_s, shortest_s)), key=lambda point: point.node_energy_j
    )


def recorded(
    setting: str,
    run: Measurement,
    work_count: float,
    *,
    node_class: str | None = None,
    calibration: Calibration | None = None,
) -> OperatingPoint:
    """The point of a recorded run: all that its machines drew at the wall while it lasted, over the work it did.

    Parameters
    ----------
    setting : str
        What was set: ``"cap 250 W"``.
    run : Measurement
        From the store: ``RunStore().load("cap-250")``.
    work_count : float
        Units of work that it did: tokens, steps, images.
    node_class : str or None
        For machines without a meter at the wall, as in `dcfoot.assessment.assess`; None to guess it.
    calibration : Calibration or None
        A fit to the host's wall meter.

    Raises
    ------
    StudyError
        The run did no work.
    DataMissing
        Its energy at the wall is not known.
    """
    if not work_count > 0:
        raise StudyError(f"Run {run.id}: say how much work it did, above 0 (tokens, steps, images), not {work_count}.")
    footprint = assess(run, world_site(), whole_node=True, node_class=node_class, calibration=calibration)
    rungs = {rung.name: rung for rung in footprint.rungs}
    node, accelerator = rungs["node"].energy_kwh, rungs["accelerator"].energy_kwh
    if node is None or run.duration_s <= 0:
        raise DataMissing(f"Run {run.id}: its energy at the wall is not known. {rungs['node'].note}".strip())
    node_j = node.value * J_PER_KWH / work_count
    evidence = Evidence(
        f"energy per unit of work: {setting}", node_j, "J", run.started_at.year, f"recorded run {run.id}", verified=True
    )
    part_j = None if accelerator is None else accelerator.value * J_PER_KWH / work_count
    return OperatingPoint(setting, run.duration_s / work_count, node_j, part_j, node.basis, evidence)


def published(curve: str, host_w: float) -> tuple[OperatingPoint, ...]:
    """The points of a shipped curve of one accelerator, with the part of its host that runs beside it.

    Parameters
    ----------
    curve : str
        ``"V100, ResNet-50, batch of 256"``.
    host_w : float
        What the host draws at the wall for each accelerator, beyond the accelerator's own watts [W].

    Raises
    ------
    DataMissing
        There is no such curve; the nearest are offered.
    StudyError
        The host draws less than nothing.
    """
    found = [row for row in rows("operation_curves") if row["curve"] == curve]
    if not found:
        hint = nearest(curve, curve_names()) or f" There are: {'; '.join(curve_names())}."
        raise DataMissing(f"No curve is called {curve!r}.{hint}")
    if host_w < 0:
        raise StudyError(f"A host draws no less than nothing, not {host_w:g} W.")
    return tuple(_published(row, host_w) for row in found)


def curve_names() -> tuple[str, ...]:
    """The curves that are shipped."""
    return tuple(dict.fromkeys(row["curve"] for row in rows("operation_curves")))


def _published(row: Row, host_w: float) -> OperatingPoint:
    time_s, power_w = float(row["time_s"]), float(row["power_w"])
    evidence = Evidence(
        f"power at {row['setting']}: {row['curve']}",
        power_w,
        "W",
        int(row["year"]),
        row["source"],
        is_verified(row),
        row["note"],
        row["licence"],
    )
    return OperatingPoint(
        row["setting"], time_s, (power_w + host_w) * time_s, power_w * time_s, Basis.MODELLED, evidence
    )
