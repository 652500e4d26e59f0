"""A receipt in words: every figure as text with its unit, interval and basis, before any layout.

The renderers (terminal, Markdown, HTML) differ only in how they place what stands here, so that no two of them can
disagree on a number. Comes in: the receipt's JSON and a language. Goes out: a `View`. Named
tuples, not dataclasses: this is loaded at the end of every ``dcfoot run``, and they are made in a tenth of the time.
"""

# ruff: noqa: RUF001 - a multiplication sign before a count is meant.

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, cast

from dcfoot.by_time import EnergyByTime
from dcfoot.receipt.advice import next_step
from dcfoot.receipt.contract import (
    CarbonJson,
    ChannelJson,
    EquivalentJson,
    HourlyCarbonJson,
    PhaseJson,
    QuantityJson,
    ReceiptJson,
    RungJson,
    SourceJson,
)
from dcfoot.receipt.layout import printable, spark
from dcfoot.receipt.scale import (
    ENERGY_KWH,
    MASS_G,
    POWER_W,
    PURE,
    VOLUME_L,
    Scale,
    amount,
    common,
    number,
    percent,
    show,
)
from dcfoot.receipt.sentences import NO_SITE, said_in
from dcfoot.receipt.words import Words, words
from dcfoot.units import J_PER_KWH, J_PER_UJ, L_PER_M3

_BYTES_PER_MB = 1e6
_S_PER_MIN, _S_PER_H, _S_PER_DAY = 60, 3600, 86400
_HOSTS_NAMED = 3
_FEWEST_STEPS = 2
_NUMBER_MARKS = ("-", ":", "#")
_SHELL_SIGNAL_BASE = 128
"""A shell shows a job that a signal ended as 128 plus the signal's number (POSIX.1-2017, XCU 2.8.2)."""


class Figure(NamedTuple):
    """One figure: `basis` is the word, `basis_key` the contract's key; both empty where the figure is not known.

    `low_ratio`, `middle_ratio` and `high_ratio` are the interval and the value as parts of the table's largest.
    """

    label: str
    value: str
    unit: str = ""
    interval: str = ""
    basis: str = ""
    basis_key: str = ""
    note: str = ""
    low_ratio: float = 0.0
    middle_ratio: float = 0.0
    high_ratio: float = 0.0

    @property
    def amount(self) -> str:
        """The value with its unit."""
        return f"{self.value} {self.unit}".rstrip()


class MeterLine(NamedTuple):
    """One meter, or several alike (then `host` and `device_name` are the first's); `device` is all that it saw."""

    label: str
    share: str
    device: str
    power: str
    coverage: str
    basis: str
    basis_key: str
    method: str
    host: str
    device_name: str


class SourceLine(NamedTuple):
    """A figure that went in: what it is, its value with unit and year, where from; `flag` where it is unverified.

    `group` is what several figures of one thing have in common.
    """

    what: str
    value: str
    source: str
    flag: str = ""
    group: str = ""


class PhaseLine(NamedTuple):
    """A part of the run: its path, how long, and this run's energy in it by domain."""

    path: str
    duration: str
    energies: tuple[str, ...]


class PowerLine(NamedTuple):
    """The power of the chips by time: as bars, what it is of, and how to read the bars."""

    bars: str
    of: str
    scale: str


class View(NamedTuple):
    """Everything that a receipt says, in one language."""

    words: Words
    run_id: str
    name: str
    state: str
    state_key: str
    command: str
    when: str
    part_of: str
    site: str
    site_chosen: bool
    ladder_basis: str
    rungs: tuple[Figure, ...]
    meters: tuple[MeterLine, ...]
    meter_groups: tuple[MeterLine, ...]
    carbon: tuple[Figure, ...]
    carbon_method: str
    two_boundaries: bool
    other: tuple[Figure, ...]
    water: tuple[Figure, ...]
    what_matters: str
    equivalents: tuple[Figure, ...]
    phases: tuple[PhaseLine, ...]
    power: PowerLine | None
    overhead: str
    sources: tuple[SourceLine, ...]
    warnings: tuple[str, ...]
    next_step: str


