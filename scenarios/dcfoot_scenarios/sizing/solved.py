"""A model with its solver: limits are set, and the optimum is sought from where the last one stood."""

import numpy as np

from dcfoot_scenarios.sizing.highs import Answer, Basis, Solver
from dcfoot_scenarios.sizing.limits import NO_LIMIT
from dcfoot_scenarios.sizing.model import Model
from dcfoot_scenarios.sizing.problem import Aim


class SolvedModel:
    """A model that is solved under one set of limits after another.

    Parameters
    ----------
    model : Model
        With all limits that will be set, even if they are infinite as yet.
    aim : str
        What is minimised.
    """

    def __init__(self, model: Model, aim: Aim) -> None:
        self.model = model
        self._values = {name: limit.value for name, limit in model.limits.items()}
        objective, self._factor = model.objective(aim)
        self._solver = Solver(model.program, objective)

    @property
    def basis(self) -> Basis:
        """Where the last optimum stands."""
        return self._solver.basis

    def start_from(self, basis: Basis) -> None:
        """Where to seek from."""
        self._solver.start_from(basis)

    def set_limit(self, name: str, value: float) -> None:
        """Another value of a limit.

        Parameters
        ----------
        name : str
            One of the model's.
        value : float
            In its unit.
        """
        limit = self.model.limits[name]
        self._values[name] = value
        self._solver.bound_row(limit.row, -np.inf, limit.bound(value))
        if limit.whole is not None:
            self._solver.change(limit.row, limit.whole, limit.entry(value))

    def solve(self) -> Answer:
        """The optimum under the limits as they are; the duals are in the unit of what is minimised.

        Raises
        ------
        Unsolved
            There is none.
        """
        found = self._solver.solve()
        return Answer(found.values, found.row_duals / self._factor)

    def shadow_prices(self, found: Answer) -> dict[str, float]:
        """What the objective would fall by, by limit, if it were eased by one unit; 0 where it does not bind."""
        return {
            name: limit.shadow_price(found.values, found.row_duals)
            for name, limit in self.model.limits.items()
            if self._values[name] < NO_LIMIT
        }
