"""Some points of a sweep, computed: alone or in a batch, here or on another machine, with the same result.

In come a frozen `Job`, which holds all that is needed and can be sent, and the points that are wanted, out go columns.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from dcfoot.errors import ConfigError, DcfootError, StudyError
from dcfoot.evidence import Evidence
from dcfoot.version import VERSION
from dcfoot_scenarios.evaluate import Halls, Outcome, evaluate
from dcfoot_scenarios.scenario import Money, Scenario
from dcfoot_scenarios.sweep.batch import batch_figures
from dcfoot_scenarios.sweep.keys import Choice, Sweep, scenario_at
from dcfoot_scenarios.sweep.points import values_at

Columns = Mapping[str, Sequence[Choice] | NDArray[np.float64]]
"""By key and by figure: one value a point."""


@dataclass(frozen=True, slots=True)
class Job:
    """A sweep made ready.

    Parameters
    ----------
    sweep : Sweep
        Which points there are.
    scenario : Scenario
        Which is varied.
    money : Money or None
        Prices.
    seed : str
        Of the samples.
    figures : tuple of str
        Which are wanted, in their order.
    is_batch : bool
        Whether the points are computed as a batch of designs.
    """

    sweep: Sweep
    scenario: Scenario
    money: Money | None
    seed: str
    figures: tuple[str, ...]
    is_batch: bool

    @property
    def first(self) -> Outcome:
        """The outcome of the first point.

        Raises
        ------
        StudyError
            It cannot be computed.
        """
        return _outcome(self, self._point(0), Halls())

    @property
    def evidence(self) -> list[Evidence]:
        """What stands behind its points: those of the first, of the last, and of each word that a key takes.

        Raises
        ------
        StudyError
            One of them cannot be computed.
        """
        last, halls = self._point(self.sweep.points_count - 1), Halls()
        choices = ((key, one) for key, axis in self.sweep.over.items() for one in axis.values if isinstance(one, str))
        points = (self._point(0), last, *({**last, key: one} for key, one in choices))
        outcomes = [_outcome(self, point, halls) for point in points]
        return list(dict.fromkeys(line for outcome in outcomes for line in outcome.evidence))

    def _point(self, number: int) -> Mapping[str, Choice]:
        values = values_at(self.sweep, self.seed, range(number, number + 1))
        return {key: column[0] for key, column in values.items()}


def columns_of(job: Job, points: range) -> Columns:
    """The values of some points, and their figures; NaN where one is not known.

    Raises
    ------
    StudyError
        One of them cannot be computed; the message names it.
    """
    values = values_at(job.sweep, job.seed, points)
    figures = _batched(job, values) if job.is_batch else _evaluated(job, values)
    return {**values, **figures}


def _batched(job: Job, values: Mapping[str, Sequence[Choice]]) -> Columns:
    sizes = {key: np.array(column, dtype=np.float64) for key, column in values.items()}
    count = len(next(iter(sizes.values())))
    found = batch_figures(evaluate(job.scenario), sizes)
    return {name: np.array(np.broadcast_to(found.get(name, np.nan), count), dtype=np.float64) for name in job.figures}


def _evaluated(job: Job, values: Mapping[str, Sequence[Choice]]) -> Columns:
    rows = list(_rows(job, values))
    return {name: np.array([row.get(name, np.nan) for row in rows], dtype=np.float64) for name in job.figures}


def _rows(job: Job, values: Mapping[str, Sequence[Choice]]) -> Iterator[Mapping[str, float]]:
    halls = Halls()
    for point in zip(*values.values(), strict=True):
        yield _outcome(job, dict(zip(values, point, strict=True)), halls).figures


def _outcome(job: Job, point: Mapping[str, Choice], halls: Halls) -> Outcome:
    at = ", ".join(f"{key} {value}" for key, value in point.items())
    try:
        return evaluate(scenario_at(job.scenario, point), money=job.money, halls=halls)
    except ValidationError as fault:
        said = "; ".join(one["msg"].removeprefix("Value error, ") for one in fault.errors(include_url=False))
        raise StudyError(f"sweep, at {at}: {said}") from fault
    except DcfootError as fault:
        raise StudyError(f"sweep, at {at}: {fault}") from fault


def fingerprint(job: Job) -> str:
    """The figures of the first point to nine digits: what other data, code or files would change."""
    return " ".join(f"{name}={value:.9g}" for name, value in job.first.figures.items())


def columns_elsewhere(job: Job, expected: str, points: range) -> Columns:
    """The same on another machine, which must compute what the one that asks does.

    Parameters
    ----------
    job : Job
        What is computed.
    expected : str
        Its fingerprint where the result is wanted.
    points : range
        Which are wanted.

    Raises
    ------
    ConfigError
        It does not.
    StudyError
        A point cannot be computed.
    """
    if fingerprint(job) != expected:
        raise ConfigError(
            f"A worker of the cluster (dcfoot {VERSION}) computes other figures: install the same version of dcfoot "
            "there, and give it the same files and the same sites of your own."
        )
    return columns_of(job, points)
