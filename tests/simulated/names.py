"""Which of the project's public names hold a number, and which units a name may end in."""

import dataclasses
import inspect
import pkgutil
import re
import types
import typing
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType

import numpy as np

from dcfoot.elementwise import Value
from dcfoot.quantity import Quantity

UNITS = (
    *("j", "kj", "mj", "uj", "wh", "kwh", "mwh", "gwh", "gj"),
    *("w", "kw", "mw", "gw", "uw"),
    *("ns", "us", "ms", "s", "h", "hours", "day", "days", "month", "months", "year", "years"),
    *("g", "kg", "t", "lb", "l", "ml", "m", "mm", "km", "nm", "cm2", "m2", "m3"),
    *("c", "k", "pa", "kpa", "hz", "mhz", "ghz", "deg"),
    *("bytes", "kib", "mib", "gib", "gb", "tb"),
    *("ratio", "percent", "count", "index", "flop"),
    *("usd", "eur", "cny"),
)

_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
BOUND = re.compile("_(min|max)$")
"""How a limit's name ends, after that of what it limits: ``import_mw_max``."""

ENDS_IN_A_UNIT = re.compile(rf"(^|_)({_UNIT})(_per_(\w+_)?({_UNIT}))?(_min|_max)?$")


def public_modules(*packages: str) -> Iterator[ModuleType]:
    """Every module of these packages that can be imported here and has no underscore in front."""
    for package in map(import_module, packages):
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.rpartition(".")[2].startswith("_"):
                yield import_module(found.name)


def numbers_of(module: ModuleType) -> Iterator[tuple[str, str]]:
    """The public numeric names that `module` itself defines: ``("dcfoot.x.Class.field", "field")``."""
    for name, member in vars(module).items():
        if name.startswith("_") or getattr(member, "__module__", None) != module.__name__:
            continue
        where = f"{module.__name__}.{name}"
        if inspect.isclass(member):
            yield from _of_class(member, where)
        elif inspect.isfunction(member):
            yield from _of_function(member, where)


def _of_class(cls: type[object], where: str) -> Iterator[tuple[str, str]]:
    yield from ((f"{where}.{name}", name) for name in _numeric_fields(cls))
    for name, member in vars(cls).items():
        if name.startswith("_"):
            continue
        function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        if isinstance(member, property) and is_number(typing.get_type_hints(function).get("return")):
            yield f"{where}.{name}", name
        elif inspect.isfunction(function):
            yield from _of_function(function, f"{where}.{name}")


def _numeric_fields(cls: type[object]) -> list[str]:
    if not dataclasses.is_dataclass(cls):
        return []
    hints = _hints(cls)
    names = (field.name for field in dataclasses.fields(cls))
    return [name for name in names if not name.startswith("_") and is_number(hints.get(name))]


def _of_function(function: types.FunctionType, where: str) -> Iterator[tuple[str, str]]:
    hints = _hints(function)
    for name in inspect.signature(function).parameters:
        if not name.startswith("_") and is_number(hints.get(name)):
            yield f"{where}({name})", name


def _hints(of: type[object] | types.FunctionType) -> Mapping[str, object]:
    """Its annotations; where one names what only type checkers import, those that are no texts."""
    try:
        return typing.get_type_hints(of)
    except NameError:
        return {name: hint for name, hint in inspect.get_annotations(of).items() if not isinstance(hint, str)}


def is_number(annotation: object) -> bool:
    """Whether this is an int, a float, a `Quantity`, an array or a formula's `Value`, or one of them or None."""
    united = typing.get_origin(annotation) in {typing.Union, types.UnionType}
    choices: tuple[object, ...] = typing.get_args(annotation) if united else (annotation,)
    numbers = [choice for choice in choices if choice is not type(None)]
    return bool(numbers) and all(_is_one(choice) for choice in numbers)


def _is_one(annotation: object) -> bool:
    origin = typing.get_origin(annotation)
    # NDArray is an alias by the `type` statement from NumPy 2.5 on.
    if origin is np.ndarray or typing.get_origin(getattr(origin, "__value__", None)) is np.ndarray:
        return "datetime64" not in str(annotation)
    return annotation in {int, float, Quantity, Value}
