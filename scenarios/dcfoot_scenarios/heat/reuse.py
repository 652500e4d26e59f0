"""Each hour's heat: direct exchange first, then a heat pump; what nobody wants is rejected."""

from dataclasses import dataclass

from dcfoot.elementwise import Numbers, maximum, minimum
from dcfoot.heat.capture import Capture
from dcfoot_scenarios.heat.network import HeatPump, Network, Ways, ways_of


@dataclass(frozen=True, slots=True, eq=False)
class HeatFlows:
    """Where the heat of each hour goes. All are 0 or more, and in every hour::

        captured = direct + pump_source + rejected
        direct + pump_source + pump_electric = delivered + lost

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
    delivered_mw: Numbers
    lost_mw: Numbers
    demand_mw: Numbers

    @property
    def pump_heat_mw(self) -> Numbers:
        """What the heat pump gives [MW]."""
        return self.pump_source_mw + self.pump_electric_mw

    @property
    def reused_mw(self) -> Numbers:
        """What leaves the data centre and is used; the heat pump stands outside, and adds nothing to it [MW]."""
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
        How much of it can be had as heat, and how warm.
    demand_mw : float or array
        Heat that the customers want [MW]
    network : Network
        Where it is fed in.
    pump : HeatPump or None
        None: only what the heat exchanger can hand on.
    """
    if pump is None:
        pump = HeatPump(capacity_mw=0.0)
    return dispatch_heat(it_mw * capture.captured_ratio, demand_mw, network, pump, ways_of(capture, network, pump))


def dispatch_heat(
    captured_mw: Numbers, demand_mw: Numbers, network: Network, pump: HeatPump, ways: Ways
) -> HeatFlows:
    """What becomes of the heat in each hour, where it is known what each way can hand on.

    Parameters
    ----------
    captured_mw : float or array
        Heat that can be had [MW]
    demand_mw : float or array
        Heat that the customers want [MW]
    network : Network
        Where it is fed in.
    pump : HeatPump
        Its capacity.
    ways : Ways
        Of the same network and heat pump.
    """
    wanted = demand_mw / (1 - network.loss_ratio)
    direct = minimum(ways.direct_of_demand_ratio * wanted, ways.direct_of_captured_ratio * captured_mw)
    left, source_ratio = captured_mw - direct, 1 - 1 / ways.cop
    lifted = minimum(minimum(wanted - direct, pump.capacity_mw), left / source_ratio)
    source = lifted * source_ratio
    fed = direct + lifted
    lost = fed * network.loss_ratio
    return HeatFlows(
        captured_mw, direct, source, lifted - source, maximum(left - source, 0.0), fed - lost, lost, demand_mw
    )
