"""What buildings want of heat, hour by hour: space heating by degree-hours, hot water all year round."""

from dcfoot.elementwise import Numbers


def heat_demand_mw(dry_bulb_c: Numbers, demand_mwh: Numbers, hot_water_ratio: Numbers, base_c: Numbers) -> Numbers:
    """Demand by hour, of a given sum over the hours.

    Parameters
    ----------
    dry_bulb_c : array
        Of the air outside, by hour [C]
    demand_mwh : float or array
        Over all these hours [MWh]
    hot_water_ratio : float or array
        Of the demand, what is the same in every hour [-]
    base_c : float or array
        Outside temperature above which nobody heats [C]
    """
    raise NotImplementedError
