"""Facilities by name: built from the table of parameters, and explained by it.

In come the name of a cooling system, the size of a site and what the user knows better; out goes a `Facility` with the
central value of every other parameter, or what stands behind each number.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from dcfoot.cooling.catalogue import Heat, Values, build_part, cooling_system
from dcfoot.cooling.parameters import Parameter, Size, parameters
from dcfoot.electrical import Electrical, LossCurve
from dcfoot.elementwise import Numbers
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence
from dcfoot.facility_model import Facility
from dcfoot.places import nearest


def build_facility(
    cooling: str, size: Size = "large", rejection: Heat | None = None, values: Values | None = None
) -> Facility:
    """A facility of the library.

    Parameters
    ----------
    cooling : str
        One of `dcfoot.cooling.catalogue.SYSTEMS`.
    size : str
        Of the site: ``"large"``, ``"midsize"``, ``"small"``.
    rejection : str or None
        ``"wet"``, ``"dry"``, ``"hybrid"``; None: the system's usual way.
    values : mapping of str to float or array, or None
        Numbers that are better known than the table's, by name: ``{"air.supply_c": 25.0}``.

    Raises
    ------
    ConfigError
        A name is not known.
    """
    return _build(cooling, size, rejection, merged_values(parameters(cooling, size), values or {}))


def merged_values(known: Mapping[str, Parameter], values: Values) -> dict[str, Numbers]:
    """The central value of every parameter, or what `values` says instead.

    Raises
    ------
    ConfigError
        `values` names a parameter that does not exist.
    """
    strange = sorted(set(values) - set(known))
    if strange:
        raise ConfigError(f"No part has a number {strange[0]!r}.{nearest(strange[0], known)}")
    return {name: parameter.central for name, parameter in known.items()} | dict(values)


def _build(cooling: str, size: Size, rejection: Heat | None, numbers: Values) -> Facility:
    electrical = build_part(
        Electrical,
        "electrical",
        numbers,
        ups=build_part(LossCurve, "ups", numbers),
        distribution=build_part(LossCurve, "distribution", numbers),
    )
    return Facility(electrical, cooling_system(cooling, numbers, size, rejection))


class _Noted(dict[str, Numbers]):
    """Numbers that note which of them were asked for."""

    def __init__(self, numbers: Values) -> None:
        super().__init__(numbers)
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> Numbers:
        self.used.add(name)
        return super().__getitem__(name)


@lru_cache(maxsize=64)
def used_parameters(cooling: str, size: Size = "large", rejection: Heat | None = None) -> Mapping[str, Parameter]:
    """The parameters that a facility depends on, by name.

    Parameters
    ----------
    cooling, size, rejection
        As in `build_facility`.
    """
    known = parameters(cooling, size)
    numbers = _Noted(merged_values(known, {}))
    _build(cooling, size, rejection, numbers)
    return MappingProxyType({name: parameter for name, parameter in known.items() if name in numbers.used})


def facility_evidence(cooling: str, size: Size = "large", rejection: Heat | None = None) -> tuple[Evidence, ...]:
    """What stands behind each number of a facility.

    Parameters
    ----------
    cooling, size, rejection
        As in `build_facility`.
    """
    return tuple(parameter.evidence for parameter in used_parameters(cooling, size, rejection).values())
