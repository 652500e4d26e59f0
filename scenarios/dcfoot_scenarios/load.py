"""What the machines draw, hour by hour, over what they could: profiles, a recorded run, growth.

In come a calendar and a kind of work, out go ratios of IT power to IT capacity. Each shape has its source beside it;
where nobody has published a figure, it says that it is a choice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, factorial
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from dcfoot.by_time import Steps
from dcfoot.elementwise import Value, minimum
from dcfoot.errors import ConfigError, DataMissing
from dcfoot.evidence import Evidence
from dcfoot.measurement import Measurement, Phase
from dcfoot.places import nearest
from dcfoot.reading import Domain
from dcfoot.units import J_PER_UJ, S_PER_H
from dcfoot.weather.year import Hours
from dcfoot_scenarios.calendar import Calendar
from dcfoot_scenarios.profiles import Wanted, columns_of, read_profile

CAPACITY = "the IT capacity"
"""What no hour may pass, in messages."""

TRAINING_PEAK_RATIO = 0.97
"""Peak power of training clusters over what is provisioned: 3 % of headroom in production (Patel and others 2024,
Characterizing Power Management Opportunities for LLMs in the Cloud, doi:10.1145/3620666.3651329) [-]"""

INFERENCE_PEAK_RATIO = 0.79
"""The same of inference clusters: 21 % of headroom (the same) [-]"""

IDLE_RATIO = 0.25
"""Power of machines that wait over what is provisioned. A choice, between a GPU that idles at 10 to 15 % of its limit
and a host that idles at half of its own [-]"""

INTERRUPTIONS_PER_DAY = 466 / 54
"""Of a run on 16,384 GPUs, planned and not (Llama Team 2024, arXiv:2407.21783, section 3.3.4)"""

TRAINING_TIME_RATIO = 0.90
"""Of which it trains; the same run had "higher than 90 %" [-]"""

WEEKDAY_SWING = 2.0
"""Requests of a weekday's busiest hour over its quietest: conversations of Azure's AI services, a week in May 2024 (the
public trace AzureLLMInferenceDataset2024, counted by hour; one count, not verified)"""

WEEKEND_SWING, WEEKEND_RATIO = 1.7, 0.568
"""Of a weekend's day; its requests over a weekday's (the same count: 43.2 % fewer)"""

BUSIEST_HOUR = 14
"""By civil time. A choice: the trace serves several zones, so that its own hour is nobody's."""

_SHARED_SEED = "dcfoot/interruptions"
"""They fall by chance, but the same in every study: variants that are compared share them."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """The course of a run's power, in steps.

    Parameters
    ----------
    ends_s : array
        When each step ends, since the start of the run [s]
    power_w : array
        In that step [W]
    """

    ends_s: Hours
    power_w: Hours

    @property
    def energy_j(self) -> float:
        """Of the whole course [J]."""
        return float(self.power_w @ np.diff(self.ends_s, prepend=0.0))


@lru_cache(maxsize=64)
def load_ratio(profile: str, calendar: Calendar, mean_ratio: float | None = None) -> Hours:
    """IT power over IT capacity of a profile, by hour [-].

    Parameters
    ----------
    profile : str
        ``"training"``, ``"inference"`` or ``"flat"``.
    calendar : Calendar
        Of the study.
    mean_ratio : float or None
        Of the year; None for the profile's own, which is 1 of the flat one [-]

    Raises
    ------
    ConfigError
        There is no such profile, or the mean cannot be reached below the capacity.
    """
    own = find_profile(profile)(calendar)
    ratio = own if mean_ratio is None else at_mean(own, mean_ratio)
    ratio.flags.writeable = False  # every caller gets the same array
    return ratio


def find_profile(name: str) -> Callable[[Calendar], Hours]:
    """What makes the hours of a profile that needs no file.

    Raises
    ------
    ConfigError
        There is none of this name.
    """
    shape = _SHAPES.get(name)
    if shape is None:
        hint = nearest(name, _SHAPES) or f" There are: {', '.join(_SHAPES)}; or name a CSV file or a recorded run."
        raise ConfigError(f"No load profile is called {name!r}.{hint}")
    return shape


def profile_names() -> tuple[str, ...]:
    """The profiles that need no file."""
    return tuple(_SHAPES)


def _flat(calendar: Calendar) -> Hours:
    return np.ones(calendar.hours_count)


def _training(calendar: Calendar) -> Hours:
    """Full power but for interruptions, each as long as makes the time that is trained its share of all."""
    in_hour = _interruptions(calendar.hours_count)
    each_h = (1 - TRAINING_TIME_RATIO) * 24 / INTERRUPTIONS_PER_DAY
    return _between(1 - np.minimum(in_hour * each_h, 1.0), TRAINING_PEAK_RATIO)


def _interruptions(hours_count: int) -> NDArray[np.int64]:
    """How many fall in each hour, by Poisson's distribution."""
    per_hour = INTERRUPTIONS_PER_DAY / 24
    chances = [exp(-per_hour) * per_hour**count / factorial(count) for count in range(10)]
    # `Random.random` is the one draw that Python promises to keep the same in all its versions.
    chance = Random(_SHARED_SEED)  # noqa: S311 - not for secrets
    return np.searchsorted(np.cumsum(chances), [chance.random() for _ in range(hours_count)])


