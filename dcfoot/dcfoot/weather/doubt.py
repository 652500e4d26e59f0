"""The air of a year with what is not known of it: for draws, without a synthesis for each of them.

In comes a weather or a climate, out goes an `Air`: its hours, or some hundred bins of them, and how far each doubt of
the typical year moves their dry and wet bulb. A doubt is small beside the year, so it moves the air in proportion.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np

from dcfoot.draws import Spread
from dcfoot.weather.bins import cells_of, means_of
from dcfoot.weather.climate import Climate
from dcfoot.weather.typical import AS_STATED, Doubt, doubt_of, typical_year
from dcfoot.weather.year import Hours, Weather

Moves = tuple[Hours, Hours]
"""How far dry bulb and wet bulb move, for each unit of a doubt [K]."""


@dataclass(frozen=True, slots=True, eq=False)
class Air:
    """Air outside, hour by hour or in bins.

    Parameters
    ----------
    dry_bulb_c, wet_bulb_c : array
        [C]
    pressure_pa : array
        [Pa]
    hours : array
        How long each state lasts [h]
    moves : mapping of str to tuple of array
        By the name of a doubt, a field of `Variation`.
    doubts : mapping of str to Spread
        How large each may be, as its difference from what is stated.
    """

    dry_bulb_c: Hours
    wet_bulb_c: Hours
    pressure_pa: Hours
    hours: Hours
    moves: Mapping[str, Moves] = field(default_factory=dict[str, Moves])
    doubts: Mapping[str, Spread] = field(default_factory=dict[str, Spread])

    def moved(self, amounts: Mapping[str, float]) -> tuple[Hours, Hours, Hours]:
        """Dry bulb [C], wet bulb [C] and pressure [Pa] with each doubt at the amount that is given for it."""
        dry, wet = self.dry_bulb_c, self.wet_bulb_c
        for name, amount in amounts.items():
            dry, wet = dry + amount * self.moves[name][0], wet + amount * self.moves[name][1]
        return dry, np.minimum(dry, wet), self.pressure_pa

    def binned(self, series: Mapping[str, Hours], most_count: int = 400) -> "tuple[Air, dict[str, Hours]]":
        """At most `most_count` weighted states for these hours, and the means of other series over each.

        Parameters
        ----------
        series : mapping of str to array
            Series of the same hours, each in its unit.
        most_count : int
            At least 1.
        """
        cells = cells_of(self.dry_bulb_c, self.wet_bulb_c, most_count)
        dry, wet, pressure = (means_of(of, cells) for of in (self.dry_bulb_c, self.wet_bulb_c, self.pressure_pa))
        moves = {name: (means_of(one, cells), means_of(two, cells)) for name, (one, two) in self.moves.items()}
        hours = np.array([float(self.hours[cell].sum()) for cell in cells])
        air = replace(self, dry_bulb_c=dry, wet_bulb_c=wet, pressure_pa=pressure, hours=hours, moves=moves)
        return air, {name: means_of(values, cells) for name, values in series.items()}


def air_of(weather: Weather) -> Air:
    """The air of a year as it stands, without doubt: a year that was, or one that the user gives."""
    return Air(weather.dry_bulb_c, weather.wet_bulb_c, weather.pressure_pa, np.ones(len(weather)))


def air_of_climate(climate: Climate) -> Air:
    """The air of a place's typical year, with how far a year of the place may lie from it (`doubt_of`)."""
    doubt = doubt_of(climate)
    stated = typical_year(climate)
    names = [one.name for one in fields(Doubt)]
    return replace(
        air_of(stated),
        moves={name: _moves(climate, stated, name, getattr(doubt, name)) for name in names},
        doubts={name: _difference(getattr(doubt, name), getattr(AS_STATED, name)) for name in names},
    )


def _moves(climate: Climate, stated: Weather, name: str, spread: Spread) -> Moves:
    """From the year with the doubt at its 95th percentile: a secant over the range that is used."""
    step = spread.p95 - getattr(AS_STATED, name)
    there = typical_year(climate, replace(AS_STATED, **{name: spread.p95}))
    return (there.dry_bulb_c - stated.dry_bulb_c) / step, (there.wet_bulb_c - stated.wet_bulb_c) / step


def _difference(spread: Spread, stated: float) -> Spread:
    return Spread(spread.central - stated, spread.p5 - stated, spread.p95 - stated, spread.floor - stated)
