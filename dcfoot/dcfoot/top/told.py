"""What the daemon says at ``/api/v1/now``, as types: of its document what is shown."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict, cast

from dcfoot.errors import DataMissing


class QuantityTold(TypedDict):
    """A value with its interval and basis."""

    value: float
    p5: float
    p95: float
    basis: str


class CarbonTold(TypedDict):
    """Emissions since the start, by one method."""

    method: str
    boundary: str
    gas: str
    value_g: QuantityTold


class LadderTold(TypedDict):
    """From chips to the grid."""

    site: str
    power_w: Mapping[str, QuantityTold | None]
    energy_kwh: Mapping[str, QuantityTold | None]
    carbon: Sequence[CarbonTold]
    water_l: Mapping[str, QuantityTold | None]


class ChannelTold(TypedDict):
    """A device."""

    domain: str
    device: str
    basis: str
    name: str
    nested: bool
    divided: NotRequired[bool]
    observed_ratio: NotRequired[float]
    power_w: float | None
    idle_w: NotRequired[float | None]
    unattributed_w: NotRequired[float | None]
    energy_j: float
    idle_j: float
    unattributed_j: float


class UnitNamed(TypedDict):
    """A job, a container, a user; by name only where the daemon's operator allowed it."""

    kind: str
    id: str
    name: NotRequired[str]
    user_id: NotRequired[int | None]
    labels: Mapping[str, str]


class UnitTold(UnitNamed):
    """What one takes."""

    power_w: float
    energy_j: float


class FindingTold(TypedDict):
    """Energy that a device took for nothing in one go."""

    kind: str
    device: str
    units: Sequence[UnitNamed]
    since_at: str
    is_over: bool
    energy_kwh: float
    carbon_g: QuantityTold | None
    cost: QuantityTold | None


class WasteTold(TypedDict):
    """All that was found, the newest first."""

    currency: str | None
    findings: Sequence[FindingTold]


class ProbeTold(TypedDict):
    """How a probe is doing."""

    up: bool
    read_s: float
    failures: int
    said: str


class StoreTold(TypedDict):
    """How the store is doing."""

    size_bytes: int
    lost_frames: int
    said: str


class OwnTold(TypedDict):
    """What the daemon itself takes."""

    cpu_s: float
    rss_bytes: int


class Told(TypedDict):
    """All of it."""

    schema: str
    host: str
    started_at: str
    at: str
    interval_s: float
    ladder: LadderTold | None
    channels: Sequence[ChannelTold]
    gauges: Mapping[str, Mapping[str, float]]
    units: Sequence[UnitTold]
    units_count: int
    probes: Mapping[str, ProbeTold]
    store: StoreTold
    own: OwnTold
    waste: NotRequired[WasteTold]


SCHEMA = "dcfoot.now/1"


def checked(document: Mapping[str, object]) -> Told:
    """The document, if it is one.

    Raises
    ------
    DataMissing
        It is something else: another program answers there, or another version of the daemon.
    """
    if document.get("schema") == SCHEMA:
        return cast("Told", document)
    raise DataMissing(f"What answers there is no daemon of this version of dcfoot: it does not speak {SCHEMA}.")
