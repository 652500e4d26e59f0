"""The words that the parts of the daemon share: a `Frame` is one tick, a `Snapshot` is all of them added up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from dcfoot.counter import Step
from dcfoot.quantity import Quantity
from dcfoot.reading import Channel, Meter


class UnitKind(StrEnum):
    """What holds a unit's processes together, the strongest bond first: a process belongs to the first that it has."""

    SLURM_JOB = "slurm_job"
    CONTAINER = "container"
    SERVICE = "service"
    USER = "user"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Unit:
    """Processes that are counted as one. No process is in two units, so that units add up.

    Parameters
    ----------
    kind : UnitKind
        What holds them together.
    id : str
        One name for it on this host and in this kind: a job's number, a container's id, a service's name, a user's
        number.
    name : str
        For people; may hold a user's or a job's name, so it leaves the host only where that was asked for.
    user_id : int or None
        Whose they are; None where they are several people's or not known.
    labels : tuple of (str, str)
        What else is known, sorted: ``("pod_uid", ...)``, ``("runtime", "docker")``.
    """

    kind: UnitKind
    id: str
    name: str = ""
    user_id: int | None = None
    labels: tuple[tuple[str, str], ...] = ()

    def __hash__(self) -> int:
        """That of its id, which hardly two share: units are looked up a thousand times a second."""
        return hash(self.id)


USERS = Unit(UnitKind.USER, "users")
"""All users as one, for whoever is not to know their numbers."""


class Split(NamedTuple):
    """How a device's energy in a tick is divided: ratios of 0 and more that add up to 1.

    Parameters
    ----------
    units : Mapping[Unit, float]
        Each unit's part.
    idle : float
        Of the time in which nobody used it.
    unattributed : float
        Of users that cannot be named.
    """

    units: Mapping[Unit, float]
    idle: float
    unattributed: float


NOBODY = Split({}, 0.0, 1.0)
"""Nobody can be named."""


class ProbeState(NamedTuple):
    """How a probe is doing.

    Parameters
    ----------
    up : bool
        Whether its last reading came in time.
    read_s : float
        How long that took [s].
    failures : int
        Readings that failed or came too late since the start.
    said : str
        Why it is down, and what mends it; empty where it is up.
    """

    up: bool
    read_s: float = 0.0
    failures: int = 0
    said: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """One tick of the daemon.

    Parameters
    ----------
    utc_ns : int
        Its end by the calendar [ns since 1970 UTC]. It may step back with the machine's clock; durations never do.
    duration_s : float
        Its length by the monotonic clock, time asleep included [s].
    steps : Mapping[Channel, Step]
        What each channel took since the frame before, several readings of it added up; one that is left out has a gap.
    splits : Mapping[Channel, Split]
        How that is divided; a channel that is left out is nobody's that we know: all unattributed.
    gauges : Mapping[str, Mapping[str, float]]
        By device: figures whose names end in their unit. Read less often than every tick, and then repeated.
    probes : Mapping[str, ProbeState]
        How each probe is doing.
    """

    utc_ns: int
    duration_s: float
    steps: Mapping[Channel, Step]
    splits: Mapping[Channel, Split]
    gauges: Mapping[str, Mapping[str, float]]
    probes: Mapping[str, ProbeState]


class ChannelTotal(NamedTuple):
    """What a channel took since the daemon was started.

    Parameters
    ----------
    meter : Meter
        What is metered and how well.
    power_w, idle_w, unattributed_w : float or None
        Of the last tick, and the parts that are no unit's; None where that has a gap [W].
    energy_j, idle_j, unattributed_j : float
        All of it, and the parts that are no unit's [J].
    early_j : Mapping[UnitKind, float]
        Of the units' parts, what each kind's took in the first minute of each [J].
    unaccounted_j : float
        What is left of it without all parts as they are kept: 0 but for rounding [J].
    covered_s : float
        Time in which the power was known [s].
    """

    meter: Meter
    power_w: float | None
    idle_w: float | None
    unattributed_w: float | None
    energy_j: float
    idle_j: float
    unattributed_j: float
    early_j: Mapping[UnitKind, float]
    unaccounted_j: float
    covered_s: float


