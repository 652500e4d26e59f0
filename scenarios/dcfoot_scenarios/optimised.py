"""What an optimisation found, for those who show it: without the solver that found it."""

from dataclasses import dataclass
from typing import NamedTuple

from dcfoot_scenarios.case import Schedule
from dcfoot_scenarios.scenario import Scenario
from dcfoot_scenarios.sizing.answer import Sizing

OPTIMISED = "optimised"
"""What the answer is called beside the variants."""


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
    front : tuple of FrontPoint
        The optimum at each value of a limit.
    """

    of: str
    scenario: Scenario
    sizing: Sizing
    front: tuple[FrontPoint, ...] = ()

    @property
    def schedule(self) -> Schedule:
        """What the optimum does in every hour, for `evaluate` to run."""
        flows, heat = self.sizing.flows, self.sizing.problem.heat
        wanted_mw, pump_heat_mw = flows.charge_mw - flows.discharge_mw, None if heat is None else flows.pump_heat_mw
        return Schedule(wanted_mw, pump_heat_mw, flows.given_up_mw)
