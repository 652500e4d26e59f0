"""How much heat a heat pump gives for its electricity, by the temperatures on both of its sides.

In come four temperatures, out goes a coefficient of performance: the ideal ones of Carnot and Lorenz, and the one that
a real machine reaches by Jensen.
"""

from dataclasses import dataclass

from dcfoot.elementwise import Numbers
from dcfoot.heat.exergy import log_mean_k
from dcfoot.psychrometrics import ZERO_C_IN_K


@dataclass(frozen=True, slots=True, eq=False)
class Lift:
    """What a heat pump has to bridge.

    Parameters
    ----------
    source_in_c, source_out_c : float or array
        Water that it takes heat from, coming and going [C]
    sink_in_c, sink_out_c : float or array
        Water that it gives heat to, coming and going [C]
    """

    source_in_c: Numbers
    source_out_c: Numbers
    sink_in_c: Numbers
    sink_out_c: Numbers


@dataclass(frozen=True, slots=True)
class Refrigerant:
    """Fitted coefficients of a refrigerant: of ``a x + b y + c``, with x the lift and its pinches, y the sink's rise.

    Parameters
    ----------
    sink_per_lift_ratio, sink_per_rise_ratio, sink_k : float
        The mean difference between refrigerant and sink [K]
    work_per_lift_per_k, work_per_rise_per_k, work_ratio : float
        Work of expansion over work of compression [-]
    """

    sink_per_lift_ratio: float
    sink_per_rise_ratio: float
    sink_k: float
    work_per_lift_per_k: float
    work_per_rise_per_k: float
    work_ratio: float


REFRIGERANTS = {
    "ammonia": Refrigerant(0.2, 0.2, 0.016, 0.0014, -0.0015, 0.039),
    "isobutane": Refrigerant(-0.0011, 0.3, 2.4, 0.0035, -0.0033, 0.053),
}
"""Source: Pieper, Ommen, Kjaer Jensen, Elmegaard and Markussen 2020, as in PyPSA-Eur (MIT)."""

PINCH_K = 5.0
"""Least difference in a heat exchanger of the machine: Pieper et al. 2020, as in PyPSA-Eur."""

ISENTROPIC_RATIO = 0.8
"""Efficiency of the compressor: Pieper et al. 2020, as in PyPSA-Eur."""


def carnot_cop(lift: Lift) -> Numbers:
    """Ideal, between the coldest source and the warmest sink: ``Th / (Th - Tc)`` [-].

    Parameters
    ----------
    lift : Lift
        The temperatures.
    """
    return (lift.sink_out_c + ZERO_C_IN_K) / (lift.sink_out_c - lift.source_out_c)


def lorenz_cop(lift: Lift) -> Numbers:
    """Ideal, between gliding temperatures: ``Th / (Th - Tc)`` of their logarithmic means; below 0 where heat falls [-].

    Parameters
    ----------
    lift : Lift
        The temperatures.
    """
    sink_k = log_mean_k(lift.sink_out_c, lift.sink_in_c)
    return sink_k / (sink_k - log_mean_k(lift.source_in_c, lift.source_out_c))


def jensen_cop(lift: Lift, refrigerant: Refrigerant = REFRIGERANTS["ammonia"]) -> Numbers:
    """What a good machine reaches: ``eta (1 - w) (Th + dh + p) / (Th - Tc + dh + dc + 2 p) + 1 - eta`` [-].

    With `dh` and `dc` the mean differences between the refrigerant and the two streams, `p` the pinch, `w` the work of
    expansion over that of compression. The published form divides by the lift twice; this one holds where
    the lift is 0.

    Source: Jensen, Ommen, Reinholdt, Markussen and Elmegaard 2018, Heat pump COP, part 2: generalized COP estimation of
    heat pump processes, doi:10.18462/iir.gl.2018.1386.

    Parameters
    ----------
    lift : Lift
        The temperatures.
    refrigerant : Refrigerant
        Of `REFRIGERANTS`.
    """
    sink_k = log_mean_k(lift.sink_out_c, lift.sink_in_c)
    source_k = log_mean_k(lift.source_in_c, lift.source_out_c)
    reach_k = lift.sink_out_c - lift.source_out_c + 2 * PINCH_K
    rise_k = lift.sink_out_c - lift.sink_in_c
    of = refrigerant
    above_k = of.sink_per_lift_ratio * reach_k + of.sink_per_rise_ratio * rise_k + of.sink_k
    below_k = (lift.source_in_c - lift.source_out_c) / 2
    expansion = of.work_per_lift_per_k * reach_k + of.work_per_rise_per_k * rise_k + of.work_ratio
    ideal = (sink_k + above_k + PINCH_K) / (sink_k - source_k + above_k + below_k + 2 * PINCH_K)
    return ISENTROPIC_RATIO * (1 - expansion) * ideal + 1 - ISENTROPIC_RATIO
