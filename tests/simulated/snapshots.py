"""What a daemon on a GPU server would know after a while, made of numbers that add up; no daemon runs."""

from collections.abc import Sequence
from dataclasses import replace

from dcfoot.quantity import Quantity
from dcfoot.reading import Basis, Channel, Cut, Domain, Kind, Meter
from dcfoot_probes.daemon.wasting import priced
from dcfoot_probes.daemon.words import (
    Amount,
    CarbonTotal,
    ChannelTotal,
    Finding,
    Ladder,
    ProbeState,
    Rates,
    Snapshot,
    StoreState,
    Unit,
    UnitKind,
    UnitTotal,
    Waste,
    Wasted,
    WasteTotal,
)

HOST = "gpu-server-7"

START_NS = 1_760_000_000_000_000_000
UPTIME_S = 3_600
EARLY_S = 60

IDLE, UNATTRIBUTED = 0.125, 0.0625
"""Of every channel; parts of two, so that sums are exact."""

GPU_W, PACKAGE_W, DRAM_W = 256.0, 128.0, 16.0

PERSONAL = "erika-mustermann-thesis"
"""A unit's name, which is not to leave the host unasked."""


def meter(domain: Domain, device: str, name: str) -> Meter:
    """A counter."""
    return Meter(Channel(HOST, domain, device), name, f"test.{domain}", Kind.COUNTER, 1e-3)


def meters(gpus: int) -> list[tuple[Meter, float]]:
    """Those of a server with two sockets, and what each draws [W]."""
    cards = [(meter(Domain.GPU, f"GPU-{n:04d}", "NVIDIA H100 80GB HBM3"), GPU_W + n) for n in range(gpus)]
    packages = [(meter(Domain.PACKAGE, f"package-{n}", "Intel Xeon 8480+"), PACKAGE_W + n) for n in range(2)]
    memories = [(meter(Domain.DRAM, f"dram-{n}", "DRAM"), DRAM_W + n) for n in range(2)]
    return [*cards, *packages, *memories]


def unit(number: int) -> Unit:
    """Jobs, containers and services in turn."""
    kind = (UnitKind.SLURM_JOB, UnitKind.CONTAINER, UnitKind.SERVICE)[number % 3]
    labels = (("pod_uid", f"pod-{number}"), ("runtime", "containerd")) if kind is UnitKind.CONTAINER else ()
    return Unit(kind, str(1000 + number), f"{PERSONAL}-{number}", 4000 + number, labels)


def quantity(value: float, basis: Basis = Basis.MODELLED, spread: float = 0.25) -> Quantity:
    """A value with an interval around it."""
    return Quantity(value, value * (1 - spread), value * (1 + spread), basis)


def ladder(accelerator_w: float, host_w: float) -> Ladder:
    """With a node that draws 128 W for fans and boards, and a PUE of 1.25, after an hour."""
    node_w = host_w + 128.0
    powers = {
        "accelerator": quantity(accelerator_w, Basis.MEASURED, 0.03125),
        "host": quantity(host_w, Basis.MEASURED, 0.03125),
        "node": quantity(node_w),
        "facility": quantity(1.25 * node_w, Basis.DEFAULT, 0.5),
    }
    energies = {rung: Quantity(w.value / 1e3, w.p5 / 1e3, w.p95 / 1e3, w.basis) for rung, w in powers.items()}
    carbon = [
        CarbonTotal("location", "direct", "CO2", quantity(512.0)),
        CarbonTotal("market", "direct", "CO2", quantity(256.0)),
        CarbonTotal("location", "life_cycle", "CO2e", quantity(640.0)),
    ]
    return Ladder("cn_guian", {**powers}, {**energies}, carbon, {"onsite": quantity(0.75), "offsite": quantity(2.5)})


RATES = Rates(("location", "direct", "CO2"), quantity(512.0), quantity(2.0), quantity(0.25, Basis.DEFAULT), "EUR")

WASTED_KWH = 0.0625
"""What the first GPU took while the first unit let it stand idle."""


def wasted(devices: Sequence[str], owner: Unit) -> Wasted:
    """The first device is given and idle, the others are not."""
    totals = [
        WasteTotal(kind, device, GPU_W if is_so else 0.0, priced(WASTED_KWH if is_so else 0.0, RATES))
        for device in devices
        for kind in Waste
        for is_so in [device == devices[0] and kind is Waste.ALLOCATED_IDLE]
    ]
    amount = priced(WASTED_KWH, RATES)
    now_ns = START_NS + UPTIME_S * 1_000_000_000
    earlier = Finding(Waste.STOPPED, devices[-1], (), START_NS, now_ns - 10**12, is_over=True, amount=Amount(0.5))
    now = Finding(Waste.ALLOCATED_IDLE, devices[0], (owner,), now_ns - 10**12, now_ns, is_over=False, amount=amount)
    return Wasted(totals, [now, earlier], RATES)


