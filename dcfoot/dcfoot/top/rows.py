"""Each table as rows of cells: chosen, sorted, and in words. The widths are `screen`'s affair."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import NamedTuple, TypeVar

from dcfoot.receipt.layout import Cell, printable, spark
from dcfoot.receipt.scale import ENERGY_KWH, MASS_G, POWER_W, SIZE_BYTES, VOLUME_L, Scale, amount, number, percent, show
from dcfoot.top.history import STEPS, Powers, fullest_w, seconds
from dcfoot.top.look import Look, Order, Panel
from dcfoot.top.told import CarbonTold, ChannelTold, LadderTold, ProbeTold, QuantityTold, Told, UnitNamed, UnitTold
from dcfoot.top.words import Words
from dcfoot.units import J_PER_KWH

Row = Sequence[Cell]

NOTHING = Cell("")
ID_CHARACTERS = 12
"""How much of a container's id is shown, as `docker ps` does."""

POD_CHARACTERS = 8
"""How much of a pod's UID is shown (a choice: it tells the pods of a machine apart)."""


ToldT = TypeVar("ToldT")

Table = Sequence[Callable[[], Row]]
"""Rows that are made when they are seen: of a thousand users a window shows ten."""

Key = str | float | None


class Device(NamedTuple):
    """A device with what is known of it elsewhere."""

    place: int
    name: str
    told: ChannelTold
    gauges: Mapping[str, float]


DEVICE_KEYS: Mapping[str, Callable[[Device], Key]] = {
    "name": lambda one: one.place,
    "power": lambda one: one.told["power_w"],
    "used": lambda one: one.gauges.get("utilisation_ratio"),
    "memory": lambda one: one.gauges.get("memory_used_bytes"),
    "temperature": lambda one: one.gauges.get("temperature_c"),
}
"""What devices are sorted by."""


def devices(told: Told, past: Powers, look: Look, words: Words) -> Table:
    """A row a device: name, power, history, busy, memory, temperature, basis."""
    found = [
        Device(place, name, one, told["gauges"].get(one["device"], {}))
        for place, (one, name) in enumerate(zip(told["channels"], names_of(told, words), strict=True))
    ]
    chosen = _chosen(
        found,
        look,
        look.order(Panel.DEVICES),
        DEVICE_KEYS,
        lambda one: f"{one.name} {one.told['device']} {one.told['domain']}",
    )
    return [partial(_device, one, past, words) for one in chosen]


def names_of(told: Told, words: Words) -> list[str]:
    """What each device is called: its kind, its number among those of its kind, its model."""
    counts: dict[str, int] = {}
    names: list[str] = []
    for one in told["channels"]:
        domain = one["domain"]
        counts[domain] = counts.get(domain, -1) + 1
        names.append(f"{words.receipt.domains.get(domain, domain)} {counts[domain]} {printable(one['name'])}")
    return names


def _device(one: Device, past: Powers, words: Words) -> Row:
    used, memory, degrees = (one.gauges.get(key) for key in ("utilisation_ratio", "memory_used_bytes", "temperature_c"))
    past_w = past.means_w(one.told["domain"], one.told["device"], STEPS)
    return (
        Cell(one.name, "dim" if one.told["nested"] else ""),
        known(one.told["power_w"], words, lambda power_w: amount(power_w, POWER_W)),
        Cell(spark(past_w, fullest_w(past_w, one.gauges)), "bar"),
        NOTHING if used is None else Cell(percent(used)),
        NOTHING if memory is None else Cell(amount(memory, SIZE_BYTES)),
        NOTHING if degrees is None else Cell(f"{degrees:.0f} °C"),
        basis(one.told["basis"], words),
    )


