"""What is not known, by name: its central value, or a block of draws of it.

The same code computes a scenario at its central values and under draws: it asks a `Chance` for every number that is in
doubt, and two scenarios that ask for the same name of the same draws share what they have in common.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from dcfoot.cooling.catalogue import Values
from dcfoot.cooling.parameters import Parameter
from dcfoot.draws import Draws, Spread
from dcfoot.facility_draws import Column


class Chance(Protocol):
    """Gives a number for what is in doubt."""

    def of(self, name: str, spread: Spread) -> Any:  # noqa: ANN401 (a float, or an array of draws: `Numbers`)
        """The value of the input `name`, in the spread's unit: a float, or one a draw."""
        ...

    def number(self, name: str, parameter: Parameter) -> Any:  # noqa: ANN401 (as `of`)
        """The value of the input `name`, in the parameter's unit: a float, or one a draw."""
        ...

    def hall(self, parameters: Mapping[str, Parameter]) -> Values:
        """Numbers of the hall that are not at their central value, as its facility has them; draws stand in columns."""
        ...


@dataclass(frozen=True, slots=True)
class At:
    """Everything at its central value, but for some inputs.

    Parameters
    ----------
    moved : mapping of str to float
        By input: how many standard deviations from its median.
    """

    moved: Mapping[str, float] = field(default_factory=dict[str, float])

    def of(self, name: str, spread: Spread) -> float:
        """The value of the input."""
        return spread.at(self.moved[name]) if name in self.moved else spread.central

    def number(self, name: str, parameter: Parameter) -> float:
        """The value of the input."""
        return parameter.at(self.moved[name]) if name in self.moved else parameter.central

    def hall(self, parameters: Mapping[str, Parameter]) -> Values:
        """Those that are moved."""
        return {name: one.at(self.moved[name]) for name, one in parameters.items() if name in self.moved}


CENTRAL = At()
"""Everything at its central value."""


class Drawn:
    """Some draws of everything.

    Parameters
    ----------
    draws : Draws
        Of the study.
    block : slice
        Which of them.
    """

    def __init__(self, draws: Draws, block: slice) -> None:
        self._draws = draws
        self._block = block
        self._asked: dict[str, Column] = {}

    def of(self, name: str, spread: Spread) -> Column:
        """One value a draw."""
        if spread.p5 < spread.p95:
            self._asked[name] = np.array(self._draws.normal(name))[self._block]
        return np.array(self._draws.of(name, spread))[self._block]

    def number(self, name: str, parameter: Parameter) -> Column:
        """One value a draw."""
        normal = np.array(self._draws.normal(name))[self._block]
        if parameter.low < parameter.high:
            self._asked[name] = normal
        return np.array([parameter.at(z) for z in normal])

    def hall(self, parameters: Mapping[str, Parameter]) -> Values:
        """One value a draw, of the streams by which `dcfoot.facility_draws` draws the hall."""
        return {
            name: np.array([[one.at(z)] for z in self._draws.normal(f"cooling/{name}")[self._block]])
            for name, one in parameters.items()
            if one.low < one.high
        }

    @property
    def asked(self) -> Mapping[str, Column]:
        """What was asked for and is in doubt, in standard deviations from its median, by name."""
        return self._asked


def by_hour(value: Any) -> Any:  # noqa: ANN401 (as `Chance.of` gives it)
    """A yearly number, laid beside hours: draws get an axis of hours after theirs."""
    return value[..., None] if np.ndim(value) else value
