"""What a study says of a sweep: which keys of which scenario take which values; and what is wrong with it."""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Annotated, cast

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from dcfoot.places import nearest
from dcfoot_scenarios.scenario import MEASURED, OF_THE_HALL, Keys, Part, Scenario
from dcfoot_scenarios.words import words
from dcfoot_scenarios.yaml_file import Place

Choice = bool | int | float | str

MOST_POINTS = 10_000_000
"""More are a mistake: with the compiled engine they take ten minutes (a choice)."""

_WITHIN = 0.618
"""Where a range is tried beside its ends: no whole number of steps (a choice) [-]"""


class Axis(Part):
    """The values of a key: a list, or a range."""

    values: tuple[Choice, ...] = ()
    """One by one."""
    least: Annotated[float | None, Field(alias="from")] = None
    """Where a range begins, in the key's unit."""
    most: Annotated[float | None, Field(alias="to")] = None
    """Where it ends, which belongs to it."""
    steps: Annotated[int, Field(ge=2)] | None = None
    """How many values it has, both ends counted; none where it is sampled."""

    @model_validator(mode="after")
    def _list_or_range(self) -> "Axis":
        if self.least is None or self.most is None:
            if not self.values or (self.least, self.most, self.steps) != (None, None, None):
                raise ValueError("give values, [0, 20, 40], or a range, {from: 0, to: 40, steps: 3}.")
        elif self.values or self.least >= self.most:
            raise ValueError("a range goes up: {from: 0, to: 40, steps: 3}.")
        if len({_kind(value) for value in self.values}) > 1:
            raise ValueError("the values of a key are all numbers, all words, or all yes and no.")
        if len(set(self.values)) < len(self.values):
            raise ValueError("a value stands twice.")
        return self

    @property
    def is_range(self) -> bool:
        """Whether it is a range."""
        return self.least is not None

    @property
    def values_count(self) -> int:
        """How many values it has."""
        return self.steps or len(self.values)

    @property
    def tried(self) -> tuple[Choice, ...]:
        """Values by which it is checked: all of a list; the ends of a range and one between them."""
        if self.least is None or self.most is None:
            return self.values
        return self.least, self.most, self.least + _WITHIN * (self.most - self.least)


def _kind(value: Choice) -> type:
    return float if type(value) is int else type(value)


def _as_axis(given: object) -> object:
    return {"values": cast("Sequence[object]", given)} if isinstance(given, list | tuple) else given


def _power_of_two(samples: int) -> int:
    if samples & (samples - 1):
        lower = 1 << (samples.bit_length() - 1)
        raise ValueError(f"Sobol's samples are even where there are a power of two of them: {lower} or {2 * lower}.")
    return samples


def _figure(name: str) -> str:
    if name not in words():
        raise ValueError(f"there is no figure {name!r}.{nearest(name, words())}")
    return name


class Sweep(Part):
    """A scenario at many points. Everything else is at its central value: a sweep draws nothing."""

    over: Annotated[
        dict[str, Annotated[Axis, BeforeValidator(_as_axis, json_schema_input_type=tuple[Choice, ...] | Axis)]],
        Field(min_length=1),
    ]
    """By key, ``supply.solar_mw``: values or a range. Without samples: every combination, the last key the fastest."""
    samples: Annotated[int, Field(ge=2, le=131_072), AfterValidator(_power_of_two)] | None = None
    """Sobol's samples of the ranges, for sensitivity indices: each takes two points and one more for every key."""
    scenario: str = "baseline"
    """Which scenario is varied."""
    figures: tuple[Annotated[str, AfterValidator(_figure)], ...] = ()
    """Which figures are wanted; left out: all, or those of a batch of designs where only sizes vary."""

    @property
    def points_count(self) -> int:
        """How many points there are."""
        if self.samples is not None:
            return self.samples * (len(self.over) + 2)
        return prod(axis.values_count for axis in self.over.values())