class UnitTotal(NamedTuple):
    """What a unit took since it was first seen.

    Parameters
    ----------
    unit : Unit
        Who.
    power_w : float
        Of the last tick, over all channels that are not nested in another [W].
    energy_j, late_j : Mapping[Channel, float]
        By channel, and what of it came after its first minute [J].
    first_utc_ns, last_utc_ns : int
        When it was first and last seen [ns since 1970 UTC].
    """

    unit: Unit
    power_w: float
    energy_j: Mapping[Channel, float]
    late_j: Mapping[Channel, float]
    first_utc_ns: int
    last_utc_ns: int


class CarbonTotal(NamedTuple):
    """Emissions since the daemon was started, by one method in one family, as on a receipt."""

    method: str
    boundary: str
    gas: str
    value_g: Quantity


@dataclass(frozen=True, slots=True)
class Ladder:
    """From chips to the grid: the machine's power now, and what it came to since the daemon was started.

    Parameters
    ----------
    site : str
        The site whose figures are used.
    power_w : Mapping[str, Quantity or None]
        By rung: ``accelerator``, ``host``, ``node``, ``facility``; None is not known [W].
    energy_kwh : Mapping[str, Quantity or None]
        The same since the start [kWh].
    carbon : Sequence of CarbonTotal
        Each method apart.
    water_l : Mapping[str, Quantity or None]
        By boundary: ``onsite``, ``offsite`` [L].
    """

    site: str
    power_w: Mapping[str, Quantity | None]
    energy_kwh: Mapping[str, Quantity | None]
    carbon: Sequence[CarbonTotal]
    water_l: Mapping[str, Quantity | None]


class Waste(StrEnum):
    """What kind of waste it is."""

    ALLOCATED_IDLE = "allocated_idle"
    """Given to a job, and nobody holds a context on it."""

    STOPPED = "stopped"
    """The same owners computed before and still hold it, but compute no more."""

    HELD = "held"
    """Somebody holds its memory and has computed nothing since we look."""

    SLOW = "slow"
    """Busy throughout at half its clock or less and half its power limit or less: heat, a power brake, or a setting
    that somebody forgot."""


class Rates(NamedTuple):
    """What a kilowatt-hour at a device comes to at this site, losses of the facility included; None is not known.

    Parameters
    ----------
    carbon : tuple of str
        By which method, in which boundary and gas emissions are counted; empty before any are known.
    carbon_g, water_l, cost : Quantity or None
        Of a kilowatt-hour [g/kWh, L/kWh, `currency`/kWh].
    currency : str
        ISO 4217; empty where no price was set.
    """

    carbon: tuple[str, ...] = ()
    carbon_g: Quantity | None = None
    water_l: Quantity | None = None
    cost: Quantity | None = None
    currency: str = ""


class Amount(NamedTuple):
    """Energy, and what it came to; None is not known.

    Parameters
    ----------
    energy_kwh : float
        At the device's meter [kWh].
    carbon_g, water_l, cost : Quantity or None
        By the rates of the time [g, L, the currency of the rates].
    """

    energy_kwh: float = 0.0
    carbon_g: Quantity | None = None
    water_l: Quantity | None = None
    cost: Quantity | None = None


class WasteTotal(NamedTuple):
    """What one kind of waste took on one device since the daemon was started.

    Parameters
    ----------
    kind : Waste
        By which rule.
    device : str
        Where.
    power_w : float
        What it takes now; 0 where it is over [W].
    amount : Amount
        All of it.
    """

    kind: Waste
    device: str
    power_w: float
    amount: Amount


