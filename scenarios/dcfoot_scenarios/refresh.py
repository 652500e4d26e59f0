"""Refresh or keep: when new machines have paid for themselves, in energy, in carbon, and in money.

What comes in are the machines that are there and those that could replace them at the same work, what goes out is when
the savings of each kind have made up for what it took to make and to buy the new ones. What the old ones took to make
is spent either way and counts for neither.
"""

from dataclasses import dataclass

from dcfoot.elementwise import Numbers
from dcfoot.units import G_PER_KG, H_PER_YEAR, KG_PER_T, KWH_PER_MWH
from dcfoot_scenarios.finance import payback_years, simple_payback_years


@dataclass(frozen=True, slots=True, eq=False)
class NewMachines:
    """The machines that would do the same work.

    Parameters
    ----------
    it_mw : float or array
        Their mean power at the wall [MW].
    embodied_t : float or array
        What making them takes [t].
    capex : float or array
        What they cost, less what the old ones still bring.
    opex_saving_per_year : float or array
        What less is paid a year for repairs, licences, space.
    embodied_mwh : float or array or None
        Primary energy that making them takes; None where it is not known [MWh].
    """

    it_mw: Numbers
    embodied_t: Numbers
    capex: Numbers
    opex_saving_per_year: Numbers = 0.0
    embodied_mwh: Numbers | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """What a megawatt-hour of IT energy brings with it at the site.

    Parameters
    ----------
    pue : float or array
        Power usage effectiveness [-].
    g_per_kwh : float or array
        Emissions of the facility's electricity [g/kWh].
    price_per_mwh : float or array
        What it costs [1/MWh].
    primary_ratio : float or array
        Primary energy that a unit of it takes; 1 to compare with the electricity itself [-].
    decline_ratio : float or array
        How much cleaner the grid gets each year: the share of a year's emissions that is gone the year after [-].
    """

    pue: Numbers
    g_per_kwh: Numbers
    price_per_mwh: Numbers
    primary_ratio: Numbers = 1.0
    decline_ratio: Numbers = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Refresh:
    """What comes of replacing machines.

    Parameters
    ----------
    saved_mwh_per_year : float or array
        Facility energy [MWh].
    saved_t_per_year : float or array
        Emissions of that energy, before the grid gets cleaner [t].
    saved_per_year : float or array
        Money.
    energy_years : float or array or None
        Payback of the energy of making them; None where that is not known [years].
    carbon_years : float or array
        Payback of the emissions of making them [years].
    money_years : float or array
        Payback of what they cost, with interest [years].
    """

    saved_mwh_per_year: Numbers
    saved_t_per_year: Numbers
    saved_per_year: Numbers
    energy_years: Numbers | None
    carbon_years: Numbers
    money_years: Numbers


def refresh(kept_it_mw: Numbers, new: NewMachines, around: Around, discount_ratio: Numbers = 0.0) -> Refresh:
    """Replacing machines by others that do the same work.

    Parameters
    ----------
    kept_it_mw : float or array
        Mean power at the wall of those that are there [MW]
    new : NewMachines
        Those that would replace them.
    around : Around
        The site.
    discount_ratio : float or array
        Discount rate a year; of money alone, since a tonne later is a tonne [-]
    """
    saved_mwh = (kept_it_mw - new.it_mw) * around.pue * H_PER_YEAR
    saved_t = saved_mwh * KWH_PER_MWH * around.g_per_kwh / (G_PER_KG * KG_PER_T)
    saved_money = saved_mwh * around.price_per_mwh + new.opex_saving_per_year
    primary_mwh = saved_mwh * around.primary_ratio
    return Refresh(
        saved_mwh,
        saved_t,
        saved_money,
        None if new.embodied_mwh is None else simple_payback_years(new.embodied_mwh, primary_mwh),
        payback_years(new.embodied_t, saved_t, around.decline_ratio / (1 - around.decline_ratio)),
        payback_years(new.capex, saved_money, discount_ratio),
    )
