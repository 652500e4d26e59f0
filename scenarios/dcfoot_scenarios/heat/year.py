"""A year's figures of reused heat: how much, for how many homes, ERF and ERE, revenue, and emissions on both sides.

What the heat pump emits and what is avoided elsewhere stand beside each other and beside the data centre's own
inventory; none is subtracted from another.
"""

from dataclasses import dataclass

from dcfoot.elementwise import Numbers
from dcfoot.evidence import Evidence
from dcfoot_scenarios.heat.reuse import HeatFlows


@dataclass(frozen=True, slots=True, eq=False)
class HeatYear:
    """What became of a year's heat.

    Parameters
    ----------
    captured_mwh, direct_mwh, pump_source_mwh, pump_electric_mwh, rejected_mwh, delivered_mwh, lost_mwh, demand_mwh
        Sums of the `HeatFlows` [MWh]
    erf : float or array
        Energy reuse factor (ISO/IEC 30134-6), the heat pump outside the boundary [-]
    ere_ratio : float or array
        Energy reuse effectiveness: ``PUE (1 - ERF)`` [-]
    """

    captured_mwh: Numbers
    direct_mwh: Numbers
    pump_source_mwh: Numbers
    pump_electric_mwh: Numbers
    rejected_mwh: Numbers
    delivered_mwh: Numbers
    lost_mwh: Numbers
    demand_mwh: Numbers
    erf: Numbers
    ere_ratio: Numbers

    @property
    def utilisation_ratio(self) -> Numbers:
        """What is used of the heat that can be had [-]."""
        raise NotImplementedError

    @property
    def coverage_ratio(self) -> Numbers:
        """What the customers get of what they want [-]."""
        raise NotImplementedError

    @property
    def cop(self) -> Numbers:
        """The heat pump's heat over its electricity, over the year [-]."""
        raise NotImplementedError


def heat_year(flows: HeatFlows, it_mw: Numbers, facility_mw: Numbers) -> HeatYear:
    """The year's figures.

    Parameters
    ----------
    flows : HeatFlows
        Of its hours.
    it_mw, facility_mw : array
        Power of the IT equipment and of the whole data centre, without the heat pump [MW]
    """
    raise NotImplementedError


def homes_count(delivered_mwh: Numbers, home_mwh: Numbers) -> Numbers:
    """How many homes a year's heat serves.

    Parameters
    ----------
    delivered_mwh : float or array
        To the customers [MWh]
    home_mwh : float or array
        What a home takes in a year [MWh]
    """
    return delivered_mwh / home_mwh


def heat_revenue(delivered_mw: Numbers, price_per_mwh: Numbers) -> Numbers:
    """What the heat earns, in the currency of the price.

    Parameters
    ----------
    delivered_mw : array
        Heat that is sold [MW]
    price_per_mwh : float or array
        By hour where it follows the season
    """
    raise NotImplementedError


@dataclass(frozen=True, slots=True, eq=False)
class AvoidedEmissions:
    """What heat from another source would have emitted; beside the inventory, never subtracted from it.

    Parameters
    ----------
    reference : str
        What the heat stands in for: ``"gas boiler"``.
    avoided_t : float or array
        [t]
    evidence : Evidence
        The reference's emissions a unit of heat.
    """

    reference: str
    avoided_t: Numbers
    evidence: Evidence


def avoided_emissions(delivered_mwh: Numbers, reference: str) -> AvoidedEmissions:
    """What the customers would have emitted without this heat.

    Parameters
    ----------
    delivered_mwh : float or array
        Heat that reaches them [MWh]
    reference : str
        One of `dcfoot.heat.references.reference_names`.
    """
    raise NotImplementedError


def pump_emissions_t(flows: HeatFlows, g_per_kwh: Numbers) -> Numbers:
    """What the heat pump's electricity emits, wherever the boundary of the data centre lies [t].

    Parameters
    ----------
    flows : HeatFlows
        Of the hours.
    g_per_kwh : float or array
        Of the grid that feeds it, by hour [g/kWh]
    """
    raise NotImplementedError
