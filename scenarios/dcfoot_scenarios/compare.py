"""The variants of a study beside its baseline: figures, differences, and what the decision hangs on.

In comes a `Study`, out goes a `Comparison`. Differences have intervals of their own, from draws that the two variants
share: what both have in common cancels.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from dcfoot.draws import Z95
from dcfoot.errors import StudyError
from dcfoot.facility_draws import interval_of, rank_correlation
from dcfoot.grid import Boundary
from dcfoot_scenarios.amounts import Amount, amount_at
from dcfoot_scenarios.break_even import BreakEven, break_evens
from dcfoot_scenarios.evaluate import Outcome, evaluate, figures_at
from dcfoot_scenarios.input_words import input_called
from dcfoot_scenarios.optimised import OPTIMISED, Optimised, Telling, untold
from dcfoot_scenarios.payoff import SAME_WORK_RATIO, Payoff, payoff
from dcfoot_scenarios.place import place_of
from dcfoot_scenarios.scenario import Scenario
from dcfoot_scenarios.study import BASELINE, Study, told_of
from dcfoot_scenarios.words import words

LOOKED_INTO = (
    "carbon_location_hourly_t",
    "carbon_market_hourly_t",
    "water_onsite_m3",
    "facility_energy_mwh",
    "cost_per_year",
)
"""Figures whose differences are looked into, as far as they differ."""

DECISIVE = (
    *LOOKED_INTO,
    *("carbon_with_embodied_t", "carbon_avoided_by_heat_t", "heat_delivered_mwh", "carbon_heat_pump_t"),
    *("cfe_contracted_ratio", "water_source_m3", "peak_import_mw"),
)
"""Figures by which a scenario may be better than another: what it costs, and what it is built for."""

OF_HEAT = frozenset(name for name, word in words().items() if word.group == "heat")
"""Figures that a scenario without waste heat has none of, which is 0 and not unknown."""

LEAST_SWING_RATIO = 0.05
"""An input that moves a difference by less of its interval is not named: chance alone correlates it (a choice) [-]"""

MOST_LOOKED_INTO = 10
"""How many inputs are moved one by one, the most correlated first (a choice)."""

LEAST_DIFFERENCE_RATIO = 1e-4
"""A smaller difference, over the baseline's figure, is none: it is rounding (a choice) [-]"""

CERTAIN_RATIO = 0.95
"""A variant is called better or worse where so many draws say so (a choice: the field's usual two-sided 90 %) [-]"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A variant's figure less the baseline's.

    Parameters
    ----------
    value : float
        At the central value of everything, in the figure's unit.
    p5, p95 : float or None
        Over the draws that both share; None without draws.
    better_ratio : float or None
        In how many of them the variant is better [-]
    """

    value: float
    p5: float | None
    p95: float | None
    better_ratio: float | None


@dataclass(frozen=True, slots=True)
class Lever:
    """An input on which a difference hangs.

    Parameters
    ----------
    name : str
        Of the input.
    correlation : float
        Rank correlation with the difference [-]
    low, high : float
        The difference with the input at its 5th and 95th percentile and all else at the centre, in the figure's unit.
    switches_at_sd : float or None
        At how many standard deviations from its median the better of the two changes; None: nowhere within two.
    switches_at : Amount or None
        The same in the input's own unit: of the variant, or of the baseline where that alone hangs on it.
    """

    name: str
    correlation: float
    low: float
    high: float
    switches_at_sd: float | None
    switches_at: Amount | None = None

    def switch_said(self, lang: str) -> str:
        """Where the better one changes, as it is printed in a language; empty where it does not."""
        return "" if self.switches_at is None else self.switches_at.said(lang)

    def called(self, lang: str = "en") -> str:
        """What the input is called in a language: ``"en"``, ``"zh"``."""
        return input_called(self.name, lang)


