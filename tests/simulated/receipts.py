"""Receipts as JSON of runs that could have been: for the renderers, which know nothing but the JSON.

Energies are invented but add up; factors are the published ones that their sources name.
"""

from copy import deepcopy

from dcfoot.receipt.contract import (
    ByTimeJson,
    CarbonJson,
    ChannelJson,
    FootprintJson,
    MachineJson,
    OverheadJson,
    PhaseJson,
    QuantityJson,
    ReceiptJson,
    RungJson,
    RunJson,
    SiteJson,
    SourceJson,
)
from dcfoot.receipt.equivalents import equivalents

J_PER_KWH = 3_600_000.0

NO_SITE = SiteJson(id="world", name="World average", grid_zone=None, chosen=False, typical_year=None)
GUIAN = SiteJson(id="cn_guian", name="Gui'an, Guizhou", grid_zone="CN-GZ", chosen=True, typical_year=None)


def quantity(value: float, low_ratio: float, high_ratio: float, basis: str) -> QuantityJson:
    """`value` with an interval given as ratios of it."""
    return QuantityJson(value=value, p5=value * low_ratio, p95=value * high_ratio, basis=basis)


def rung(name: str, known: QuantityJson | None, note: str = "") -> RungJson:
    """A rung; with None, one of which nothing is known."""
    if known is None:
        return RungJson(rung=name, energy_kwh=None, p5_kwh=None, p95_kwh=None, basis=None, note=note)
    return RungJson(
        rung=name,
        energy_kwh=known["value"],
        p5_kwh=known["p5"],
        p95_kwh=known["p95"],
        basis=known["basis"],
        note=note,
    )


def channel(domain: str, number: int, name: str, method: str, energy_kwh: float, **extra: object) -> ChannelJson:
    """A meter that saw `energy_kwh` in an hour; ``share``, ``basis``, ``coverage`` and ``host`` can be given."""
    share, coverage = float(str(extra.get("share", 1.0))), float(str(extra.get("coverage", 1.0)))
    return ChannelJson(
        host=str(extra.get("host", "gpu-07")),
        domain=domain,
        device=f"{domain}-{number}",
        name=name,
        method=method,
        basis=str(extra.get("basis", "measured")),
        energy_j=energy_kwh * J_PER_KWH,
        attributed_energy_j=energy_kwh * J_PER_KWH * share,
        attributed_p5_j=None,
        attributed_p95_j=None,
        average_power_w=energy_kwh * 1000 if coverage else None,
        coverage_ratio=coverage,
    )


def _run(name: str, command: list[str], **extra: object) -> RunJson:
    hosts = str(extra.get("hosts", "gpu-07")).split()
    status = extra.get("exit_status", 0)
    return RunJson(
        id="20261124T081500-3f9a1c",
        name=name,
        command=command,
        host=hosts[0],
        hosts=hosts,
        started_at="2026-11-24T08:15:00.000Z",
        ended_at="2026-11-24T09:15:00.000Z",
        duration_s=float(str(extra.get("duration_s", 3600.0))),
        exit_status=status if isinstance(status, int) else None,
        state=str(extra.get("state", "complete")),
        tags={},
        job=None,
        part_of=None,
    )


_MACHINE = MachineJson(
    cpu_name="Intel(R) Xeon(R) Platinum 8480C",
    cpu_sockets=2,
    cpu_threads=224,
    memory_gib=2015.6,
    accelerators=["NVIDIA H100 80GB HBM3"] * 8,
    accelerators_known=True,
    virtual=False,
)

_SOURCES = [
    SourceJson(
        what="PUE",
        value=1.56,
        unit="",
        year=2024,
        source="Uptime Institute Global Data Center Survey 2024: weighted mean of respondents",
        verified=True,
        licence="facts",
    ),
    SourceJson(
        what="grid factor CN, direct CO2, average",
        value=530.6,
        unit="g/kWh",
        year=2023,
        source="MEE and NBS, 2023 electricity CO2 emission factors, announcement 2025 no. 69",
        verified=True,
        licence="facts",
    ),
    SourceJson(
        what="EWIF",
        value=1.8,
        unit="L/kWh",
        year=2012,
        source="Macknick et al. 2012, doi:10.1088/1748-9326/7/4/045802, weighted by the mix",
        verified=False,
        licence="",
    ),
]