def view(receipt: ReceiptJson, lang: str) -> View:
    """What the receipt says in `lang`."""
    said = words(lang)
    receipt = cast("ReceiptJson", _harmless(receipt))
    run = receipt["run"]
    method, carbon = _carbon(receipt["footprint"]["carbon"], said)
    return View(
        words=said,
        run_id=run["id"],
        name=run["name"] or said.untitled,
        state=said.states.get(run["state"], run["state"]),
        state_key=run["state"],
        command=_command(run["command"]),
        when=_when(receipt, said),
        part_of=said.part_of.format(run=run["part_of"]) if run["part_of"] else "",
        site=_site(receipt, said),
        site_chosen=receipt["site"]["chosen"],
        ladder_basis=said.ladder_basis[receipt["ladder_basis"]],
        rungs=_rungs(receipt["ladder"], said),
        meters=_meters([[channel] for channel in receipt["channels"]], said),
        meter_groups=_meters(_alike(receipt["channels"]), said),
        carbon=carbon,
        carbon_method=method,
        two_boundaries=len({carbon["boundary"] for carbon in receipt["footprint"]["carbon"]}) > 1,
        other=_other(receipt, said),
        water=_water(receipt, said),
        what_matters=_what_matters(receipt, said),
        equivalents=tuple(_equivalent(equivalent, said) for equivalent in receipt["equivalents"]),
        phases=_phases(receipt, said),
        power=_power(receipt, said),
        overhead=_overhead(receipt, said),
        sources=_sources(receipt, said),
        warnings=tuple(said_in(warning, said.lang) for warning in _warnings(receipt)),
        next_step=said.next_steps[next_step(receipt)].format(run=run["id"]),
    )


def duration(duration_s: float, said: Words) -> str:
    """A duration in two or three fitting units: ``"1 h 02 min 14 s"``."""
    day, hour, minute, second = said.duration_units
    if float(number(duration_s).replace(",", "").lstrip("<")) < _S_PER_MIN:
        return f"{number(duration_s)} {second}"
    whole = round(duration_s)
    minutes, s = divmod(whole, _S_PER_MIN)
    hours, m = divmod(minutes, 60)
    if whole < _S_PER_H:
        return f"{m} {minute} {s:02d} {second}"
    if whole < _S_PER_DAY:
        return f"{hours} {hour} {m:02d} {minute} {s:02d} {second}"
    return f"{whole // _S_PER_DAY} {day} {hours % 24:02d} {hour} {m:02d} {minute}"


def _harmless(value: object) -> object:
    """The same JSON with every string free of control characters: a run's name must not steer a terminal."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {_harmless(key): _harmless(item) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_harmless(item) for item in cast("list[object]", value)]
    return value


def _warnings(receipt: ReceiptJson) -> list[str]:
    """All but the one that the site's own line says louder."""
    return [w for w in receipt["warnings"] if receipt["site"]["chosen"] or not w.startswith(NO_SITE)]


def _command(command: Sequence[str]) -> str:
    from shlex import join  # only here

    return join(command)


def _when(receipt: ReceiptJson, said: Words) -> str:
    run = receipt["run"]
    start = run["started_at"].replace("T", " ")[: len("2026-11-24 08:15:00")]
    parts = [
        said.head.format(start=start, duration=duration(run["duration_s"], said)),
        _ending(run["exit_status"], said),
    ]
    if run["hosts"]:
        parts.append(_hosts(run["hosts"], said))
    return said.comma.join(parts)


def _hosts(hosts: Sequence[str], said: Words) -> str:
    if len(hosts) <= _HOSTS_NAMED:
        return said.hosts.format(hosts=" ".join(hosts))
    return said.many_hosts.format(count=len(hosts), first=min(hosts), last=max(hosts))


def _ending(status: int | None, said: Words) -> str:
    if status is None:
        return said.exit_unknown
    if status > _SHELL_SIGNAL_BASE:
        return said.exit_signal.format(signal=status - _SHELL_SIGNAL_BASE)
    return said.exit_status.format(status=status)


def _site(receipt: ReceiptJson, said: Words) -> str:
    site = receipt["site"]
    zone = f"{said.comma}{said.grid_zone.format(zone=site['grid_zone'])}" if site["grid_zone"] else ""
    return f"{site['name']} ({site['id']}){zone}"


def _figure(label: str, known: QuantityJson | None, scales: tuple[Scale, ...], said: Words, unit: str = "") -> Figure:
    if known is None:
        return Figure(label, said.not_known)
    shown = show(known["value"], known["p5"], known["p95"], scales)
    return Figure(label, shown.value, unit or shown.unit, shown.interval, said.bases[known["basis"]], known["basis"])