def units(told: Told, look: Look, words: Words) -> Table:
    """A row a unit: name, kind, user, power, share, energy, carbon; what is nobody's stands below them."""
    outer = [one for one in told["channels"] if not one["nested"]]
    energy_j = sum(one["energy_j"] for one in outer)
    carbon = carbon_shown(told["ladder"])
    carbon_g = carbon["value_g"]["value"] if carbon else None
    share = _Shares(sum(one["power_w"] or 0.0 for one in outer), energy_j, carbon_g, words)
    keys: Mapping[str, Callable[[UnitTold], Key]] = {
        "name": lambda one: name_of(one, words),
        "kind": lambda one: kind_of(one, words),
        "user": user_of,
        "power": lambda one: one["power_w"],
        "energy": lambda one: one["energy_j"],
    }
    chosen = _chosen(told["units"], look, look.order(Panel.UNITS), keys, lambda one: _said(one, words))
    rows = [partial(_unit, one, share, words) for one in chosen]
    return rows if look.filter else [*rows, *_nobodys(told, share)]


def _said(one: UnitTold, words: Words) -> str:
    """What a unit is found by."""
    labels = " ".join(one["labels"].values())
    return f"{name_of(one, words)} {one['id']} {kind_of(one, words)} {one['kind']} {user_of(one)} {labels}"


def _unit(one: UnitTold, share: "_Shares", words: Words) -> Row:
    kind = Cell(kind_of(one, words), "dim")
    return (Cell(name_of(one, words)), kind, Cell(user_of(one)), *share.cells(one["power_w"], one["energy_j"]))


class _Shares(NamedTuple):
    """What the whole machine takes, of which parts are shown."""

    power_w: float
    energy_j: float
    carbon_g: float | None
    words: Words

    def cells(self, power_w: float, energy_j: float) -> Row:
        """Power, share of the machine's now, energy and carbon."""
        part = energy_j / self.energy_j if self.energy_j > 0 else None
        carbon_g = None if self.carbon_g is None or part is None else part * self.carbon_g
        return (
            Cell(amount(power_w, POWER_W)),
            Cell(percent(min(1.0, power_w / self.power_w))) if self.power_w > 0 else NOTHING,
            Cell(amount(energy_j / J_PER_KWH, ENERGY_KWH)),
            known(carbon_g, self.words, lambda value_g: amount(value_g, MASS_G)),
        )


def kind_of(one: UnitNamed, words: Words) -> str:
    """What kind of unit it is, in words."""
    return words.kinds.get(one["kind"], one["kind"])


def name_of(one: UnitNamed, words: Words) -> str:
    """A job by number and name, a container by the beginning of its id and its pod's, others as they are called."""
    shown = one["id"][:ID_CHARACTERS] if one["kind"] == "container" else one["id"]
    pod = one["labels"].get("pod_uid", "")
    parts = [shown, one.get("name") or "", words.pod.format(pod[:POD_CHARACTERS]) if pod else ""]
    return printable(" ".join(dict.fromkeys(part for part in parts if part)))


def user_of(one: UnitNamed) -> str:
    """Whose it is, where the daemon tells; by name where this machine knows the number."""
    number_of = one.get("user_id")
    return "" if number_of is None else printable(_user(number_of))


@lru_cache(256)
def _user(user_id: int) -> str:
    from pwd import getpwuid

    try:
        return getpwuid(user_id).pw_name
    except (KeyError, OverflowError):
        return str(user_id)


def _nobodys(told: Told, share: _Shares) -> Table:
    """Idle, not attributed, and units that are not told of one by one: with them, parts add up to the machine."""
    words = share.words
    divided = [one for one in told["channels"] if one.get("divided", not one["nested"])]
    # What a node's own meter sees beyond the devices in it is nobody's either.
    beyond_w = max(0.0, share.power_w - sum(one["power_w"] or 0.0 for one in divided))
    beyond_j = max(0.0, share.energy_j - sum(one["energy_j"] for one in divided))
    idle = sum(one.get("idle_w") or 0.0 for one in divided), sum(one["idle_j"] for one in divided)
    nobody = (
        beyond_w + sum(one.get("unattributed_w") or 0.0 for one in divided),
        beyond_j + sum(one["unattributed_j"] for one in divided),
    )
    parts = [(words.idle, *idle), (words.unattributed, *nobody)]
    if told["units_count"] > len(told["units"]):
        known = [idle, nobody, *((one["power_w"], one["energy_j"]) for one in told["units"])]
        others_w, others_j = share.power_w - sum(w for w, _ in known), share.energy_j - sum(j for _, j in known)
        parts.append((words.others, max(0.0, others_w), max(0.0, others_j)))
    return [partial(_nobody, *part, share) for part in parts]


