"""The points of a sweep that none beats in two figures: what more of the one costs in the other.

In comes a `Swept`, out goes a `Front`: cost and the first other figure that varies, where there is a cost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dcfoot_scenarios.compare import against
from dcfoot_scenarios.sweep.keys import Choice
from dcfoot_scenarios.sweep.report import best_points
from dcfoot_scenarios.sweep.run import Swept
from dcfoot_scenarios.words import words

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Front:
    """Two figures against each other.

    Parameters
    ----------
    x, y : str
        The figures.
    table : DataFrame
        The keys and both figures, one row a point.
    row_index : array of int
        The rows that none beats, by the first figure from its best on.
    """

    x: str
    y: str
    table: pd.DataFrame
    row_index: NDArray[np.int64]

    def spread(self, most_count: int) -> Sequence[tuple[int, Mapping[str, Choice]]]:
        """Some of them, evenly along it: the row, and the values of the keys there.

        Parameters
        ----------
        most_count : int
            How many [-]
        """
        count = min(most_count, len(self.row_index))
        rows = self.row_index[np.linspace(0, len(self.row_index) - 1, count).round().astype(np.int64)].tolist()
        return [(row, {str(key): self.table[key].iloc[row] for key in self.table.columns[:-2]}) for row in rows]


def front_of(swept: Swept) -> Front | None:
    """The front of a sweep; None where fewer than two figures vary.

    Parameters
    ----------
    swept : Swept
        All of its points, or as far as they came.
    """
    telling = list(best_points(swept))
    if len(telling) < 2:
        return None
    x, y = against(telling)
    table = swept.frame([*swept.job.sweep.over, x, y])
    return Front(x, y, table, unbeaten(np.array([_as_cost(name, table[name].to_numpy()) for name in (x, y)])))


def _as_cost(figure: str, values: Column) -> Column:
    """A figure so that less is better; what is not known is worst."""
    signed = -values if words()[figure].better == "higher" else values
    return np.where(np.isnan(signed), np.inf, signed)


def unbeaten(values: Column) -> NDArray[np.int64]:
    """The points that no other beats in one of two costs and equals or beats in the other, by the first cost.

    Of points that are the same in both, the first stands for all; one whose cost is infinite is none of them.

    Parameters
    ----------
    values : array
        Both costs of every point, in any unit: two rows; less is better.
    """
    first, second = values
    order = np.lexsort((second, first))
    sorted_second = second[order]
    least_before = np.concatenate([[np.inf], np.minimum.accumulate(sorted_second)[:-1]])
    found: NDArray[np.int64] = order[(sorted_second < least_before) & np.isfinite(first[order])]
    return found