def _rungs(ladder: Sequence[RungJson], said: Words) -> tuple[Figure, ...]:
    values = [rung["energy_kwh"] for rung in ladder if rung["energy_kwh"] is not None]
    top = max((rung["p95_kwh"] for rung in ladder if rung["p95_kwh"] is not None), default=0.0)
    scale = common(ENERGY_KWH, values)
    return tuple(_rung(rung, said, scale, top) for rung in ladder)


def _rung(rung: RungJson, said: Words, scale: Scale | None, top_kwh: float) -> Figure:
    label, note = said.rungs[rung["rung"]], said_in(rung["note"], said.lang)
    value, p5, p95, basis = rung["energy_kwh"], rung["p5_kwh"], rung["p95_kwh"], rung["basis"]
    if value is None or p5 is None or p95 is None or basis is None:
        return Figure(label, said.not_known, note=note)
    shown = show(value, p5, p95, ENERGY_KWH, scale)
    low, middle, high = (x / top_kwh if top_kwh else 0.0 for x in (p5, value, p95))
    return Figure(label, shown.value, shown.unit, shown.interval, said.bases[basis], basis, note, low, middle, high)


def _alike(channels: Sequence[ChannelJson]) -> list[list[ChannelJson]]:
    """Channels of the same kind of meter together."""
    groups: dict[tuple[str, ...], list[ChannelJson]] = {}
    for channel in channels:
        kind = (channel["domain"], _product(channel), channel["method"], channel["basis"])
        groups.setdefault(kind, []).append(channel)
    return list(groups.values())


def _meters(groups: Sequence[Sequence[ChannelJson]], said: Words) -> tuple[MeterLine, ...]:
    energies = [_sum(group, key) / J_PER_KWH for group in groups for key in ("energy_j", "attributed_energy_j")]
    scale = common(ENERGY_KWH, energies)
    return tuple(_meter(group, said, scale) for group in groups)


def _sum(group: Sequence[ChannelJson], key: Literal["energy_j", "attributed_energy_j"]) -> float:
    return sum(channel[key] for channel in group)


def _product(channel: ChannelJson) -> str:
    """What the meter is called without its own number, so that alike meters are seen to be; a model's number stays."""
    name = channel["name"]
    while (stem := name.rstrip("0123456789"))[-1:] in _NUMBER_MARKS and stem != name:
        name = stem[:-1]
    return name or channel["name"]


def _meter_name(group: Sequence[ChannelJson], said: Words) -> str:
    first = group[0]
    domain = said.domains.get(first["domain"], first["domain"])
    name = first["name"] if len(group) == 1 else _product(first)
    spoken = domain if name == first["domain"] else name if name.startswith(domain) else f"{domain} {name}"
    return f"{len(group)} × {spoken}" if len(group) > 1 else spoken


def _meter(group: Sequence[ChannelJson], said: Words, scale: Scale | None) -> MeterLine:
    first = group[0]
    powers = [c["average_power_w"] for c in group if c["average_power_w"] is not None]
    return MeterLine(
        label=_meter_name(group, said),
        share=_energy(_sum(group, "attributed_energy_j"), scale),
        device=_energy(_sum(group, "energy_j"), scale),
        power=amount(sum(powers), POWER_W) if powers else said.not_known,
        coverage=percent(min(c["coverage_ratio"] for c in group)),
        basis=said.bases[first["basis"]],
        basis_key=first["basis"],
        method=first["method"],
        host=first["host"],
        device_name=first["device"],
    )


def _energy(energy_j: float, scale: Scale | None) -> str:
    return amount(energy_j / J_PER_KWH, ENERGY_KWH, scale)


def _carbon(carbons: Sequence[CarbonJson], said: Words) -> tuple[str, tuple[Figure, ...]]:
    """The method that all figures share (empty where they differ), and the figures.

    A factor's method and zone stand beside its figure where they are not the same for all: a province's figure and a
    nation's cannot be compared.
    """
    methods, zones = ({carbon[key] for carbon in carbons} for key in ("method", "zone"))
    shared = said.carbon_methods[methods.pop()] if len(methods) == 1 else ""
    figures = (_carbon_figures(carbon, said, method=not shared, zone=len(zones) > 1) for carbon in carbons)
    return shared, tuple(figure for pair in figures for figure in pair)