def well_formed(given: object) -> Sweep | None:
    """What can be read of a sweep's keys, so that its other faults are told beside those of the rest."""
    keys = cast("Keys", given) if isinstance(given, dict) else {}
    over = keys.get("over")
    axes = cast("Keys", over) if isinstance(over, dict) else {}
    few = {key: axis for key, axis in axes.items() if _is(Sweep, {"over": {key: axis}})}
    rest = {key: keys[key] for key in ("samples", "scenario") if key in keys}
    rest = {key: value for key, value in rest.items() if few and _is(Sweep, {"over": few, key: value})}
    return Sweep.model_validate({"over": few, **rest}) if few else None


def _is(model: type[Part], keys: Keys) -> bool:
    try:
        model.model_validate(keys)
    except ValidationError:
        return False
    return True


def with_value(keys: Keys, key: str, value: Choice) -> Keys:
    """The keys of a scenario with another value of one: ``supply.solar_mw``."""
    first, _, rest = key.partition(".")
    inner = keys.get(first)
    table = cast("Keys", inner) if isinstance(inner, dict) else {}
    if not rest:
        return {**keys, first: value}
    changed = {**table, rest: value} if first == "facility" else with_value(table, rest, value)
    return {**keys, first: changed}


def scenario_at(scenario: Scenario, point: Mapping[str, Choice]) -> Scenario:
    """The scenario at a point.

    Raises
    ------
    ValidationError
        The point's values are not of a scenario.
    """
    keys: Keys = scenario.model_dump(exclude_unset=True)
    for key, value in point.items():
        keys = with_value(keys, key, value)
    return Scenario.model_validate(keys)


def sweep_faults(sweep: Sweep, scenarios: Mapping[str, Scenario | None]) -> Iterator[tuple[Place, str | ErrorDetails]]:
    """What is wrong with a sweep beside the scenarios of its study, and where: a sentence, or pydantic's fault of it.

    Parameters
    ----------
    sweep : Sweep
        Whose own keys are well-formed.
    scenarios : mapping of str to Scenario or None
        Of the study; None where one is at fault itself.
    """
    if sweep.scenario not in scenarios:
        yield ("sweep", "scenario"), f"there is no scenario {sweep.scenario!r}.{nearest(sweep.scenario, scenarios)}"
    if sweep.points_count > MOST_POINTS:
        yield ("sweep", "over"), f"these are {sweep.points_count:,} points; more than {MOST_POINTS:,} are a mistake."
    scenario = scenarios.get(sweep.scenario) or next(iter(scenarios.values()))  # in doubt by the first
    for key, axis in sweep.over.items():
        place: Place = ("sweep", "over", key)
        if sweep.samples is not None and not axis.is_range:
            yield place, "samples are of a range: {from: 0, to: 40}."
        if sweep.samples is None and axis.is_range and axis.steps is None:
            yield place, "say in how many steps, {from: 0, to: 40, steps: 3}, or how many samples of all ranges."
        if scenario is not None:
            yield from _measured_elsewhere(sweep, scenario, key, place)
            yield from _faults_of_values(scenario, key, axis)


def _measured_elsewhere(sweep: Sweep, scenario: Scenario, key: str, place: Place) -> Iterator[tuple[Place, str]]:
    """What is measured at one hall and would stand for others."""
    for measured in MEASURED if key.partition(".")[0] in OF_THE_HALL else ():
        if getattr(scenario, measured) is not None and measured not in sweep.over:
            yield place, f"{measured} was measured at one of these alone: leave it out, and the model says it of each."


def _faults_of_values(scenario: Scenario, key: str, axis: Axis) -> Iterator[tuple[Place, str | ErrorDetails]]:
    for number, value in enumerate(axis.tried):
        place: Place = ("sweep", "over", key, number) if axis.values else ("sweep", "over", key)
        try:
            found = scenario_at(scenario, {key: value})
        except ValidationError as fault:
            for one in fault.errors(include_url=False):
                yield place[:3] if one["type"] == "extra_forbidden" else place, one
            continue
        if _names_a_file(found, key):
            yield place, "a file is not swept; make a variant of it, whose path is then told from the study's folder."


def _names_a_file(scenario: Scenario, key: str) -> bool:
    keys: Keys = scenario.model_dump(mode="json")
    *steps, last = key.split(".")
    for step in steps:
        keys = keys.get(step) or {}
    return key == "weather" or str(keys.get(last)).endswith((".csv", ".csv.gz"))