def carbon(boundary: str, gas: str, year: int, known: QuantityJson) -> CarbonJson:
    """Location-based carbon [g]."""
    return CarbonJson(
        method="location",
        boundary=boundary,
        gas=gas,
        zone="CN",
        year=year,
        value_g=known["value"],
        p5_g=known["p5"],
        p95_g=known["p95"],
        basis=known["basis"],
        source="MEE",
        hourly=None,
    )


def _footprint(node: QuantityJson | None, facility: QuantityJson | None) -> FootprintJson:
    if node is None or facility is None:
        return FootprintJson(
            it_energy_kwh=None,
            facility_energy_kwh=None,
            pue=quantity(1.56, 0.8, 1.3, "default"),
            embodied_g=None,
            water_onsite_l=None,
            water_offsite_l=None,
            water_onsite_consumed_l=None,
            water_offsite_withdrawn_l=None,
            water_embodied_l=None,
            water_world_equivalent_m3=None,
            carbon=[],
            cost=None,
        )
    energy_kwh = facility["value"]
    return FootprintJson(
        it_energy_kwh=node,
        facility_energy_kwh=facility,
        pue=quantity(1.56, 0.8, 1.3, "default"),
        embodied_g=quantity(energy_kwh * 31.0, 0.4, 2.2, "default"),
        water_onsite_l=quantity(node["value"] * 1.1, 0.1, 1.8, "default"),
        water_offsite_l=quantity(energy_kwh * 1.8, 0.5, 1.7, "default"),
        water_onsite_consumed_l=quantity(node["value"] * 0.9, 0.1, 1.8, "default"),
        water_offsite_withdrawn_l=quantity(energy_kwh * 40.0, 0.1, 4.0, "default"),
        water_embodied_l=quantity(energy_kwh * 0.1, 0.4, 1.4, "default"),
        water_world_equivalent_m3=quantity(energy_kwh * 0.04, 0.1, 4.0, "default"),
        carbon=[
            carbon("direct", "CO2", 2023, quantity(energy_kwh * 530.6, 0.86, 1.19, "default")),
            carbon("life_cycle", "CO2e", 2024, quantity(energy_kwh * 577.7, 0.83, 1.2, "default")),
        ],
        cost=None,
    )


def _receipt(run: RunJson, site: SiteJson, channels: list[ChannelJson], ladder: list[RungJson]) -> ReceiptJson:
    by_name = {r["rung"]: r for r in ladder}
    footprint = _footprint(_known(by_name["node"]), _known(by_name["facility"]))
    return ReceiptJson(
        schema="dcfoot.receipt/1",
        run=run,
        site=deepcopy(site),
        machine=deepcopy(_MACHINE),
        ladder_basis="share",
        channels=channels,
        ladder=ladder,
        footprint=footprint,
        equivalents=equivalents(footprint),
        phases=[],
        by_time=None,
        gauges={},
        overhead=OverheadJson(cpu_s=0.412, rss_bytes=17_400_000),
        sources=deepcopy(_SOURCES),
        what_matters=[],
        warnings=[],
    )


def _known(known: RungJson) -> QuantityJson | None:
    value, p5, p95, basis = known["energy_kwh"], known["p5_kwh"], known["p95_kwh"], known["basis"]
    if value is None or p5 is None or p95 is None or basis is None:
        return None
    return QuantityJson(value=value, p5=p5, p95=p95, basis=basis)


def _ladder(accelerator: QuantityJson | None, host_kwh: float, basis: str, note: str = "") -> list[RungJson]:
    return [
        rung("accelerator", accelerator, note),
        rung("host", quantity(host_kwh, 0.97, 1.04, basis)),
        rung("node", quantity(host_kwh * 1.24, 0.91, 1.11, "modelled")),
        rung("facility", quantity(host_kwh * 1.24 * 1.56, 0.79, 1.31, "default")),
    ]


