"""Each hour's heat: direct exchange first, then a heat pump, then a store; what nobody wants is rejected."""

from dataclasses import dataclass

from dcfoot.elementwise import Numbers
from dcfoot.heat.capture import Capture
from dcfoot_scenarios.heat.network import HeatPump, Network


@dataclass(frozen=True, slots=True, eq=False)
class HeatFlows:
    """Where the heat of each hour goes. All are 0 or more.

    In every hour::

        captured = direct + pump_source + rejected
        direct + pump_source + pump_electric + store_discharge = delivered + lost + store_charge

    Parameters
    ----------
    captured_mw : array
        Heat of the IT equipment that can be had [MW]
    direct_mw : array
        What the heat exchanger hands on as it is [MW]
    pump_source_mw, pump_electric_mw : array
        What the heat pump takes from the data centre, and its electricity [MW]
    rejected_mw : array
        Captured heat that nobody takes: the cooling gives it off as before [MW]
    store_charge_mw, store_discharge_mw : array
        Into the store and out of it [MW]
    delivered_mw, lost_mw : array
        What reaches the customers, and what the network loses on the way [MW]
    demand_mw : array
        What the customers want [MW]
    """

    captured_mw: Numbers
    direct_mw: Numbers
    pump_source_mw: Numbers
    pump_electric_mw: Numbers
    rejected_mw: Numbers
    store_charge_mw: Numbers
    store_discharge_mw: Numbers
    delivered_mw: Numbers
    lost_mw: Numbers
    demand_mw: Numbers

    @property
    def pump_heat_mw(self) -> Numbers:
        """What the heat pump gives [MW]."""
        return self.pump_source_mw + self.pump_electric_mw

    @property
    def reused_mw(self) -> Numbers:
        """What leaves the data centre and is used: as the heat pump stands outside, without its electricity [MW]."""
        return self.direct_mw + self.pump_source_mw


def reuse_heat(
    it_mw: Numbers, capture: Capture, demand_mw: Numbers, network: Network, pump: HeatPump | None = None
) -> HeatFlows:
    """What becomes of the heat in each hour.

    Parameters
    ----------
    it_mw : float or array
        Power of the IT equipment [MW]
    capture : Capture
        How much of it can be had as heat, and how warm: `dcfoot.heat.capture.capture_of` of the cooling system.
    demand_mw : float or array
        Heat that the customers want: `dcfoot.heat.demand.heat_demand_mw` [MW]
    network : Network
        Where it is fed in.
    pump : HeatPump or None
        None: only what the heat exchanger can hand on.
    """
    raise NotImplementedError
