"""What the store knows of a window, as plain values.

Times are whole seconds since 1970 UTC. A question that is too large is not refused: its steps are widened, and units
beyond the most that were asked for are added up as ``others_j``, so that parts still add up.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol
from urllib.parse import parse_qsl

from dcfoot.errors import DataMissing
from dcfoot.reading import Channel
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.http.now import Json, channel_of, unit_of
from dcfoot_probes.daemon.split import summed
from dcfoot_probes.daemon.store.reader import Energy, Power, Shares
from dcfoot_probes.daemon.words import Unit

MOST_POINTS = 1_000
"""Of a line: more than a screen is wide (a choice)."""

MOST_UNITS = 100
"""Where nobody asks for more or fewer (a choice: more than anybody reads)."""

LAST_S = 9_000_000_000
"""The year 2255 [s since 1970]: nanoseconds after it do not fit into the 64 bits that SQLite has for a number."""

HOUR_S, MINUTE_S = 3_600, 60


class Reader(Protocol):
    """What is kept, as `FrameReader` reads it. Raises `StoreError` where it cannot be read."""

    def channels(self) -> Sequence[Channel]:
        """All that were ever kept."""
        ...

    def power(self, channel: Channel, start_ns: int, end_ns: int, step_s: int = 60) -> Power:
        """Power of a channel, step by step."""
        ...

    def energy_j(self, channel: Channel, start_ns: int, end_ns: int) -> Energy:
        """Energy of a channel."""
        ...

    def units(self, start_ns: int, end_ns: int) -> Mapping[Channel, Shares]:
        """Whose it was."""
        ...


class NoStore(AbstractContextManager[Reader]):
    """In place of a reader where frames are not kept."""

    def __enter__(self) -> Reader:
        raise DataMissing("This daemon keeps no frames; what it knows now is at /api/v1/now.")

    def __exit__(self, *_: object) -> None:
        """It never gets here."""


class Question(NamedTuple):
    """What is asked of the store.

    Parameters
    ----------
    start_s, end_s : int
        The window [s since 1970 UTC].
    step_s : int
        Length of a step [s].
    most : int
        How many units.
    domain, device : str
        Of which channels; empty for any.
    """

    start_s: int
    end_s: int
    step_s: int
    most: int
    domain: str
    device: str

    @property
    def window_ns(self) -> tuple[int, int]:
        """Its window [ns since 1970 UTC]."""
        return self.start_s * NS_PER_S, self.end_s * NS_PER_S

    def of(self, channels: Iterable[Channel]) -> list[Channel]:
        """Those of the channels that are asked about."""
        return [one for one in channels if self.domain in {"", str(one.domain)} and self.device in {"", one.device}]


RANGES = {"start_s": (0, LAST_S), "end_s": (0, LAST_S), "step_s": (1, 31 * 24 * HOUR_S), "most": (1, 1_000)}
"""Of each number that may be asked with."""


def question(query: str, now_s: int) -> Question:
    """What a query asks; by default about the last hour.

    Parameters
    ----------
    query : str
        As in an address, after the question mark.
    now_s : int
        The time [s since 1970 UTC].

    Raises
    ------
    ValueError
        It asks with something that there is not, or a number out of its range.
    """
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=20)
    except ValueError:
        raise ValueError(f"{query!r} is no query such as start_s=1760000000&step_s=60") from None
    given = dict(pairs)
    if len(given) < len(pairs):
        raise ValueError("something is asked for twice")
    domain, device = given.pop("domain", ""), given.pop("device", "")
    numbers = {name: _number(name, text) for name, text in given.items()}
    end_s = numbers.get("end_s", now_s)
    start_s = numbers.get("start_s", max(0, end_s - HOUR_S))
    step_s, most = numbers.get("step_s", MINUTE_S), numbers.get("most", MOST_UNITS)
    return Question(start_s, end_s, step_s, most, domain, device)


def power(reader: Reader, asked: Question) -> Json:
    """Power over time of each channel; None in gaps."""
    step_s = _step_s(asked)
    lines = [(one, reader.power(one, *asked.window_ns, step_s)) for one in asked.of(reader.channels())]
    return {
        "step_s": step_s,
        "channels": [
            {
                **channel_of(channel),
                "start_s": [at // NS_PER_S for at in line.start_ns],
                "mean_w": _plain(line.mean_w),
                "least_w": _plain(line.least_w),
                "most_w": _plain(line.most_w),
            }
            for channel, line in lines
        ],
    }


def energy(reader: Reader, asked: Question) -> Json:
    """Energy of each channel, and the time of which it is known."""
    found = [(one, reader.energy_j(one, *asked.window_ns)) for one in asked.of(reader.channels())]
    return {
        **_window(asked),
        "channels": [
            {**channel_of(channel), "energy_j": of.energy_j, "covered_s": of.covered_s} for channel, of in found
        ],
    }


def units(reader: Reader, asked: Question, *, names: bool) -> Json:
    """Whose the energy was: units, idle, unattributed and others add up to each channel."""
    shares = reader.units(*asked.window_ns)
    asked_of = {channel: shares[channel] if names else shares[channel].without_users() for channel in asked.of(shares)}
    divided = summed(asked_of)
    sums: dict[Unit, float] = {}
    for channel, of in asked_of.items():
        for unit, energy_j in of.units.items():
            sums[unit] = sums.get(unit, 0.0) + (energy_j if channel in divided else 0.0)
    told = sorted(sums, key=sums.__getitem__, reverse=True)[: asked.most]
    return {
        **_window(asked),
        "channels": [_shared(channel, of, told) for channel, of in asked_of.items()],
        "units": [
            {**unit_of(unit, names=names), "energy_j": sums[unit], "channels": _parts(unit, asked_of)} for unit in told
        ],
    }


def _shared(channel: Channel, of: Shares, told: Sequence[Unit]) -> Json:
    others_j = math.fsum(of.units.values()) - math.fsum(of.units.get(unit, 0.0) for unit in told)
    return {
        **channel_of(channel),
        "idle_j": of.idle_j,
        "unattributed_j": of.unattributed_j,
        "others_j": max(0.0, others_j),
    }


def _parts(unit: Unit, shares: Mapping[Channel, Shares]) -> list[Json]:
    return [{**channel_of(channel), "energy_j": of.units[unit]} for channel, of in shares.items() if unit in of.units]


def _window(asked: Question) -> Json:
    return {"start_s": asked.start_s, "end_s": asked.end_s}


def _step_s(asked: Question) -> int:
    """The step, widened where there would be too many; whole minutes and hours are what the store has ready."""
    least_s = max(asked.step_s, math.ceil((asked.end_s - asked.start_s) / MOST_POINTS))
    whole_s = HOUR_S if least_s > HOUR_S else MINUTE_S if least_s > MINUTE_S else 1
    return math.ceil(least_s / whole_s) * whole_s


def _plain(values_w: Iterable[float]) -> list[float | None]:
    return [None if math.isnan(value_w) else round(value_w, 3) for value_w in values_w]


def _number(name: str, text: str) -> int:
    if name not in RANGES:
        raise ValueError(f"there is no {name!r}; there are domain, device, {', '.join(RANGES)}")
    least, most = RANGES[name]
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and least <= int(text) <= most):
        raise ValueError(f"{name}={text!r} is not a whole number between {least} and {most}")
    return int(text)
