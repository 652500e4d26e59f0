"""Keys that do nothing without another one: a battery without power, work that can wait without a deadline.

In come the keys of a scenario as they stand in a file, out comes what is wrong with them and where: found before a year
is computed, and told with all other faults. Where the other key is swept or sized, nothing is missing.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple, cast

from dcfoot_scenarios.scenario import Keys
from dcfoot_scenarios.yaml_file import Place

FULL_POWER_H = 4.0
"""What is offered for a battery without power: that of four hours, as the studio has it; most large ones that are built
are of two to four (NREL ATB 2024, utility-scale battery storage) [h]"""


class Pair(NamedTuple):
    """A key, those of which it needs one, and what is said where that is missing."""

    part: str
    key: str
    needs: tuple[str, ...]
    said: str


PAIRS = (
    Pair(
        "storage",
        "battery_mwh",
        ("battery_mw", "c_rate_per_h"),
        f"a battery without power does nothing, and is paid for. Add battery_mw: {{at:g}} would fill it in "
        f"{FULL_POWER_H:g} hours.",
    ),
    Pair("storage", "battery_mw", ("battery_mwh",), "power without energy does nothing. Add battery_mwh."),
    Pair("storage", "age_years", ("battery_mwh",), "there is no battery to be so old. Add battery_mwh."),
    Pair("storage", "c_rate_per_h", ("battery_mwh",), "it is a part of an energy. Add battery_mwh."),
    Pair("load", "deferrable_ratio", ("deadline_h",), "work that can wait needs to know how long. Add deadline_h."),
    Pair("load", "deadline_h", ("deferrable_ratio",), "say which share of the work can wait. Add deferrable_ratio."),
    Pair("load", "curtailable_ratio", ("curtailed_hours",), "say in how many hours. Add curtailed_hours."),
    Pair("load", "curtailed_hours", ("curtailable_ratio",), "say which share is given up. Add curtailable_ratio."),
    Pair("load", "growth_ratio_per_year", ("after_years",), "say which year is looked at. Add after_years."),
    Pair("load", "after_years", ("growth_ratio_per_year",), "say how the load grows. Add growth_ratio_per_year."),
    Pair("heat_reuse", "store_mw", ("store_mwh",), "power of a tank without a size does nothing. Add store_mwh."),
    Pair("cold_store", "mw", ("mwh",), "power of a tank without a size does nothing. Add mwh."),
    Pair("supply", "certificate_price_per_mwh", ("certificates_mwh",), "say how many. Add certificates_mwh."),
)


def lonely_keys(keys: Keys, moved: Collection[str]) -> Iterator[tuple[Place, str]]:
    """Each key that has a value and lacks its partner, and what to do.

    Parameters
    ----------
    keys : dict
        Of a scenario.
    moved : collection of str
        Keys that a sweep or an optimum gives values to: ``"storage.battery_mw"``.
    """
    for part, key, needs, said in PAIRS:
        inner = keys.get(part)
        table = cast("Keys", inner) if isinstance(inner, dict) else {}
        value = table.get(key)
        if not isinstance(value, int | float) or not value:
            continue
        if not any(one in table or f"{part}.{one}" in moved for one in needs):
            yield (part, key), said.format(at=value / FULL_POWER_H)
