"""What an optimisation found, for those who show it: without the solver that found it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from dcfoot.weather.year import Hours
from dcfoot_scenarios.case import Schedule
from dcfoot_scenarios.scenario import Scenario
from dcfoot_scenarios.sizing.answer import Sizing

OPTIMISED = "optimised"
"""What the answer is called beside the variants."""


class Step(NamedTuple):
    """What is sought while an optimum and its front are.

    Parameters
    ----------
    what : str
        The scenario, and where along the front.
    done_count, all_count : int
        How many programs of the year are solved, and of how many [-]
    """

    what: str
    done_count: int
    all_count: int


Telling = Callable[[Step], None]
"""Told each step before it is begun."""


def untold(_step: Step) -> None:
    """Tells nobody."""


class FrontPoint(NamedTuple):
    """The optimum at one value of a limit.

    Parameters
    ----------
    at : float
        The value, in the limit's unit.
    sizing : Sizing or None
        None where nothing holds it.
    of : str
        The scenario that it is of; empty where nothing holds it.
    """

    at: float
    sizing: Sizing | None
    of: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Optimised:
    """What was found.

    Parameters
    ----------
    of : str
        The scenario that was taken.
    scenario : Scenario
        The same with the sizes that were found.
    sizing : Sizing
        Sizes, hours, and what the limits cost.
    it_mw : array
        IT power by hour: what waits does not know the plants that are sought [MW]
    front : tuple of FrontPoint
        The optimum at each value of a limit.
    front_missing : tuple of float
        The values at which none was sought, since somebody interrupted, in the limit's unit.
    """

    of: str
    scenario: Scenario
    sizing: Sizing
    it_mw: Hours
    front: tuple[FrontPoint, ...] = ()
    front_missing: tuple[float, ...] = ()

    @property
    def schedule(self) -> Schedule:
        """What the optimum does in every hour, for `evaluate` to run."""
        flows, heat = self.sizing.flows, self.sizing.problem.heat
        wanted_mw, pump_heat_mw = flows.charge_mw - flows.discharge_mw, None if heat is None else flows.pump_heat_mw
        return Schedule(wanted_mw, pump_heat_mw, flows.given_up_mw, self.it_mw)
