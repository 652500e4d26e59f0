"""A facility hour by hour: electrical chain and cooling together, in PUE, WUE and the parts that make them up.

In come a `Facility`, the load and the air outside; out goes a `FacilityState`. One body serves floats and arrays: hours
on the last axis, designs or draws on those before it.
"""

from dataclasses import dataclass

from dcfoot.cooling.air import OutsideAir, outside_air
from dcfoot.cooling.system import CoolingSystem, cooling_state
from dcfoot.cooling.water import L_PER_KG
from dcfoot.electrical import Electrical, electrical_state
from dcfoot.elementwise import Numbers, where
from dcfoot.units import J_PER_KWH


@dataclass(frozen=True, slots=True)
class Facility:
    """What stands between the meter of a data centre and its IT equipment.

    Parameters
    ----------
    electrical : Electrical
        The electrical chain.
    cooling : CoolingSystem
        What takes the heat away.
    """

    electrical: Electrical
    cooling: CoolingSystem


@dataclass(frozen=True, slots=True)
class FacilityState:
    """What a facility does, hour by hour. Ratios are over the power of the IT equipment.

    Parameters
    ----------
    pue : float or array
        Power of the facility over power of its IT equipment [-]
    wue_l_per_kwh : float or array
        All water taken in, for each unit of IT energy: the parts below together [L/kWh]
    ups_ratio, distribution_ratio, lighting_ratio : float or array
        Losses of the electrical chain, and lights [-]
    fan_ratio, pump_ratio, chiller_ratio, rejection_fan_ratio, humidifier_ratio : float or array
        Air handlers; pumps; compressors; fans of towers and dry coolers; humidifiers [-]
    heat_made_ratio, heat_removed_ratio : float or array
        Every watt that goes in, and every watt that leaves with air or vapour [-]
    lifted_ratio : float or array
        Heat that compressors lift [-]
    free_ratio : float or array
        The share of the heat that no compressor lifted [-]
    evaporation_l_per_kwh, blowdown_l_per_kwh, drift_l_per_kwh : float or array
        Water of towers (blowdown: of pads too) [L/kWh]
    pad_l_per_kwh, humidification_l_per_kwh : float or array
        Water evaporated into air [L/kWh]
    supply_excess_k : float or array
        How far water is supplied above what was asked for [K]
    clamped_k : float or array
        How far chillers are asked beyond the range of their curves, while they lift heat [K]
    overload_ratio : float or array
        Heat that chillers lift beyond their capacity, over that capacity [-]
    """

    pue: Numbers
    wue_l_per_kwh: Numbers
    ups_ratio: Numbers
    distribution_ratio: Numbers
    lighting_ratio: Numbers
    fan_ratio: Numbers
    pump_ratio: Numbers
    chiller_ratio: Numbers
    rejection_fan_ratio: Numbers
    humidifier_ratio: Numbers
    heat_made_ratio: Numbers
    heat_removed_ratio: Numbers
    lifted_ratio: Numbers
    free_ratio: Numbers
    evaporation_l_per_kwh: Numbers
    blowdown_l_per_kwh: Numbers
    drift_l_per_kwh: Numbers
    pad_l_per_kwh: Numbers
    humidification_l_per_kwh: Numbers
    supply_excess_k: Numbers
    clamped_k: Numbers
    overload_ratio: Numbers

    @property
    def consumed_ratio(self) -> Numbers:
        """The part of the water that does not flow back: all but blowdown [-]; 1 where none is taken."""
        taken = self.wue_l_per_kwh
        flows_back = self.blowdown_l_per_kwh / where(taken > 0, taken, 1.0)
        return 1 - flows_back


