"""The meters of this machine's daemon, for whoever may ask it: RAPL and all else that root alone may read, read once.

Each is a counter: the daemon's running total, which begins anew with the daemon. Every reading has the daemon read
first, so that a run's start and end are those moments and not a tick. Of a device whose users the daemon knows, the
run's share is the energy of its processes.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, cast

from dcfoot.daemon_client import DaemonClient, Json, sockets_of
from dcfoot.errors import DaemonSilent, DaemonUnavailable, ProbeTransient, ProbeUnavailable
from dcfoot.probe import Surroundings
from dcfoot.reading import Basis, Channel, Domain, Kind, Meter, Reading
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.words import Parted

PATH = "/api/v1/meters"

FRAME_PATH = "/api/v1/now"

TIMEOUT_S = 0.9
"""How long the daemon may take [s]: less than the end of a run waits for its last readings."""

COUNT_J = 1e-6
"""A count of these counters [J]: a microjoule, as in powercap."""

THROUGH = "through the daemon"
"""Behind the method by which the daemon itself reads."""

RENEWED = "the daemon was started anew; what was used in between is not known"


SILENT = "what this machine's daemon meters is not in this run"


class _Answer(NamedTuple):
    """What the daemon said: each meter by its domain and device, and how far our clock is ahead of its own [ns]."""

    document: Json
    meters: Mapping[tuple[str, str], Json]
    ahead_ns: int

    @property
    def started_ns(self) -> int:
        """When its counters began, on our clock [ns]."""
        return _integer(self.document["started_monotonic_ns"]) + self.ahead_ns


class Served:
    """What the daemon of this machine meters.

    Parameters
    ----------
    surroundings : Surroundings
        The machine; its environment names the socket, if another than the usual one is used.
    """

    name = "served"

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        environ = {"DCFOOT_ROOT": str(surroundings.root), **surroundings.environ}
        self._client = DaemonClient(sockets_of(environ), TIMEOUT_S)
        self._meters: dict[tuple[str, str], Meter] = {}
        self._stamps_ns: dict[tuple[str, str], int] = {}
        self._answer: _Answer | None = None
        self._shared: _Answer | None = None
        self._own: set[int] = set()
        self._ratios: dict[str, float] = {}
        self._allocated: AbstractSet[str] = frozenset()
        self.notes: list[str] = []

    def open(self) -> Sequence[Meter]:
        """Its meters.

        Raises
        ------
        ProbeUnavailable
            There is no daemon, or it has no meters.
        ProbeTransient
            It is there and silent: what it alone can read is missing.
        """
        try:
            answer = self._ask_twice()
        except DaemonSilent as silent:
            raise ProbeTransient(f"{SILENT}: {silent.reason}") from None
        except DaemonUnavailable as absent:
            raise ProbeUnavailable(absent.reason, absent.remedy) from None
        if not answer.meters:
            raise ProbeUnavailable("this machine's daemon has no meters", "`dcfoot daemon status` tells why.")
        self._allocated = _allocated(self._surroundings.environ, answer)
        return [self._meter(key, told) for key, told in answer.meters.items()]

    def read_start(self) -> Sequence[Reading]:
        """The first readings; shares are counted from here too."""
        readings = self.read()
        self._shared = self._answer
        return readings

    def settle_start(self) -> Sequence[Reading]:
        """Nothing is left to do: the first readings were made when they were asked for."""
        return ()

    def read(self) -> Sequence[Reading]:
        """What each has counted; one that the daemon has not read since is left out."""
        before = self._answer
        try:
            answer = self._ask()
        except DaemonUnavailable as absent:
            raise ProbeTransient(absent.reason) from None
        renewed: list[Reading] = []
        if before and before.document["started_monotonic_ns"] != answer.document["started_monotonic_ns"]:
            renewed = self._begin_anew(answer.started_ns)
        return [
            *renewed,
            *(self._reading(key, told, answer) for key, told in answer.meters.items() if self._is_new(key, told)),
        ]

    def read_end(self) -> Sequence[Reading]:
        """The last readings."""
        return self.read()

    def powers_w(self) -> Mapping[Channel, float]:
        """What each draws in the mean of the daemon's last frame: a look of our own would be too short for some."""
        try:
            told = cast("list[Json]", self._client.get(FRAME_PATH)["channels"])
            powers_w = {(str(one["domain"]), str(one["device"])): one["power_w"] for one in told}
        except (DaemonUnavailable, KeyError, TypeError) as fault:
            raise ProbeTransient(f"the daemon does not tell its last frame: {fault}") from None
        return {
            meter.channel: _number(power_w)
            for key, meter in self._meters.items()
            if (power_w := powers_w.get(key)) is not None
        }

    def use_ratio(self, pids: AbstractSet[int]) -> Mapping[str, float | None]:
        """The run's share of each device whose users the daemon knows, since the last call."""
        before, now = self._shared, self._answer
        self._shared = now
        if now is None:
            return {}
        return {
            str(told["device"]): self._ratio(told, before and before.meters.get(key), pids)
            for key, told in now.meters.items()
            if told["users"] is not None
        }

    def close(self) -> None:
        """Nothing is held open."""

    def _ask_twice(self) -> _Answer:
        try:
            return self._ask()
        except DaemonSilent:
            return self._ask()

    def _ask(self) -> _Answer:
        clock_ns = self._surroundings.clock_ns
        asked_ns = clock_ns()
        document = self._client.get(f"{PATH}?now=1")
        answered_ns = clock_ns()
        try:
            self._answer = _read(document, asked_ns, answered_ns)
        except (KeyError, TypeError, ValueError) as fault:
            raise DaemonUnavailable(
                f"the daemon's meters cannot be read ({fault!r}); is it of another version?"
            ) from None
        return self._answer

    def _meter(self, key: tuple[str, str], told: Json) -> Meter:
        if key not in self._meters:
            self._meters[key] = _meter_of(told, self._surroundings.host)
        return self._meters[key]

    def _is_new(self, key: tuple[str, str], told: Json) -> bool:
        stamp_ns = _integer(told["monotonic_ns"])
        before_ns, self._stamps_ns[key] = self._stamps_ns.get(key), stamp_ns
        return stamp_ns != before_ns

    def _reading(self, key: tuple[str, str], told: Json, answer: _Answer) -> Reading:
        return Reading(
            self._meter(key, told),
            round(_number(told["energy_j"]) / COUNT_J),
            _integer(told["monotonic_ns"]) + answer.ahead_ns,
            round(_number(told["covered_s"]) * NS_PER_S),
        )

    def _begin_anew(self, started_ns: int) -> list[Reading]:
        """Every counter stood at nothing when the daemon was started anew: a reset, whatever it shows by now."""
        if RENEWED not in self.notes:
            self.notes.append(RENEWED)
        return [Reading(self._meters[key], 0, started_ns, 0) for key in self._stamps_ns]

    def _ratio(self, told: Json, before: Json | None, pids: AbstractSet[int]) -> float | None:
        """The run's part of what a device took; None where it cannot be seen who used it."""
        device = str(told["device"])
        now, then = _users(told), _users(before)
        if now.parted_j < then.parted_j:
            then = _users(None)  # the daemon was started anew
        parted_j = now.parted_j - then.parted_j
        if parted_j <= 0.0:
            return self._ratios.get(device)
        gained_j = {pid: gained for pid, j in now.users_j.items() if (gained := j - then.users_j.get(pid, 0.0)) > 0.0}
        known_j = sum(gained_j.values()) + now.unused_j - then.unused_j
        if now.unknown_j > then.unknown_j or (gained_j and not self._sees_processes()):
            return None
        self._own |= {pid for pid in gained_j if pid in pids}
        own_j = sum(j for pid, j in gained_j.items() if pid in self._own)
        if device in self._allocated:
            own_j += now.unused_j - then.unused_j
        self._ratios[device] = min(1.0, own_j / known_j) if known_j > 0.0 else 0.0
        return self._ratios[device]

    def _sees_processes(self) -> bool:
        """Whether the daemon's numbers of processes are ours."""
        with suppress(OSError):
            own = Path("/proc/self/ns/pid").stat().st_ino
            return self._answer is not None and self._answer.document["pid_namespace"] == own
        return False


