"""Fans and pumps: what it takes to move a flow against a pressure, and how that falls with the flow."""

from dataclasses import dataclass

from dcfoot.elementwise import Numbers, maximum


@dataclass(frozen=True, slots=True)
class Mover:
    """Fans or pumps at their design flow.

    Parameters
    ----------
    pressure_pa : float or array
        Rise across them at design flow [Pa]
    efficiency_ratio : float or array
        Of fan or pump, motor and drive together [-]
    flow_exponent : float or array
        Power follows flow to this power: 3 by the affinity laws, less where a pressure is held [-]
    least_flow_ratio : float or array
        The least flow of a running machine, of its design flow; below it machines take turns [-]
    running_ratio : float or array
        Machines that run over those needed at design flow: 4/3 for N+1 with N = 3, all running [-]
    """

    pressure_pa: Numbers
    efficiency_ratio: Numbers
    flow_exponent: Numbers
    least_flow_ratio: Numbers
    running_ratio: Numbers


def affinity(flow_ratio: Numbers, flow_exponent: Numbers, least_flow_ratio: Numbers) -> Numbers:
    """Power over design power: ``flow ratio ^ exponent``; below the least flow, in proportion to the flow.

    Source: the affinity laws, ASHRAE Handbook HVAC Systems and Equipment 2020, chapters 21 (fans) and 44 (pumps).

    Parameters
    ----------
    flow_ratio : float or array
        Flow over design flow, at least 0 [-]
    flow_exponent : float or array
        At least 1 [-]
    least_flow_ratio : float or array
        Above 0 [-]
    """
    return flow_ratio * maximum(flow_ratio, least_flow_ratio) ** (flow_exponent - 1)


def moving_power(mover: Mover, design_flow_m3: Numbers, flow_ratio: Numbers) -> Numbers:
    """Power for a flow: ``design flow x pressure / efficiency`` by affinity, shared by all that run.

    Parameters
    ----------
    mover : Mover
        The fans or pumps.
    design_flow_m3 : float or array
        Volume a second at design (or volume a joule, which gives power a watt) [m3/s]
    flow_ratio : float or array
        Flow over design flow [-]
    """
    design = design_flow_m3 * mover.pressure_pa / mover.efficiency_ratio
    each = affinity(flow_ratio / mover.running_ratio, mover.flow_exponent, mover.least_flow_ratio)
    return design * mover.running_ratio * each
