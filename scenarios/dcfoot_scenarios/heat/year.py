"""A year's figures of reused heat: how much, for how many homes, ERF and ERE, revenue, and emissions on both sides.

What the heat pump emits and what is avoided elsewhere stand beside each other and beside the data centre's own
inventory; none is subtracted from another.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dcfoot.elementwise import Numbers
from dcfoot.heat.references import HeatReference
from dcfoot.heat.reuse import energy_reuse_effectiveness, energy_reuse_factor
from dcfoot.units import KG_PER_T
from dcfoot_scenarios.heat.reuse import HeatFlows


@dataclass(frozen=True, slots=True, eq=False)
class HeatYear:
    """What became of a year's heat. Without hours; designs or draws as in the flows.

    Parameters
    ----------
    captured_mwh, direct_mwh, pump_source_mwh, pump_electric_mwh, rejected_mwh : float or array
    store_lost_mwh, delivered_mwh, lost_mwh, demand_mwh : float or array
        Sums of `HeatFlows`; what the store lost is what it took less what it gave [MWh]
    erf, ere : float or array
        Energy reuse factor and effectiveness, with the heat pump on the side of the boundary that was said [-]
    """

    captured_mwh: Numbers
    direct_mwh: Numbers
    pump_source_mwh: Numbers
    pump_electric_mwh: Numbers
    rejected_mwh: Numbers
    store_lost_mwh: Numbers
    delivered_mwh: Numbers
    lost_mwh: Numbers
    demand_mwh: Numbers
    erf: Numbers
    ere: Numbers

    @property
    def reused_mwh(self) -> Numbers:
        """What left the data centre and was used [MWh]."""
        return self.direct_mwh + self.pump_source_mwh

    @property
    def utilisation_ratio(self) -> Numbers:
        """What was used of the heat that could be had [-]; not a number where there was none."""
        return _over(self.reused_mwh, self.captured_mwh)

    @property
    def coverage_ratio(self) -> Numbers:
        """What the customers got of what they wanted [-]; not a number where they wanted none."""
        return _over(self.delivered_mwh, self.demand_mwh)

    @property
    def cop(self) -> Numbers:
        """The heat pump's heat over its electricity [-]; not a number where it stood still."""
        return _over(self.pump_source_mwh + self.pump_electric_mwh, self.pump_electric_mwh)


def heat_year(flows: HeatFlows, it_mw: Numbers, facility_mw: Numbers, *, pump_inside: bool = False) -> HeatYear:
    """The year's figures.

    Parameters
    ----------
    flows : HeatFlows
        Of its hours.
    it_mw, facility_mw : float or array
        Power of the IT equipment, and of the whole data centre without the heat pump [MW]
    pump_inside : bool
        Whether the heat pump is a part of the data centre: then what it gives is what leaves, and what it draws is
        energy of the data centre.
    """
    hours = np.shape(flows.delivered_mw)[-1]
    within_mw = flows.pump_electric_mw if pump_inside else 0.0
    powers_mw = (flows.reused_mw + within_mw, facility_mw + within_mw, it_mw)
    reused, facility, it = (_sum(power, hours) for power in powers_mw)
    return HeatYear(
        _sum(flows.captured_mw, hours),
        _sum(flows.direct_mw, hours),
        _sum(flows.pump_source_mw, hours),
        _sum(flows.pump_electric_mw, hours),
        _sum(flows.rejected_mw, hours),
        _sum(flows.store_charge_mw - flows.store_discharge_mw, hours),
        _sum(flows.delivered_mw, hours),
        _sum(flows.lost_mw, hours),
        _sum(flows.demand_mw, hours),
        energy_reuse_factor(reused, facility),
        energy_reuse_effectiveness(reused, facility, it),
    )


def homes_count(delivered_mwh: Numbers, home_mwh: Numbers) -> Numbers:
    """How many homes a year's heat serves.

    Parameters
    ----------
    delivered_mwh : float or array
        To the customers [MWh]
    home_mwh : float or array
        What a home takes in a year: ``"home.demand_mwh"`` of `dcfoot.heat.parameters` [MWh]
    """
    return delivered_mwh / home_mwh


def heat_revenue(sold_mw: Numbers, price_per_mwh: Numbers) -> Numbers:
    """What the heat earns over the hours, in the currency of the price.

    Parameters
    ----------
    sold_mw : array
        Heat where it is sold: delivered, fed in, or as it leaves the data centre [MW]
    price_per_mwh : float or array
        By hour where it follows the season.
    """
    return _sum(sold_mw * price_per_mwh, np.shape(sold_mw)[-1])


def pump_emissions_t(pump_electric_mw: Numbers, g_per_kwh: Numbers) -> Numbers:
    """What the heat pump's electricity emits, wherever the boundary of the data centre lies [t].

    Parameters
    ----------
    pump_electric_mw : array
        Of `HeatFlows` [MW]
    g_per_kwh : float or array
        Of the grid that feeds it, by hour; of one family [g/kWh]
    """
    # Grams a kWh are kilograms a MWh.
    return _sum(pump_electric_mw * g_per_kwh, np.shape(pump_electric_mw)[-1]) / KG_PER_T


def avoided_emissions_t(delivered_mwh: Numbers, reference: HeatReference) -> Numbers:
    """What the customers' heat would have emitted, had the reference made it: beside the inventory, never in it [t].

    Only what reaches the customers counts, as if the reference lost nothing on the way. Direct CO2: not to be compared
    with life-cycle emissions of the heat pump's electricity.

    Parameters
    ----------
    delivered_mwh : float or array
        To the customers [MWh]
    reference : HeatReference
        What the heat stands in for; it is named wherever the figure is shown.
    """
    return delivered_mwh * reference.kg_per_mwh / KG_PER_T


def _sum(power_mw: Numbers, hours: int) -> NDArray[np.float64]:
    """The energy of all hours, of a power by hour or the same in each."""
    by_hour = np.atleast_1d(power_mw)
    energy: NDArray[np.float64] = by_hour.sum(axis=-1) * (hours / by_hour.shape[-1])
    return energy


def _over(part: Numbers, whole: Numbers) -> NDArray[np.float64]:
    part, whole = np.broadcast_arrays(part, whole)
    ratio: NDArray[np.float64] = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return ratio
