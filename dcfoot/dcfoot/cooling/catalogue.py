"""The cooling systems by name, put together from their parts.

In come a name, the size of the site, how heat is given off and what the user knows better; out goes the system. To add
one, add it to `SYSTEMS`, and where its numbers are its own, rows to the table ``cooling_parameters``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Literal, TypeVar, cast

from dcfoot.cooling.air_side import AirEconomizer, AirHandler
from dcfoot.cooling.chiller import Chiller, chiller_curve
from dcfoot.cooling.dry_cooler import DryCooler
from dcfoot.cooling.liquid import LiquidLoop
from dcfoot.cooling.movers import Mover
from dcfoot.cooling.parameters import Size
from dcfoot.cooling.plant import Plant, WaterEconomizer
from dcfoot.cooling.system import CoolingSystem
from dcfoot.cooling.tower import Tower
from dcfoot.elementwise import Numbers
from dcfoot.errors import ConfigError

Heat = Literal["wet", "dry", "hybrid"]
"""How heat is given off: by towers, by air alone, by dry coolers with pads."""

Values = Mapping[str, Numbers]
"""Numbers of the parts by name: ``{"air.supply_c": 25.0}``."""

PartT = TypeVar("PartT")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a system is put together.

    Parameters
    ----------
    what : str
        For people.
    rejections : tuple of str
        How it can give off heat; the first is the usual way.
    build : callable
        From numbers, size and way of giving off heat.
    """

    what: str
    rejections: tuple[Heat, ...]
    build: Callable[[Values, Size, Heat], CoolingSystem]


def cooling_system(name: str, values: Values, size: Size, rejection: Heat | None = None) -> CoolingSystem:
    """The cooling system called `name`.

    Parameters
    ----------
    name : str
        One of `SYSTEMS`.
    values : mapping of str to float or array
        Every number that its parts need.
    size : str
        Of the site.
    rejection : str or None
        How heat is given off; None: the usual way.

    Raises
    ------
    ConfigError
        There is no such system, or it does not give off heat that way.
    """
    recipe = find_recipe(name)
    if rejection is None:
        rejection = recipe.rejections[0]
    if rejection not in recipe.rejections:
        ways = ", ".join(recipe.rejections)
        raise ConfigError(f"Cooling {name!r} cannot give off heat {rejection!r}; it can: {ways}.")
    return recipe.build(values, size, rejection)


def find_recipe(name: str) -> Recipe:
    """The recipe called `name`.

    Raises
    ------
    ConfigError
        There is none; all are listed.
    """
    if name not in SYSTEMS:
        raise ConfigError(f"No cooling system is called {name!r}; there are: {', '.join(SYSTEMS)}.")
    return SYSTEMS[name]


def build_part(kind: type[PartT], part: str, values: Values, **others: object) -> PartT:
    """A part with its numbers by the names of its fields; movers inside it too.

    Parameters
    ----------
    kind : type
        The part's class.
    part : str
        Its name in the table.
    values : mapping of str to float or array
        Numbers by name.
    **others : object
        Fields that are no numbers.
    """
    given: dict[str, object] = dict(others)
    for field in fields(cast("type[Mover]", kind)):
        name = f"{part}.{field.name}"
        if field.name in given:
            continue
        if name in values:
            given[field.name] = values[name]
        elif field.name in {"fans", "pumps"}:
            given[field.name] = build_part(Mover, name, values)
    return kind(**given)


def _chiller(kind: Literal["water", "air", "dx"], values: Values) -> Chiller:
    curves = {"water": "centrifugal_variable_speed", "air": "air_cooled", "dx": "direct_expansion"}
    cooled_by = "water" if kind == "water" else "air"
    return build_part(Chiller, f"chiller.{kind}", values, curve=chiller_curve(curves[kind]), cooled_by=cooled_by)


def _plant(values: Values, rejection: Heat, *, economizer: bool) -> Plant:
    """A plant with chillers: of towers where heat is given off wet, else air-cooled beside any dry coolers."""
    free = build_part(WaterEconomizer, "water_economizer", values) if economizer else None
    outside: Tower | DryCooler | None = None
    if rejection == "wet":
        outside = build_part(Tower, "tower", values)
    elif economizer:
        pads = {} if rejection == "hybrid" else {"pad_effectiveness_ratio": None}
        outside = build_part(DryCooler, "dry_cooler", values, **pads)
    chiller = _chiller("water" if rejection == "wet" else "air", values)
    return build_part(Plant, "plant", values, economizer=free, chiller=chiller, rejection=outside)


def _closed(values: Values, _size: Size, rejection: Heat) -> CoolingSystem:
    return CoolingSystem(build_part(AirHandler, "air", values), _plant(values, rejection, economizer=False))


def _waterside(values: Values, _size: Size, rejection: Heat) -> CoolingSystem:
    return CoolingSystem(build_part(AirHandler, "air", values), _plant(values, rejection, economizer=True))


def _airside(values: Values, size: Size, rejection: Heat) -> CoolingSystem:
    return _outside_air(values, size, rejection, pad_effectiveness_ratio=None)


def _adiabatic(values: Values, size: Size, rejection: Heat) -> CoolingSystem:
    return _outside_air(values, size, rejection)


def _outside_air(values: Values, size: Size, rejection: Heat, **pads: None) -> CoolingSystem:
    # Sites of this size have the dampers and the controls to treat the air that others shut out (a choice).
    treats = size == "large"
    economizer = build_part(
        AirEconomizer, "air_economizer", values, warms_moist_air=treats, humidifies_dry_air=treats, **pads
    )
    plant = _plant(values, rejection, economizer=False)
    return CoolingSystem(build_part(AirHandler, "air", values), plant, economizer)


def _direct_expansion(values: Values, _size: Size, _rejection: Heat) -> CoolingSystem:
    plant = build_part(
        Plant, "plant", values, pumps=None, economizer=None, chiller=_chiller("dx", values), rejection=None
    )
    return CoolingSystem(build_part(AirHandler, "air", values), plant)


def _liquid(values: Values, _size: Size, rejection: Heat) -> CoolingSystem:
    plant = _plant(values, rejection, economizer=True)
    return CoolingSystem(
        build_part(AirHandler, "air", values),
        plant,
        liquid=build_part(LiquidLoop, "liquid", values),
        liquid_plant=plant,
    )


SYSTEMS: dict[str, Recipe] = {
    "airside_economizer": Recipe("Outside air, chillers when it will not do", ("wet", "dry"), _airside),
    "airside_adiabatic": Recipe("Outside air cooled by pads, chillers when it will not do", ("wet", "dry"), _adiabatic),
    "waterside_economizer": Recipe("Water cooled outside, chillers beside it", ("wet", "dry", "hybrid"), _waterside),
    "water_chiller": Recipe("Water-cooled chillers with cooling towers", ("wet",), _closed),
    "air_chiller": Recipe("Air-cooled chillers", ("dry",), _closed),
    "dx": Recipe("Room units with compressors of their own (direct expansion)", ("dry",), _direct_expansion),
    "direct_liquid": Recipe("Cold plates on the chips; the rest by air", ("dry", "wet", "hybrid"), _liquid),
    "rear_door": Recipe("Water-cooled doors at the back of the racks", ("wet", "dry", "hybrid"), _liquid),
    "immersion": Recipe("Equipment in baths of a liquid that does not boil", ("dry", "wet", "hybrid"), _liquid),
}
"""The systems, by the name that ``cooling:`` of a study and ``--cooling`` take."""