def _inference(calendar: Calendar) -> Hours:
    """Requests on a wave from a busy afternoon to a quiet night, fewer at weekends, over the year's most."""
    weekend = calendar.weekday_index >= 5
    swing = np.where(weekend, WEEKEND_SWING, WEEKDAY_SWING)
    wave = np.cos(2 * np.pi * (calendar.hour_index + 0.5 - BUSIEST_HOUR) / 24)
    requests = np.where(weekend, WEEKEND_RATIO, 1.0) * (1 + (swing - 1) / (swing + 1) * wave)
    return _between(requests / requests.max(), INFERENCE_PEAK_RATIO)


_SHAPES: Mapping[str, Callable[[Calendar], Hours]] = {"training": _training, "inference": _inference, "flat": _flat}


def _between(work: Hours, peak_ratio: float) -> Hours:
    """Power that grows from that of waiting machines to the peak in proportion to the work, 0..1."""
    return IDLE_RATIO + (peak_ratio - IDLE_RATIO) * work


def at_mean(ratio: Hours, mean_ratio: float) -> Hours:
    """The shape at another mean; where its peaks would pass the capacity, its swing is made smaller."""
    if not 0 <= mean_ratio <= 1:
        raise ConfigError(f"The mean load is {mean_ratio:g} of the capacity; it must be from 0 to 1.")
    scaled = ratio * (mean_ratio / float(ratio.mean()))
    most = float(scaled.max())
    if most <= 1:
        return scaled
    return mean_ratio + (scaled - mean_ratio) * ((1 - mean_ratio) / (most - mean_ratio))


def load_of_file(path: Path, calendar: Calendar, it_capacity_mw: float) -> Hours:
    """IT power over IT capacity of a user's file, with a column ``load_mw`` or ``load_ratio`` (or of their kinds) [-].

    Parameters
    ----------
    path : Path
        See `dcfoot_scenarios.profiles`.
    calendar : Calendar
        Of the study.
    it_capacity_mw : float
        Which no hour may pass [MW]

    Raises
    ------
    DataMissing
        There is no such file.
    ConfigError
        It cannot be used; the message names every fault with file and line.
    """
    if {"load_ratio", "load_percent"} & set(columns_of(path)):
        return read_profile(path, Wanted("load_ratio", most=1.0, most_is=CAPACITY), calendar)
    return read_profile(path, Wanted("load_mw", most=it_capacity_mw, most_is=CAPACITY), calendar) / it_capacity_mw


def course_of(run: Measurement) -> Course:
    """The power of a run by time: that of its nodes where all have a meter of their own, else that of its chips.

    Where nothing is known, nothing is counted, as in the run's receipt. Of a run that keeps no power by time, as those
    of older versions, it is the power of its phases and the mean of the rest in between; phases that lie in others are
    left out.

    Parameters
    ----------
    run : Measurement
        From the store, with its phases.

    Raises
    ------
    DataMissing
        Nothing was metered in it, or it lasted no time.
    """
    total_j = sum(channel.attributed_energy_j for channel in run.channels)
    if not (run.channels and run.duration_s > 0):
        raise DataMissing(f"The run {run.id} holds no power: nothing was metered in it. `dcfoot doctor` says why.")
    return _by_time(run) or _by_phases(run, total_j)


def load_evidence(run: Measurement) -> Evidence:
    """What a load that follows a recorded run stands on.

    Raises
    ------
    DataMissing
        As of `course_of`.
    """
    mean_w, source = course_of(run).energy_j / run.duration_s, f"recorded run {run.id}"
    return Evidence("load: mean power of a recorded run", mean_w, "W", run.started_at.year, source, True, _note(run))


