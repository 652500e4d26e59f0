"""The border to HiGHS: a `Program` in, values and duals out. Its names and its statuses end here."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Thread

import highspy
import numpy as np
from highspy import HighsBasisStatus, HighsModelStatus
from numpy.typing import NDArray

from dcfoot_scenarios.sizing.program import Form, Indices, Program, Values

_STATUSES = (
    HighsBasisStatus.kLower,
    HighsBasisStatus.kBasic,
    HighsBasisStatus.kUpper,
    HighsBasisStatus.kZero,
    HighsBasisStatus.kNonbasic,
)
_NO_ANSWER = {HighsModelStatus.kInfeasible: "infeasible", HighsModelStatus.kUnbounded: "unbounded"}

_COLD = {"simplex_dual_edge_weight_strategy": 2, "simplex_scale_strategy": 2}
"""Steepest edge and scaled: never lost its way, also where limits conflict (benchmarks/sizing.py)."""

_NEAR = {"simplex_dual_edge_weight_strategy": 1, "simplex_scale_strategy": 0}
"""Devex and as it is: from a basis that is near, a third faster, and twice as fast where a limit on a sum is slack."""


class Unsolved(Exception):
    """A program without an answer.

    Parameters
    ----------
    why : str
        ``"infeasible"``, ``"unbounded"``, or what HiGHS says.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """Where the last answer stands, from which the next is sought: a status for each column and row.

    Parameters
    ----------
    columns, rows : array of int
        By HiGHS's numbers [-]
    """

    columns: NDArray[np.int64]
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The optimum of a program.

    Parameters
    ----------
    values : array
        Of its columns.
    row_duals : array
        What the objective grows by when a bound of the row grows by 1.
    """

    values: Values
    row_duals: Values


class Silent(highspy.Highs):
    """HiGHS that never writes to the standard output, where our own answer goes."""

    def enableCallbacks(self) -> None:  # noqa: N802 (HiGHS's name)
        """What its constructor calls from 1.16 on, and what would write its name and version there."""
        self.silent()
        super().enableCallbacks()  # type: ignore[no-untyped-call]


class Solver:
    """A program that is solved, changed a little, and solved again from where it stood.

    Parameters
    ----------
    program : Program
        Complete.
    objective : Form
        What is minimised.
    """

    def __init__(self, program: Program, objective: Form) -> None:
        self._count = len(program.columns)
        self._highs = Silent()  # type: ignore[no-untyped-call]
        self._highs.silent()
        self._highs.HandleUserInterrupt = True
        self._set(_COLD)
        self._highs.setOptionValue("solver", "choose" if program.whole else "simplex")
        self._highs.setOptionValue("threads", 1)
        self._highs.passModel(lp_of(program, objective))
        self._stands = self._highs.getBasis()

    def minimise(self, objective: Form) -> None:
        """Another objective."""
        every = np.arange(self._count, dtype=np.int32)
        self._highs.changeColsCost(self._count, every, _costs(objective, self._count))

    def bound_row(self, row: Indices, low: float, high: float) -> None:
        """Other bounds of rows."""
        for one in row.tolist():
            self._highs.changeRowBounds(one, low, high)

    def bound_column(self, column: Indices, low: float, high: float) -> None:
        """Other bounds of columns."""
        for one in column.tolist():
            self._highs.changeColBounds(one, low, high)

    def change(self, row: Indices, column: Indices, entry: float) -> None:
        """Another entry of the matrix."""
        self._highs.changeCoeff(int(row[0]), int(column[0]), entry)

    @property
    def basis(self) -> Basis:
        """Where the last answer stands."""
        statuses = (self._stands.col_status, self._stands.row_status)
        return Basis(*(np.array([int(one) for one in part]) for part in statuses))

    def start_from(self, basis: Basis) -> None:
        """Where to seek from; HiGHS mends what does not fit."""
        start = highspy.HighsBasis()
        start.col_status = [_STATUSES[one] for one in basis.columns]
        start.row_status = [_STATUSES[one] for one in basis.rows]
        start.alien = start.valid = True
        self._highs.setBasis(start)
        self._set(_NEAR)

    def solve(self) -> Answer:
        """The optimum.

        Raises
        ------
        Unsolved
            There is none.
        """
        status = self._run()
        self._set(_COLD)
        if status not in {HighsModelStatus.kOptimal, *_NO_ANSWER}:  # it lost its way: once more from the beginning
            self._highs.clearSolver()
            status = self._run()
        if status != HighsModelStatus.kOptimal:
            self._highs.setBasis(self._stands)  # not where it found that there is none, which is far from anywhere
            raise Unsolved(_NO_ANSWER.get(status, self._highs.modelStatusToString(status)))
        self._stands = self._highs.getBasis()
        solution = self._highs.getSolution()
        return Answer(np.array(solution.col_value), np.array(solution.row_dual))

    def _run(self) -> HighsModelStatus:
        """Runs it in a thread beside this one, which Ctrl-C then reaches at once and not when HiGHS is done."""
        running = Thread(target=self._highs.run, daemon=True)
        running.start()
        try:
            running.join()
        except KeyboardInterrupt:
            self._highs.cancelSolve()  # type: ignore[no-untyped-call]
            running.join()
            raise
        return self._highs.getModelStatus()

    def _set(self, options: Mapping[str, int]) -> None:
        """How the dual simplex goes."""
        for name, value in options.items():
            self._highs.setOptionValue(name, value)


def lp_of(program: Program, objective: Form) -> highspy.HighsLp:
    """A program as HiGHS takes it.

    Parameters
    ----------
    program : Program
        Complete.
    objective : Form
        What is minimised.
    """
    model, matrix = highspy.HighsLp(), program.matrix
    model.num_col_, model.num_row_ = len(program.columns), len(program.rows)
    model.col_cost_ = _costs(objective, len(program.columns))
    model.col_lower_, model.col_upper_ = map(np.concatenate, (program.columns.low, program.columns.high))
    model.row_lower_, model.row_upper_ = map(np.concatenate, (program.rows.low, program.rows.high))
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = matrix.starts, matrix.rows
    model.a_matrix_.value_ = matrix.entries
    if program.whole:
        kinds = [highspy.HighsVarType.kContinuous] * len(program.columns)
        for column in np.concatenate(program.whole).tolist():
            kinds[column] = highspy.HighsVarType.kInteger
        model.integrality_ = kinds
    return model


def _costs(objective: Form, count: int) -> Values:
    """What each column adds to the objective."""
    costs = np.zeros(count)
    for columns, values in objective:
        np.add.at(costs, columns, values)
    return costs