def with_instance(now: Snapshot) -> Snapshot:
    """The same server, but that an eighth of its first GPU is a MIG instance."""
    whole = now.channels[0]
    channel = Channel(HOST, Domain.GPU_INSTANCE, "MIG-0000", Basis.MODELLED)
    cut = Cut(whole.meter.channel.device, 7, "1g.10gb")
    meter = Meter(channel, f"{whole.meter.name} MIG 1g.10gb", "mig.slices", Kind.COUNTER, 1.0, cut=cut)
    part = whole._replace(meter=meter, power_w=GPU_W / 8, energy_j=whole.energy_j / 8)
    return replace(now, channels=[*now.channels, part])


def with_wall(now: Snapshot) -> Snapshot:
    """The same server with a meter of its own, which sees twice what its devices take, and is nobody's."""
    power_w, energy_j = (
        2 * sum(one.power_w or 0.0 for one in now.channels),
        2 * sum(one.energy_j for one in now.channels),
    )
    wall = now.channels[0]._replace(
        meter=meter(Domain.NODE, "acpi", "the node"),
        power_w=power_w,
        idle_w=0.0,
        unattributed_w=power_w,
        energy_j=energy_j,
        idle_j=0.0,
        unattributed_j=energy_j,
    )
    return replace(now, channels=[*now.channels, wall])


def part_time(now: Snapshot) -> Snapshot:
    """The same server, but that the sensor of its first GPU looks 25 ms of every 100, as an H100's does."""
    whole, *others = now.channels
    return replace(now, channels=[whole._replace(meter=replace(whole.meter, observed_ratio=0.25)), *others])


def snapshot(gpus: int = 2, units: int = 3) -> Snapshot:
    """A server whose units share every device evenly, an hour after the daemon was started.

    Parameters
    ----------
    gpus, units : int
        How many.
    """
    uptime_s = UPTIME_S
    now_ns = START_NS + uptime_s * 1_000_000_000
    powers = meters(gpus)
    share = (1 - IDLE - UNATTRIBUTED) / units if units else 0.0
    total_w = sum(watts for _, watts in powers)
    kinds = [unit(n).kind for n in range(units)]
    channels = [
        ChannelTotal(
            one,
            w,
            IDLE * w,
            UNATTRIBUTED * w,
            w * uptime_s,
            IDLE * w * uptime_s,
            UNATTRIBUTED * w * uptime_s,
            {kind: share * w * EARLY_S * kinds.count(kind) for kind in UnitKind},
            0.0,
            float(uptime_s),
        )
        for one, w in powers
    ]
    owners = [
        UnitTotal(
            unit(n),
            share * total_w,
            {one.channel: share * w * uptime_s for one, w in powers},
            {one.channel: share * w * (uptime_s - EARLY_S) for one, w in powers},
            START_NS,
            now_ns,
        )
        for n in range(units)
    ]
    gauges = {
        one.channel.device: {
            "utilisation_ratio": 0.75,
            "memory_used_bytes": 64e9,
            "sm_clock_mhz": 1980.0,
            "sm_clock_max_mhz": 1980.0,
            "temperature_c": 62.0,
            "power_limit_w": 700.0,
        }
        for one, _ in powers
        if one.channel.domain is Domain.GPU
    }
    probes = {
        "nvidia": ProbeState(up=True, read_s=0.002, failures=0),
        "rapl": ProbeState(up=True, read_s=0.0004, failures=1),
        "acpi_power_meter": ProbeState(up=False, failures=12, said="Permission denied; run the daemon as root"),
    }
    gpus_w = sum(w for one, w in powers if one.channel.domain is Domain.GPU)
    return Snapshot(
        HOST,
        START_NS,
        now_ns,
        1.0,
        channels,
        owners,
        gauges,
        probes,
        ladder(gpus_w, total_w),
        StoreState(123_456_789, 1.5, 0, ""),
        12.5,
        40_000_000,
        wasted([one.channel.device for one, _ in powers if one.channel.domain is Domain.GPU], unit(0)),
    )