def _nobody(name: str, power_w: float, energy_j: float, share: _Shares) -> Row:
    return [Cell(name, "dim"), NOTHING, NOTHING, *(Cell(one.text, "dim") for one in share.cells(power_w, energy_j))]


def carbon_shown(ladder: LadderTold | None) -> CarbonTold | None:
    """The figure that stands for carbon where there is room for one: location-based, direct, before the others."""
    told = ladder["carbon"] if ladder else ()
    return min(told, key=lambda one: (one["method"] != "location", one["boundary"] != "direct"), default=None)


def powers(told: Told, words: Words) -> list[Row]:
    """A row a rung: name, power, interval, basis."""
    ladder = told["ladder"]
    return _rungs(ladder["power_w"] if ladder else {}, POWER_W, words)


def energies(told: Told, words: Words) -> list[Row]:
    """The same of the energy since the start."""
    ladder = told["ladder"]
    return _rungs(ladder["energy_kwh"] if ladder else {}, ENERGY_KWH, words)


def _rungs(told: Mapping[str, QuantityTold | None], scales: tuple[Scale, ...], words: Words) -> list[Row]:
    return [[Cell(name), *figure(told.get(rung), scales, words)] for rung, name in words.receipt.rungs.items()]


def totals(told: Told, words: Words) -> list[Row]:
    """A row a figure since the start, carbon by every method and water: name, value, interval, basis."""
    ladder = told["ladder"]
    if ladder is None:
        return []
    methods, boundaries = words.receipt.carbon_methods, words.receipt.carbon_boundaries
    carbon = [
        [
            Cell(f"{one['gas']}, {methods.get(one['method'], one['method'])}, {boundaries.get(one['boundary'], '')}"),
            *figure(one["value_g"], MASS_G, words),
        ]
        for one in ladder["carbon"]
    ]
    water = [
        [Cell(name), *figure(ladder["water_l"].get(where), VOLUME_L, words)] for where, name in words.water.items()
    ]
    return [*carbon, *water]


def figure(told: QuantityTold | None, scales: tuple[Scale, ...], words: Words) -> list[Cell]:
    """Value with unit, interval, basis; a value that is not known says so."""
    if told is None:
        return [Cell(words.receipt.not_known, "dim"), NOTHING, NOTHING]
    shown = show(max(0.0, told["value"]), max(0.0, told["p5"]), max(0.0, told["p95"]), scales)
    return [Cell(f"{shown.value} {shown.unit}", "bold"), Cell(shown.interval, "dim"), basis(told["basis"], words)]


def basis(told: str, words: Words) -> Cell:
    """In words, in its colour."""
    return Cell(words.receipt.bases.get(told, told), told)


def known(value: float | None, words: Words, shown: Callable[[float], str]) -> Cell:
    """A value, or that it is not known; what noise made less than nothing is nothing."""
    return Cell(words.receipt.not_known, "dim") if value is None else Cell(shown(max(0.0, value)))