def gpu_node() -> ReceiptJson:
    """Eight GPUs for an hour, all measured, at a named site, with phases."""
    channels = [
        channel("gpu", n, "NVIDIA H100 80GB HBM3", "nvml.total_energy", 0.6 + 0.01 * n, share=0.998) for n in range(8)
    ]
    channels += [
        channel("package", n, f"package-{n}", "rapl.powercap", 0.21, share=0.83, coverage=0.9996) for n in range(2)
    ]
    channels += [channel("dram", n, f"dram-{n}", "rapl.powercap", 0.05, share=0.83) for n in range(2)]
    run = _run(
        "llama-finetune",
        ["torchrun", "--nproc_per_node=8", "train.py", "--config", "configs/llama 8b.yaml", "--epochs", "3"],
    )
    receipt = _receipt(run, GUIAN, channels, _ladder(quantity(5.07, 0.97, 1.04, "measured"), 5.5, "measured"))
    receipt["phases"] = [
        PhaseJson(path="load", start_s=0.0, end_s=93.0, energy_j={"gpu": 2.1e5, "package": 4.0e4}),
        PhaseJson(path="train/epoch 1", start_s=93.0, end_s=3600.0, energy_j={"gpu": 1.8e7, "package": 1.2e6}),
    ]
    gpu_w = [900.0, *[5550.0] * 19, 1200.0, *[5550.0] * 6]
    lasted_s = [*[128.0] * 26, 144.0]
    receipt["by_time"] = ByTimeJson(
        step_s=128.0,
        energy_j={
            "gpu": [None, *(one_w * one_s for one_w, one_s in zip(gpu_w, lasted_s, strict=True))],
            "package": [None, *(350.0 * one_s for one_s in lasted_s)],
        },
    )
    return receipt


def cpu_only() -> ReceiptJson:
    """A minute on a laptop without a readable meter: all modelled, no site named."""
    channels = [
        channel("package", 0, "AMD Ryzen 7 5800H", "model.tdp_load", 0.000412, basis="modelled", share=0.71),
        channel("dram", 0, "16 GiB", "model.memory_size", 0.0000514, basis="modelled", share=0.71),
    ]
    run = _run("demo", ["python", "-m", "dcfoot.demo"], hosts="laptop", duration_s=62.4)
    ladder = _ladder(None, 0.00033, "modelled", "no accelerator was found on the bus")
    return _receipt(run, NO_SITE, channels, ladder)


def nothing_readable() -> ReceiptJson:
    """No meter and no model: nothing is known but that it ran."""
    run = _run("train.py", ["python", "train.py"], hosts="vm-1", duration_s=0.51, exit_status=1)
    ladder = [rung(name, None) for name in ("accelerator", "host", "node", "facility")]
    receipt = _receipt(run, NO_SITE, [], ladder)
    receipt["warnings"] = ["RAPL: /sys/class/powercap is not there (a virtual machine hides it)"]
    return receipt


def interrupted() -> ReceiptJson:
    """The GPU node's run, killed after a while and with a meter that fell silent."""
    receipt = gpu_node()
    receipt["run"]["state"] = "interrupted"
    receipt["run"]["exit_status"] = None
    receipt["channels"][0]["coverage_ratio"] = 0.412
    receipt["warnings"] = ["GPU 0 did not answer for 2117 s (GPU_IS_LOST): its energy in that time is not known"]
    return receipt


def merged() -> ReceiptJson:
    """Sixteen nodes of eight GPUs, merged into one run."""
    hosts = [f"gpu-{n:02d}" for n in range(16)]
    channels = [
        channel("gpu", n, "NVIDIA H100 80GB HBM3", "nvml.total_energy", 16.1, host=host)
        for host in hosts
        for n in range(8)
    ]
    channels += [
        channel("package", n, f"package-{n}", "rapl.powercap", 5.2, host=host) for host in hosts for n in range(2)
    ]
    run = _run("pretrain-70b", ["srun", "python", "pretrain.py"], hosts=" ".join(hosts), duration_s=93_784.0)
    return _receipt(run, GUIAN, channels, _ladder(quantity(2060.8, 0.97, 1.04, "measured"), 2227.2, "measured"))


ALL = {
    "gpu node": gpu_node,
    "cpu only": cpu_only,
    "nothing readable": nothing_readable,
    "interrupted": interrupted,
    "merged nodes": merged,
}