def _note(run: Measurement) -> str:
    kept = run.by_time
    if not kept.energy_uj:
        return "its phases and the mean between"
    note, is_gap = f"its power by time, in steps of {kept.step_s:g} s", [one is None for one in _drawn_uj(run)]
    if not any(is_gap):
        return note
    gap_ratio = float(np.diff(kept.edges_s) @ np.array(is_gap)) / run.duration_s
    return f"{note}; {gap_ratio:.1%} of its time is not known and counts as nothing"


def _by_time(run: Measurement) -> Course | None:
    if not run.by_time.energy_uj:
        return None
    edges_s = np.array(run.by_time.edges_s)
    return Course(edges_s[1:], np.array([one or 0 for one in _drawn_uj(run)]) * J_PER_UJ / np.diff(edges_s))


def _drawn_uj(run: Measurement) -> Steps:
    """What its nodes drew in each step where all have a meter of their own, else what its chips did [uJ]."""
    metered = {energy.meter.channel.host for energy in run.channels if energy.meter.channel.domain is Domain.NODE}
    kept = run.shared_by_time
    return kept.sum_uj([Domain.NODE] if metered.issuperset(run.hosts) else kept.chips)


def _by_phases(run: Measurement, total_j: float) -> Course:
    phases = _outermost(run.phases)
    rest_s = run.duration_s - sum(phase.end_s - phase.start_s for phase in phases)
    rest_j = total_j - sum(_energy_j(phase) for phase in phases)
    rest_w = max(rest_j, 0.0) / rest_s if rest_s > 0 else 0.0
    steps: list[tuple[float, float]] = []
    for phase in phases:
        steps += [(phase.start_s, rest_w), (phase.end_s, _energy_j(phase) / (phase.end_s - phase.start_s))]
    ends_s, power_w = np.array([*steps, (run.duration_s, rest_w)]).T
    return Course(ends_s, power_w)


def recorded_ratio(course: Course, calendar: Calendar) -> Hours:
    """A recorded course over its highest hour, in hours, repeated over the calendar [-].

    A run of some minutes gives the same mean in every hour; one of days, its days again and again.

    Parameters
    ----------
    course : Course
        `course_of` a run.
    calendar : Calendar
        Of the study.

    Raises
    ------
    DataMissing
        It drew no power.
    """
    starts_s = np.arange(calendar.hours_count + 1, dtype=np.float64) * S_PER_H
    hourly_j = np.diff(_energy_until_j(course, starts_s))
    most_j = float(hourly_j.max())
    if most_j <= 0:
        raise DataMissing("The recorded run drew no power, so that it says nothing of a load.")
    return hourly_j / most_j


def grown_mw(it_mw: Value, growth_ratio_per_year: float, after_years: float, it_capacity_mw: float) -> Value:
    """The load after some years of growth, at most the capacity: ``min(P (1 + g)^n, capacity)`` [MW].

    Parameters
    ----------
    it_mw : Value
        In the first year [MW]
    growth_ratio_per_year : float
        0.1 for ten percent a year [-]
    after_years : float
        How many years later [years]
    it_capacity_mw : float
        What can be fed and cooled [MW]
    """
    growth_ratio: float = (1 + growth_ratio_per_year) ** after_years
    return minimum(it_mw * growth_ratio, it_capacity_mw)


def _outermost(phases: Sequence[Phase]) -> list[Phase]:
    """Phases that follow each other in time; of those that overlap, the one that began first."""
    found: list[Phase] = []
    for phase in sorted(phases, key=lambda one: (one.start_s, -one.end_s)):
        begun_s = found[-1].end_s if found else 0.0
        if phase.start_s >= begun_s and phase.end_s > phase.start_s:
            found.append(phase)
    return found


def _energy_j(phase: Phase) -> float:
    return sum(phase.energy_j.values())


def _energy_until_j(course: Course, times_s: Hours) -> Hours:
    """Energy of the repeated course from its start to each time [J]."""
    edges_s = np.concatenate(([0.0], course.ends_s))
    drawn_j = np.concatenate(([0.0], np.cumsum(course.power_w * np.diff(edges_s))))
    rounds, within_s = np.divmod(times_s, float(edges_s[-1]))
    return rounds * float(drawn_j[-1]) + np.interp(within_s, edges_s, drawn_j)