def probes(told: Told, words: Words) -> list[Row]:
    """A row a probe: name, state, time of a reading, failures; below them the store and the daemon itself."""
    rows = [_probe(name, one, words) for name, one in told["probes"].items()]
    store, own = told["store"], told["own"]
    said = trouble_of_store(told, words)
    share = own["cpu_s"] / max(1.0, seconds(told["at"]) - seconds(told["started_at"]))
    taken = words.own_row.format(f"{100 * share:.2f} %", amount(own["rss_bytes"], SIZE_BYTES))
    stored = Cell(said, "warning") if said else Cell(words.works)
    return [
        *rows,
        [Cell(words.store), stored, Cell(amount(store["size_bytes"], SIZE_BYTES)), Cell(str(store["lost_frames"]))],
        [Cell(words.own), Cell(taken), NOTHING, NOTHING],
    ]


def _probe(name: str, one: ProbeTold, words: Words) -> Row:
    if one["up"]:
        return [Cell(name), Cell(words.works), Cell(f"{number(1e3 * one['read_s'])} ms"), Cell(str(one["failures"]))]
    said = printable(one["said"])
    if one["failures"]:
        return [Cell(name), Cell(said, "warning"), NOTHING, Cell(str(one["failures"]))]
    return [Cell(name, "dim"), Cell(f"{words.absent}: {said}", "dim"), NOTHING, NOTHING]


def troubles(told: Told, words: Words) -> list[str]:
    """What is down: a probe that never failed was never there, as hardware that this machine does not have."""
    down = [
        f"{words.is_down.format(name)}{words.receipt.colon}{printable(one['said'])}"
        for name, one in told["probes"].items()
        if not one["up"] and one["failures"]
    ]
    store = trouble_of_store(told, words)
    return [*_waste(told, words), *down, *([f"{words.store}{words.receipt.colon}{store}"] if store else [])]


def _waste(told: Told, words: Words) -> Iterator[str]:
    """A line for each device that takes energy for nothing now: whose it is, since when, what it came to."""
    waste = told.get("waste")
    if waste is None:
        return
    names = {one["device"]: name for one, name in zip(told["channels"], names_of(told, words), strict=True)}
    for one in waste["findings"]:
        if one["is_over"]:
            continue
        owners = words.receipt.comma.join(name_of(unit, words) for unit in one["units"])
        carbon, cost = one["carbon_g"], one["cost"]
        worth = [
            amount(one["energy_kwh"], ENERGY_KWH),
            *([amount(carbon["value"], MASS_G)] if carbon else []),
            *([f"{number(cost['value'])} {waste['currency']}"] if cost else []),
        ]
        what = words.wasted.get(one["kind"], one["kind"])
        since = datetime.fromisoformat(one["since_at"]).astimezone()
        whose = f"{what} ({owners})" if owners else what
        device = " ".join(names.get(one["device"], one["device"]).split()[:2])
        said = [f"{whose} {words.since.format(f'{since:%H:%M}')}", *worth]
        yield f"{device}{words.receipt.colon}{words.receipt.comma.join(said)}"


def trouble_of_store(told: Told, words: Words) -> str:
    """What is wrong with the store; empty where nothing is."""
    lost = told["store"]["lost_frames"]
    said = [printable(told["store"]["said"]), words.lost_frames.format(lost) if lost else ""]
    return "; ".join(part for part in said if part)


def _chosen(
    told: Sequence[ToldT],
    look: Look,
    order: Order,
    keys: Mapping[str, Callable[[ToldT], Key]],
    said: Callable[[ToldT], str],
) -> list[ToldT]:
    """Those that have every word of the filter, in order; what is not known comes last in either."""
    wanted = look.filter.casefold().split()
    found = [one for one in told if not wanted or all(word in said(one).casefold() for word in wanted)]
    key = keys[order.by]
    known_of = [one for one in found if key(one) is not None]
    unknown = [one for one in found if key(one) is None]
    return [*sorted(known_of, key=lambda one: _comparable(key(one)), reverse=order.falls), *unknown]


def _comparable(value: Key) -> tuple[str, float]:
    return (value.casefold(), 0.0) if isinstance(value, str) else ("", value or 0.0)