def facility_state(
    facility: Facility, it_load_ratio: Numbers, dry_bulb_c: Numbers, wet_bulb_c: Numbers, pressure_pa: Numbers
) -> FacilityState:
    """What a facility does at a load, in this air.

    Source: ISO/IEC 30134-2:2016 (PUE: each overhead counted once, over IT energy) and 30134-9:2022 (WUE).

    Parameters
    ----------
    facility : Facility
        The facility.
    it_load_ratio : float or array
        IT power over IT capacity, above 0: without IT power there is no PUE [-]
    dry_bulb_c, wet_bulb_c : float or array
        Of the air outside [C]
    pressure_pa : float or array
        Of the air outside, at the place [Pa]

    Raises
    ------
    ValueError
        A load is not above 0.
    """
    return facility_state_in(facility, it_load_ratio, outside_air(dry_bulb_c, wet_bulb_c, pressure_pa))


def facility_state_in(facility: Facility, it_load_ratio: Numbers, air: OutsideAir) -> FacilityState:
    """The same in air whose humidity is known: of many halls at one place, it is computed once.

    Parameters
    ----------
    facility : Facility
        The facility.
    it_load_ratio : float or array
        IT power over IT capacity, above 0 [-]
    air : OutsideAir
        Outside.

    Raises
    ------
    ValueError
        A load is not above 0.
    """
    least = it_load_ratio if isinstance(it_load_ratio, float | int) else it_load_ratio.min()
    if not least > 0:
        raise ValueError(f"The IT load must be above 0, and is {least}: there is no PUE without IT power.")
    chain = electrical_state(facility.electrical, it_load_ratio)
    full = electrical_state(facility.electrical, 1.0)
    cooling = cooling_state(facility.cooling, it_load_ratio, chain.hall_heat_ratio, full.hall_heat_ratio, air)
    elsewhere = cooling.rejection_fan_ratio + cooling.humidifier_ratio
    ventilated = chain.ups_ratio * (1 - facility.electrical.ups_to_hall_ratio)
    used = chain.ups_ratio + chain.distribution_ratio + chain.lighting_ratio + cooling.power_ratio
    pue = 1 + used / it_load_ratio
    per_it = 1 / it_load_ratio
    per_kwh = L_PER_KG * J_PER_KWH * per_it
    return FacilityState(
        pue,
        cooling.water.withdrawal_kg_per_j * per_kwh,
        chain.ups_ratio * per_it,
        chain.distribution_ratio * per_it,
        chain.lighting_ratio * per_it,
        cooling.fan_ratio * per_it,
        cooling.pump_ratio * per_it,
        cooling.chiller_ratio * per_it,
        _times(cooling.rejection_fan_ratio, per_it),
        _times(cooling.humidifier_ratio, per_it),
        pue,
        (cooling.heat_removed_ratio + elsewhere + ventilated) * per_it,
        cooling.lifted_ratio * per_it,
        cooling.free_ratio,
        _times(cooling.water.evaporation_kg_per_j, per_kwh),
        _times(cooling.water.blowdown_kg_per_j, per_kwh),
        _times(cooling.water.drift_kg_per_j, per_kwh),
        _times(cooling.water.pad_kg_per_j, per_kwh),
        _times(cooling.water.humidification_kg_per_j, per_kwh),
        cooling.supply_excess_k,
        cooling.clamped_k,
        cooling.overload_ratio,
    )


def _times(part: Numbers, ratio: Numbers) -> Numbers:
    """A part in proportion; one that a system does not have stays a plain 0, which costs no hours."""
    return 0.0 if isinstance(part, float) and not part else part * ratio


def energy_mean(amount_per_it_kwh: Numbers, it_load_ratio: Numbers, hours: Numbers = 1.0) -> Numbers:
    """The mean of what is per unit of IT energy (PUE, WUE, their parts) over hours, on the last axis.

    Parameters
    ----------
    amount_per_it_kwh : float or array
        By hour.
    it_load_ratio : float or array
        IT power over IT capacity, by hour: an hour counts as its IT energy [-]
    hours : float or array
        How long each state lasts [h]
    """
    import numpy as np

    by_hour, weights = np.broadcast_arrays(np.atleast_1d(amount_per_it_kwh), it_load_ratio * hours)
    return np.average(by_hour, axis=-1, weights=weights)