def _carbon_figures(carbon: CarbonJson, said: Words, *, method: bool, zone: bool) -> Iterator[Figure]:
    """By the factor of the year where one is known, and beside it by that of the hours."""
    name = [f"{carbon['gas']} {said.carbon_boundaries[carbon['boundary']]}"]
    named = [*name, *([said.carbon_methods_short[carbon["method"]]] if method else [])]
    hourly = carbon["hourly"]
    if carbon["year"] or not hourly:
        parts = [*named, carbon["zone"] if zone else "", str(carbon["year"] or "")]
        yield _grams(said.comma.join(filter(None, parts)), carbon, said)
    if hourly:
        beside = name if carbon["year"] else named
        yield _grams(said.comma.join((*beside, said.by_hour[hourly["resolution"]])), hourly, said)


def _grams(label: str, carbon: CarbonJson | HourlyCarbonJson, said: Words) -> Figure:
    amount = QuantityJson(value=carbon["value_g"], p5=carbon["p5_g"], p95=carbon["p95_g"], basis=carbon["basis"])
    return _figure(label, amount, MASS_G, said)


def _other(receipt: ReceiptJson, said: Words) -> tuple[Figure, ...]:
    amounts = receipt["footprint"]
    figures = [
        _figure(said.water_onsite, amounts["water_onsite_l"], VOLUME_L, said),
        _figure(said.water_offsite, amounts["water_offsite_l"], VOLUME_L, said),
        _figure(said.embodied, amounts["embodied_g"], MASS_G, said),
        _figure(_pue_label(receipt, said), amounts["pue"], PURE, said),
    ]
    cost = amounts["cost"]
    if cost:
        known = QuantityJson(value=cost["value"], p5=cost["p5"], p95=cost["p95"], basis=cost["basis"])
        figures.append(_figure(said.cost, known, PURE, said, cost["currency"]))
    return tuple(figures)


def _water(receipt: ReceiptJson, said: Words) -> tuple[Figure, ...]:
    """What a report adds on water, beside the two figures that a terminal shows."""
    amounts = receipt["footprint"]
    known = amounts["water_world_equivalent_m3"]
    scale = L_PER_M3
    litres = known and QuantityJson(
        value=known["value"] * scale, p5=known["p5"] * scale, p95=known["p95"] * scale, basis=known["basis"]
    )
    by_scarcity = _figure(said.water_weighted, litres, VOLUME_L, said)
    return (
        _figure(said.water_consumed, amounts["water_onsite_consumed_l"], VOLUME_L, said),
        _figure(said.water_withdrawn, amounts["water_offsite_withdrawn_l"], VOLUME_L, said),
        by_scarcity._replace(unit=f"{by_scarcity.unit} world-eq") if litres else by_scarcity,
        _figure(said.water_embodied, amounts["water_embodied_l"], VOLUME_L, said),
    )


def _what_matters(receipt: ReceiptJson, said: Words) -> str:
    """One line: of each result the inputs, several draws of one thing under one name."""
    named: dict[str, dict[str, float]] = {}
    for one in receipt["what_matters"]:
        name = one["input"]
        spoken = said.inputs.get(name) or said.inputs.get(name.partition(".")[0], name)
        named.setdefault(one["quantity"], {}).setdefault(spoken, one["correlation_ratio"])
    parts = (
        f"{said.results[quantity]} {said.comma.join(f'{name} ({ratio:+.2f})' for name, ratio in told.items())}"
        for quantity, told in named.items()
    )
    return f"{said.what_matters}{said.colon}{'; '.join(parts)}" if named else ""


def _pue_label(receipt: ReceiptJson, said: Words) -> str:
    pue = receipt["footprint"]["pue"]
    if pue and pue["basis"] == "measured":
        return said.pue_metered
    return said.pue_at_hours if receipt["site"]["typical_year"] else said.pue


def _equivalent(equivalent: EquivalentJson, said: Words) -> Figure:
    shown = show(equivalent["value"], equivalent["p5"], equivalent["p95"], PURE)
    return Figure(
        label=said.equivalent_names[equivalent["what"]],
        value=shown.value,
        interval=shown.interval,
        basis=said.bases[equivalent["basis"]],
        basis_key=equivalent["basis"],
    )


def _equivalent_source(equivalent: EquivalentJson, said: Words) -> SourceLine:
    year = f" ({equivalent['year']})" if equivalent["year"] else ""
    return SourceLine(
        what=said.equivalent_things[equivalent["what"]],
        value=f"{equivalent['each_value']:,.6g} {equivalent['each_unit']}{year}",
        source=equivalent["source"],
    )