def _users(told: Json | None) -> Parted:
    users = cast("Json | None", told and told["users"])
    if users is None:
        return Parted(0.0, 0.0, 0.0, {})
    processes = cast("list[Json]", users["processes"])
    return Parted(
        _number(users["parted_j"]),
        _number(users["unused_j"]),
        _number(users["unknown_j"]),
        {_integer(one["pid"]): _number(one["energy_j"]) for one in processes},
    )


def _read(document: Json, asked_ns: int, answered_ns: int) -> _Answer:
    """Raises KeyError, TypeError or ValueError where it is none."""
    told = cast("list[Json]", document["meters"])
    its_ns = _integer(document["monotonic_ns"])
    ahead_ns = 0 if asked_ns <= its_ns <= answered_ns else answered_ns - its_ns  # of another time namespace
    answer = _Answer(document, {(str(one["domain"]), str(one["device"])): one for one in told}, ahead_ns)
    _ = answer.started_ns, document["pid_namespace"]
    for one in told:
        _meter_of(one, "")
        _ = _users(one), _number(one["energy_j"]), _number(one["covered_s"]), _integer(one["monotonic_ns"])
    return answer


def _meter_of(told: Json, host: str) -> Meter:
    ceiling_w = told["power_ceiling_w"]
    channel = Channel(host, Domain(str(told["domain"])), str(told["device"]), Basis(str(told["basis"])))
    return Meter(
        channel,
        str(told["name"]),
        f"{told['method']} {THROUGH}",
        Kind.COUNTER,
        COUNT_J,
        power_max_w=_number(told["power_max_w"]),
        gain_p5=_number(told["gain_p5"]),
        gain_p95=_number(told["gain_p95"]),
        source=str(told["source"]),
        observed_ratio=_number(told["observed_ratio"]),
        power_floor_w=_number(told["power_floor_w"]),
        power_ceiling_w=None if ceiling_w is None else _number(ceiling_w),
    )


def _allocated(environ: Mapping[str, str], answer: _Answer) -> AbstractSet[str]:
    """The devices that the job was given by name: idle, they are its own."""
    if "CUDA_VISIBLE_DEVICES" not in environ:
        return frozenset()
    from dcfoot_probes.nvidia.allocation import allocation

    # Which device holds a MIG instance is the driver's to say, which is not asked here.
    devices = [
        _Named(str(one["device"]), str(one["name"])) for one in answer.meters.values() if one["probe"] == "nvidia"
    ]
    return allocation(environ, devices, lambda _: None).devices or frozenset()


class _Named(NamedTuple):
    uuid: str
    name: str


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return float(value)


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value
