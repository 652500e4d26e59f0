"""Judges of settings: what a file or a variable holds, in the type that its setting has.

In comes a `Given`, out goes the value, or an `UnfitValueError` that says what is wrong with it. A setting is a name and
a judge: `dcfoot.config` has the table of those of every command, `dcfoot.daemon_settings` that of the daemon's.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import cast

INTERVAL_MAX_S = 60.0
"""The longest time between readings [s]: a RAPL counter wraps around in about 60 s when power is high (Intel SDM vol.
3B, "Package RAPL Domain": MSR_PKG_ENERGY_STATUS)."""

INTERVAL_MIN_S = 0.05
"""Counters step every 1 ms (RAPL) to 100 ms (NVML); reading faster than 20 Hz only adds cost [s]."""

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})

OFF = "off"
"""In place of an address or a path: none."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was found, not yet judged.

    Parameters
    ----------
    key : str
        The setting's name; behind its table's and a dot where it stands in one.
    value : object
        Text from the environment, or what TOML makes of it.
    origin : str
        Where it was found.
    folder : Path
        What a relative path is relative to.
    """

    key: str
    value: object
    origin: str
    folder: Path


Judge = Callable[[Given], object]
"""Returns the value in its setting's type; raises `UnfitValueError`."""


class UnfitValueError(ValueError):
    """A value cannot be used; the message says what is wrong with it."""


def text(given: Given) -> str:
    """A text that is not blank."""
    if not isinstance(given.value, str) or not given.value.strip():
        raise UnfitValueError(f"{given.value!r} is not a text")
    return given.value.strip()


def number(given: Given) -> float:
    """A number, or a text that is one."""
    value = given.value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnfitValueError(f"{value!r} is not a number")
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise UnfitValueError(f"{value!r} is not a number") from None


def interval_s(given: Given) -> float:
    """The time between readings [s]."""
    seconds = number(given)
    if not INTERVAL_MIN_S <= seconds <= INTERVAL_MAX_S:
        raise UnfitValueError(f"{seconds:g} is not a number of seconds from {INTERVAL_MIN_S:g} to {INTERVAL_MAX_S:g}")
    return seconds


def path(given: Given) -> Path:
    """A path; a relative one is relative to the file that names it."""
    try:
        return given.folder / Path(text(given)).expanduser()
    except RuntimeError:
        raise UnfitValueError(f"{given.value!r} is in a home folder that is not known") from None


def path_or_off(given: Given) -> Path | str:
    """A path, or `OFF`."""
    return OFF if text(given) == OFF else path(given)


def flag(given: Given) -> bool:
    """Yes or no."""
    if isinstance(given.value, bool):
        return given.value
    word = given.value.lower() if isinstance(given.value, str) else ""
    if word in YES | NO:
        return word in YES
    raise UnfitValueError(f"{given.value!r} is neither true nor false")


def names(given: Given) -> tuple[str, ...]:
    """A list of names; in a variable they are parted by commas."""
    found = given.value.split(",") if isinstance(given.value, str) else given.value
    found_names = [str(name).strip() for name in cast("list[object]", found)] if isinstance(found, list) else []
    if not found_names or not all(found_names):
        raise UnfitValueError(f"{given.value!r} is not a list of names")
    return tuple(found_names)


def one_of(known: Collection[str], what: str) -> Callable[[Given], str]:
    """A judge of texts of which only some are `what`."""

    def judge(given: Given) -> str:
        found = text(given)
        if found not in known:
            raise UnfitValueError(f"{found!r} is not {what}; there are {', '.join(known)}")
        return found

    return judge