def _phases(receipt: ReceiptJson, said: Words) -> tuple[PhaseLine, ...]:
    """One line a name: a phase that came again is added to what it was."""
    groups: dict[str, list[PhaseJson]] = {}
    for phase in receipt["phases"]:
        groups.setdefault(phase["path"], []).append(phase)
    energies_j = {path: _sums([phase["energy_j"] for phase in group]) for path, group in groups.items()}
    scale = common(ENERGY_KWH, [energy_j / J_PER_KWH for sums in energies_j.values() for energy_j in sums.values()])
    bases = _basis_words(receipt["channels"], said)
    return tuple(
        PhaseLine(
            path=path if len(group) == 1 else f"{path} × {len(group):,}",
            duration=duration(sum(phase["end_s"] - phase["start_s"] for phase in group), said),
            energies=tuple(
                f"{said.domains.get(domain, domain)} {_energy(energy_j, scale)}{bases.get(domain, '')}"
                for domain, energy_j in energies_j[path].items()
            ),
        )
        for path, group in groups.items()
    )


def _power(receipt: ReceiptJson, said: Words) -> PowerLine | None:
    """None where it is not known by time, or all in one step."""
    kept = receipt["by_time"]
    if kept is None:
        return None
    energy_uj = {
        domain: [None if one is None else round(one / J_PER_UJ) for one in steps]
        for domain, steps in kept["energy_j"].items()
    }
    by_time = EnergyByTime(kept["step_s"], receipt["run"]["duration_s"], energy_uj)
    powers_w = by_time.power_w(by_time.chips_uj)
    most_w = max(filter(None, powers_w), default=0.0)
    if len(powers_w) < _FEWEST_STEPS or most_w <= 0.0:
        return None
    bases = _basis_words(receipt["channels"], said)
    domains = (f"{said.domains.get(domain, domain)}{bases.get(domain, '')}" for domain in by_time.chips)
    step = f"{kept['step_s']:g} {said.duration_units[-1]}"
    scale = said.power_scale.format(most=amount(most_w, POWER_W), step=step)
    return PowerLine(
        bars=spark(powers_w, most_w).rstrip(),
        of=said.comma.join([said.ladder_basis["share"], *domains]),
        scale=said.comma.join([scale, *([said.power_gap] if None in powers_w else [])]),
    )


def _sums(energies_j: Sequence[dict[str, float]]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for energy_j in energies_j:
        for domain, one_j in energy_j.items():
            sums[domain] = sums.get(domain, 0.0) + one_j
    return sums


def _basis_words(channels: Sequence[ChannelJson], said: Words) -> dict[str, str]:
    """By domain the worst basis of its meters, in brackets."""
    order = list(said.bases)
    worst: dict[str, int] = {}
    for channel in channels:
        worst[channel["domain"]] = max(worst.get(channel["domain"], 0), order.index(channel["basis"]))
    return {domain: said.beside.format(said.bases[order[rank]]) for domain, rank in worst.items()}


def _overhead(receipt: ReceiptJson, said: Words) -> str:
    overhead = receipt["overhead"]
    memory = overhead["rss_bytes"]
    taken = said.overhead_row.format(cpu=number(overhead["cpu_s"]))
    beside = (
        said.overhead_shared if memory is None else said.overhead_memory.format(memory=number(memory / _BYTES_PER_MB))
    )
    return f"{taken}{said.comma}{beside}"


def _sources(receipt: ReceiptJson, said: Words) -> tuple[SourceLine, ...]:
    things = (_equivalent_source(equivalent, said) for equivalent in receipt["equivalents"])
    return (*(_source(source, said) for source in receipt["sources"]), *things)


def _source(source: SourceJson, said: Words) -> SourceLine:
    value, year = source["value"], source["year"]
    group, colon, _ = source["what"].partition(": ")
    # A meter's figure is the gain that its readings were taken with: 1, which its accuracy says better.
    shown = "" if value is None or group == "meter" else f"{value:,.6g}"
    parts = [shown, source["unit"], f"({year})" if year else ""]
    return SourceLine(
        source["what"],
        " ".join(filter(None, parts)),
        f"{source['source']}; {said.licence.format(licence=source['licence'])}"
        if source["licence"]
        else source["source"],
        "" if source["verified"] else said.unverified,
        group if colon else "",
    )
