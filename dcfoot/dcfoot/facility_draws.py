"""A year of a facility under many draws of what is not known of it.

In come draws, hours of load and air, and a facility by name; out goes a PUE and a WUE for each draw. Hours lie on the
last axis and draws before it, a few at a time, so that memory stays small and a processor's cache is enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dcfoot.cooling.catalogue import Heat, Values
from dcfoot.cooling.parameters import Parameter, Size
from dcfoot.draws import Draws
from dcfoot.elementwise import Numbers
from dcfoot.facility_library import build_facility, used_parameters
from dcfoot.facility_model import energy_mean, facility_state

BLOCK_DRAWS = 4
"""Draws that are computed together: 4 years of hours fit a processor's second-level cache (benchmarks/facility.py)."""


@dataclass(frozen=True, slots=True, eq=False)
class DrawnYear:
    """A year of a facility under many draws of its parameters.

    Parameters
    ----------
    pue : array
        Mean over the year by IT energy, one a draw [-]
    wue_l_per_kwh : array
        The same [L/kWh]
    """

    pue: NDArray[np.float64]
    wue_l_per_kwh: NDArray[np.float64]


def drawn_values(wanted: Mapping[str, Parameter], draws: Draws) -> dict[str, NDArray[np.float64]]:
    """Draws of parameters, one row each for hours to be laid beside; two systems share the draws of what they share.

    Parameters
    ----------
    wanted : mapping of str to Parameter
        By name.
    draws : Draws
        The streams.
    """
    return {
        name: np.array([[parameter.at(z)] for z in draws.normal(f"cooling/{name}")])
        for name, parameter in wanted.items()
        if parameter.low < parameter.high
    }


def draw_year(
    draws: Draws,
    it_load_ratio: Numbers,
    outside: tuple[Numbers, Numbers, Numbers],
    cooling: str,
    size: Size = "large",
    rejection: Heat | None = None,
    values: Values | None = None,
) -> DrawnYear:
    """The PUE and WUE of a year for each draw of what is not known of a facility.

    Parameters
    ----------
    draws : Draws
        Two facilities drawn with the same ones share what they have in common.
    it_load_ratio : float or array
        IT power over IT capacity, by hour [-]
    outside : tuple of float or array
        Dry bulb [C], wet bulb [C] and pressure [Pa], by hour.
    cooling, size, rejection
        As in `build_facility`.
    values : mapping of str to float or array, or None
        Numbers that are known, and not drawn.
    """
    known = dict(values or {})
    wanted = {name: p for name, p in used_parameters(cooling, size, rejection).items() if name not in known}
    drawn = drawn_values(wanted, draws)
    pue, wue = np.empty(draws.count), np.empty(draws.count)
    for first in range(0, draws.count, BLOCK_DRAWS):
        block = slice(first, first + BLOCK_DRAWS)
        numbers = {name: column[block] for name, column in drawn.items()} | known
        state = facility_state(build_facility(cooling, size, rejection, numbers), it_load_ratio, *outside)
        pue[block] = energy_mean(state.pue, it_load_ratio)
        wue[block] = energy_mean(state.wue_l_per_kwh, it_load_ratio)
    return DrawnYear(pue, wue)
