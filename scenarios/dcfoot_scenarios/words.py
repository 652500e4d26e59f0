"""What a study's figures are called, in English and Chinese, in which unit, and which way is better.

In comes ``data/figures.csv``, out go frozen `Word`s; tables, pages, pictures and the docs are made of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from dcfoot_scenarios.tables import rows


@dataclass(frozen=True, slots=True)
class Word:
    """A figure.

    Parameters
    ----------
    name : str
        In Python, JSON, CSV.
    unit : str
        In which it is shown: ``"%"``, ``"M money"`` for millions of the study's currency.
    times : float
        What a value is multiplied by to be shown so: 100, 1e-6.
    digits : int
        After the point.
    group : str
        ``"energy"``, ``"clean"``, ``"carbon"``, ``"water"``, ``"heat"``, ``"money"``.
    better : str
        ``"lower"``, ``"higher"``, ``"none"``.
    label, label_zh : str
        What it is called.
    meaning : str
        What it is.
    """

    name: str
    unit: str
    times: float
    digits: int
    group: str
    better: str
    label: str
    label_zh: str
    meaning: str

    def said(self, value: float | None) -> str:
        """A value, for people; a dash where it is not known."""
        if value is None or value != value:  # noqa: PLR0124 - not a number
            return "-"
        return f"{value * self.times:,.{self.digits}f}"

    @property
    def plain_unit(self) -> str:
        """Of the value as it is: empty for a ratio, ``"money"`` for an amount."""
        return self.unit.replace("%", "").removeprefix("M ")

    def plain_unit_in(self, currency: str) -> str:
        """The same in a study that counts in this money."""
        return self.plain_unit.replace("money", currency)

    def unit_in(self, currency: str) -> str:
        """Its unit in a study that counts in this money."""
        return self.unit.replace("money", currency)

    def printed_unit(self, currency: str, lang: str = "en") -> str:
        """The same as it is printed in a language."""
        return printed(self.unit_in(currency), lang)

    def called(self, lang: str) -> str:
        """What it is called in a language."""
        return self.label_zh if lang == "zh" else self.label

    def worse(self, one: float, other: float) -> bool:
        """Whether the one is worse than the other."""
        return one > other if self.better == "lower" else one < other if self.better == "higher" else False


CHINESE_UNITS = {"M ": "百万 ", "world-eq": "世界当量", "years": "年", "cycles": "次", "piece": "台"}

DEGREES = "C"
"""How tables write the unit of a temperature."""


def printed(unit: str, lang: str) -> str:
    """A unit as it is printed in a language."""
    if unit == DEGREES:
        return "°C"
    unit = unit.replace("m3", "m³").replace("m2", "m²")
    for english, chinese in CHINESE_UNITS.items() if lang == "zh" else ():
        unit = unit.replace(english, chinese)
    return unit


@cache
def words() -> Mapping[str, Word]:
    """All figures by name, in the order in which they are shown."""
    return {
        row["name"]: Word(
            row["name"],
            row["unit"],
            float(row["times"]),
            int(row["digits"]),
            row["group"],
            row["better"],
            row["label"],
            row["label_zh"],
            row["meaning"],
        )
        for row in rows("figures")
    }