class Finding(NamedTuple):
    """Waste on one device in one go.

    Parameters
    ----------
    kind : Waste
        By which rule.
    device : str
        Where.
    units : tuple of Unit
        Who had it; empty where nobody can be named.
    since_utc_ns, until_utc_ns : int
        From when to when; `until_utc_ns` moves on while it lasts [ns since 1970 UTC].
    is_over : bool
        Whether it has ended.
    amount : Amount
        What it took.
    """

    kind: Waste
    device: str
    units: tuple[Unit, ...]
    since_utc_ns: int
    until_utc_ns: int
    is_over: bool
    amount: Amount


class Wasted(NamedTuple):
    """All waste that was found since the daemon was started.

    Parameters
    ----------
    totals : Sequence of WasteTotal
        Every kind on every accelerator, also where there was none.
    findings : Sequence of Finding
        The newest, the newest first.
    rates : Rates
        What a kilowatt-hour comes to now.
    """

    totals: Sequence[WasteTotal] = ()
    findings: Sequence[Finding] = ()
    rates: Rates = Rates()


class StoreState(NamedTuple):
    """How the store is doing.

    Parameters
    ----------
    size_bytes : int
        Of its files [bytes].
    waiting_s : float
        How long the oldest frame waits in memory to be written [s].
    lost_frames : int
        Frames that memory could not hold until the disk came back.
    said : str
        What is wrong and what mends it; empty where nothing is.
    """

    size_bytes: int = 0
    waiting_s: float = 0.0
    lost_frames: int = 0
    said: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the daemon knows now.

    Parameters
    ----------
    host : str
        The machine's name.
    started_utc_ns, utc_ns : int
        When the daemon was started, and the end of the last frame [ns since 1970 UTC].
    interval_s : float
        Time between readings now [s].
    channels, units : Sequence
        Totals.
    gauges, probes : Mapping
        As in the last frame.
    ladder : Ladder or None
        Nothing in it is known before the first frame; None where none is worked out at all.
    store : StoreState
        How the store is doing.
    cpu_s, rss_bytes : float, int
        What the daemon itself took of the processor [s], and takes of memory [bytes].
    waste : Wasted
        What accelerators took for nothing.
    """

    host: str
    started_utc_ns: int
    utc_ns: int
    interval_s: float
    channels: Sequence[ChannelTotal]
    units: Sequence[UnitTotal]
    gauges: Mapping[str, Mapping[str, float]]
    probes: Mapping[str, ProbeState]
    ladder: Ladder | None
    store: StoreState
    cpu_s: float
    rss_bytes: int
    waste: Wasted = field(default_factory=Wasted)


class Parted(NamedTuple):
    """Who used a device, up to the last time that its driver was asked: users, unused and unknown add up to all.

    Parameters
    ----------
    parted_j : float
        All of it [J].
    unused_j : float
        Taken while nobody used it [J].
    unknown_j : float
        Taken while it could not be seen who used it [J].
    users_j : Mapping[int, float]
        By process, as its number is where the daemon lives; those that ended long ago are left out [J].
    """

    parted_j: float
    unused_j: float
    unknown_j: float
    users_j: Mapping[int, float]


class MeterTotal(NamedTuple):
    """What a meter has counted since the daemon was started, at its last reading.

    Parameters
    ----------
    probe : str
        Whose it is.
    meter : Meter
        What is metered and how well.
    energy_j : float
        All that was booked [J].
    covered_s : float
        The time for which that is known [s].
    time_ns, utc_ns : int
        When it held, by the monotonic clock and by the calendar's [ns].
    parted : Parted or None
        Who used the device; None where its probe does not know processes.
    """

    probe: str
    meter: Meter
    energy_j: float
    covered_s: float
    time_ns: int
    utc_ns: int
    parted: Parted | None


class Metered(NamedTuple):
    """All meters as counters, fresh from the last reading.

    Parameters
    ----------
    started_ns : int
        When they began to count, by the monotonic clock [ns].
    probes : Sequence of str
        The probes that the daemon has open.
    meters : Sequence of MeterTotal
        Of each thing the one meter that is booked.
    """

    started_ns: int
    probes: Sequence[str]
    meters: Sequence[MeterTotal]
