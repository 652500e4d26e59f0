"""Each hour's heat: direct exchange first, then a heat pump, then a store; what nobody wants is rejected."""

from dataclasses import dataclass

import numpy as np

from dcfoot.elementwise import Numbers, maximum, minimum, where
from dcfoot.errors import ConfigError
from dcfoot.heat.capture import Capture
from dcfoot_scenarios.heat.network import HeatPump, Network, Ways, ways_of
from dcfoot_scenarios.storage import Battery, operate


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
        What the store takes and gives; what it loses is the difference of their sums [MW]
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
        """What leaves the data centre and is used; the heat pump stands outside, and adds nothing to it [MW]."""
        return self.direct_mw + self.pump_source_mw


def reuse_heat(
    it_mw: Numbers,
    capture: Capture,
    demand_mw: Numbers,
    network: Network,
    pump: HeatPump | None = None,
    store: Battery | None = None,
) -> HeatFlows:
    """What becomes of the heat in each hour.

    Parameters
    ----------
    it_mw : float or array
        Power of the IT equipment [MW]
    capture : Capture
        How much of it can be had as heat, and how warm.
    demand_mw : array
        Heat that the customers want [MW]
    network : Network
        Where it is fed in.
    pump : HeatPump or None
        None: only what the heat exchanger can hand on.
    store : Battery or None
        A tank of the network's water.
    """
    if pump is None:
        pump = HeatPump(capacity_mw=0.0)
    ways = ways_of(capture, network, pump)
    return dispatch_heat(it_mw * capture.captured_ratio, demand_mw, network, pump, ways, store)


def dispatch_heat(
    captured_mw: Numbers,
    demand_mw: Numbers,
    network: Network,
    pump: HeatPump,
    ways: Ways,
    store: Battery | None = None,
) -> HeatFlows:
    """What becomes of the heat in each hour, where it is known what each way can hand on.

    Parameters
    ----------
    captured_mw : float or array
        Heat that can be had [MW]
    demand_mw : array
        Heat that the customers want [MW]
    network : Network
        Where it is fed in.
    pump : HeatPump
        Its capacity.
    ways : Ways
        Of the same network and heat pump.
    store : Battery or None
        A tank of the network's water, filled with what is left over and emptied where heat is lacking.

    Raises
    ------
    ConfigError
        The store keeps a reserve: nothing would fill it in an hour without heat.
    """
    wanted = demand_mw / (1 - network.loss_ratio)
    given = _given(captured_mw, wanted, pump, ways)
    charge: Numbers = 0.0
    discharge: Numbers = 0.0
    if store is not None:
        if store.reserve_ratio > 0:
            raise ConfigError(f"A heat store keeps no reserve: set its reserve_ratio to 0, not {store.reserve_ratio}.")
        spare = _spare(captured_mw, given, pump, ways)
        operation = operate(store, np.asarray(spare.fed_mw - (wanted - given.fed_mw)))
        charge, discharge = operation.charge_mw, operation.discharge_mw
        as_it_is = minimum(charge, spare.direct_mw)
        given = _Given(given.direct_mw + as_it_is, given.lifted_mw + (charge - as_it_is))
    source = given.lifted_mw * ways.source_ratio
    rejected = maximum(captured_mw - given.direct_mw - source, 0.0)
    fed = given.fed_mw - charge + discharge
    lost = fed * network.loss_ratio
    return HeatFlows(
        captured_mw,
        given.direct_mw,
        source,
        given.lifted_mw - source,
        rejected,
        charge,
        discharge,
        fed - lost,
        lost,
        demand_mw,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """Heat from the data centre into the network's water, through the heat exchanger and through the heat pump [MW]."""

    direct_mw: Numbers
    lifted_mw: Numbers

    @property
    def fed_mw(self) -> Numbers:
        return self.direct_mw + self.lifted_mw


def _given(captured_mw: Numbers, wanted_mw: Numbers, pump: HeatPump, ways: Ways) -> _Given:
    """What is given of what is wanted: as much as the heat exchanger can, the heat pump the rest."""
    direct = minimum(ways.direct_of_demand_ratio * wanted_mw, ways.direct_of_captured_ratio * captured_mw)
    most = minimum((captured_mw - direct) / ways.source_ratio, pump.capacity_mw)
    return _Given(direct, minimum(wanted_mw - direct, most))


def _spare(captured_mw: Numbers, given: _Given, pump: HeatPump, ways: Ways) -> _Given:
    """What more could be given, as warm as the network wants it: a store is not filled with water that is less warm."""
    more = ways.direct_of_captured_ratio * captured_mw - given.direct_mw
    direct = where(ways.direct_of_demand_ratio >= 1.0, more, 0.0 * more)
    left = captured_mw - given.direct_mw - given.lifted_mw * ways.source_ratio - direct
    lifted = minimum(maximum(left, 0.0) / ways.source_ratio, pump.capacity_mw - given.lifted_mw)
    return _Given(direct, lifted)