@dataclass(frozen=True, eq=False)
class Comparison:
    """A study's outcomes.

    Parameters
    ----------
    study : Study
        What was asked.
    outcomes : mapping of str to Outcome
        The baseline first.
    optimised : Optimised or None
        What was sized, where the study asks for it; its outcome stands among the others.
    """

    study: Study
    outcomes: Mapping[str, Outcome]
    optimised: Optimised | None = None
    _levers: dict[tuple[str, str], list[Lever]] = field(default_factory=dict[tuple[str, str], list[Lever]])
    _break_evens: dict[str, list[BreakEven]] = field(default_factory=dict[str, list[BreakEven]])
    _payoffs: dict[tuple[Outcome, Outcome], Payoff] = field(default_factory=dict[tuple[Outcome, Outcome], Payoff])
    _moved: dict[tuple[str, str, float], Mapping[str, float]] = field(
        default_factory=dict[tuple[str, str, float], Mapping[str, float]]
    )

    @property
    def baseline(self) -> Outcome:
        """What the others are compared with."""
        return self.outcomes[BASELINE]

    @property
    def missing(self) -> Sequence[str]:
        """The names of scenarios that were not computed, since somebody interrupted."""
        return [name for name in asked_of(self.study) if name not in self.outcomes]

    @property
    def front_missing(self) -> Sequence[float]:
        """The values along a front at which no optimum was sought, since somebody interrupted, in the limit's unit."""
        return () if self.optimised is None else self.optimised.front_missing

    @property
    def variants(self) -> Sequence[str]:
        """The names of the others."""
        return [name for name in self.outcomes if name != BASELINE]

    def table(self) -> pd.DataFrame:
        """The figures, one row a scenario; a column's name ends in its unit."""
        known = [name for name in words() if any(name in one.figures for one in self.outcomes.values())]
        rows = {name: {key: one.figures.get(key) for key in known} for name, one in self.outcomes.items()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("scenario")

    def difference(self, variant: str, figure: str) -> Difference | None:
        """A variant's figure less the baseline's; None where one of them is not known."""
        one, base = self.outcomes[variant], self.baseline
        if figure not in one.figures or figure not in base.figures:
            return None
        value = one.figures[figure] - base.figures[figure]
        if figure not in one.drawn or figure not in base.drawn:
            return Difference(value, None, None, None)
        drawn = one.drawn[figure] - base.drawn[figure]
        sign = {"lower": -1.0, "higher": 1.0}.get(words()[figure].better, 0.0)
        return Difference(value, *interval_of(drawn), float(np.mean(drawn * sign > 0)))

    def payoff(self, variant: str) -> Payoff:
        """Whether a variant pays, in money and in emissions, at the central value of everything, and how sure it is."""
        both = self.outcomes[variant], self.baseline
        if both not in self._payoffs:
            self._payoffs[both] = payoff(*both)
        return self._payoffs[both]

    def break_evens(self, variant: str) -> Sequence[BreakEven]:
        """The stated prices on which it hangs whether a variant is cheaper, the nearest to its break-even first."""
        if not self.differs(variant, "cost_per_year"):
            return ()
        if variant not in self._break_evens:
            self._break_evens[variant] = break_evens(self.outcomes[variant], self.baseline)
        return self._break_evens[variant]

    def levers(self, variant: str, figure: str, most_count: int = 5) -> Sequence[Lever]:
        """The inputs on which a difference hangs, the strongest first; empty without draws.

        Parameters
        ----------
        variant : str
            Of the study.
        figure : str
            A key of `dcfoot_scenarios.words.words`.
        most_count : int
            How many to name.
        """
        known = self._levers.get((variant, figure))
        if known is None:
            known = self._levers[variant, figure] = list(self._found_levers(variant, figure))
        return known[:most_count]

    def _found_levers(self, variant: str, figure: str) -> Iterator[Lever]:
        one, base = self.outcomes[variant], self.baseline
        if figure not in one.drawn or figure not in base.drawn:
            return
        drawn = one.drawn[figure] - base.drawn[figure]
        least = LEAST_SWING_RATIO * float(np.ptp(interval_of(drawn)))
        inputs = {**base.inputs, **one.inputs}
        ranked = sorted(((name, rank_correlation(z, drawn)) for name, z in inputs.items()), key=lambda at: -abs(at[1]))

        def moved(name: str) -> Callable[[float], float]:
            return lambda z: self._at(variant, name, z)[figure] - self._at(BASELINE, name, z)[figure]

        levers = (_lever(name, correlation, moved(name)) for name, correlation in ranked[:MOST_LOOKED_INTO])
        for lever in levers:
            if abs(lever.high - lever.low) > least:
                yield replace(lever, switches_at=self._amount(variant, lever.name, lever.switches_at_sd))

    def _amount(self, variant: str, name: str, z: float | None) -> Amount | None:
        """What an input comes to where the better of the two changes."""
        if z is None:
            return None
        return amount_at(self.outcomes[variant], name, z) or amount_at(self.baseline, name, z)

    def _at(self, scenario: str, name: str, z: float) -> Mapping[str, float]:
        """The figures of a scenario with an input moved, each computed once."""
        outcome = self.outcomes[scenario]
        if name not in outcome.inputs:
            return outcome.figures
        key = (scenario, name, z)
        if key not in self._moved:
            self._moved[key] = figures_at(outcome, {name: z})
        return self._moved[key]

    def differs(self, variant: str, figure: str) -> bool:
        """Whether a variant's figure is another than the baseline's, beyond rounding."""
        difference = self.difference(variant, figure)
        least = LEAST_DIFFERENCE_RATIO * abs(self.baseline.figures.get(figure, 0.0))
        return difference is not None and abs(difference.value) > least

    @property
    def decisive(self) -> list[str]:
        """Those of `DECISIVE` in which a variant differs from the baseline, or which some scenarios alone have."""
        return [name for name in DECISIVE if self._has_some_alone(name) or self._differ(name)]

    def _differ(self, figure: str) -> bool:
        return any(self.differs(variant, figure) for variant in self.variants)

    def _has_some_alone(self, figure: str) -> bool:
        return 0 < sum(figure in one.figures for one in self.outcomes.values()) < len(self.outcomes)

    @property
    def telling(self) -> list[str]:
        """What is looked into, but for what is another of them everywhere, as carbon by market without contracts."""
        told: dict[tuple[float | None, ...], str] = {}
        for name in filter(self._differ, LOOKED_INTO):
            told.setdefault(tuple(one.figures.get(name) for one in self.outcomes.values()), name)
        return list(told.values())

    def dominated(self, figures: Sequence[str]) -> list[tuple[str, str]]:
        """Scenarios that another beats in one of these figures and equals or beats in all: (the one, by whom).

        A scenario that does less work beats none that does more, whatever it spares.
        """
        return list(self._dominated(figures))

    def _dominated(self, figures: Sequence[str]) -> Iterator[tuple[str, str]]:
        scores = {name: _scores(one, figures) for name, one in self.outcomes.items()}
        for name, score in scores.items():
            those = ((by, other) for by, other in scores.items() if self._does_no_less(by, name))
            better = (by for by, other in those if np.all(other <= score) and np.any(other < score))
            by = next(better, None)
            if by is not None:
                yield name, by

    def _does_no_less(self, one: str, other: str) -> bool:
        work, asked = (self.outcomes[name].figures.get("work_mwh", 0.0) for name in (one, other))
        return work >= asked * (1.0 - SAME_WORK_RATIO)

    def front(self, figures: Sequence[str]) -> list[str]:
        """The scenarios that none dominates in these figures: their Pareto front."""
        beaten = {name for name, _ in self._dominated(figures)}
        return [name for name in self.outcomes if name not in beaten]


def _scores(outcome: Outcome, figures: Sequence[str]) -> np.ndarray:
    """Its figures, each so that less is better; what is not known is worst, and what is not there is none."""
    signs = [-1.0 if words()[name].better == "higher" else 1.0 for name in figures]
    return np.array(
        [
            sign * outcome.figures.get(name, 0.0 if name in OF_HEAT else sign * np.inf)
            for sign, name in zip(signs, figures, strict=True)
        ]
    )


def _lever(name: str, correlation: float, difference: Callable[[float], float]) -> Lever:
    steps = (-2.0, -Z95, 0.0, Z95, 2.0)
    found = [(z, difference(z)) for z in steps]
    crossing = next(((a, b) for a, b in pairwise(found) if a[1] * b[1] < 0), None)
    switch = None if crossing is None else _root(difference, crossing[0][0], crossing[1][0])
    return Lever(name, correlation, found[1][1], found[3][1], switch)


def _root(difference: Callable[[float], float], low: float, high: float) -> float:
    """Where a difference changes its sign, by bisection [standard deviations]."""
    rising = difference(high) > 0
    for _ in range(12):  # a hundredth of a standard deviation
        middle = (low + high) / 2
        low, high = (low, middle) if (difference(middle) > 0) == rising else (middle, high)
    return (low + high) / 2


def against(telling: Sequence[str]) -> tuple[str, str]:
    """Which two figures are held against each other: cost and the first other, where there is a cost.

    Parameters
    ----------
    telling : sequence of str
        Two figures or more.
    """
    costs, others = ([name for name in telling if (name == "cost_per_year") == is_cost] for is_cost in (True, False))
    first, second, *_ = (*costs, *others)
    return first, second


def asked_of(study: Study) -> list[str]:
    """What a study has computed: its scenarios, and the optimum where it asks for one."""
    return [*study.scenarios, *([OPTIMISED] if study.keys.optimise is not None else [])]


def compare(
    study: Study, progress: Callable[[str], None] = lambda _name: None, telling: Telling = untold
) -> Comparison:
    """Evaluates every scenario of a study, with the same draws; Ctrl-C after the first keeps those that are done.

    Parameters
    ----------
    study : Study
        A baseline and variants.
    progress : callable
        Told the name of each before it is begun.
    telling : callable
        Told each step of sizing before it is begun.

    Raises
    ------
    StudyError, ConfigError, DataMissing
        Something that it names is not known or cannot be read.
    """
    outcomes: dict[str, Outcome] = {}
    optimised: Optimised | None = None
    scenarios = of_one_family(study.scenarios)
    try:
        for name, scenario in scenarios.items():
            progress(name)
            with told_of(name):
                outcomes[name] = evaluate(scenario, study.keys.uncertainty, study.keys.money)
        if study.keys.optimise is not None:
            from dcfoot_scenarios.optimise import optimise  # the solver: only where it is asked for

            progress(OPTIMISED)
            with told_of(OPTIMISED):
                optimised = optimise(study, scenarios, telling)
                keys, planned = study.keys, optimised.schedule
                outcomes[OPTIMISED] = evaluate(optimised.scenario, keys.uncertainty, keys.money, schedule=planned)
    except KeyboardInterrupt:
        if not outcomes:
            raise
    return Comparison(study, outcomes, optimised)


def of_one_family(scenarios: Mapping[str, Scenario]) -> Mapping[str, Scenario]:
    """The scenarios with grid factors of one family: direct where all places know it, else life-cycle.

    Raises
    ------
    StudyError
        There is no family that all know: two families are never compared.
    """
    wanted = {scenario.boundary for scenario in scenarios.values()} - {None}
    known: dict[str, list[Boundary]] = {}
    for name, scenario in scenarios.items():
        with told_of(name):
            known[name] = place_of(scenario).boundaries
    shared = [boundary for boundary in Boundary if all(boundary in one for one in known.values())]
    chosen = [boundary for boundary in shared if not wanted or wanted == {boundary}]
    if not chosen:
        said = "; ".join(f"{name}: {', '.join(one) or 'none'}" for name, one in known.items())
        raise StudyError(
            f"The scenarios have no family of grid factors in common ({said}), and two are never compared. "
            "State factors in a file of your own sites (docs/sites.md)."
        )
    return {name: scenario.model_copy(update={"boundary": str(chosen[0])}) for name, scenario in scenarios.items()}
