"""What an optimisation found, for those who show it: without the solver that found it."""

from dataclasses import dataclass

from dcfoot_scenarios.scenario import Scenario
from dcfoot_scenarios.sizing.answer import Sizing

OPTIMISED = "optimised"
"""What the answer is called beside the variants."""


@dataclass(frozen=True, slots=True, eq=False)
class Optimised:
    """What was found.

    Parameters
    ----------
    of : str
        The scenario that was taken.
    scenario : Scenario
        The same with the sizes that were found, and its battery run to the same end.
    sizing : Sizing
        Sizes, hours, and what the limits cost.
    front : tuple
        The optimum at each value of a limit; None where nothing holds it.
    """

    of: str
    scenario: Scenario
    sizing: Sizing
    front: tuple[tuple[float, Sizing | None], ...] = ()
